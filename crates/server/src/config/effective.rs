//! The configuration as it holds, for `check-config`: TOML, secrets masked, and beside every value
//! the place it comes from.

use std::fmt::Write as _;

use super::Loaded;
use super::place::Place;

/// A setting as it holds now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EffectiveSetting {
    /// The section in full, for example `mail.smtp`; empty at the top.
    pub section: String,
    /// The key within the section.
    pub key: String,
    /// The value as TOML, masked when it is a secret; `None` when nothing is set.
    pub shown: Option<String>,
    /// Where the value stands.
    pub place: Place,
}

impl Loaded {
    /// The whole configuration as TOML that could be read again but for its masked secrets.
    #[must_use]
    pub fn to_toml(&self) -> String {
        let mut sections: Vec<&str> = Vec::new();
        for setting in &self.settings {
            if !sections.contains(&setting.section.as_str()) {
                sections.push(&setting.section);
            }
        }
        let mut toml = format!("# environment: {}\n", self.config.environment.name());
        for section in sections {
            if !section.is_empty() {
                let _ = write!(toml, "\n[{section}]\n");
            }
            for setting in self
                .settings
                .iter()
                .filter(|setting| setting.section == section)
            {
                let _ = writeln!(toml, "{setting}");
            }
        }
        toml
    }
}

impl std::fmt::Display for EffectiveSetting {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.shown {
            Some(shown) => write!(f, "{} = {shown}  # {}", self.key, self.place),
            None => write!(f, "# {} is not set", self.key),
        }
    }
}
