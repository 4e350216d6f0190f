//! The pages the footer links to: cookies, privacy and the accessibility statement.

use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use model::cookies::{Cookie, Cookies};
use serde::Serialize;

use crate::{Pages, Shell, View};

/// What a deployment has to say of itself.
#[derive(Clone, Debug)]
pub struct Information {
    /// Its cookies.
    pub cookies: CookiesPage,
    /// Its accessibility statement.
    pub accessibility: AccessibilityPage,
}

/// Serves `/cookies`, `/privacy` and `/accessibility`. Needs `web::Data<Pages>` in the
/// application.
pub fn routes(information: Information) -> impl FnOnce(&mut web::ServiceConfig) {
    move |config| {
        config
            .app_data(web::Data::new(information.cookies))
            .app_data(web::Data::new(information.accessibility))
            .route("/cookies", web::get().to(show_cookies))
            .route("/privacy", web::get().to(show_privacy))
            .route("/accessibility", web::get().to(show_accessibility));
    }
}

async fn show_cookies(pages: web::Data<Pages>, page: web::Data<CookiesPage>) -> HttpResponse {
    pages.respond(StatusCode::OK, &Shell::default(), page.as_ref())
}

async fn show_privacy(pages: web::Data<Pages>) -> HttpResponse {
    pages.respond(StatusCode::OK, &Shell::default(), &PrivacyPage {})
}

async fn show_accessibility(
    pages: web::Data<Pages>,
    page: web::Data<AccessibilityPage>,
) -> HttpResponse {
    pages.respond(StatusCode::OK, &Shell::default(), page.as_ref())
}

/// Every cookie we set, what it is for and when it ends.
#[derive(Clone, Debug, Serialize)]
pub struct CookiesPage {
    session: CookieRow,
    session_state: CookieRow,
    browser: CookieRow,
}

#[derive(Clone, Debug, Serialize)]
struct CookieRow {
    name: &'static str,
    expires: String,
}

impl CookiesPage {
    /// The page for a deployment's cookie names and how long a session lives: `idle` without
    /// use, `absolute` at most. `browser` is the life of the browser cookie; `None` when it ends
    /// with the browser.
    #[must_use]
    pub fn new(
        cookies: Cookies,
        idle: Duration,
        absolute: Duration,
        browser: Option<Duration>,
    ) -> Self {
        let session = format!(
            "When you sign out, after {} without use, or after {} at most",
            in_words(idle),
            in_words(absolute)
        );
        let browser = browser.map_or_else(
            || "When you close your browser".to_owned(),
            |life| format!("After {}", in_words(life)),
        );
        Self {
            session: CookieRow {
                name: cookies.name(Cookie::Session),
                expires: session,
            },
            session_state: CookieRow {
                name: cookies.name(Cookie::SessionState),
                expires: "When you sign out, or when you close your browser".to_owned(),
            },
            browser: CookieRow {
                name: cookies.name(Cookie::Browser),
                expires: browser,
            },
        }
    }
}

impl View for CookiesPage {
    const TEMPLATE: &'static str = "information/cookies";

    fn title(&self) -> String {
        "Cookies".to_owned()
    }

    fn samples() -> Vec<Self> {
        let hours = |hours: u64| Duration::from_secs(hours * 3600);
        vec![Self::new(Cookies::Secure, hours(1), hours(12), None)]
    }
}

/// What is done with a person's information.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct PrivacyPage {}

impl View for PrivacyPage {
    const TEMPLATE: &'static str = "information/privacy";

    fn title(&self) -> String {
        "Privacy".to_owned()
    }

    fn samples() -> Vec<Self> {
        vec![Self {}]
    }
}

/// How accessible the pages are, and whom to tell when they are not.
#[derive(Clone, Debug, Serialize)]
pub struct AccessibilityPage {
    /// When those who run the provider last read and confirmed it, for example
    /// `22 November 2026`.
    pub reviewed: Option<String>,
}

impl View for AccessibilityPage {
    const TEMPLATE: &'static str = "information/accessibility";

    fn title(&self) -> String {
        "Accessibility statement".to_owned()
    }

    fn samples() -> Vec<Self> {
        vec![
            Self { reviewed: None },
            Self {
                reviewed: Some("22 November 2026".to_owned()),
            },
        ]
    }
}

/// `1 hour`, `12 hours`, `90 minutes`, `30 days`: the largest unit that gives a whole number.
fn in_words(duration: Duration) -> String {
    let seconds = duration.as_secs();
    let (count, unit) = [(86400, "day"), (3600, "hour"), (60, "minute")]
        .into_iter()
        .find(|(length, _)| seconds >= *length && seconds.is_multiple_of(*length))
        .map_or((seconds, "second"), |(length, unit)| {
            (seconds / length, unit)
        });
    if count == 1 {
        format!("1 {unit}")
    } else {
        format!("{count} {unit}s")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_accessibility_statement_names_the_day_of_its_review_if_there_was_one() {
        let pages = Pages::new(crate::PagesSettings::default()).unwrap();
        let [never, once] = <[_; 2]>::try_from(AccessibilityPage::samples()).unwrap();

        let shown = |page| pages.render(&Shell::default(), page).unwrap();

        let words = "This statement was last reviewed on 22 November 2026.";
        assert!(shown(&once).contains(words));
        assert!(!shown(&never).contains("reviewed"));
    }

    #[test]
    fn durations_read_in_the_largest_whole_unit() {
        let read = |seconds| in_words(Duration::from_secs(seconds));

        assert_eq!(read(3600), "1 hour");
        assert_eq!(read(12 * 3600), "12 hours");
        assert_eq!(read(90 * 60), "90 minutes");
        assert_eq!(read(86400), "1 day");
        assert_eq!(read(45), "45 seconds");
    }
}
