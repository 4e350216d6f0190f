//! The program in a directory of its own, run as an operator runs it.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Output, Stdio};

/// A deployment of its own in a directory that goes away with the test.
pub(crate) struct Deployment {
    pub(crate) directory: tempfile::TempDir,
    pub(crate) port: u16,
}

impl Deployment {
    pub(crate) fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let port = TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap()
            .port();
        let config = format!(
            "issuer = \"http://localhost:{port}\"\n\
             database = {{ url = \"sqlite:identity.sqlite3\", migrate_on_start = true }}\n\
             mail.adapter = \"dev-mailbox\"\n\
             contact = {{ organisation = \"Tests\", support_email = \"help@identity.example\" }}\n\
             http = {{ listen = [\"127.0.0.1:{port}\"], drain = \"300ms\" }}\n"
        );
        std::fs::create_dir(directory.path().join("config")).unwrap();
        let deployment = Self { directory, port };
        deployment.write("config/default.toml", &config);
        deployment
    }

    pub(crate) fn write(&self, file: &str, text: &str) {
        std::fs::write(self.directory.path().join(file), text).unwrap();
    }

    pub(crate) fn command(&self, arguments: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_get-an-identity"));
        command
            .current_dir(self.directory.path())
            .env_clear()
            .env("IDENTITY__ENVIRONMENT", "test")
            .args(arguments.split_whitespace());
        command
    }

    fn run(&self, arguments: &str) -> Output {
        self.command(arguments).output().unwrap()
    }

    /// What a command prints; it has to succeed.
    pub(crate) fn print(&self, arguments: &str) -> String {
        let output = self.run(arguments);
        let errors = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.success(), "{arguments}: {errors}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// What a command says when it fails.
    pub(crate) fn refusal(&self, arguments: &str) -> (Option<i32>, String) {
        let output = self.run(arguments);
        assert!(!output.status.success(), "{arguments}");
        (
            output.status.code(),
            String::from_utf8(output.stderr).unwrap(),
        )
    }

    pub(crate) fn serve(&self) -> Server {
        let mut process = self
            .command("serve")
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut ready = String::new();
        let stdout = process.stdout.take().unwrap();
        BufReader::new(stdout).read_line(&mut ready).unwrap();
        Server {
            process,
            port: self.port,
            ready,
        }
    }
}

pub(crate) struct Server {
    process: Child,
    port: u16,
    pub(crate) ready: String,
}

impl Server {
    pub(crate) fn signal(&self, name: &str) {
        let pid = self.process.id().to_string();
        assert!(
            Command::new("kill")
                .args(["-s", name, &pid])
                .status()
                .unwrap()
                .success()
        );
    }

    pub(crate) fn connect(&self) -> TcpStream {
        TcpStream::connect(("127.0.0.1", self.port)).unwrap()
    }

    pub(crate) fn get(&self, path: &str) -> String {
        let mut connection = self.connect();
        let request =
            format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
        connection.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        connection.read_to_string(&mut answer).unwrap();
        answer
    }

    pub(crate) fn log(mut self) -> String {
        assert!(self.process.wait().unwrap().success());
        let mut log = String::new();
        self.process
            .stderr
            .take()
            .unwrap()
            .read_to_string(&mut log)
            .unwrap();
        log
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
