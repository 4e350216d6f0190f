//! The provider under load, as a process of its own.

use std::io::{self, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use model::{Entropy, Keyring, Secret, SystemEntropy};

use crate::process::Process;
use crate::site::{ISSUER, clients_file};

/// How to start the provider; every start is of the same configuration.
pub(crate) struct Launch {
    /// `get-an-identity`.
    pub(crate) binary: PathBuf,
    /// The directory of `default.toml` and `production.toml`.
    pub(crate) config: PathBuf,
    /// Where clients, logs and the SQLite file are.
    pub(crate) folder: PathBuf,
    /// `sqlite:..` or `postgres:..`.
    pub(crate) database_url: String,
    /// The mail server.
    pub(crate) mail: SocketAddr,
    /// The processors that the provider may use, such as `0`; all when `None`.
    pub(crate) cpus: Option<String>,
    /// The sealing key, which has the number 1.
    key: [u8; 32],
}

/// A provider that answers.
pub(crate) struct Provider {
    child: Child,
    /// Where it listens.
    pub(crate) address: SocketAddr,
    /// From the start of the process to its first `ready`.
    pub(crate) time_to_ready: Duration,
}

impl Launch {
    /// Writes the clients and makes the keys.
    ///
    /// # Errors
    ///
    /// The folder cannot be written to.
    pub(crate) fn new(
        binary: &Path,
        config: &Path,
        folder: &Path,
        database_url: String,
        mail: SocketAddr,
        cpus: Option<String>,
    ) -> io::Result<Self> {
        std::fs::write(folder.join("clients.toml"), clients_file())?;
        let random: &dyn Entropy = &SystemEntropy;
        Ok(Self {
            binary: binary.canonicalize()?,
            config: config.canonicalize()?,
            folder: folder.to_owned(),
            database_url,
            mail,
            cpus,
            key: random.bytes32(),
        })
    }

    /// What the provider seals and digests with.
    ///
    /// # Errors
    ///
    /// None: there is a key.
    pub(crate) fn keyring(&self) -> io::Result<Keyring> {
        Keyring::new(&[(1, Secret::new(self.key))]).map_err(io::Error::other)
    }

    /// Starts the provider and waits until it says that it is ready.
    ///
    /// # Errors
    ///
    /// It ends, or is not ready within a minute; its log says why.
    pub(crate) fn start(&self) -> io::Result<Provider> {
        let address = free_address()?;
        let log = std::fs::File::create(self.folder.join("provider.log"))?;
        let mut command = self.command(address);
        command.stdout(log.try_clone()?).stderr(log);

        let begun = Instant::now();
        let mut child = command.spawn()?;
        while !is_ready(address) {
            let is_dead = child.try_wait()?.is_some();
            if is_dead || begun.elapsed() > Duration::from_secs(60) {
                child.kill()?;
                let log = std::fs::read_to_string(self.folder.join("provider.log"))?;
                return Err(io::Error::other(format!(
                    "the provider did not start:\n{log}"
                )));
            }
            std::thread::sleep(Duration::from_micros(500));
        }
        Ok(Provider {
            child,
            address,
            time_to_ready: begun.elapsed(),
        })
    }

    fn command(&self, address: SocketAddr) -> Command {
        let mut command = match &self.cpus {
            Some(cpus) => {
                let mut command = Command::new("taskset");
                command.args(["-c", cpus]).arg(&self.binary);
                command
            }
            None => Command::new(&self.binary),
        };
        command
            .arg("--config-dir")
            .arg(&self.config)
            .arg("serve")
            .current_dir(&self.folder);
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("IDENTITY__") {
                command.env_remove(name);
            }
        }
        // The limits of one client address stand; those of all together are for smaller days.
        for (name, value) in [
            ("ENVIRONMENT", "production"),
            ("ISSUER", ISSUER),
            ("CLIENTS__FILE", "clients.toml"),
            ("HTTP__LISTEN", &address.to_string()),
            ("HTTP__DRAIN", "0s"),
            ("PROXIES__TRUSTED", "127.0.0.1/32"),
            ("DATABASE__URL", &self.database_url),
            ("DATABASE__MIGRATE_ON_START", "true"),
            (
                "SECRETS__KEYRING",
                &format!("1:{}", STANDARD.encode(self.key)),
            ),
            ("LIMITS__SENDS_IN_ALL", "1000000000 per 1h"),
            ("LIMITS__TRIES_IN_ALL", "1000000000 per 1h"),
            ("MAIL__ADAPTER", "smtp"),
            ("MAIL__SMTP__HOST", &self.mail.ip().to_string()),
            ("MAIL__SMTP__PORT", &self.mail.port().to_string()),
            ("MAIL__SMTP__TLS", "none"),
            ("MAIL__SMTP__FROM", "no-reply@bench.example"),
            ("OUTBOUND__ALLOWED_HOSTS", "127.0.0.1"),
            ("CONTACT__SUPPORT_EMAIL", "help@bench.example"),
            ("CONTACT__ORGANISATION", "Nobody"),
        ] {
            command.env(format!("IDENTITY__{name}"), value);
        }
        command.stdin(Stdio::null());
        command
    }
}

impl Provider {
    /// The process, for what it costs.
    pub(crate) fn process(&self) -> Process {
        Process(self.child.id())
    }

    /// Asks the provider to end and waits until it has.
    ///
    /// # Errors
    ///
    /// It ends with a failure.
    pub(crate) fn stop(mut self) -> io::Result<()> {
        let id = self.child.id().to_string();
        Command::new("kill").args(["-TERM", &id]).status()?;
        let status = self.child.wait()?;
        if status.success() {
            return Ok(());
        }
        Err(io::Error::other(format!(
            "the provider ended with {status}"
        )))
    }
}

impl Drop for Provider {
    fn drop(&mut self) {
        // It has ended already unless the bench failed half-way.
        if matches!(self.child.try_wait(), Ok(None)) && self.child.kill().is_ok() {
            let _status = self.child.wait();
        }
    }
}

fn free_address() -> io::Result<SocketAddr> {
    TcpListener::bind("127.0.0.1:0")?.local_addr()
}

fn is_ready(address: SocketAddr) -> bool {
    let ask = || -> io::Result<bool> {
        let mut stream = TcpStream::connect(address)?;
        stream.write_all(b"GET /health/ready HTTP/1.1\r\nHost: localhost\r\n\r\n")?;
        let mut status = [0; 12];
        stream.read_exact(&mut status)?;
        Ok(status == *b"HTTP/1.1 200")
    };
    ask().unwrap_or(false)
}
