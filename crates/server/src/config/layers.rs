//! The layers of configuration, from the bottom: what the program holds, `default.toml`,
//! `<environment>.toml`, environment variables. (`*_file` secrets are read by
//! [`section`](super::section), above all of these.)

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::environment::Environment;
use super::fault::Fault;
use super::place::Place;
use super::tree::{self, Content, Node, Table};

/// What every environment variable that configures begins with.
pub const PREFIX: &str = "IDENTITY__";

/// The variable that names the environment, when no flag does.
pub const ENVIRONMENT_VARIABLE: &str = "IDENTITY__ENVIRONMENT";

/// Where configuration is read from.
#[derive(Clone, Debug)]
pub struct Sources {
    /// The directory of `default.toml` and `<environment>.toml`.
    pub directory: PathBuf,
    /// Which environment's file is laid over the defaults.
    pub environment: Environment,
    /// Environment variables by name; only those beginning with [`PREFIX`] count.
    pub variables: BTreeMap<String, String>,
}

impl Sources {
    /// The environment variables of this process that configure, with the given directory.
    #[must_use]
    pub fn of_process(directory: PathBuf, environment: Environment) -> Self {
        let variables = std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .filter(|(name, _)| name.starts_with(PREFIX))
            .collect();
        Self {
            directory,
            environment,
            variables,
        }
    }
}

/// Reads all layers into one tree.
///
/// A layer that cannot be read at all would make its absent values look like faults of their
/// own, so its faults come alone.
pub(crate) fn read(sources: &Sources) -> Result<Table, Vec<Fault>> {
    let mut faults = Vec::new();
    let mut tree = Table::new();
    if !sources.directory.is_dir() {
        faults.push(Fault {
            key: "--config-dir".to_owned(),
            place: Place::File(sources.directory.clone()),
            remedy: "must name a directory that can be read".to_owned(),
        });
    }
    for name in ["default", sources.environment.name()] {
        let file = sources.directory.join(format!("{name}.toml"));
        let (table, mut unreadable) = read_file(&file);
        tree::overlay(&mut tree, table);
        faults.append(&mut unreadable);
    }
    for (name, value) in &sources.variables {
        match from_variable(name, value) {
            Some(Ok(table)) => tree::overlay(&mut tree, table),
            Some(Err(fault)) => faults.push(fault),
            None => {}
        }
    }
    if faults.is_empty() {
        Ok(tree)
    } else {
        Err(faults)
    }
}

/// Reads one TOML file; a file that does not exist is an empty layer.
pub(crate) fn read_file(file: &Path) -> (Table, Vec<Fault>) {
    match std::fs::read_to_string(file) {
        Ok(text) => tree::parse(file, &text),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => (Table::new(), Vec::new()),
        Err(error) => {
            let fault = Fault {
                key: "TOML".to_owned(),
                place: Place::File(file.to_owned()),
                remedy: format!("cannot be read: {error}"),
            };
            (Table::new(), vec![fault])
        }
    }
}

/// The tree of one variable: `IDENTITY__MAIL__SMTP__HOST` is `mail.smtp.host`.
fn from_variable(name: &str, value: &str) -> Option<Result<Table, Fault>> {
    let path = name
        .strip_prefix(PREFIX)
        .filter(|_| name != ENVIRONMENT_VARIABLE)?;
    let place = Place::Variable(name.to_owned());
    if path.is_empty() || path.split("__").any(str::is_empty) {
        return Some(Err(Fault {
            key: name.to_owned(),
            place,
            remedy: format!("must be {PREFIX}, then section and key parted by two underscores"),
        }));
    }
    let leaf = Node {
        place: place.clone(),
        content: Content::Variable(value.to_owned()),
    };
    let lower = path.to_ascii_lowercase();
    let mut names: Vec<&str> = lower.split("__").collect();
    let last = names.pop()?;
    let inner = Table::from([(last.to_owned(), leaf)]);
    Some(Ok(names.into_iter().rev().fold(inner, |inner, name| {
        let content = Content::Table(inner);
        Table::from([(
            name.to_owned(),
            Node {
                place: place.clone(),
                content,
            },
        )])
    })))
}
