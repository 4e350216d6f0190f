//! With which services people share, how they stop, how they go there, and what others try.

use model::client::ConsentPolicy;
use model::event::EventKind;
use url::Url;

use super::world::{ISSUER, Person, World, on_both};
use crate::routes::{GO_TO, OVERVIEW, SERVICES, STOP};

fn stop_page(client: &str) -> String {
    format!("{STOP}?client_id={client}")
}

async fn stop(world: &World, person: &Person, client: &str, csrf: &str) -> super::world::Seen {
    let form = [("csrf", csrf), ("action", "stop")];
    world.post(person, &stop_page(client), &form).await
}

/// The token of the form that Ada would send.
async fn csrf(world: &World, person: &Person, client: &str) -> String {
    let page = world.open(person, &stop_page(client)).await;
    assert_eq!(page.status, 200, "{}", page.body);
    page.csrf().to_owned()
}

#[actix_web::test]
async fn people_see_what_each_service_gets_and_since_when() {
    on_both(async |world| {
        let ada = world.person("ada@example.test").await;
        world.client("npq/one", "Register for an NPQ", |_| ()).await;
        world.client("unused", "Nobody goes there", |_| ()).await;
        world.agree(&ada, "npq/one", "openid email").await;
        world.grant(&ada, "npq/one", "openid trn").await;

        let seen = world.open(&ada, SERVICES).await;

        assert_eq!(seen.status, 200);
        for told in [
            "Register for an NPQ",
            "recognise you when you come back",
            "see your email address",
            "see your teacher reference number (TRN)",
            "You agreed",
            "Last signed in",
            "/account/services/stop?client_id&#x3D;npq%2Fone",
        ] {
            assert!(seen.body.contains(told), "{told}: {}", seen.body);
        }
        for not_told in ["National Insurance", "Nobody goes there", "Go to service"] {
            assert!(!seen.body.contains(not_told), "{not_told}");
        }
        assert!(world.open(&ada, OVERVIEW).await.body.contains(SERVICES));
    })
    .await;
}

#[actix_web::test]
async fn claims_that_were_asked_for_by_name_are_told_too() {
    on_both(async |world| {
        let ada = world.person("ada@example.test").await;
        world.client("npq", "Register for an NPQ", |_| ()).await;
        world.grant_naming(&ada, "npq", "openid", "ni_number").await;

        let seen = world.open(&ada, SERVICES).await;

        assert!(seen.body.contains("see your National Insurance number"));
        assert!(!seen.body.contains("see your email address"));
    })
    .await;
}

#[actix_web::test]
async fn who_shares_with_nobody_is_told_so_and_the_account_itself_is_no_service() {
    on_both(async |world| {
        let ada = world.person("ada@example.test").await;
        world
            .client("account", "Get an identity account", |_| ())
            .await;
        world.grant(&ada, "account", "openid email").await;

        let seen = world.open(&ada, SERVICES).await;

        assert!(seen.body.contains("No service can see your information"));
    })
    .await;
}

#[actix_web::test]
async fn a_person_stops_sharing_and_is_told_so_once() {
    on_both(async |world| {
        let ada = world.person("ada@example.test").await;
        world
            .client("npq", "Register for an NPQ", |settings| {
                settings.consent = ConsentPolicy::Ask;
            })
            .await;
        world.agree(&ada, "npq", "openid offline_access").await;
        let grant = world.grant(&ada, "npq", "openid offline_access").await;

        let page = world.open(&ada, &stop_page("npq")).await;
        assert!(page.body.contains("Stop sharing with Register for an NPQ?"));
        assert!(page.body.contains("we will ask you first"));
        let done = stop(&world, &ada, "npq", page.csrf()).await;

        assert_eq!(done.status, 303);
        assert!(
            done.location
                .starts_with("/account/services?done=sharing-stopped&proof=")
        );
        let told = world.open(&ada, &done.location).await;
        assert!(told.body.contains("You have stopped sharing"));
        assert!(told.body.contains("No service can see"));
        assert!(!world.is_live(&grant).await);
        assert_eq!(world.events(EventKind::SharingStopped).await, 1);

        // A second press of the button changes nothing, and says the same.
        let again = stop(&world, &ada, "npq", page.csrf()).await;
        assert_eq!(again.location, done.location);
        assert_eq!(world.events(EventKind::SharingStopped).await, 1);
    })
    .await;
}

#[actix_web::test]
async fn who_stops_sharing_with_one_of_our_own_services_learns_that_it_is_not_for_ever() {
    on_both(async |world| {
        let ada = world.person("ada@example.test").await;
        world.client("npq", "Register for an NPQ", |_| ()).await;
        world.grant(&ada, "npq", "openid").await;

        let page = world.open(&ada, &stop_page("npq")).await;

        assert!(
            page.body
                .contains("you will share this information with it again")
        );
    })
    .await;
}

