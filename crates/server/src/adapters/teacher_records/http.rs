//! Teaching records from the Teaching Record System's API.
//!
//! One look-up is two rounds of requests, each round at once:
//!
//! 1. `GET /v2/teachers/find` gives the teachers that agree on three things or more, counted much
//!    as [`journey::trn_match`] counts. It knows no short forms of first names and takes two first
//!    and two last names at a time, so it is asked up to 14 times, mostly once: see [`spelling`].
//! 2. `GET /v3/persons/{trn}` for each teacher found, and for a stated TRN that was not found: only
//!    it tells former names, that a record is deactivated (410) or where it was merged to (308).
//!    Each merge followed is a request more.
//!
//! Every request may be tried once more where that may help, and a look-up is given up when the
//! configured time is over (5 seconds): with both rounds at their second try there is room for
//! answers that take a second each. A system that was silent three times in a row is left alone for
//! half a minute, and nobody waits for it.

mod answers;
mod api;
mod spelling;
#[cfg(test)]
mod tests;

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use futures::future::{try_join, try_join_all};
use journey::synonyms::Synonyms;
use journey::teacher_records::{Asking, RecordQuery, RecordsUnavailable, TeacherRecords};
use model::national_insurance_number::NationalInsuranceNumber;
use model::teacher_record::TeacherRecord;
use model::trn::Trn;
use model::{Clock, Entropy};
use tokio::time::Instant;

use super::breaker::Breaker;
use crate::config::teacher_records::RecordsApi;
use answers::{Person, Teacher, Teachers};
use api::{Answer, Api, Fault};
use spelling::{Spelling, spellings};

/// Asks the Teaching Record System.
pub struct HttpRecords {
    api: Api,
    breaker: Breaker,
    timeout: Duration,
    synonyms: Synonyms,
}

