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
use crate::{Authority, ISSUER, MailCatcher, Node};

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
    /// Set as variables of the environment.
    settings: BTreeMap<String, String>,
    files: TempDir,
    /// Where the program is run, and looks for its configuration.
    run_in: PathBuf,
    /// Where its one node listens, if its settings say so.
    address: Option<SocketAddr>,
    // Its schema goes when no node is left that uses it.
    _database: Option<TestDatabase>,
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

    /// A deployment of the configuration that ships, on a fresh database, with the development
    /// mailbox.
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
            files: tempfile::tempdir().unwrap(),
            run_in: Path::new(env!("CARGO_MANIFEST_DIR")).join(".."),
            address: None,
            _database: Some(database),
        }
    }

    /// A deployment whose configuration, keys and SQLite database are files in a directory of its
    /// own, as on a machine where nobody has set anything else.
    pub fn of_files() -> Self {
        let files = tempfile::tempdir().unwrap();
        std::fs::create_dir(files.path().join("config")).unwrap();
        let address = free_address();
        let deployment = Self {
            settings: BTreeMap::from([(variable("environment"), "test".to_owned())]),
            run_in: files.path().to_owned(),
            files,
            address: Some(address),
            _database: None,
        };
        let config = format!(
            "issuer = \"{ISSUER}\"\n\
             database = {{ url = \"sqlite:identity.sqlite3\", migrate_on_start = true }}\n\
             mail.adapter = \"dev-mailbox\"\n\
             contact = {{ organisation = \"Tests\", support_email = \"help@identity.example\" }}\n\
             http = {{ listen = [\"{address}\"] }}\n"
        );
        deployment.write("config/default.toml", &config);
        deployment
    }

    /// A file of this deployment.
    pub fn file(&self, name: &str) -> PathBuf {
        self.files.path().join(name)
    }

    /// Writes a file of this deployment.
    pub fn write(&self, name: &str, text: &str) {
        std::fs::write(self.file(name), text).unwrap();
    }

    /// Where its database is.
    pub fn database_url(&self) -> &str {
        &self.settings[&variable("database.url")]
    }

    /// Sets a setting for everything that is started from now on.
    pub fn set(&mut self, key: &str, value: &str) {
        self.settings.insert(variable(key), value.to_owned());
    }

    /// Has it serve https with a certificate of this authority, and says where.
    pub fn serve_https(&mut self, authority: &Authority) -> SocketAddr {
        self.show_certificate(authority);
        for (key, name) in [("certificate_file", "tls.pem"), ("key_file", "tls.key")] {
            let file = self.file(name);
            self.set(&format!("http.tls.{key}"), file.to_str().unwrap());
        }
        let address = free_address();
        self.set("http.tls.listen", &address.to_string());
        address
    }

    /// Has it listen for https only.
    pub fn serve_only_https(&mut self, authority: &Authority) -> SocketAddr {
        let address = self.serve_https(authority);
        self.set("http.listen", "");
        self.address = Some(address);
        address
    }

    /// Puts a new certificate of this authority where the old one was.
    pub fn show_certificate(&self, authority: &Authority) {
        let (certificate, key) = authority.issue("identity.example");
        self.write("tls.key", &key);
        self.write("tls.pem", &certificate);
    }

    /// Registers services by a clients file, from the next start on.
    pub fn register(&mut self, clients: &[ClientEntry]) {
        let text: String = clients.iter().map(entry_in_toml).collect();
        self.write("clients.toml", &text);
        let file = self.file("clients.toml");
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

    /// Runs a command to its end, which must be bad, and gives its exit code and what it said.
    #[track_caller]
    pub fn refuse(&self, arguments: &[&str]) -> (Option<i32>, String) {
        let output = self.run(arguments);
        assert!(!output.status.success(), "{arguments:?}");
        (
            output.status.code(),
            String::from_utf8(output.stderr).unwrap(),
        )
    }

    /// Starts a node and waits until it is ready.
    pub fn start(&self) -> Node {
        // Somebody else may take the port between the question and the start.
        for _ in 0..4 {
            if let Ok(node) = self.try_start() {
                return node;
            }
        }
        self.try_start().unwrap_or_else(|fault| panic!("{fault}"))
    }

    fn try_start(&self) -> Result<Node, String> {
        let mut command = self.command(&["serve"]);
        let address = self.address.unwrap_or_else(|| {
            let address = free_address();
            command.env(variable("http.listen"), address.to_string());
            address
        });
        Node::start(command, address)
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = program(&self.settings);
        command.current_dir(&self.run_in).args(arguments);
        command
    }
}

/// The program where the configuration that ships is, with these variables and no other settings.
pub(crate) fn program(variables: &BTreeMap<String, String>) -> Command {
    let mut command = Command::new(PROGRAM.as_path());
    command.current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(".."));
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("IDENTITY__") {
            command.env_remove(name);
        }
    }
    command.envs(variables);
    command
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

fn free_address() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
}
