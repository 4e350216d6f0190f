//! Adding and changing clients. Each change is one unit of work and leaves an event.

use std::io::{self, Write};
use std::path::Path;
use std::time::Duration;

use model::client::{AuthMethod, ClientSettings, Credential};
use model::event::{Event, EventKind};
use model::{ClientId, Secret, SystemEntropy};
use protocol::client_secret::{self, Form};
use storage::clients::{NewClient, Source, StoredClient};
use storage::{StorageError, Tx, clients, events};

use crate::cli::CommandError;
use crate::cli::client_settings::SettingFlags;
use crate::compose::Ground;
use crate::config::clients::shortest_secret;

/// A secret to be shown, if one was made, and what is stored of it.
type Issued = (Option<Secret<String>>, Credential);

pub(super) fn add(
    ground: &Ground,
    id: ClientId,
    settings: SettingFlags,
    secret_file: Option<&Path>,
) -> Result<(), CommandError> {
    if id.is_account_area() {
        return Err(own(&id));
    }
    let settings = settings.create()?;
    let method = settings.token_endpoint_auth_method;
    let (made, credential) = match secret_file {
        Some(file) => (None, choose(ground, &id, method, file)?),
        None => issue(ground, &id, method),
    };
    let name = id.clone();
    let is_new = ground.store.write_blocking(move |tx| {
        let client = new_client(&id, &settings, &credential);
        let is_new = clients::insert(tx, &client)?;
        if is_new {
            record(tx, &id)?;
        }
        Ok(is_new)
    })?;
    if !is_new {
        return Err(CommandError::refused(format!(
            "there is a client {name} already"
        )));
    }
    tell(&format!("Added {name}."), made.as_ref())
}

