//! The words that acceptance tests are written in: an [`App`] or a [`Node`] to drive, a
//! [`Browser`] and a [`Mailbox`] for the person, a [`RelyingParty`] for the service.
//!
//! The provider always calls itself [`ISSUER`], an https origin. The [`Wire`] stands where a
//! proxy that ends TLS would stand and carries every request to the node that listens, or comes
//! by TLS itself.

pub mod answer;
pub mod answers;
pub mod app;
pub mod authenticator_app;
pub mod authority;
pub mod browser;
pub mod catcher;
pub mod client_key;
pub mod clients;
pub mod deployment;
pub mod gate;
pub mod mailbox;
pub mod node;
pub mod relying_party;
pub mod wire;

pub use answer::Answer;
pub use answers::Answers;
pub use app::{App, on_both};
pub use authenticator_app::AuthenticatorApp;
pub use authority::Authority;
pub use browser::{Browser, Carrier, Landing};
pub use catcher::MailCatcher;
pub use client_key::ClientKey;
pub use deployment::Deployment;
pub use gate::{Gate, Passage};
pub use mailbox::Mailbox;
pub use node::Node;
pub use relying_party::{RelyingParty, Tokens};
pub use storage::testing::Kind;
pub use wire::Wire;

/// What the provider calls itself.
pub const ISSUER: &str = "https://identity.example";
