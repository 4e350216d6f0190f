//! The pages over real databases, as browsers use and misuse them.

mod accounts;
mod attacks;
pub(crate) mod authenticator;
mod codes;
mod details;
mod limits;
mod links;
mod mail;
mod reserved_addresses;
mod second_factor;
mod sign_in;
mod world;
