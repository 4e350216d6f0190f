//! Which page comes next: a pure choice over what the request asks and what is known.

use model::Interaction;
use model::browser_session::BrowserSession;
use model::email_address::AddressConcern;
use model::interaction::{Answers, LostAddressProgress, OtherAccountProgress, TrnNews};
use model::requirement::{Standing, Unmet, unmet};
use model::{InteractionId, Timestamp};

use crate::accounts::offer;
use crate::details::DetailsPage;
use crate::second_factor::FactorPage;

/// A page of the journey, in the order in which a person meets them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Page {
    /// Choose the account to use.
    SelectAccount,
    /// Enter your email address.
    Email,
    /// A warning about a school's or shared address.
    AddressWarning,
    /// Check your email.
    EmailCode,
    /// About the second factor.
    SecondFactor(FactorPage),
    /// About the person.
    Details(DetailsPage),
    /// The address of the account was lost: which one can be used now?
    LostAddress,
    /// Check your email at the new address.
    LostAddressCode,
    /// Do you have an authenticator app or recovery codes for the account?
    LostAddressFactor,
    /// The address will change, or staff look at the lost address.
    LostAddressDone,
    /// Another account has the TRN.
    TrnInUse,
    /// Another account has the same name and date of birth.
    ExistingAccount,
    /// Check your email at the other account's address.
    AccountCode,
    /// Give the other account's second factor.
    AccountFactor,
    /// Which of two addresses is kept?
    KeepAddress,
    /// Share your information.
    Consent,
    /// Account created.
    AccountCreated,
}

impl Page {
    /// The page's path.
    pub(crate) const fn path(self) -> &'static str {
        match self {
            Self::SelectAccount => "/sign-in/select-account",
            Self::Email => "/sign-in/email",
            Self::AddressWarning => "/sign-in/address-warning",
            Self::EmailCode => "/sign-in/email-code",
            Self::SecondFactor(page) => page.path(),
            Self::Details(page) => page.path(),
            Self::LostAddress => "/sign-in/lost-address",
            Self::LostAddressCode => "/sign-in/lost-address-code",
            Self::LostAddressFactor => "/sign-in/lost-address-second-factor",
            Self::LostAddressDone => "/sign-in/lost-address-done",
            Self::TrnInUse => "/details/trn-in-use",
            Self::ExistingAccount => "/details/existing-account",
            Self::AccountCode => "/details/account-code",
            Self::AccountFactor => "/details/account-second-factor",
            Self::KeepAddress => "/details/keep-address",
            Self::Consent => "/sign-in/consent",
            Self::AccountCreated => "/sign-in/account-created",
        }
    }

    /// The page's URL within an interaction.
    pub(crate) fn url(self, id: &InteractionId) -> String {
        format!("{}?i={id}", self.path())
    }

    /// Where Back leads from this page; `None` where there is nothing to go back to but the
    /// service, which Cancel is for.
    pub(crate) fn back(self, may_choose: MayChoose) -> Option<Self> {
        match self {
            Self::Email if may_choose == MayChoose::Yes => Some(Self::SelectAccount),
            Self::AddressWarning | Self::EmailCode => Some(Self::Email),
            Self::LostAddress => Some(Self::EmailCode),
            Self::LostAddressCode => Some(Self::LostAddress),
            _ => None,
        }
    }

    /// Whether a code is typed on this page.
    pub(crate) const fn takes_codes(self) -> bool {
        matches!(
            self,
            Self::EmailCode | Self::LostAddressCode | Self::AccountCode
        )
    }

    /// Whether a person whose next page is this one may open `page`: this page itself, those that
    /// Back leads to, and instead of the code page the one for who cannot read the code.
    pub(crate) fn opens(self, page: Self, may_choose: MayChoose) -> bool {
        page == self
            || (self == Self::EmailCode && page == Self::LostAddress)
            || self
                .back(may_choose)
                .is_some_and(|back| back.opens(page, may_choose))
    }
}

/// Whether someone is signed in already who could be chosen on the account page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum MayChoose {
    Yes,
    No,
}

/// What the answers and the browser's session tell of the person: who proved their address here
/// counts before whoever is signed in already, and a second factor counts for the sign-in that it
/// was given in.
pub(crate) fn standing(answers: &Answers, session: Option<&BrowserSession>) -> Standing {
    let session = session.filter(|_| !answers.another_account);
    let proven = answers.authentication.as_ref();
    let signed_in = proven.or(session.map(|session| &session.authentication));
    Standing {
        authentication: signed_in
            .cloned()
            .map(|authentication| match &answers.given_factor {
                Some(given) => given.raise(authentication),
                None => authentication,
            }),
        // Signing in here is choosing.
        selected_at: answers
            .selected_at
            .or(proven.map(|authentication| authentication.auth_time))
            .or(session.map(|session| session.selected_at)),
        declined_second_factor: answers.declined_second_factor,
        task_done: answers.task_done,
        ..Standing::default()
    }
}

