//! Relying services.

use diesel::prelude::*;
use model::client::{ClientSettings, Credential, StoredSecret};
use model::{Client, ClientId, Timestamp};
use serde::{Deserialize, Serialize};

use crate::error::StorageError;
use crate::schema::clients;
use crate::stored;
use crate::unit_of_work::Tx;

const TABLE: &str = "clients";

/// Who keeps a client's settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// The clients file; each start makes the row like the file.
    File,
    /// The command line.
    CommandLine,
    /// The provider itself; each start makes the row as it has to be.
    BuiltIn,
    /// The client itself, which was registered dynamically (RFC 7591).
    Registration,
}

impl Source {
    const ALL: [Self; 4] = [
        Self::File,
        Self::CommandLine,
        Self::BuiltIn,
        Self::Registration,
    ];

    /// Its name in the database and in listings.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::File => "file",
            Self::CommandLine => "command-line",
            Self::BuiltIn => "built-in",
            Self::Registration => "registration",
        }
    }
}

/// A client as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredClient {
    /// The client.
    pub client: Client,
    /// Who keeps its settings.
    pub source: Source,
    /// The keyed digest of what the file said when it was last read.
    pub source_digest: Option<Vec<u8>>,
    /// When it was added.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = clients)]
pub(crate) struct ClientRow {
    id: String,
    settings: String,
    credential: String,
    source: String,
    source_digest: Option<Vec<u8>>,
    disabled_at: Option<i64>,
    version: i64,
    created_at: i64,
    updated_at: i64,
}

#[derive(Serialize, Deserialize)]
struct CredentialColumn {
    current: Option<StoredSecret>,
    previous: Option<(StoredSecret, Timestamp)>,
}

impl ClientRow {
    pub(crate) fn into_stored(self) -> Result<StoredClient, StorageError> {
        let credential: CredentialColumn = stored::from_json(TABLE, &self.credential)?;
        let source = Source::ALL
            .into_iter()
            .find(|source| source.as_str() == self.source)
            .ok_or(StorageError::Corrupt(TABLE))?;
        Ok(StoredClient {
            client: Client {
                id: ClientId::parse(&self.id).map_err(|_| StorageError::Corrupt(TABLE))?,
                settings: stored::from_json(TABLE, &self.settings)?,
                credential: Credential {
                    current: credential.current,
                    previous: credential.previous,
                },
                disabled_at: self.disabled_at.map(Timestamp::from_millis),
                version: self.version,
            },
            source,
            source_digest: self.source_digest,
            created_at: Timestamp::from_millis(self.created_at),
            updated_at: Timestamp::from_millis(self.updated_at),
        })
    }
}

fn credential_column(credential: &Credential) -> Result<String, StorageError> {
    stored::to_json(&CredentialColumn {
        current: credential.current.clone(),
        previous: credential.previous.clone(),
    })
}

/// The client of that id, enabled or not.
///
/// # Errors
///
/// [`StorageError`] when the database fails.
pub fn find(tx: &mut Tx<'_>, id: &ClientId) -> Result<Option<StoredClient>, StorageError> {
    let row: Option<ClientRow> = on_either!(tx, connection => clients::table
        .find(id.as_str())
        .select(ClientRow::as_select())
        .first(connection)
        .optional())?;
    row.map(ClientRow::into_stored).transpose()
}

/// The version of a client's row, to tell whether a cached copy is stale.
///
/// # Errors
///
/// [`StorageError`] when the database fails.
pub fn find_version(tx: &mut Tx<'_>, id: &ClientId) -> Result<Option<i64>, StorageError> {
    Ok(on_either!(tx, connection => clients::table
        .find(id.as_str())
        .select(clients::version)
        .first(connection)
        .optional())?)
}

/// Every client, by id.
///
/// # Errors
///
/// [`StorageError`] when the database fails.
pub fn list(tx: &mut Tx<'_>) -> Result<Vec<StoredClient>, StorageError> {
    let rows: Vec<ClientRow> = on_either!(tx, connection => clients::table
        .select(ClientRow::as_select())
        .load(connection))?;
    let mut clients: Vec<StoredClient> = rows
        .into_iter()
        .map(ClientRow::into_stored)
        .collect::<Result<_, _>>()?;
    // By bytes on both databases; PostgreSQL would sort by its locale.
    clients.sort_by(|one, other| one.client.id.as_str().cmp(other.client.id.as_str()));
    Ok(clients)
}

/// A client to be stored.
#[derive(Clone, Debug)]
pub struct NewClient<'a> {
    /// Its name on the wire.
    pub id: &'a ClientId,
    /// What it registered.
    pub settings: &'a ClientSettings,
    /// How its secret is kept.
    pub credential: &'a Credential,
    /// Who keeps its settings.
    pub source: Source,
    /// The keyed digest of what the file said.
    pub source_digest: Option<&'a [u8]>,
}

/// Stores a new client; `false` when the id is taken.
///
/// # Errors
///
/// [`StorageError`] when the database fails.
pub fn insert(tx: &mut Tx<'_>, client: &NewClient<'_>) -> Result<bool, StorageError> {
    let now = tx.now().millis();
    let settings = stored::to_json(client.settings)?;
    let credential = credential_column(client.credential)?;
    let inserted = on_either!(tx, connection => diesel::insert_into(clients::table)
        .values((
            clients::id.eq(client.id.as_str()),
            clients::settings.eq(settings),
            clients::credential.eq(credential),
            clients::source.eq(client.source.as_str()),
            clients::source_digest.eq(client.source_digest),
            clients::version.eq(1),
            clients::created_at.eq(now),
            clients::updated_at.eq(now),
        ))
        .on_conflict(clients::id)
        .do_nothing()
        .execute(connection))?;
    Ok(inserted == 1)
}

/// Replaces settings and credential of a client; `false` when there is none of that id.
///
/// # Errors
///
/// [`StorageError`] when the database fails.
pub fn replace(tx: &mut Tx<'_>, client: &NewClient<'_>) -> Result<bool, StorageError> {
    let now = tx.now().millis();
    let settings = stored::to_json(client.settings)?;
    let credential = credential_column(client.credential)?;
    let changed = on_either!(tx, connection => diesel::update(clients::table.find(client.id.as_str()))
        .set((
            clients::settings.eq(settings),
            clients::credential.eq(credential),
            clients::source.eq(client.source.as_str()),
            clients::source_digest.eq(client.source_digest),
            clients::version.eq(clients::version + 1),
            clients::updated_at.eq(now),
        ))
        .execute(connection))?;
    Ok(changed == 1)
}

/// Switches a client off, or on again; `false` when there is none of that id.
///
/// # Errors
///
/// [`StorageError`] when the database fails.
pub fn replace_disabled(
    tx: &mut Tx<'_>,
    id: &ClientId,
    disabled: bool,
) -> Result<bool, StorageError> {
    let now = tx.now().millis();
    let changed = on_either!(tx, connection => diesel::update(clients::table.find(id.as_str()))
        .set((
            clients::disabled_at.eq(disabled.then_some(now)),
            clients::version.eq(clients::version + 1),
            clients::updated_at.eq(now),
        ))
        .execute(connection))?;
    Ok(changed == 1)
}

#[cfg(test)]
mod tests;
