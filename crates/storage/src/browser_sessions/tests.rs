use model::EmailAddress;
use model::browser_session::{Acr, Amr};

use super::*;
use crate::samples::{
    HOUR, MINUTE, authentication_of, digest, in_parallel, interleaved, user_id, with_account, write,
};
use crate::testing::{START, on_both_databases};
use crate::unit_of_work::Store;

const LIFETIMES: SessionLifetimes = SessionLifetimes {
    idle: HOUR,
    absolute: Duration::from_secs(12 * 60 * 60),
};

/// Signs a person in, in a browser that shows the cookie `presented`, and gives it `secret`.
fn signed_in(
    store: &Store,
    user: &'static str,
    secret: &'static str,
    presented: Option<&'static str>,
) -> String {
    let work = move |tx: &mut Tx<'_>| {
        let authentication = authentication_of(user, tx.now());
        opened(tx, authentication, secret, presented)
    };
    write(store, work)
}

/// Opens a session of a person, whose account is made if there is none.
fn opened(
    tx: &mut Tx<'_>,
    authentication: Authentication,
    secret: &str,
    presented: Option<&'static str>,
) -> Result<String, StorageError> {
    let user = authentication.user_id.clone();
    let email = EmailAddress::parse(&format!("{user}@example.test")).unwrap();
    crate::users::sign_in(tx, &email, &user)?;
    let new = NewSession {
        secret: digest(secret),
        sid: format!("sid of {secret}"),
        authentication,
        selected_at: tx.now(),
    };
    let opened = open(tx, &new, presented.map(digest).as_ref(), LIFETIMES)?;
    Ok(opened.unwrap().sid)
}

fn session(store: &Store, secret: &'static str) -> Option<BrowserSession> {
    write(store, move |tx| find(tx, &digest(secret)))
}

fn used(store: &Store, secret: &'static str) {
    let session = session(store, secret).unwrap();
    write(store, move |tx| slide(tx, &session, LIFETIMES));
}

#[test]
fn an_opened_session_is_found_by_its_secret_alone() {
    on_both_databases(|store, _| {
        let sid = signed_in(store, "ada", "secret", None);

        let expected = BrowserSession {
            sid,
            authentication: authentication_of("ada", START),
            has_second_factor: false,
            selected_at: START,
            last_seen_at: START,
        };
        assert_eq!(session(store, "secret"), Some(expected));
        assert_eq!(session(store, "guess"), None);
    });
}

#[test]
fn a_session_of_an_account_that_is_gone_is_none() {
    on_both_databases(|store, _| {
        signed_in(store, "ada", "secret", None);

        write(store, |tx| {
            on_either!(tx, connection => diesel::delete(users::table).execute(connection))?;
            Ok(())
        });

        assert_eq!(session(store, "secret"), None);
    });
}

#[test]
fn a_step_up_keeps_the_sid_and_the_time_of_sign_in_under_another_secret() {
    on_both_databases(|store, clock| {
        let sid = signed_in(store, "ada", "before", None);
        clock.advance(10 * MINUTE);

        let later = START.plus(10 * MINUTE);
        let stepped_up = write(store, move |tx| {
            let two = authentication_of("ada", START).with_second_factor(Amr::Otp, later);
            opened(tx, two, "after", Some("before"))
        });

        assert_eq!(stepped_up, sid);
        assert_eq!(session(store, "before"), None);
        let authentication = session(store, "after").unwrap().authentication;
        assert_eq!(authentication.auth_time, START);
        assert_eq!(authentication.second_factor_at, Some(later));
        assert_eq!(authentication.acr, Acr::ClCm);
        assert_eq!(authentication.amr, [Amr::Email, Amr::Otp, Amr::Mfa]);
    });
}

#[test]
fn a_session_tells_whether_its_account_has_a_factor_meanwhile() {
    on_both_databases(|store, _| {
        signed_in(store, "ada", "secret", None);
        assert!(!session(store, "secret").unwrap().has_second_factor);

        write(store, |tx| {
            crate::samples::set_up_app(tx, &user_id("ada"), 1)
        });

        assert!(session(store, "secret").unwrap().has_second_factor);
        write(store, |tx| {
            crate::second_factors::remove_all(tx, &user_id("ada"))
        });
        assert!(!session(store, "secret").unwrap().has_second_factor);
    });
}

