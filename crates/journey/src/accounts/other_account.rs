//! The other account of a person: who finds it, how far they get with it, and what a code to its
//! address proves.
//!
//! Details find an account and never open it: [`prove`] runs only in the unit of work that used a
//! code up which was sent to the account's own address.

use model::browser_session::Amr;
use model::interaction::{InCommon, OtherAccount, OtherAccountProgress};
use model::name::NamePart;
use model::trn::Trn;
use model::{TeacherDetails, User, UserId};
use storage::{StorageError, Tx, trn_links, user_details, users};

use crate::details;
use crate::error::{Answer, see_other};
use crate::journey::Journey;
use crate::plan::Page;
use crate::stage::{Stage, change};
use crate::support::{self, Case, Opening};
use crate::trn_match::same_name;
use crate::visitor::Visitor;

/// The account that is offered in an interaction, as long as it exists and whoever it was offered
/// to is signed in; otherwise the offer is forgotten.
pub(crate) fn offered(tx: &mut Tx<'_>, stage: &mut Stage) -> Result<Option<User>, StorageError> {
    let answers = &mut stage.interaction.answers;
    let Some(other) = &answers.other_account else {
        return Ok(None);
    };
    let signed_in = stage.standing.authentication.as_ref();
    let is_theirs = signed_in.is_some_and(|one| one.user_id == other.offered_to);
    let needs_the_account = matches!(
        other.progress,
        OtherAccountProgress::Offered
            | OtherAccountProgress::HalfProven
            | OtherAccountProgress::Proven
    );
    let user = if is_theirs && needs_the_account {
        users::find(tx, &other.user_id)?
    } else {
        None
    };
    if !is_theirs || (needs_the_account && user.is_none()) {
        answers.other_account = None;
    }
    Ok(user)
}

/// Looks for another account of the person before what they said is kept: the one that has the TRN
/// of their record, or else one of the same name and date of birth, unless they have left such a
/// one alone. `true` when one is offered now.
pub(crate) fn find(
    tx: &mut Tx<'_>,
    stage: &mut Stage,
    details: &TeacherDetails,
    trn: Option<&Trn>,
) -> Result<bool, StorageError> {
    let Some(signed_in) = &stage.standing.authentication else {
        return Ok(false);
    };
    let own = signed_in.user_id.clone();
    let namesake = match &stage.interaction.answers.other_account {
        Some(_) => None,
        None => same_person(tx, stage, details, &own)?,
    };
    // Asked last, so that of two who register at once the later one meets the TRN, too, when it
    // meets the name.
    let owner = match trn {
        Some(trn) => {
            let digests = trn_links::digests(&stage.journey.keyring, trn);
            trn_links::find_owner(tx, &digests)?.filter(|owner| *owner != own)
        }
        None => None,
    };
    let found = owner
        .map(|owner| (owner, InCommon::Trn))
        .or(namesake.map(|namesake| (namesake, InCommon::Person)));
    let is_found = found.is_some();
    if let Some((user_id, in_common)) = found {
        offer(stage, user_id, in_common);
    }
    Ok(is_found)
}

/// Another account of that name and date of birth; the first name may be a synonym.
fn same_person(
    tx: &mut Tx<'_>,
    stage: &Stage,
    details: &TeacherDetails,
    own: &UserId,
) -> Result<Option<UserId>, StorageError> {
    let (Some(name), Some(born)) = (&details.name, details.date_of_birth) else {
        return Ok(None);
    };
    let journey = &stage.journey;
    let digests = user_details::person_digests(&journey.keyring, name, born);
    for (user_id, sealed) in user_details::same_person(tx, &digests, own)? {
        let theirs = details::open(journey, &user_id, &sealed)?;
        let is_alike = theirs.name.is_some_and(|theirs| {
            let first = theirs.first.as_ref().map_or("", NamePart::as_str);
            same_name(name, (first, theirs.last.as_str()), &journey.synonyms)
        });
        if is_alike {
            return Ok(Some(user_id));
        }
    }
    Ok(None)
}

/// Offers an account to whoever is signed in.
pub(crate) fn offer(stage: &mut Stage, user_id: UserId, in_common: InCommon) {
    let Some(signed_in) = &stage.standing.authentication else {
        return;
    };
    stage.interaction.answers.other_account = Some(OtherAccount {
        user_id,
        offered_to: signed_in.user_id.clone(),
        in_common,
        code_sent_at: None,
        progress: OtherAccountProgress::Offered,
        factor: None,
    });
}

/// A code that was sent to the other account's address was typed: that is enough where the account
/// has no second factor.
pub(crate) fn prove(tx: &mut Tx<'_>, mut stage: Stage) -> Result<String, StorageError> {
    let has_factor = stage
        .offered
        .as_ref()
        .is_some_and(|user| user.has_second_factor);
    if let Some(other) = &mut stage.interaction.answers.other_account {
        other.progress = if has_factor {
            OtherAccountProgress::HalfProven
        } else {
            OtherAccountProgress::Proven
        };
    }
    stage.go_on(tx)
}

/// Its second factor was given, too.
pub(crate) fn prove_wholly(
    tx: &mut Tx<'_>,
    mut stage: Stage,
    factor: Amr,
) -> Result<String, StorageError> {
    if let Some(other) = &mut stage.interaction.answers.other_account {
        other.progress = OtherAccountProgress::Proven;
        other.factor = Some(factor);
    }
    stage.go_on(tx)
}

/// The person does not prove the other account: they go on with their own, and where only one of
/// the two can have the TRN, staff look at it.
pub(crate) async fn go_on_without(journey: &Journey, visitor: &Visitor, page: Page) -> Answer {
    let path = change(journey, visitor, page, |tx, mut stage| {
        let Some(other) = stage.interaction.answers.other_account.clone() else {
            return Ok(Err(stage.elsewhere()));
        };
        if other.in_common == InCommon::Trn {
            refer(tx, &mut stage, other)?;
            return Ok(Ok(stage.go_on(tx)?));
        }
        leave_alone(&mut stage, other);
        details::keep_now(tx, stage)
    });
    Ok(see_other(&path.await?))
}

fn leave_alone(stage: &mut Stage, other: OtherAccount) {
    stage.interaction.answers.other_account = Some(OtherAccount {
        progress: OtherAccountProgress::LeftAlone,
        ..other
    });
}

/// Keeps what the person said, without the TRN, and gives the case to staff.
fn refer(tx: &mut Tx<'_>, stage: &mut Stage, other: OtherAccount) -> Result<(), StorageError> {
    let contact = stage.signed_in(tx)?;
    let Some(undecided) = details::keep_undecided(tx, stage)? else {
        leave_alone(stage, other);
        return Ok(());
    };
    let case = Case::TrnInUse {
        details: undecided.details,
        trn: undecided.trn,
        owner: other.user_id.clone(),
    };
    let opening = Opening {
        user_id: Some(&other.offered_to),
        client_id: Some(&stage.interaction.client_id),
        contact: &contact,
        case: &case,
    };
    let reference = support::open_once(tx, &stage.journey, &opening)?;
    stage.interaction.answers.other_account = Some(OtherAccount {
        progress: OtherAccountProgress::Referred(reference.to_string()),
        ..other
    });
    Ok(())
}
