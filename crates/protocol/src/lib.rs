//! The OpenID Connect provider: every endpoint a relying party speaks to.
//!
//! [`Provider`] holds what the endpoints need and [`routes`] puts them on their paths. A request
//! that needs its person is stored as an interaction and handed to the journey by a redirect; it
//! comes back through `/authorize/resume/{id}`. Neither crate knows the other.

pub mod already_finished_page;
pub mod authorize;
pub mod authorize_error_page;
mod browser;
pub mod client_assertion;
pub mod client_keys;
pub mod client_secret;
pub mod clients;
pub mod end_session;
pub mod end_session_page;
mod fault;
pub mod form_post_page;
pub mod id_token_hint;
pub mod issuer;
pub mod jws;
pub mod keys;
pub mod pkce;
mod provider;
mod routes;

pub use issuer::Issuer;
pub use provider::{Lifetimes, Parts, Provider};
pub use routes::routes;
