//! The token endpoint as clients meet it, each answer asserted whole.

mod authentication;
mod client_credentials;
mod codes;
mod dpop;
mod parameters;
mod refreshes;
