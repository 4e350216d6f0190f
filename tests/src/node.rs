//! One server process.

use std::io::{BufRead as _, BufReader, Read};
use std::net::SocketAddr;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use crate::{Browser, ISSUER, Wire};

/// How long a node may take to start or to stop before its test has failed.
const PATIENCE: Duration = Duration::from_secs(60);

/// A running server process. It is killed with this value.
pub struct Node {
    child: Child,
    address: SocketAddr,
    printed: Arc<Mutex<String>>,
    logged: Arc<Mutex<String>>,
    lines: Receiver<String>,
    listeners: Vec<JoinHandle<()>>,
}

impl Node {
    /// Runs the command and waits until it is ready at that address.
    ///
    /// # Errors
    ///
    /// What it wrote, when it ended instead.
    pub(crate) fn start(mut command: Command, address: SocketAddr) -> Result<Self, String> {
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let (tell, lines) = mpsc::channel();
        let (printed, logged) = (Arc::default(), Arc::default());
        let stdout = listen(child.stdout.take().unwrap(), &printed, tell.clone());
        let stderr = listen(child.stderr.take().unwrap(), &logged, tell);
        let mut node = Self {
            child,
            address,
            printed,
            logged,
            lines,
            listeners: vec![stdout, stderr],
        };
        if node.await_line(&format!("Ready: {ISSUER}")) {
            Ok(node)
        } else {
            node.kill();
            Err(format!("the node does not start:\n{}", node.output()))
        }
    }

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

    /// What it has written to standard output.
    pub fn printed(&self) -> String {
        self.printed.lock().unwrap().clone()
    }

    /// What it has written to standard error.
    pub fn log(&self) -> String {
        self.logged.lock().unwrap().clone()
    }

    /// Everything that it has written.
    pub fn output(&self) -> String {
        self.printed() + &self.log()
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

    /// Sends the signal to stop that a supervisor sends, and does not wait.
    pub fn terminate(&self) {
        self.signal("-TERM");
    }

    /// Sends the signal to stop that Ctrl-C sends, and does not wait.
    pub fn interrupt(&self) {
        self.signal("-INT");
    }

    fn signal(&self, name: &str) {
        let pid = self.child.id().to_string();
        let sent = Command::new("kill").args([name, &pid]).status();
        assert!(sent.unwrap().success());
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

/// Keeps what the program writes, and hands each line on.
fn listen(
    stream: impl Read + Send + 'static,
    kept: &Arc<Mutex<String>>,
    tell: mpsc::Sender<String>,
) -> JoinHandle<()> {
    let kept = Arc::clone(kept);
    std::thread::spawn(move || {
        for line in BufReader::new(stream).lines().map_while(Result::ok) {
            let mut kept = kept.lock().unwrap();
            kept.push_str(&line);
            kept.push('\n');
            // Nobody waits for lines any more when the test is over.
            tell.send(line).ok();
        }
    })
}
