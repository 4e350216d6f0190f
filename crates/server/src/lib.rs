//! The binary's parts: configuration, composition, adapters, jobs and command line.

pub mod adapters;
pub mod client_address;
pub mod config;
mod fallback;
pub mod front;
pub mod logging;
mod request_body;
pub mod request_id;
mod request_log;
pub mod security_headers;