/// The page for the first thing that is missing; `None` when nothing is. `factor` is the page of the
/// second factor that is next, where one is asked for or shown, and `asked` the details page, where
/// there are questions left or answers to be changed.
pub(crate) fn plan(
    interaction: &Interaction,
    standing: &Standing,
    concern: Option<AddressConcern>,
    factor: Option<FactorPage>,
    asked: Option<DetailsPage>,
    now: Timestamp,
) -> Option<Page> {
    let began = Some(interaction.created_at);
    let missing = unmet(&interaction.requirements, standing, began, now);
    let answers = &interaction.answers;
    let news = || news(interaction, standing, asked);
    match missing.first() {
        Some(Unmet::Account) => Some(Page::SelectAccount),
        Some(Unmet::SignIn) => Some(proving_page(answers, concern)),
        _ if factor.is_some() => factor.map(Page::SecondFactor),
        // Which account it is comes before what is asked of its person.
        later => other_account_page(answers).or_else(|| match later {
            Some(Unmet::Details) => Some(Page::Details(asked.unwrap_or(DetailsPage::Name))),
            Some(Unmet::Trn) => Some(not_found(asked)),
            Some(Unmet::Consent) => Some(news().unwrap_or(Page::Consent)),
            _ => news().or_else(|| account_created(answers)),
        }),
    }
}

fn other_account_page(answers: &Answers) -> Option<Page> {
    let other = answers.other_account.as_ref()?;
    let offer = offer::page_for(other.in_common);
    match (&other.progress, other.code_sent_at) {
        (OtherAccountProgress::Offered, None) | (OtherAccountProgress::Referred(_), _) => {
            Some(offer)
        }
        (OtherAccountProgress::Offered, Some(_)) => Some(Page::AccountCode),
        (OtherAccountProgress::HalfProven, _) => Some(Page::AccountFactor),
        (OtherAccountProgress::Proven, _) => Some(Page::KeepAddress),
        (OtherAccountProgress::LeftAlone, _) => None,
    }
}

fn lost_address_page(progress: &LostAddressProgress) -> Page {
    match progress {
        LostAddressProgress::Claimed => Page::LostAddressCode,
        LostAddressProgress::Proven => Page::LostAddressFactor,
        LostAddressProgress::Planned | LostAddressProgress::Referred(_) => Page::LostAddressDone,
    }
}

/// What came of looking for their record. That it was not found is no news any more when it was
/// found without them meanwhile.
fn news(
    interaction: &Interaction,
    standing: &Standing,
    asked: Option<DetailsPage>,
) -> Option<Page> {
    let rule = interaction.requirements.details.trn;
    let is_found = || {
        let found = rule.zip(standing.details.trn);
        found.is_some_and(|(rule, trn)| trn.is_enough_for(rule.policy))
    };
    match interaction.answers.trn_news? {
        TrnNews::FoundAnother | TrnNews::FoundUnstated => {
            Some(Page::Details(DetailsPage::TrnFound))
        }
        TrnNews::NotFound | TrnNews::NotAsked => (!is_found()).then(|| not_found(asked)),
    }
}

/// Why no TRN is there, unless the person is changing the answers by which none was found.
fn not_found(asked: Option<DetailsPage>) -> Page {
    Page::Details(asked.unwrap_or(DetailsPage::TrnNotFound))
}

fn account_created(answers: &Answers) -> Option<Page> {
    answers.account_created.then_some(Page::AccountCreated)
}

fn proving_page(answers: &Answers, concern: Option<AddressConcern>) -> Page {
    match answers {
        Answers { email: None, .. } => Page::Email,
        Answers {
            lost_address: Some(lost),
            ..
        } if lost.progress != LostAddressProgress::Claimed || lost.code_sent_at.is_some() => {
            lost_address_page(&lost.progress)
        }
        Answers {
            keeps_address: false,
            ..
        } if concern.is_some() => Page::AddressWarning,
        Answers {
            code_sent_at: None, ..
        } => Page::Email,
        _ => Page::EmailCode,
    }
}

#[cfg(test)]
mod tests;
