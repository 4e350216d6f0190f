//! The names by which the records system is asked for one person.

use journey::synonyms::Synonyms;
use journey::teacher_records::RecordQuery;
use model::name::{NamePart, folded};

/// The names of one search. The records system takes any of its first names together with any of
/// its last names, and no first name for another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Spelling<'a> {
    pub(super) first: Option<&'a str>,
    pub(super) other_first: Option<&'a str>,
    pub(super) last: Option<&'a str>,
    pub(super) other_last: Option<&'a str>,
}

/// First names that are asked for: the given ones, then those that are used for them. The list that
/// ships knows 27 for Catherine and 22 for Elizabeth; few other names have more than 12.
const FIRST_NAMES: usize = 28;

/// Last names that are asked for, the present one and the latest former ones.
const LAST_NAMES: usize = 4;

/// Searches in one look-up, the likeliest first: every first name for who has had two last names.
/// The records system lets a client ask 1,000 times a minute, and a look-up is one search for most
/// people.
const SEARCHES: usize = FIRST_NAMES / 2;

/// The searches that a person is to be found by.
pub(super) fn spellings<'a>(query: &'a RecordQuery, synonyms: &'a Synonyms) -> Vec<Spelling<'a>> {
    let names = || std::iter::once(&query.name).chain(query.previous_names.iter().rev());
    let given = names().filter_map(|name| name.first.as_ref().map(NamePart::as_str));
    let used_for_them = given.clone().flat_map(|first| {
        let folded = folded(first);
        synonyms.others(folded.split(' ').next().unwrap_or_default())
    });
    let firsts = distinct(given.chain(used_for_them), FIRST_NAMES);
    let lasts = distinct(names().map(|name| name.last.as_str()), LAST_NAMES);
    let lasts = pairs(&lasts);
    pairs(&firsts)
        .into_iter()
        .flat_map(|(first, other_first)| {
            lasts.iter().map(move |(last, other_last)| Spelling {
                first,
                other_first,
                last: *last,
                other_last: *other_last,
            })
        })
        .take(SEARCHES)
        .collect()
}

/// Each name once, however it is written.
fn distinct<'a>(names: impl Iterator<Item = &'a str>, most: usize) -> Vec<&'a str> {
    let mut distinct: Vec<(String, &str)> = Vec::new();
    for name in names {
        let folded = folded(name);
        if distinct.len() < most && !distinct.iter().any(|(other, _)| *other == folded) {
            distinct.push((folded, name));
        }
    }
    distinct.into_iter().map(|(_, name)| name).collect()
}

/// Two and two of them; one empty pair of none.
fn pairs<'a>(names: &[&'a str]) -> Vec<(Option<&'a str>, Option<&'a str>)> {
    let pairs = names.chunks(2);
    let mut pairs: Vec<_> = pairs
        .map(|pair| (pair.first().copied(), pair.get(1).copied()))
        .collect();
    if pairs.is_empty() {
        pairs.push((None, None));
    }
    pairs
}

#[cfg(test)]
mod tests {
    use model::EmailAddress;
    use model::date_of_birth::DateOfBirth;
    use model::name::PersonName;
    use model::trn_lookup::MatchPolicy;

    use super::*;

    fn name(first: &str, last: &str) -> PersonName {
        PersonName {
            first: NamePart::parse(first).ok(),
            middle: None,
            last: NamePart::parse(last).unwrap(),
        }
    }

    fn called(present: PersonName, previous: &[(&str, &str)]) -> RecordQuery {
        RecordQuery {
            name: present,
            previous_names: previous
                .iter()
                .map(|(first, last)| name(first, last))
                .collect(),
            date_of_birth: DateOfBirth::from_iso("1985-06-14").unwrap(),
            national_insurance_number: None,
            trn: None,
            email: EmailAddress::parse("ada@mail.example").unwrap(),
            policy: MatchPolicy::Default,
        }
    }

    /// Each search as "first/other last/other".
    fn searches(query: &RecordQuery, synonyms: &str) -> Vec<String> {
        let synonyms = Synonyms::parse(synonyms).unwrap();
        let text = |part: Option<&str>| part.unwrap_or("-").to_owned();
        spellings(query, &synonyms)
            .into_iter()
            .map(|spelling| {
                let (first, other_first) = (text(spelling.first), text(spelling.other_first));
                let (last, other_last) = (text(spelling.last), text(spelling.other_last));
                format!("{first}/{other_first} {last}/{other_last}")
            })
            .collect()
    }

    #[test]
    fn most_people_are_searched_for_once() {
        assert_eq!(
            searches(&called(name("Ada", "Lovell"), &[]), ""),
            ["Ada/- Lovell/-"]
        );
        assert_eq!(
            searches(&called(name("Ada", "Lovell"), &[("Ada", "Bell")]), ""),
            ["Ada/- Lovell/Bell"]
        );
    }

    #[test]
    fn who_has_one_name_only_is_searched_for_by_it() {
        assert_eq!(
            searches(&called(name("", "Madonna"), &[]), ""),
            ["-/- Madonna/-"]
        );
    }

    #[test]
    fn every_former_name_has_its_turn_the_latest_first() {
        let query = called(
            name("Ada", "King"),
            &[("Ada", "Bell"), ("Augusta", "Noel"), ("ada", "KING")],
        );

        assert_eq!(
            searches(&query, ""),
            ["Ada/Augusta King/Noel", "Ada/Augusta Bell/-"]
        );
    }

    #[test]
    fn names_that_are_used_for_the_given_ones_come_after_them() {
        let query = called(name("Liz Ann", "Thornbury"), &[("Bess", "Thornbury")]);

        assert_eq!(
            searches(&query, "elizabeth,liz,beth\nelizabeth,bess"),
            ["Liz Ann/Bess Thornbury/-", "elizabeth/beth Thornbury/-"]
        );
    }

    #[test]
    fn nobody_is_missed_for_a_short_form_of_the_list_that_ships() {
        let synonyms = Synonyms::built_in().unwrap();
        let list = include_str!("../../../../../../config/first-name-synonyms.csv");
        let lines = list.lines().filter(|line| !line.starts_with('#'));

        for first in lines.flat_map(|line| line.split(',')) {
            let query = called(name(first, "King"), &[(first, "Bell")]);
            let searched: Vec<String> = spellings(&query, &synonyms)
                .iter()
                .flat_map(|spelling| [spelling.first, spelling.other_first])
                .flatten()
                .map(folded)
                .collect();
            for other in synonyms.others(&folded(first)) {
                assert!(
                    searched.iter().any(|one| one == other),
                    "{other} for {first}"
                );
            }
        }
    }

    #[test]
    fn a_look_up_has_no_more_searches_than_the_records_system_bears() {
        let many: Vec<String> = (0..30).map(|number| format!("ada{number}")).collect();
        let query = called(
            name("ada0", "King"),
            &[("", "Bell"), ("", "Noel"), ("", "Tate"), ("", "Wren")],
        );

        let searches = searches(&query, &many.join(","));

        assert_eq!(searches.len(), SEARCHES);
        assert_eq!(
            searches[..3],
            [
                "ada0/ada1 King/Wren",
                "ada0/ada1 Tate/Noel",
                "ada2/ada3 King/Wren"
            ]
        );
    }
}
