//! Who trains teachers: the list to choose from.

use diesel::prelude::*;
use model::name::folded;
use model::teacher_details::Provider;

use crate::error::StorageError;
use crate::schema::training_providers;
use crate::unit_of_work::Tx;

/// A provider on the list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrainingProvider {
    /// Its UK provider reference number, 8 digits.
    pub ukprn: String,
    /// Its name.
    pub name: String,
}

impl From<TrainingProvider> for Provider {
    fn from(provider: TrainingProvider) -> Self {
        Self {
            ukprn: Some(provider.ukprn),
            name: provider.name,
        }
    }
}

/// Rows that one statement inserts.
const BATCH: usize = 500;

/// Replaces the list.
///
/// # Errors
///
/// [`StorageError`] when the database fails, for instance since one number is there twice.
pub fn replace_all(tx: &mut Tx<'_>, providers: &[TrainingProvider]) -> Result<(), StorageError> {
    on_either!(tx, connection => diesel::delete(training_providers::table).execute(connection))?;
    for batch in providers.chunks(BATCH) {
        let values: Vec<_> = batch
            .iter()
            .map(|provider| {
                (
                    training_providers::ukprn.eq(&provider.ukprn),
                    training_providers::name.eq(&provider.name),
                    training_providers::folded_name.eq(folded(&provider.name)),
                )
            })
            .collect();
        on_either!(tx, connection => diesel::insert_into(training_providers::table)
            .values(&values)
            .execute(connection))?;
    }
    Ok(())
}

/// The whole list, by name.
///
/// # Errors
///
/// [`StorageError`] when the database fails.
pub fn list(tx: &mut Tx<'_>) -> Result<Vec<Provider>, StorageError> {
    search(tx, "", usize::MAX)
}

/// The providers whose names hold every word of `text`, at most `limit`: those that begin with it
/// first, then by name. Case, hyphens and spaces do not matter.
///
/// # Errors
///
/// [`StorageError`] when the database fails.
pub fn search(tx: &mut Tx<'_>, text: &str, limit: usize) -> Result<Vec<Provider>, StorageError> {
    let text = folded(text);
    let mut found: Vec<(String, String, String)> = on_either!(tx, connection => {
        let mut query = training_providers::table
            .select((
                training_providers::folded_name,
                training_providers::ukprn,
                training_providers::name,
            ))
            .into_boxed();
        for word in text.split_whitespace() {
            let holds_it = format!("%{}%", literal(word));
            query = query.filter(training_providers::folded_name.like(holds_it).escape('\\'));
        }
        query.load(connection)
    })?;
    found.sort_by_cached_key(|(folded, ukprn, _)| {
        (!folded.starts_with(&text), folded.clone(), ukprn.clone())
    });
    let provider = |(_, ukprn, name)| Provider::from(TrainingProvider { ukprn, name });
    Ok(found.into_iter().take(limit).map(provider).collect())
}

/// A word in which `LIKE` sees no wildcard.
fn literal(word: &str) -> String {
    word.replace('\\', "\\\\")
        .replace('%', "\\%")
        .replace('_', "\\_")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples::write;
    use crate::testing::on_both_databases;
    use crate::unit_of_work::Store;

    fn with_list(store: &Store, names: &[&str]) {
        let providers: Vec<TrainingProvider> = names
            .iter()
            .zip(99_000_001..)
            .map(|(name, ukprn)| TrainingProvider {
                ukprn: ukprn.to_string(),
                name: (*name).to_owned(),
            })
            .collect();
        write(store, move |tx| replace_all(tx, &providers));
    }

    fn found(store: &Store, text: &'static str) -> Vec<String> {
        let found = write(store, move |tx| search(tx, text, 3));
        found.into_iter().map(|provider| provider.name).collect()
    }

    #[test]
    fn a_provider_is_found_by_any_of_its_words_however_they_are_written() {
        on_both_databases(|store, _| {
            with_list(
                store,
                &[
                    "University of Hill",
                    "St. Mary's University",
                    "Hill-Valley SCITT",
                    "100% School_Direct",
                ],
            );

            assert_eq!(
                found(store, "HILL"),
                ["Hill-Valley SCITT", "University of Hill"]
            );
            assert_eq!(found(store, "hill valley"), ["Hill-Valley SCITT"]);
            assert_eq!(found(store, "hill uni"), ["University of Hill"]);
            assert_eq!(found(store, "mary\u{2019}s"), ["St. Mary's University"]);
            assert_eq!(found(store, "valley of"), Vec::<String>::new());
            assert_eq!(found(store, "%"), ["100% School_Direct"]);
            assert_eq!(found(store, "_"), ["100% School_Direct"]);
            assert_eq!(found(store, "\\"), Vec::<String>::new());
            assert_eq!(found(store, "").len(), 3);
        });
    }

    #[test]
    fn a_new_list_replaces_the_old_one() {
        on_both_databases(|store, _| {
            with_list(store, &["Old", "Older"]);

            with_list(store, &["New"]);

            let expected = Provider {
                ukprn: Some("99000001".to_owned()),
                name: "New".to_owned(),
            };
            assert_eq!(write(store, list), [expected]);
        });
    }

    #[test]
    fn a_list_that_repeats_a_number_leaves_the_old_one() {
        on_both_databases(|store, _| {
            with_list(store, &["Old"]);
            let twice = TrainingProvider {
                ukprn: "99000001".to_owned(),
                name: "New".to_owned(),
            };

            let ended = store.write_blocking(move |tx| replace_all(tx, &[twice.clone(), twice]));

            assert!(ended.is_err());
            assert_eq!(found(store, "old"), ["Old"]);
        });
    }
}
