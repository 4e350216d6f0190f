//! Whoever reads mail at an account's address stops a change of it, or has it undone.

use storage::support_tasks;

use super::super::world::{HOUR, on_both};
use super::*;
use crate::accounts::address_change::apply_due;
use crate::support::{Case, Opening, Settlement, settle};

/// Ada's account, whose address is to become Eve's: staff were talked into it.
async fn planned(world: &World) -> (UserId, String) {
    let ada = world.account_of(OLD).await;
    let (journey, user_id) = (world.journey.clone(), ada.clone());
    let settled = world.store.write(move |tx| {
        let new = EmailAddress::parse(NEW).unwrap();
        let case = Case::LostAddress {
            lost: EmailAddress::parse(OLD).unwrap(),
            new: new.clone(),
        };
        let opening = Opening {
            user_id: Some(&user_id),
            client_id: None,
            contact: &new,
            case: &case,
        };
        let reference = support::open(tx, &journey, &opening)?;
        settle(tx, &journey, &reference, &Settlement::ApplyAddress)
    });
    assert_eq!(settled.await.unwrap(), Ok(()));
    let link = freeze_link(&world.news().await);
    (ada, link)
}

/// The same, and the notice is over.
async fn applied(world: &World) -> (UserId, String) {
    let (ada, link) = planned(world).await;
    world.clock.advance(48 * HOUR);
    apply_due(&world.journey).await.unwrap();
    assert_eq!(world.user(&ada).await.unwrap().email.as_typed(), NEW);
    let again = freeze_link(&world.news().await);
    assert_eq!(again, link, "every mail about a change has the same link");
    (ada, link)
}

/// The path of the link in the mail to the old address.
pub(super) fn freeze_link(news: &[(String, News)]) -> String {
    let link = news.iter().find_map(|(to, news)| match news {
        News::AddressChangePlanned(email) if to == OLD => Some(&email.freeze_link),
        News::AddressReplaced(email) if to == OLD => Some(&email.freeze_link),
        _ => None,
    });
    let link = link.unwrap().reveal();
    link.strip_prefix("https://identity.example")
        .unwrap()
        .to_owned()
}

impl World {
    /// Opens a link in a browser that has nothing of ours.
    async fn opens(&self, link: &str) -> Seen {
        let tab = self.tab().await.without_cookies();
        self.open(&tab, link).await
    }

    /// Presses its button.
    pub(super) async fn presses(&self, link: &str) -> Seen {
        let tab = self.tab().await.without_cookies();
        self.post_bare(&tab, link, &[]).await
    }
}

#[actix_web::test]
async fn opening_the_link_changes_nothing_and_its_button_stops_the_change() {
    on_both(async |world| {
        let (ada, link) = planned(&world).await;
        for _ in 0..3 {
            let page = world.opens(&link).await;
            page.shows(200, "Stop the change of your email address");
            assert!(!page.body.contains(OLD) && !page.body.contains(NEW));
        }
        assert_eq!(world.events(EventKind::AddressChangeFrozen).await, 0);

        let pressed = world.presses(&link).await;

        pressed.shows(200, "The change was stopped");
        let reference = reference_on(&pressed);
        world.clock.advance(90 * 24 * HOUR);
        apply_due(&world.journey).await.unwrap();
        assert_eq!(world.user(&ada).await.unwrap().email.as_typed(), OLD);
        let task = world.task(&reference).await;
        assert_eq!(task.user_id, Some(ada));
        assert_eq!(task.case.kind(), "change_frozen");
        assert_eq!(task.contact.as_typed(), OLD);
        let news = world.news().await;
        assert_eq!(news.len(), 1);
        assert_eq!(news[0].0, OLD);
    })
    .await;
}

#[actix_web::test]
async fn a_second_press_says_that_it_was_stopped_already() {
    on_both(async |world| {
        let (_, link) = planned(&world).await;
        world.presses(&link).await;
        world.news().await;

        let again = world.presses(&link).await;

        again.shows(200, "The change was stopped already");
        assert!(!again.body.contains("GAI-"));
        world
            .opens(&link)
            .await
            .shows(200, "The change was stopped already");
        assert_eq!(world.events(EventKind::AddressChangeFrozen).await, 1);
        assert_eq!(world.news().await, []);
    })
    .await;
}

