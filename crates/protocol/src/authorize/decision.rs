//! Whether a request can be answered now.

use model::Timestamp;
use model::requirement::{Standing, Unmet, unmet};

use crate::authorize::error::Refusal;
use crate::authorize::request::{AuthorizationRequest, PagesAllowed};

/// What to do with a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Decision {
    /// Everything is there: issue a code.
    Issue,
    /// The person has to be asked something.
    Interact,
    /// The client is told that it cannot be.
    Refuse(Refusal),
}

/// Who is in front of the browser.
#[derive(Clone, Debug, Default)]
pub(crate) struct Presence {
    /// What is known of them, as far as the request asks for it.
    pub(crate) standing: Standing,
    /// Whether it is whom the client means, if anybody is signed in.
    pub(crate) is_expected: bool,
}

/// Decides over a request, from who is in front of the browser and since when they are being asked
/// (`began`; `None` when they are not).
///
/// It is called when the request comes and again when its interaction ends: there is no way past
/// it.
pub(crate) fn decide(
    request: &AuthorizationRequest,
    Presence {
        standing,
        is_expected,
    }: &Presence,
    began: Option<Timestamp>,
    now: Timestamp,
) -> Decision {
    let missing = unmet(&request.requirements, standing, began, now);
    // A client learns nothing of who is there, not even whether it is somebody in particular,
    // before that person agreed to it.
    let may_be_told = [Unmet::SignIn, Unmet::Account, Unmet::Consent]
        .iter()
        .all(|step| !missing.contains(step));
    if may_be_told && !is_expected {
        return Decision::Refuse(Refusal::new(
            "login_required",
            "Another person than the one that the request names is signed in.",
        ));
    }
    match (missing.as_slice(), request.pages) {
        ([], _) => Decision::Issue,
        (_, PagesAllowed::Yes) => Decision::Interact,
        (missing, PagesAllowed::No) if missing.contains(&Unmet::SignIn) => {
            Decision::Refuse(Refusal::new(
                "login_required",
                "Nobody is signed in, or not recently enough.",
            ))
        }
        (missing, PagesAllowed::No) if missing.contains(&Unmet::Consent) => {
            Decision::Refuse(Refusal::new(
                "consent_required",
                "The person has not agreed to what is asked for.",
            ))
        }
        (missing, PagesAllowed::No) if missing.contains(&Unmet::SecondFactor) => {
            Decision::Refuse(Refusal::new(
                "interaction_required",
                "The person would have to give a second factor.",
            ))
        }
        (missing, PagesAllowed::No)
            if missing.contains(&Unmet::Details) || missing.contains(&Unmet::Trn) =>
        {
            Decision::Refuse(Refusal::new(
                "interaction_required",
                "The person would have to be asked about themselves.",
            ))
        }
        (_, PagesAllowed::No) => Decision::Refuse(Refusal::new(
            "interaction_required",
            "The person would have to be asked something.",
        )),
    }
}
