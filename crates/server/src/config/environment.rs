//! What a deployment is for, which decides how much is asked of its configuration.

use super::setting::{Choice, choices};

/// The kind of deployment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Environment {
    /// One person's machine: secrets are made when absent, mail can stay in a page.
    Development,
    /// Automated tests.
    Test,
    /// Anything that real people reach. This is what a deployment that names nothing is.
    Production,
}

impl Environment {
    /// Reads the name of an environment.
    ///
    /// # Errors
    ///
    /// A sentence naming the environments, for any other name.
    pub fn parse(name: &str) -> Result<Self, String> {
        Self::named(name).ok_or_else(|| format!("must be {}", choices::<Self>()))
    }

    /// The name, as files and flags write it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Development => "development",
            Self::Test => "test",
            Self::Production => "production",
        }
    }
}

impl Choice for Environment {
    const ALL: &'static [(&'static str, Self)] = &[
        ("development", Self::Development),
        ("test", Self::Test),
        ("production", Self::Production),
    ];
}
