//! Keeps the answers for good, with what came of looking for the person's teaching record, in one
//! unit of work.

use std::time::Duration;

use model::event::EventKind;
use model::interaction::{InCommon, TrnNews};
use model::requirement::TrnRule;
use model::teacher_details::Stated;
use model::trn_lookup::{Attribute, TrnLookupStatus, TrnOutcome};
use model::{TeacherDetails, Trn, UserId};
use storage::trn_links::{self, Linked, NewLink};
use storage::user_details::{self, NewDetails, person_digests};
use storage::{StorageError, Tx, security_events, trn_watchers, users};

use crate::accounts::other_account;
use crate::emails::{DetailsDifferEmail, News};
use crate::interaction_details::InteractionDetails;
use crate::journey::Work;
use crate::lookup::{self, DueLookup};
use crate::stage::Stage;
use crate::support::{self, Case, Opening};
use crate::trn_match::Match;
use crate::{outbox, sign_in};

/// How soon the records are asked again when they could not be asked.
const SOON: Duration = Duration::from_secs(5 * 60);

/// How soon when the person had them asked too often: whoever waits for this finds out no more
/// than by asking.
const NOT_SO_SOON: Duration = Duration::from_secs(24 * 60 * 60);

/// What became of the answers.
pub(super) enum Kept {
    /// They are kept: there the person goes on.
    For(String),
    /// The records are to be asked first.
    NotYet(Box<DueLookup>),
}

/// Keeps the answers, unless the records have yet to be asked by them.
pub(super) fn keep(tx: &mut Tx<'_>, mut stage: Stage) -> Work<Kept> {
    let Some(questions) = &stage.questions else {
        return Ok(Err(stage.elsewhere()));
    };
    let mut known = questions.known.clone();
    if let Some(due) = lookup::due(tx, &stage, &mut known)? {
        stage.keep(tx, &known)?;
        return Ok(Ok(Kept::NotYet(due.into())));
    }
    if let Some(unfinished) = lookup::unfinished(&known) {
        return Ok(Ok(Kept::NotYet(unfinished.into())));
    }
    Ok(keep_now(tx, stage)?.map(Kept::For))
}

/// Keeps the answers, unless they find another account that may be the person's, and returns where
/// they go next.
pub(crate) fn keep_now(tx: &mut Tx<'_>, mut stage: Stage) -> Work<String> {
    let signed_in = stage.standing.authentication.clone();
    let (Some(questions), Some(authentication)) = (stage.questions.take(), signed_in) else {
        return Ok(Err(stage.elsewhere()));
    };
    let known = questions.known;
    if other_account::find(tx, &mut stage, &known.details, known.found_trn())? {
        return Ok(Ok(stage.go_on(tx)?));
    }
    let user_id = &authentication.user_id;
    if users::lock(tx, &[user_id])? == 0 {
        // Another tab merged the account into another one.
        return Ok(Err(stage.elsewhere()));
    }
    keep_details(tx, &stage, user_id, &known.details)?;
    if let Some(rule) = questions.left.trn {
        place(tx, &mut stage, user_id, rule, &known)?;
    }
    Ok(Ok(stage.go_on(tx)?))
}

/// Answers that were kept without the TRN that they found.
pub(crate) struct Undecided {
    /// The answers.
    pub(crate) details: TeacherDetails,
    /// The TRN, which is another account's.
    pub(crate) trn: Trn,
}

/// Keeps the answers of a person whose TRN another account has, which they cannot prove: they wait
/// until staff decide. `None` when the answers find no TRN (any more), or the account is gone; nothing
/// is kept then.
pub(crate) fn keep_undecided(
    tx: &mut Tx<'_>,
    stage: &mut Stage,
) -> Result<Option<Undecided>, StorageError> {
    let (Some(questions), Some(signed_in)) = (&stage.questions, &stage.standing.authentication)
    else {
        return Ok(None);
    };
    let known = &questions.known;
    let (Some(rule), Some(trn)) = (questions.left.trn, known.found_trn().cloned()) else {
        return Ok(None);
    };
    let undecided = TrnOutcome {
        status: TrnLookupStatus::Pending,
        trn: None,
        level: None,
        agreed: Vec::new(),
        ..known.outcome(rule.policy)
    };
    let (user_id, known) = (signed_in.user_id.clone(), known.clone());
    if users::lock(tx, &[&user_id])? == 0 {
        return Ok(None);
    }
    keep_details(tx, stage, &user_id, &known.details)?;
    let _ = link(tx, stage, &user_id, &undecided, None)?;
    end_correction(tx, stage, &known)?;
    trn_watchers::watch(tx, &user_id, &stage.interaction.client_id)?;
    Ok(Some(Undecided {
        details: known.details,
        trn,
    }))
}

/// The answers are kept: none is being corrected any more.
fn end_correction(
    tx: &mut Tx<'_>,
    stage: &mut Stage,
    known: &InteractionDetails,
) -> Result<(), StorageError> {
    if !known.are_corrected {
        return Ok(());
    }
    let kept = InteractionDetails {
        are_corrected: false,
        ..known.clone()
    };
    stage.keep(tx, &kept)
}

fn keep_details(
    tx: &mut Tx<'_>,
    stage: &Stage,
    user_id: &UserId,
    details: &TeacherDetails,
) -> Result<(), StorageError> {
    let journey = &stage.journey;
    let person = details.name.as_ref().zip(details.date_of_birth);
    let digests = person.map(|(name, born)| person_digests(&journey.keyring, name, born));
    let new = NewDetails {
        sealed: super::seal(journey, user_id, details)?,
        has_profile: has_profile(details),
        national_insurance_asked: details.national_insurance_number.is_some(),
        person_digest: digests.and_then(|digests| digests.into_iter().next()),
    };
    user_details::replace(tx, user_id, &new)?;
    sign_in::record(tx, EventKind::DetailsChanged, &stage.interaction, user_id)
}

