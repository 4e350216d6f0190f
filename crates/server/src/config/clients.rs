//! The file of clients: `[[clients]]` sections in the words of OpenID Connect Registration, read
//! into [`ClientSettings`] with every fault at its line.
//!
//! The command line and `serve` put what was read into the database.

use std::path::Path;

use model::client::{AuthMethod, ClientSettings};
use model::{ClientId, Secret};
use serde_json::{Map, Value};

use super::fault::Faults;
use super::layers;
use super::section::{Report, Section, read_tree};
use super::setting::{Setting, quote, text};
use super::tree::{Content, Node, Table};

/// A client as the file has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientEntry {
    /// Its name on the wire (`client_id`).
    pub id: ClientId,
    /// What it registered.
    pub settings: ClientSettings,
    /// The secret that the operator chose (`client_secret` or `client_secret_file`), exactly
    /// for the authentication methods that have one.
    pub secret: Option<Secret<String>>,
}

/// Shortest client secret that an operator may choose, in characters: one that signs has as many
/// bits as the digest (OpenID Connect Core §16.19, RFC 7518 §3.2).
#[must_use]
pub const fn shortest_secret(method: AuthMethod) -> usize {
    match method {
        AuthMethod::ClientSecretJwt => 32,
        _ => 16,
    }
}

/// Reads a file of clients.
///
/// # Errors
///
/// [`Faults`] with everything that is wrong in it.
pub fn load(file: &Path) -> Result<Vec<ClientEntry>, Faults> {
    if !file.is_file() {
        return Err(Faults(vec![super::fault::Fault {
            key: "clients.file".to_owned(),
            place: super::place::Place::File(file.to_owned()),
            remedy: "must name a file that can be read".to_owned(),
        }]));
    }
    let (tree, faults) = layers::read_file(file);
    if !faults.is_empty() {
        return Err(Faults(faults));
    }
    let mut report = Report::default();
    let entries = read_tree(tree, &mut report, read_entries);
    match entries {
        Some(entries) if report.faults.is_empty() => Ok(entries),
        _ => Err(Faults(report.faults)),
    }
}

fn read_entries(root: &mut Section<'_>) -> Option<Vec<ClientEntry>> {
    let mut seen = Vec::new();
    let entries = root.each("clients", |section| {
        let entry = read_entry(section)?;
        let is_new = !seen.contains(&entry.id);
        section.check(is_new, "client_id", "must differ from every other client's");
        section.check(
            !entry.id.is_account_area(),
            "client_id",
            "must be another name: this one is the account area's",
        );
        seen.push(entry.id.clone());
        Some(entry)
    });
    entries.into_iter().collect()
}

fn read_entry(section: &mut Section<'_>) -> Option<ClientEntry> {
    let id = section.required("client_id");
    let secret = section.optional_or_file::<Secret<String>>("client_secret");
    let settings = read_settings(section)?;
    check_secret(
        section,
        settings.token_endpoint_auth_method,
        secret.as_ref(),
    );
    Some(ClientEntry {
        id: id?,
        settings,
        secret,
    })
}

/// Reads each setting by itself first, so that one fault does not hide the next, then all
/// together.
fn read_settings(section: &mut Section<'_>) -> Option<ClientSettings> {
    let mut written = section.written();
    for of_the_entry in ["client_id", "client_secret", "client_secret_file"] {
        written.remove(of_the_entry);
    }
    let mut is_sound = true;
    for (key, node) in &written {
        for (index, remedy) in faults_of(key, node) {
            let place = index.map_or_else(|| key.clone(), |index| format!("{key}[{index}]"));
            section.fault_at(&place, node_at(node, index), &remedy);
            is_sound = false;
        }
    }
    if !written.contains_key("client_name") {
        section.fault(
            "client_name",
            "must be the service's name, as people will see it",
        );
        is_sound = false;
    }
    if !is_sound {
        return None;
    }
    let settings = match serde_json::from_value::<ClientSettings>(object(&written)) {
        Ok(settings) => settings,
        Err(error) => {
            section.fault("client_name", &remedy(&error));
            return None;
        }
    };
    for problem in settings.problems() {
        section.fault(problem.field, &problem.problem);
    }
    Some(settings)
}

