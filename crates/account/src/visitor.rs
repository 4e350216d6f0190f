//! Who comes: a browser, and the person who is signed in there.

use actix_web::HttpRequest;
use actix_web::http::header::COOKIE;
use model::browser_session::BrowserSession;
use model::cookies::Cookie;
use model::requirement::{Requirements, Standing, unmet};
use model::secret::SecretKind;
use model::{Entropy, Secret, SecretDigest};
use storage::{StorageError, Tx, browser_sessions};

use crate::account::Account;
use crate::error::AccountError;
use crate::state::Errand;

/// What a browser proves by its cookies.
#[derive(Clone, Debug)]
pub(crate) struct Browser {
    /// The secret that ties what it leaves for to it.
    pub(crate) secret: Option<Secret<String>>,
    /// The digest of the session's secret.
    pub(crate) session: Option<SecretDigest>,
}

impl Browser {
    pub(crate) fn of(account: &Account, request: &HttpRequest) -> Self {
        let find = |cookie| {
            let headers = request.headers().get_all(COOKIE);
            let texts = headers.filter_map(|value| value.to_str().ok());
            account.cookies.find(cookie, texts)
        };
        let is_ours = |secret: &&str| SecretKind::Browser.digest(secret).is_some();
        Self {
            secret: find(Cookie::Browser)
                .filter(is_ours)
                .map(|secret| Secret::new(secret.to_owned())),
            session: find(Cookie::Session)
                .and_then(|secret| SecretKind::BrowserSession.digest(secret)),
        }
    }

    /// Its secret, or a new one and the `Set-Cookie` value that gives it.
    pub(crate) fn known_or_new(&self, account: &Account) -> (Secret<String>, Option<String>) {
        if let Some(secret) = &self.secret {
            return (secret.clone(), None);
        }
        let entropy: &dyn Entropy = &*account.entropy;
        let secret = SecretKind::Browser.mint(entropy);
        let cookie = account.cookies.set(Cookie::Browser, &secret, None);
        (secret, Some(cookie))
    }
}

/// A person in front of a page of theirs.
#[derive(Clone, Debug)]
pub(crate) struct Visitor {
    /// The digest of the session's secret, which forms are tied to.
    pub(crate) secret: SecretDigest,
    /// Who is signed in, and how.
    pub(crate) session: BrowserSession,
}

impl Visitor {
    /// Does something for the person who is signed in; who is not, or has a second factor that
    /// they have not given in this session, is sent to do so and comes back for `errand`.
    pub(crate) async fn enter<T: Send + 'static>(
        account: &Account,
        request: &HttpRequest,
        errand: Errand,
        work: impl FnOnce(&mut Tx<'_>, &Self) -> Result<T, StorageError> + Send + 'static,
    ) -> Result<(Self, T), AccountError> {
        let browser = Browser::of(account, request);
        let Some(secret) = browser.session else {
            return Err(AccountError::SignedOut(browser, errand));
        };
        let lifetimes = account.session;
        let entered = account.store.write(move |tx| {
            let Some(visitor) = Self::find(tx, secret)? else {
                return Ok(None);
            };
            browser_sessions::slide(tx, &visitor.session, lifetimes)?;
            let done = work(tx, &visitor)?;
            Ok(Some((visitor, done)))
        });
        entered
            .await?
            .ok_or(AccountError::SignedOut(browser, errand))
    }

    /// Who is signed in by that secret, as far as the account area lets them in: as far as any
    /// service would that asks for nothing in particular.
    pub(crate) fn find(
        tx: &mut Tx<'_>,
        secret: SecretDigest,
    ) -> Result<Option<Self>, StorageError> {
        let found = browser_sessions::find(tx, &secret)?;
        let now = tx.now();
        Ok(found
            .filter(|session| {
                let standing = Standing {
                    authentication: Some(session.authentication.clone()),
                    has_second_factor: session.has_second_factor,
                    ..Standing::default()
                };
                unmet(&Requirements::default(), &standing, None, now).is_empty()
            })
            .map(|session| Self { secret, session }))
    }
}
