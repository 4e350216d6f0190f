//! What the service remembers of a browser, in memory, under a random cookie.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use actix_web::HttpRequest;
use actix_web::http::header::{COOKIE, HeaderValue};
use cookie::{Cookie, SameSite};
use openidconnect::{CsrfToken, Nonce, PkceCodeVerifier};
use serde_json::{Map, Value};

use crate::event::Told;
use crate::id_token::IdToken;
use crate::policy::Policy;

/// Cookies ignore the port, so the name must differ from every cookie of a provider on localhost.
const COOKIE_NAME: &str = "demo_session";
/// Sessions kept; a further one takes the place of all, which a demo can afford.
const MOST_SESSIONS: usize = 1_000;
/// Sign-ins one browser may have open at once, in as many tabs.
const MOST_PENDING: usize = 10;

/// A sign-in that went to the provider and has not come back.
pub(crate) struct Pending {
    /// As which client the service asked.
    pub(crate) policy: Policy,
    pub(crate) state: CsrfToken,
    pub(crate) nonce: Nonce,
    pub(crate) verifier: PkceCodeVerifier,
    /// Seconds, when the request set `max_age`.
    pub(crate) max_age: Option<u64>,
}

/// What a finished sign-in gave.
#[derive(Clone)]
pub(crate) struct SignedIn {
    /// As which client the service asked.
    pub(crate) policy: Policy,
    pub(crate) id_token: IdToken,
    pub(crate) id_token_claims: Map<String, Value>,
    pub(crate) userinfo: Map<String, Value>,
    /// The scopes the provider granted, when it said.
    pub(crate) scope: Option<String>,
    pub(crate) has_refresh_token: bool,
}

#[derive(Default)]
struct Session {
    pending: Vec<Pending>,
    signed_in: Option<SignedIn>,
    /// The `state` of a sign-out on its way through the provider.
    signing_out: Option<String>,
}

/// Every browser's session.
#[derive(Default)]
pub(crate) struct Sessions {
    of_browsers: Mutex<HashMap<String, Session>>,
    /// What the provider told of somebody since they signed in, by `sub`.
    told: Mutex<HashMap<String, String>>,
}

/// The random name of one browser's session.
#[derive(Clone)]
pub(crate) struct SessionId(String);

impl SessionId {
    /// The session the request's cookie names.
    pub(crate) fn of(request: &HttpRequest) -> Option<Self> {
        request
            .headers()
            .get_all(COOKIE)
            .filter_map(|header| header.to_str().ok())
            .flat_map(Cookie::split_parse)
            .filter_map(Result::ok)
            .find(|cookie| cookie.name() == COOKIE_NAME)
            .map(|cookie| Self(cookie.value().to_owned()))
    }

    /// The `Set-Cookie` value; `Secure` when the service itself is on https.
    ///
    /// `SameSite=Lax` lets the provider's redirect bring the cookie back and keeps other sites
    /// from posting `/sign-out`.
    pub(crate) fn cookie(&self, address: &str) -> Option<HeaderValue> {
        let cookie = Cookie::build((COOKIE_NAME, self.0.as_str()))
            .path("/")
            .http_only(true)
            .same_site(SameSite::Lax)
            .secure(address.starts_with("https://"));
        HeaderValue::from_str(&cookie.build().to_string()).ok()
    }
}

impl Sessions {
    /// Remembers what the provider told of somebody.
    pub(crate) fn tell(&self, told: Told) {
        let mut all = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() >= MOST_SESSIONS {
            all.clear();
        }
        all.insert(told.sub, told.trn_lookup_status);
    }

    /// The `trn_lookup_status` that the provider told of somebody last, if it told any.
    pub(crate) fn told_of(&self, sub: &str) -> Option<String> {
        let all = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        all.get(sub).cloned()
    }

    /// Remembers a sign-in about to go to the provider, in the browser's session or a new one.
    pub(crate) fn begin(&self, id: Option<SessionId>, pending: Pending) -> SessionId {
        self.with(|sessions| {
            let id = match id {
                Some(id) if sessions.contains_key(&id.0) => id,
                _ => SessionId(CsrfToken::new_random_len(32).into_secret()),
            };
            if sessions.len() >= MOST_SESSIONS {
                sessions.clear();
            }
            let session = sessions.entry(id.0.clone()).or_default();
            if session.pending.len() >= MOST_PENDING {
                session.pending.remove(0);
            }
            session.pending.push(pending);
            id
        })
    }

    /// Takes away the sign-in that this browser began with `state`; a second call finds nothing.
    pub(crate) fn take_pending(&self, id: &SessionId, state: &str) -> Option<Pending> {
        self.with(|sessions| {
            let pending = &mut sessions.get_mut(&id.0)?.pending;
            let position = pending
                .iter()
                .position(|pending| pending.state.secret() == state)?;
            Some(pending.remove(position))
        })
    }

