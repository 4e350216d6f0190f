//! What people see of their account, and how they come and go.

use model::browser_session::Amr;

use super::world::{HOUR, ISSUER, MINUTE, Person, on_both};
use crate::passkey_name;
use crate::routes::{CHANGE, OVERVIEW, SECOND_FACTOR, SERVICES};

#[actix_web::test]
async fn somebody_who_is_signed_in_sees_their_account() {
    on_both(async |world| {
        let ada = world.person("ada@example.test").await;

        let seen = world.open(&ada, OVERVIEW).await;

        assert_eq!(seen.status, 200);
        assert!(seen.body.contains("ada@example.test"));
        assert!(seen.body.contains(">Off<"));
        assert!(seen.body.contains("/end-session"));
    })
    .await;
}

#[actix_web::test]
async fn looking_at_the_account_keeps_the_session_from_ending() {
    on_both(async |world| {
        let ada = world.person("ada@example.test").await;

        for _ in 0..3 {
            world.clock.advance(59 * MINUTE);
            assert_eq!(world.open(&ada, OVERVIEW).await.status, 200);
        }
        world.clock.advance(HOUR);
        assert_eq!(world.open(&ada, OVERVIEW).await.status, 303);
    })
    .await;
}

#[actix_web::test]
async fn a_stranger_signs_in_and_comes_back_to_the_page_they_opened() {
    on_both(async |world| {
        for page in [OVERVIEW, SECOND_FACTOR, SERVICES] {
            let asked = world.open(&Person::nobody(), page).await;
            let departure = asked.departure();

            assert_eq!(departure.get("client_id"), "account");
            assert_eq!(departure.get("response_type"), "code");
            assert_eq!(departure.get("scope"), "openid email");
            assert_eq!(departure.get("code_challenge_method"), "S256");
            assert_eq!(departure.get("max_age"), "");
            let redirect_uri = format!("{ISSUER}/account/signed-in");
            assert_eq!(departure.get("redirect_uri"), redirect_uri);
            let [cookie] = asked.cookies()[..] else {
                panic!("one cookie: {:?}", asked.cookies())
            };
            assert!(cookie.starts_with("__Host-browser=gai_br_"));
            assert!(cookie.ends_with("; Path=/; HttpOnly; SameSite=Lax; Secure"));
        }
    })
    .await;
}

#[actix_web::test]
async fn who_comes_back_from_signing_in_sees_the_page_and_no_news() {
    on_both(async |world| {
        let ada = world.person("ada@example.test").await;
        for page in [OVERVIEW, SECOND_FACTOR, SERVICES] {
            let departure = world.open(&ada.signed_out(), page).await.departure();

            let back = world.authorized(&ada, &departure).await;

            assert_eq!(world.open(&ada, &back).await.location, page);
        }
    })
    .await;
}

#[actix_web::test]
async fn several_tabs_leave_and_come_back_in_any_order() {
    on_both(async |world| {
        let ada = world.person("ada@example.test").await;
        let one = world.open(&ada.signed_out(), OVERVIEW).await.departure();
        let two = world.open(&ada, &change("set_up_app")).await.departure();

        let back_of_two = world.authorized(&ada, &two).await;
        let back_of_one = world.authorized(&ada, &one).await;

        let shown = world.open(&ada, &back_of_two).await;
        assert!(
            shown.location.contains("done=app-set-up"),
            "{}",
            shown.location
        );
        assert_eq!(world.open(&ada, &back_of_one).await.location, OVERVIEW);
    })
    .await;
}

#[actix_web::test]
async fn every_change_is_asked_for_anew_and_told_of_when_it_is_done() {
    on_both(async |world| {
        let ada = world.person("ada@example.test").await;
        for (action, news) in [
            ("set_up_app", "Your authenticator app is set up"),
            ("set_up_passkey", "Your passkey is set up"),
            ("remove_app", "Your authenticator app has been removed"),
            (
                "remove_passkey:0190a5e0-7d1c",
                "Your passkey has been removed",
            ),
            ("new_recovery_codes", "You have new recovery codes"),
        ] {
            let departure = world.open(&ada, &change(action)).await.departure();
            assert_eq!(departure.get("action"), action);
            assert_eq!(departure.get("max_age"), "900");

            let back = world.authorized(&ada, &departure).await;
            let shown = world.open(&ada, &back).await;
            let page = world.open(&ada, &shown.location).await;

            assert_eq!(page.status, 200);
            assert!(page.body.contains(news), "{action}");
        }
    })
    .await;
}