#[actix_web::test]
async fn what_somebody_else_shares_is_neither_seen_nor_ended() {
    on_both(async |world| {
        let ada = world.person("ada@example.test").await;
        let eve = world.person("eve@example.test").await;
        world.client("npq", "Register for an NPQ", |_| ()).await;
        let grant = world.grant(&ada, "npq", "openid").await;
        let adas = csrf(&world, &ada, "npq").await;

        assert!(!world.open(&eve, SERVICES).await.body.contains("NPQ"));
        assert_eq!(world.open(&eve, &stop_page("npq")).await.status, 404);
        assert_eq!(stop(&world, &eve, "npq", &adas).await.status, 403);

        // Eve has a form of her own once she shares with the service too: it ends hers alone.
        world.grant(&eve, "npq", "openid").await;
        let eves = csrf(&world, &eve, "npq").await;
        assert_eq!(stop(&world, &eve, "npq", &eves).await.status, 303);
        assert!(world.is_live(&grant).await);
    })
    .await;
}

#[actix_web::test]
async fn a_form_from_elsewhere_ends_nothing() {
    on_both(async |world| {
        let ada = world.person("ada@example.test").await;
        world.client("npq", "Register for an NPQ", |_| ()).await;
        world.client("other", "Another", |_| ()).await;
        let grant = world.grant(&ada, "npq", "openid").await;
        world.grant(&ada, "other", "openid").await;
        let for_another = csrf(&world, &ada, "other").await;

        for forged in ["", "AA", &for_another] {
            let refused = stop(&world, &ada, "npq", forged).await;
            assert_eq!(refused.status, 403);
            assert!(refused.body.contains("Nothing has been changed"));
        }
        let own = csrf(&world, &ada, "npq").await;
        for form in [
            vec![("csrf", own.as_str())],
            vec![("csrf", &own), ("action", "go")],
            vec![("csrf", &own), ("action", "stop"), ("action", "stop")],
            vec![("csrf", &own), ("csrf", &own), ("action", "stop")],
        ] {
            let refused = world.post(&ada, &stop_page("npq"), &form).await;
            assert_eq!(refused.status, 400, "{form:?}");
        }
        let stranger = stop(&world, &ada.signed_out(), "npq", &own).await;
        assert_eq!(stranger.departure().get("client_id"), "account");
        assert!(world.is_live(&grant).await);
        assert_eq!(world.events(EventKind::SharingStopped).await, 0);
    })
    .await;
}

#[actix_web::test]
async fn a_link_from_outside_cannot_say_that_sharing_was_stopped() {
    on_both(async |world| {
        let ada = world.person("ada@example.test").await;

        let forged = format!("{SERVICES}?done=sharing-stopped&proof=AA");
        let seen = world.open(&ada, &forged).await;

        assert_eq!(seen.status, 200);
        assert!(!seen.body.contains("You have stopped sharing"));
    })
    .await;
}

#[actix_web::test]
async fn a_service_that_can_be_begun_from_here_is_told_who_we_are_and_nothing_of_the_person() {
    on_both(async |world| {
        let ada = world.person("ada@example.test").await;
        let initiate = |url: &'static str| {
            move |settings: &mut model::client::ClientSettings| {
                settings.initiate_login_uri = Url::parse(url).ok();
            }
        };
        let url = "https://service.example/login?from=here";
        world
            .client("npq", "Register for an NPQ", initiate(url))
            .await;
        world.grant(&ada, "npq", "openid email").await;
        let iss: String = form_urlencoded::byte_serialize(ISSUER.as_bytes()).collect();
        let expected = format!("{url}&iss={iss}")
            .replace('=', "&#x3D;")
            .replace("&iss", "&amp;iss");

        let listed = world.open(&ada, SERVICES).await;
        let opened = world
            .open(&Person::nobody(), &format!("{GO_TO}?client_id=npq"))
            .await;

        for page in [listed, opened] {
            assert_eq!(page.status, 200);
            let link = format!("href=\"{expected}\"");
            assert!(page.body.contains(&link), "{expected}: {}", page.body);
            assert!(!page.body.contains("login_hint"));
        }
    })
    .await;
}

/// The attack: a link that begins with our name leads on to somewhere else by itself.
#[actix_web::test]
async fn nobody_is_sent_on_to_a_service_without_pressing_its_name() {
    on_both(async |world| {
        world.client("plain", "Register for an NPQ", |_| ()).await;
        world
            .client("npq", "Register for an NPQ", |settings| {
                settings.initiate_login_uri = Url::parse("https://service.example/login").ok();
            })
            .await;
        let nobody = Person::nobody();

        let page = world.open(&nobody, &format!("{GO_TO}?client_id=npq")).await;
        assert_eq!((page.status, page.location.as_str()), (200, ""));
        assert!(page.body.contains("service.example"));
        for nowhere in [
            "",
            "?client_id=",
            "?client_id=plain",
            "?client_id=unknown",
            "?client_id=npq&client_id=npq",
            "?client_id=https://evil.example",
        ] {
            let missing = world.open(&nobody, &format!("{GO_TO}{nowhere}")).await;
            assert_eq!(missing.status, 404, "{nowhere}");
        }
        world.disable("npq").await;
        let disabled = world.open(&nobody, &format!("{GO_TO}?client_id=npq")).await;
        assert_eq!(disabled.status, 404);
    })
    .await;
}
