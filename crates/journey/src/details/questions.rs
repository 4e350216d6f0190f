//! Which details page comes next: a pure choice over what the request still needs, what the
//! person gave before, what they answer now, and whether their record is found.

use model::requirement::{DetailsRule, Standing};
use model::teacher_details::{Qts, Stated};
use model::trn_lookup::MatchPolicy;
use model::{Interaction, TeacherDetails};
use serde::{Deserialize, Serialize};
use storage::{StorageError, Tx, user_details};

use super::DetailsPage;
use crate::interaction_details::InteractionDetails;
use crate::journey::Journey;

/// Everything that the choice of a page rests on.
#[derive(Clone, Debug)]
pub(crate) struct Questions {
    /// What of the request's rule is still to be asked.
    pub(crate) left: DetailsRule,
    /// What they gave at earlier sign-ins and need not be asked again.
    pub(crate) given: TeacherDetails,
    /// What they say now, what they gave before included, and what was found by it.
    pub(crate) known: InteractionDetails,
}

/// Numbers that a person says they have, and has yet to type.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Claimed {
    /// "Yes" to having a National Insurance number.
    pub(crate) national_insurance_number: bool,
    /// "Yes" to having a TRN.
    pub(crate) trn: bool,
}

/// What a person need not be asked again, of all that they gave at earlier sign-ins.
///
/// A strict client that asks more of somebody who was placed by less asks for the numbers again
/// that they went on without: it cannot place them by anything else.
pub(crate) fn given_before(
    mut stored: TeacherDetails,
    left: &DetailsRule,
    is_placed: bool,
) -> TeacherDetails {
    let is_strict = left
        .trn
        .is_some_and(|rule| rule.policy == MatchPolicy::Strict);
    if is_strict && is_placed {
        let number = &mut stored.national_insurance_number;
        number.take_if(|stated| *stated == Stated::Without);
        stored.trn.take_if(|stated| *stated == Stated::Without);
    }
    stored
}

impl Questions {
    /// The questions of an interaction; `None` when nothing is left to ask and no answer is being
    /// corrected. What the person was asked so far goes into `standing`.
    ///
    /// Answers of somebody else, who was signed in when they were given, are not theirs.
    pub(crate) fn load(
        tx: &mut Tx<'_>,
        journey: &Journey,
        interaction: &Interaction,
        standing: &mut Standing,
    ) -> Result<Option<Self>, StorageError> {
        let rule = &interaction.requirements.details;
        let Some(authentication) = &standing.authentication else {
            return Ok(None);
        };
        if !rule.asks_anything() {
            return Ok(None);
        }
        let user_id = &authentication.user_id;
        standing.details = user_details::standing(tx, user_id)?;
        let known = InteractionDetails::open_of(journey, interaction, user_id)?;
        let are_corrected = known.as_ref().is_some_and(|known| known.are_corrected)
            && rule.may_be_tried_again(&standing.details);
        let left = if are_corrected {
            rule.clone()
        } else {
            rule.left(&standing.details)
        };
        if !left.asks_anything() {
            return Ok(None);
        }
        let stored = super::stored(tx, journey, user_id)?;
        let given = if are_corrected {
            stored
        } else {
            given_before(stored, &left, standing.details.trn.is_some())
        };
        let known = InteractionDetails {
            are_corrected,
            ..known.unwrap_or_else(|| InteractionDetails::of(user_id, given.clone()))
        };
        Ok(Some(Self { left, given, known }))
    }

    /// The first question without an answer; when there is none, the page with all answers.
    ///
    /// A record that is found ends the questions that only help to find it.
    pub(crate) fn next(&self) -> DetailsPage {
        let mut pages = DetailsPage::QUESTIONS.into_iter();
        let next = pages.find(|page| {
            let is_skipped = self.known.found_trn().is_some() && self.opens_a_search(*page);
            self.asks(*page) && !self.is_answered(*page) && !is_skipped
        });
        next.unwrap_or(DetailsPage::CheckAnswers)
    }

    /// Whether the person may be on a page: on the next one, on those behind it, and on any
    /// answered one as soon as all answers can be checked.
    pub(crate) fn opens(&self, page: DetailsPage) -> bool {
        let next = self.next();
        let may_go_back = self.is_asked_here(page)
            || next == DetailsPage::CheckAnswers
            || self.back(next) == Some(page);
        page == next
            || (self.has_answer_to(page) && may_go_back)
            || (page == DetailsPage::TrnNotFound && self.known.are_corrected)
    }

