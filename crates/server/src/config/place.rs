//! Where a configured value stands, so that a fault can point at it.

use std::fmt;
use std::path::PathBuf;

/// The origin of one value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// Written in the program: the value holds unless a layer above says otherwise.
    BuiltIn,
    /// A line of a TOML file, counted from 1.
    Line {
        /// The file.
        file: PathBuf,
        /// The line.
        line: usize,
    },
    /// An environment variable, by name.
    Variable(String),
    /// The whole of a file that a `*_file` setting names.
    SecretFile(PathBuf),
    /// A file that was read or looked for as a whole.
    File(PathBuf),
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BuiltIn => f.write_str("built in"),
            Self::Line { file, line } => write!(f, "{}:{line}", file.display()),
            Self::Variable(name) => write!(f, "environment variable {name}"),
            Self::SecretFile(file) | Self::File(file) => write!(f, "{}", file.display()),
        }
    }
}