const fn has_profile(details: &TeacherDetails) -> bool {
    details.name.is_some()
        && details.previous_names.is_some()
        && details.preferred_name.is_some()
        && details.date_of_birth.is_some()
}

/// Stores where the person stands, and has everybody told who is to know.
fn place(
    tx: &mut Tx<'_>,
    stage: &mut Stage,
    user_id: &UserId,
    rule: TrnRule,
    known: &InteractionDetails,
) -> Result<(), StorageError> {
    let found = known.outcome(rule.policy);
    let again_in = match known.found() {
        Match::Unavailable => Some(SOON),
        Match::NotAsked => Some(NOT_SO_SOON),
        _ => None,
    };
    match link(tx, stage, user_id, &found, again_in)? {
        Linked::Linked => {}
        // Another sign-in found the same record a moment ago.
        Linked::TrnOfAnother(owner) => {
            other_account::offer(stage, owner, InCommon::Trn);
            return Ok(());
        }
        // Staff decided a moment ago, and told whoever waits.
        Linked::Kept => return Ok(()),
    }
    end_correction(tx, stage, known)?;
    let journey = &stage.journey;
    if found.status == TrnLookupStatus::Found {
        sign_in::record(tx, EventKind::TrnFound, &stage.interaction, user_id)?;
        support::withdraw_lookup(tx, user_id)?;
        let (keyring, entropy) = (&journey.keyring, &*journey.entropy);
        security_events::enqueue_trn_status(tx, keyring, entropy, user_id, found.status)?;
        if differs(&found) {
            let service = stage.interaction.service_name.clone();
            let news = News::DetailsDiffer(DetailsDifferEmail { service });
            let to = stage.signed_in(tx)?;
            outbox::enqueue(tx, journey, &to, news)?;
        }
    } else {
        trn_watchers::watch(tx, user_id, &stage.interaction.client_id)?;
        support::correct_lookup(tx, journey, user_id, &known.details)?;
        if found.status == TrnLookupStatus::Pending && !found.is_unavailable {
            give_to_staff(tx, stage, user_id, &known.details)?;
        }
    }
    stage.interaction.answers.trn_news = match known.found() {
        Match::NotAsked => Some(TrnNews::NotAsked),
        _ => news(&known.details, &found),
    };
    Ok(())
}

/// The records cannot decide: somebody has to look.
fn give_to_staff(
    tx: &mut Tx<'_>,
    stage: &Stage,
    user_id: &UserId,
    details: &TeacherDetails,
) -> Result<(), StorageError> {
    let contact = stage.signed_in(tx)?;
    let case = Case::TrnLookup {
        details: details.clone(),
    };
    let opening = Opening {
        user_id: Some(user_id),
        client_id: Some(&stage.interaction.client_id),
        contact: &contact,
        case: &case,
    };
    support::open_once(tx, &stage.journey, &opening).map(drop)
}

/// Links the account with what was found. The records are asked again without the person `again_in`
/// that time.
fn link(
    tx: &mut Tx<'_>,
    stage: &Stage,
    user_id: &UserId,
    found: &TrnOutcome,
    again_in: Option<Duration>,
) -> Result<Linked, StorageError> {
    let journey = &stage.journey;
    let outcome = unless_worse(found, earlier(tx, stage, user_id)?);
    let again_at = again_in.map(|pause| tx.now().plus(pause));
    let (keyring, entropy) = (&journey.keyring, &*journey.entropy);
    let link = NewLink::seal(&outcome, user_id, again_at, keyring, entropy);
    trn_links::replace(tx, user_id, &link)
}

/// The TRN that the account has, if it has one.
fn earlier(
    tx: &mut Tx<'_>,
    stage: &Stage,
    user_id: &UserId,
) -> Result<Option<TrnOutcome>, StorageError> {
    let Some(link) = trn_links::find(tx, user_id)? else {
        return Ok(None);
    };
    let trn = link.trn(user_id, &stage.journey.keyring);
    let trn = trn.map_err(|_| StorageError::Corrupt("trn_links"))?;
    Ok(trn.map(|trn| TrnOutcome {
        status: link.status,
        trn: Some(trn),
        level: link.level,
        policy: link.policy,
        policy_version: link.policy_version,
        agreed: link.agreed,
        source: link.source,
        is_unavailable: link.is_unavailable,
    }))
}

/// A strict client that asks more of a person and is told no more takes nothing away: they keep
/// the TRN that they had, and were asked strictly.
fn unless_worse(found: &TrnOutcome, earlier: Option<TrnOutcome>) -> TrnOutcome {
    match earlier {
        Some(earlier) if found.status != TrnLookupStatus::Found => TrnOutcome {
            policy: found.policy,
            is_unavailable: found.is_unavailable,
            ..earlier
        },
        _ => found.clone(),
    }
}

/// Whether the record has another name or date of birth than the person gave.
fn differs(outcome: &TrnOutcome) -> bool {
    let agrees = |attribute| outcome.agreed.contains(&attribute);
    !agrees(Attribute::Name) || !agrees(Attribute::DateOfBirth)
}

/// What the person is told; nothing when it is what they said.
fn news(details: &TeacherDetails, outcome: &TrnOutcome) -> Option<TrnNews> {
    match (&outcome.trn, &details.trn) {
        (None, _) => Some(TrnNews::NotFound),
        (Some(found), Some(Stated::Value(stated))) => {
            (found != stated).then_some(TrnNews::FoundAnother)
        }
        (Some(_), Some(Stated::Without)) => Some(TrnNews::FoundUnstated),
        (Some(_), None) => None,
    }
}
