use model::authorization_code::{AuthorizationCode, Grant};
use model::client::{ClientSettings, Credential};

use super::*;
use crate::authorization_codes::Redemption;
use crate::clients::{NewClient, Source};
use crate::samples::{
    DAY, HOUR, MINUTE, client_id, digest, grant, interleaved, scope, user_id, with_account, write,
};
use crate::testing::{START, on_both_databases};
use crate::unit_of_work::Store;
use crate::{clients, consents, grants};

fn with_client(store: &Store, id: &'static str, name: &'static str) {
    write(store, move |tx| {
        let new = NewClient {
            id: &client_id(id),
            settings: &ClientSettings::named(name),
            credential: &Credential::default(),
            source: Source::CommandLine,
            source_digest: None,
        };
        clients::insert(tx, &new)
    });
}

fn with_grant(store: &Store, id: &'static str, client: &'static str, scopes: &'static str) {
    write(store, move |tx| {
        let now = tx.now();
        let granted = Grant {
            client_id: client_id(client),
            scope: scope(scopes),
            ..grant(id, now)
        };
        grants::insert(tx, &granted, now.plus(DAY))
    });
}

fn agree(store: &Store, client: &'static str, to: &'static str) {
    write(store, move |tx| {
        consents::grant(tx, &user_id("ada"), &client_id(client), &scope(to))
    });
}

fn shared(store: &Store, user: &'static str) -> Vec<(String, String)> {
    let all = write(store, move |tx| list(tx, &user_id(user)));
    let told = |one: SharedWith| (one.client.id.to_string(), one.scope.to_string());
    all.into_iter().map(told).collect()
}

fn code_for(client: &str) -> AuthorizationCode {
    AuthorizationCode {
        grant: Grant {
            client_id: client_id(client),
            ..grant("of the code", START)
        },
        redirect_uri: String::new(),
        code_challenge: None,
        dpop_jkt: None,
        nonce: None,
    }
}

#[test]
fn what_was_agreed_to_and_what_was_granted_is_listed_by_name() {
    on_both_databases(|store, clock| {
        with_client(store, "demo", "zebra crossing");
        with_client(store, "other", "Apply");
        with_client(store, "third", "Nobody goes there");
        agree(store, "demo", "openid trn");
        clock.advance(HOUR);
        with_grant(store, "one", "demo", "openid email");
        with_grant(store, "two", "other", "openid");
        with_grant(store, "gone", "gone", "openid");

        let all = write(store, |tx| list(tx, &user_id("ada")));

        let names: Vec<&str> = all
            .iter()
            .map(|one| one.client.settings.client_name.as_str())
            .collect();
        assert_eq!(names, ["Apply", "zebra crossing"]);
        assert_eq!(all[1].scope, scope("openid trn email"));
        assert_eq!(all[1].claims, ["email", "name"]);
        assert_eq!(all[1].agreed_at, Some(START));
        assert_eq!(all[1].signed_in_at, Some(START.plus(HOUR)));
        assert_eq!(all[0].agreed_at, None);
        assert_eq!(shared(store, "eve"), []);
    });
}

#[test]
fn what_has_ended_is_not_shared_any_more() {
    on_both_databases(|store, clock| {
        with_client(store, "demo", "Demo");
        with_client(store, "other", "Other");
        with_grant(store, "one", "demo", "openid");
        with_grant(store, "two", "other", "openid");
        write(store, |tx| grants::revoke(tx, "one"));
        assert_eq!(
            shared(store, "ada"),
            [("other".to_owned(), "openid".to_owned())]
        );

        clock.advance(DAY);

        assert_eq!(shared(store, "ada"), []);
    });
}

#[test]
fn sharing_stops_with_one_client_of_one_person_alone() {
    on_both_databases(|store, _| {
        with_client(store, "demo", "Demo");
        with_client(store, "other", "Other");
        agree(store, "demo", "openid offline_access");
        agree(store, "other", "openid");
        with_grant(store, "one", "demo", "openid offline_access");
        with_grant(store, "two", "other", "openid");
        let stop = |user: &'static str| {
            write(store, move |tx| {
                stop(tx, &user_id(user), &client_id("demo"))
            })
        };

        assert!(!stop("eve"), "somebody else shares nothing");
        assert_eq!(shared(store, "ada").len(), 2);
        assert!(stop("ada"));
        assert!(!stop("ada"), "it has stopped before");

        assert_eq!(
            shared(store, "ada"),
            [("other".to_owned(), "openid".to_owned())]
        );
        assert_eq!(write(store, |tx| grants::find(tx, "one")), None);
        assert!(write(store, |tx| grants::find(tx, "two")).is_some());
    });
}

/// The attack: a service keeps a code back until the person has stopped sharing.
#[test]
fn a_code_from_before_gives_nothing_afterwards() {
    on_both_databases(|store, _| {
        with_account(store, "ada");
        write(store, |tx| {
            let end = tx.now().plus(MINUTE);
            authorization_codes::insert(tx, &digest("kept back"), &code_for("demo"), end)?;
            authorization_codes::insert(tx, &digest("of another"), &code_for("other"), end)
        });

        let stopped = write(store, |tx| stop(tx, &user_id("ada"), &client_id("demo")));

        assert!(stopped);
        let redeemed = write(store, |tx| {
            authorization_codes::redeem(tx, &digest("kept back"), &client_id("demo"))
        });
        assert_eq!(redeemed, Redemption::Expired);
        let other = write(store, |tx| {
            authorization_codes::redeem(tx, &digest("of another"), &client_id("other"))
        });
        assert!(matches!(other, Redemption::First(_)));
    });
}

/// The attack: a request that is under way in another tab gives a code after all.
#[test]
fn a_request_under_way_gives_no_code_that_outlives_the_stop() {
    on_both_databases(|store, _| {
        with_account(store, "ada");
        agree(store, "demo", "openid");

        let (found, stopped) = interleaved(
            store,
            |tx| consents::find_to_use(tx, &user_id("ada"), &client_id("demo")),
            |tx| stop(tx, &user_id("ada"), &client_id("demo")),
            |tx, found| {
                let end = tx.now().plus(MINUTE);
                authorization_codes::insert(tx, &digest("code"), &code_for("demo"), end)?;
                Ok(found)
            },
        );

        assert!(found.is_some() && stopped);
        let redeemed = write(store, |tx| {
            authorization_codes::redeem(tx, &digest("code"), &client_id("demo"))
        });
        assert_eq!(redeemed, Redemption::Expired);
    });
}
