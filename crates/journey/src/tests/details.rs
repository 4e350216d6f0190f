//! The details pages over real databases and records that the test writes.

use model::requirement::{DetailsRule, TrnRule};
use model::secret::SecretKind;
use model::teacher_record::RecordName;
use model::trn_lookup::{
    LookupSource, MatchPolicy, POLICY_VERSION, TrnLookupStatus, TrnRequirement,
};
use model::{DateOfBirth, SystemEntropy, TeacherDetails, TeacherRecord, Trn, TrnOutcome, UserId};
use storage::trn_links::{self, Linked, NewLink, TrnLink};
use storage::user_details;

use super::world::{Seen, Tab, World};
use crate::interaction_details::InteractionDetails;

mod again;
mod at_rest;
mod attacks;
mod correcting;
mod finding;
mod kept;
mod limits;
mod refusals;
mod routes;

const OPTIONAL: TrnRule = TrnRule {
    requirement: TrnRequirement::Optional,
    policy: MatchPolicy::Default,
    continue_while_pending: false,
};
const REQUIRED: TrnRule = TrnRule {
    requirement: TrnRequirement::Required,
    ..OPTIONAL
};
const STRICT: TrnRule = TrnRule {
    policy: MatchPolicy::Strict,
    ..OPTIONAL
};

fn trn(rule: TrnRule) -> DetailsRule {
    DetailsRule {
        trn: Some(rule),
        ..DetailsRule::default()
    }
}

fn profile() -> DetailsRule {
    DetailsRule {
        profile: true,
        ..DetailsRule::default()
    }
}

fn national_insurance() -> DetailsRule {
    DetailsRule {
        national_insurance: true,
        ..DetailsRule::default()
    }
}

/// Somebody at a browser, signed in, whom a service asks about themselves.
struct Teacher<'a> {
    world: &'a World,
    tab: Tab,
    user_id: UserId,
}

/// The answers to a page, by its path below `/details/`.
type Form<'a> = (&'a str, &'a [(&'a str, &'a str)]);

const NAME: Form<'_> = ("name", &[("first-name", "Ada"), ("last-name", "Lovelace")]);
const NO_OTHER_NAME: Form<'_> = ("previous-names", &[("changed-name", "no")]);
const PREFERRED: Form<'_> = ("preferred-name", &[("preferred-name", "first-last")]);
const BORN: Form<'_> = (
    "date-of-birth",
    &[
        ("date-of-birth-day", "27"),
        ("date-of-birth-month", "3"),
        ("date-of-birth-year", "1990"),
    ],
);
const HAS_NUMBER: Form<'_> = (
    "has-national-insurance-number",
    &[("has-national-insurance-number", "yes")],
);
const NO_NUMBER: Form<'_> = (
    "has-national-insurance-number",
    &[("has-national-insurance-number", "no")],
);
const NUMBER: Form<'_> = (
    "national-insurance-number",
    &[("national-insurance-number", "ab 12 34 56 c")],
);
const HAS_TRN: Form<'_> = ("has-trn", &[("has-trn", "yes")]);
const NO_TRN: Form<'_> = ("has-trn", &[("has-trn", "no")]);
const TRN: Form<'_> = ("trn", &[("trn", "RP12/34567")]);
const HAS_QTS: Form<'_> = ("has-qts", &[("has-qts", "yes")]);
const NO_QTS: Form<'_> = ("has-qts", &[("has-qts", "no")]);
const ABROAD: Form<'_> = ("qts-provider", &[("award", "other")]);
const CHECK: Form<'_> = ("check-answers", &[]);

