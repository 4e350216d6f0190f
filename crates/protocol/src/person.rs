//! A person as far as a client may know them: the account, and what is sealed in the tables
//! beside it.
//!
//! [`userinfo`](crate::userinfo) reads them; [`claims`](crate::claims) tells what was released.

use model::keyring::Purpose;
use model::requirement::TrnStanding;
use model::teacher_details::TeacherDetails;
use model::{Keyring, Timestamp, Trn, User, UserId};
use storage::StorageError;
use storage::people::Known;
use storage::trn_links::TrnLink;

use crate::claims::{PersonalScope, Release};
use crate::provider::Provider;

/// A person, opened as far as it is released.
pub(crate) struct Person {
    /// Their account.
    pub(crate) user: User,
    /// What they said about themselves.
    pub(crate) details: TeacherDetails,
    /// How looking for their teaching record ended, if it was looked for.
    pub(crate) record: Option<Record>,
    /// The `sub` of each account that was merged into theirs.
    pub(crate) previous_ids: Vec<UserId>,
}

/// A person's teaching record.
pub(crate) struct Record {
    pub(crate) standing: TrnStanding,
    /// The TRN, if it was found.
    pub(crate) trn: Option<Trn>,
    /// When it was decided.
    pub(crate) decided_at: Timestamp,
}

impl Person {
    /// Reads what a release needs of an account's person: nothing, where it tells no more than the
    /// account does.
    pub(crate) async fn read(
        provider: &Provider,
        user: User,
        release: Release<'_>,
    ) -> Result<Self, StorageError> {
        let mut person = Self::of(user);
        let needs_details = release.tells_of(PersonalScope::Profile)
            || release.tells_of(PersonalScope::NationalInsurance);
        let needs_record = release.tells_of(PersonalScope::Trn);
        if !needs_details && !needs_record {
            return Ok(person);
        }
        let id = person.user.id.clone();
        let known = provider
            .store
            .read(move |tx| storage::people::find(tx, &id))
            .await?;
        let Known {
            details,
            trn,
            previous_ids,
        } = known;
        let (keyring, id) = (&provider.keyring, &person.user.id);
        if let Some(sealed) = details.filter(|_| needs_details) {
            person.details = details_of(keyring, id, &sealed)?;
        }
        if let Some(link) = trn.filter(|_| needs_record) {
            person.record = Some(Record::open(keyring, id, &link)?);
        }
        person.previous_ids = previous_ids;
        Ok(person)
    }

    /// The same for an account by its id; `None` when it is gone.
    pub(crate) async fn find(
        provider: &Provider,
        id: &UserId,
        release: Release<'_>,
    ) -> Result<Option<Self>, StorageError> {
        let id = id.clone();
        let user = provider.store.read(move |tx| storage::users::find(tx, &id));
        match user.await? {
            Some(user) => Self::read(provider, user, release).await.map(Some),
            None => Ok(None),
        }
    }

    /// An account of whose person no more is known.
    pub(crate) fn of(user: User) -> Self {
        Self {
            user,
            details: TeacherDetails::default(),
            record: None,
            previous_ids: Vec::new(),
        }
    }

    /// When anything that a client sees of them last changed.
    pub(crate) fn updated_at(&self) -> Timestamp {
        let decided_at = self.record.as_ref().map(|record| record.decided_at);
        decided_at.map_or(self.user.updated_at, |at| at.max(self.user.updated_at))
    }
}

impl Record {
    fn open(keyring: &Keyring, id: &UserId, link: &TrnLink) -> Result<Self, StorageError> {
        Ok(Self {
            standing: link.standing(),
            trn: link
                .trn(id, keyring)
                .map_err(|_| StorageError::Corrupt("trn_links"))?,
            decided_at: link.decided_at,
        })
    }
}

fn details_of(
    keyring: &Keyring,
    id: &UserId,
    sealed: &[u8],
) -> Result<TeacherDetails, StorageError> {
    let unreadable = || StorageError::Corrupt("user_details");
    let plaintext = keyring
        .open(Purpose::Details, id.as_str(), sealed)
        .map_err(|_| unreadable())?;
    serde_json::from_slice(plaintext.reveal()).map_err(|_| unreadable())
}
