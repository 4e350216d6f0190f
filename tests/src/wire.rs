//! The way to a node: what a proxy that ends TLS would be.

use std::net::SocketAddr;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use reqwest::header::{AUTHORIZATION, HOST, HeaderMap, HeaderName, HeaderValue};
use reqwest::{Method, Request};
use tokio::sync::watch;
use url::Url;

use crate::{Answer, Authority, ISSUER};

/// One client for all tests. It keeps no connection, because each test has a runtime of its own.
static HTTP: LazyLock<reqwest::Client> = LazyLock::new(|| client().build().unwrap());

fn client() -> reqwest::ClientBuilder {
    reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .pool_max_idle_per_host(0)
        .no_proxy()
        .timeout(Duration::from_secs(60))
}

/// Carries requests for [`ISSUER`] to the node that listens for it. Clones lead to the same node.
#[derive(Clone, Debug)]
pub struct Wire {
    node: Arc<watch::Sender<SocketAddr>>,
    answered: Arc<watch::Sender<usize>>,
    patience: Patience,
    extra: HeaderMap,
    client: reqwest::Client,
    /// Whether the node is asked by https, or by http as by a proxy.
    scheme: &'static str,
}

/// What to do with a request that finds no node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Patience {
    None,
    UntilTheNodeIsBack,
}

impl Wire {
    /// The way to a node.
    pub fn to(node: SocketAddr) -> Self {
        Self {
            node: Arc::new(watch::Sender::new(node)),
            answered: Arc::default(),
            patience: Patience::None,
            extra: HeaderMap::new(),
            client: HTTP.clone(),
            scheme: "http",
        }
    }

    /// The way to a node that serves https itself, with a certificate of this authority.
    pub fn by_tls(node: SocketAddr, authority: &Authority) -> Self {
        let client = client()
            .tls_certs_only([authority.certificate()])
            .resolve(Url::parse(ISSUER).unwrap().host_str().unwrap(), node);
        Self {
            client: client.build().unwrap(),
            scheme: "https",
            ..Self::to(node)
        }
    }

    /// The same way, on which a request that is not answered is sent again when the node is back.
    pub fn patient(&self) -> Self {
        Self {
            patience: Patience::UntilTheNodeIsBack,
            ..self.clone()
        }
    }

    /// The same way, with a header on every request.
    pub fn with(&self, name: &'static str, value: &str) -> Self {
        let mut with = self.clone();
        with.extra.insert(
            HeaderName::from_static(name),
            HeaderValue::from_str(value).unwrap(),
        );
        with
    }

    /// From now on the node listens there.
    pub fn move_to(&self, node: SocketAddr) {
        self.node.send_replace(node);
    }

    /// Where the node listens.
    pub fn node(&self) -> SocketAddr {
        *self.node.borrow()
    }

    /// Waits until so many requests have been answered.
    pub async fn answered(&self, count: usize) {
        self.answered
            .subscribe()
            .wait_for(|answered| *answered >= count)
            .await
            .unwrap();
    }

    /// `GET`.
    pub async fn get(&self, url: &str) -> Answer {
        self.send(Method::GET, url, &[], None).await
    }

    /// `POST` of a form.
    pub async fn post(&self, url: &str, form: &[(&str, &str)]) -> Answer {
        self.send(Method::POST, url, &[], Some(form)).await
    }

    /// `POST` of a form with HTTP Basic authentication, which form-url-encodes both parts first
    /// (RFC 6749 §2.3.1).
    pub async fn post_as(
        &self,
        (id, secret): (&str, &str),
        url: &str,
        form: &[(&str, &str)],
    ) -> Answer {
        self.send(
            Method::POST,
            url,
            &[(AUTHORIZATION, &basic(id, secret))],
            Some(form),
        )
        .await
    }

    /// `GET` with a bearer token.
    pub async fn get_with_token(&self, url: &str, token: &str) -> Answer {
        self.send(
            Method::GET,
            url,
            &[(AUTHORIZATION, &format!("Bearer {token}"))],
            None,
        )
        .await
    }

    /// Any request; `url` may be a path of the issuer.
    pub async fn send(
        &self,
        method: Method,
        url: &str,
        headers: &[(HeaderName, &str)],
        form: Option<&[(&str, &str)]>,
    ) -> Answer {
        let mut request = Request::new(method, Url::parse(ISSUER).unwrap().join(url).unwrap());
        for (name, value) in headers {
            request
                .headers_mut()
                .append(name, HeaderValue::from_str(value).unwrap());
        }
        if let Some(form) = form {
            let body = url::form_urlencoded::Serializer::new(String::new())
                .extend_pairs(form)
                .finish();
            let form = HeaderValue::from_static("application/x-www-form-urlencoded");
            request.headers_mut().entry("content-type").or_insert(form);
            *request.body_mut() = Some(body.into());
        }
        self.carry(request).await
    }

