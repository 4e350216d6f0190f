//! `[logging]`: what is logged, and in which shape.

use super::section::Section;
use super::setting::Choice;

/// How the log is written.
#[derive(Clone, Copy, Debug)]
pub struct Logging {
    /// The shape of a line.
    pub format: LogFormat,
    /// The least grave event that is logged.
    pub level: LogLevel,
}

impl Logging {
    pub(crate) fn read(section: &mut Section<'_>) -> Self {
        Self {
            format: section.or("format", LogFormat::Json),
            level: section.or("level", LogLevel::Info),
        }
    }
}

/// The shape of a log line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// One JSON object a line, for machines.
    Json,
    /// Words, for a person at a terminal.
    Text,
}

impl Choice for LogFormat {
    const ALL: &'static [(&'static str, Self)] = &[("json", Self::Json), ("text", Self::Text)];
}

/// How grave an event must be to be logged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogLevel {
    /// Only faults.
    Error,
    /// Faults and what may become one.
    Warn,
    /// Also every request but the frequent harmless ones.
    Info,
    /// Every request.
    Debug,
    /// Everything the program says about itself.
    Trace,
}

impl Choice for LogLevel {
    const ALL: &'static [(&'static str, Self)] = &[
        ("error", Self::Error),
        ("warn", Self::Warn),
        ("info", Self::Info),
        ("debug", Self::Debug),
        ("trace", Self::Trace),
    ];
}
