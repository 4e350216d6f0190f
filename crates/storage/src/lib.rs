//! The database: one schema on SQLite and PostgreSQL.
//!
//! [`Store`] is the door: callers hand [`Store::write`] or [`Store::read`] a closure over a
//! [`Tx`], and call the free functions of the table modules in it. Every rule lives in the
//! statement that enforces it; the outcome enums name every ending. This is the only crate that
//! names diesel or r2d2.

#[macro_use]
mod connection;

pub mod access_tokens;
pub mod address_changes;
pub mod authorization_codes;
pub mod backchannel_logouts;
pub mod browser_sessions;
pub mod client_assertions;
pub mod clients;
pub mod consents;
pub mod dpop_proofs;
pub mod email_codes;
mod error;
pub mod events;
pub mod grants;
pub mod initial_access_tokens;
pub mod interactions;
pub mod jobs;
pub mod limits;
mod migrate;
pub mod outbox;
pub mod pairwise_salts;
pub mod people;
mod postgres;
mod prepared;
pub mod purge;
pub mod pushed_requests;
pub mod refresh_tokens;
pub mod refusals;
pub mod registrations;
pub mod revoked_jwts;
pub mod rewrap;
#[cfg(test)]
mod samples;
mod schema;
pub mod second_factors;
pub mod security_events;
pub mod sharing;
pub mod sign_out;
pub mod signing_keys;
mod sqlite;
#[cfg(test)]
mod statement_tests;
mod stored;
pub mod support_tasks;
pub mod teacher_records;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
pub mod training_providers;
pub mod trn_links;
pub mod trn_watchers;
mod unit_of_work;
pub mod user_details;
pub mod users;

pub use connection::DatabaseUrl;
pub use error::{InvalidDatabaseUrl, StorageError};
pub use migrate::MigrationState;
pub use unit_of_work::{Store, StoreSettings, Tx};
