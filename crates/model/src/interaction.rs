//! A request that waits while its person answers questions.
//!
//! It is the joint between protocol and journey: `authorize` stores it, the journey fills in
//! `answers` and ends it with an [`Outcome`], `resume` takes it. Neither crate knows the other.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::browser_session::{Amr, Authentication};
use crate::client_id::ClientId;
use crate::clock::Timestamp;
use crate::email_address::EmailAddress;
use crate::raw_pairs::RawPairs;
use crate::requirement::Requirements;
use crate::user::UserId;

/// The name of an interaction in URLs: a version 7 UUID. Not a secret; the browser that began it
/// proves itself by a cookie.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct InteractionId(String);

impl InteractionId {
    /// Wraps an id that entropy or storage gave.
    #[must_use]
    pub const fn new(id: String) -> Self {
        Self(id)
    }

    /// Reads an id from a URL; `None` unless it has the shape of a hyphenated UUID.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let is_uuid = text.len() == 36
            && text.bytes().enumerate().all(|(at, byte)| match at {
                8 | 13 | 18 | 23 => byte == b'-',
                _ => byte.is_ascii_hexdigit() && !byte.is_ascii_uppercase(),
            });
        is_uuid.then(|| Self(text.to_owned()))
    }

    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for InteractionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A stored interaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Interaction {
    /// Its name in URLs.
    pub id: InteractionId,
    /// Who asks.
    pub client_id: ClientId,
    /// The client's name as the person sees it.
    pub service_name: String,
    /// The authorization request exactly as it came; parsed again at resume.
    pub raw_parameters: RawPairs,
    /// What the request asks of whoever signs in.
    pub requirements: Requirements,
    /// Where the journey sends the browser when it is done, a path of ours.
    pub return_to: String,
    /// The CSP source that the last redirect goes to, so that `form-action` lets it pass.
    pub form_action: String,
    /// The address to put in the email field (`login_hint`), if it reads as one.
    pub login_hint: Option<String>,
    /// What the person has answered so far.
    pub answers: Answers,
    /// What the person has said about themselves so far, sealed with the id as context.
    pub sealed_details: Option<Vec<u8>>,
    /// What the person is setting up or giving as a second factor, sealed with the id as context.
    pub sealed_factor: Option<Vec<u8>>,
    /// How it ended; `None` while it has not.
    pub outcome: Option<Outcome>,
    /// How many wrong codes were tried since the last code that reset the count.
    pub wrong_codes: u32,
    /// When it began.
    pub created_at: Timestamp,
    /// When it can no longer go on.
    pub expires_at: Timestamp,
}

/// What a person has answered in an interaction.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[allow(
    clippy::struct_excessive_bools,
    reason = "each is an answer of its own, and none excludes another"
)]
pub struct Answers {
    /// The address typed, whether or not it is proven.
    pub email: Option<EmailAddress>,
    /// They were warned that the address is a school's or shared, and use it anyway.
    pub keeps_address: bool,
    /// When a code was last asked to be sent to the address.
    pub code_sent_at: Option<Timestamp>,
    /// Who proved their address in this interaction, and how.
    pub authentication: Option<Authentication>,
    /// The account was made in this interaction and its owner has not been told yet.
    pub account_created: bool,
    /// What came of looking for their teaching record, if they have yet to be told.
    pub trn_news: Option<TrnNews>,
    /// They chose to go on as the person who is signed in.
    pub selected_at: Option<Timestamp>,
    /// They chose another address on the account page.
    pub another_account: bool,
    /// Another account that may be theirs.
    pub other_account: Option<OtherAccount>,
    /// They can no longer use the address of their account.
    pub lost_address: Option<LostAddress>,
    /// Which second factor they chose to give or to set up.
    pub factor_way: Option<FactorWay>,
    /// The second factor that they gave, or set up.
    pub given_factor: Option<GivenFactor>,
    /// They can give no second factor any more: staff look at it, under this reference number.
    pub lost_factor: Option<String>,
    /// They have no second factor, and do not set one up now.
    pub declined_second_factor: bool,
    /// They did what the request asks for (`action`).
    pub task_done: bool,
}

/// Which second factor a person chose to give or to set up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FactorWay {
    /// A passkey.
    Passkey,
    /// A code of their authenticator app.
    App,
    /// A recovery code; to be given, never set up alone.
    Recovery,
}

/// A second factor that a person gave in an interaction. It counts for the sign-in that it was
/// given in, and for no other.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GivenFactor {
    /// Whose it is.
    pub user_id: UserId,
    /// When they had signed in.
    pub auth_time: Timestamp,
    /// Which one they gave.
    pub factor: Amr,
    /// When they gave it.
    pub at: Timestamp,
}

