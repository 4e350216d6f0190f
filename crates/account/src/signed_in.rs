//! `/account/signed-in`: coming back from signing in, with a code or without.
//!
//! The session is not opened here: the provider has done that, in this browser. The code says only
//! that what the browser left for is done, so that the page it comes back to may say so.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use model::raw_pairs::RawPairs;
use model::secret::SecretKind;
use model::{Secret, SecretDigest};
use storage::authorization_codes::{self, Redemption};
use storage::{StorageError, Tx};

use crate::account::Account;
use crate::client;
use crate::error::{AccountError, Answer, respond, see_other};
use crate::interrupted::Interruption;
use crate::routes::{OVERVIEW, SECOND_FACTOR, SERVICES};
use crate::state::{Errand, State};
use crate::visitor::{Browser, Visitor};

/// What an authorization response says (RFC 6749 §4.1.2).
enum Response {
    Code(SecretDigest),
    Refused,
}

/// `GET /account/signed-in`.
pub(crate) async fn come_back(account: Data<Account>, request: HttpRequest) -> HttpResponse {
    let answer = answer(&account, &request).await;
    respond(&account, answer)
}

async fn answer(account: &Account, request: &HttpRequest) -> Answer {
    let not_from_here = || AccountError::Interrupted(Interruption::NotFromHere);
    let pairs = RawPairs::parse(request.query_string().as_bytes());
    let one = |name| pairs.one(name).map_err(|_| AccountError::Unreadable);
    let response = match (one("code")?, one("error")?) {
        (Some(code), None) => SecretKind::AuthorizationCode
            .digest(code)
            .map(Response::Code),
        (None, Some(_)) => Some(Response::Refused),
        _ => None,
    };
    let browser = Browser::of(account, request);
    let state = one("state")?.unwrap_or_default();
    let (Some(response), Some(secret)) = (response, &browser.secret) else {
        return Err(not_from_here());
    };
    let now = account.store.clock().now();
    let returned = State::read(&account.keyring, secret, state, now, account.absence);
    let (state, errand) = returned.ok_or_else(not_from_here)?;
    let digest = match response {
        Response::Code(digest) => digest,
        Response::Refused => return refused(account, &browser, errand).await,
    };
    let back = Back {
        account: account.clone(),
        browser: secret.clone(),
        session: browser.session,
        state,
    };
    match account
        .store
        .write(move |tx| back.redeem(tx, &digest))
        .await?
    {
        Redeemed::Done(session) => Ok(see_other(&done(account, &session, errand))),
        Redeemed::Before => Ok(see_other(page(errand))),
        Redeemed::OfAnother => Err(not_from_here()),
    }
}

/// Somebody who comes back with a code.
struct Back {
    account: Account,
    browser: Secret<String>,
    session: Option<SecretDigest>,
    state: State,
}

/// What became of a code.
enum Redeemed {
    /// It is one of this request, browser and session.
    Done(SecretDigest),
    /// It was redeemed before, or too late: the page was reloaded, or Back was pressed.
    Before,
    /// It was issued for another request, or to another person.
    OfAnother,
}

impl Back {
    fn redeem(&self, tx: &mut Tx<'_>, code: &SecretDigest) -> Result<Redeemed, StorageError> {
        let code = match authorization_codes::redeem(tx, code, &client::id())? {
            Redemption::First(code) => *code,
            Redemption::Replayed { .. } | Redemption::Expired => return Ok(Redeemed::Before),
            Redemption::Unknown => return Ok(Redeemed::OfAnother),
        };
        let visitor = match self.session {
            Some(secret) => Visitor::find(tx, secret)?,
            None => None,
        };
        let challenge = code.code_challenge.as_deref();
        let is_of_this_request =
            self.state
                .asked_for(&self.account.keyring, &self.browser, challenge)
                && code.redirect_uri == client::redirect_uri(&self.account.issuer);
        Ok(match visitor {
            Some(visitor) if is_of_this_request && visitor.session.sid == code.grant.sid => {
                Redeemed::Done(visitor.secret)
            }
            _ => Redeemed::OfAnother,
        })
    }
}

/// Where an errand leads back to.
const fn page(errand: Errand) -> &'static str {
    match errand {
        Errand::Overview => OVERVIEW,
        Errand::SecondFactor | Errand::Change(_) => SECOND_FACTOR,
        Errand::Services => SERVICES,
    }
}

/// The same, with the news that it is done.
fn done(account: &Account, session: &SecretDigest, errand: Errand) -> String {
    match errand {
        Errand::Overview | Errand::SecondFactor | Errand::Services => page(errand).to_owned(),
        Errand::Change(news) => news.url(account, session),
    }
}

/// Somebody who gave up goes back to where they were, if they are signed in.
async fn refused(account: &Account, browser: &Browser, errand: Errand) -> Answer {
    let is_signed_in = match browser.session {
        Some(secret) => {
            let found = account.store.read(move |tx| Visitor::find(tx, secret));
            found.await?.is_some()
        }
        None => false,
    };
    if is_signed_in {
        Ok(see_other(page(errand)))
    } else {
        Err(AccountError::Interrupted(Interruption::NotSignedIn))
    }
}
