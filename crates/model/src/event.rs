//! What happened, for those who must answer for it later.

use serde::{Deserialize, Serialize};

/// A kind of event in the audit log. Events hold ids and counts, never personal data or secrets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EventKind {
    /// An account was made.
    AccountCreated,
    /// A person signed in by code or link.
    SignedIn,
    /// A person signed out.
    SignedOut,
    /// A code was used up by wrong tries.
    CodeTriesExhausted,
    /// An authorization code came a second time; its grant was revoked (RFC 9700 §2.1.1).
    AuthorizationCodeReplayed,
    /// A spent refresh token came after its successor was used; its family was revoked
    /// (RFC 9700 §4.14.2).
    RefreshTokenReplayed,
    /// A person agreed to share with a client.
    ConsentGranted,
    /// A person stopped sharing with a client: what they agreed to is forgotten, and its grants are
    /// revoked.
    SharingStopped,
    /// A person gave a second factor.
    SecondFactorGiven,
    /// A person set a second factor up.
    SecondFactorAdded,
    /// A person removed a second factor.
    SecondFactorRemoved,
    /// A passkey was refused because its signature counter did not go on: there may be a copy of it.
    PasskeyMayBeCopied,
    /// A person got new recovery codes instead of theirs.
    RecoveryCodesReplaced,
    /// A person's answers about themselves were kept.
    DetailsChanged,
    /// An account has the TRN of the teaching record that was found for it.
    TrnFound,
    /// A person proved another account and joined theirs with it.
    AccountsJoined,
    /// An account will have another address after a notice.
    AddressChangePlanned,
    /// An account has another address.
    AddressChanged,
    /// The change of an account's address was stopped or undone by its earlier address.
    AddressChangeFrozen,
    /// A person's case was given to staff.
    SupportTaskOpened,
    /// Staff settled a case.
    SupportTaskClosed,
    /// Staff gave an account a TRN.
    TrnLinkedBySupport,
    /// Staff took an account's TRN, to give it to another.
    TrnTakenBySupport,
    /// Staff decided that no TRN can be given.
    TrnRefusedBySupport,
    /// Staff removed every second factor of an account whose person lost theirs.
    SecondFactorsRemovedBySupport,
    /// A client was made or changed.
    ClientChanged,
    /// A client registered itself.
    ClientRegistered,
    /// A client that registered itself gave its registration up.
    ClientUnregistered,
    /// Signing keys were rotated.
    KeysRotated,
}

impl EventKind {
    /// Its name in the database and the log.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AccountCreated => "account_created",
            Self::SignedIn => "signed_in",
            Self::SignedOut => "signed_out",
            Self::CodeTriesExhausted => "code_tries_exhausted",
            Self::AuthorizationCodeReplayed => "authorization_code_replayed",
            Self::RefreshTokenReplayed => "refresh_token_replayed",
            Self::ConsentGranted => "consent_granted",
            Self::SharingStopped => "sharing_stopped",
            Self::SecondFactorGiven => "second_factor_given",
            Self::SecondFactorAdded => "second_factor_added",
            Self::SecondFactorRemoved => "second_factor_removed",
            Self::PasskeyMayBeCopied => "passkey_may_be_copied",
            Self::RecoveryCodesReplaced => "recovery_codes_replaced",
            Self::DetailsChanged => "details_changed",
            Self::TrnFound => "trn_found",
            Self::AccountsJoined => "accounts_joined",
            Self::AddressChangePlanned => "address_change_planned",
            Self::AddressChanged => "address_changed",
            Self::AddressChangeFrozen => "address_change_frozen",
            Self::SupportTaskOpened => "support_task_opened",
            Self::SupportTaskClosed => "support_task_closed",
            Self::TrnLinkedBySupport => "trn_linked_by_support",
            Self::TrnTakenBySupport => "trn_taken_by_support",
            Self::TrnRefusedBySupport => "trn_refused_by_support",
            Self::SecondFactorsRemovedBySupport => "second_factors_removed_by_support",
            Self::ClientChanged => "client_changed",
            Self::ClientRegistered => "client_registered",
            Self::ClientUnregistered => "client_unregistered",
            Self::KeysRotated => "keys_rotated",
        }
    }
}

/// One event, before storage stamps it with id and time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// What happened.
    pub kind: EventKind,
    /// The client concerned.
    pub client_id: Option<String>,
    /// The person concerned, by id.
    pub user_id: Option<String>,
    /// Ids that help to follow it up (a grant, an interaction).
    pub about: Option<String>,
}

impl Event {
    /// An event about nothing in particular.
    #[must_use]
    pub const fn of(kind: EventKind) -> Self {
        Self {
            kind,
            client_id: None,
            user_id: None,
            about: None,
        }
    }

    /// Names the client.
    #[must_use]
    pub fn by_client(mut self, client_id: &str) -> Self {
        self.client_id = Some(client_id.to_owned());
        self
    }

    /// Names the person.
    #[must_use]
    pub fn of_user(mut self, user_id: &str) -> Self {
        self.user_id = Some(user_id.to_owned());
        self
    }

    /// Names what it is about.
    #[must_use]
    pub fn about(mut self, about: &str) -> Self {
        self.about = Some(about.to_owned());
        self
    }
}
