//! Why a passkey was not made or not taken, in words.

use super::webauthn::Refused;

/// What came of asking the browser for a passkey, when it is no passkey.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PasskeyProblem {
    /// The person closed the browser's window, or took too long.
    NotFinished,
    /// The browser or the device cannot do it.
    NotPossible,
    /// The device did not check who holds it.
    NotVerified,
    /// The device has a passkey for the account already where one was to be made.
    AlreadyThere,
    /// The passkey is none of the account's.
    NotHeld,
    /// The new passkey has the name of another, here or on another account.
    Taken,
    /// There may be a copy of the passkey.
    MayBeCopied,
    /// Nothing came, or nothing that was asked for.
    Wrong,
}

/// What was to be done with a passkey.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Doing {
    SettingUp,
    Giving,
}

/// What a page's script sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Reply {
    /// The browser's answer, as JSON.
    Passkey(String),
    /// Why there is none.
    Problem(PasskeyProblem),
}

impl Reply {
    /// Reads the fields `passkey` and `passkey-problem`: the name of the exception that the browser
    /// raised (`WebAuthn` §5.1.3 and §5.1.4).
    pub(super) fn read(passkey: &str, problem: &str) -> Self {
        Self::Problem(match (passkey, problem) {
            ("", "") => PasskeyProblem::Wrong,
            ("", "NotAllowedError" | "AbortError") => PasskeyProblem::NotFinished,
            ("", "InvalidStateError") => PasskeyProblem::AlreadyThere,
            ("", _) => PasskeyProblem::NotPossible,
            (passkey, _) => return Self::Passkey(passkey.to_owned()),
        })
    }
}

impl From<&Refused> for PasskeyProblem {
    fn from(refused: &Refused) -> Self {
        match refused {
            Refused::Wrong => Self::Wrong,
            Refused::NotVerified => Self::NotVerified,
            Refused::NotHeld => Self::NotHeld,
            Refused::MayBeCopied(_) => Self::MayBeCopied,
        }
    }
}

impl PasskeyProblem {
    /// What to do about it, for the summary and the button.
    pub(super) const fn message(self, doing: Doing) -> &'static str {
        match (self, doing) {
            (Self::NotFinished, Doing::SettingUp) => {
                "Your passkey was not created. Try again, and follow the steps that your browser \
                 shows"
            }
            (Self::NotFinished, Doing::Giving) => {
                "Your passkey was not used. Try again, and follow the steps that your browser shows"
            }
            (Self::NotPossible, Doing::SettingUp) => {
                "This browser or device could not create a passkey. Try another one"
            }
            (Self::NotPossible, Doing::Giving) => {
                "This browser or device could not use your passkey. Try another one"
            }
            (Self::NotVerified, _) => {
                "Your device did not check that it is you. Try again, and use your fingerprint, \
                 face or screen lock"
            }
            (Self::AlreadyThere, _) => {
                "You already have a passkey for this account on that device. Choose another device"
            }
            (Self::NotHeld, _) => "That passkey is not for this account. Choose another passkey",
            (Self::Taken, _) => "That passkey is already in use. Create another one",
            (Self::MayBeCopied, _) => {
                "You cannot use that passkey because there may be a copy of it. Choose another way \
                 to show that it is you"
            }
            (Self::Wrong, Doing::SettingUp) => "We could not check your new passkey. Try again",
            (Self::Wrong, Doing::Giving) => "We could not check your passkey. Try again",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_browser_raised_is_read() {
        for (raised, problem) in [
            ("NotAllowedError", PasskeyProblem::NotFinished),
            ("AbortError", PasskeyProblem::NotFinished),
            ("InvalidStateError", PasskeyProblem::AlreadyThere),
            ("SecurityError", PasskeyProblem::NotPossible),
            ("<script>", PasskeyProblem::NotPossible),
            ("", PasskeyProblem::Wrong),
        ] {
            assert_eq!(Reply::read("", raised), Reply::Problem(problem), "{raised}");
        }
        assert_eq!(
            Reply::read("{}", "NotAllowedError"),
            Reply::Passkey("{}".to_owned())
        );
    }
}
