//! The binary's parts: configuration, composition, adapters, jobs and command line.
//!
//! [`cli`] reads the [`config`] and runs a command. `serve` puts the program together in
//! [`compose`], opens its sockets in [`app`] and runs until a signal in [`serve`]. Every request
//! passes through the [`front`].

pub mod adapters;
pub mod app;
pub mod cli;
pub mod client_address;
pub mod compose;
pub mod config;
mod fallback;
pub mod front;
pub mod health;
pub mod jobs;
pub mod logging;
mod panic_hook;
pub mod registration;
mod request_body;
pub mod request_id;
mod request_log;
pub mod sealing;
pub mod security_headers;
pub mod serve;
#[cfg(test)]
mod testing;
pub mod tls;
