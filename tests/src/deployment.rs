//! The real program, as an operator runs it.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::LazyLock;

use server::config::clients::ClientEntry;
use storage::testing::{Kind, TestDatabase};
use tempfile::TempDir;

use crate::app::{KEYRING, variable};
use crate::{ISSUER, MailCatcher, Node};

/// The program's file. It is built once, if the tests were started without `make test`.
static PROGRAM: LazyLock<PathBuf> = LazyLock::new(|| {
    let test = std::env::current_exe().unwrap();
    let target = test
        .ancestors()
        .nth(2)
        .expect("tests run from target/<profile>/deps");
    let program = target.join("get-an-identity");
    if !program.is_file() {
        let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
        let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join("../Cargo.toml");
        let mut build = Command::new(cargo);
        build
            .args([
                "build",
                "--locked",
                "--package",
                "server",
                "--manifest-path",
            ])
            .arg(manifest);
        build.arg("--target-dir").arg(target.parent().unwrap());
        let built = build.status().unwrap();
        assert!(
            built.success() && program.is_file(),
            "run `cargo build -p server` first"
        );
    }
    program
});

/// Configuration and database of one provider, on which nodes can be started.
pub struct Deployment {
    settings: BTreeMap<String, String>,
    directory: TempDir,
    // Its schema goes when no node is left that uses it.
    _database: TestDatabase,
}

impl Deployment {
    /// A deployment on a fresh database that mails to `catcher`.
    pub fn on(kind: Kind, catcher: &MailCatcher) -> Self {
        let mut deployment = Self::without_mail(kind);
        deployment.set("mail.adapter", "smtp");
        deployment.set("mail.smtp.host", "127.0.0.1");
        deployment.set("mail.smtp.port", &catcher.address().port().to_string());
        deployment.set("mail.smtp.tls", "none");
        deployment.set("mail.smtp.from", "no-reply@identity.example");
        deployment
    }

    /// A deployment on a fresh database with the development mailbox.
    pub fn without_mail(kind: Kind) -> Self {
        let database = TestDatabase::create(kind);
        let settings = [
            ("environment", "test"),
            ("issuer", ISSUER),
            ("database.url", &database.url),
            ("secrets.keyring", KEYRING),
            ("http.workers", "2"),
        ];
        let settings = settings
            .map(|(key, value)| (variable(key), value.to_owned()))
            .into();
        Self {
            settings,
            directory: tempfile::tempdir().unwrap(),
            _database: database,
        }
    }

    /// Sets a setting for everything that is started from now on.
    pub fn set(&mut self, key: &str, value: &str) {
        self.settings.insert(variable(key), value.to_owned());
    }

    /// Registers services by a clients file, from the next start on.
    pub fn register(&mut self, clients: &[ClientEntry]) {
        let text: String = clients.iter().map(entry_in_toml).collect();
        let file = self.directory.path().join("clients.toml");
        std::fs::write(&file, text).unwrap();
        self.set("clients.file", file.to_str().unwrap());
    }

    /// Runs a command to its end.
    pub fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    /// Runs a command to its end, which must be good, and gives what it printed.
    #[track_caller]
    pub fn succeed(&self, arguments: &[&str]) -> String {
        let Output {
            status,
            stdout,
            stderr,
        } = self.run(arguments);
        assert!(
            status.success(),
            "{arguments:?}: {}",
            String::from_utf8_lossy(&stderr)
        );
        String::from_utf8(stdout).unwrap()
    }

    /// Starts a node and waits until it is ready.
    pub fn start(&self) -> Node {
        // Somebody else may take the port between the question and the start.
        for _ in 0..4 {
            if let Ok(node) = self.try_start(free_port()) {
                return node;
            }
        }
        self.try_start(free_port())
            .unwrap_or_else(|fault| panic!("{fault}"))
    }

    fn try_start(&self, address: SocketAddr) -> Result<Node, String> {
        let mut command = self.command(&["serve"]);
        command.env(variable("http.listen"), address.to_string());
        Node::start(command, address)
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(PROGRAM.as_path());
        command.args(arguments);
        command.current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(".."));
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("IDENTITY__") {
                command.env_remove(name);
            }
        }
        command.envs(&self.settings);
        command
    }
}

/// JSON values are TOML values as long as they hold no object and no null.
fn entry_in_toml(entry: &ClientEntry) -> String {
    let serde_json::Value::Object(settings) = serde_json::to_value(&entry.settings).unwrap() else {
        panic!("settings are an object")
    };
    let mut lines = format!("[[clients]]\nclient_id = \"{}\"\n", entry.id);
    for (key, value) in settings {
        writeln!(lines, "{key} = {value}").unwrap();
    }
    if let Some(secret) = &entry.secret {
        writeln!(lines, "client_secret = \"{}\"", secret.reveal()).unwrap();
    }
    lines
}

fn free_port() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
}
