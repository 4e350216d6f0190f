//! What holds for every statement of a request: it stays prepared, and it finds its rows by index.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use diesel::Connection as _;
use diesel::connection::InstrumentationEvent;
use diesel::prelude::*;
use diesel::sql_types::Text;
use model::authorization_code::AuthorizationCode;
use model::event::{Event, EventKind};
use model::interaction::{Answers, Outcome, RefusalReason};
use model::raw_pairs::RawPairs;
use model::requirement::Requirements;
use model::trn_lookup::{
    LookupSource, MatchPolicy, POLICY_VERSION, TrnLookupStatus, TrnOutcome, VerificationLevel,
};
use model::{
    EmailAddress, Interaction, InteractionId, Keyring, Secret, SystemClock, SystemEntropy, Trn,
};

use crate::access_tokens::{self, NewAccessToken};
use crate::address_changes::{self, NewAddressChange};
use crate::browser_sessions::{self, NewSession, SessionLifetimes};
use crate::connection::Connection;
use crate::email_codes::{self, NewEmailCode};
use crate::error::StorageError;
use crate::limits::{self, Counter, Limit};
use crate::pushed_requests::{self, NewPushedRequest};
use crate::refresh_tokens::{self, NewRefreshToken};
use crate::samples::{
    DAY, HOUR, MINUTE, authentication_of, client_id, digest, grant, jkt, merge, scope, seal,
    set_up_app, sign_out_everywhere, user_id, write,
};
use crate::second_factors::{self, CredentialUse, Inserted, NewPasskey};
use crate::support_tasks::{NewSupportTask, Opened};
use crate::teacher_records::{self, Key};
use crate::testing::{Kind, TestDatabase};
use crate::trn_links::{self, NewLink};
use crate::unit_of_work::Tx;
use crate::user_details::{self, NewDetails};
use crate::users::{Changed, Merged};
use crate::{
    authorization_codes, client_assertions, clients, consents, dpop_proofs, events, grants,
    interactions, outbox, people, revoked_jwts, sharing, sign_out, support_tasks, trn_watchers,
    users,
};

/// The texts of statements: those that ran, and those that stay prepared.
#[derive(Clone, Default)]
struct Seen {
    run: Arc<Mutex<BTreeSet<String>>>,
    prepared: Arc<Mutex<BTreeSet<String>>>,
}

impl Seen {
    fn watch(&self, tx: &mut Tx<'_>) {
        let seen = self.clone();
        let watch = move |event: InstrumentationEvent<'_>| match event {
            InstrumentationEvent::StartQuery { query, .. } => {
                let shown = query.to_string();
                let text = shown.split(" -- binds:").next().unwrap().to_owned();
                seen.run.lock().unwrap().insert(text);
            }
            InstrumentationEvent::CacheQuery { sql, .. } => {
                seen.prepared.lock().unwrap().insert(sql.to_owned());
            }
            _ => {}
        };
        match tx.connection() {
            Connection::Sqlite(connection) => connection.set_instrumentation(watch),
            Connection::Postgres(connection) => connection.set_instrumentation(watch),
        }
    }
}

/// Calls what requests call, each in all the ways that give it another statement.
fn as_requests_do(tx: &mut Tx<'_>) -> Result<(), StorageError> {
    sign_in(tx)?;
    say_who_they_are(tx)?;
    give_a_second_factor(tx)?;
    ask_for_help(tx)?;
    exchange(tx)?;
    sign_out(tx)?;
    change_address(tx)?;
    become_one(tx)
}

