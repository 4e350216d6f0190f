//! People with two accounts, and people who lost an address, as they are and as they are
//! impersonated.

mod at_once;
mod attacks;
mod freezing;
mod joining;
mod lost_addresses;
mod moving;
mod redaction;
mod second_factors;
mod settling;

use model::client::{ClientSettings, Credential};
use model::event::EventKind;
use model::requirement::{DetailsRule, TrnRule};
use model::secret::SecretKind;
use model::trn_lookup::{MatchPolicy, TrnRequirement};
use model::{ClientId, DateOfBirth, EmailAddress, SystemEntropy, TeacherRecord, Trn, User, UserId};
use storage::clients::{NewClient, Source};
use storage::{clients, outbox, users};

use super::world::{MINUTE, Seen, Tab, World};
use crate::emails::News;
use crate::mailer::{Mail, MailKind};
use crate::outbox::deliver;
use crate::support::{self, Reference, Task};

/// The address of the account that was there first.
const OLD: &str = "ada.lovelace@education.gov.uk";
/// The one that the same person signs in with now.
const NEW: &str = "ada@example.test";

const OPTIONAL: TrnRule = TrnRule {
    requirement: TrnRequirement::Optional,
    policy: MatchPolicy::Default,
    continue_while_pending: false,
};

fn trn(requirement: TrnRequirement) -> DetailsRule {
    DetailsRule {
        trn: Some(TrnRule {
            requirement,
            ..OPTIONAL
        }),
        ..DetailsRule::default()
    }
}

fn profile() -> DetailsRule {
    DetailsRule {
        profile: true,
        ..DetailsRule::default()
    }
}

/// A record that name, date of birth and either address find.
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
        email_addresses: vec![OLD.to_owned(), NEW.to_owned()],
    }
}

/// Somebody at a browser, signed in, whom a service asks about themselves.
struct Person<'a> {
    world: &'a World,
    tab: Tab,
    user_id: UserId,
}

impl<'a> Person<'a> {
    async fn arrives(world: &'a World, address: &str, rule: DetailsRule) -> Self {
        let (session, user_id) = world.session_of(address).await;
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

    /// The same person in another tab of the same browser.
    async fn in_another_tab(&self, rule: DetailsRule) -> Self {
        let (browser, session) = (self.tab.browser.clone(), self.tab.session.clone());
        let tab = self.world.tab_of(browser, session, |interaction| {
            interaction.requirements.details = rule;
        });
        Self {
            tab: tab.await,
            world: self.world,
            user_id: self.user_id.clone(),
        }
    }

    /// Answers what is asked up to the date of birth; the last page's answer.
    async fn says(&self, first: &str, last: &str) -> Seen {
        let name = [("first-name", first), ("last-name", last)];
        let born = [
            ("date-of-birth-day", "27"),
            ("date-of-birth-month", "3"),
            ("date-of-birth-year", "1990"),
        ];
        self.post("/details/name", &name).await;
        let never = [("changed-name", "no")];
        self.post("/details/previous-names", &never).await;
        let both = [("preferred-name", "first-last")];
        self.post("/details/preferred-name", &both).await;
        self.post("/details/date-of-birth", &born).await
    }

    /// Answers everything and sends it.
    async fn is(&self, first: &str, last: &str) -> Seen {
        let said = self.says(first, last).await;
        said.goes_to(self.tab.url("/details/check-answers"));
        self.post("/details/check-answers", &[]).await
    }

    async fn open(&self, path: &str) -> Seen {
        self.world.open(&self.tab, path).await
    }

    async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Seen {
        self.world.post(&self.tab, path, fields).await
    }

    async fn press(&self, path: &str, action: &str) -> Seen {
        self.post(path, &[("action", action)]).await
    }

    async fn types(&self, code: &str) -> Seen {
        self.post("/details/account-code", &[("code", code)]).await
    }

    /// Proves the account that is offered on that page.
    async fn proves_the_account_on(&self, page: &str) {
        let asked = self.press(page, "continue").await;
        asked.goes_to(self.tab.url("/details/account-code"));
        let typed = self.types(&self.world.account_code()).await;
        typed.goes_to(self.tab.url("/details/keep-address"));
    }

    async fn keeps(&self, address: &str) -> Seen {
        let chosen = [("address", address)];
        self.post("/details/keep-address", &chosen).await
    }

    /// Who the interaction signed in.
    async fn signed_in(&self) -> Option<UserId> {
        let signed_in = self.world.signed_in(&self.tab).await;
        signed_in.map(|authentication| authentication.user_id)
    }
}

impl World {
    /// An account whose person said who they are.
    async fn account_with_details(&self, address: &str, rule: DetailsRule) -> UserId {
        let person = Person::arrives(self, address, rule).await;
        person.is("Ada", "Lovelace").await;
        assert_eq!(person.signed_in().await.as_ref(), Some(&person.user_id));
        person.user_id
    }

