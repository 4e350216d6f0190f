//! Which page of the second factor comes next: a pure choice over what is asked and what the
//! person has.

use model::interaction::FactorWay;
use model::requirement::FactorTask;

use super::{FactorPage, HeldFactors, RelyingParty};

/// What is asked of a person's second factor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Ask {
    /// To give the one that they have.
    Give,
    /// To set one up, since they have none.
    SetUp(MayDecline),
    /// To do what they came for.
    Change(FactorTask),
}

/// Whether a person may go on without setting anything up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum MayDecline {
    Yes,
    No,
}

/// Whether this deployment can have passkeys: they are of a domain name, which an issuer at an IP
/// address lacks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Passkeys {
    Offered,
    Impossible,
}

impl Passkeys {
    /// What is so where that relying party is, or none.
    pub(crate) const fn of(party: Option<&RelyingParty>) -> Self {
        match party {
            Some(_) => Self::Offered,
            None => Self::Impossible,
        }
    }
}

/// Everything that decides about the page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FactorQuestion {
    /// What is asked.
    pub(crate) ask: Ask,
    /// What the person has.
    pub(crate) held: HeldFactors,
    /// What they chose to give or to set up.
    pub(crate) way: Option<FactorWay>,
    /// Whether passkeys are among what can be chosen.
    pub(crate) passkeys: Passkeys,
}

impl FactorQuestion {
    /// The page to go to.
    pub(crate) fn next(&self) -> FactorPage {
        match &self.ask {
            Ask::Give => self.chosen().unwrap_or_else(|| self.first()),
            Ask::SetUp(_) => match (self.way, self.passkeys) {
                (Some(FactorWay::App), _) | (_, Passkeys::Impossible) => FactorPage::SetUpApp,
                (Some(FactorWay::Passkey), _) => FactorPage::SetUpPasskey,
                _ => FactorPage::Choose,
            },
            Ask::Change(FactorTask::SetUpApp) => FactorPage::SetUpApp,
            Ask::Change(FactorTask::SetUpPasskey) => FactorPage::SetUpPasskey,
            Ask::Change(FactorTask::RemoveApp | FactorTask::RemovePasskey(_)) => FactorPage::Remove,
            Ask::Change(FactorTask::NewRecoveryCodes) => FactorPage::RecoveryCodes,
        }
    }

    /// Whether the person may be on that page: every way of giving or setting up is open to who is
    /// asked to, and a change has its one page.
    pub(crate) fn opens(&self, page: FactorPage) -> bool {
        match (&self.ask, page) {
            (Ask::Give, FactorPage::Choose) => self.has_choice(),
            (Ask::Give, FactorPage::Lost | FactorPage::LostDone)
            | (Ask::SetUp(_), FactorPage::SetUpApp) => true,
            (Ask::Give, page) => self.gives_by(page),
            (Ask::SetUp(_), FactorPage::Choose | FactorPage::SetUpPasskey) => {
                self.passkeys == Passkeys::Offered
            }
            (Ask::SetUp(_), _) => false,
            (Ask::Change(_), page) => page == self.next(),
        }
    }

    /// The page behind one; `None` where there is nothing behind but the service.
    pub(crate) fn back(&self, page: FactorPage) -> Option<FactorPage> {
        let behind = match (&self.ask, page) {
            (Ask::Change(_), _) | (_, FactorPage::RecoveryCodes) => None,
            (Ask::Give, FactorPage::RecoveryCode | FactorPage::Lost | FactorPage::LostDone) => {
                Some(self.first())
            }
            _ => Some(FactorPage::Choose),
        };
        behind.filter(|behind| *behind != page && self.opens(*behind))
    }

    /// Whether a person who is asked to set something up may go on without.
    pub(crate) fn may_decline(&self) -> bool {
        self.ask == Ask::SetUp(MayDecline::Yes)
    }

    /// The page of what they chose to give, while they have it.
    fn chosen(&self) -> Option<FactorPage> {
        let page = match self.way? {
            FactorWay::App => FactorPage::Code,
            FactorWay::Passkey => FactorPage::Passkey,
            FactorWay::Recovery => FactorPage::RecoveryCode,
        };
        self.gives_by(page).then_some(page)
    }

    /// The page for who has chosen nothing: recovery codes are the way back, not the first thing to
    /// ask for.
    fn first(&self) -> FactorPage {
        if self.has_choice() {
            FactorPage::Choose
        } else if self.gives_by(FactorPage::Code) {
            FactorPage::Code
        } else if self.gives_by(FactorPage::Passkey) {
            FactorPage::Passkey
        } else {
            FactorPage::RecoveryCode
        }
    }

    fn has_choice(&self) -> bool {
        self.gives_by(FactorPage::Code) && self.gives_by(FactorPage::Passkey)
    }

    /// Whether they have what is given on that page.
    pub(crate) fn gives_by(&self, page: FactorPage) -> bool {
        match page {
            FactorPage::Code => self.held.has_app,
            FactorPage::Passkey => self.held.has_passkey && self.passkeys == Passkeys::Offered,
            FactorPage::RecoveryCode => self.held.recovery_codes_left > 0,
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests;
