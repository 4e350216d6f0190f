//! What an emailed code is for: whose address it goes to, which pages speak of it, and what
//! typing it does. Everything else about codes is the same for all of them.

use model::interaction::{Answers, InCommon};
use model::{EmailAddress, Timestamp};
use serde::Serialize;
use storage::{StorageError, Tx};

use crate::accounts::redacted;
use crate::accounts::{lost_address, other_account};
use crate::plan::Page;
use crate::sign_in;
use crate::stage::Stage;

/// What a code is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(into = "CodeUseFlags")]
pub enum CodeUse {
    /// It signs in to the account of the address that was typed, or makes one.
    SignIn,
    /// It proves another account that may be the same person's.
    OtherAccount,
    /// It proves the new address of a person who lost theirs.
    NewAddress,
}

#[derive(Serialize)]
struct CodeUseFlags {
    sign_in: bool,
    other_account: bool,
    new_address: bool,
}

impl From<CodeUse> for CodeUseFlags {
    fn from(code_use: CodeUse) -> Self {
        Self {
            sign_in: code_use == CodeUse::SignIn,
            other_account: code_use == CodeUse::OtherAccount,
            new_address: code_use == CodeUse::NewAddress,
        }
    }
}

impl CodeUse {
    /// The page where the code is typed.
    pub(crate) const fn page(self) -> Page {
        match self {
            Self::SignIn => Page::EmailCode,
            Self::OtherAccount => Page::AccountCode,
            Self::NewAddress => Page::LostAddressCode,
        }
    }

    /// What its digest begins with, so that a code for one use is no code for another even at the
    /// same address.
    pub(crate) const fn label(self) -> &'static str {
        match self {
            Self::SignIn => "sign-in",
            Self::OtherAccount => "other-account",
            Self::NewAddress => "new-address",
        }
    }

    /// The address that a code goes to; `None` when the person has not got that far.
    pub(crate) fn recipient(self, stage: &Stage) -> Option<EmailAddress> {
        let answers = &stage.interaction.answers;
        match self {
            Self::SignIn => answers.email.clone(),
            Self::OtherAccount => stage.offered.as_ref().map(|user| user.email.clone()),
            Self::NewAddress => answers.lost_address.as_ref().map(|lost| lost.new.clone()),
        }
    }

    /// The address as its pages show it: nobody learns another account's from them.
    pub(crate) fn shown(self, address: &EmailAddress) -> String {
        match self {
            Self::OtherAccount => redacted(address),
            Self::SignIn | Self::NewAddress => address.as_typed().to_owned(),
        }
    }

    /// When a code was last asked for.
    pub(crate) fn sent_at(self, answers: &Answers) -> Option<Timestamp> {
        match self {
            Self::SignIn => answers.code_sent_at,
            Self::OtherAccount => answers.other_account.as_ref()?.code_sent_at,
            Self::NewAddress => answers.lost_address.as_ref()?.code_sent_at,
        }
    }

    /// Remembers when a code was asked for.
    pub(crate) fn set_sent_at(self, answers: &mut Answers, at: Option<Timestamp>) {
        match self {
            Self::SignIn => answers.code_sent_at = at,
            Self::OtherAccount => {
                if let Some(other) = &mut answers.other_account {
                    other.code_sent_at = at;
                }
            }
            Self::NewAddress => {
                if let Some(lost) = &mut answers.lost_address {
                    lost.code_sent_at = at;
                }
            }
        }
    }

    /// The page from which a code can be asked for when none was sent.
    pub(crate) fn asked_from(self, answers: &Answers) -> Page {
        match self {
            Self::SignIn => Page::Email,
            Self::OtherAccount => match &answers.other_account {
                Some(other) if other.in_common == InCommon::Trn => Page::TrnInUse,
                _ => Page::ExistingAccount,
            },
            Self::NewAddress => Page::LostAddress,
        }
    }

    /// Does what a right code is for, in the unit of work that used it up, and returns where the
    /// person goes next.
    pub(crate) fn accept(self, tx: &mut Tx<'_>, stage: Stage) -> Result<String, StorageError> {
        match self {
            Self::SignIn => sign_in::accept(tx, stage),
            Self::OtherAccount => other_account::prove(tx, stage),
            Self::NewAddress => lost_address::prove(tx, stage),
        }
    }
}
