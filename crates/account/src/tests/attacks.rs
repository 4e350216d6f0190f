//! What others try with somebody's account, and what comes of it.

use model::browser_session::Amr;

use super::pages::change;
use super::world::{MINUTE, Person, World, on_both};
use crate::passkey_name;
use crate::routes::{OVERVIEW, SECOND_FACTOR};

/// Whether somebody came back to nothing.
fn is_refused(seen: &super::world::Seen) -> bool {
    seen.status == 400 && seen.body.contains("We cannot continue from this page")
}

#[actix_web::test]
async fn a_forged_state_brings_nobody_back() {
    on_both(async |world| {
        let ada = world.person("ada@example.test").await;
        let departure = world.open(&ada, &change("set_up_app")).await.departure();
        let back = world.authorized(&ada, &departure).await;
        let state = departure.get("state");

        for forged in [
            back.replace(&state, &state.replace("app-set-up", "app-removed")),
            back.replace(&state, "app-set-up"),
            back.replace(&format!("&state={state}"), ""),
            back.replace(&state, ""),
        ] {
            assert_ne!(forged, back);
            assert!(is_refused(&world.open(&ada, &forged).await), "{forged}");
        }
        let twice = world.open(&ada, &format!("{back}&state={state}")).await;
        assert_eq!(twice.status, 400);
    })
    .await;
}

#[actix_web::test]
async fn a_state_that_was_used_tells_no_news_again() {
    on_both(async |world| {
        let ada = world.person("ada@example.test").await;
        let departure = world.open(&ada, &change("set_up_app")).await.departure();
        let back = world.authorized(&ada, &departure).await;
        world.open(&ada, &back).await;
        let other = world.open(&ada, &change("set_up_app")).await.departure();
        let other_code = world.authorized(&ada, &other).await;

        let replayed = world.open(&ada, &back).await;
        let with_another_code = other_code.replace(&other.get("state"), &departure.get("state"));
        let with_another_code = world.open(&ada, &with_another_code).await;

        assert_eq!(replayed.location, SECOND_FACTOR);
        assert!(is_refused(&with_another_code));
    })
    .await;
}

#[actix_web::test]
async fn a_state_of_long_ago_is_over() {
    on_both(async |world| {
        let ada = world.person("ada@example.test").await;
        let departure = world.open(&ada, &change("set_up_app")).await.departure();
        world.clock.advance(59 * MINUTE);
        assert_eq!(world.open(&ada, OVERVIEW).await.status, 200);
        world.clock.advance(2 * MINUTE);

        let back = world.authorized(&ada, &departure).await;

        assert!(is_refused(&world.open(&ada, &back).await));
    })
    .await;
}

#[actix_web::test]
async fn the_way_back_of_one_browser_is_worth_nothing_in_another() {
    on_both(async |world| {
        let (ada, eve) = (
            world.person("ada@example.test").await,
            world.person("eve@example.test").await,
        );
        let departure = world.open(&ada, &change("set_up_app")).await.departure();
        let back = world.authorized(&ada, &departure).await;

        assert!(is_refused(&world.open(&eve, &back).await));
        assert!(is_refused(
            &world.open(&ada.in_browser_of(&eve), &back).await
        ));
        assert!(is_refused(&world.open(&Person::nobody(), &back).await));
        // It was not used up by them.
        let shown = world.open(&ada, &back).await;
        assert!(shown.location.contains("done=app-set-up"));
    })
    .await;
}

