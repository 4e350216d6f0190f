//! A limit was reached: status 429, and when to try again.

use std::time::Duration;

use pages::View;
use serde::Serialize;

/// Says which limit was reached and when it ends.
///
/// Posts `action`: `cancel`, where a sign-in is in progress.
#[derive(Debug, Serialize)]
pub struct TooManyPage {
    limit: Limit,
    heading: &'static str,
    wait: String,
    way_back: Option<WayBack>,
}

/// What was done too often.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(into = "LimitFlags")]
pub enum Limit {
    /// Codes were asked for.
    CodesSent,
    /// Codes were tried.
    Tries,
    /// Codes of an app, or recovery codes, were tried.
    FactorTries,
}

/// The sign-in that can be given up.
#[derive(Debug, Serialize)]
pub struct WayBack {
    /// Ties the form to the browser.
    pub csrf: String,
    /// The service that asked.
    pub service_name: String,
    /// The code page, where a code that was sent before can still be typed.
    pub code_url: Option<String>,
}

#[derive(Serialize)]
struct LimitFlags {
    codes_sent: bool,
    tries: bool,
    factor_tries: bool,
}

impl From<Limit> for LimitFlags {
    fn from(limit: Limit) -> Self {
        Self {
            codes_sent: limit == Limit::CodesSent,
            tries: limit == Limit::Tries,
            factor_tries: limit == Limit::FactorTries,
        }
    }
}

impl TooManyPage {
    /// The page for a limit that ends after `wait`.
    #[must_use]
    pub fn new(limit: Limit, wait: Duration, way_back: Option<WayBack>) -> Self {
        let heading = match limit {
            Limit::CodesSent => "You have asked for too many codes",
            Limit::Tries => "You have tried too many codes",
            Limit::FactorTries => "You have entered too many wrong codes",
        };
        Self {
            limit,
            heading,
            wait: in_words(wait),
            way_back,
        }
    }
}

impl View for TooManyPage {
    const TEMPLATE: &'static str = "journey/too_many";

    fn title(&self) -> String {
        self.heading.to_owned()
    }

    fn samples() -> Vec<Self> {
        let way_back = |code_url: Option<&str>| WayBack {
            csrf: "csrf".to_owned(),
            service_name: "Apply for a qualification".to_owned(),
            code_url: code_url.map(ToOwned::to_owned),
        };
        let at_code = way_back(Some("/sign-in/email-code?i=1"));
        vec![
            Self::new(Limit::CodesSent, Duration::from_secs(700), Some(at_code)),
            Self::new(
                Limit::CodesSent,
                Duration::from_secs(50),
                Some(way_back(None)),
            ),
            Self::new(Limit::Tries, Duration::from_secs(40_000), None),
            Self::new(
                Limit::FactorTries,
                Duration::from_secs(900),
                Some(way_back(None)),
            ),
        ]
    }
}

/// `in 1 minute`, `in 12 minutes`, `in 3 hours`: rounded up, so that it is never too early.
pub(crate) fn in_words(wait: Duration) -> String {
    let minutes = wait.as_secs().div_ceil(60).max(1);
    match minutes {
        1 => "in 1 minute".to_owned(),
        2..=90 => format!("in {minutes} minutes"),
        _ => format!("in {} hours", minutes.div_ceil(60)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_is_never_told_too_short() {
        let told = |seconds| in_words(Duration::from_secs(seconds));

        assert_eq!(told(0), "in 1 minute");
        assert_eq!(told(60), "in 1 minute");
        assert_eq!(told(61), "in 2 minutes");
        assert_eq!(told(90 * 60), "in 90 minutes");
        assert_eq!(told(90 * 60 + 1), "in 2 hours");
        assert_eq!(told(11 * 3600 + 1), "in 12 hours");
    }
}
