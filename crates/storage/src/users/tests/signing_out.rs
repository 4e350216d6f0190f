use model::authorization_code::{AuthorizationCode, Grant};
use model::interaction::{Answers, Outcome};
use model::raw_pairs::RawPairs;
use model::requirement::Requirements;
use model::{Interaction, InteractionId};

use super::*;
use crate::authorization_codes::Redemption;
use crate::browser_sessions::{NewSession, SessionLifetimes};
use crate::interactions::Found;
use crate::samples::{
    self, HOUR, MINUTE, authentication_of, client_id, digest, grant, scope, with_account,
};
use crate::unit_of_work::Tx;

fn interaction(tx: &Tx<'_>, name: &str) -> Interaction {
    Interaction {
        id: InteractionId::new(name.to_owned()),
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
        created_at: tx.now(),
        expires_at: tx.now().plus(HOUR),
    }
}

/// Everything that a person who signs in opens: what it is called begins with their name.
fn with_everything_open(store: &Store, name: &'static str) {
    with_account(store, name);
    write(store, move |tx| {
        let now = tx.now();
        let authentication = authentication_of(name, now);

        let asked = Interaction {
            answers: Answers {
                authentication: Some(authentication.clone()),
                ..Answers::default()
            },
            ..interaction(tx, &format!("{name} asked"))
        };
        let answered = Interaction {
            outcome: Some(Outcome::SignedIn {
                authentication: authentication.clone(),
                selected_at: now,
            }),
            ..interaction(tx, &format!("{name} answered"))
        };
        for interaction in [asked, answered] {
            interactions::insert(tx, &interaction, &digest("browser"))?;
        }

        let session = NewSession {
            secret: digest(&format!("{name} session")),
            sid: format!("{name} sid"),
            authentication: authentication.clone(),
            selected_at: now,
        };
        let lifetimes = SessionLifetimes {
            idle: DAY,
            absolute: DAY,
        };
        browser_sessions::open(tx, &session, None, lifetimes)?;

        let granted = |id: &str, scopes: &str| Grant {
            authentication: authentication.clone(),
            scope: scope(scopes),
            ..grant(&format!("{name} {id}"), now)
        };
        grants::insert(tx, &granted("online", "openid"), now.plus(DAY))?;
        let offline = granted("offline", "offline_access openid");
        grants::insert(tx, &offline, now.plus(DAY))?;
        let code = AuthorizationCode {
            grant: granted("to come", "openid"),
            redirect_uri: String::new(),
            code_challenge: None,
            dpop_jkt: None,
            nonce: None,
        };
        let secret = digest(&format!("{name} code"));
        authorization_codes::insert(tx, &secret, &code, now.plus(MINUTE))
    });
}

/// What still goes on of what a person opened.
fn open(tx: &mut Tx<'_>, name: &str) -> Result<Vec<&'static str>, StorageError> {
    let mut open = Vec::new();
    let (id, browser) = (
        |what| InteractionId::new(format!("{name} {what}")),
        digest("browser"),
    );
    if let Found::Open(_) = interactions::find(tx, &id("asked"), Some(&browser))? {
        open.push("asked");
    }
    if interactions::take(tx, &id("answered"), &browser)?.is_some() {
        open.push("answered");
    }
    if browser_sessions::find(tx, &digest(&format!("{name} session")))?.is_some() {
        open.push("session");
    }
    for what in ["online", "offline"] {
        if grants::find(tx, &format!("{name} {what}"))?.is_some() {
            open.push(what);
        }
    }
    let code = digest(&format!("{name} code"));
    let redemption = authorization_codes::redeem(tx, &code, &client_id("demo"))?;
    if let Redemption::First(_) = redemption {
        open.push("code");
    }
    Ok(open)
}

#[test]
fn who_is_signed_out_everywhere_has_nothing_left_and_everybody_else_everything() {
    on_both_databases(|store, clock| {
        for name in ["eve", "ada", "eva"] {
            with_everything_open(store, name);
        }
        clock.advance(std::time::Duration::from_secs(1));

        write(store, |tx| samples::sign_out_everywhere(tx, "eve"));

        let everything = ["asked", "answered", "session", "online", "offline", "code"];
        assert_eq!(write(store, |tx| open(tx, "eve")), [""; 0]);
        assert_eq!(write(store, |tx| open(tx, "ada")), everything);
        assert_eq!(write(store, |tx| open(tx, "eva")), everything);
    });
}
