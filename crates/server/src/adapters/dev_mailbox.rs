//! The development mailbox: mail stays in this process and is shown at `/dev/mailbox`. The
//! configuration refuses it in production, where its pages are on no path at all.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use actix_web::web::{self, Data, Path, ServiceConfig};
use chrono::{DateTime, Local};
use journey::mailer::{Mail, Mailer, Sending};
use model::{Clock, Timestamp};
use pages::dev_mailbox::{MailboxLine, MailboxPage, MessagePage};
use pages::{ErrorPage, Pages, Shell};
use serde::Serialize;

/// How many mails are kept; older ones are forgotten.
const CAPACITY: usize = 200;

/// Keeps mail instead of sending it. Clones are one mailbox.
#[derive(Clone)]
pub struct DevMailbox(Arc<Inner>);

struct Inner {
    clock: Arc<dyn Clock>,
    kept: Mutex<Kept>,
}

#[derive(Default)]
struct Kept {
    received: u64,
    messages: VecDeque<Message>,
}

/// A kept mail.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Message {
    /// Counts up from 1.
    pub id: u64,
    /// The address as it was typed.
    pub to: String,
    /// One line.
    pub subject: String,
    /// The plain text body.
    pub text: String,
    /// The HTML body.
    pub html: String,
    /// When it was sent.
    pub sent_at: Timestamp,
}

impl DevMailbox {
    /// An empty mailbox.
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self(Arc::new(Inner {
            clock,
            kept: Mutex::default(),
        }))
    }

    /// Everything that is kept, newest first.
    #[must_use]
    pub fn messages(&self) -> Vec<Message> {
        self.lock().messages.iter().cloned().collect()
    }

    /// Puts the mailbox's pages on their paths. Needs [`Pages`] in the application.
    pub fn routes(&self) -> impl FnOnce(&mut ServiceConfig) {
        let mailbox = Data::new(self.clone());
        move |config| {
            config
                .app_data(mailbox)
                .service(web::resource("/dev/mailbox").route(web::get().to(list)))
                .service(web::resource("/dev/mailbox.json").route(web::get().to(list_json)))
                .service(web::resource("/dev/mailbox/{id}").route(web::get().to(show)))
                .service(web::resource("/dev/mailbox/{id}/html").route(web::get().to(show_html)));
        }
    }

    fn keep(&self, mail: &Mail) {
        let mut kept = self.lock();
        kept.received += 1;
        let message = Message {
            id: kept.received,
            to: mail.to.as_typed().to_owned(),
            subject: mail.content.subject.clone(),
            text: mail.content.text.clone(),
            html: mail.content.html.clone(),
            sent_at: self.0.clock.now(),
        };
        kept.messages.push_front(message);
        kept.messages.truncate(CAPACITY);
    }

    fn message(&self, id: u64) -> Option<Message> {
        self.lock()
            .messages
            .iter()
            .find(|message| message.id == id)
            .cloned()
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.0.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Mailer for DevMailbox {
    fn send<'a>(&'a self, mail: &'a Mail) -> Sending<'a> {
        self.keep(mail);
        Box::pin(std::future::ready(Ok(())))
    }
}

async fn list(mailbox: Data<DevMailbox>, pages: Data<Pages>) -> HttpResponse {
    let line = |message: Message| MailboxLine {
        url: format!("/dev/mailbox/{}", message.id),
        subject: message.subject,
        to: message.to,
        sent: in_words(message.sent_at),
    };
    let page = MailboxPage {
        messages: mailbox.messages().into_iter().map(line).collect(),
    };
    pages.respond(StatusCode::OK, &Shell::default(), &page)
}

async fn list_json(mailbox: Data<DevMailbox>) -> HttpResponse {
    HttpResponse::Ok().json(mailbox.messages())
}

async fn show(id: Path<u64>, mailbox: Data<DevMailbox>, pages: Data<Pages>) -> HttpResponse {
    let Some(message) = mailbox.message(*id) else {
        return pages.error(ErrorPage::NotFound, None);
    };
    let html_url = format!("/dev/mailbox/{}/html", message.id);
    let sent = in_words(message.sent_at);
    let page = MessagePage::new(message.subject, message.to, sent, &message.text, html_url);
    let shell = Shell {
        back_link: Some("/dev/mailbox".to_owned()),
        ..Shell::default()
    };
    pages.respond(StatusCode::OK, &shell, &page)
}

/// The HTML body, in an origin of its own that may run and load nothing.
async fn show_html(id: Path<u64>, mailbox: Data<DevMailbox>) -> HttpResponse {
    let Some(message) = mailbox.message(*id) else {
        return HttpResponse::NotFound().finish();
    };
    HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, "text/html; charset=utf-8"))
        .insert_header((
            CONTENT_SECURITY_POLICY,
            "sandbox; default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
        ))
        .body(message.html)
}