#[actix_web::test]
async fn a_code_of_somebody_else_signs_nobody_in_and_tells_no_news() {
    on_both(async |world| {
        let (ada, eve) = (
            world.person("ada@example.test").await,
            world.person("eve@example.test").await,
        );
        let of_ada = world.open(&ada, &change("set_up_app")).await.departure();
        let of_eve = world.open(&eve, &change("set_up_app")).await.departure();

        // Eve's own way back; her code with Ada's state; her code for all that Ada left with.
        let hers = world.authorized(&eve, &of_eve).await;
        let mixed = world.authorized(&eve, &of_eve).await;
        let mixed = mixed.replace(&of_eve.get("state"), &of_ada.get("state"));
        let stolen = world.authorized(&eve, &of_ada).await;

        for back in [hers, mixed, stolen] {
            let seen = world.open(&ada, &back).await;
            assert!(is_refused(&seen), "{back}");
            assert!(seen.cookies().is_empty());
        }
        assert_still_hers(&world, &ada, "ada@example.test").await;
    })
    .await;
}

async fn assert_still_hers(world: &World, person: &Person, address: &str) {
    let seen = world.open(person, OVERVIEW).await;
    assert!(seen.body.contains(address), "{}", seen.body);
}

#[actix_web::test]
async fn a_code_that_nobody_issued_is_worth_nothing() {
    on_both(async |world| {
        let ada = world.person("ada@example.test").await;
        let state = world.open(&ada, &change("set_up_app")).await.departure();
        let foreign = format!(
            "/account/signed-in?code=gai_ac_{}&state={}",
            "A".repeat(43),
            state.get("state")
        );

        assert!(is_refused(&world.open(&ada, &foreign).await));
    })
    .await;
}

#[actix_web::test]
async fn a_session_that_ended_shows_and_changes_nothing() {
    on_both(async |world| {
        let ada = world
            .person_signed_in("ada@example.test", Some(Amr::Hwk))
            .await;
        let page = passkey_name::url(&world.add_passkey(&ada, "Work laptop").await);
        let form = world.open(&ada, &page).await;
        let departure = world.open(&ada, &change("remove_app")).await.departure();
        let back = world.authorized(&ada, &departure).await;
        world.sign_out(&ada).await;

        for path in [OVERVIEW, SECOND_FACTOR, &page] {
            world.open(&ada, path).await.departure();
        }
        let filled = [("csrf", form.csrf()), ("passkey-name", "Mine")];
        world.post(&ada, &page, &filled).await.departure();

        assert_eq!(world.names(&ada).await, ["Work laptop"]);
        assert!(is_refused(&world.open(&ada, &back).await));
    })
    .await;
}

#[actix_web::test]
async fn a_session_with_one_factor_sees_nothing_of_an_account_that_has_two() {
    on_both(async |world| {
        let thief = world.person("ada@example.test").await;
        let page = passkey_name::url(&world.add_passkey(&thief, "Work laptop").await);

        for path in [OVERVIEW, SECOND_FACTOR, &page] {
            let seen = world.open(&thief, path).await;
            seen.departure();
            assert!(!seen.body.contains("ada@example.test"));
        }
        world
            .post(&thief, &page, &[("passkey-name", "Mine")])
            .await
            .departure();
        assert_eq!(world.names(&thief).await, ["Work laptop"]);

        let ada = world
            .person_signed_in("ada@example.test", Some(Amr::Hwk))
            .await;
        assert_eq!(world.open(&ada, SECOND_FACTOR).await.status, 200);
    })
    .await;
}

#[actix_web::test]
async fn nobody_sees_or_renames_a_passkey_of_somebody_else() {
    on_both(async |world| {
        let ada = world
            .person_signed_in("ada@example.test", Some(Amr::Hwk))
            .await;
        let eve = world
            .person_signed_in("eve@example.test", Some(Amr::Hwk))
            .await;
        let of_ada = world.add_passkey(&ada, "Work laptop").await;
        let of_eve = world.add_passkey(&eve, "Eve’s").await;
        let page = passkey_name::url(&of_ada);
        let form = world.open(&eve, &passkey_name::url(&of_eve)).await;
        // A token that Eve's session would be given for that path, were it hers.
        let token = crate::csrf::token(&world.account.keyring, &eve.secret(), &of_ada);

        assert_eq!(world.open(&eve, &page).await.status, 404);
        for csrf in [form.csrf(), &token] {
            let seen = world
                .post(&eve, &page, &[("csrf", csrf), ("passkey-name", "Mine")])
                .await;
            assert!([403, 404].contains(&seen.status));
        }
        assert_eq!(world.names(&ada).await, ["Work laptop"]);
        assert_eq!(world.names(&eve).await, ["Eve’s"]);
    })
    .await;
}