impl GivenFactor {
    /// What a person who is signed in gave at that instant.
    #[must_use]
    pub fn by(authentication: &Authentication, factor: Amr, at: Timestamp) -> Self {
        Self {
            user_id: authentication.user_id.clone(),
            auth_time: authentication.auth_time,
            factor,
            at,
        }
    }

    /// The authentication, raised if this was given in it.
    #[must_use]
    pub fn raise(&self, authentication: Authentication) -> Authentication {
        let is_of_it =
            authentication.user_id == self.user_id && authentication.auth_time == self.auth_time;
        if is_of_it {
            authentication.with_second_factor(self.factor, self.at)
        } else {
            authentication
        }
    }
}

/// Another account that may be the same person's. What they said of themselves found it, and only
/// a code to its own address opens it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OtherAccount {
    /// Whose it is.
    pub user_id: UserId,
    /// Who was signed in when it was found; it is offered to nobody else.
    pub offered_to: UserId,
    /// What both have in common.
    pub in_common: InCommon,
    /// When a code was last asked to be sent to its address.
    pub code_sent_at: Option<Timestamp>,
    /// How far the person got.
    pub progress: OtherAccountProgress,
    /// The second factor of it that they gave; who has its emails alone does not have the account.
    #[serde(default)]
    pub factor: Option<Amr>,
}

/// What two accounts have in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InCommon {
    /// The teaching record: only one account can have its TRN.
    Trn,
    /// Name and date of birth.
    Person,
}

/// How far a person got with another account that may be theirs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OtherAccountProgress {
    /// It is offered to them.
    Offered,
    /// They typed a code that was sent to its address, and are asked for its second factor.
    HalfProven,
    /// They typed a code that was sent to its address, and gave its second factor if it has one.
    Proven,
    /// They cannot read its emails: staff look at it, under this reference number.
    Referred(String),
    /// They go on with the account that they signed in to.
    LeftAlone,
}

/// The address that a person wants to use instead of one that they lost, which is the interaction's
/// own address.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LostAddress {
    /// The new address, whether or not it is proven.
    pub new: EmailAddress,
    /// When a code was last asked to be sent to the new address.
    pub code_sent_at: Option<Timestamp>,
    /// How far the person got.
    #[serde(default)]
    pub progress: LostAddressProgress,
}

/// How far a person got who lost their address.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LostAddressProgress {
    /// They have yet to prove the new address.
    #[default]
    Claimed,
    /// They proved it, and are asked for what the account may have besides its address.
    Proven,
    /// They gave it: the account gets the new address when the notice to the old one is over.
    Planned,
    /// They did not: staff look at it under this reference number.
    Referred(String),
}

/// What a person is told of the look-up for their teaching record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TrnNews {
    /// It was found, under another TRN than they gave.
    FoundAnother,
    /// It was found, though they gave no TRN when they were asked.
    FoundUnstated,
    /// None was found, or none that is sure enough for the client.
    NotFound,
    /// It was not looked for: the person had it looked for too often.
    NotAsked,
}

/// How an interaction ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The person is authenticated, and chose this account at that instant.
    SignedIn {
        /// Who, when and how.
        authentication: Authentication,
        /// When they chose the account.
        selected_at: Timestamp,
    },
    /// The person does not go on; the client is told `access_denied`.
    Refused {
        /// Why not.
        reason: RefusalReason,
    },
}

/// Why a person does not go on to the client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RefusalReason {
    /// They do not want to.
    Declined,
    /// The client requires a TRN, and none is known that is good enough for it.
    NoTrn,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_factor_counts_for_the_sign_in_that_it_was_given_in_and_for_no_other() {
        let at = Timestamp::from_seconds;
        let signed_in = |user: &str, seconds| {
            Authentication::by_email(UserId::new(user.to_owned()), at(seconds))
        };
        let given = GivenFactor::by(&signed_in("ada", 10), Amr::Otp, at(20));

        let raised = given.raise(signed_in("ada", 10));

        assert_eq!(raised.second_factor_at, Some(at(20)));
        for other in [signed_in("ada", 11), signed_in("bob", 10)] {
            assert_eq!(given.raise(other.clone()), other);
        }
    }

    #[test]
    fn only_a_lower_case_uuid_names_an_interaction() {
        let id = "0190a5e0-7d1c-7cc3-8a6b-3f1f6c1f9a10";

        assert_eq!(InteractionId::parse(id).unwrap().as_str(), id);
        for refused in [
            "",
            "x",
            &id.to_uppercase(),
            &format!("{id}0"),
            &id.replace('-', "0"),
        ] {
            assert_eq!(InteractionId::parse(refused), None, "{refused}");
        }
    }
}
