//! Values as they were written, each with its place, before anything is known of their type.
//!
//! [`layers`](super::layers) builds one tree from all layers; [`section`](super::section) takes
//! it apart into typed settings.

use std::collections::BTreeMap;
use std::path::Path;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::fault::Fault;
use super::place::Place;

/// Settings and sections by name.
pub(crate) type Table = BTreeMap<String, Node>;

/// A value and where it stands.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    pub(crate) place: Place,
    pub(crate) content: Content,
}

/// A value as it was written.
#[derive(Clone, Debug)]
pub(crate) enum Content {
    Text(String),
    Integer(i64),
    Boolean(bool),
    List(Vec<Node>),
    Table(Table),
    /// The text of an environment variable, which may stand for a value of any type.
    Variable(String),
    /// A number with a fraction, a date or an integer that is too large: no setting has one.
    Foreign,
}

/// Reads a TOML document, with every syntax fault it has.
pub(crate) fn parse(file: &Path, text: &str) -> (Table, Vec<Fault>) {
    let (document, errors) = DeTable::parse_recoverable(text);
    let source = Source { file, text };
    let faults = errors.iter().map(|error| Fault {
        key: "TOML".to_owned(),
        place: source.place(error.span().map_or(0, |span| span.start)),
        remedy: format!("cannot be read here: {}", error.message()),
    });
    (source.table(document.into_inner()), faults.collect())
}

/// Lays `above` over `below`: sections merge, anything else is replaced.
pub(crate) fn overlay(below: &mut Table, above: Table) {
    for (key, node) in above {
        match (below.get_mut(&key), node) {
            (
                Some(Node {
                    content: Content::Table(below),
                    ..
                }),
                Node {
                    content: Content::Table(above),
                    ..
                },
            ) => overlay(below, above),
            (_, node) => {
                below.insert(key, node);
            }
        }
    }
}

struct Source<'a> {
    file: &'a Path,
    text: &'a str,
}

impl Source<'_> {
    fn place(&self, offset: usize) -> Place {
        let before = self.text.get(..offset).unwrap_or(self.text);
        let line = 1 + before.bytes().filter(|byte| *byte == b'\n').count();
        Place::Line {
            file: self.file.to_owned(),
            line,
        }
    }

    fn table(&self, table: DeTable<'_>) -> Table {
        table
            .into_iter()
            .map(|(key, value)| {
                let place = self.place(key.span().start);
                (
                    key.into_inner().into_owned(),
                    Node {
                        place,
                        content: self.content(value),
                    },
                )
            })
            .collect()
    }

    fn content(&self, value: Spanned<DeValue<'_>>) -> Content {
        match value.into_inner() {
            DeValue::String(text) => Content::Text(text.into_owned()),
            DeValue::Integer(digits) => i64::from_str_radix(digits.as_str(), digits.radix())
                .map_or(Content::Foreign, Content::Integer),
            DeValue::Boolean(value) => Content::Boolean(value),
            DeValue::Array(items) => {
                Content::List(items.into_iter().map(|item| self.item(item)).collect())
            }
            DeValue::Table(table) => Content::Table(self.table(table)),
            DeValue::Float(_) | DeValue::Datetime(_) => Content::Foreign,
        }
    }

    fn item(&self, item: Spanned<DeValue<'_>>) -> Node {
        Node {
            place: self.place(item.span().start),
            content: self.content(item),
        }
    }
}