#[actix_web::test]
async fn a_form_of_another_site_renames_nothing() {
    on_both(async |world| {
        let ada = world
            .person_signed_in("ada@example.test", Some(Amr::Hwk))
            .await;
        let eve = world.person("eve@example.test").await;
        let (id, other) = (
            world.add_passkey(&ada, "Work laptop").await,
            world.add_passkey(&ada, "Phone").await,
        );
        let page = passkey_name::url(&id);
        let of_eve = crate::csrf::token(&world.account.keyring, &eve.secret(), &id);
        let of_other = world.open(&ada, &passkey_name::url(&other)).await;

        for form in [
            &[("passkey-name", "Mine")][..],
            &[("csrf", ""), ("passkey-name", "Mine")],
            &[("csrf", &of_eve), ("passkey-name", "Mine")],
            &[("csrf", of_other.csrf()), ("passkey-name", "Mine")],
        ] {
            let seen = world.post(&ada, &page, form).await;
            assert_eq!(seen.status, 403, "{form:?}");
            assert!(seen.body.contains("Nothing has been changed"));
        }
        assert_eq!(world.names(&ada).await, ["Phone", "Work laptop"]);
    })
    .await;
}

#[actix_web::test]
async fn no_page_can_be_framed() {
    on_both(async |world| {
        let ada = world
            .person_signed_in("ada@example.test", Some(Amr::Hwk))
            .await;
        let page = passkey_name::url(&world.add_passkey(&ada, "Work laptop").await);

        for path in [OVERVIEW, SECOND_FACTOR, &page, "/account/signed-in"] {
            let seen = world.open(&ada, path).await;
            let policy = seen.headers.get("content-security-policy").unwrap();
            assert!(
                policy.to_str().unwrap().contains("frame-ancestors 'none'"),
                "{path}"
            );
            assert_eq!(
                seen.headers.get("cache-control").unwrap(),
                "no-store",
                "{path}"
            );
        }
    })
    .await;
}

#[actix_web::test]
async fn a_link_from_outside_tells_no_news() {
    on_both(async |world| {
        let (ada, eve) = (
            world.person("ada@example.test").await,
            world.person("eve@example.test").await,
        );
        let departure = world.open(&eve, &change("remove_app")).await.departure();
        let back = world.authorized(&eve, &departure).await;
        let of_eve = world.open(&eve, &back).await.location;

        for link in [
            of_eve.as_str(),
            "/account/second-factor?done=app-removed",
            "/account/second-factor?done=app-removed&proof=",
        ] {
            let seen = world.open(&ada, link).await;
            assert_eq!(seen.status, 200);
            assert!(!seen.body.contains("has been removed"), "{link}");
        }
        assert!(
            world
                .open(&eve, &of_eve)
                .await
                .body
                .contains("has been removed")
        );
    })
    .await;
}

#[actix_web::test]
async fn nothing_personal_leaves_in_an_address() {
    on_both(async |world| {
        let ada = world
            .person_signed_in("ada@example.test", Some(Amr::Hwk))
            .await;
        let id = world.add_passkey(&ada, "Ada Lovelace").await;

        let removal = change(&format!("remove_passkey:{id}"));
        for path in [removal.as_str(), &change("set_up_app")] {
            let seen = world.open(&ada, path).await;
            for personal in ["ada", "Lovelace", ada.id.as_str(), &ada.sid] {
                assert!(!seen.location.contains(personal), "{}", seen.location);
            }
        }
    })
    .await;
}
