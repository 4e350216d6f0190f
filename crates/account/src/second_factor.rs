//! `/account/second-factor`: what the person proves beside their email address, and the ways to
//! change it.

use actix_web::http::StatusCode;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use form_urlencoded::Serializer;
use model::Timestamp;
use model::requirement::FactorTask;
use pages::View;
use serde::Serialize;
use storage::second_factors::{self, Factors, PasskeyRow, TotpRow};

use crate::account::{Account, Passkeys};
use crate::error::{Answer, respond};
use crate::news::News;
use crate::overview::shell;
use crate::passkey_name;
use crate::routes::{CHANGE, OVERVIEW};
use crate::state::Errand;
use crate::visitor::Visitor;

/// So few recovery codes that new ones are a good idea.
const FEW: u32 = 2;

/// `/account/second-factor`.
///
/// Where a browser has passkeys they are offered first; the same page offers the app first
/// elsewhere, and without JavaScript.
#[derive(Serialize)]
pub struct SecondFactorPage {
    /// What was just done, as a sentence.
    news: Option<&'static str>,
    is_on: bool,
    passkeys: Vec<Passkey>,
    app: Option<App>,
    /// For who has a factor.
    recovery_codes: Option<RecoveryCodes>,
    /// Whether this deployment has passkeys.
    offers_passkeys: bool,
    /// Whether there is anything to add.
    offers_more: bool,
    add_passkey_url: String,
    add_app_url: String,
}

/// A passkey, as its owner knows it. Not for logs: people put their own names into names.
#[derive(Clone, Serialize)]
struct Passkey {
    name: String,
    #[serde(flatten)]
    dates: Dates,
    rename_url: String,
    remove_url: String,
}

/// An authenticator app.
#[derive(Clone, Serialize)]
struct App {
    #[serde(flatten)]
    dates: Dates,
    replace_url: String,
    remove_url: String,
}

#[derive(Clone, Serialize)]
struct Dates {
    added: String,
    last_used: Option<String>,
}

#[derive(Clone, Serialize)]
struct RecoveryCodes {
    left: String,
    are_few: bool,
    replace_url: String,
}

impl SecondFactorPage {
    fn new(factors: Factors, offered: Passkeys, news: Option<News>) -> Self {
        let is_on = factors.has_any();
        Self {
            news: news.map(News::words),
            is_on,
            recovery_codes: is_on.then(|| RecoveryCodes::new(factors.recovery_codes_left)),
            passkeys: factors.passkeys.into_iter().map(Passkey::new).collect(),
            app: factors.totp.as_ref().map(App::new),
            offers_passkeys: offered == Passkeys::Offered,
            offers_more: offered == Passkeys::Offered || factors.totp.is_none(),
            add_passkey_url: url_of(&FactorTask::SetUpPasskey),
            add_app_url: url_of(&FactorTask::SetUpApp),
        }
    }
}

impl Passkey {
    fn new(row: PasskeyRow) -> Self {
        Self {
            dates: Dates::new(row.created_at, row.last_used_at),
            rename_url: passkey_name::url(&row.id),
            remove_url: url_of(&FactorTask::RemovePasskey(row.id)),
            name: row.name,
        }
    }
}

impl App {
    fn new(row: &TotpRow) -> Self {
        Self {
            dates: Dates::new(row.created_at, row.last_used_at),
            replace_url: url_of(&FactorTask::SetUpApp),
            remove_url: url_of(&FactorTask::RemoveApp),
        }
    }
}

impl Dates {
    fn new(added: Timestamp, last_used: Option<Timestamp>) -> Self {
        Self {
            added: added.date_in_words(),
            last_used: last_used.map(Timestamp::date_in_words),
        }
    }
}

impl RecoveryCodes {
    fn new(left: u32) -> Self {
        Self {
            left: match left {
                0 => "You have no recovery codes left".to_owned(),
                1 => "You have 1 recovery code left".to_owned(),
                left => format!("You have {left} recovery codes left"),
            },
            are_few: left <= FEW,
            replace_url: url_of(&FactorTask::NewRecoveryCodes),
        }
    }
}

/// Where a change begins.
fn url_of(task: &FactorTask) -> String {
    let query = Serializer::new(String::new())
        .append_pair("action", &task.to_string())
        .finish();
    format!("{CHANGE}?{query}")
}

impl View for SecondFactorPage {
    const TEMPLATE: &'static str = "account/second_factor";

    fn title(&self) -> String {
        "Second step when you sign in".to_owned()
    }

    fn samples() -> Vec<Self> {
        let added = Timestamp::from_seconds(1_795_000_000);
        let passkey = |name: &str, last_used_at| PasskeyRow {
            id: "0190a5e0-7d1c-7cc3-8a6b-3f1f6c1f9a10".to_owned(),
            credential_id: Vec::new(),
            name: name.to_owned(),
            credential: String::new(),
            created_at: added,
            last_used_at,
        };
        let app = TotpRow {
            sealed_seed: Vec::new(),
            last_step: 0,
            created_at: added,
            last_used_at: Some(added),
        };
        let none = Factors::default();
        let app_alone = Factors {
            totp: Some(app.clone()),
            passkeys: Vec::new(),
            recovery_codes_left: 1,
        };
        let both = Factors {
            totp: Some(app),
            passkeys: vec![
                passkey("Work laptop", None),
                passkey("Ada’s phone", Some(added)),
            ],
            recovery_codes_left: 10,
        };
        let page = |factors: &Factors, offered, news| Self::new(factors.clone(), offered, news);
        vec![
            page(&none, Passkeys::Offered, None),
            page(&none, Passkeys::Unavailable, Some(News::AppRemoved)),
            page(&app_alone, Passkeys::Offered, Some(News::AppSetUp)),
            page(&both, Passkeys::Offered, None),
        ]
    }
}

/// `GET /account/second-factor`.
pub(crate) async fn show(account: Data<Account>, request: HttpRequest) -> HttpResponse {
    let answer = answer(&account, &request).await;
    respond(&account, answer)
}

async fn answer(account: &Account, request: &HttpRequest) -> Answer {
    let entered = Visitor::enter(account, request, Errand::SecondFactor, |tx, visitor| {
        second_factors::standing(tx, &visitor.session.authentication.user_id)
    });
    let (visitor, factors) = entered.await?;
    let news = News::read(account, &visitor.secret, request);
    let page = SecondFactorPage::new(factors, account.passkeys, news);
    let mut shell = shell();
    shell.back_link = Some(OVERVIEW.to_owned());
    Ok(account.pages.respond(StatusCode::OK, &shell, &page))
}
