//! The OpenID Connect provider: every endpoint a relying party speaks to.
//!
//! [`Provider`] holds what the endpoints need and [`routes()`] puts them on their paths. A request
//! that needs its person is stored as an interaction and handed to the journey by a redirect; it
//! comes back through `/authorize/resume/{id}`. Neither crate knows the other.

// A test compares the discovery document as one value.
#![cfg_attr(test, recursion_limit = "256")]

mod access_token;
pub mod already_finished_page;
mod answer;
pub mod authorize;
pub mod authorize_error_page;
pub mod backchannel_logout;
mod bearer;
mod browser;
mod claims;
pub mod client_assertion;
pub mod client_keys;
pub mod client_secret;
pub mod clients;
pub mod cors;
pub mod developers;
pub mod discovery;
mod dpop;
pub mod end_session;
pub mod end_session_page;
mod fault;
mod form;
pub mod form_post_page;
mod frontchannel_logout;
#[doc(hidden)]
pub mod fuzzing;
mod id_token;
pub mod id_token_hint;
pub mod introspection;
pub mod issuer;
pub mod jwks;
pub mod jws;
pub mod keys;
mod oauth_error;
pub mod outbound;
mod person;
pub mod pkce;
mod provider;
mod published;
pub mod pushed_request;
mod refusal_log;
pub mod registration;
pub mod request_object;
pub mod revocation;
mod routes;
pub mod security_event;
mod session_check;
mod session_state;
mod subjects;
#[cfg(test)]
mod testing;
pub mod token;
pub mod userinfo;
pub mod waiting_message;

pub use issuer::Issuer;
pub use provider::{Lifetimes, Parts, Provider};
pub use routes::routes;
pub use subjects::{Subjects, UnusableSalt};