    /// The page behind one; `None` where there is nothing to go back to but the service. Who
    /// corrects their answers came from the page that says why no TRN is there.
    pub(crate) fn back(&self, page: DetailsPage) -> Option<DetailsPage> {
        if page == DetailsPage::TrnNotFound {
            return None;
        }
        if let Some(question) = page.follows_up() {
            return Some(question);
        }
        let before = DetailsPage::QUESTIONS
            .into_iter()
            .take_while(|question| *question != page);
        before
            .filter(|question| self.has_answer_to(*question) && self.is_asked_here(*question))
            .last()
            .or(self.known.are_corrected.then_some(DetailsPage::TrnNotFound))
    }

    /// The questions that have an answer to check, in order.
    pub(crate) fn answered(&self) -> impl Iterator<Item = DetailsPage> {
        DetailsPage::QUESTIONS
            .into_iter()
            .filter(|page| self.has_answer_to(*page))
    }

    fn has_answer_to(&self, page: DetailsPage) -> bool {
        self.asks(page) && self.is_answered(page)
    }

    /// Whether the rule asks this, and what was answered before makes sense of it.
    fn asks(&self, page: DetailsPage) -> bool {
        let DetailsRule {
            profile,
            national_insurance,
            trn,
        } = &self.left;
        let answers = &self.known.details;
        match page {
            DetailsPage::Name
            | DetailsPage::PreviousNames
            | DetailsPage::PreferredName
            | DetailsPage::DateOfBirth => *profile || trn.is_some(),
            DetailsPage::HasNationalInsuranceNumber => *national_insurance || trn.is_some(),
            DetailsPage::NationalInsuranceNumber => {
                self.asks(DetailsPage::HasNationalInsuranceNumber)
                    && (self.known.claimed.national_insurance_number
                        || answers.stated_national_insurance_number().is_some())
            }
            DetailsPage::HasTrn => trn.is_some(),
            DetailsPage::Trn => {
                trn.is_some() && (self.known.claimed.trn || answers.stated_trn().is_some())
            }
            DetailsPage::HasQts => trn.is_some_and(|rule| rule.policy == MatchPolicy::Default),
            DetailsPage::QtsProvider => {
                self.asks(DetailsPage::HasQts) && matches!(answers.qts, Some(Qts::Yes { .. }))
            }
            DetailsPage::CheckAnswers | DetailsPage::TrnFound | DetailsPage::TrnNotFound => false,
        }
    }

    fn is_answered(&self, page: DetailsPage) -> bool {
        let claims = |page| match page {
            DetailsPage::HasNationalInsuranceNumber => self.known.claimed.national_insurance_number,
            DetailsPage::HasTrn => self.known.claimed.trn,
            _ => false,
        };
        claims(page) || is_given(page, &self.known.details)
    }

    /// Whether a page was not answered at an earlier sign-in.
    fn is_asked_here(&self, page: DetailsPage) -> bool {
        !is_given(page, &self.given)
    }

    /// Whether a question is there only to find the record, and is not the second half of one
    /// that was asked.
    fn opens_a_search(&self, page: DetailsPage) -> bool {
        match page {
            DetailsPage::HasNationalInsuranceNumber => !self.left.national_insurance,
            DetailsPage::HasTrn | DetailsPage::HasQts => true,
            _ => false,
        }
    }
}

fn is_given(page: DetailsPage, answers: &TeacherDetails) -> bool {
    match page {
        DetailsPage::Name => answers.name.is_some(),
        DetailsPage::PreviousNames => answers.previous_names.is_some(),
        DetailsPage::PreferredName => answers.preferred_name.is_some(),
        DetailsPage::DateOfBirth => answers.date_of_birth.is_some(),
        DetailsPage::HasNationalInsuranceNumber | DetailsPage::NationalInsuranceNumber => {
            answers.national_insurance_number.is_some()
        }
        DetailsPage::HasTrn | DetailsPage::Trn => answers.trn.is_some(),
        DetailsPage::HasQts => answers.qts.is_some(),
        DetailsPage::QtsProvider => matches!(answers.qts, Some(Qts::Yes { provider: Some(_) })),
        DetailsPage::CheckAnswers | DetailsPage::TrnFound | DetailsPage::TrnNotFound => false,
    }
}

#[cfg(test)]
mod tests;