/// Everything up to the date of birth.
const ABOUT: [Form<'_>; 4] = [NAME, NO_OTHER_NAME, PREFERRED, BORN];

const ADDRESS: &str = "ada@example.test";

impl<'a> Teacher<'a> {
    /// A signed-in person whom a service asks by that rule.
    async fn asked(world: &'a World, rule: DetailsRule) -> Self {
        let (session, user_id) = world.session_of(ADDRESS).await;
        let browser = SecretKind::Browser.mint(&SystemEntropy);
        let tab = world.tab_of(browser, Some(session), |interaction| {
            interaction.requirements.details = rule;
        });
        Self {
            tab: tab.await,
            world,
            user_id,
        }
    }

    async fn open(&self, page: &str) -> Seen {
        self.world.open(&self.tab, &path(page)).await
    }

    /// Opens a page as its Change link does.
    async fn open_to_change(&self, page: &str) -> Seen {
        self.world.open(&self.tab, &self.change_url(page)).await
    }

    async fn post(&self, (page, fields): Form<'_>) -> Seen {
        self.world.post(&self.tab, &path(page), fields).await
    }

    async fn post_change(&self, (page, fields): Form<'_>) -> Seen {
        let url = self.change_url(page);
        self.world.post(&self.tab, &url, fields).await
    }

    async fn press(&self, page: &str, action: &str) -> Seen {
        self.post((page, &[("action", action)])).await
    }

    fn url(&self, page: &str) -> String {
        self.tab.url(&path(page))
    }

    fn change_url(&self, page: &str) -> String {
        format!("{}&from=check-answers", self.url(page))
    }

    /// Answers pages one after the other; each must be the one that the last led to.
    async fn answers(&self, forms: &[Form<'_>]) {
        for form @ (page, _) in forms {
            self.open(page).await.shows(200, "<form");
            let posted = self.post(*form).await;
            assert_eq!(posted.status, 303, "{page}: {}", posted.body);
        }
        let entry = self.world.open(&self.tab, "/sign-in/email").await;
        assert_eq!(entry.status, 303);
    }

    /// Where the interaction goes on.
    async fn is_at(&self, page: &str) {
        let entry = self.world.open(&self.tab, "/sign-in/email").await;
        entry.goes_to(self.url(page));
    }

    async fn is_done(&self) {
        let signed_in = self.world.signed_in(&self.tab).await;
        assert_eq!(
            signed_in.map(|one| one.user_id).as_ref(),
            Some(&self.user_id)
        );
    }

    /// Nothing is left to ask of them.
    async fn is_done_at_once(&self) {
        let entry = self.world.open(&self.tab, "/sign-in/email").await;
        entry.goes_to(self.tab.return_to());
        self.is_done().await;
    }

    /// Staff decide that they can be given no TRN.
    async fn is_refused_by_staff(&self) {
        let (link, user_id) = (self.refused_by_staff(), self.user_id.clone());
        let replace = self
            .world
            .store
            .write(move |tx| trn_links::replace(tx, &user_id, &link));
        assert_eq!(replace.await.unwrap(), Linked::Linked);
    }

    fn refused_by_staff(&self) -> NewLink {
        let outcome = TrnOutcome {
            status: TrnLookupStatus::Failed,
            trn: None,
            level: None,
            policy: MatchPolicy::Default,
            policy_version: POLICY_VERSION,
            agreed: Vec::new(),
            source: LookupSource::Support,
            is_unavailable: false,
        };
        let keyring = &self.world.journey.keyring;
        NewLink::seal(&outcome, &self.user_id, None, keyring, &SystemEntropy)
    }

    /// The program ends while it looks the person up.
    async fn forgets_what_was_found(&self) {
        let journey = self.world.journey.clone();
        let interaction = self.world.interaction(&self.tab).await;
        let mut known = InteractionDetails::open(&journey, &interaction)
            .unwrap()
            .unwrap();
        known.lookup.as_mut().unwrap().found = None;
        let keep = self
            .world
            .store
            .write(move |tx| known.keep(tx, &journey, &interaction.id));
        keep.await.unwrap();
    }

    /// What is kept of what they said.
    async fn details(&self) -> Option<TeacherDetails> {
        let user_id = self.user_id.clone();
        let find = self
            .world
            .store
            .read(move |tx| user_details::find(tx, &user_id));
        let row = find.await.unwrap()?;
        let details = crate::details::open(&self.world.journey, &self.user_id, &row.sealed);
        Some(details.unwrap())
    }

    async fn link(&self) -> Option<TrnLink> {
        let user_id = self.user_id.clone();
        let find = self
            .world
            .store
            .read(move |tx| trn_links::find(tx, &user_id));
        find.await.unwrap()
    }

    async fn trn(&self) -> Option<Trn> {
        let link = self.link().await?;
        link.trn(&self.user_id, &self.world.journey.keyring)
            .unwrap()
    }

    fn lookups(&self) -> usize {
        self.world.records.asked().len()
    }
}

fn path(page: &str) -> String {
    format!("/details/{page}")
}

/// The record of the person that the forms above are about.
fn ada() -> TeacherRecord {
    TeacherRecord {
        trn: Trn::parse("1234567").unwrap(),
        merged_trns: Vec::new(),
        first_name: "Ada".to_owned(),
        middle_name: String::new(),
        last_name: "Lovelace".to_owned(),
        previous_names: Vec::new(),
        date_of_birth: DateOfBirth::from_iso("1990-03-27"),
        national_insurance_number: Some("AB123456C".to_owned()),
        email_addresses: Vec::new(),
    }
}

/// The same with an address that the person has proven: name, date of birth and it agree.
fn ada_by_address() -> TeacherRecord {
    TeacherRecord {
        email_addresses: vec![ADDRESS.to_owned()],
        ..ada()
    }
}

fn formerly(first: &str, last: &str) -> RecordName {
    RecordName {
        first: first.to_owned(),
        middle: String::new(),
        last: last.to_owned(),
    }
}