#[actix_web::test]
async fn a_change_that_happened_is_undone_and_whoever_came_in_by_it_is_out() {
    on_both(async |world| {
        let (ada, link) = applied(&world).await;
        let eve = Person::arrives(&world, NEW, profile()).await;
        assert_eq!(eve.user_id, ada, "she is in");
        let asked = eve.open("/details/name").await;
        asked.shows(200, "<form");
        // Another sign-in of hers by a code, on its way to a service.
        let under_way = world.tab_asking(|requirements| requirements.details = profile());
        let under_way = under_way.await;
        world.enter_email(&under_way, NEW).await;
        world.enter_code(&under_way, &world.mailbox.code()).await;

        world.opens(&link).await.shows(200, "Undo the change");
        let pressed = world.presses(&link).await;

        pressed.shows(200, "The change was stopped");
        assert_eq!(world.user(&ada).await.unwrap().email.as_typed(), OLD);
        assert_eq!(world.owner_of(NEW).await, None);
        let seen = world.open(&eve.tab, "/details/name").await;
        seen.goes_to(eve.tab.url("/sign-in/email"));
        let seen = world.open(&under_way, "/details/name").await;
        seen.goes_to(under_way.return_to());
        for tab in [&eve.tab, &under_way] {
            assert_eq!(world.signed_in(tab).await, None);
        }
        let again = Person {
            tab: world
                .tab_of(eve.tab.browser.clone(), eve.tab.session.clone(), |_| {})
                .await,
            world: &world,
            user_id: ada,
        };
        let seen = again.open("/sign-in/email").await;
        seen.shows(200, "Enter your email address");
    })
    .await;
}

#[actix_web::test]
async fn joining_two_accounts_can_be_undone_by_the_address_that_was_given_up() {
    on_both(async |world| {
        let old = world.account_with_details(OLD, profile()).await;
        let person = Person::arrives(&world, NEW, profile()).await;
        person.is("Ada", "Lovelace").await;
        person
            .proves_the_account_on("/details/existing-account")
            .await;
        person.keeps("this").await;
        let link = freeze_link(&world.news().await);

        world
            .presses(&link)
            .await
            .shows(200, "The change was stopped");

        assert_eq!(world.user(&old).await.unwrap().email.as_typed(), OLD);
        assert_eq!(world.owner_of(NEW).await, None);
        assert_eq!(person.open("/sign-in/email").await.status, 303);
    })
    .await;
}

#[actix_web::test]
async fn an_account_that_the_old_address_made_meanwhile_becomes_one_with_the_one_it_gets_back() {
    on_both(async |world| {
        let (ada, link) = applied(&world).await;
        let meanwhile = world.account_of(OLD).await;
        assert_ne!(meanwhile, ada);

        world
            .presses(&link)
            .await
            .shows(200, "The change was stopped");

        assert_eq!(world.owner_of(OLD).await, Some(ada));
        assert_eq!(world.user(&meanwhile).await, None);
    })
    .await;
}

#[actix_web::test]
async fn of_many_presses_at_once_one_stops_the_change() {
    on_both(async |world| {
        let (ada, link) = applied(&world).await;

        let presses = (0..8).map(|_| world.presses(&link));
        let seen = futures::future::join_all(presses).await;

        assert!(seen.iter().all(|seen| seen.status == 200));
        let first = seen.iter().filter(|seen| seen.body.contains("GAI-"));
        assert_eq!(first.count(), 1);
        assert_eq!(world.events(EventKind::AddressChangeFrozen).await, 1);
        assert_eq!(world.user(&ada).await.unwrap().email.as_typed(), OLD);
        let open = world.store.read(|tx| support_tasks::list(tx, 10));
        assert_eq!(open.await.unwrap().len(), 1);
    })
    .await;
}

#[actix_web::test]
async fn after_its_time_a_link_undoes_nothing() {
    on_both(async |world| {
        let (ada, link) = applied(&world).await;
        world.clock.advance(48 * HOUR);

        world
            .opens(&link)
            .await
            .shows(410, "This link no longer works");
        world
            .presses(&link)
            .await
            .shows(410, "This link no longer works");

        assert_eq!(world.user(&ada).await.unwrap().email.as_typed(), NEW);
    })
    .await;
}

#[actix_web::test]
async fn what_is_no_link_of_ours_says_so_and_nothing_more() {
    on_both(async |world| {
        let (ada, _) = planned(&world).await;
        let guessed = SecretKind::FreezeLink.mint(&SystemEntropy);
        let foreign = SecretKind::EmailLink.mint(&SystemEntropy);

        for token in [
            guessed.reveal().as_str(),
            foreign.reveal(),
            "gai_fl_",
            "x",
            &"a".repeat(5_000),
        ] {
            let link = format!("/address-change/freeze/{token}");
            world
                .opens(&link)
                .await
                .shows(410, "This link no longer works");
            world
                .presses(&link)
                .await
                .shows(410, "This link no longer works");
        }

        assert_eq!(world.events(EventKind::AddressChangeFrozen).await, 0);
        world.clock.advance(48 * HOUR);
        apply_due(&world.journey).await.unwrap();
        assert_eq!(world.user(&ada).await.unwrap().email.as_typed(), NEW);
    })
    .await;
}
