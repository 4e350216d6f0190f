//! `session_state`: how a client's page sees that who is signed in here has changed (OpenID Connect
//! Session Management 1.0 §2, §3).
//!
//! The browser keeps a value that is derived from its session, where a script of
//! [`session_check`](crate::session_check) can read it. A client gets a digest of that value with
//! its own name and origin, and shows it to that script again and again.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use model::cookies::Cookie;
use model::keyring::Purpose;
use model::{Client, Keyring, RegisteredRedirect, Secret, SecretDigest};
use url::Url;

use crate::provider::Provider;

/// What the browser keeps of a session for the check: it tells one session from another, and
/// nothing else.
fn browser_state(keyring: &Keyring, sid: &str) -> String {
    URL_SAFE_NO_PAD.encode(keyring.digest(Purpose::SessionState, &[sid.as_bytes()]))
}

/// The `Set-Cookie` value that has the browser keep it.
pub(crate) fn cookie(provider: &Provider, sid: &str) -> String {
    let state = Secret::new(browser_state(&provider.keyring, sid));
    provider.cookies.set(Cookie::SessionState, &state, None)
}

/// The parameter of a successful answer to a client; `None` where the answer goes to no origin, but
/// to an application on the person's device.
pub(crate) fn parameter(
    provider: &Provider,
    client: &Client,
    redirect: &RegisteredRedirect,
    sid: &str,
) -> Option<String> {
    let origin = Url::parse(redirect.as_str()).ok()?.origin();
    if !origin.is_tuple() {
        return None;
    }
    let mut salt = [0; 12];
    provider.entropy.fill(&mut salt);
    let (client_id, origin) = (client.id.as_str(), origin.ascii_serialization());
    let state = browser_state(&provider.keyring, sid);
    let salt = URL_SAFE_NO_PAD.encode(salt);
    Some(session_state(client_id, &origin, &state, &salt))
}

/// `assets/session.js` does the same.
fn session_state(client_id: &str, origin: &str, browser_state: &str, salt: &str) -> String {
    let digest = SecretDigest::of(&format!("{client_id} {origin} {browser_state} {salt}"));
    format!("{}.{salt}", URL_SAFE_NO_PAD.encode(digest.as_bytes()))
}

#[cfg(test)]
mod tests;
