//! When two names are one person's.

use model::name::{NamePart, PersonName, folded};

use crate::synonyms::Synonyms;

/// Whether a stated name is a recorded one (first, last): the last names are the same, and the
/// first of the first names are the same or synonyms. Hyphens and spaces, apostrophes and case do
/// not matter; accents do. Who has one name only is compared by that.
pub(crate) fn same_name(stated: &PersonName, recorded: (&str, &str), synonyms: &Synonyms) -> bool {
    let stated_first = stated.first.as_ref().map_or("", NamePart::as_str);
    let (first, last) = parts((stated_first, stated.last.as_str()));
    let (recorded_first, recorded_last) = parts(recorded);
    let same_first = match (&first, &recorded_first) {
        (Some(one), Some(other)) => synonyms.are_alike(first_word(one), first_word(other)),
        (None, None) => true,
        _ => false,
    };
    same_first && last == recorded_last && !last.is_empty()
}

/// First and last name as they are compared. Where both are asked for, a single name stands in
/// either or in both, with a dot or a dash in the other.
fn parts((first, last): (&str, &str)) -> (Option<String>, String) {
    let is_name = |part: &String| part.chars().any(char::is_alphanumeric);
    let first = Some(folded(first)).filter(is_name);
    let last = Some(folded(last)).filter(is_name);
    match (first, last) {
        (first, Some(last)) => (first.filter(|first| *first != last), last),
        (Some(only), None) => (None, only),
        (None, None) => (None, String::new()),
    }
}

fn first_word(folded: &str) -> &str {
    folded.split(' ').next().unwrap_or(folded)
}