/// Settings of the records API that cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("teacher_records cannot be used: {0}")]
pub struct UnusableRecordsApi(#[from] reqwest::Error);

/// Teachers that are looked at. Two that agree already leave it to staff.
const TEACHERS: usize = 8;

/// How often a record may have been merged.
const MERGES: usize = 4;

impl HttpRecords {
    /// Prepares to ask with these settings. Nothing is connected yet.
    ///
    /// # Errors
    ///
    /// [`UnusableRecordsApi`] when the system's TLS cannot be set up.
    pub fn new(
        settings: &RecordsApi,
        synonyms: Synonyms,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
    ) -> Result<Self, UnusableRecordsApi> {
        Ok(Self {
            api: Api::new(settings, Arc::clone(&clock), entropy)?,
            breaker: Breaker::new(clock),
            timeout: settings.timeout,
            synonyms,
        })
    }

    /// Asks unless the system is known to be down, for no longer than people wait.
    async fn in_time<T, F>(&self, ask: impl FnOnce(Instant) -> F) -> Result<T, RecordsUnavailable>
    where
        F: Future<Output = Result<T, Fault>>,
    {
        if !self.breaker.lets_through() {
            return Err(RecordsUnavailable);
        }
        let until = Instant::now() + self.timeout;
        let answered = tokio::time::timeout_at(until, ask(until)).await;
        match answered.unwrap_or(Err(Fault::TooSlow)) {
            Ok(answer) => {
                self.breaker.succeeded();
                Ok(answer)
            }
            Err(fault) => {
                fault.log();
                if fault.is_of_the_system() {
                    self.breaker.failed();
                } else {
                    self.breaker.succeeded();
                }
                Err(RecordsUnavailable)
            }
        }
    }

    async fn candidates(
        &self,
        query: &RecordQuery,
        until: Instant,
    ) -> Result<Vec<TeacherRecord>, Fault> {
        let teachers = self.teachers(query, until).await?;
        let passed_over = query
            .trn
            .as_ref()
            .filter(|stated| !teachers.iter().any(|teacher| teacher.trn == **stated));
        let found = teachers
            .into_iter()
            .map(|teacher| self.record_of(teacher, until));
        let (found, stated) =
            try_join(try_join_all(found), self.stated(passed_over, until)).await?;
        let mut records = merged(found.into_iter().flatten());
        if let Some(stated) = stated {
            let survivor = records.iter_mut().find(|record| record.trn == stated.trn);
            match survivor {
                Some(record) => record.merged_trns.extend(stated.merged_trns),
                // Whether it has the National Insurance number that was given cannot be seen, and
                // if it has, the search passed it over for good reason.
                None if query.national_insurance_number.is_some() => {}
                None => records.push(stated),
            }
        }
        Ok(records)
    }

    /// The teachers that agree enough, each once.
    async fn teachers(&self, query: &RecordQuery, until: Instant) -> Result<Vec<Teacher>, Fault> {
        let spellings = spellings(query, &self.synonyms);
        let searches = spellings
            .iter()
            .map(|spelling| self.search(query, spelling, until));
        let mut teachers: Vec<Teacher> = Vec::new();
        for teacher in try_join_all(searches).await?.into_iter().flatten() {
            if !teachers.iter().any(|other| other.trn == teacher.trn) {
                teachers.push(teacher);
            }
        }
        teachers.truncate(TEACHERS);
        Ok(teachers)
    }

    /// Asks for three agreements whatever the policy: what the strict one wants are three, too, and
    /// our rules tell them apart.
    async fn search(
        &self,
        query: &RecordQuery,
        spelling: &Spelling<'_>,
        until: Instant,
    ) -> Result<Vec<Teacher>, Fault> {
        let born = query.date_of_birth.iso();
        let number = query.national_insurance_number.as_ref();
        let parameters = [
            ("firstName", spelling.first),
            ("lastName", spelling.last),
            ("previousFirstName", spelling.other_first),
            ("previousLastName", spelling.other_last),
            ("dateOfBirth", Some(born.as_str())),
            (
                "nationalInsuranceNumber",
                number.map(NationalInsuranceNumber::as_str),
            ),
            ("trn", query.trn.as_ref().map(Trn::as_str)),
            ("emailAddress", Some(query.email.as_typed())),
            ("matchPolicy", Some("Default")),
        ];
        let parameters: Vec<(&str, &str)> = parameters
            .into_iter()
            .filter_map(|(name, value)| Some((name, value?)))
            .collect();
        let answer = self.api.get("/v2/teachers/find", &parameters, until);
        match answer.await? {
            Answer::Is(Teachers { results }) => Ok(results),
            Answer::Merged(_) | Answer::Deactivated | Answer::Unknown => Err(Fault::Unreadable),
        }
    }

    /// The record of a teacher that a search found.
    async fn record_of(
        &self,
        teacher: Teacher,
        until: Instant,
    ) -> Result<Option<TeacherRecord>, Fault> {
        match self.follow(&teacher.trn, until).await? {
            End::Active(person, passed) => Ok(Some(person.into_record(Some(teacher), passed))),
            End::Inactive => Ok(None),
            // One half of the API knows the teacher and the other does not: the pinned version is
            // none that it speaks, and everybody would seem to have no record.
            End::Unknown => Err(Fault::Unreadable),
        }
    }

    /// The record of a TRN that somebody stated, if any.
    async fn stated(
        &self,
        trn: Option<&Trn>,
        until: Instant,
    ) -> Result<Option<TeacherRecord>, Fault> {
        let Some(trn) = trn else {
            return Ok(None);
        };
        Ok(match self.follow(trn, until).await? {
            End::Active(person, passed) => Some(person.into_record(None, passed)),
            End::Inactive | End::Unknown => None,
        })
    }

    /// Follows a TRN to the record that survived.
    async fn follow(&self, trn: &Trn, until: Instant) -> Result<End, Fault> {
        let (mut trn, mut passed) = (trn.clone(), Vec::new());
        for _ in 0..=MERGES {
            let path = format!("/v3/persons/{}", trn.as_str());
            let answer = self.api.get(&path, &[("include", "PreviousNames")], until);
            match answer.await? {
                Answer::Is(person) => return Ok(End::Active(person, passed)),
                Answer::Merged(survivor) => passed.push(std::mem::replace(&mut trn, survivor)),
                Answer::Deactivated => return Ok(End::Inactive),
                Answer::Unknown => return Ok(End::Unknown),
            }
        }
        Ok(End::Inactive)
    }
}

/// Where following a TRN ended.
enum End {
    /// At an active record, past those that were merged into it.
    Active(Person, Vec<Trn>),
    /// At a deactivated record, or nowhere.
    Inactive,
    /// At a number that no record has.
    Unknown,
}

impl TeacherRecords for HttpRecords {
    fn find<'a>(&'a self, query: &'a RecordQuery) -> Asking<'a, Vec<TeacherRecord>> {
        Box::pin(self.in_time(|until| self.candidates(query, until)))
    }

    fn record<'a>(&'a self, trn: &'a Trn) -> Asking<'a, Option<TeacherRecord>> {
        Box::pin(self.in_time(|until| self.stated(Some(trn), until)))
    }
}

/// One record for each TRN: two teachers may have been merged into one meanwhile, each with a number
/// or an address of their own.
fn merged(records: impl Iterator<Item = TeacherRecord>) -> Vec<TeacherRecord> {
    let mut distinct: Vec<TeacherRecord> = Vec::new();
    for record in records {
        match distinct.iter_mut().find(|other| other.trn == record.trn) {
            Some(other) => {
                other.merged_trns.extend(record.merged_trns);
                other.email_addresses.extend(record.email_addresses);
                if other.national_insurance_number.is_none() {
                    other.national_insurance_number = record.national_insurance_number;
                }
            }
            None => distinct.push(record),
        }
    }
    distinct
}
