//! What is known of a person, stored as the journey stores it.

use model::keyring::Purpose;
use model::name::{NamePart, PersonName};
use model::teacher_details::{Stated, TeacherDetails};
use model::trn_lookup::{
    LookupSource, MatchPolicy, POLICY_VERSION, TrnLookupStatus, TrnOutcome, VerificationLevel,
};
use model::{DateOfBirth, NationalInsuranceNumber, Trn, UserId};
use storage::trn_links::{Linked, NewLink};
use storage::user_details::NewDetails;

use super::TestProvider;

impl TestProvider {
    /// The person answered the details pages.
    pub(crate) fn said(&self, user: &UserId, details: &TeacherDetails) {
        let plaintext = serde_json::to_vec(details).unwrap();
        let provider = &self.provider;
        let context = user.as_str();
        let sealed =
            provider
                .keyring
                .seal(Purpose::Details, context, &plaintext, &*provider.entropy);
        let details = NewDetails {
            sealed,
            has_profile: details.name.is_some(),
            national_insurance_asked: details.national_insurance_number.is_some(),
            person_digest: None,
        };
        let user = user.clone();
        self.write(move |tx| storage::user_details::replace(tx, &user, &details));
    }

    /// Looking for the person's record ended so.
    pub(crate) fn looked_for(&self, user: &UserId, outcome: &TrnOutcome) {
        let provider = &self.provider;
        let link = NewLink::seal(outcome, user, None, &provider.keyring, &*provider.entropy);
        let user = user.clone();
        let linked = self.write(move |tx| storage::trn_links::replace(tx, &user, &link));
        assert_eq!(linked, Linked::Linked);
    }
}

/// What somebody says who has everything.
pub(crate) fn details() -> TeacherDetails {
    let name = |text| NamePart::parse(text).unwrap();
    TeacherDetails {
        name: Some(PersonName {
            first: Some(name("Ada")),
            middle: None,
            last: name("O'Neill"),
        }),
        preferred_name: Some(name("Addie")),
        date_of_birth: DateOfBirth::from_iso("1990-03-07"),
        national_insurance_number: NationalInsuranceNumber::parse("AB123456C")
            .ok()
            .map(Stated::Value),
        ..TeacherDetails::default()
    }
}

pub(crate) fn not_found(status: TrnLookupStatus) -> TrnOutcome {
    TrnOutcome {
        status,
        trn: None,
        level: None,
        policy: MatchPolicy::Default,
        policy_version: POLICY_VERSION,
        agreed: Vec::new(),
        source: LookupSource::Lookup,
        is_unavailable: false,
    }
}

pub(crate) fn found(level: VerificationLevel) -> TrnOutcome {
    TrnOutcome {
        trn: Trn::parse("0123456").ok(),
        level: Some(level),
        ..not_found(TrnLookupStatus::Found)
    }
}
