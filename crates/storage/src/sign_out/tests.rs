use std::time::Duration;

use model::authorization_code::{AuthorizationCode, Grant};

use super::*;
use crate::authorization_codes::Redemption;
use crate::browser_sessions::{NewSession, Opened, SessionLifetimes};
use crate::purge::{RETENTION, purge};
use crate::samples::{
    DAY, HOUR, MINUTE, authentication_of, client_id, digest, ended, grant, scope, seal,
    with_account, write,
};
use crate::testing::{START, on_both_databases};
use crate::unit_of_work::Store;

const LIFETIMES: SessionLifetimes = SessionLifetimes {
    idle: Duration::from_secs(30 * 24 * 60 * 60),
    absolute: Duration::from_secs(30 * 24 * 60 * 60),
};

fn opened(store: &Store, user: &'static str, presented: Option<&'static str>) -> Opened {
    let opened = write(store, move |tx| {
        let new = NewSession {
            secret: digest(user),
            sid: format!("sid of {user}"),
            authentication: authentication_of(user, tx.now()),
            selected_at: tx.now(),
        };
        let presented = presented.map(digest);
        browser_sessions::open(tx, &new, presented.as_ref(), LIFETIMES)
    });
    opened.unwrap()
}

/// Ada is signed in and has used two services and a code.
fn with_a_session(store: &Store) {
    with_account(store, "ada");
    opened(store, "ada", None);
    write(store, |tx| {
        let granted = |id: &str, client: &str, scopes: &str| Grant {
            client_id: client_id(client),
            sid: "sid of ada".to_owned(),
            scope: scope(scopes),
            ..grant(id, START)
        };
        let ends = tx.now().plus(HOUR);
        grants::insert(tx, &granted("online", "demo", "openid"), ends)?;
        grants::insert(
            tx,
            &granted("offline", "away", "openid offline_access"),
            ends,
        )?;
        let code = AuthorizationCode {
            grant: granted("to come", "demo", "openid"),
            redirect_uri: String::new(),
            code_challenge: None,
            dpop_jkt: None,
            nonce: None,
        };
        authorization_codes::insert(tx, &digest("code"), &code, tx.now().plus(MINUTE))
    });
}

fn signed_out(store: &Store) -> Option<SignedOut> {
    write(store, |tx| {
        let (keyring, entropy) = seal();
        sign_out(tx, &keyring, &entropy, &digest("ada"))
    })
}

fn is_live(store: &Store, id: &'static str) -> bool {
    write(store, move |tx| grants::find(tx, id)).is_some()
}

#[test]
fn a_session_ends_once_with_its_codes_and_grants_but_not_what_may_outlive_it() {
    on_both_databases(|store, _| {
        with_a_session(store);

        let first = signed_out(store);
        let second = signed_out(store);

        let expected = SignedOut {
            session: ended("ada", "sid of ada"),
            clients: vec![client_id("away"), client_id("demo")],
        };
        assert_eq!((first, second), (Some(expected), None));
        assert!(!is_live(store, "online"));
        assert!(is_live(store, "offline"));
        let redeemed = write(store, |tx| {
            authorization_codes::redeem(tx, &digest("code"), &client_id("demo"))
        });
        assert_eq!(redeemed, Redemption::Expired);
    });
}

#[test]
fn another_person_who_signs_in_in_the_same_browser_has_the_first_ones_session_end_whole() {
    on_both_databases(|store, _| {
        with_a_session(store);
        with_account(store, "bob");

        let bobs = opened(store, "bob", Some("ada"));
        assert_eq!(bobs.replaced, Some(ended("ada", "sid of ada")));
        let clients = write(store, |tx| {
            let (keyring, entropy) = seal();
            close(tx, &keyring, &entropy, &ended("ada", "sid of ada"))
        });

        assert_eq!(clients, [client_id("away"), client_id("demo")]);
        assert!(!is_live(store, "online"));
        assert_eq!(opened(store, "bob", Some("bob")).replaced, None);
    });
}

#[test]
fn the_clients_of_a_session_are_known_as_long_as_it_lives_though_their_tokens_ended_before() {
    on_both_databases(|store, clock| {
        with_a_session(store);
        clock.advance(HOUR + DAY);
        let (table, retention) = *RETENTION
            .iter()
            .find(|(table, _)| *table == "grants")
            .unwrap();
        let purged = write(store, move |tx| purge(tx, table, retention));
        assert_eq!(purged, 0);

        let ended = signed_out(store).unwrap();

        assert_eq!(ended.clients, [client_id("away"), client_id("demo")]);
        let purged = write(store, move |tx| purge(tx, table, retention));
        assert_eq!(purged, 2);
    });
}
