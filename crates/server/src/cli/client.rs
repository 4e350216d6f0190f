//! `client`: the relying services.

mod change;

use std::io::Write as _;
use std::path::PathBuf;
use std::time::Duration;

use clap::Subcommand;
use model::ClientId;
use model::client::Credential;
use serde_json::{Value, json};
use storage::clients;
use storage::clients::StoredClient;

use super::CommandError;
use super::client_settings::SettingFlags;
use super::output::{date, table};
use crate::compose::{Ground, Nature};
use crate::config::Config;
use crate::config::quantity::parse_duration;

/// Most refusals that are shown.
const REFUSALS_SHOWN: u32 = 50;

#[derive(Debug, Subcommand)]
pub(super) enum ClientCommand {
    /// Register a service; its secret, if it has one, is shown once
    Add {
        /// Its name on the wire
        #[arg(value_parser = client_id)]
        client_id: ClientId,
        #[command(flatten)]
        settings: Box<SettingFlags>,
        /// Take its secret from this file instead of making one
        #[arg(long, value_name = "FILE")]
        secret_file: Option<PathBuf>,
    },
    /// List the services
    List {
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// Show one service
    Show {
        /// Its name on the wire
        #[arg(value_parser = client_id)]
        client_id: ClientId,
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// Show why requests of a service were refused in the last 7 days
    Refusals {
        /// Its name on the wire
        #[arg(value_parser = client_id)]
        client_id: ClientId,
    },
    /// Change settings of a service
    Update {
        /// Its name on the wire
        #[arg(value_parser = client_id)]
        client_id: ClientId,
        #[command(flatten)]
        settings: Box<SettingFlags>,
    },
    /// Switch a service off, within seconds on every node
    Disable {
        /// Its name on the wire
        #[arg(value_parser = client_id)]
        client_id: ClientId,
    },
    /// Switch a service on again
    Enable {
        /// Its name on the wire
        #[arg(value_parser = client_id)]
        client_id: ClientId,
    },
    /// Give a service a new secret, which is shown once
    RotateSecret {
        /// Its name on the wire
        #[arg(value_parser = client_id)]
        client_id: ClientId,
        /// How long the secret before it is still good: 0s when others may know it
        #[arg(long, value_name = "DURATION", value_parser = duration, default_value = "24h")]
        keep_old_for: Duration,
    },
}

fn client_id(text: &str) -> Result<ClientId, String> {
    ClientId::parse(text).map_err(|error| error.to_string())
}

fn duration(text: &str) -> Result<Duration, String> {
    parse_duration(text).ok_or_else(|| "must be like 30m, 24h or 7d".to_owned())
}

pub(super) fn execute(command: ClientCommand, config: &Config) -> Result<(), CommandError> {
    let ground = Ground::open(config, &Nature::of_the_machine())?;
    match command {
        ClientCommand::Add {
            client_id,
            settings,
            secret_file,
        } => change::add(&ground, client_id, *settings, secret_file.as_deref()),
        ClientCommand::List { json } => list(&ground, json),
        ClientCommand::Show { client_id, json } => show(&ground, &client_id, json),
        ClientCommand::Refusals { client_id } => refusals(&ground, &client_id),
        ClientCommand::Update {
            client_id,
            settings,
        } => change::update(&ground, client_id, *settings),
        ClientCommand::Disable { client_id } => change::switch(&ground, client_id, true),
        ClientCommand::Enable { client_id } => change::switch(&ground, client_id, false),
        ClientCommand::RotateSecret {
            client_id,
            keep_old_for,
        } => change::rotate_secret(&ground, client_id, keep_old_for),
    }
}

fn list(ground: &Ground, as_json: bool) -> Result<(), CommandError> {
    let stored = ground.store.read_blocking(clients::list)?;
    let mut out = std::io::stdout();
    if as_json {
        let all: Vec<Value> = stored.iter().map(to_json).collect();
        writeln!(out, "{:#}", Value::from(all))?;
        return Ok(());
    }
    let heading = [
        "client_id",
        "name",
        "authentication",
        "grants",
        "state",
        "kept by",
    ];
    let rows = stored.iter().map(|stored| {
        let client = &stored.client;
        let grants = client
            .settings
            .grant_types
            .iter()
            .map(|grant| grant.as_str());
        [
            client.id.to_string(),
            client.settings.client_name.clone(),
            client
                .settings
                .token_endpoint_auth_method
                .as_str()
                .to_owned(),
            grants.collect::<Vec<_>>().join(" "),
            state(stored),
            stored.source.as_str().to_owned(),
        ]
    });
    let rows: Vec<_> = std::iter::once(heading.map(str::to_owned))
        .chain(rows)
        .collect();
    Ok(table(&mut out, &rows)?)
}

fn show(ground: &Ground, id: &ClientId, as_json: bool) -> Result<(), CommandError> {
    let stored = find(ground, id)?;
    let mut out = std::io::stdout();
    if as_json {
        writeln!(out, "{:#}", to_json(&stored))?;
        return Ok(());
    }
    let Value::Object(settings) = to_json(&stored) else {
        return Ok(());
    };
    let rows: Vec<_> = settings
        .iter()
        .map(|(key, value)| [key.clone(), words(value)])
        .collect();
    Ok(table(&mut out, &rows)?)
}

/// What its owner sees at `/developers/check`: for those who have no secret to show there.
fn refusals(ground: &Ground, id: &ClientId) -> Result<(), CommandError> {
    let wanted = find(ground, id)?.client.id;
    let all = ground
        .store
        .read_blocking(move |tx| storage::refusals::list(tx, &wanted, REFUSALS_SHOWN))?;
    let heading = ["last", "times", "endpoint", "error", "why"].map(str::to_owned);
    let rows = all.into_iter().map(|refusal| {
        [
            date(refusal.last_at),
            refusal.times.to_string(),
            refusal.endpoint,
            refusal.error,
            refusal.description,
        ]
    });
    let rows: Vec<_> = std::iter::once(heading).chain(rows).collect();
    Ok(table(&mut std::io::stdout(), &rows)?)
}

fn find(ground: &Ground, id: &ClientId) -> Result<StoredClient, CommandError> {
    let wanted = id.clone();
    let found = ground
        .store
        .read_blocking(move |tx| clients::find(tx, &wanted))?;
    found.ok_or_else(|| CommandError::refused(format!("there is no client {id}")))
}

fn state(stored: &StoredClient) -> String {
    match stored.client.disabled_at {
        Some(since) => format!("disabled since {}", date(since)),
        None => "enabled".to_owned(),
    }
}

/// Settings, state and history; nothing of a secret but how many there are.
fn to_json(stored: &StoredClient) -> Value {
    let client = &stored.client;
    let mut all = json!({ "client_id": client.id });
    if let (Value::Object(all), Ok(Value::Object(settings))) =
        (&mut all, serde_json::to_value(&client.settings))
    {
        all.extend(settings);
        all.insert("state".to_owned(), state(stored).into());
        all.insert("secrets".to_owned(), secrets(&client.credential).into());
        all.insert("kept_by".to_owned(), stored.source.as_str().into());
        all.insert("created_at".to_owned(), date(stored.created_at).into());
        all.insert("updated_at".to_owned(), date(stored.updated_at).into());
    }
    all
}

fn secrets(credential: &Credential) -> String {
    match (&credential.current, &credential.previous) {
        (None, _) => "none".to_owned(),
        (Some(_), None) => "one".to_owned(),
        (Some(_), Some((_, until))) => format!("one, and the one before it until {}", date(*until)),
    }
}

/// A JSON value as a person reads it: the items of a list parted by commas.
fn words(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(words).collect::<Vec<_>>().join(", "),
        other => other.to_string(),
    }
}
