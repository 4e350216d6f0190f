//! Services that know teachers, built on the `openidconnect` crate: each claim arrives in the type
//! that the standard, or we, gave it. What is known of the person is put where the pages put it.

use acceptance::{App, Kind, RelyingParty, Tokens, clients};
use model::keyring::Purpose;
use model::name::{NamePart, PersonName};
use model::teacher_details::{Stated, TeacherDetails};
use model::trn_lookup::{
    LookupSource, MatchPolicy, POLICY_VERSION, TrnLookupStatus, TrnOutcome, TrnRequirement,
    VerificationLevel,
};
use model::{
    DateOfBirth, EmailAddress, NationalInsuranceNumber, ScopeSet, SigningAlgorithm, SystemEntropy,
    Trn, UserId,
};
use openidconnect::core::CoreGenderClaim;
use openidconnect::{AdditionalClaims, LocalizedClaim, UserInfoClaims};
use serde::{Deserialize, Serialize};
use server::config::clients::ClientEntry;
use storage::trn_links::{Linked, NewLink};
use storage::user_details::NewDetails;
use storage::users::Merged;

const ADA: &str = "ada@example.test";

/// The claims that no standard names.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
struct TeacherClaims {
    trn: Option<String>,
    trn_lookup_status: Option<Status>,
    trn_verification_level: Option<Level>,
    ni_number: Option<String>,
    preferred_name: Option<String>,
    #[serde(default)]
    previous_user_id: Vec<String>,
}

#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
enum Status {
    None,
    Pending,
    Found,
    Failed,
}

#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
enum Level {
    Low,
    Medium,
}

impl AdditionalClaims for TeacherClaims {}

/// A service that may have everything.
fn service(id: &str) -> ClientEntry {
    let mut client = clients::web(id, "Teacher services");
    let scope = "openid email profile trn national_insurance";
    client.settings.scope = ScopeSet::parse(scope).unwrap();
    client
}

/// Somebody who signed in and gave the service nothing but who they are.
struct Teacher {
    app: App,
    service: RelyingParty,
    browser: acceptance::Browser,
    id: UserId,
}

impl Teacher {
    async fn signed_in(kind: Kind, service: ClientEntry) -> Self {
        let id = service.id.to_string();
        let app = App::start_with(kind, vec![service], &[]).await;
        let service = app.relying_party(&id).await.asking_for("openid email");
        let mut browser = app.browser();
        browser.open(service.authorization_url()).await;
        let landing = browser.sign_in(ADA, &app.mailbox()).await;
        let tokens = service.redeem(landing).await;
        let id = UserId::new(tokens.sub().to_owned());
        Self {
            app,
            service,
            browser,
            id,
        }
    }

    /// They said everything there is to say.
    async fn says(&self) {
        let name = |text| NamePart::parse(text).unwrap();
        let details = TeacherDetails {
            name: Some(PersonName {
                first: Some(name("Ada")),
                middle: Some(name("Mary")),
                last: name("O’Neill"),
            }),
            preferred_name: Some(name("Addie")),
            date_of_birth: DateOfBirth::from_iso("1990-03-07"),
            national_insurance_number: NationalInsuranceNumber::parse("AB123456C")
                .ok()
                .map(Stated::Value),
            ..TeacherDetails::default()
        };
        let plaintext = serde_json::to_vec(&details).unwrap();
        let keyring = &self.app.composition().ground.keyring;
        let sealed = keyring.seal(
            Purpose::Details,
            self.id.as_str(),
            &plaintext,
            &SystemEntropy,
        );
        let details = NewDetails {
            sealed,
            has_profile: true,
            national_insurance_asked: true,
            person_digest: None,
        };
        let id = self.id.clone();
        let stored = self
            .app
            .store()
            .write(move |tx| storage::user_details::replace(tx, &id, &details));
        stored.await.unwrap();
    }

    /// Looking for their record ended so.
    async fn is_placed(&self, status: TrnLookupStatus, found: Option<(&str, VerificationLevel)>) {
        let outcome = TrnOutcome {
            status,
            trn: found.and_then(|(trn, _)| Trn::parse(trn).ok()),
            level: found.map(|(_, level)| level),
            policy: MatchPolicy::Default,
            policy_version: POLICY_VERSION,
            agreed: Vec::new(),
            source: LookupSource::Lookup,
            is_unavailable: false,
        };
        let keyring = &self.app.composition().ground.keyring;
        let link = NewLink::seal(&outcome, &self.id, None, keyring, &SystemEntropy);
        let id = self.id.clone();
        let linked = self
            .app
            .store()
            .write(move |tx| storage::trn_links::replace(tx, &id, &link));
        assert_eq!(linked.await.unwrap(), Linked::Linked);
    }

    /// What the service gets for a scope without a page.
    async fn tokens(&mut self, scope: &str) -> Tokens {
        let id = self.service.entry.id.to_string();
        self.service = self.app.relying_party(&id).await.asking_for(scope);
        let silently = self.service.authorization_url_with(&[("prompt", "none")]);
        self.browser.open(silently).await;
        self.service.redeem(self.browser.landed_on()).await
    }

    async fn claims(&mut self, scope: &str) -> UserInfoClaims<TeacherClaims, CoreGenderClaim> {
        let tokens = self.tokens(scope).await;
        self.service.userinfo_as(&tokens).await
    }
}

