//! The news that a change is done, told once by the page that shows what there is now.
//!
//! It comes in the page's address, with a token of the session: a link from outside cannot say
//! that something was done.

use actix_web::HttpRequest;
use form_urlencoded::Serializer;
use model::SecretDigest;
use model::raw_pairs::RawPairs;
use model::requirement::FactorTask;

use crate::account::Account;
use crate::csrf;
use crate::routes::{SECOND_FACTOR, SERVICES};

/// A change that is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum News {
    AppSetUp,
    PasskeySetUp,
    AppRemoved,
    PasskeyRemoved,
    NewRecoveryCodes,
    PasskeyRenamed,
    SharingStopped,
}

impl News {
    pub(crate) const ALL: [Self; 7] = [
        Self::AppSetUp,
        Self::PasskeySetUp,
        Self::AppRemoved,
        Self::PasskeyRemoved,
        Self::NewRecoveryCodes,
        Self::PasskeyRenamed,
        Self::SharingStopped,
    ];

    /// The news of who did what they asked for.
    pub(crate) const fn of(task: &FactorTask) -> Self {
        match task {
            FactorTask::SetUpApp => Self::AppSetUp,
            FactorTask::SetUpPasskey => Self::PasskeySetUp,
            FactorTask::RemoveApp => Self::AppRemoved,
            FactorTask::RemovePasskey(_) => Self::PasskeyRemoved,
            FactorTask::NewRecoveryCodes => Self::NewRecoveryCodes,
        }
    }

    /// Its name in an address.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::AppSetUp => "app-set-up",
            Self::PasskeySetUp => "passkey-set-up",
            Self::AppRemoved => "app-removed",
            Self::PasskeyRemoved => "passkey-removed",
            Self::NewRecoveryCodes => "new-recovery-codes",
            Self::PasskeyRenamed => "passkey-renamed",
            Self::SharingStopped => "sharing-stopped",
        }
    }

    pub(crate) fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|news| news.as_str() == name)
    }

    /// What the page says.
    pub(crate) const fn words(self) -> &'static str {
        match self {
            Self::AppSetUp => "Your authenticator app is set up",
            Self::PasskeySetUp => "Your passkey is set up",
            Self::AppRemoved => "Your authenticator app has been removed",
            Self::PasskeyRemoved => "Your passkey has been removed",
            Self::NewRecoveryCodes => "You have new recovery codes. Your old ones no longer work",
            Self::PasskeyRenamed => "Your passkey has a new name",
            Self::SharingStopped => "You have stopped sharing your information with the service",
        }
    }

    /// The page that tells it.
    const fn page(self) -> &'static str {
        match self {
            Self::SharingStopped => SERVICES,
            _ => SECOND_FACTOR,
        }
    }

    /// The address of the page that tells it, in that session.
    pub(crate) fn url(self, account: &Account, session: &SecretDigest) -> String {
        let proof = csrf::token(&account.keyring, session, self.as_str());
        let query = Serializer::new(String::new())
            .append_pair("done", self.as_str())
            .append_pair("proof", &proof)
            .finish();
        format!("{}?{query}", self.page())
    }

    /// The news in the address of a request, if it was made for that session.
    pub(crate) fn read(
        account: &Account,
        session: &SecretDigest,
        request: &HttpRequest,
    ) -> Option<Self> {
        let pairs = RawPairs::parse(request.query_string().as_bytes());
        let news = Self::from_name(pairs.first("done")?)?;
        let proof = pairs.first("proof")?;
        let is_told_here = request.path() == news.page();
        (is_told_here && csrf::is_valid(&account.keyring, session, news.as_str(), proof))
            .then_some(news)
    }
}
