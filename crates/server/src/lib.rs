//! The binary's parts: configuration, composition, adapters, jobs and command line.

pub mod config;