fn check_secret(section: &mut Section<'_>, method: AuthMethod, secret: Option<&Secret<String>>) {
    let shortest = shortest_secret(method);
    let remedy = match (method.has_secret(), secret) {
        (true, None) => format!(
            "(or client_secret_file) must be set for {}, in at least {shortest} characters",
            method.as_str()
        ),
        (true, Some(secret)) if secret.reveal().chars().count() < shortest => {
            format!("must have at least {shortest} characters")
        }
        (false, Some(_)) => {
            format!("must not be set: {} has no secret", method.as_str())
        }
        _ => return,
    };
    section.fault("client_secret", &remedy);
}

/// What is wrong with one setting, and at which item when it is a list.
fn faults_of(key: &str, node: &Node) -> Vec<(Option<usize>, String)> {
    let fault = |value: Value| alone(key, value).err().map(|error| remedy(&error));
    match &node.content {
        Content::List(items) if fault(Value::Array(Vec::new())).is_none() => items
            .iter()
            .enumerate()
            .filter_map(|(index, item)| {
                let remedy = fault(Value::Array(vec![json(&item.content)]))?;
                Some((Some(index), remedy))
            })
            .collect(),
        content => fault(json(content))
            .map(|remedy| (None, remedy))
            .into_iter()
            .collect(),
    }
}

/// The settings of a client of which nothing else is known.
fn alone(key: &str, value: Value) -> Result<ClientSettings, serde_json::Error> {
    let mut settings = Map::new();
    settings.insert("client_name".to_owned(), Value::String("any".to_owned()));
    settings.insert(key.to_owned(), value);
    serde_json::from_value(Value::Object(settings))
}

/// What serde found, without the value that it found.
fn remedy(error: &serde_json::Error) -> String {
    let message = error.to_string();
    if let Some(rest) = message.strip_prefix("unknown field") {
        let known = rest.split_once("expected ").map_or("", |(_, known)| known);
        return format!(
            "is not a setting; what can be set here: client_id, client_secret, \
             client_secret_file, or {known}"
        );
    }
    match message.split_once("expected ") {
        Some((_, expected)) => format!("must be {expected}"),
        None => message,
    }
}

fn node_at(node: &Node, index: Option<usize>) -> super::place::Place {
    match (&node.content, index) {
        (Content::List(items), Some(index)) => items.get(index).unwrap_or(node).place.clone(),
        _ => node.place.clone(),
    }
}

fn object(table: &Table) -> Value {
    Value::Object(
        table
            .iter()
            .map(|(key, node)| (key.clone(), json(&node.content)))
            .collect(),
    )
}

fn json(content: &Content) -> Value {
    match content {
        Content::Text(text) | Content::Variable(text) => Value::String(text.clone()),
        Content::Integer(number) => Value::from(*number),
        Content::Boolean(value) => Value::from(*value),
        Content::List(items) => items.iter().map(|item| json(&item.content)).collect(),
        Content::Table(table) => object(table),
        Content::Foreign => Value::Null,
    }
}

impl Setting for ClientId {
    fn read(content: &Content) -> Option<Self> {
        Self::parse(text(content)?).ok()
    }

    fn shape() -> String {
        "1 to 100 letters, digits or any of - . _ ~ : /".to_owned()
    }

