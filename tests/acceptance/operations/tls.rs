//! Served by https without a proxy: what a real TLS client sees.

use std::net::SocketAddr;
use std::sync::Arc;

use acceptance::{
    Authority, Browser, Deployment, Kind, MailCatcher, Mailbox, Node, RelyingParty, Wire, clients,
};
use model::SystemClock;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore, SupportedProtocolVersion};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

const REQUEST: &[u8] = b"GET /jwks HTTP/1.1\r\nHost: identity.example\r\n\r\n";

/// A connection whose certificate has been checked, over one of these versions of TLS.
async fn connect(
    address: SocketAddr,
    authority: &Authority,
    versions: &[&'static SupportedProtocolVersion],
    protocol: &str,
) -> std::io::Result<TlsStream<TcpStream>> {
    let mut roots = RootCertStore::empty();
    let root = CertificateDer::from_pem_slice(authority.pem().as_bytes()).unwrap();
    roots.add(root).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(versions)
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![protocol.as_bytes().to_vec()];
    let connection = TcpStream::connect(address).await?;
    let name = ServerName::try_from("identity.example").unwrap();
    TlsConnector::from(Arc::new(config))
        .connect(name, connection)
        .await
}

async fn by_http_1(address: SocketAddr, authority: &Authority) -> TlsStream<TcpStream> {
    connect(address, authority, rustls::ALL_VERSIONS, "http/1.1")
        .await
        .unwrap()
}

/// The head of the answer to one request of several on a connection.
async fn ask(connection: &mut TlsStream<TcpStream>) -> String {
    connection.write_all(REQUEST).await.unwrap();
    let mut answer = String::new();
    let length = loop {
        let mut part = [0; 4096];
        let read = connection.read(&mut part).await.unwrap();
        assert_ne!(read, 0, "the connection was cut: {answer}");
        answer.push_str(std::str::from_utf8(&part[..read]).unwrap());
        if let Some((head, body)) = answer.split_once("\r\n\r\n") {
            let length: usize = head
                .lines()
                .find_map(|line| {
                    line.to_lowercase()
                        .strip_prefix("content-length: ")?
                        .parse()
                        .ok()
                })
                .unwrap();
            if body.len() == length {
                break head.len();
            }
        }
    };
    answer.truncate(length);
    answer
}

fn shown(connection: &TlsStream<TcpStream>) -> CertificateDer<'static> {
    connection.get_ref().1.peer_certificates().unwrap()[0].clone()
}