#[test]
fn a_session_that_is_not_used_ends_with_its_idle_time() {
    on_both_databases(|store, clock| {
        signed_in(store, "ada", "secret", None);

        clock.advance(HOUR);

        assert_eq!(session(store, "secret"), None);
    });
}

#[test]
fn a_session_in_use_slides_and_the_time_of_sign_in_does_not_move() {
    on_both_databases(|store, clock| {
        signed_in(store, "ada", "secret", None);
        clock.advance(40 * MINUTE);
        used(store, "secret");
        clock.advance(40 * MINUTE);

        let session = session(store, "secret").unwrap();

        assert_eq!(session.authentication.auth_time, START);
        assert_eq!(session.selected_at, START);
        assert_eq!(session.last_seen_at, START.plus(40 * MINUTE));
    });
}

#[test]
fn a_session_slides_at_most_once_a_minute() {
    on_both_databases(|store, clock| {
        signed_in(store, "ada", "secret", None);

        clock.advance(Duration::from_millis(59_999));
        used(store, "secret");
        assert_eq!(session(store, "secret").unwrap().last_seen_at, START);

        clock.advance(Duration::from_millis(1));
        used(store, "secret");
        let moved = session(store, "secret").unwrap().last_seen_at;
        assert_eq!(moved, START.plus(MINUTE));
    });
}

#[test]
fn a_request_that_read_the_session_long_ago_does_not_move_it_back() {
    on_both_databases(|store, clock| {
        signed_in(store, "ada", "secret", None);
        let stale = session(store, "secret").unwrap();
        clock.advance(2 * MINUTE);
        used(store, "secret");
        clock.advance(Duration::from_secs(30));

        write(store, move |tx| slide(tx, &stale, LIFETIMES));

        let last_seen_at = session(store, "secret").unwrap().last_seen_at;
        assert_eq!(last_seen_at, START.plus(2 * MINUTE));
    });
}

#[test]
fn no_use_keeps_a_session_beyond_its_absolute_end() {
    on_both_databases(|store, clock| {
        signed_in(store, "ada", "secret", None);

        for _ in 0..23 {
            clock.advance(30 * MINUTE);
            used(store, "secret");
        }
        clock.advance(30 * MINUTE);

        assert_eq!(session(store, "secret"), None);
    });
}

#[test]
fn an_ended_session_does_not_slide_back_to_life() {
    on_both_databases(|store, clock| {
        signed_in(store, "ada", "secret", None);
        let stale = session(store, "secret").unwrap();
        clock.advance(HOUR);

        write(store, move |tx| slide(tx, &stale, LIFETIMES));

        assert_eq!(session(store, "secret"), None);
    });
}

#[test]
fn a_new_sign_in_of_the_same_person_keeps_the_sid_under_another_secret() {
    on_both_databases(|store, clock| {
        let sid = signed_in(store, "ada", "old", None);
        clock.advance(30 * MINUTE);

        let renewed = signed_in(store, "ada", "new", Some("old"));

        assert_eq!(renewed, sid);
        let session = session(store, "new").unwrap();
        assert_eq!(session.sid, sid);
        assert_eq!(session.authentication.auth_time, START.plus(30 * MINUTE));
    });
}

#[test]
fn a_secret_learnt_before_a_sign_in_is_worth_nothing_after_it() {
    on_both_databases(|store, _| {
        signed_in(store, "ada", "learnt", None);

        signed_in(store, "ada", "new", Some("learnt"));

        assert_eq!(session(store, "learnt"), None);
    });
}

#[test]
fn a_secret_planted_in_the_browser_opens_no_session() {
    on_both_databases(|store, _| {
        signed_in(store, "ada", "new", Some("planted"));

        assert_eq!(session(store, "planted"), None);
        assert!(session(store, "new").is_some());
    });
}