    fn shown(&self) -> String {
        quote(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load_text(text: &str) -> Result<Vec<ClientEntry>, Vec<String>> {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("clients.toml");
        std::fs::write(&file, text).unwrap();
        let prefix = format!("{}:", file.display());
        load(&file).map_err(|faults| {
            faults
                .0
                .iter()
                .map(|fault| fault.to_string().replace(&prefix, "line "))
                .collect()
        })
    }

    #[test]
    fn a_client_is_read_in_the_words_of_the_standard() {
        let entries = load_text(
            r#"
            [[clients]]
            client_id = "demo"
            client_name = "Demo"
            client_secret = "a secret of the operator"
            redirect_uris = ["http://localhost:8081/callback"]
            scope = "openid email"
            "#,
        )
        .unwrap();

        let [entry] = entries.as_slice() else {
            panic!("one client")
        };
        assert_eq!(entry.id.as_str(), "demo");
        assert_eq!(entry.settings.scope.to_string(), "email openid");
        assert_eq!(
            entry.secret,
            Some(Secret::new("a secret of the operator".to_owned()))
        );
    }

    #[test]
    fn every_fault_is_told_at_its_line() {
        let faults = load_text(
            r#"[[clients]]
client_id = "not an id"
client_name = "Demo"
redirect_uris = [
    "https://service.example/callback",
    "https://service.example/callback#fragment",
]
token_endpoint_auth_method = "password"
require_pkce = "often"

[[clients]]
client_id = "machine"
redirect_url = "https://service.example/"
"#,
        )
        .unwrap_err();

        assert_eq!(
            faults,
            [
                "clients[0].client_id: must be 1 to 100 letters, digits or any of - . _ ~ : / (line 2)",
                "clients[0].redirect_uris[1]: it must not have a fragment (#) (line 6)",
                "clients[0].require_pkce: must be a boolean (line 9)",
                "clients[0].token_endpoint_auth_method: must be one of `client_secret_basic`, \
                 `client_secret_post`, `client_secret_jwt`, `private_key_jwt`, `none` (line 8)",
                &format!(
                    "clients[1].redirect_url: is not a setting; what can be set here: client_id, client_secret, \
                     client_secret_file, or {} (line 13)",
                    known_settings()
                ),
                "clients[1].client_name: must be the service's name, as people will see it (it is not set)",
            ]
        );
    }

    fn known_settings() -> String {
        let message = alone("?", Value::Null).unwrap_err().to_string();
        message.split_once("expected ").unwrap().1.to_owned()
    }

    #[test]
    fn settings_that_contradict_each_other_are_refused() {
        let faults = load_text(
            r#"[[clients]]
client_id = "demo"
client_name = "Demo"
token_endpoint_auth_method = "none"
client_secret = "a secret of the operator"
"#,
        )
        .unwrap_err();

        assert_eq!(
            faults,
            [
                "clients[0].redirect_uris: the grants authorization_code and implicit need at least one redirect URI (it is not set)",
                "clients[0].client_secret: must not be set: none has no secret (line 5)",
            ]
        );
    }

    #[test]
    fn the_name_of_the_account_area_is_refused() {
        let faults = load_text(
            r#"[[clients]]
client_id = "account"
client_name = "Demo"
client_secret = "a secret of the operator"
redirect_uris = ["http://localhost:8081/callback"]
"#,
        )
        .unwrap_err();

        assert_eq!(
            faults,
            ["clients[0].client_id: must be another name: this one is the account area's (line 2)"]
        );
    }

    #[test]
    fn a_repeated_client_and_a_short_secret_are_refused() {
        let client = r#"
[[clients]]
client_id = "demo"
client_name = "Demo"
client_secret = "hunter2"
redirect_uris = ["http://localhost:8081/callback"]
"#;
        let faults = load_text(&client.repeat(2)).unwrap_err();

        assert_eq!(
            faults,
            [
                "clients[0].client_secret: must have at least 16 characters (line 5)",
                "clients[1].client_secret: must have at least 16 characters (line 11)",
                "clients[1].client_id: must differ from every other client's (line 9)",
            ]
        );

        let signs = client.replace("hunter2", &"x".repeat(31))
            + "token_endpoint_auth_method = \"client_secret_jwt\"\n";
        assert_eq!(
            load_text(&signs).unwrap_err(),
            ["clients[0].client_secret: must have at least 32 characters (line 5)"]
        );
    }
}
