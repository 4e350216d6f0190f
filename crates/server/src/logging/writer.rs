//! Hands log lines to a thread that writes them, so that no request waits for a terminal, a pipe
//! or a disk.

use std::io::{self, Write};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use tracing_subscriber::fmt::MakeWriter;

/// Most bytes that wait to be written; beyond them lines are dropped, counted and told of.
const LIMIT: usize = 1024 * 1024;

/// How long the writing thread gathers lines after the first, to write many at once.
const GATHER: Duration = Duration::from_millis(20);

/// The near end, where lines are put.
#[derive(Clone)]
pub(super) struct Buffered(Arc<Shared>);

struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    waiting: Vec<u8>,
    lost: u64,
    is_closed: bool,
}

impl Shared {
    /// A panic elsewhere must not silence the log.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Writes what still waits when it is dropped.
#[must_use = "the last lines are written when this is dropped"]
pub struct Flush {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

impl Buffered {
    /// Starts the thread that writes to `sink`.
    pub(super) fn to(sink: impl Write + Send + 'static) -> (Self, Flush) {
        let shared = Arc::new(Shared {
            state: Mutex::new(State::default()),
            changed: Condvar::new(),
        });
        let far_end = Arc::clone(&shared);
        let thread = std::thread::Builder::new()
            .name("log".to_owned())
            .spawn(move || drain(&far_end, sink))
            .ok();
        (Self(Arc::clone(&shared)), Flush { shared, thread })
    }
}

fn drain(shared: &Shared, mut sink: impl Write) {
    let mut batch = Vec::new();
    loop {
        let mut state = shared
            .changed
            .wait_while(shared.lock(), |state| {
                state.waiting.is_empty() && !state.is_closed
            })
            .unwrap_or_else(PoisonError::into_inner);
        if !state.is_closed {
            (state, _) = shared
                .changed
                .wait_timeout_while(state, GATHER, |state| !state.is_closed)
                .unwrap_or_else(PoisonError::into_inner);
        }
        std::mem::swap(&mut batch, &mut state.waiting);
        let lost = std::mem::take(&mut state.lost);
        let is_closed = state.is_closed;
        drop(state);

        if lost > 0 {
            let _ = writeln!(
                batch,
                "{lost} log lines were lost: the log is read too slowly"
            );
        }
        let _ = sink.write_all(&batch).and_then(|()| sink.flush());
        batch.clear();
        if is_closed {
            return;
        }
    }
}

impl Write for &Buffered {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let mut state = self.0.lock();
        if state.waiting.len() + line.len() > LIMIT {
            state.lost += 1;
            return Ok(line.len());
        }
        let was_empty = state.waiting.is_empty();
        state.waiting.extend_from_slice(line);
        drop(state);
        if was_empty {
            self.0.changed.notify_one();
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Buffered {
    type Writer = &'a Self;

    fn make_writer(&'a self) -> Self::Writer {
        self
    }
}

impl Drop for Flush {
    fn drop(&mut self) {
        self.shared.lock().is_closed = true;
        self.shared.changed.notify_one();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    struct Kept(mpsc::Sender<Vec<u8>>);

    impl Write for Kept {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.send(bytes.to_vec()).map_err(io::Error::other)?;
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn every_line_is_written_before_the_end() {
        let (sender, kept) = mpsc::channel();
        let (writer, flush) = Buffered::to(Kept(sender));

        for line in 0..1_000 {
            writeln!(&writer, "{line}").unwrap();
        }
        drop(flush);

        let written: Vec<u8> = kept.try_iter().flatten().collect();
        assert_eq!(String::from_utf8(written).unwrap().lines().count(), 1_000);
    }

    #[test]
    fn a_log_that_nobody_reads_holds_nobody_up_and_tells_what_it_lost() {
        struct Stuck(mpsc::Receiver<()>, Kept);
        impl Write for Stuck {
            fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
                let _ = self.0.recv();
                self.1.write(bytes)
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        let (release, blocked) = mpsc::channel();
        let (sender, kept) = mpsc::channel();
        let (writer, flush) = Buffered::to(Stuck(blocked, Kept(sender)));
        let line = "x".repeat(1023);

        for _ in 0..5_000 {
            writeln!(&writer, "{line}").unwrap();
        }
        drop(release);
        drop(flush);

        let written: Vec<u8> = kept.try_iter().flatten().collect();
        let written = String::from_utf8(written).unwrap();
        assert!(written.len() < 3 * LIMIT);
        assert!(written.contains("log lines were lost: the log is read too slowly\n"));
    }
}