fn sign_in(tx: &mut Tx<'_>) -> Result<(), StorageError> {
    let now = tx.now();
    let id = InteractionId::new("interaction".to_owned());
    let interaction = Interaction {
        id: id.clone(),
        client_id: client_id("demo"),
        service_name: "Demo".to_owned(),
        raw_parameters: RawPairs::default(),
        requirements: Requirements::default(),
        return_to: String::new(),
        form_action: String::new(),
        login_hint: None,
        answers: Answers::default(),
        sealed_details: None,
        sealed_factor: None,
        outcome: None,
        wrong_codes: 0,
        created_at: now,
        expires_at: now.plus(HOUR),
    };
    clients::find(tx, &interaction.client_id)?;
    clients::find_version(tx, &interaction.client_id)?;
    let pushed = NewPushedRequest {
        digest: digest("request_uri"),
        client_id: interaction.client_id.clone(),
        parameters: RawPairs::default(),
        expires_at: now.plus(MINUTE),
    };
    pushed_requests::insert(tx, &pushed)?;
    pushed_requests::find(tx, &pushed.digest, &pushed.client_id)?;
    let leads_to = (&id, interaction.expires_at);
    pushed_requests::redeem(tx, &pushed.digest, &pushed.client_id, leads_to)?;
    interactions::insert(tx, &interaction, &digest("browser"))?;
    interactions::find(tx, &id, Some(&digest("browser")))?;
    interactions::replace_answers(tx, &id, &Answers::default())?;

    let counters = [Counter {
        kind: "send",
        subject: b"ada".to_vec(),
        limit: Limit {
            count: 1,
            per: HOUR,
        },
    }];
    limits::hit(tx, &counters)?;
    limits::hit(tx, &counters)?;
    limits::release(tx, &counters)?;

    let code = NewEmailCode {
        id: "code".to_owned(),
        interaction_id: id.clone(),
        code_digest: b"111111".to_vec(),
        link_digest: digest("link"),
        expires_at: now.plus(MINUTE),
    };
    email_codes::insert(tx, &code, 5)?;
    email_codes::find_link(tx, &code.link_digest)?;
    email_codes::attempt(tx, &id, b"000000", 5)?;
    email_codes::attempt(tx, &id, b"111111", 5)?;
    email_codes::redeem_link(tx, &code.link_digest)?;

    let email = EmailAddress::parse("ada@example.test").unwrap();
    users::sign_in(tx, &email, &user_id("ada"))?;
    users::sign_in(tx, &email, &user_id("ada"))?;
    users::find(tx, &user_id("ada"))?;
    outbox::enqueue(tx, "message", "account_created", b"sealed")?;
    events::insert(tx, &Event::of(EventKind::SignedIn))?;
    consents::grant(tx, &user_id("ada"), &client_id("demo"), &scope("openid"))?;
    consents::grant(tx, &user_id("ada"), &client_id("demo"), &scope("email"))?;
    consents::find(tx, &user_id("ada"), &client_id("demo"))?;
    consents::find_to_use(tx, &user_id("ada"), &client_id("demo"))?;
    sharing::list(tx, &user_id("ada"))?;
    sharing::stop(tx, &user_id("nobody"), &client_id("demo"))?;
    interactions::complete(
        tx,
        &id,
        &Outcome::Refused {
            reason: RefusalReason::Declined,
        },
    )?;
    interactions::take(tx, &id, &digest("browser"))?;

    let lifetimes = SessionLifetimes {
        idle: HOUR,
        absolute: DAY,
    };
    let session = |secret: &str| NewSession {
        secret: digest(secret),
        sid: "sid".to_owned(),
        authentication: authentication_of("ada", now),
        selected_at: now,
    };
    browser_sessions::open(tx, &session("one"), None, lifetimes)?;
    browser_sessions::find_to_use(tx, &digest("one"))?;
    browser_sessions::open(tx, &session("two"), Some(&digest("one")), lifetimes)?;
    let mut used = browser_sessions::find(tx, &digest("two"))?.unwrap();
    used.last_seen_at = now.minus(HOUR);
    browser_sessions::slide(tx, &used, lifetimes)
}

fn say_who_they_are(tx: &mut Tx<'_>) -> Result<(), StorageError> {
    let (ada, demo) = (user_id("ada"), client_id("demo"));
    let details = NewDetails {
        sealed: b"sealed".to_vec(),
        has_profile: true,
        national_insurance_asked: true,
        person_digest: Some(b"ada".to_vec()),
    };
    interactions::replace_details(tx, &InteractionId::new("interaction".to_owned()), b"sealed")?;
    user_details::replace(tx, &ada, &details)?;
    user_details::find(tx, &ada)?;
    user_details::same_person(tx, &[b"ada".to_vec()], &ada)?;

    let outcome = TrnOutcome {
        status: TrnLookupStatus::Found,
        trn: Trn::parse("1234567").ok(),
        level: Some(VerificationLevel::Low),
        policy: MatchPolicy::Default,
        policy_version: POLICY_VERSION,
        agreed: Vec::new(),
        source: LookupSource::Lookup,
        is_unavailable: false,
    };
    let keyring = Keyring::new(&[(1, Secret::new([1; 32]))]).unwrap();
    let link = NewLink::seal(&outcome, &ada, None, &keyring, &SystemEntropy);
    trn_links::replace(tx, &ada, &link)?;
    trn_links::find(tx, &ada)?;
    trn_links::look_up_soon(tx, &ada)?;
    trn_watchers::watch(tx, &ada, &demo)?;
    user_details::standing(tx, &ada)?;
    trn_links::find_owner(tx, &[b"digest".to_vec()])?;
    teacher_records::find(tx, &keyring, &[Key::Trn(Trn::parse("1234567").unwrap())])?;
    people::find(tx, &ada)?;
    Ok(())
}

