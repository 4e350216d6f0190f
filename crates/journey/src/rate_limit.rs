//! What is counted, by whom, and how much of it is allowed.

use model::keyring::Purpose;
use model::{ClientAddress, EmailAddress, InteractionId, UserId};
use storage::limits::{Counter, Limit};

use crate::journey::Journey;

/// The counters of wrong codes. One is taken from each before a code is looked at and given back
/// when it was no wrong one, so that parallel guesses never pass a limit together.
pub(crate) fn tries(
    journey: &Journey,
    address: &EmailAddress,
    client: ClientAddress,
) -> [Counter; 3] {
    let limits = &journey.limits;
    let crowd = Crowd::of(journey, address);
    [
        crowd.by_address(
            journey,
            "tries_per_address",
            address,
            limits.tries_per_address,
        ),
        crowd.by_client(
            journey,
            "tries_per_client_address",
            client,
            limits.tries_per_client_address,
        ),
        crowd.in_all(journey, "tries_in_all", limits.tries_in_all),
    ]
}

/// The counters of one email.
#[derive(Clone, Debug)]
pub(crate) struct Sends {
    /// Of whom it is for: given back whenever the email did not leave.
    pub(crate) addressee: [Counter; 2],
    /// Of whoever asks for it, and of all together: given back only when the fault was ours, so
    /// that nobody tries out addresses for free.
    pub(crate) asker: [Counter; 2],
}

impl Sends {
    pub(crate) fn of(journey: &Journey, address: &EmailAddress, client: ClientAddress) -> Self {
        let limits = &journey.limits;
        let crowd = Crowd::of(journey, address);
        Self {
            addressee: [
                crowd.by_address(
                    journey,
                    "sends_per_address",
                    address,
                    limits.sends_per_address,
                ),
                crowd.by_address(
                    journey,
                    "sends_per_address_long",
                    address,
                    limits.sends_per_address_long,
                ),
            ],
            asker: [
                crowd.by_client(
                    journey,
                    "sends_per_client_address",
                    client,
                    limits.sends_per_client_address,
                ),
                crowd.in_all(journey, "sends_in_all", limits.sends_in_all),
            ],
        }
    }

    /// All of them, in the order in which they are counted.
    pub(crate) fn all(&self) -> Vec<Counter> {
        [&self.addressee[..], &self.asker[..]].concat()
    }
}

/// The counters of one look-up in the teaching records.
pub(crate) fn lookups(
    journey: &Journey,
    interaction: &InteractionId,
    user: &UserId,
) -> [Counter; 2] {
    let limits = &journey.lookups;
    [
        counter(
            journey,
            "lookups_per_interaction",
            interaction.as_str().as_bytes(),
            limits.per_interaction,
        ),
        counter(
            journey,
            "lookups_per_account",
            user.as_str().as_bytes(),
            limits.per_account,
        ),
    ]
}

/// The counters of wrong second factors, taken and given back like those of wrong codes. That of
/// the account comes last, since all interactions share it.
pub(crate) fn factor_tries(
    journey: &Journey,
    interaction: &InteractionId,
    account: &UserId,
) -> [Counter; 2] {
    let limits = &journey.limits;
    [
        counter(
            journey,
            "factor_tries_per_interaction",
            interaction.as_str().as_bytes(),
            limits.factor_tries_per_interaction,
        ),
        counter(
            journey,
            "factor_tries_per_account",
            account.as_str().as_bytes(),
            limits.factor_tries_per_account,
        ),
    ]
}

/// The counters of a second factor that is given for an address that was lost: anybody may say
/// so, and none of them keeps the address's owner from signing in.
pub(crate) fn lost_address_tries(
    journey: &Journey,
    interaction: &InteractionId,
    address: &EmailAddress,
    client: ClientAddress,
) -> [Counter; 4] {
    let limits = &journey.limits;
    [
        counter(
            journey,
            "factor_tries_per_interaction",
            interaction.as_str().as_bytes(),
            limits.factor_tries_per_interaction,
        ),
        Crowd::Everybody.by_address(
            journey,
            "factor_tries_per_lost_address",
            address,
            limits.factor_tries_per_account,
        ),
        Crowd::Everybody.by_client(
            journey,
            "tries_per_client_address",
            client,
            limits.tries_per_client_address,
        ),
        Crowd::Everybody.in_all(journey, "tries_in_all", limits.tries_in_all),
    ]
}

/// With whom codes are counted together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Crowd {
    Everybody,
    /// Those whose limits are this one instead, and who take nothing of what everybody has.
    Reserved(Limit),
}

impl Crowd {
    fn of(journey: &Journey, address: &EmailAddress) -> Self {
        let own = journey.reserved_addresses.limit_for(address);
        own.map_or(Self::Everybody, Self::Reserved)
    }

    fn by_address(
        self,
        journey: &Journey,
        kind: &'static str,
        address: &EmailAddress,
        limit: Limit,
    ) -> Counter {
        self.counter(journey, kind, address.lookup().as_bytes(), limit)
    }

    fn by_client(
        self,
        journey: &Journey,
        kind: &'static str,
        client: ClientAddress,
        limit: Limit,
    ) -> Counter {
        self.counter(journey, kind, &client.limit_subject(), limit)
    }

    /// One counter for the whole crowd: it comes last, so that it is held for the shortest time.
    fn in_all(self, journey: &Journey, kind: &'static str, limit: Limit) -> Counter {
        self.counter(journey, kind, b"", limit)
    }

    fn counter(
        self,
        journey: &Journey,
        kind: &'static str,
        subject: &[u8],
        limit: Limit,
    ) -> Counter {
        match self {
            Self::Everybody => counter(journey, kind, subject, limit),
            Self::Reserved(limit) => counter(
                journey,
                kind,
                &[subject, b" of reserved addresses"].concat(),
                limit,
            ),
        }
    }
}

fn counter(journey: &Journey, kind: &'static str, subject: &[u8], limit: Limit) -> Counter {
    Counter {
        kind,
        subject: journey
            .keyring
            .digest(Purpose::Limit, &[kind.as_bytes(), subject]),
        limit,
    }
}
