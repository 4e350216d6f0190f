//! The middleware around endpoints that behave well and badly.

use actix_web::dev::ServerHandle;
use actix_web::middleware::from_fn;
use actix_web::test::{TestRequest, call_service, init_service, read_body};
use actix_web::web::{self, Bytes};
use actix_web::{App, HttpMessage as _, HttpRequest, HttpServer};
use model::ClientAddress;
use pages::PagesSettings;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::*;

/// A server of its own, because the limits act on a connection.
struct Scene {
    address: std::net::SocketAddr,
    handle: ServerHandle,
}

impl Scene {
    fn start() -> Self {
        let server = HttpServer::new(|| {
            let front = Rc::new(Front {
                proxies: TrustedProxies::default(),
                transport: Transport::TlsOnly,
                pages: Pages::new(PagesSettings::default()).unwrap(),
                body_limit: 100,
                time_limit: Duration::from_millis(200),
            });
            App::new()
                .wrap(from_fn(move |request, next| {
                    Rc::clone(&front).around(request, next)
                }))
                .route("/ok", web::get().to(|| async { "fine" }))
                .service(
                    web::resource("/token")
                        .route(web::post().to(|body: Bytes| async move { body })),
                )
                .route("/echo", web::post().to(|body: Bytes| async move { body }))
                .route("/panic", web::get().to(panics))
                .route("/userinfo", web::get().to(panics))
                .route("/slow", web::get().to(std::future::pending::<&str>))
                .route("/who", web::get().to(who))
                .route("/refused", web::get().to(HttpResponse::Unauthorized))
        });
        let server = server
            .workers(1)
            .disable_signals()
            .bind("127.0.0.1:0")
            .unwrap();
        let address = server.addrs()[0];
        let server = server.run();
        let handle = server.handle();
        actix_web::rt::spawn(server);
        Self { address, handle }
    }

