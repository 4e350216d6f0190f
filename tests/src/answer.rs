//! One answer of the provider, whole.

use reqwest::StatusCode;
use reqwest::header::HeaderMap;
use serde_json::Value;
use url::Url;

/// Status, headers and body, and where they came from.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The address that was asked, as the provider names it.
    pub url: Url,
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body; everything that the provider says is UTF-8.
    pub body: String,
}

impl Answer {
    /// A header's value, or nothing where it is absent.
    pub fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().unwrap())
    }

    /// Every value of a header.
    pub fn headers(&self, name: &str) -> Vec<&str> {
        self.headers
            .get_all(name)
            .iter()
            .map(|value| value.to_str().unwrap())
            .collect()
    }

    /// Where a redirect leads, if this is one.
    pub fn location(&self) -> Option<Url> {
        let location = self.headers.get("location")?.to_str().unwrap();
        self.status
            .is_redirection()
            .then(|| self.url.join(location).unwrap())
    }

    /// The body as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| {
            panic!(
                "{} {} answered no JSON: {}",
                self.status, self.url, self.body
            )
        })
    }

    /// Asserts that this is a redirect to exactly `location`, which gives and says nothing else.
    #[track_caller]
    pub fn assert_redirects_to(&self, location: &str) {
        assert_eq!(
            (
                self.status.as_u16(),
                self.header("location"),
                self.body.as_str()
            ),
            (303, location, "")
        );
        assert_eq!(self.header("cache-control"), "no-store");
    }

    /// Asserts that this is a refusal in the form of RFC 6749 §5.2, and nothing else.
    #[track_caller]
    pub fn assert_refuses(&self, status: u16, error: &str, description: &str) {
        assert_eq!(
            (self.status.as_u16(), self.json()),
            (
                status,
                serde_json::json!({ "error": error, "error_description": description })
            )
        );
        assert_eq!(self.header("cache-control"), "no-store");
        assert_eq!(self.header("content-type"), "application/json");
        let challenge = match status {
            401 => r#"Basic realm="client", charset="UTF-8""#,
            _ => "",
        };
        assert_eq!(self.header("www-authenticate"), challenge);
        assert_eq!(self.headers("set-cookie"), [""; 0]);
    }
}
