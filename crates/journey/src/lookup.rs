//! When the teaching records are asked while a person answers, and what becomes of the answer.
//!
//! A page that changed an answer calls [`due`] in the unit of work that stores it, and [`run`]
//! with what it gave after the commit: no unit of work ever waits for the records. How often an
//! interaction and an account may ask is limited, so that nobody finds out about others by
//! trying.

use model::trn_lookup::MatchPolicy;
use model::{EmailAddress, TeacherDetails};
use storage::limits::{self, Hit};
use storage::{StorageError, Tx};

use crate::error::JourneyError;
use crate::interaction_details::{InteractionDetails, LastLookup};
use crate::journey::Journey;
use crate::rate_limit;
use crate::stage::{Stage, change_anywhere};
use crate::teacher_records::{RecordQuery, RecordsUnavailable};
use crate::trn_match::{Match, Person, Suggestion, evaluate, suggest};
use crate::visitor::Visitor;

/// A look-up that was counted and is to be run when its unit of work is committed.
#[derive(Debug)]
#[must_use = "it was counted: run it"]
pub(crate) struct DueLookup {
    query: RecordQuery,
    details: TeacherDetails,
}

/// Says which look-up the answers ask for: none before name and date of birth are there, none for
/// the same answers again, and none beyond the limits. What was found by other answers is
/// forgotten.
pub(crate) fn due(
    tx: &mut Tx<'_>,
    stage: &Stage,
    known: &mut InteractionDetails,
) -> Result<Option<DueLookup>, StorageError> {
    let (Some(rule), Some(authentication)) = (
        &stage.interaction.requirements.details.trn,
        &stage.standing.authentication,
    ) else {
        return Ok(None);
    };
    let email = stage.signed_in(tx)?;
    let Some(query) = RecordQuery::of(&known.details, &email, rule.policy) else {
        known.lookup = None;
        return Ok(None);
    };
    if known
        .lookup
        .as_ref()
        .is_some_and(|last| last.query == query)
    {
        return Ok(None);
    }
    let counters = rate_limit::lookups(
        &stage.journey,
        &stage.interaction.id,
        &authentication.user_id,
    );
    let is_allowed = limits::hit(tx, &counters)? == Hit::Allowed;
    known.lookup = Some(LastLookup {
        query: query.clone(),
        found: (!is_allowed).then_some(Match::NotAsked),
    });
    Ok(is_allowed.then(|| DueLookup {
        query,
        details: known.details.clone(),
    }))
}

/// The look-up that these answers asked for and that has not ended: the program was stopped
/// meanwhile, or it runs in another tab. It may be made again without being counted, because the
/// same question has the same answer.
pub(crate) fn unfinished(known: &InteractionDetails) -> Option<DueLookup> {
    let last = known.lookup.as_ref().filter(|last| last.found.is_none())?;
    Some(DueLookup {
        query: last.query.clone(),
        details: known.details.clone(),
    })
}

/// Asks the records, keeps what they say with the answers that they were asked by, and returns
/// where the person goes next.
pub(crate) async fn run(
    journey: &Journey,
    visitor: &Visitor,
    due: DueLookup,
) -> Result<String, JourneyError> {
    let found = ask(journey, &due.query, &due.details).await;
    let company = journey.clone();
    change_anywhere(journey, visitor, move |tx, mut stage| {
        let known = InteractionDetails::open(&company, &stage.interaction)?;
        if let Some(mut known) = known
            && let Some(last) = &mut known.lookup
            && last.query == due.query
        {
            last.found = Some(found);
            let sealed = known.keep(tx, &company, &stage.interaction.id)?;
            stage.interaction.sealed_details = Some(sealed);
        }
        Ok(Ok(stage.go_on(tx)?))
    })
    .await
}

/// Asks the records who the person is.
pub(crate) async fn ask(journey: &Journey, query: &RecordQuery, details: &TeacherDetails) -> Match {
    match journey.teacher_records.find(query).await {
        Ok(candidates) => {
            let person = Person {
                details,
                email: &query.email,
                synonyms: &journey.synonyms,
            };
            evaluate(person, &candidates, query.policy)
        }
        Err(RecordsUnavailable) => Match::Unavailable,
    }
}

/// The records that staff should look at for a person who was not found, likeliest first.
///
/// # Errors
///
/// [`RecordsUnavailable`] when the records cannot be asked now.
pub async fn suggestions(
    journey: &Journey,
    details: &TeacherDetails,
    email: &EmailAddress,
) -> Result<Vec<Suggestion>, RecordsUnavailable> {
    let Some(query) = RecordQuery::of(details, email, MatchPolicy::Default) else {
        return Ok(Vec::new());
    };
    let candidates = journey.teacher_records.find(&query).await?;
    let person = Person {
        details,
        email,
        synonyms: &journey.synonyms,
    };
    Ok(suggest(person, &candidates))
}
