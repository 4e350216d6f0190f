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
    output: Arc<Mutex<String>>,
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
        let output = Arc::<Mutex<String>>::default();
        let stdout = listen(child.stdout.take().unwrap(), &output, tell.clone());
        let stderr = listen(child.stderr.take().unwrap(), &output, tell);
        let mut node = Self {
            child,
            address,
            output,
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
