//! The real program, as an operator runs it.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{BufRead as _, BufReader, Read};
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::sync::{Arc, LazyLock, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use server::config::clients::ClientEntry;
use storage::testing::{Kind, TestDatabase};
use tempfile::TempDir;

use crate::app::{KEYRING, variable};
use crate::{Browser, ISSUER, MailCatcher, Wire};

/// How long a node may take to start or to stop before its test has failed.
const PATIENCE: Duration = Duration::from_secs(60);

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
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let (tell, ready) = mpsc::channel();
        let output = Arc::<Mutex<String>>::default();
        let stdout = listen(child.stdout.take().unwrap(), &output, tell.clone());
        let stderr = listen(child.stderr.take().unwrap(), &output, tell);
        let mut node = Node {
            child,
            address,
            output,
            lines: ready,
            listeners: vec![stdout, stderr],
        };
        if node.await_line(&format!("Ready: {ISSUER}")) {
            Ok(node)
        } else {
            node.kill();
            Err(format!("the node does not start:\n{}", node.output()))
        }
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

/// Keeps what the program writes, and hands each line on.
fn listen(
    stream: impl Read + Send + 'static,
    output: &Arc<Mutex<String>>,
    tell: mpsc::Sender<String>,
) -> JoinHandle<()> {
    let output = Arc::clone(output);
    std::thread::spawn(move || {
        for line in BufReader::new(stream).lines().map_while(Result::ok) {
            let mut kept = output.lock().unwrap();
            kept.push_str(&line);
            kept.push('\n');
            // Nobody waits for lines any more when the test is over.
            tell.send(line).ok();
        }
    })
}

/// A running server process. It is killed with this value.
pub struct Node {
    child: Child,
    address: SocketAddr,
    output: Arc<Mutex<String>>,
    lines: Receiver<String>,
    listeners: Vec<JoinHandle<()>>,
}

impl Node {
    /// Where it listens.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// The way to it.
    pub fn wire(&self) -> Wire {
        Wire::to(self.address)
    }

    /// A browser that nobody has used.
    pub fn browser(&self) -> Browser {
        Browser::new(self.wire())
    }

    /// Everything that it has written to standard output and standard error.
    pub fn output(&self) -> String {
        self.output.lock().unwrap().clone()
    }

    /// Waits for a line that holds `words`; `false` when the program ends before.
    pub fn await_line(&mut self, words: &str) -> bool {
        loop {
            match self.lines.recv_timeout(PATIENCE) {
                Ok(line) if line.contains(words) => return true,
                Ok(_) => {}
                Err(_) => return false,
            }
        }
    }

    /// `kill -9`.
    pub fn kill(&mut self) {
        // A process that has ended already is as dead as it should be.
        self.child.kill().ok();
        self.wait();
    }

    /// Sends the signal to stop, and does not wait.
    pub fn terminate(&self) {
        let pid = self.child.id().to_string();
        assert!(
            Command::new("kill")
                .args(["-TERM", &pid])
                .status()
                .unwrap()
                .success()
        );
    }

    /// Waits for the program's end, and for the last that it wrote.
    pub fn wait(&mut self) -> ExitStatus {
        let status = self.child.wait().unwrap();
        for listener in self.listeners.drain(..) {
            listener.join().unwrap();
        }
        status
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        self.kill();
    }
}
