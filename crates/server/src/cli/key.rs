//! `key`: the signing keys.

use std::io::Write as _;

use clap::Subcommand;
use model::SigningAlgorithm;
use model::signing_key::StoredKey;
use protocol::keys::Takeover;
use serde_json::json;
use storage::signing_keys;

use super::CommandError;
use super::output::{date, table};
use crate::compose::{Ground, Nature, StartError};
use crate::config::Config;

#[derive(Clone, Copy, Debug, Subcommand)]
pub(super) enum KeyCommand {
    /// Show every published key
    List {
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// Announce a new key, which takes over when every client had the time to learn of it
    Rotate {
        /// Let it take over at once: for a key that others may know
        #[arg(long)]
        now: bool,
        /// Only the key of this algorithm (RS256, PS256, ES256 or `EdDSA`); otherwise all
        #[arg(long, value_parser = algorithm)]
        algorithm: Option<SigningAlgorithm>,
    },
}

fn algorithm(name: &str) -> Result<SigningAlgorithm, String> {
    SigningAlgorithm::from_name(name).ok_or_else(|| "must be RS256, PS256, ES256 or EdDSA".into())
}

pub(super) fn execute(command: KeyCommand, config: &Config) -> Result<(), CommandError> {
    let ground = Ground::open(config, &Nature::of_the_machine())?;
    match command {
        KeyCommand::List { json } => show(&ground.store.read_blocking(signing_keys::list)?, json),
        KeyCommand::Rotate { now, algorithm } => {
            let takeover = if now {
                Takeover::Now
            } else {
                Takeover::Announced
            };
            ground.upkeep.keep_up().map_err(StartError::from)?;
            for each in SigningAlgorithm::ALL {
                if algorithm.is_none_or(|only| only == each) {
                    ground
                        .upkeep
                        .rotate(each, takeover)
                        .map_err(StartError::from)?;
                }
            }
            show(&ground.store.read_blocking(signing_keys::list)?, false)
        }
    }
}

fn show(keys: &[StoredKey], as_json: bool) -> Result<(), CommandError> {
    let mut out = std::io::stdout();
    if as_json {
        let keys: Vec<_> = keys.iter().map(to_json).collect();
        writeln!(out, "{:#}", serde_json::Value::from(keys))?;
        return Ok(());
    }
    let heading = [
        "kid",
        "alg",
        "state",
        "signs from",
        "signs until",
        "published until",
    ];
    let rows = keys.iter().map(|key| {
        [
            key.kid.clone(),
            key.algorithm.to_string(),
            key.state.as_str().to_owned(),
            date(key.schedule.activates_at),
            date(key.schedule.retires_at),
            date(key.schedule.removes_at),
        ]
    });
    let rows: Vec<_> = std::iter::once(heading.map(str::to_owned))
        .chain(rows)
        .collect();
    Ok(table(&mut out, &rows)?)
}

fn to_json(key: &StoredKey) -> serde_json::Value {
    json!({
        "kid": key.kid,
        "alg": key.algorithm.as_str(),
        "state": key.state.as_str(),
        "created_at": key.created_at.seconds(),
        "activates_at": key.schedule.activates_at.seconds(),
        "retires_at": key.schedule.retires_at.seconds(),
        "removes_at": key.schedule.removes_at.seconds(),
    })
}
