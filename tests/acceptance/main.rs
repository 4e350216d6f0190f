//! The whole provider, driven from outside: one binary for all acceptance tests.
//!
//! `journey` is what people meet, `oidc` what relying services meet, `operations` what operators
//! and attackers meet, `architecture` what developers have agreed on,
//! `documentation` what the documents say of the code.

// The discovery document is compared as one value.
#![recursion_limit = "256"]

mod architecture;
mod documentation;

mod journey {
    mod account;
    mod email;
    mod first_sign_in;
    mod returning;
    mod second_factor;
    mod sign_out;
    mod tabs;
    mod teacher_details;
}

mod oidc {
    mod advertised;
    mod authorize;
    mod discovery;
    mod dpop;
    mod pushed_requests;
    mod registration;
    mod relying_party;
    mod replay;
    mod request_objects;
    mod response_types;
    mod teacher_details;
}

mod operations {
    mod attacks;
    mod certification;
    mod clients;
    mod commands;
    mod configuration;
    mod crash;
    mod health;
    mod log;
    mod serving;
    mod support;
    mod teacher_data;
    mod tls;
}
