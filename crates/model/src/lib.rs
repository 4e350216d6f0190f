//! The nouns of the identity provider, and the rules that parse them.
//!
//! Every value that passed a check has its own type here, one file per value. Nothing in this
//! crate does I/O or knows the web framework, so that [`protocol`](../protocol) and
//! [`journey`](../journey) can share words without knowing each other. Time and chance enter
//! through [`Clock`] and [`Entropy`].

pub mod asked_claims;
pub mod authorization_code;
pub mod browser_session;
pub mod client;
pub mod client_address;
pub mod client_id;
pub mod client_links;
pub mod clock;
pub mod cookies;
pub mod date_of_birth;
pub mod digest;
pub mod email_address;
pub mod email_code;
pub mod entropy;
pub mod event;
pub mod incident;
pub mod interaction;
mod invisible;
pub mod key_thumbprint;
pub mod keyring;
pub mod name;
pub mod national_insurance_number;
pub mod passkey_name;
pub mod raw_pairs;
pub mod recovery_code;
pub mod redirect_uri;
pub mod requirement;
pub mod response_type;
pub mod scope;
pub mod secret;
pub mod security_event;
pub mod session_end;
pub mod sharing;
pub mod signing_algorithm;
pub mod signing_key;
pub mod slow_hash;
pub mod teacher_details;
pub mod teacher_record;
pub mod token;
pub mod totp;
pub mod trn;
pub mod trn_lookup;
pub mod user;

pub use client::Client;
pub use client_address::ClientAddress;
pub use client_id::ClientId;
pub use clock::{Clock, ManualClock, SystemClock, Timestamp};
pub use cookies::Cookies;
pub use date_of_birth::DateOfBirth;
pub use digest::SecretDigest;
pub use email_address::EmailAddress;
pub use entropy::{Entropy, SystemEntropy};
pub use incident::IncidentId;
pub use interaction::{Interaction, InteractionId};
pub use key_thumbprint::KeyThumbprint;
pub use keyring::Keyring;
pub use name::{NamePart, PersonName};
pub use national_insurance_number::NationalInsuranceNumber;
pub use passkey_name::PasskeyName;
pub use recovery_code::RecoveryCode;
pub use redirect_uri::{RedirectUri, RegisteredRedirect};
pub use response_type::ResponseType;
pub use scope::ScopeSet;
pub use secret::Secret;
pub use signing_algorithm::SigningAlgorithm;
pub use slow_hash::SlowHash;
pub use teacher_details::TeacherDetails;
pub use teacher_record::TeacherRecord;
pub use totp::TotpSeed;
pub use trn::Trn;
pub use trn_lookup::TrnOutcome;
pub use user::{User, UserId};
