//! Takes a tree of values apart into typed settings, and notes every fault and every effective
//! value on the way, so that one reading serves both starting and `check-config`.

use std::path::PathBuf;

use model::Secret;

use super::effective::EffectiveSetting;
use super::fault::Fault;
use super::place::Place;
use super::setting::Setting;
use super::tree::{Content, Node, Table};

/// What one reading found.
#[derive(Debug, Default)]
pub(crate) struct Report {
    /// Everything that is wrong, in the order of reading.
    pub(crate) faults: Vec<Fault>,
    /// Every setting that was read, set or not.
    pub(crate) settings: Vec<EffectiveSetting>,
}

/// One section while it is read.
pub(crate) struct Section<'a> {
    path: String,
    table: Table,
    known: Vec<String>,
    report: &'a mut Report,
}

/// Reads the whole tree as one section.
pub(crate) fn read_tree<T>(
    table: Table,
    report: &mut Report,
    read: impl FnOnce(&mut Section<'_>) -> T,
) -> T {
    Section {
        path: String::new(),
        table,
        known: Vec::new(),
        report,
    }
    .finish(read)
}

impl Section<'_> {
    /// A setting with a built-in default.
    pub(crate) fn or<T: Setting>(&mut self, key: &str, default: T) -> T {
        let value = self.value(key).unwrap_or(default);
        self.note(key, Some(value.shown()));
        value
    }

    /// A setting that may be absent.
    pub(crate) fn optional<T: Setting>(&mut self, key: &str) -> Option<T> {
        let value: Option<T> = self.value(key);
        self.note(key, value.as_ref().map(Setting::shown));
        value
    }

    /// A setting that must be there. `None` only when a fault was noted.
    pub(crate) fn required<T: Setting>(&mut self, key: &str) -> Option<T> {
        if !self.table.contains_key(key) {
            self.fault(key, &format!("must be {}", T::shape()));
        }
        self.optional(key)
    }

    /// A setting whose value may stand in a file that `<key>_file` names; the file counts more
    /// than the setting itself.
    pub(crate) fn optional_or_file<T: Setting>(&mut self, key: &str) -> Option<T> {
        let file_key = format!("{key}_file");
        let Some(file) = self.value::<PathBuf>(&file_key) else {
            return self.optional(key);
        };
        self.known.push(key.to_owned());
        let place = Place::SecretFile(file.clone());
        match std::fs::read_to_string(&file) {
            Ok(text) => self.table.insert(
                key.to_owned(),
                Node {
                    place,
                    content: Content::Variable(text.trim().to_owned()),
                },
            ),
            Err(error) => {
                let remedy = format!("must name a file that can be read: {error}");
                self.fault(&file_key, &remedy);
                return None;
            }
        };
        self.optional(key)
    }

    /// [`optional_or_file`](Self::optional_or_file) that must be there.
    pub(crate) fn required_or_file<T: Setting>(&mut self, key: &str) -> Option<T> {
        if !self.table.contains_key(key) && !self.table.contains_key(&format!("{key}_file")) {
            let remedy = format!(
                "(or {key}_file, naming a file with it) must be {}",
                T::shape()
            );
            self.fault(key, &remedy);
        }
        self.optional_or_file(key)
    }

    /// A list; an environment variable holds its items parted by commas.
    pub(crate) fn list<T: Setting>(&mut self, key: &str, default: Vec<T>) -> Vec<T> {
        let values = self.items(key).unwrap_or(default);
        let shown: Vec<String> = values.iter().map(Setting::shown).collect();
        self.note(key, Some(format!("[{}]", shown.join(", "))));
        values
    }

    /// A section within this one; one that is not written has its settings' defaults.
    pub(crate) fn inside<T>(&mut self, name: &str, read: impl FnOnce(&mut Section<'_>) -> T) -> T {
        self.known.push(name.to_owned());
        let table = match self.table.get(name).map(|node| &node.content) {
            Some(Content::Table(table)) => table.clone(),
            Some(_) => {
                self.fault(name, "is a section: write its settings under it");
                Table::new()
            }
            None => Table::new(),
        };
        let path = self.full(name);
        Section {
            path,
            table,
            known: Vec::new(),
            report: self.report,
        }
        .finish(read)
    }

    /// Every section of an array of them (`[[name]]`), with its index.
    pub(crate) fn each<T>(
        &mut self,
        name: &str,
        mut read: impl FnMut(&mut Section<'_>) -> T,
    ) -> Vec<T> {
        self.known.push(name.to_owned());
        let items = match self.table.get(name).map(|node| &node.content) {
            Some(Content::List(items)) => items.clone(),
            Some(_) => {
                self.fault(
                    name,
                    &format!("must be sections, each begun with [[{name}]]"),
                );
                Vec::new()
            }
            None => Vec::new(),
        };
        let mut values = Vec::with_capacity(items.len());
        for (index, item) in items.into_iter().enumerate() {
            let path = format!("{}[{index}]", self.full(name));
            match item.content {
                Content::Table(table) => values.push(
                    Section {
                        path,
                        table,
                        known: Vec::new(),
                        report: self.report,
                    }
                    .finish(&mut read),
                ),
                _ => self.report.faults.push(Fault {
                    key: path,
                    place: item.place,
                    remedy: format!("must be a section, begun with [[{name}]]"),
                }),
            }
        }
        values
    }

    /// Every value of this section as it was written, for a reader with rules of its own.
    pub(crate) fn written(&mut self) -> Table {
        self.known.extend(self.table.keys().cloned());
        self.table.clone()
    }

    /// Tolerates a key without reading it: it belongs to a choice that was not made.
    pub(crate) fn unread(&mut self, key: &str) {
        self.known.push(key.to_owned());
    }

    /// Notes that the value of `key` is wrong; `remedy` goes on from the key: "must be ..".
    pub(crate) fn fault(&mut self, key: &str, remedy: &str) {
        self.fault_at(key, self.place(key), remedy);
    }

    /// Notes a fault at a place of its own, such as one item of a list.
    pub(crate) fn fault_at(&mut self, key: &str, place: Place, remedy: &str) {
        let key = self.full(key);
        self.report.faults.push(Fault {
            key,
            place,
            remedy: remedy.to_owned(),
        });
    }

    /// Notes a fault of `key` unless `holds`.
    pub(crate) fn check(&mut self, holds: bool, key: &str, remedy: &str) {
        if !holds {
            self.fault(key, remedy);
        }
    }

    fn value<T: Setting>(&mut self, key: &str) -> Option<T> {
        self.known.push(key.to_owned());
        let value = T::read(&self.table.get(key)?.content);
        if value.is_none() {
            self.fault(key, &format!("must be {}", T::shape()));
        }
        value
    }

    fn items<T: Setting>(&mut self, key: &str) -> Option<Vec<T>> {
        self.known.push(key.to_owned());
        let node = self.table.get(key)?;
        let items = match &node.content {
            Content::List(items) => items.clone(),
            Content::Variable(text) => text
                .split(',')
                .filter(|item| !item.trim().is_empty())
                .map(|item| Node {
                    place: node.place.clone(),
                    content: Content::Variable(item.to_owned()),
                })
                .collect(),
            _ => {
                self.fault(key, &format!("must be a list, each item {}", T::shape()));
                return None;
            }
        };
        let mut values = Vec::with_capacity(items.len());
        for (index, item) in items.iter().enumerate() {
            let value = T::read(&item.content);
            if value.is_none() {
                let (key, place) = (format!("{key}[{index}]"), item.place.clone());
                self.fault_at(&key, place, &format!("must be {}", T::shape()));
            }
            values.push(value);
        }
        values.into_iter().collect()
    }

    fn note(&mut self, key: &str, shown: Option<String>) {
        let place = self.place(key);
        let (section, key) = (self.path.clone(), key.to_owned());
        self.report.settings.push(EffectiveSetting {
            section,
            key,
            shown,
            place,
        });
    }

    fn place(&self, key: &str) -> Place {
        self.table
            .get(key)
            .map_or(Place::BuiltIn, |node| node.place.clone())
    }

    fn full(&self, key: &str) -> String {
        if self.path.is_empty() {
            key.to_owned()
        } else {
            format!("{}.{key}", self.path)
        }
    }

    fn finish<T>(mut self, read: impl FnOnce(&mut Section<'_>) -> T) -> T {
        let value = read(&mut self);
        let known: Vec<&str> = self.known.iter().map(String::as_str).collect();
        let unknown: Vec<String> = self
            .table
            .keys()
            .filter(|key| !known.contains(&key.as_str()))
            .cloned()
            .collect();
        let remedy = format!("is not a setting; what can be set here: {}", listed(&known));
        for key in unknown {
            self.fault(&key, &remedy);
        }
        value
    }
}

fn listed(known: &[&str]) -> String {
    let mut names = known.to_vec();
    names.sort_unstable();
    names.dedup();
    names.join(", ")
}

/// Text that is never shown.
impl Setting for Secret<String> {
    fn read(content: &Content) -> Option<Self> {
        <String as Setting>::read(content).map(Self::new)
    }

    fn shape() -> String {
        "text that is not empty".to_owned()
    }

    fn shown(&self) -> String {
        MASK.to_owned()
    }
}

/// What stands for a secret wherever settings are shown.
pub(crate) const MASK: &str = "\"********\"";