    /// Carries a request as it is.
    pub async fn carry(&self, request: Request) -> Answer {
        let mut node = self.node.subscribe();
        loop {
            let address = *node.borrow_and_update();
            match self.carry_to(address, request.try_clone().unwrap()).await {
                Ok(answer) => {
                    self.answered.send_modify(|count| *count += 1);
                    assert_is_guarded(&answer);
                    return answer;
                }
                Err(fault) if self.patience == Patience::None => {
                    panic!("{} {}: {fault:?}", request.method(), request.url())
                }
                Err(_) => tokio::time::timeout(Duration::from_secs(60), node.changed())
                    .await
                    .expect("the node comes back within a minute")
                    .unwrap(),
            }
        }
    }

    async fn carry_to(
        &self,
        node: SocketAddr,
        mut request: Request,
    ) -> Result<Answer, reqwest::Error> {
        let url = request.url().clone();
        assert_eq!(
            url.origin().ascii_serialization(),
            ISSUER,
            "only the provider is asked"
        );
        let mut reached = url.clone();
        reached.set_scheme(self.scheme).unwrap();
        if self.scheme == "http" {
            reached.set_ip_host(node.ip()).unwrap();
        }
        reached.set_port(Some(node.port())).unwrap();
        *request.url_mut() = reached;
        let host = HeaderValue::from_str(url.host_str().unwrap()).unwrap();
        request.headers_mut().entry(HOST).or_insert(host);
        request.headers_mut().extend(self.extra.clone());
        let response = self.client.execute(request).await?;
        Ok(Answer {
            url,
            status: response.status(),
            headers: response.headers().clone(),
            body: response.text().await?,
        })
    }
}

fn basic(id: &str, secret: &str) -> String {
    use base64::Engine as _;
    let encoded =
        |part: &str| url::form_urlencoded::byte_serialize(part.as_bytes()).collect::<String>();
    let credentials = format!("{}:{}", encoded(id), encoded(secret));
    format!(
        "Basic {}",
        base64::engine::general_purpose::STANDARD.encode(credentials)
    )
}

/// Every answer that any test ever gets carries the security headers, and gives no cookie without
/// all its guards.
#[track_caller]
fn assert_is_guarded(answer: &Answer) {
    let policy = answer.header("content-security-policy");
    // The one page that services frame (OpenID Connect Session Management §3.2).
    let may_be_framed =
        answer.url.path() == "/session/check" && policy.contains("frame-ancestors *;");
    for (name, value) in [
        ("x-content-type-options", "nosniff"),
        ("x-frame-options", "DENY"),
        ("referrer-policy", "no-referrer"),
        ("cross-origin-resource-policy", "same-origin"),
        ("x-robots-tag", "noindex, nofollow"),
        (
            "strict-transport-security",
            "max-age=63072000; includeSubDomains",
        ),
    ] {
        let expected: &[&str] = match name {
            "x-frame-options" if may_be_framed => &[],
            "cross-origin-resource-policy" if may_be_framed => &["cross-origin"],
            _ => &[value],
        };
        assert_eq!(answer.headers(name), expected, "{name} of {}", answer.url);
    }
    let is_on_the_way_back = [
        "/authorize",
        "/details/",
        "/end-session",
        "/second-factor/",
        "/sign-in/",
    ]
    .iter()
    .any(|beginning| answer.url.path().starts_with(beginning));
    let opener_policy: &[&str] = if is_on_the_way_back {
        &[]
    } else {
        &["same-origin"]
    };
    assert_eq!(
        answer.headers("cross-origin-opener-policy"),
        opener_policy,
        "{}",
        answer.url
    );
    assert!(
        may_be_framed || policy.contains("frame-ancestors 'none'"),
        "{}: {policy}",
        answer.url
    );
    assert!(
        !policy.contains("unsafe-inline") || answer.url.path().starts_with("/dev/"),
        "{policy}"
    );
    assert_ne!(answer.header("cache-control"), "", "{}", answer.url);
    for cookie in answer.headers("set-cookie") {
        assert!(cookie.starts_with("__Host-"), "{cookie}");
        // The page in a service's frame reads this one by script (Session Management 1.0 §3.3).
        let guards: &[&str] = if cookie.starts_with("__Host-session-state=") {
            &["; Path=/", "; SameSite=None", "; Secure"]
        } else {
            &["; Path=/", "; HttpOnly", "; SameSite=Lax", "; Secure"]
        };
        for guard in guards {
            assert!(cookie.contains(guard), "{cookie} without {guard}");
        }
    }
}
