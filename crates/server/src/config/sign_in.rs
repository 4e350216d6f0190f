//! `[session]`, `[interaction]`, `[email_address]`, `[address_change]`, `[email_code]` and
//! `[limits]`: how long a sign-in lasts and how often anything may be tried.

use std::time::Duration;

use journey::{CodeSettings, Limits};
use storage::browser_sessions::SessionLifetimes;
use storage::limits::Limit;

use super::section::Section;

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3_600);
const DAY: Duration = Duration::from_secs(86_400);

/// How long things last and how often they may be tried.
#[derive(Clone, Debug)]
pub struct SignIn {
    /// How long a session lasts, unused and at most.
    pub session: SessionLifetimes,
    /// How long a person has to finish signing in.
    pub interaction: Duration,
    /// Domains, beside `sch.uk`, whose addresses people lose when they change employer; in lower
    /// case.
    pub workplace_domains: Vec<String>,
    /// How long the old address of an account is on notice before another takes its place, and how
    /// long it can undo that.
    pub address_change_notice: Duration,
    /// The emailed code.
    pub code: CodeSettings,
    /// How often anything may be tried.
    pub limits: Limits,
}

impl SignIn {
    pub(crate) fn read(root: &mut Section<'_>) -> Self {
        Self {
            session: root.inside("session", session),
            interaction: root.inside("interaction", interaction),
            workplace_domains: root.inside("email_address", workplace_domains),
            address_change_notice: root.inside("address_change", address_change_notice),
            code: root.inside("email_code", code),
            limits: root.inside("limits", limits),
        }
    }
}

fn session(section: &mut Section<'_>) -> SessionLifetimes {
    let idle = section.or("idle", HOUR);
    let absolute = section.or("absolute", 12 * HOUR);
    section.check(idle >= MINUTE, "idle", "must be at least \"1m\"");
    section.check(
        absolute >= idle,
        "absolute",
        "must not be shorter than session.idle",
    );
    SessionLifetimes { idle, absolute }
}

/// Long enough for what follows a code that expired: it is told so for up to two hours.
fn interaction(section: &mut Section<'_>) -> Duration {
    let life = section.or("life", DAY);
    section.check(life >= 3 * HOUR, "life", "must be at least \"3h\"");
    life
}

fn workplace_domains(section: &mut Section<'_>) -> Vec<String> {
    let domains: Vec<String> = section.list("workplace_domains", Vec::new());
    domains
        .iter()
        .map(|domain| domain.to_ascii_lowercase())
        .collect()
}

/// Long enough for somebody to read the mail about it, short enough for its link to be kept.
fn address_change_notice(section: &mut Section<'_>) -> Duration {
    let notice = section.or("notice", 2 * DAY);
    let is_right = (HOUR..=14 * DAY).contains(&notice);
    section.check(is_right, "notice", "must be from \"1h\" to \"14d\"");
    notice
}

fn code(section: &mut Section<'_>) -> CodeSettings {
    let life = section.or("life", 15 * MINUTE);
    let tries = section.or("tries", 5);
    let is_right = (MINUTE..=HOUR).contains(&life) && life.as_secs().is_multiple_of(60);
    section.check(
        is_right,
        "life",
        "must be from \"1m\" to \"1h\", in whole minutes",
    );
    section.check((1..=10).contains(&tries), "tries", "must be from 1 to 10");
    CodeSettings { life, tries }
}

/// A client address is often a whole school's, so its limits are far above one person's.
fn limits(section: &mut Section<'_>) -> Limits {
    let mut limit = |key, count, per| section.or(key, Limit { count, per });
    Limits {
        tries_per_address: limit("tries_per_address", 20, DAY),
        tries_per_client_address: limit("tries_per_client_address", 100, HOUR),
        tries_in_all: limit("tries_in_all", 5_000, HOUR),
        factor_tries_per_interaction: limit("factor_tries_per_interaction", 5, 15 * MINUTE),
        factor_tries_per_account: limit("factor_tries_per_account", 20, DAY),
        sends_per_address: limit("sends_per_address", 5, 15 * MINUTE),
        sends_per_address_long: limit("sends_per_address_long", 20, DAY),
        sends_per_client_address: limit("sends_per_client_address", 200, HOUR),
        sends_in_all: limit("sends_in_all", 2_500, MINUTE),
    }
}