    /// Moves what the browser has to a session of a new name, signed in.
    pub(crate) fn complete(&self, id: &SessionId, signed_in: SignedIn) -> SessionId {
        self.with(|sessions| {
            let mut session = sessions.remove(&id.0).unwrap_or_default();
            session.signed_in = Some(signed_in);
            let renewed = SessionId(CsrfToken::new_random_len(32).into_secret());
            sessions.insert(renewed.0.clone(), session);
            renewed
        })
    }

    /// What the browser's finished sign-in gave.
    pub(crate) fn signed_in(&self, id: &SessionId) -> Option<SignedIn> {
        self.with(|sessions| sessions.get(&id.0)?.signed_in.clone())
    }

    /// Signs the browser out here and remembers the `state` that the provider must bring back.
    pub(crate) fn sign_out(&self, id: &SessionId, state: &CsrfToken) -> Option<SignedIn> {
        self.with(|sessions| {
            let session = sessions.get_mut(&id.0)?;
            session.signing_out = Some(state.secret().clone());
            session.signed_in.take()
        })
    }

    /// Whether `state` is of the sign-out that this browser began; true once.
    pub(crate) fn signed_out(&self, id: &SessionId, state: &str) -> bool {
        self.with(|sessions| {
            sessions
                .get_mut(&id.0)
                .and_then(|session| session.signing_out.take_if(|expected| expected == state))
                .is_some()
        })
    }

    fn with<T>(&self, look: impl FnOnce(&mut HashMap<String, Session>) -> T) -> T {
        let sessions = self.of_browsers.lock();
        look(&mut sessions.unwrap_or_else(PoisonError::into_inner))
    }
}

#[cfg(test)]
mod tests {
    use openidconnect::PkceCodeChallenge;

    use super::*;

    fn pending(state: &str) -> Pending {
        let (_, verifier) = PkceCodeChallenge::new_random_sha256();
        Pending {
            policy: Policy::default(),
            state: CsrfToken::new(state.to_owned()),
            nonce: Nonce::new_random(),
            verifier,
            max_age: None,
        }
    }

    #[test]
    fn a_state_is_taken_once_and_only_by_the_browser_that_began_it() {
        let sessions = Sessions::default();
        let ada = sessions.begin(None, pending("a"));
        let eve = sessions.begin(None, pending("e"));

        assert!(sessions.take_pending(&eve, "a").is_none());
        assert!(sessions.take_pending(&ada, "a").is_some());
        assert!(sessions.take_pending(&ada, "a").is_none());
    }

    #[test]
    fn two_tabs_of_one_browser_do_not_disturb_each_other() {
        let sessions = Sessions::default();
        let id = sessions.begin(None, pending("first"));
        let id = sessions.begin(Some(id), pending("second"));

        assert!(sessions.take_pending(&id, "first").is_some());
        assert!(sessions.take_pending(&id, "second").is_some());
    }

    #[test]
    fn a_session_name_we_did_not_make_is_not_adopted() {
        let sessions = Sessions::default();

        let id = sessions.begin(Some(SessionId("chosen-by-eve".to_owned())), pending("a"));

        assert_ne!(id.0, "chosen-by-eve");
    }

    #[test]
    fn the_oldest_of_too_many_open_sign_ins_is_forgotten() {
        let sessions = Sessions::default();
        let mut id = sessions.begin(None, pending("0"));
        for number in 1..=MOST_PENDING {
            id = sessions.begin(Some(id), pending(&number.to_string()));
        }

        assert!(sessions.take_pending(&id, "0").is_none());
        assert!(sessions.take_pending(&id, "1").is_some());
    }

    #[test]
    fn the_last_thing_told_of_somebody_is_remembered() {
        let sessions = Sessions::default();
        for status in ["Pending", "Found"] {
            sessions.tell(Told {
                sub: "ada".to_owned(),
                trn_lookup_status: status.to_owned(),
            });
        }

        assert_eq!(sessions.told_of("ada").as_deref(), Some("Found"));
        assert_eq!(sessions.told_of("eve"), None);
    }

    #[test]
    fn a_sign_out_state_is_good_once() {
        let sessions = Sessions::default();
        let id = sessions.begin(None, pending("a"));
        sessions.sign_out(&id, &CsrfToken::new("out".to_owned()));

        assert!(!sessions.signed_out(&id, "other"));
        assert!(sessions.signed_out(&id, "out"));
        assert!(!sessions.signed_out(&id, "out"));
    }
}
