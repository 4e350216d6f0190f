//! The account area: what a person sees and changes of their own account.
//!
//! It is a client of the provider like any other ([`client`]): whoever is not signed in, or has a
//! second factor that they did not give, is sent to `/authorize` and comes back with a code
//! ([`departure`], [`state`], [`signed_in`]). It shows pages ([`overview`], [`second_factor`]), lets
//! people see and end what they share with services ([`services`]), and
//! changes nothing of a second factor itself but a passkey's name ([`passkey_name`]): whatever
//! needs the person to prove anew who they are is asked for as the `action` of a sign-in, and done
//! in its pages.
//!
//! [`Account`] holds what the pages need; [`routes()`] puts them on their paths.

mod account;
pub mod client;
mod csrf;
mod departure;
mod error;
pub mod interrupted;
mod news;
pub mod overview;
pub mod passkey_name;
mod routes;
pub mod second_factor;
pub mod services;
mod signed_in;
mod state;
#[cfg(test)]
mod tests;
mod visitor;

pub use account::{Account, Parts, Passkeys};
pub use routes::routes;
