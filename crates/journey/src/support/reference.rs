//! The number by which a person and whoever helps them speak of one case.

use std::fmt;

use model::Entropy;

/// A support task's number, for example `GAI-7K3M-Q2X9`.
///
/// Shape: `GAI`, then twice four of 32 characters, none of which is taken for another when it is
/// read out: no 0 or O, no 1 or I. It names a case and opens nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reference(String);

const ALPHABET: [char; 32] = [
    '2', '3', '4', '5', '6', '7', '8', '9', 'A', 'B', 'C', 'D', 'E', 'F', 'G', 'H', 'J', 'K', 'L',
    'M', 'N', 'P', 'Q', 'R', 'S', 'T', 'U', 'V', 'W', 'X', 'Y', 'Z',
];

const PREFIX: &str = "GAI";

const LENGTH: usize = 8;

impl Reference {
    /// Draws a number out of a million million.
    #[must_use]
    pub fn draw(entropy: &dyn Entropy) -> Self {
        let mut bytes = [0; LENGTH];
        entropy.fill(&mut bytes);
        Self::of(bytes.iter().filter_map(|byte| {
            // The alphabet is 32 long, so five bits of the byte choose evenly.
            ALPHABET.get(usize::from(byte & 31))
        }))
    }

    /// Reads a number as somebody typed it: case, spaces and dashes do not matter, and the `GAI`
    /// may be left out. `None` when it cannot be one.
    #[must_use]
    pub fn parse(typed: &str) -> Option<Self> {
        let mut kept: String = typed
            .chars()
            .filter(|c| !c.is_whitespace() && *c != '-')
            .map(|c| c.to_ascii_uppercase())
            .collect();
        if kept.len() == PREFIX.len() + LENGTH && kept.starts_with(PREFIX) {
            kept.drain(..PREFIX.len());
        }
        let is_whole =
            kept.chars().count() == LENGTH && kept.chars().all(|c| ALPHABET.contains(&c));
        is_whole.then(|| {
            let characters: Vec<char> = kept.chars().collect();
            Self::of(characters.iter())
        })
    }

    fn of<'a>(characters: impl Iterator<Item = &'a char>) -> Self {
        let mut text = PREFIX.to_owned();
        for (at, character) in characters.enumerate() {
            if at % 4 == 0 {
                text.push('-');
            }
            text.push(*character);
        }
        Self(text)
    }

    /// The number as it is written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use model::SystemEntropy;

    use super::*;

    #[test]
    fn a_drawn_number_can_be_read_out_and_reads_back() {
        for _ in 0..1_000 {
            let reference = Reference::draw(&SystemEntropy);

            let text = reference.as_str();
            assert_eq!(text.len(), "GAI-7K3M-Q2X9".len(), "{text}");
            let drawn = text.strip_prefix("GAI-").unwrap();
            assert!(!drawn.contains(['0', 'O', '1', 'I']), "{text}");
            assert_eq!(Reference::parse(text), Some(reference));
        }
    }

    #[test]
    fn a_number_is_read_however_it_was_written_down() {
        for typed in [
            "GAI-7K3M-Q2X9",
            "gai-7k3m-q2x9",
            " GAI 7K3M Q2X9 ",
            "7K3MQ2X9",
            "7k3m-q2x9",
        ] {
            assert_eq!(
                Reference::parse(typed).unwrap().as_str(),
                "GAI-7K3M-Q2X9",
                "{typed}"
            );
        }
    }

    #[test]
    fn what_was_never_drawn_is_no_number() {
        for typed in [
            "",
            "GAI",
            "GAI-7K3M-Q2X",
            "GAI-7K3M-Q2X99",
            "GAI-0K3M-Q2X9",
            "GAI-1K3M-Q2X9",
            "GAI-OK3M-Q2X9",
            "XYZ-7K3M-Q2X9",
            "GAI-7K3M-Q2Xé",
        ] {
            assert_eq!(Reference::parse(typed), None, "{typed}");
        }
    }
}
