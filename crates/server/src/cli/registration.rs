//! `registration`: the tokens that let others register clients.

use std::io::Write as _;
use std::time::Duration;

use clap::Subcommand;
use model::secret::SecretKind;
use model::{Entropy, SecretDigest, SystemEntropy, Timestamp};
use serde_json::{Value, json};
use storage::initial_access_tokens::{self, InitialAccessToken, NewInitialAccessToken};

use super::CommandError;
use super::output::{date, table};
use crate::compose::{Ground, Nature};
use crate::config::Config;
use crate::config::quantity::parse_duration;

#[derive(Debug, Subcommand)]
pub(super) enum RegistrationCommand {
    /// Make an initial access token, which is shown once
    AddToken {
        /// Whom it is for
        name: String,
        /// How many clients it can register; any number when it is not given
        #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u32).range(1..))]
        uses: Option<u32>,
        /// How long it is good
        #[arg(long, value_name = "DURATION", value_parser = duration, default_value = "30d")]
        life: Duration,
    },
    /// List the tokens that are still good, or used up
    ListTokens {
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// Take a token back; the clients that it registered stay
    RevokeToken {
        /// Its id, as it is listed
        id: String,
    },
}

fn duration(text: &str) -> Result<Duration, String> {
    parse_duration(text)
        .filter(|duration| !duration.is_zero())
        .ok_or_else(|| "must be like 30m, 24h or 7d".to_owned())
}

pub(super) fn execute(command: RegistrationCommand, config: &Config) -> Result<(), CommandError> {
    let ground = Ground::open(config, &Nature::of_the_machine())?;
    match command {
        RegistrationCommand::AddToken { name, uses, life } => add(&ground, name, uses, life),
        RegistrationCommand::ListTokens { json } => list(&ground, json),
        RegistrationCommand::RevokeToken { id } => revoke(&ground, id),
    }
}

fn add(
    ground: &Ground,
    name: String,
    uses: Option<u32>,
    life: Duration,
) -> Result<(), CommandError> {
    let token = SecretKind::InitialAccess.mint(&SystemEntropy);
    let digest = SecretDigest::of(token.reveal());
    let now = ground.store.clock().now();
    let entropy: &dyn Entropy = &SystemEntropy;
    let id = entropy.ordered_uuid(now);
    let shown = id.clone();
    ground.store.write_blocking(move |tx| {
        let expires_at = tx.now().plus(life);
        let token = NewInitialAccessToken {
            id,
            name,
            digest,
            uses,
            expires_at,
        };
        initial_access_tokens::insert(tx, &token)
    })?;
    let mut out = std::io::stdout();
    writeln!(
        out,
        "Added {shown}.\nThe token, which is not shown again:\n{}",
        token.reveal()
    )?;
    Ok(())
}

fn list(ground: &Ground, as_json: bool) -> Result<(), CommandError> {
    let tokens = ground.store.read_blocking(initial_access_tokens::list)?;
    let mut out = std::io::stdout();
    if as_json {
        let all: Vec<Value> = tokens.iter().map(to_json).collect();
        writeln!(out, "{:#}", Value::from(all))?;
        return Ok(());
    }
    let heading = ["id", "for", "uses left", "made", "good until"];
    let rows = tokens.iter().map(|token| {
        [
            token.id.clone(),
            token.name.clone(),
            token
                .uses_left
                .map_or_else(|| "any number".to_owned(), |left| left.to_string()),
            date(Timestamp::from_millis(token.created_at)),
            date(Timestamp::from_millis(token.expires_at)),
        ]
    });
    let rows: Vec<_> = std::iter::once(heading.map(str::to_owned))
        .chain(rows)
        .collect();
    Ok(table(&mut out, &rows)?)
}

fn to_json(token: &InitialAccessToken) -> Value {
    json!({
        "id": token.id,
        "name": token.name,
        "uses_left": token.uses_left,
        "created_at": token.created_at / 1000,
        "expires_at": token.expires_at / 1000,
    })
}

fn revoke(ground: &Ground, id: String) -> Result<(), CommandError> {
    let name = id.clone();
    let is_revoked = ground
        .store
        .write_blocking(move |tx| initial_access_tokens::delete(tx, &id))?;
    if !is_revoked {
        return Err(CommandError::refused(format!("there is no token {name}")));
    }
    writeln!(std::io::stdout(), "{name} is revoked.")?;
    Ok(())
}
