//! Services that register themselves, as operators let them.

use std::net::SocketAddr;
use std::sync::Arc;

use acceptance::{Answer, Authority, Deployment, ISSUER, Kind, Node};
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE};
use reqwest::{Method, Request};
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use url::Url;

/// A deployment at which clients register themselves.
fn deployment(settings: &[(&str, &str)]) -> Deployment {
    let mut deployment = Deployment::without_mail(Kind::Sqlite);
    deployment.set("registration.enabled", "true");
    for (key, value) in settings {
        deployment.set(key, value);
    }
    deployment.succeed(&["migrate"]);
    deployment
}

async fn register(node: &Node, token: Option<&str>, body: &Value) -> Answer {
    let url = Url::parse(ISSUER).unwrap().join("/register").unwrap();
    let mut request = Request::new(Method::POST, url);
    let headers = request.headers_mut();
    headers.insert(CONTENT_TYPE, "application/json".parse().unwrap());
    if let Some(token) = token {
        headers.insert(AUTHORIZATION, format!("Bearer {token}").parse().unwrap());
    }
    *request.body_mut() = Some(body.to_string().into());
    node.wire().carry(request).await
}

fn plain() -> Value {
    json!({ "redirect_uris": ["https://service.example/cb"], "client_name": "Course" })
}

/// A web server of a client's, by https, that gives every request one file.
async fn site(authority: &Authority, file: &'static str) -> SocketAddr {
    let (certificate, key) = authority.issue("127.0.0.1");
    let certificate = CertificateDer::from_pem_slice(certificate.as_bytes()).unwrap();
    let key = PrivateKeyDer::from_pem_slice(key.as_bytes()).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((connection, _)) = listener.accept().await {
            let Ok(mut connection) = acceptor.accept(connection).await else {
                continue;
            };
            let mut head = [0; 4096];
            let _ = connection.read(&mut head).await;
            let length = file.len();
            let answer = format!(
                "HTTP/1.1 200 OK\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{file}"
            );
            let _ = connection.write_all(answer.as_bytes()).await;
            let _ = connection.shutdown().await;
        }
    });
    address
}

#[tokio::test]
async fn a_sector_file_is_taken_from_a_server_whose_authority_the_operator_trusts_and_no_other() {
    let authority = Authority::new();
    let site = site(&authority, r#"["https://service.example/cb"]"#).await;
    let mut body = plain();
    body["sector_identifier_uri"] = json!(format!("https://{site}/uris.json"));
    body["subject_type"] = json!("pairwise");
    let open = [
        ("registration.initial_access_token", "none"),
        ("outbound.allowed_hosts", "127.0.0.1"),
    ];
    let mut deployment = deployment(&open);

    let node = deployment.start();
    register(&node, None, &body).await.assert_refuses(
        400,
        "invalid_client_metadata",
        "The member sector_identifier_uri cannot be accepted: its host could not be reached.",
    );
    drop(node);

    deployment.write("authority.pem", authority.pem());
    let file = deployment.file("authority.pem");
    deployment.set("outbound.ca_file", file.to_str().unwrap());
    let node = deployment.start();
    let answer = register(&node, None, &body).await;
    assert_eq!(answer.status, 201);
    assert_eq!(answer.json()["subject_type"], "pairwise");
}

#[test]
fn authorities_that_cannot_be_read_stop_the_start() {
    let mut deployment = deployment(&[]);
    for (name, words) in [
        ("none.pem", "outbound.ca_file cannot be read: "),
        (
            "empty.pem",
            "outbound.ca_file cannot be used: it must hold certificates in PEM",
        ),
    ] {
        deployment.write("empty.pem", "");
        let file = deployment.file(name);
        deployment.set("outbound.ca_file", file.to_str().unwrap());

        let (_, said) = deployment.refuse(&["serve"]);

        assert!(said.contains(words), "{said}");
    }
}

#[tokio::test]
async fn an_operator_makes_a_token_for_a_service_takes_it_back_and_switches_the_service_off() {
    let deployment = deployment(&[]);
    let node = deployment.start();
    let add = ["registration", "add-token", "The county", "--uses", "2"];

    let printed = deployment.succeed(&add);
    let token = printed.trim().lines().last().unwrap().to_owned();
    let registered = register(&node, Some(&token), &plain()).await;
    assert_eq!(registered.status, 201);

    let listed = deployment.succeed(&["registration", "list-tokens", "--json"]);
    let listed: Value = serde_json::from_str(&listed).unwrap();
    assert_eq!(listed[0]["name"], "The county");
    assert_eq!(listed[0]["uses_left"], 1);
    assert!(!listed.to_string().contains(&token));
    let id = listed[0]["id"].as_str().unwrap();
    deployment.succeed(&["registration", "revoke-token", id]);
    let answer = register(&node, Some(&token), &plain()).await;
    assert_eq!(answer.status, 401);
    let (code, said) = deployment.refuse(&["registration", "revoke-token", id]);
    assert_eq!(code, Some(1));
    assert!(said.contains(&format!("there is no token {id}")), "{said}");

    let client = registered.json();
    let client_id = client["client_id"].as_str().unwrap();
    let (_, said) = deployment.refuse(&["client", "update", client_id, "--name", "X"]);
    assert!(said.contains("registered itself"), "{said}");
    let (_, said) = deployment.refuse(&["client", "rotate-secret", client_id]);
    assert!(said.contains("registered itself"), "{said}");
    deployment.succeed(&["client", "disable", client_id]);
    let path = format!("/register/{client_id}");
    let held = client["registration_access_token"].as_str().unwrap();
    assert_eq!(node.wire().get_with_token(&path, held).await.status, 401);
}
