//! What is wrong with a configuration, told so that it can be put right at once.

use std::fmt;

use super::place::Place;

/// One fault: the key, where its value stands, and what would be right.
///
/// It never holds the value itself, because the value may be a secret or a secret in the
/// wrong place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The key in full, for example `mail.smtp.host` or `clients[2].redirect_uris[0]`.
    pub key: String,
    /// Where the value stands; [`Place::BuiltIn`] when it is missing.
    pub place: Place,
    /// What would be right, for example "must be true or false".
    pub remedy: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.place {
            Place::BuiltIn => write!(f, "{}: {} (it is not set)", self.key, self.remedy),
            place => write!(f, "{}: {} ({place})", self.key, self.remedy),
        }
    }
}

/// Every fault of a configuration, at least one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct Faults(pub Vec<Fault>);

impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.len() {
            1 => f.write_str("the configuration has 1 fault:")?,
            count => write!(f, "the configuration has {count} faults:")?,
        }
        for fault in &self.0 {
            write!(f, "\n  {fault}")?;
        }
        Ok(())
    }
}