/// `22 November 2026 at 4:20pm`, by the clock on the wall.
fn in_words(instant: Timestamp) -> String {
    let instant = DateTime::from_timestamp_millis(instant.millis()).unwrap_or_default();
    instant
        .with_timezone(&Local)
        .format("%-d %B %Y at %-I:%M%P")
        .to_string()
}

#[cfg(test)]
mod tests {
    use actix_web::App;
    use actix_web::test::{TestRequest, call_service, init_service, read_body};
    use model::ManualClock;
    use pages::PagesSettings;

    use super::super::testing::code_for;
    use super::*;

    async fn mailbox_with(count: usize) -> DevMailbox {
        let clock = ManualClock::starting_at(Timestamp::from_seconds(1_795_000_000));
        let mailbox = DevMailbox::new(Arc::new(clock));
        for number in 1..=count {
            let mut mail = code_for("ada@example.test");
            mail.content.subject = format!("Mail {number}");
            mailbox.send(&mail).await.unwrap();
        }
        mailbox
    }

    async fn open(mailbox: &DevMailbox, path: &str) -> (StatusCode, String, String) {
        let pages = Pages::new(PagesSettings::default()).unwrap();
        let app = App::new()
            .app_data(Data::new(pages))
            .configure(mailbox.routes());
        let app = init_service(app).await;
        let response = call_service(&app, TestRequest::get().uri(path).to_request()).await;
        let policy = response.headers().get(CONTENT_SECURITY_POLICY).cloned();
        let policy = policy.map_or_else(String::new, |policy| policy.to_str().unwrap().to_owned());
        let status = response.status();
        let body = read_body(response).await;
        (status, policy, String::from_utf8(body.to_vec()).unwrap())
    }

    #[actix_web::test]
    async fn the_newest_mail_stands_first_and_old_ones_are_forgotten() {
        let mailbox = mailbox_with(CAPACITY + 1).await;

        let messages = mailbox.messages();

        assert_eq!(messages.len(), CAPACITY);
        assert_eq!(messages[0].subject, format!("Mail {}", CAPACITY + 1));
        assert_eq!(messages[CAPACITY - 1].subject, "Mail 2");
    }

    #[actix_web::test]
    async fn the_list_leads_to_each_mail() {
        let mailbox = mailbox_with(2).await;

        let (status, _, list) = open(&mailbox, "/dev/mailbox").await;
        assert_eq!(status, StatusCode::OK);
        assert!(list.find("Mail 2").unwrap() < list.find("Mail 1").unwrap());
        assert!(list.contains("href=\"/dev/mailbox/2\""));

        let (_, _, message) = open(&mailbox, "/dev/mailbox/2").await;
        assert!(message.contains("Type 123456."), "{message}");
        assert!(!message.contains("<b>123456</b>"));
        assert!(
            message.contains("href=\"/dev/mailbox/2/html\""),
            "{message}"
        );
    }

    #[actix_web::test]
    async fn the_html_body_can_do_nothing() {
        let mailbox = mailbox_with(1).await;

        let (_, policy, html) = open(&mailbox, "/dev/mailbox/1/html").await;

        assert_eq!(html, "<p>Type <b>123456</b>.</p>");
        assert!(
            policy.starts_with("sandbox; default-src 'none'"),
            "{policy}"
        );
    }

    #[actix_web::test]
    async fn tests_read_mail_as_json() {
        let mailbox = mailbox_with(1).await;

        let (_, _, json) = open(&mailbox, "/dev/mailbox.json").await;

        let messages: serde_json::Value = serde_json::from_str(&json).unwrap();
        assert_eq!(
            messages,
            serde_json::json!([{
                "id": 1,
                "to": "ada@example.test",
                "subject": "Mail 1",
                "text": "Type 123456.\n",
                "html": "<p>Type <b>123456</b>.</p>",
                "sent_at": 1_795_000_000_000_i64,
            }])
        );
    }

    #[actix_web::test]
    async fn a_mail_that_is_not_there_is_not_found() {
        let mailbox = mailbox_with(1).await;

        for path in [
            "/dev/mailbox/7",
            "/dev/mailbox/7/html",
            "/dev/mailbox/seven",
        ] {
            assert_eq!(
                open(&mailbox, path).await.0,
                StatusCode::NOT_FOUND,
                "{path}"
            );
        }
    }
}