    async fn user(&self, id: &UserId) -> Option<User> {
        let id = id.clone();
        let find = self.store.read(move |tx| users::find(tx, &id));
        find.await.unwrap()
    }

    async fn owner_of(&self, address: &str) -> Option<UserId> {
        let address = EmailAddress::parse(address).unwrap();
        let find = self
            .store
            .read(move |tx| users::find_by_address(tx, &address));
        find.await.unwrap().map(|user| user.id)
    }

    fn last_mail<T>(&self, find: impl Fn(&Mail) -> Option<T>) -> T {
        self.mailbox.mails().iter().rev().find_map(find).unwrap()
    }

    /// The last code that was sent to prove another account.
    fn account_code(&self) -> String {
        self.last_mail(|mail| match &mail.kind {
            MailKind::AccountCode(email) => Some(email.code.reveal().clone()),
            _ => None,
        })
    }

    /// The last code that was sent to a new address.
    fn new_address_code(&self) -> String {
        self.last_mail(|mail| match &mail.kind {
            MailKind::NewAddressCode(email) => Some(email.code.reveal().clone()),
            _ => None,
        })
    }

    /// Delivers the news that waits, which leaves in no order; who got which, by address.
    async fn news(&self) -> Vec<(String, News)> {
        let before = self.mailbox.count();
        while let Some(message) = self
            .store
            .write(|tx| outbox::claim(tx, MINUTE))
            .await
            .unwrap()
        {
            deliver(&self.journey, &message).await.unwrap();
            let complete = self
                .store
                .write(move |tx| outbox::complete(tx, &message.id));
            complete.await.unwrap();
        }
        let news = self.mailbox.mails().split_off(before).into_iter();
        let news = news.filter_map(|mail| match mail.kind {
            MailKind::News(news) => Some((mail.to.as_typed().to_owned(), news)),
            _ => None,
        });
        let mut news: Vec<_> = news.collect();
        news.sort_by(|(one, _), (other, _)| one.cmp(other));
        news
    }

    async fn task(&self, reference: &str) -> Task {
        let reference = Reference::parse(reference).unwrap();
        let journey = self.journey.clone();
        let find = self
            .store
            .read(move |tx| support::find(tx, &journey, &reference));
        find.await.unwrap().unwrap()
    }
}

/// The reference number on a page.
fn reference_on(page: &Seen) -> String {
    let start = page.body.find("GAI-").unwrap();
    page.body[start..start + "GAI-7K3M-Q2X9".len()].to_owned()
}

/// A service that takes events.
async fn service_with_events(world: &World) -> ClientId {
    let id = ClientId::parse("events").unwrap();
    let client_id = id.clone();
    let insert = world.store.write(move |tx| {
        let mut settings = ClientSettings::named("Service");
        settings.event_endpoint = "https://service.example/events".parse().ok();
        let new = NewClient {
            id: &id,
            settings: &settings,
            credential: &Credential::default(),
            source: Source::CommandLine,
            source_digest: None,
        };
        clients::insert(tx, &new)
    });
    insert.await.unwrap();
    client_id
}
