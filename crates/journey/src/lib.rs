//! What a person sees: the sign-in journey.
//!
//! A request that needs its person waits in storage as an interaction. [`plan`] says which page
//! asks for what is missing, each page has its file (view, GET and POST), and when nothing is
//! missing the outcome is stored and the browser sent to where the interaction says. The journey
//! names no endpoint of the protocol and never sees a redirect URI, a nonce or a token.
//!
//! [`Journey`] holds what the pages need, [`routes()`] puts them on their paths, and
//! [`outbox::deliver`] sends the mail that waits.

pub mod account_created;
pub mod accounts;
pub mod address_warning;
mod code_delivery;
pub mod code_not_sent;
pub mod code_use;
pub mod consent;
mod csrf;
pub mod details;
pub mod email;
pub mod email_code;
pub mod emails;
mod error;
mod form;
mod interaction_details;
pub mod interrupted;
mod journey;
pub mod link;
pub mod look_up_again;
pub mod lookup;
pub mod mailer;
pub mod new_code_needed;
pub mod outbox;
mod plan;
mod rate_limit;
mod routes;
pub mod second_factor;
pub mod select_account;
mod service_links;
mod sign_in;
mod stage;
pub mod support;
pub mod synonyms;
pub mod teacher_records;
#[cfg(test)]
mod tests;
pub mod too_many;
pub mod trn_match;
mod visitor;

pub use journey::{CodeSettings, Journey, Limits, LookupLimits, Parts};
pub use routes::{START, routes};
pub use second_factor::RelyingParty;
