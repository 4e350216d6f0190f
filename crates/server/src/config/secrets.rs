//! `[secrets]`: the keys that seal what the database must give back and digest what it must
//! find.

use std::path::PathBuf;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use model::Secret;

use super::environment::Environment;
use super::section::{MASK, Section};
use super::setting::{Setting, text};
use super::tree::{Content, Node};

/// The configured keys.
#[derive(Clone, Debug)]
pub struct Secrets {
    /// The keys, the current one first. `None` only outside production: then they are made on
    /// first use and kept in `directory`.
    pub keyring: Option<SealingKeys>,
    /// Where keys that were made rather than configured are kept.
    pub directory: PathBuf,
}

impl Secrets {
    pub(crate) fn read(section: &mut Section<'_>, environment: Environment) -> Self {
        let keyring = match environment {
            Environment::Production => section.required_or_file("keyring"),
            Environment::Development | Environment::Test => section.optional_or_file("keyring"),
        };
        Self {
            keyring,
            directory: section.or("directory", PathBuf::from("data")),
        }
    }
}

/// Sealing keys, each 32 random bytes under an id from 0 to 255, the current one first.
///
/// In TOML a list of `{ id = 1, key = "<base64>" }`; in an environment variable or a file
/// `1:<base64>`, one after another, parted by commas or line ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SealingKeys(Vec<(u8, Secret<[u8; 32]>)>);

impl SealingKeys {
    /// One key, with the id 1.
    #[must_use]
    pub fn single(key: [u8; 32]) -> Self {
        Self(vec![(1, Secret::new(key))])
    }

    /// Reads `1:<base64>`, one after another; `None` when one is malformed, an id is repeated
    /// or there is none.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let items = text
            .split([',', '\n'])
            .map(str::trim)
            .filter(|item| !item.is_empty());
        Self::unrepeated(items.map(|item| {
            let (id, key) = item.split_once(':')?;
            Some((id.trim().parse().ok()?, parse_key(key.trim())?))
        }))
    }

    /// The keys as `(id, key)`, the current one first.
    #[must_use]
    pub fn keys(&self) -> &[(u8, Secret<[u8; 32]>)] {
        &self.0
    }

    /// The text that [`parse`](Self::parse) reads, for the file that keeps keys.
    #[must_use]
    pub fn to_text(&self) -> Secret<String> {
        let lines = self
            .0
            .iter()
            .map(|(id, key)| format!("{id}:{}\n", STANDARD.encode(key.reveal())));
        Secret::new(lines.collect())
    }

    fn unrepeated(keys: impl Iterator<Item = Option<(u8, Secret<[u8; 32]>)>>) -> Option<Self> {
        let keys: Vec<_> = keys.collect::<Option<_>>()?;
        let mut ids: Vec<u8> = keys.iter().map(|(id, _)| *id).collect();
        ids.sort_unstable();
        ids.dedup();
        (!keys.is_empty() && ids.len() == keys.len()).then_some(Self(keys))
    }
}

fn parse_key(base64: &str) -> Option<Secret<[u8; 32]>> {
    STANDARD
        .decode(base64)
        .ok()?
        .try_into()
        .ok()
        .map(Secret::new)
}

impl Setting for SealingKeys {
    fn read(content: &Content) -> Option<Self> {
        match content {
            Content::List(items) => Self::unrepeated(items.iter().map(from_node)),
            content => Self::parse(text(content)?),
        }
    }

    fn shape() -> String {
        "a list of { id = <0 to 255, each once>, key = \"<base64 of 32 random bytes>\" }, the \
         current key first; in a variable or file \"<id>:<base64>\" each"
            .to_owned()
    }

    fn shown(&self) -> String {
        let items = self
            .0
            .iter()
            .map(|(id, _)| format!("{{ id = {id}, key = {MASK} }}"));
        format!("[{}]", items.collect::<Vec<_>>().join(", "))
    }
}

fn from_node(node: &Node) -> Option<(u8, Secret<[u8; 32]>)> {
    let Content::Table(table) = &node.content else {
        return None;
    };
    let id = u8::try_from(<u32 as Setting>::read(&table.get("id")?.content)?).ok()?;
    let key = parse_key(text(&table.get("key")?.content)?)?;
    (table.len() == 2).then_some((id, key))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_written_to_a_file_are_read_back() {
        let keys = SealingKeys::single([7; 32]);

        assert_eq!(SealingKeys::parse(keys.to_text().reveal()), Some(keys));
    }

    #[test]
    fn a_short_key_a_repeated_id_or_no_key_is_refused() {
        let key = STANDARD.encode([1; 32]);

        assert!(SealingKeys::parse(&format!("1:{key},2:{key}")).is_some());
        assert_eq!(SealingKeys::parse(&format!("1:{key},1:{key}")), None);
        assert_eq!(SealingKeys::parse(&format!("256:{key}")), None);
        assert_eq!(SealingKeys::parse("1:c2hvcnQ="), None);
        assert_eq!(SealingKeys::parse(""), None);
    }

    #[test]
    fn a_key_is_never_shown() {
        let keys = SealingKeys::single([7; 32]);

        assert_eq!(keys.shown(), "[{ id = 1, key = \"********\" }]");
        assert_eq!(format!("{keys:?}"), "SealingKeys([(1, Secret(..))])");
    }
}
