//! The log: one line an event, JSON or text, to standard error.
//!
//! Every line carries the id of the request it was written for
//! ([`request_id`](crate::request_id)). Nothing here keeps personal data out: whoever logs does,
//! by logging ids and causes only; a test signs in and searches all output.

mod line;
mod writer;

use tracing::Level;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::Layer as _;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::{SubscriberInitExt as _, TryInitError};

use crate::config::logging::{LogFormat, LogLevel, Logging};
use line::Line;
use writer::Buffered;

pub use writer::Flush;

/// The crates whose events are logged at the configured level. Libraries may know secrets and
/// write freely, so of theirs only warnings are logged, at any level.
const OURS: [&str; 7] = [
    "server",
    "protocol",
    "journey",
    "pages",
    "storage",
    "model",
    "get_an_identity",
];

/// A library that writes what browsers sent into its errors, down to single bytes. Whoever calls it
/// learns from what it returns.
const SILENT: &str = "webauthn";

/// Starts logging for the whole process; what is returned writes the last lines when dropped.
///
/// # Errors
///
/// [`TryInitError`] when logging was started before.
pub fn start(settings: Logging) -> Result<Flush, TryInitError> {
    let (writer, flush) = Buffered::to(std::io::stderr());
    let layer = tracing_subscriber::fmt::layer()
        .event_format(match settings.format {
            LogFormat::Json => Line::Json,
            LogFormat::Text => Line::Text,
        })
        .with_writer(writer)
        .with_filter(targets(level(settings.level)));
    tracing_subscriber::registry().with(layer).try_init()?;
    Ok(flush)
}

fn targets(level: LevelFilter) -> Targets {
    Targets::new()
        .with_default(level.min(LevelFilter::WARN))
        .with_targets(OURS.into_iter().map(|target| (target, level)))
        .with_target(SILENT, LevelFilter::OFF)
}

fn level(level: LogLevel) -> LevelFilter {
    LevelFilter::from_level(match level {
        LogLevel::Error => Level::ERROR,
        LogLevel::Warn => Level::WARN,
        LogLevel::Info => Level::INFO,
        LogLevel::Debug => Level::DEBUG,
        LogLevel::Trace => Level::TRACE,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_libraries_only_warnings_are_logged_and_of_one_that_quotes_browsers_nothing() {
        let targets = targets(LevelFilter::TRACE);

        assert!(targets.would_enable("journey::stage", &Level::TRACE));
        assert!(targets.would_enable("lettre::transport", &Level::WARN));
        assert!(!targets.would_enable("lettre::transport", &Level::INFO));
        assert!(!targets.would_enable("webauthn_rs_core::internals", &Level::ERROR));
        assert!(!targets.would_enable("webauthn_rs", &Level::ERROR));
    }
}