#[test]
fn the_session_of_another_person_in_the_same_browser_is_ended() {
    on_both_databases(|store, _| {
        let of_ada = signed_in(store, "ada", "of ada", None);

        let of_bob = signed_in(store, "bob", "of bob", Some("of ada"));

        assert_ne!(of_bob, of_ada);
        assert_eq!(session(store, "of ada"), None);
        let who = session(store, "of bob").unwrap().authentication.user_id;
        assert_eq!(who.as_str(), "bob");
    });
}

#[test]
fn a_session_that_ran_out_is_not_renewed() {
    on_both_databases(|store, clock| {
        let earlier = signed_in(store, "ada", "old", None);
        clock.advance(HOUR);

        let sid = signed_in(store, "ada", "new", Some("old"));

        assert_ne!(sid, earlier);
        assert_eq!(session(store, "old"), None);
    });
}

#[test]
fn a_session_is_ended_once_and_tells_whose_it_was() {
    on_both_databases(|store, _| {
        let sid = signed_in(store, "ada", "secret", None);

        let ended = in_parallel(store, 8, |tx, _| end(tx, &digest("secret")));

        let ended: Vec<EndedSession> = ended.into_iter().flatten().collect();
        let user_id = UserId::new("ada".to_owned());
        assert_eq!(ended, [EndedSession { sid, user_id }]);
        assert_eq!(session(store, "secret"), None);
    });
}

/// A sign-in of ada's that has no session yet.
fn of_ada(tx: &Tx<'_>) -> NewSession {
    NewSession {
        secret: digest("secret"),
        sid: "sid".to_owned(),
        authentication: authentication_of("ada", tx.now()),
        selected_at: tx.now(),
    }
}

#[test]
fn an_account_that_is_not_there_has_no_session_and_the_browser_keeps_the_one_it_has() {
    on_both_databases(|store, _| {
        signed_in(store, "bob", "of bob", None);

        let opened = write(store, |tx| {
            let new = of_ada(tx);
            open(tx, &new, Some(&digest("of bob")), LIFETIMES)
        });

        assert_eq!(opened, None);
        assert_eq!(session(store, "secret"), None);
        assert!(session(store, "of bob").is_some());
    });
}

#[test]
fn a_sign_in_during_a_merge_leaves_no_session_of_the_account_that_is_gone() {
    on_both_databases(|store, _| {
        with_account(store, "ada");
        with_account(store, "bob");

        let (_, opened) = interleaved(
            store,
            |tx| crate::samples::merge(tx, &user_id("ada"), &user_id("bob")),
            |tx| open(tx, &of_ada(tx), None, LIFETIMES),
            |_, merged| Ok(merged),
        );

        assert_eq!(opened, None);
        assert_eq!(session(store, "secret"), None);
    });
}

#[test]
fn a_merge_during_a_sign_in_leaves_no_session_of_the_account_that_is_gone() {
    on_both_databases(|store, _| {
        with_account(store, "ada");
        with_account(store, "bob");

        let (opened, merged) = interleaved(
            store,
            |tx| open(tx, &of_ada(tx), None, LIFETIMES),
            |tx| crate::samples::merge(tx, &user_id("ada"), &user_id("bob")),
            |_, opened| Ok(opened),
        );

        assert!(opened.is_some());
        assert_eq!(merged, crate::users::Merged::Merged);
        assert_eq!(session(store, "secret"), None);
    });
}

#[test]
fn a_session_does_not_end_while_something_is_given_away_because_of_it() {
    on_both_databases(|store, _| {
        signed_in(store, "ada", "secret", None);

        let (still_there, ()) = interleaved(
            store,
            |tx| find_to_use(tx, &digest("secret")),
            |tx| crate::samples::sign_out_everywhere(tx, "ada"),
            |tx, _| find(tx, &digest("secret")),
        );

        assert!(still_there.is_some());
        assert_eq!(session(store, "secret"), None);
        assert_eq!(write(store, |tx| find_to_use(tx, &digest("secret"))), None);
    });
}
