//! The word by which a person and an operator find the same fault.

use std::fmt;

use crate::entropy::Entropy;

/// The id of one fault, shown to the person and written to the log beside the cause.
///
/// Shape: three groups of four letters and digits that are not confused when read aloud, for
/// example `7KQM-2XHD-94WT` (60 random bits). It carries no personal data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IncidentId(String);

const ALPHABET: [char; 32] = [
    '2', '3', '4', '5', '6', '7', '8', '9', 'A', 'B', 'C', 'D', 'E', 'F', 'G', 'H', 'J', 'K', 'L',
    'M', 'N', 'P', 'Q', 'R', 'S', 'T', 'U', 'V', 'W', 'X', 'Y', 'Z',
];

impl IncidentId {
    /// Draws a new id.
    #[must_use]
    pub fn draw(entropy: &dyn Entropy) -> Self {
        let mut bytes = [0; 12];
        entropy.fill(&mut bytes);
        let mut text = String::with_capacity(14);
        for (index, byte) in bytes.iter().enumerate() {
            if index > 0 && index % 4 == 0 {
                text.push('-');
            }
            text.extend(ALPHABET.get(usize::from(byte % 32)));
        }
        Self(text)
    }

    /// The id as it is shown.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for IncidentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entropy::SystemEntropy;

    #[test]
    fn an_incident_id_reads_as_three_groups_of_four() {
        let id = IncidentId::draw(&SystemEntropy).to_string();

        let groups: Vec<_> = id.split('-').map(str::len).collect();
        assert_eq!(groups, [4, 4, 4]);
    }
}