fn give_a_second_factor(tx: &mut Tx<'_>) -> Result<(), StorageError> {
    let ada = user_id("ada");
    interactions::replace_factor(tx, &InteractionId::new("interaction".to_owned()), None)?;
    set_up_app(tx, &ada, 1)?;
    set_up_app(tx, &ada, 2)?;
    second_factors::use_totp_step(tx, &ada, 3)?;
    let passkey = NewPasskey {
        id: "phone".to_owned(),
        credential_id: b"credential".to_vec(),
        name: "Phone".to_owned(),
        credential: "before".to_owned(),
    };
    let inserted = second_factors::insert_passkey(tx, &ada, &passkey)?;
    assert_eq!(inserted, Inserted::Inserted);
    let (before, after) = ("before", "after");
    second_factors::use_passkey(tx, &ada, "phone", CredentialUse { before, after })?;
    second_factors::rename_passkey(tx, &ada, "phone", "Work phone")?;
    second_factors::replace_recovery_codes(tx, &ada, &[7; 16], &[b"hash".to_vec()])?;
    second_factors::recovery_salt(tx, &ada)?;
    second_factors::redeem_recovery_code(tx, &ada, b"hash")?;
    second_factors::standing(tx, &ada)?;
    second_factors::remove_passkey(tx, &ada, "phone")?;
    second_factors::remove_totp(tx, &ada)?;
    second_factors::remove_all(tx, &ada).map(drop)
}

fn ask_for_help(tx: &mut Tx<'_>) -> Result<(), StorageError> {
    let task = NewSupportTask {
        id: "task".to_owned(),
        reference: "GAI-7K3M-Q2X9".to_owned(),
        kind: "lost_address".to_owned(),
        user_id: Some(user_id("ada")),
        client_id: Some(client_id("demo")),
        sealed: b"sealed".to_vec(),
    };
    let opened = support_tasks::open(tx, &task)?;
    assert_eq!(opened, Opened::Opened);
    Ok(())
}

fn exchange(tx: &mut Tx<'_>) -> Result<(), StorageError> {
    let now = tx.now();
    let demo = client_id("demo");
    let code = AuthorizationCode {
        grant: grant("grant", now),
        redirect_uri: String::new(),
        code_challenge: None,
        dpop_jkt: None,
        nonce: None,
    };
    authorization_codes::insert(tx, &digest("code"), &code, now.plus(MINUTE))?;
    authorization_codes::redeem(tx, &digest("code"), &demo)?;
    client_assertions::redeem(tx, &demo, &digest("jti"), now.plus(MINUTE))?;
    grants::insert(tx, &code.grant, now.plus(DAY))?;
    grants::insert_or_prolong(tx, &code.grant, now.plus(DAY))?;
    let access_token = NewAccessToken {
        digest: digest("access token"),
        grant_id: Some("grant"),
        client_id: &demo,
        scope: "openid".to_owned(),
        jkt: None,
        expires_at: now.plus(HOUR),
    };
    access_tokens::insert(tx, &access_token)?;
    access_tokens::find(tx, &access_token.digest)?;
    revoked_jwts::contains(tx, "jti")?;

    dpop_proofs::redeem(tx, &jkt("a"), &digest("jti"), now.plus(MINUTE))?;
    for token in ["first", "second"] {
        let refresh_token = NewRefreshToken {
            digest: digest(token),
            grant_id: "grant",
            client_id: &demo,
            jkt: None,
            expires_at: now.plus(DAY),
            ends_at: now.plus(DAY),
        };
        refresh_tokens::insert(tx, &refresh_token)?;
        refresh_tokens::find(tx, &refresh_token.digest, &demo)?;
    }
    refresh_tokens::prolong(tx, &digest("first"), &demo, None, now.plus(DAY))?;
    refresh_tokens::redeem(tx, &digest("first"), &demo, None, &[digest("second")])?;
    refresh_tokens::redeem(tx, &digest("first"), &demo, None, &[digest("second")])?;
    authorization_codes::redeem(tx, &digest("code"), &demo)?;
    Ok(())
}

