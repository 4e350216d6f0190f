use std::time::Duration;

use super::*;
use crate::samples::{
    MINUTE, client_id, digest, ended, grant, in_parallel, jkt, user_id, with_account, write,
};
use crate::testing::{START, on_both_databases};
use crate::unit_of_work::Store;

fn code() -> AuthorizationCode {
    AuthorizationCode {
        grant: grant("grant", START),
        redirect_uri: "https://service.example/callback".to_owned(),
        code_challenge: Some("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM".to_owned()),
        dpop_jkt: Some(jkt("a")),
        nonce: Some("n-0S6_WzA2Mj".to_owned()),
    }
}

fn with_code(store: &Store) {
    with_account(store, "ada");
    write(store, |tx| {
        let expires_at = tx.now().plus(MINUTE);
        insert(tx, &digest("code"), &code(), expires_at)
    });
}

fn presented_by(store: &Store, client: &str) -> Redemption {
    let client = client_id(client);
    write(store, move |tx| redeem(tx, &digest("code"), &client))
}

fn first() -> Redemption {
    Redemption::First(Box::new(code()))
}

fn replayed() -> Redemption {
    Redemption::Replayed {
        grant_id: "grant".to_owned(),
    }
}

#[test]
fn a_code_of_an_account_that_is_gone_gives_nothing() {
    on_both_databases(|store, _| {
        with_account(store, "ada");
        with_account(store, "bob");
        let merged = write(store, |tx| {
            crate::samples::merge(tx, &user_id("ada"), &user_id("bob"))
        });
        assert_eq!(merged, crate::users::Merged::Merged);
        // Issued in another tab at the same moment, behind the codes that the merge ended.
        write(store, |tx| {
            let expires_at = tx.now().plus(MINUTE);
            insert(tx, &digest("code"), &code(), expires_at)
        });

        assert_eq!(presented_by(store, "demo"), Redemption::Expired);
    });
}

/// Redeems as the token endpoint does: whoever is first stores the grant that the code gives.
fn exchange(tx: &mut Tx<'_>) -> Result<Redemption, StorageError> {
    let redemption = redeem(tx, &digest("code"), &client_id("demo"))?;
    if let Redemption::First(code) = &redemption {
        let expires_at = tx.now().plus(MINUTE);
        grants::insert(tx, &code.grant, expires_at)?;
    }
    Ok(redemption)
}

fn grant_is_live(store: &Store) -> bool {
    write(store, |tx| grants::find(tx, "grant")).is_some()
}

#[test]
fn a_code_gives_what_was_granted_once() {
    on_both_databases(|store, _| {
        with_code(store);

        assert_eq!(presented_by(store, "demo"), first());
        assert_eq!(presented_by(store, "demo"), replayed());
    });
}

#[test]
fn a_replayed_code_takes_back_what_it_gave() {
    on_both_databases(|store, _| {
        with_code(store);
        write(store, exchange);
        assert!(grant_is_live(store));

        write(store, exchange);

        assert!(!grant_is_live(store));
    });
}

#[test]
fn a_code_replayed_after_its_time_is_still_a_replay() {
    on_both_databases(|store, clock| {
        with_code(store);
        write(store, exchange);

        clock.advance(2 * MINUTE);

        assert_eq!(presented_by(store, "demo"), replayed());
        assert!(!grant_is_live(store));
    });
}

#[test]
fn a_code_is_good_until_just_before_its_end() {
    on_both_databases(|store, clock| {
        with_code(store);

        clock.advance(Duration::from_millis(59_999));

        assert_eq!(presented_by(store, "demo"), first());
    });
}

#[test]
fn a_code_at_its_end_is_expired_each_time_it_comes() {
    on_both_databases(|store, clock| {
        with_code(store);

        clock.advance(MINUTE);

        assert_eq!(presented_by(store, "demo"), Redemption::Expired);
        assert_eq!(presented_by(store, "demo"), Redemption::Expired);
    });
}

#[test]
fn a_code_that_was_never_issued_is_unknown() {
    on_both_databases(|store, _| {
        assert_eq!(presented_by(store, "demo"), Redemption::Unknown);
    });
}

#[test]
fn a_code_for_one_client_is_useless_to_another_and_not_burnt_by_it() {
    on_both_databases(|store, _| {
        with_code(store);

        assert_eq!(presented_by(store, "mallory"), Redemption::Unknown);
        assert_eq!(presented_by(store, "demo"), first());
    });
}

#[test]
fn another_client_cannot_revoke_a_grant_by_replaying_its_code() {
    on_both_databases(|store, _| {
        with_code(store);
        write(store, exchange);

        assert_eq!(presented_by(store, "mallory"), Redemption::Unknown);
        assert!(grant_is_live(store));
    });
}

#[test]
fn a_session_that_ends_takes_its_unredeemed_codes_with_it() {
    on_both_databases(|store, _| {
        with_code(store);
        let elsewhere = AuthorizationCode {
            grant: Grant {
                sid: "of another session".to_owned(),
                ..grant("elsewhere", START)
            },
            ..code()
        };
        write(store, move |tx| {
            let expires_at = tx.now().plus(MINUTE);
            insert(tx, &digest("elsewhere"), &elsewhere, expires_at)
        });

        assert_eq!(write(store, |tx| end_session(tx, "sid")), 1);

        assert_eq!(presented_by(store, "demo"), Redemption::Expired);
        let other = write(store, |tx| {
            redeem(tx, &digest("elsewhere"), &client_id("demo"))
        });
        assert!(matches!(other, Redemption::First(_)), "{other:?}");
    });
}

#[test]
fn a_code_that_was_redeemed_before_its_session_ended_is_still_a_replay() {
    on_both_databases(|store, _| {
        with_code(store);
        write(store, exchange);

        assert_eq!(write(store, |tx| end_session(tx, "sid")), 0);

        assert_eq!(presented_by(store, "demo"), replayed());
    });
}

#[test]
fn a_code_that_is_redeemed_while_its_session_ends_gives_nothing_that_lasts() {
    on_both_databases(|store, _| {
        with_code(store);

        in_parallel(store, 8, |tx, time| {
            if time == 0 {
                exchange(tx).map(drop)
            } else {
                end_session(tx, "sid")?;
                grants::revoke_session(tx, &ended("ada", "sid")).map(drop)
            }
        });

        assert!(!grant_is_live(store));
    });
}

#[test]
fn of_sixteen_parallel_redemptions_one_is_first_and_its_grant_is_revoked() {
    on_both_databases(|store, _| {
        with_code(store);

        let endings = in_parallel(store, 16, |tx, _| exchange(tx));

        let count = |ending: &Redemption| endings.iter().filter(|one| *one == ending).count();
        assert_eq!((count(&first()), count(&replayed())), (1, 15));
        assert!(!grant_is_live(store));
    });
}
