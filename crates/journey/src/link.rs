//! The link in the email: a page with a button where the sign-in began, words everywhere else.
//! Opening it never signs anyone in, because mail scanners open links too.

use actix_web::http::StatusCode;
use actix_web::web::{Bytes, Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use model::raw_pairs::RawPairs;
use model::secret::SecretKind;
use model::{Interaction, SecretDigest};
use pages::{Shell, View};
use serde::Serialize;
use storage::email_codes::{self, Link};
use storage::interactions::{self, Found};
use storage::{StorageError, Tx};

use crate::error::{Answer, JourneyError, see_other};
use crate::form::{Action, Form};
use crate::journey::Journey;
use crate::plan::Page;
use crate::routes::{cancel, respond};
use crate::sign_in;
use crate::stage::{Stage, change_anywhere, shell_of, typed_address};
use crate::visitor::{Browser, Visitor};

/// `/sign-in/link/{token}` in the browser that asked.
///
/// Posts `action`: `continue` or `cancel`.
#[derive(Debug, Serialize)]
pub struct LinkPage {
    /// Ties the form to the browser.
    pub csrf: String,
    /// The service that asked.
    pub service_name: String,
    /// Where the link was sent.
    pub address: String,
}

impl View for LinkPage {
    const TEMPLATE: &'static str = "journey/link";

    fn title(&self) -> String {
        format!("Sign in to {}", self.service_name)
    }

    fn samples() -> Vec<Self> {
        vec![Self {
            csrf: "csrf".to_owned(),
            service_name: "Apply for a qualification".to_owned(),
            address: "ada.lovelace@example.com".to_owned(),
        }]
    }
}

/// The same link in any other browser, where it can do nothing and says nothing of the sign-in.
#[derive(Debug, Serialize)]
pub struct LinkElsewherePage {}

impl View for LinkElsewherePage {
    const TEMPLATE: &'static str = "journey/link_elsewhere";

    fn title(&self) -> String {
        "Go back to where you started".to_owned()
    }

    fn samples() -> Vec<Self> {
        vec![Self {}]
    }
}

/// A link that was used, has expired or never was.
#[derive(Debug, Serialize)]
pub struct LinkSpentPage {
    /// How long a link works.
    pub minutes: u64,
    /// The code page of the sign-in this browser has open, if it has one.
    pub continue_url: Option<String>,
}

impl View for LinkSpentPage {
    const TEMPLATE: &'static str = "journey/link_spent";

    fn title(&self) -> String {
        "This link no longer works".to_owned()
    }

    fn samples() -> Vec<Self> {
        [None, Some("/sign-in/email-code?i=1".to_owned())]
            .map(|continue_url| Self {
                minutes: 15,
                continue_url,
            })
            .into()
    }
}

/// What a link is to the browser that opened it.
enum Seen {
    /// It signs in here.
    Here(Browser, Box<Interaction>),
    /// It signs in elsewhere.
    Elsewhere,
    /// It signs in nowhere; the sign-in it was for may still go on here.
    Spent(Option<Box<Interaction>>),
}

/// `GET /sign-in/link/{token}`: changes nothing.
pub(crate) async fn open(
    journey: Data<Journey>,
    token: Path<String>,
    request: HttpRequest,
) -> HttpResponse {
    let answer = match find(&journey, &token, &request).await {
        Ok(seen) => Ok(show(&journey, seen)),
        Err(fault) => Err(fault),
    };
    respond(&journey, answer)
}

async fn find(journey: &Journey, token: &str, request: &HttpRequest) -> Result<Seen, JourneyError> {
    let Some(link) = SecretKind::EmailLink.digest(token) else {
        return Ok(Seen::Spent(None));
    };
    let browser = Browser::of(journey, request);
    Ok(journey
        .store
        .read(move |tx| look(tx, &link, browser))
        .await?)
}

fn look(
    tx: &mut Tx<'_>,
    link: &SecretDigest,
    browser: Option<Browser>,
) -> Result<Seen, StorageError> {
    let (id, is_live) = match email_codes::find_link(tx, link)? {
        Link::Live(id) => (id, true),
        Link::Ended(id) => (id, false),
        Link::Missing => return Ok(Seen::Spent(None)),
    };
    let digest = browser.as_ref().map(|browser| &browser.digest);
    let found = interactions::find(tx, &id, digest)?;
    Ok(match (found, browser) {
        (Found::Open(interaction), Some(browser)) if interaction.outcome.is_none() => {
            if is_live {
                Seen::Here(browser, interaction)
            } else {
                Seen::Spent(Some(interaction))
            }
        }
        (Found::OfAnotherBrowser, _) if is_live => Seen::Elsewhere,
        _ => Seen::Spent(None),
    })
}

fn show(journey: &Journey, seen: Seen) -> HttpResponse {
    let pages = &journey.pages;
    match seen {
        Seen::Here(browser, interaction) => {
            let shell = shell_of(&interaction);
            let visitor = visitor(browser, &interaction);
            let page = LinkPage {
                csrf: visitor.csrf(journey),
                address: typed_address(&interaction),
                service_name: interaction.service_name,
            };
            pages.respond(StatusCode::OK, &shell, &page)
        }
        Seen::Elsewhere => {
            let page = LinkElsewherePage {};
            pages.respond(StatusCode::FORBIDDEN, &Shell::default(), &page)
        }
        Seen::Spent(interaction) => {
            let page = LinkSpentPage {
                minutes: journey.code.minutes(),
                continue_url: interaction.map(|open| Page::EmailCode.url(&open.id)),
            };
            pages.respond(StatusCode::GONE, &Shell::default(), &page)
        }
    }
}

fn visitor(browser: Browser, interaction: &Interaction) -> Visitor {
    Visitor {
        id: interaction.id.clone(),
        query: RawPairs::default(),
        browser,
    }
}

/// `POST /sign-in/link/{token}`: the button.
pub(crate) async fn press(
    journey: Data<Journey>,
    token: Path<String>,
    request: HttpRequest,
    body: Bytes,
) -> HttpResponse {
    let answer = submit(&journey, &token, &request, &body).await;
    respond(&journey, answer)
}

async fn submit(journey: &Journey, token: &str, request: &HttpRequest, body: &Bytes) -> Answer {
    let form = Form::parse(body)?;
    let (browser, interaction) = match find(journey, token, request).await? {
        Seen::Here(browser, interaction) => (browser, interaction),
        unusable => return Ok(show(journey, unusable)),
    };
    let visitor = visitor(browser, &interaction);
    visitor.check(journey, &form)?;
    match form.action {
        Action::Continue => {}
        Action::Cancel => return cancel(journey, &visitor).await,
        _ => return Err(JourneyError::Unreadable),
    }
    let link = SecretDigest::of(token);
    let path = change_anywhere(journey, &visitor, move |tx, stage| {
        Ok(Ok(redeem(tx, stage, &link)?))
    });
    Ok(path.await?.map_or_else(
        || show(journey, Seen::Spent(Some(interaction))),
        |path| see_other(&path),
    ))
}

/// Uses the link up and signs in, as its code would; `None` when it was used meanwhile.
fn redeem(
    tx: &mut Tx<'_>,
    stage: Stage,
    link: &SecretDigest,
) -> Result<Option<String>, StorageError> {
    if email_codes::redeem_link(tx, link)?.is_none() {
        return Ok(None);
    }
    sign_in::accept(tx, stage).map(Some)
}