pub(super) fn update(
    ground: &Ground,
    id: ClientId,
    flags: SettingFlags,
) -> Result<(), CommandError> {
    let (name, issuer) = (id.clone(), ground.clone());
    let made = changed(ground, id, move |tx, stored| {
        let before = stored.client.settings.token_endpoint_auth_method;
        let settings = match flags.change(stored.client.settings) {
            Ok(settings) => settings,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let id = &stored.client.id;
        let method = settings.token_endpoint_auth_method;
        let (made, credential) = if Form::of(method) == Form::of(before) {
            (None, stored.client.credential)
        } else {
            issue(&issuer, id, method)
        };
        clients::replace(tx, &new_client(id, &settings, &credential))?;
        Ok(Ok(made))
    })?;
    tell(&format!("Updated {name}."), made.as_ref())
}

pub(super) fn rotate_secret(
    ground: &Ground,
    id: ClientId,
    keep_old_for: Duration,
) -> Result<(), CommandError> {
    let (name, issuer) = (id.clone(), ground.clone());
    let made = changed(ground, id, move |tx, stored| {
        let (id, settings) = (&stored.client.id, &stored.client.settings);
        let method = settings.token_endpoint_auth_method;
        if !method.has_secret() {
            let words = format!(
                "{id} has no secret: it authenticates by {}",
                method.as_str()
            );
            return Ok(Err(CommandError::refused(words)));
        }
        let (made, mut credential) = issue(&issuer, id, method);
        let until = tx.now().plus(keep_old_for);
        if !keep_old_for.is_zero() {
            credential.previous = stored.client.credential.current.map(|old| (old, until));
        }
        clients::replace(tx, &new_client(id, settings, &credential))?;
        Ok(Ok(made))
    })?;
    tell(&format!("{name} has a new secret."), made.as_ref())
}

pub(super) fn switch(ground: &Ground, id: ClientId, disabled: bool) -> Result<(), CommandError> {
    let name = id.clone();
    ground.store.write_blocking(move |tx| {
        match clients::find(tx, &id)?.map(|stored| stored.source) {
            None => return Ok(Err(absent(&id))),
            Some(Source::BuiltIn) => return Ok(Err(own(&id))),
            Some(Source::File | Source::CommandLine | Source::Registration) => {}
        }
        clients::replace_disabled(tx, &id, disabled)?;
        record(tx, &id).map(Ok)
    })??;
    let state = if disabled { "disabled" } else { "enabled" };
    tell(&format!("{name} is {state}."), None)
}

/// Changes a client that the command line keeps; one of the clients file would be changed back
/// when the file next changes.
fn changed<T: Send + 'static>(
    ground: &Ground,
    id: ClientId,
    change: impl FnOnce(&mut Tx<'_>, StoredClient) -> Result<Result<T, CommandError>, StorageError>
    + Send
    + 'static,
) -> Result<T, CommandError> {
    ground.store.write_blocking(move |tx| {
        let Some(stored) = clients::find(tx, &id)? else {
            return Ok(Err(absent(&id)));
        };
        match stored.source {
            Source::BuiltIn => return Ok(Err(own(&id))),
            Source::File => {
                let words = format!("{id} is kept by the clients file: change it there");
                return Ok(Err(CommandError::refused(words)));
            }
            Source::Registration => {
                let words = format!(
                    "{id} registered itself and is changed by its own registration access token: \
                     it can be disabled here"
                );
                return Ok(Err(CommandError::refused(words)));
            }
            Source::CommandLine => {}
        }
        let changed = change(tx, stored)?;
        if changed.is_ok() {
            record(tx, &id)?;
        }
        Ok(changed)
    })?
}

fn absent(id: &ClientId) -> CommandError {
    CommandError::refused(format!("there is no client {id}"))
}

/// The client of the account area follows the configuration and nobody's command.
fn own(id: &ClientId) -> CommandError {
    CommandError::refused(format!(
        "{id} is the provider's own client: it is as it has to be"
    ))
}

/// Makes a secret, where the method has one.
fn issue(ground: &Ground, id: &ClientId, method: AuthMethod) -> Issued {
    client_secret::issue(id, method, &ground.keyring, &SystemEntropy)
}

/// Takes the secret that the operator chose.
fn choose(
    ground: &Ground,
    id: &ClientId,
    method: AuthMethod,
    file: &Path,
) -> Result<Credential, CommandError> {
    let refused = |why: String| CommandError::refused(format!("{}: {why}", file.display()));
    if !method.has_secret() {
        return Err(refused(format!("{} has no secret", method.as_str())));
    }
    let text = std::fs::read_to_string(file).map_err(|error| refused(error.to_string()))?;
    let chosen = Secret::new(text.trim().to_owned());
    let shortest = shortest_secret(method);
    if chosen.reveal().chars().count() < shortest {
        let words = format!("a secret must have at least {shortest} characters");
        return Err(refused(words));
    }
    let kept = client_secret::keep(id, method, &chosen, &ground.keyring, &SystemEntropy);
    let current = Some(kept.map_err(|error| refused(error.to_string()))?);
    Ok(Credential {
        current,
        previous: None,
    })
}

fn new_client<'a>(
    id: &'a ClientId,
    settings: &'a ClientSettings,
    credential: &'a Credential,
) -> NewClient<'a> {
    NewClient {
        id,
        settings,
        credential,
        source: Source::CommandLine,
        source_digest: None,
    }
}

fn record(tx: &mut Tx<'_>, id: &ClientId) -> Result<(), StorageError> {
    events::insert(
        tx,
        &Event::of(EventKind::ClientChanged).by_client(id.as_str()),
    )
}

/// What was done, and the secret that was made: here and never again.
fn tell(done: &str, made: Option<&Secret<String>>) -> Result<(), CommandError> {
    let write = |out: &mut dyn Write| -> io::Result<()> {
        writeln!(out, "{done}")?;
        if let Some(secret) = made {
            writeln!(
                out,
                "Its secret, which is not shown again:\n{}",
                secret.reveal()
            )?;
        }
        Ok(())
    };
    Ok(write(&mut io::stdout())?)
}
