//! The whole provider, driven from outside: one binary for all acceptance tests.
//!
//! `journey` is what people meet, `oidc` what relying services meet, `operations` what operators
//! and attackers meet, `architecture` what developers have agreed on.

mod architecture;

mod journey {
    mod account;
    mod email;
    mod first_sign_in;
    mod returning;
    mod sign_out;
    mod tabs;
    mod teacher_details;
}

mod oidc {
    mod advertised;
    mod authorize;
    mod discovery;
    mod relying_party;
    mod replay;
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