/// A node that serves https, where it does so, and who certified it.
fn start(settings: &[(&str, &str)]) -> (Deployment, Node, SocketAddr, Authority) {
    let mut deployment = Deployment::without_mail(Kind::Sqlite);
    let authority = Authority::new();
    let address = deployment.serve_https(&authority);
    for (key, value) in settings {
        deployment.set(key, value);
    }
    let node = deployment.start();
    (deployment, node, address, authority)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_and_a_service_come_by_https_without_a_proxy() {
    for kind in Kind::BOTH {
        let catcher = MailCatcher::start().await;
        let mut deployment = Deployment::on(kind, &catcher);
        deployment.register(&[clients::course()]);
        let authority = Authority::new();
        let address = deployment.serve_https(&authority);
        let _node = deployment.start();
        let wire = Wire::by_tls(address, &authority);
        let clock = Arc::new(SystemClock);
        let course = RelyingParty::discover(wire.clone(), &clients::course(), clock).await;

        let mut browser = Browser::new(wire);
        browser.open(course.authorization_url()).await;
        let landing = browser
            .sign_in("ada@example.test", &Mailbox::Caught(catcher))
            .await;
        let tokens = course.redeem(landing).await;

        assert_eq!(course.userinfo(&tokens).await["email"], "ada@example.test");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn both_versions_of_tls_and_of_http_are_spoken_and_no_older_ones() {
    let (_deployment, _node, address, authority) = start(&[]);

    for version in rustls::ALL_VERSIONS {
        let mut connection = connect(address, &authority, &[version], "http/1.1")
            .await
            .unwrap();
        let head = ask(&mut connection).await;
        assert!(head.starts_with("HTTP/1.1 200 OK\r\n"), "{head}");
        assert!(
            head.contains("strict-transport-security: max-age=63072000; includeSubDomains"),
            "{head}"
        );
    }

    let connection = connect(address, &authority, rustls::ALL_VERSIONS, "h2");
    let (mut sender, connection) = h2::client::handshake(connection.await.unwrap())
        .await
        .unwrap();
    tokio::spawn(connection);
    let request = http::Request::get("https://identity.example/jwks");
    let (answer, _) = sender
        .send_request(request.body(()).unwrap(), true)
        .unwrap();
    let answer = answer.await.unwrap();
    assert_eq!(answer.status(), 200);
    assert_eq!(answer.version(), http::Version::HTTP_2);
    let hsts = &answer.headers()["strict-transport-security"];
    assert_eq!(hsts, "max-age=63072000; includeSubDomains");

    // A hello of TLS 1.1, and plain text.
    for hello in [
        &b"\x16\x03\x01\x00\x2d\x01\x00\x00\x29\x03\x02"[..],
        REQUEST,
    ] {
        let mut connection = TcpStream::connect(address).await.unwrap();
        connection.write_all(hello).await.unwrap();
        connection.write_all(&[0; 64]).await.unwrap();
        let mut answer = Vec::new();
        connection.read_to_end(&mut answer).await.ok();
        assert_eq!(
            answer.first().copied().unwrap_or(ALERT),
            ALERT,
            "{answer:?}"
        );
    }
}

/// The content type of a TLS record that says what is wrong (RFC 8446 §5.1).
const ALERT: u8 = 21;

#[tokio::test(flavor = "multi_thread")]
async fn a_new_certificate_is_shown_without_cutting_anybody_off() {
    let (deployment, mut node, address, authority) = start(&[("http.tls.refresh", "50ms")]);
    let mut open = by_http_1(address, &authority).await;
    let before = shown(&open);
    ask(&mut open).await;

    let (certificate, key) = authority.issue("identity.example");
    deployment.write("tls.key", &key);
    assert!(node.await_line("the certificate cannot be followed; the last one stands"));
    assert_eq!(shown(&by_http_1(address, &authority).await), before);
    deployment.write("tls.pem", &certificate);
    assert!(node.await_line("a new certificate is shown"));

    let mut after = by_http_1(address, &authority).await;
    assert_ne!(shown(&after), before);
    for connection in [&mut open, &mut after] {
        assert!(ask(connection).await.starts_with("HTTP/1.1 200 OK\r\n"));
    }
    assert!(!node.output().contains("PRIVATE KEY"));
    node.terminate();
    assert!(node.wait().success());
}

#[test]
fn a_server_whose_certificate_cannot_be_used_does_not_start() {
    let mut deployment = Deployment::without_mail(Kind::Sqlite);
    deployment.serve_https(&Authority::new());
    let (_, key_of_another) = Authority::new().issue("identity.example");
    deployment.write("tls.key", &key_of_another);

    let (code, words) = deployment.refuse(&["serve"]);

    assert_eq!(code, Some(1));
    assert!(
        words.contains("certificate and key of http.tls cannot be used"),
        "{words}"
    );
    assert!(!words.contains("PRIVATE"), "{words}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_health_check_of_a_server_without_plain_text_asks_by_https() {
    let mut deployment = Deployment::without_mail(Kind::Sqlite);
    deployment.serve_only_https(&Authority::new());
    let (_, refusal) = deployment.refuse(&["healthcheck"]);
    assert!(refusal.contains("not ready"), "{refusal}");

    let _node = deployment.start();

    deployment.succeed(&["healthcheck"]);
}