    /// Sends bytes as they are and reads until the server closes; head and body.
    async fn send(&self, request: &str) -> (String, String) {
        let mut connection = TcpStream::connect(self.address).await.unwrap();
        connection.write_all(request.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        connection.read_to_end(&mut answer).await.unwrap();
        let answer = String::from_utf8(answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        (head.to_ascii_lowercase(), body.to_owned())
    }

    async fn request(
        &self,
        method: &str,
        path: &str,
        headers: &str,
        body: &str,
    ) -> (String, String) {
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{headers}\r\n{body}"
        );
        self.send(&request).await
    }
}

impl Drop for Scene {
    fn drop(&mut self) {
        drop(self.handle.stop(false));
    }
}

#[allow(clippy::unused_async, reason = "the shape of an endpoint")]
async fn panics() -> HttpResponse {
    panic!("on purpose")
}

async fn who(request: HttpRequest) -> String {
    let known = request.extensions().get::<ClientAddress>().copied();
    let id = crate::request_id::current().unwrap();
    format!("{} {}", known.is_some(), id.to_string().len())
}

#[actix_web::test]
async fn an_endpoint_knows_who_asks_and_every_answer_is_secured() {
    let scene = Scene::start();

    let (head, body) = scene.request("GET", "/who", "", "").await;

    assert_eq!(body, "true 16");
    for header in [
        "x-content-type-options: nosniff",
        "x-frame-options: deny",
        "referrer-policy: no-referrer",
        "strict-transport-security: max-age=63072000; includesubdomains",
        "content-security-policy: default-src 'none'",
        "cache-control: no-store",
    ] {
        assert!(head.contains(header), "{header} in {head}");
    }
}

#[actix_web::test]
async fn a_wrong_address_is_answered_by_page_or_json_as_its_reader_wants() {
    let scene = Scene::start();

    let (head, body) = scene.request("GET", "/nowhere", "", "").await;
    assert!(head.starts_with("http/1.1 404"), "{head}");
    assert!(head.contains("content-security-policy: default-src 'none'; style-src 'self'"));
    assert!(body.contains("Page not found"), "{body}");

    let (head, body) = scene.request("GET", "/.well-known/nothing", "", "").await;
    assert!(head.starts_with("http/1.1 404"), "{head}");
    assert_eq!(
        body,
        r#"{"error":"invalid_request","error_description":"There is nothing at this address"}"#
    );

    let (head, _) = scene.request("GET", "/token", "", "").await;
    assert!(head.starts_with("http/1.1 405"), "{head}");
    assert!(head.contains("allow: post"), "{head}");
    assert!(head.contains("x-content-type-options: nosniff"), "{head}");
}

#[actix_web::test]
async fn an_endpoints_own_refusal_is_left_as_it_is() {
    let scene = Scene::start();

    let (head, body) = scene.request("GET", "/refused", "", "").await;

    assert!(head.starts_with("http/1.1 401"), "{head}");
    assert!(head.contains("x-content-type-options: nosniff"), "{head}");
    assert_eq!(body, "");
}

#[actix_web::test]
async fn a_head_request_is_answered_like_get_without_the_body() {
    let scene = Scene::start();

    let (head, body) = scene.request("HEAD", "/ok", "", "").await;

    assert!(head.starts_with("http/1.1 200"), "{head}");
    assert!(head.contains("content-length: 4"), "{head}");
    assert_eq!(body, "");
}

#[actix_web::test]
async fn a_body_arrives_whole_however_it_is_sent() {
    let scene = Scene::start();

    let (_, body) = scene
        .request("POST", "/echo", "Content-Length: 5\r\n", "hello")
        .await;
    assert_eq!(body, "hello");

    let chunked = "Transfer-Encoding: chunked\r\n";
    let (_, body) = scene
        .request("POST", "/echo", chunked, "3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n")
        .await;
    assert_eq!(body, "hello");

    let (_, body) = scene
        .request("POST", "/echo", "Content-Length: 0\r\n", "")
        .await;
    assert_eq!(body, "");
}

#[actix_web::test]
async fn a_body_that_is_too_large_is_refused_announced_or_not() {
    let scene = Scene::start();
    let large = "x".repeat(101);

    let (head, body) = scene
        .request("POST", "/echo", "Content-Length: 101\r\n", &large)
        .await;
    assert!(head.starts_with("http/1.1 413"), "{head}");
    assert!(body.contains("<h1"), "{body}");

    let chunked = format!("65\r\n{large}\r\n0\r\n\r\n");
    let (head, body) = scene
        .request("POST", "/token", "Transfer-Encoding: chunked\r\n", &chunked)
        .await;
    assert!(head.starts_with("http/1.1 413"), "{head}");
    assert_eq!(
        body,
        r#"{"error":"invalid_request","error_description":"The request is too large"}"#
    );
    assert!(head.contains("x-content-type-options: nosniff"), "{head}");
}

#[actix_web::test]
async fn a_body_that_never_comes_is_not_waited_for() {
    let scene = Scene::start();

    let (head, _) = scene
        .request("POST", "/token", "Content-Length: 50\r\n", "grant_type")
        .await;

    assert!(head.starts_with("http/1.1 408"), "{head}");
    assert!(head.contains("connection: close"), "{head}");
}

#[actix_web::test]
async fn a_panic_becomes_an_answer_with_an_incident_id() {
    let scene = Scene::start();

    let (head, body) = scene.request("GET", "/panic", "", "").await;
    assert!(head.starts_with("http/1.1 500"), "{head}");
    assert!(head.contains("x-frame-options: deny"), "{head}");
    assert!(
        body.contains("There is a problem with the service"),
        "{body}"
    );
    assert!(!body.contains("on purpose"), "{body}");

    let (_, body) = scene.request("GET", "/userinfo", "", "").await;
    assert!(
        body.starts_with(
            r#"{"error":"server_error","error_description":"This is a fault of ours (incident "#
        ),
        "{body}"
    );

    let (head, _) = scene.request("GET", "/ok", "", "").await;
    assert!(head.starts_with("http/1.1 200"), "{head}");
}

#[actix_web::test]
async fn an_endpoint_that_never_answers_is_given_up() {
    let scene = Scene::start();

    let (head, _) = scene.request("GET", "/slow", "", "").await;

    assert!(head.starts_with("http/1.1 503"), "{head}");
    assert!(head.contains("retry-after: 30"), "{head}");
}

#[actix_web::test]
async fn a_request_that_crossed_a_network_in_plain_text_reaches_no_endpoint() {
    let front = Rc::new(Front {
        proxies: TrustedProxies::default(),
        transport: Transport::TlsOnly,
        pages: Pages::new(PagesSettings::default()).unwrap(),
        body_limit: 100,
        time_limit: Duration::from_secs(5),
    });
    let app = App::new()
        .wrap(from_fn(move |request, next| {
            Rc::clone(&front).around(request, next)
        }))
        .route("/health/live", web::get().to(|| async { "live" }))
        .route("/token", web::get().to(panics))
        .route("/authorize", web::get().to(panics));
    let app = init_service(app).await;
    let mut answers = Vec::new();
    for path in ["/health/live", "/token", "/authorize"] {
        let request = TestRequest::get()
            .uri(path)
            .peer_addr("192.0.2.1:1".parse().unwrap());
        let answer = call_service(&app, request.to_request()).await;
        assert!(answer.headers().contains_key("x-frame-options"), "{path}");
        let status = answer.status().as_u16();
        let body = String::from_utf8(read_body(answer).await.to_vec()).unwrap();
        answers.push((status, body));
    }

    assert_eq!(answers[0], (200, "live".to_owned()));
    let refusal =
        r#"{"error":"invalid_request","error_description":"The request must come by https"}"#;
    assert_eq!(answers[1], (403, refusal.to_owned()));
    assert_eq!(answers[2].0, 403);
    assert!(answers[2].1.contains("You cannot use this page"));
}
