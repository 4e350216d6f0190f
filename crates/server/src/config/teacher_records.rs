//! `[teacher_records]`: where teaching records come from and how often they are asked.

use std::path::PathBuf;
use std::time::Duration;

use journey::LookupLimits;
use model::Secret;
use storage::limits::Limit;
use url::Url;

use super::issuer::is_loopback;
use super::section::Section;
use super::setting::Choice;

const DAY: Duration = Duration::from_secs(86_400);

/// The first version of the records API that answers 308 for merged and 410 for deactivated records.
/// Versions are dates, and sort as such.
const FIRST_VERSION: &str = "20260120";

/// What a look-up may take: a person is waiting.
const LONGEST_TIMEOUT: Duration = Duration::from_secs(5);

/// The teaching records.
#[derive(Clone, Debug)]
pub struct TeacherRecords {
    /// Where they come from.
    pub source: RecordsSource,
    /// First names that people use for one another, instead of the list that ships.
    pub synonyms_file: Option<PathBuf>,
    /// How often they may be asked.
    pub lookups: LookupLimits,
}

/// Where teaching records come from.
#[derive(Clone, Debug)]
pub enum RecordsSource {
    /// A table of ours that `records import` fills.
    Embedded,
    /// The Teaching Record System's API.
    Http(RecordsApi),
}

/// The Teaching Record System's API.
#[derive(Clone, Debug)]
pub struct RecordsApi {
    /// Its origin, perhaps with a path before its own.
    pub base_url: Url,
    /// What lets us in.
    pub api_key: Secret<String>,
    /// The version of its answers that we can read, for example `20260120`.
    pub version: String,
    /// How long finding one person may take, retries and all.
    pub timeout: Duration,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Adapter {
    Embedded,
    Http,
}

impl Choice for Adapter {
    const ALL: &'static [(&'static str, Self)] =
        &[("embedded", Self::Embedded), ("http", Self::Http)];
}

/// What only the API needs.
const OF_THE_API: [&str; 5] = [
    "base_url",
    "api_key",
    "api_key_file",
    "api_version",
    "timeout",
];

impl TeacherRecords {
    /// `interaction` is how long a person has to finish: their look-ups are counted for as long.
    pub(crate) fn read(section: &mut Section<'_>, interaction: Duration) -> Option<Self> {
        let adapter = section.or("adapter", Adapter::Embedded);
        let source = match adapter {
            Adapter::Embedded => {
                for key in OF_THE_API {
                    section.unread(key);
                }
                Some(RecordsSource::Embedded)
            }
            Adapter::Http => RecordsApi::read(section).map(RecordsSource::Http),
        };
        let synonyms_file = section.optional("synonyms_file");
        let lookups = lookups(section, interaction);
        Some(Self {
            source: source?,
            synonyms_file,
            lookups,
        })
    }
}

fn lookups(section: &mut Section<'_>, interaction: Duration) -> LookupLimits {
    let count = section.or("lookups_per_interaction", 5);
    section.check(
        (1..=20).contains(&count),
        "lookups_per_interaction",
        "must be from 1 to 20: the records are no place to try out what is known of others",
    );
    let day = Limit {
        count: 20,
        per: DAY,
    };
    LookupLimits {
        per_interaction: Limit {
            count,
            per: interaction,
        },
        per_account: section.or("lookups_per_account", day),
    }
}

impl RecordsApi {
    fn read(section: &mut Section<'_>) -> Option<Self> {
        let base_url = section.required("base_url");
        if let Some(base_url) = &base_url {
            check_address(section, base_url);
        }
        let api_key: Option<Secret<String>> = section.required_or_file("api_key");
        let is_sendable = api_key.as_ref().is_none_or(|key| {
            let mut bytes = key.reveal().bytes();
            bytes.all(|byte| byte.is_ascii_graphic())
        });
        section.check(is_sendable, "api_key", "must be one word of ASCII");
        let version = section.or("api_version", "20260120".to_owned());
        let is_date = version.len() == 8 && version.bytes().all(|byte| byte.is_ascii_digit());
        section.check(
            is_date && version.as_str() >= FIRST_VERSION,
            "api_version",
            "must be a version such as \"20260120\", the first that tells merged and deactivated \
             records, or a later one",
        );
        let timeout = section.or("timeout", LONGEST_TIMEOUT);
        let is_bearable = (Duration::from_millis(100)..=LONGEST_TIMEOUT).contains(&timeout);
        section.check(
            is_bearable,
            "timeout",
            "must be from \"100ms\" to \"5s\": a person is waiting",
        );
        Some(Self {
            base_url: base_url?,
            api_key: api_key?,
            version,
            timeout,
        })
    }
}

/// The key and people's data cross the network, and `check-config` shows the address.
fn check_address(section: &mut Section<'_>, base_url: &Url) {
    section.check(
        base_url.scheme() == "https" || (base_url.scheme() == "http" && is_loopback(base_url)),
        "base_url",
        "must be https unless its host is this machine",
    );
    let has_more = !base_url.username().is_empty()
        || base_url.password().is_some()
        || base_url.query().is_some()
        || base_url.fragment().is_some();
    section.check(
        !has_more,
        "base_url",
        "must hold no user name, password, query or fragment",
    );
}
