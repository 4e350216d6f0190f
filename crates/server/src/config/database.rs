//! `[database]`: which database, and how many connections to it.

use std::time::Duration;

use storage::{DatabaseUrl, StoreSettings};

use super::section::Section;
use super::setting::{Setting, quote, text};
use super::tree::Content;

/// The database and its connections.
#[derive(Clone, Debug)]
pub struct Database {
    /// Which database.
    pub url: DatabaseUrl,
    /// Connections that read (SQLite, beside its one writer) or do both (PostgreSQL).
    pub connections: u32,
    /// How long a request waits for a free connection.
    pub connection_timeout: Duration,
    /// Whether `serve` applies missing migrations before it serves.
    pub migrate_on_start: bool,
    /// How long a health check waits for the database.
    pub health_timeout: Duration,
}

impl Database {
    /// What a store is opened with.
    #[must_use]
    pub fn store(&self) -> StoreSettings {
        StoreSettings {
            url: self.url.clone(),
            connections: self.connections,
            connection_timeout: self.connection_timeout,
        }
    }

    pub(crate) fn read(section: &mut Section<'_>) -> Option<Self> {
        let url = section.required_or_file("url");
        let connections = section.or("connections", 8);
        section.check(connections > 0, "connections", "must be at least 1");
        let connection_timeout = section.or("connection_timeout", Duration::from_secs(5));
        let migrate_on_start = section.or("migrate_on_start", false);
        let health_timeout = section.or("health_timeout", Duration::from_secs(2));
        Some(Self {
            url: url?,
            connections,
            connection_timeout,
            migrate_on_start,
            health_timeout,
        })
    }
}

impl Setting for DatabaseUrl {
    fn read(content: &Content) -> Option<Self> {
        Self::parse(text(content)?).ok()
    }

    fn shape() -> String {
        "\"sqlite:\" and the path of a file, or \"postgres://user:password@host/name\"".to_owned()
    }

    /// Storage shows it without its password.
    fn shown(&self) -> String {
        quote(&self.to_string())
    }
}