/// The text of a claim that may come in several languages.
fn plain<T: Clone + std::ops::Deref<Target = String>>(
    claim: Option<&LocalizedClaim<T>>,
) -> Option<String> {
    claim
        .and_then(|claim| claim.get(None))
        .map(|text| text.to_string())
}

#[tokio::test]
async fn every_claim_arrives_in_its_type() {
    for kind in Kind::BOTH {
        for algorithm in [None, Some(SigningAlgorithm::RS256)] {
            let mut service = service("course");
            service.settings.userinfo_signed_response_alg = algorithm;
            let mut ada = Teacher::signed_in(kind, service).await;
            ada.says().await;
            let found = Some(("0123456", VerificationLevel::Medium));
            ada.is_placed(TrnLookupStatus::Found, found).await;

            let claims = ada
                .claims("openid email profile trn national_insurance")
                .await;

            assert_eq!(claims.subject().as_str(), ada.id.as_str());
            assert_eq!(plain(claims.name()).as_deref(), Some("Ada Mary O'Neill"));
            assert_eq!(plain(claims.given_name()).as_deref(), Some("Ada"));
            assert_eq!(plain(claims.middle_name()).as_deref(), Some("Mary"));
            assert_eq!(plain(claims.family_name()).as_deref(), Some("O'Neill"));
            assert_eq!(claims.birthdate().unwrap().as_str(), "1990-03-07");
            assert_eq!(claims.updated_at().unwrap().timestamp(), ada.app.now());
            assert_eq!(claims.email().unwrap().as_str(), ADA);
            assert_eq!(claims.email_verified(), Some(true));
            assert!(claims.preferred_username().is_none());
            assert_eq!(
                *claims.additional_claims(),
                TeacherClaims {
                    trn: Some("0123456".to_owned()),
                    trn_lookup_status: Some(Status::Found),
                    trn_verification_level: Some(Level::Medium),
                    ni_number: Some("AB123456C".to_owned()),
                    preferred_name: Some("Addie".to_owned()),
                    previous_user_id: Vec::new(),
                }
            );
        }
    }
}

#[tokio::test]
async fn an_id_token_tells_nothing_of_it() {
    let mut ada = Teacher::signed_in(Kind::Sqlite, service("course")).await;
    ada.says().await;
    let found = Some(("0123456", VerificationLevel::Medium));
    ada.is_placed(TrnLookupStatus::Found, found).await;

    let tokens = ada
        .tokens("openid email profile trn national_insurance")
        .await;

    let names: Vec<&String> = tokens.claims.as_object().unwrap().keys().collect();
    let expected = [
        "acr",
        "amr",
        "at_hash",
        "aud",
        "auth_time",
        "exp",
        "iat",
        "iss",
        "nonce",
        "sid",
        "sub",
    ];
    assert_eq!(names, expected);
}

#[tokio::test]
async fn each_status_is_told_apart() {
    for (status, told) in [
        (TrnLookupStatus::None, Status::None),
        (TrnLookupStatus::Pending, Status::Pending),
        (TrnLookupStatus::Failed, Status::Failed),
    ] {
        let mut optional = service("course");
        optional.settings.trn_requirement = TrnRequirement::Optional;
        let mut ada = Teacher::signed_in(Kind::Sqlite, optional).await;
        ada.is_placed(status, None).await;

        let claims = ada.claims("openid trn").await;

        let expected = TeacherClaims {
            trn_lookup_status: Some(told),
            ..TeacherClaims::default()
        };
        assert_eq!(*claims.additional_claims(), expected);
        assert!(claims.name().is_none() && claims.email().is_none());
    }
}

#[tokio::test]
async fn after_a_merge_the_other_account_is_known_by_both_names() {
    for kind in Kind::BOTH {
        let mut ada = Teacher::signed_in(kind, service("course")).await;
        let before = UserId::new("0190a5e0-0000-7cc3-8a6b-3f1f6c1f9a10".to_owned());
        let (from, into) = (before.clone(), ada.id.clone());
        let keyring = ada.app.composition().ground.keyring.clone();
        let merged = ada.app.store().write(move |tx| {
            let email = EmailAddress::parse("ada@school.example").unwrap();
            storage::users::sign_in(tx, &email, &from)?;
            storage::users::merge(tx, &keyring, &model::SystemEntropy, &from, &into)
        });
        assert_eq!(merged.await.unwrap(), Merged::Merged);

        let claims = ada.claims("openid profile").await;

        assert_eq!(claims.subject().as_str(), ada.id.as_str());
        let previous = &claims.additional_claims().previous_user_id;
        assert_eq!(previous.as_slice(), [before.as_str()]);
    }
}

#[tokio::test]
async fn prompt_none_says_that_details_would_be_asked_for() {
    for kind in Kind::BOTH {
        let mut required = service("course");
        required.settings.trn_requirement = TrnRequirement::Required;
        let mut ada = Teacher::signed_in(kind, required).await;
        for placed in [None, Some(TrnLookupStatus::Pending)] {
            if let Some(status) = placed {
                ada.is_placed(status, None).await;
            }
            ada.service = ada
                .app
                .relying_party("course")
                .await
                .asking_for("openid trn");
            let silently = ada.service.authorization_url_with(&[("prompt", "none")]);

            ada.browser.open(silently).await;

            let landing = ada.browser.landed_on();
            assert_eq!(landing.parameter("error"), "interaction_required");
            assert_eq!(landing.parameter("code"), "");
        }
    }
}
