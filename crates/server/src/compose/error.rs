//! Why the program cannot be put together.

use journey::synonyms::InvalidSynonyms;
use model::redirect_uri::InvalidRedirectUri;
use pages::PagesError;
use protocol::UnusableSalt;
use protocol::keys::{UnusableKey, UpkeepError};
use protocol::outbound::UnusableAuthorities;
use storage::StorageError;

use crate::adapters::notify::UnusableNotify;
use crate::adapters::smtp::UnusableSmtp;
use crate::adapters::teacher_records::http::UnusableRecordsApi;
use crate::registration::RegistrationError;
use crate::sealing::NoKeyring;
use crate::tls::UnusableCertificate;

/// Why the program cannot start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// There are no sealing keys.
    #[error(transparent)]
    Keyring(#[from] NoKeyring),
    /// The database cannot be opened or fails.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// The database is not as this program needs it.
    #[error(
        "the database lacks migrations ({}): run `get-an-identity migrate`, or set \
         database.migrate_on_start",
        .0.join(", ")
    )]
    NotMigrated(Vec<String>),
    /// The stored signing keys cannot be kept up.
    #[error(transparent)]
    Upkeep(#[from] UpkeepError),
    /// The stored signing keys cannot be opened.
    #[error(transparent)]
    Keys(#[from] UnusableKey),
    /// The clients file could not be followed.
    #[error(transparent)]
    Registration(#[from] RegistrationError),
    /// The issuer is not where the account area can be answered.
    #[error("the account area cannot be answered at the issuer: {0}")]
    AccountArea(#[from] InvalidRedirectUri),
    /// The authorities of clients' servers cannot be read.
    #[error(transparent)]
    Ca(#[from] UnusableCa),
    /// Pairwise subjects cannot be told.
    #[error(transparent)]
    Subjects(#[from] UnusableSalt),
    /// A template is wrong.
    #[error(transparent)]
    Pages(#[from] PagesError),
    /// SMTP cannot be used.
    #[error(transparent)]
    Smtp(#[from] UnusableSmtp),
    /// GOV.UK Notify cannot be used.
    #[error(transparent)]
    Notify(#[from] UnusableNotify),
    /// The records API cannot be used.
    #[error(transparent)]
    RecordsApi(#[from] UnusableRecordsApi),
    /// The first names that people use for one another cannot be read.
    #[error(transparent)]
    Synonyms(#[from] UnusableSynonyms),
    /// Certificate and key cannot be used.
    #[error(transparent)]
    Tls(#[from] UnusableCertificate),
    /// The socket cannot be opened.
    #[error("cannot listen: {0}")]
    Listen(#[from] std::io::Error),
}

/// `teacher_records.synonyms_file` cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum UnusableSynonyms {
    /// It cannot be read.
    #[error("teacher_records.synonyms_file cannot be read: {0}")]
    Unreadable(#[source] std::io::Error),
    /// It holds something else.
    #[error("teacher_records.synonyms_file cannot be used: {0}")]
    Invalid(#[from] InvalidSynonyms),
}

/// `outbound.ca_file` cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum UnusableCa {
    /// It cannot be read.
    #[error("outbound.ca_file cannot be read: {0}")]
    Unreadable(#[source] std::io::Error),
    /// It holds something else.
    #[error("outbound.ca_file cannot be used: {0}")]
    Invalid(#[from] UnusableAuthorities),
}