fn sign_out(tx: &mut Tx<'_>) -> Result<(), StorageError> {
    let demo = client_id("demo");
    access_tokens::revoke(tx, &digest("access token"), &demo)?;
    refresh_tokens::revoke(tx, &digest("second"), &demo)?;
    revoked_jwts::insert(tx, "jti", tx.now().plus(MINUTE))?;
    let (keyring, entropy) = seal();
    let signed_out = sign_out::sign_out(tx, &keyring, &entropy, &digest("two"))?;
    assert!(signed_out.is_some());
    outbox::claim(tx, MINUTE)?;
    outbox::claim_logouts(tx, MINUTE, 10)?;
    outbox::complete(tx, "message")
}

fn change_address(tx: &mut Tx<'_>) -> Result<(), StorageError> {
    let change = NewAddressChange {
        id: "change".to_owned(),
        user_id: user_id("ada"),
        sealed: b"sealed".to_vec(),
        freeze: digest("freeze"),
        takes_effect_at: tx.now(),
    };
    address_changes::schedule(tx, &change)?;
    address_changes::find_due(tx)?;
    address_changes::complete(tx, &change.id)?;
    let frozen = address_changes::freeze(tx, &change.freeze, DAY)?;
    assert!(frozen.is_some());
    Ok(())
}

fn become_one(tx: &mut Tx<'_>) -> Result<(), StorageError> {
    let (ada, bob) = (user_id("ada"), user_id("bob"));
    let [first, second] =
        ["bob@home.test", "bob@work.test"].map(|text| EmailAddress::parse(text).unwrap());
    users::sign_in(tx, &first, &bob)?;
    users::find_by_address(tx, &first)?;
    let merged = merge(tx, &ada, &bob)?;
    let changed = users::change_address(tx, &bob, &second)?;
    assert_eq!((merged, changed), (Merged::Merged, Changed::Changed));
    sign_out_everywhere(tx, "bob")
}

/// The steps of a plan that look at more rows than they are asked for.
fn wasteful_steps(tx: &mut Tx<'_>, statement: &str) -> Vec<String> {
    #[derive(QueryableByName)]
    struct Step {
        #[diesel(sql_type = Text)]
        detail: String,
    }
    let Connection::Sqlite(connection) = tx.connection() else {
        return Vec::new();
    };
    let steps: Vec<Step> = diesel::sql_query(format!("EXPLAIN QUERY PLAN {statement}"))
        .load(*connection)
        .unwrap();
    let wasteful = ["SCAN", "MATERIALIZE", "AUTOMATIC"];
    let details = steps.into_iter().map(|step| step.detail);
    details
        // One row, or two during an import.
        .filter(|detail| !detail.contains("teacher_record_imports"))
        .filter(|detail| wasteful.iter().any(|word| detail.contains(word)))
        .collect()
}

#[test]
fn every_statement_of_a_request_stays_prepared() {
    for kind in Kind::BOTH {
        let database = TestDatabase::create(kind);
        let store = database.open(Arc::new(SystemClock));
        let seen = Seen::default();
        let watching = seen.clone();

        write(&store, move |tx| {
            watching.watch(tx);
            as_requests_do(tx)
        });

        // PostgreSQL's transactions and savepoints begin and end by statements of their own.
        let mut run = seen.run.lock().unwrap().clone();
        let of_transactions = ["BEGIN", "COMMIT", "SAVEPOINT", "RELEASE SAVEPOINT"];
        run.retain(|text| !of_transactions.iter().any(|own| text.starts_with(own)));
        let prepared = seen.prepared.lock().unwrap();
        let not_prepared: Vec<&String> = run.difference(&prepared).collect();
        assert_eq!(not_prepared, Vec::<&String>::new(), "{kind:?}");
        assert!(
            prepared.len() > 50,
            "{kind:?}: {} statements",
            prepared.len()
        );
    }
}

#[test]
fn no_statement_of_a_request_looks_through_a_table() {
    let database = TestDatabase::create(Kind::Sqlite);
    let store = database.open(Arc::new(SystemClock));
    let seen = Seen::default();
    let watching = seen.clone();

    write(&store, move |tx| {
        watching.watch(tx);
        as_requests_do(tx)
    });

    let prepared = seen.prepared.lock().unwrap().clone();
    for statement in prepared {
        let shown = statement.clone();
        let wasteful = write(&store, move |tx| Ok(wasteful_steps(tx, &statement)));
        assert_eq!(wasteful, Vec::<String>::new(), "{shown}");
    }
}
