//! The second factor: what a person gives besides a code from their email, sets up once, and may
//! change.
//!
//! [`plan`] chooses the page, [`given`] and [`set_up`] are what all ways have in common, and each
//! page has its file. What is under way waits sealed in the interaction's row ([`pending`]); tries
//! are counted before anything is looked at ([`limits`]).

pub mod choose;
pub mod code;
mod given;
mod held;
mod limits;
pub mod lost;
mod new_codes;
pub mod passkey;
mod passkey_keeper;
mod passkey_problem;
mod pending;
mod plan;
mod qr;
pub mod recovery_code;
pub mod recovery_codes;
pub mod remove;
mod set_up;
pub mod set_up_app;
pub mod set_up_passkey;
mod telling;
mod ways;
mod webauthn;

use actix_web::web::{self, ServiceConfig};

use crate::plan::Page;
use crate::routes::{answered, page, shown};

pub(crate) use code::tries_left;
pub(crate) use held::{HeldFactors, next_page};
pub(crate) use limits::Try;
pub(crate) use pending::PendingFactor;
pub(crate) use plan::{FactorQuestion, Passkeys};
pub use ways::OtherWays;
pub use webauthn::RelyingParty;

/// A page of the second factor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FactorPage {
    /// Which one to set up, or to give.
    Choose,
    /// Enter the code from your authenticator app.
    Code,
    /// Use your passkey.
    Passkey,
    /// Enter a recovery code.
    RecoveryCode,
    /// Set up an authenticator app.
    SetUpApp,
    /// Set up a passkey.
    SetUpPasskey,
    /// Save your recovery codes, or get new ones.
    RecoveryCodes,
    /// Are you sure you want to remove it?
    Remove,
    /// They can give none of them any more.
    Lost,
    /// Staff look at it.
    LostDone,
}

impl FactorPage {
    /// The page's path.
    pub(crate) const fn path(self) -> &'static str {
        match self {
            Self::Choose => "/second-factor/choose",
            Self::Code => "/second-factor/code",
            Self::Passkey => "/second-factor/passkey",
            Self::RecoveryCode => "/second-factor/recovery-code",
            Self::SetUpApp => "/second-factor/set-up-app",
            Self::SetUpPasskey => "/second-factor/set-up-passkey",
            Self::RecoveryCodes => "/second-factor/recovery-codes",
            Self::Remove => "/second-factor/remove",
            Self::Lost => "/second-factor/lost",
            Self::LostDone => "/second-factor/lost-done",
        }
    }
}

/// Puts these pages on their paths.
pub(crate) fn routes(app: &mut ServiceConfig) {
    app.service(page(
        Page::SecondFactor(FactorPage::Choose),
        shown(choose::show),
        answered(choose::submit),
    ))
    .service(page(
        Page::SecondFactor(FactorPage::Lost),
        shown(lost::show),
        answered(lost::submit),
    ))
    .service(page(
        Page::SecondFactor(FactorPage::LostDone),
        shown(lost::show_done),
        answered(lost::submit_done),
    ))
    .service(page(
        Page::SecondFactor(FactorPage::Code),
        shown(code::show),
        answered(code::submit),
    ))
    .service(page(
        Page::SecondFactor(FactorPage::Passkey),
        shown(passkey::show),
        answered(passkey::submit),
    ))
    .service(page(
        Page::SecondFactor(FactorPage::RecoveryCode),
        shown(recovery_code::show),
        answered(recovery_code::submit),
    ))
    .service(page(
        Page::SecondFactor(FactorPage::SetUpApp),
        shown(set_up_app::show),
        answered(set_up_app::submit),
    ))
    .service(page(
        Page::SecondFactor(FactorPage::SetUpPasskey),
        shown(set_up_passkey::show),
        answered(set_up_passkey::submit),
    ))
    .service(page(
        Page::SecondFactor(FactorPage::RecoveryCodes),
        shown(recovery_codes::show),
        answered(recovery_codes::submit),
    ))
    .service(web::resource(recovery_codes::FILE_PATH).route(shown(recovery_codes::download)))
    .service(page(
        Page::SecondFactor(FactorPage::Remove),
        shown(remove::show),
        answered(remove::submit),
    ));
}
