//! First names that people use for one another.

use std::collections::HashMap;

use model::name::folded;

/// Groups of first names that are taken for the same: Liz and Elizabeth, Mo and Mohammed.
///
/// A name may be in several groups, and being alike does not pass on: Alex may be Alexander or
/// Alexandra, who are not alike.
#[derive(Clone, Debug)]
pub struct Synonyms {
    groups: Vec<Vec<String>>,
    /// The places in `groups` of each name.
    groups_of: HashMap<String, Vec<usize>>,
}

/// A file of synonyms that cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line} is no group: write at least two names, parted by commas")]
pub struct InvalidSynonyms {
    /// The line, counted from 1.
    pub line: usize,
}

/// The list that ships with this program.
const BUILT_IN: &str = include_str!("../../../config/first-name-synonyms.csv");

impl Synonyms {
    /// Reads groups, one a line, their names parted by commas; empty lines and those that begin
    /// with `#` do not count.
    ///
    /// # Errors
    ///
    /// [`InvalidSynonyms`] names the first line that is no group.
    pub fn parse(text: &str) -> Result<Self, InvalidSynonyms> {
        let mut synonyms = Self {
            groups: Vec::new(),
            groups_of: HashMap::new(),
        };
        for (index, line) in text.lines().enumerate() {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let names: Vec<String> = line.split(',').map(folded).collect();
            if names.len() < 2 || names.iter().any(String::is_empty) {
                return Err(InvalidSynonyms { line: index + 1 });
            }
            for name in &names {
                let places = synonyms.groups_of.entry(name.clone()).or_default();
                places.push(synonyms.groups.len());
            }
            synonyms.groups.push(names);
        }
        Ok(synonyms)
    }

    /// The list that ships with this program.
    ///
    /// # Errors
    ///
    /// [`InvalidSynonyms`] never happens: a test reads the list.
    pub fn built_in() -> Result<Self, InvalidSynonyms> {
        Self::parse(BUILT_IN)
    }

    /// Whether two [`folded`] first names are the same or in one group.
    #[must_use]
    pub fn are_alike(&self, one: &str, other: &str) -> bool {
        one == other
            || match (self.groups_of.get(one), self.groups_of.get(other)) {
                (Some(ones), Some(others)) => ones.iter().any(|group| others.contains(group)),
                _ => false,
            }
    }

    /// The names that are alike to a [`folded`] first name, itself left out, each once.
    #[must_use]
    pub fn others(&self, name: &str) -> Vec<&str> {
        let places = self.groups_of.get(name).into_iter().flatten();
        let names = places.filter_map(|place| self.groups.get(*place)).flatten();
        let mut others: Vec<&str> = Vec::new();
        for other in names.map(String::as_str) {
            if other != name && !others.contains(&other) {
                others.push(other);
            }
        }
        others
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_one_line_are_alike_and_this_does_not_pass_on() {
        let synonyms = Synonyms::parse(
            "# a comment\n\nalexander,alex\nAlexandra, Alex ,Sandra\nse\u{301}an,shaun\n",
        )
        .unwrap();

        assert!(synonyms.are_alike("alex", "alexander"));
        assert!(synonyms.are_alike("sandra", "alexandra"));
        assert!(synonyms.are_alike("s\u{e9}an", "shaun"));
        assert!(synonyms.are_alike("unlisted", "unlisted"));
        assert!(!synonyms.are_alike("alexander", "alexandra"));
        assert!(!synonyms.are_alike("alex", "unlisted"));
    }

    #[test]
    fn the_names_alike_to_one_are_listed_once_each() {
        let synonyms = Synonyms::parse("alexander,alex,sandy\nalexandra,alex,sandy\n").unwrap();

        assert_eq!(synonyms.others("alex"), ["alexander", "sandy", "alexandra"]);
        assert_eq!(synonyms.others("unlisted"), [""; 0]);
    }

    #[test]
    fn a_line_that_is_no_group_is_named() {
        for wrong in ["ada", "ada,", ",ada", "ada,,adah", "ada, "] {
            let read = Synonyms::parse(&format!("liz,beth\n{wrong}\n"));

            assert_eq!(read.unwrap_err(), InvalidSynonyms { line: 2 }, "{wrong}");
        }
    }

    #[test]
    fn the_list_that_ships_knows_short_forms_of_many_languages() {
        let synonyms = Synonyms::built_in().unwrap();

        for (one, other) in [
            ("liz", "elizabeth"),
            ("bill", "william"),
            ("kath", "catherine"),
            ("dai", "dafydd"),
            ("tomos", "thomas"),
            ("hamish", "james"),
            ("eilidh", "helen"),
            ("padraig", "patrick"),
            ("siobhan", "joan"),
            ("mo", "mohammed"),
            ("gurpreet", "gur"),
            ("priya", "priyanka"),
            ("yusuf", "yousaf"),
        ] {
            assert!(synonyms.are_alike(one, other), "{one} {other}");
            assert!(synonyms.are_alike(other, one), "{other} {one}");
        }
        for (one, other) in [
            ("alexander", "alexandra"),
            ("ada", "adam"),
            ("mary", "martha"),
        ] {
            assert!(!synonyms.are_alike(one, other), "{one} {other}");
        }
    }
}
