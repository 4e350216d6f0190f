//! `/account/second-factor/passkeys/{id}`: what a passkey is called.

use actix_web::http::StatusCode;
use actix_web::web::{Bytes, Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use model::PasskeyName;
use model::passkey_name::InvalidPasskeyName;
use model::raw_pairs::RawPairs;
use pages::{Field, FieldError, View};
use serde::Serialize;
use storage::second_factors;

use crate::account::Account;
use crate::csrf;
use crate::error::{AccountError, Answer, respond, see_other};
use crate::interrupted::Interruption;
use crate::news::News;
use crate::overview::shell;
use crate::routes::{PASSKEYS, SECOND_FACTOR};
use crate::state::Errand;
use crate::visitor::Visitor;

/// The page with a passkey's name.
///
/// Posts `passkey-name`.
#[derive(Serialize)]
pub struct PasskeyNamePage {
    csrf: String,
    name: Field,
    cancel_url: &'static str,
}

impl PasskeyNamePage {
    fn new(csrf: String, name: Field) -> Self {
        Self {
            csrf,
            name,
            cancel_url: SECOND_FACTOR,
        }
    }
}

impl View for PasskeyNamePage {
    const TEMPLATE: &'static str = "account/passkey_name";

    fn title(&self) -> String {
        "What do you want to call this passkey?".to_owned()
    }

    fn errors(&self) -> Vec<FieldError> {
        self.name.error_at("passkey-name").into_iter().collect()
    }

    fn samples() -> Vec<Self> {
        let page = |name| Self::new("csrf".to_owned(), name);
        let empty = words(InvalidPasskeyName::Empty);
        vec![
            page(Field::holding("Work laptop")),
            page(Field::refused("", empty)),
        ]
    }
}

/// The page of a passkey.
pub(crate) fn url(id: &str) -> String {
    format!("{PASSKEYS}/{id}")
}

/// `GET /account/second-factor/passkeys/{id}`.
pub(crate) async fn show(
    account: Data<Account>,
    request: HttpRequest,
    id: Path<String>,
) -> HttpResponse {
    let answer = page(&account, &request, &id).await;
    respond(&account, answer)
}

async fn page(account: &Account, request: &HttpRequest, id: &str) -> Answer {
    let wanted = id.to_owned();
    let entered = Visitor::enter(
        account,
        request,
        Errand::SecondFactor,
        move |tx, visitor| {
            let all = second_factors::list_passkeys(tx, &visitor.session.authentication.user_id)?;
            Ok(all.into_iter().find(|passkey| passkey.id == wanted))
        },
    );
    let (visitor, found) = entered.await?;
    let passkey = found.ok_or(AccountError::Missing)?;
    let csrf = csrf::token(&account.keyring, &visitor.secret, id);
    let page = PasskeyNamePage::new(csrf, Field::holding(passkey.name));
    Ok(respond_with(account, StatusCode::OK, &page))
}

/// `POST /account/second-factor/passkeys/{id}`.
pub(crate) async fn submit(
    account: Data<Account>,
    request: HttpRequest,
    id: Path<String>,
    body: Bytes,
) -> HttpResponse {
    let answer = rename(&account, &request, &id, &body).await;
    respond(&account, answer)
}

async fn rename(account: &Account, request: &HttpRequest, id: &str, body: &[u8]) -> Answer {
    let form = RawPairs::parse(body);
    let one = |name| form.one(name).map_err(|_| AccountError::Unreadable);
    let (csrf, typed) = (one("csrf")?, one("passkey-name")?.unwrap_or_default());
    let proof = Proof {
        account: account.clone(),
        id: id.to_owned(),
        csrf: csrf.unwrap_or_default().to_owned(),
    };
    let name = PasskeyName::parse(typed);
    let new = name.clone().ok();
    let entered = Visitor::enter(
        account,
        request,
        Errand::SecondFactor,
        move |tx, visitor| {
            if !proof.is_of(visitor) {
                return Ok(None);
            }
            let user_id = &visitor.session.authentication.user_id;
            let renamed = new
                .map(|name| second_factors::rename_passkey(tx, user_id, &proof.id, name.as_str()));
            renamed.transpose().map(Some)
        },
    );
    let (visitor, renamed) = entered.await?;
    let renamed = renamed.ok_or(AccountError::Interrupted(Interruption::FormExpired))?;
    match (name, renamed) {
        (_, Some(true)) => {
            let done = News::PasskeyRenamed.url(account, &visitor.secret);
            Ok(see_other(&done))
        }
        (Err(invalid), _) => {
            let csrf = csrf.unwrap_or_default().to_owned();
            let page = PasskeyNamePage::new(csrf, Field::refused(typed, words(invalid)));
            Ok(respond_with(account, StatusCode::BAD_REQUEST, &page))
        }
        (Ok(_), _) => Err(AccountError::Missing),
    }
}

/// A form's token, and what it should be for.
struct Proof {
    account: Account,
    id: String,
    csrf: String,
}

impl Proof {
    fn is_of(&self, visitor: &Visitor) -> bool {
        csrf::is_valid(&self.account.keyring, &visitor.secret, &self.id, &self.csrf)
    }
}

fn respond_with(account: &Account, status: StatusCode, page: &PasskeyNamePage) -> HttpResponse {
    let mut shell = shell();
    shell.back_link = Some(SECOND_FACTOR.to_owned());
    account.pages.respond(status, &shell, page)
}

fn words(invalid: InvalidPasskeyName) -> String {
    match invalid {
        InvalidPasskeyName::Empty => "Enter a name for this passkey".to_owned(),
        InvalidPasskeyName::TooLong => format!(
            "Name for this passkey must be {} characters or less",
            PasskeyName::MAX_LEN
        ),
        InvalidPasskeyName::ControlCharacter => {
            "Name for this passkey must not include characters that cannot be shown".to_owned()
        }
    }
}
