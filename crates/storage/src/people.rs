//! What is known of an account's person, from all the tables that hold some of it.

use diesel::prelude::*;
use model::UserId;

use crate::error::StorageError;
use crate::schema::{merged_users, trn_links, user_details, users};
use crate::trn_links::{LinkRow, TrnLink};
use crate::unit_of_work::Tx;

/// What is known of a person beyond their account itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Known {
    /// What they said about themselves, sealed ([`Purpose::Details`](model::keyring::Purpose)).
    pub details: Option<Vec<u8>>,
    /// How looking for their teaching record ended.
    pub trn: Option<TrnLink>,
    /// The accounts that were merged into theirs, the first first.
    pub previous_ids: Vec<UserId>,
}

/// A merged account: when, and what it was called.
type MergedColumns = (i64, String);

/// Everything that is known of the account's person, in one read.
///
/// # Errors
///
/// [`StorageError`] when the database fails.
pub fn find(tx: &mut Tx<'_>, user_id: &UserId) -> Result<Known, StorageError> {
    type Row = (Option<Vec<u8>>, Option<LinkRow>, Option<MergedColumns>);
    // A row for each merged account; nearly always one row.
    let rows: Vec<Row> = on_either!(tx, connection => users::table
        .left_join(user_details::table)
        .left_join(trn_links::table)
        .left_join(merged_users::table)
        .filter(users::id.eq(user_id.as_str()))
        .select((
            user_details::sealed.nullable(),
            Option::<LinkRow>::as_select(),
            (merged_users::merged_at, merged_users::user_id).nullable(),
        ))
        .load(connection))?;
    let mut known = Known::default();
    let mut merged = Vec::new();
    for (details, link, of_merged) in rows {
        known.details = details;
        known.trn = link.map(LinkRow::into_link).transpose()?;
        merged.extend(of_merged);
    }
    merged.sort();
    known.previous_ids = merged.into_iter().map(|(_, id)| UserId::new(id)).collect();
    Ok(known)
}

#[cfg(test)]
mod tests {
    use model::trn_lookup::{
        LookupSource, MatchPolicy, POLICY_VERSION, TrnLookupStatus, TrnOutcome, VerificationLevel,
    };
    use model::{Entropy, Keyring, Secret, SystemEntropy, Trn};

    use super::*;
    use crate::samples::{DAY, user_id, with_account, write};
    use crate::testing::on_both_databases;
    use crate::trn_links::{Linked, NewLink};
    use crate::unit_of_work::Store;
    use crate::user_details::NewDetails;

    fn known(store: &Store, id: &'static str) -> Known {
        write(store, move |tx| find(tx, &user_id(id)))
    }

    fn merged(store: &Store, from: &'static str) {
        write(store, move |tx| {
            let now = tx.now().millis();
            on_either!(tx, connection => diesel::insert_into(merged_users::table)
                .values((
                    merged_users::user_id.eq(from),
                    merged_users::into_user_id.eq("ada"),
                    merged_users::merged_at.eq(now),
                ))
                .execute(connection))?;
            Ok(())
        });
    }

    #[test]
    fn of_a_person_who_was_asked_nothing_nothing_is_known() {
        on_both_databases(|store, _| {
            with_account(store, "ada");

            assert_eq!(known(store, "ada"), Known::default());
            assert_eq!(known(store, "nobody"), Known::default());
        });
    }

    #[test]
    fn what_several_tables_hold_comes_together_and_is_nobody_elses() {
        on_both_databases(|store, clock| {
            let entropy: &dyn Entropy = &SystemEntropy;
            let keyring = Keyring::new(&[(1, Secret::new([1; 32]))]).unwrap();
            let outcome = TrnOutcome {
                status: TrnLookupStatus::Found,
                trn: Trn::parse("1234567").ok(),
                level: Some(VerificationLevel::Low),
                policy: MatchPolicy::Default,
                policy_version: POLICY_VERSION,
                agreed: Vec::new(),
                source: LookupSource::Lookup,
                is_unavailable: false,
            };
            let link = NewLink::seal(&outcome, &user_id("ada"), None, &keyring, entropy);
            with_account(store, "ada");
            with_account(store, "bob");
            write(store, move |tx| {
                let details = NewDetails {
                    sealed: b"sealed".to_vec(),
                    has_profile: true,
                    national_insurance_asked: false,
                    person_digest: None,
                };
                crate::user_details::replace(tx, &user_id("ada"), &details)?;
                let linked = crate::trn_links::replace(tx, &user_id("ada"), &link)?;
                assert_eq!(linked, Linked::Linked);
                Ok(())
            });
            merged(store, "second");
            clock.advance(DAY);
            merged(store, "another");

            let of_ada = known(store, "ada");

            assert_eq!(of_ada.details.as_deref(), Some(b"sealed".as_slice()));
            assert_eq!(
                of_ada.trn,
                write(store, |tx| { crate::trn_links::find(tx, &user_id("ada")) })
            );
            assert!(of_ada.trn.is_some());
            assert_eq!(of_ada.previous_ids, [user_id("second"), user_id("another")]);
            assert_eq!(known(store, "bob"), Known::default());
        });
    }
}
