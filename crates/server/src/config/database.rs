//! `[database]`: which database, and how many connections to it.

use std::fmt;
use std::time::Duration;

use url::Url;

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

/// A database by URL: `sqlite:<path of the file>` or `postgres://user:password@host/name`.
///
/// It prints with its password masked.
#[derive(Clone, PartialEq, Eq)]
pub struct DatabaseUrl(String);

impl DatabaseUrl {
    /// Reads a URL by its scheme; `None` when it names neither database.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (scheme, rest) = text.split_once(':')?;
        let is_known = match scheme {
            "sqlite" => !rest.is_empty(),
            "postgres" | "postgresql" => Url::parse(text).is_ok_and(|url| url.has_authority()),
            _ => false,
        };
        is_known.then(|| Self(text.to_owned()))
    }

    /// The URL with its password, for the connection only.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }

    fn masked(&self) -> String {
        match Url::parse(&self.0) {
            Ok(mut url) if url.has_authority() => {
                if url.password().is_some() && url.set_password(Some("********")).is_err() {
                    return "postgres:********".to_owned();
                }
                if url.query().is_some() {
                    url.set_query(Some("********"));
                }
                url.to_string()
            }
            _ => self.0.clone(),
        }
    }
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.masked())
    }
}

impl Setting for DatabaseUrl {
    fn read(content: &Content) -> Option<Self> {
        Self::parse(text(content)?)
    }

    fn shape() -> String {
        "\"sqlite:\" and the path of a file, or \"postgres://user:password@host/name\"".to_owned()
    }

    fn shown(&self) -> String {
        quote(&self.masked())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_scheme_decides_which_database_it_is() {
        for right in ["sqlite:data/identity.sqlite3", "postgres://a:b@db/identity"] {
            assert_eq!(DatabaseUrl::parse(right).unwrap().reveal(), right);
        }
        for wrong in [
            "identity.sqlite3",
            "mysql://a@b/c",
            "sqlite:",
            "postgres:identity",
        ] {
            assert_eq!(DatabaseUrl::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_database_password_is_never_shown() {
        let url = DatabaseUrl::parse("postgres://app:hunter2@db/identity?password=x").unwrap();

        assert_eq!(
            format!("{url:?}"),
            "postgres://app:********@db/identity?********"
        );
    }
}