#[actix_web::test]
async fn a_change_that_nobody_knows_is_not_found() {
    on_both(async |world| {
        let ada = world.person("ada@example.test").await;

        for action in [
            "",
            "remove_everything",
            "remove_passkey:",
            "remove_passkey:a b",
        ] {
            assert_eq!(
                world.open(&ada, &change(action)).await.status,
                404,
                "{action}"
            );
        }
    })
    .await;
}

#[actix_web::test]
async fn who_gives_up_goes_back_to_what_they_saw() {
    on_both(async |world| {
        let ada = world.person("ada@example.test").await;
        let departure = world.open(&ada, &change("remove_app")).await.departure();
        let back = format!(
            "/account/signed-in?error=access_denied&state={}",
            departure.get("state")
        );

        let seen = world.open(&ada, &back).await;
        let signed_out = world.open(&ada.signed_out(), &back).await;

        assert_eq!(seen.location, SECOND_FACTOR);
        assert_eq!(signed_out.status, 200);
        assert!(signed_out.body.contains("You have not signed in"));
    })
    .await;
}

#[actix_web::test]
async fn a_reload_of_the_way_back_leads_to_the_page() {
    on_both(async |world| {
        let ada = world.person("ada@example.test").await;
        let departure = world.open(&ada, &change("set_up_app")).await.departure();
        let back = world.authorized(&ada, &departure).await;
        world.open(&ada, &back).await;

        let again = world.open(&ada, &back).await;

        assert_eq!(again.location, SECOND_FACTOR);
    })
    .await;
}

#[actix_web::test]
async fn every_factor_is_shown_with_its_dates_and_what_can_be_done_with_it() {
    on_both(async |world| {
        let ada = world
            .person_signed_in("ada@example.test", Some(Amr::Otp))
            .await;
        let id = world.add_passkey(&ada, "Work laptop").await;
        world.add_app(&ada, 2).await;

        let seen = world.open(&ada, SECOND_FACTOR).await;

        for shown in [
            ">On<",
            "Work laptop",
            "Added ",
            "Not used yet",
            "Authenticator app",
            "You have 2 recovery codes left. Get new ones now.",
            &format!("/account/second-factor/passkeys/{id}"),
            &format!("action&#x3D;remove_passkey%3A{id}"),
            "action&#x3D;remove_app",
            "action&#x3D;new_recovery_codes",
        ] {
            assert!(seen.body.contains(shown), "{shown}: {}", seen.body);
        }
    })
    .await;
}

#[actix_web::test]
async fn a_passkey_is_renamed() {
    on_both(async |world| {
        let ada = world
            .person_signed_in("ada@example.test", Some(Amr::Hwk))
            .await;
        let page = passkey_name::url(&world.add_passkey(&ada, "Work laptop").await);
        let form = world.open(&ada, &page).await;
        assert!(form.body.contains("value=\"Work laptop\""));

        let typed = [("csrf", form.csrf()), ("passkey-name", "  Ada’s  phone ")];
        let done = world.post(&ada, &page, &typed).await;

        assert_eq!(world.names(&ada).await, ["Ada’s phone"]);
        let shown = world.open(&ada, &done.location).await;
        assert!(shown.body.contains("Your passkey has a new name"));
    })
    .await;
}

#[actix_web::test]
async fn a_name_that_is_none_is_refused_in_words_and_stays_as_it_was_typed() {
    on_both(async |world| {
        let ada = world
            .person_signed_in("ada@example.test", Some(Amr::Hwk))
            .await;
        let page = passkey_name::url(&world.add_passkey(&ada, "Work laptop").await);
        let form = world.open(&ada, &page).await;
        let long = "x".repeat(61);

        for (typed, words) in [
            (" ", "Enter a name for this passkey"),
            (&long, "Name for this passkey must be 60 characters or less"),
        ] {
            let filled = [("csrf", form.csrf()), ("passkey-name", typed)];
            let refused = world.post(&ada, &page, &filled).await;

            assert_eq!(refused.status, 400);
            assert!(refused.body.contains(words), "{}", refused.body);
            assert!(refused.body.contains(&format!("value=\"{typed}\"")));
            assert!(refused.body.contains("<title>Error: "));
            assert_eq!(refused.csrf(), form.csrf());
        }
        assert_eq!(world.names(&ada).await, ["Work laptop"]);
    })
    .await;
}

/// Where a change begins.
pub(super) fn change(action: &str) -> String {
    let pairs = [("action".to_owned(), action.to_owned())];
    let query: model::raw_pairs::RawPairs = pairs.into_iter().collect();
    format!("{CHANGE}?{}", query.to_query())
}
