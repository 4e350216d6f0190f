//! `[session]`, `[interaction]`, `[email_address]`, `[email_code]` and `[limits]`: how long a sign-in lasts and how
//! often anything may be tried.

use std::time::Duration;

use super::quantity::Rate;
use super::section::Section;

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3_600);
const DAY: Duration = Duration::from_secs(86_400);

/// How long things last.
#[derive(Clone, Debug)]
pub struct SignIn {
    /// A session ends when it was not used for so long.
    pub session_idle: Duration,
    /// A session ends so long after sign-in, used or not.
    pub session_absolute: Duration,
    /// How long a person has to finish signing in.
    pub interaction_life: Duration,
    /// Domains, beside `sch.uk`, whose addresses people lose when they change employer.
    pub workplace_domains: Vec<String>,
    /// The emailed code.
    pub code: EmailCode,
    /// How often anything may be tried.
    pub limits: Limits,
}

impl SignIn {
    pub(crate) fn read(root: &mut Section<'_>) -> Self {
        let (session_idle, session_absolute) = root.inside("session", |section| {
            let idle = section.or("idle", HOUR);
            let absolute = section.or("absolute", 12 * HOUR);
            section.check(idle >= MINUTE, "idle", "must be at least \"1m\"");
            section.check(
                absolute >= idle,
                "absolute",
                "must not be shorter than session.idle",
            );
            (idle, absolute)
        });
        let code = root.inside("email_code", EmailCode::read);
        let interaction_life = root.inside("interaction", |section| {
            let life = section.or("life", DAY);
            let remedy = "must not be shorter than email_code.expired_notice";
            section.check(life >= code.expired_notice, "life", remedy);
            life
        });
        let workplace_domains = root.inside("email_address", |section| {
            let domains: Vec<String> = section.list("workplace_domains", Vec::new());
            domains
                .iter()
                .map(|domain| domain.to_ascii_lowercase())
                .collect()
        });
        let limits = root.inside("limits", Limits::read);
        Self {
            session_idle,
            session_absolute,
            interaction_life,
            workplace_domains,
            code,
            limits,
        }
    }
}

/// The emailed code.
#[derive(Clone, Debug)]
pub struct EmailCode {
    /// How many digits, 6 to 10.
    pub digits: u32,
    /// How long a code is good.
    pub life: Duration,
    /// Up to what age a code is told to have expired, rather than to be wrong.
    pub expired_notice: Duration,
    /// Wrong tries before a new code is needed.
    pub tries: u32,
}

impl EmailCode {
    fn read(section: &mut Section<'_>) -> Self {
        let digits = section.or("digits", 6);
        let life = section.or("life", 15 * MINUTE);
        let expired_notice = section.or("expired_notice", 2 * HOUR);
        let tries = section.or("tries", 5);
        section.check((6..=10).contains(&digits), "digits", "must be from 6 to 10");
        let remedy = "must be from \"1m\" to \"1h\"";
        section.check((MINUTE..=HOUR).contains(&life), "life", remedy);
        let remedy = "must not be shorter than email_code.life";
        section.check(expired_notice >= life, "expired_notice", remedy);
        section.check((1..=10).contains(&tries), "tries", "must be from 1 to 10");
        Self {
            digits,
            life,
            expired_notice,
            tries,
        }
    }
}

/// How often anything may be tried, counted in the database for all nodes together.
///
/// A client address is often a whole school's, so its limits are far above one person's.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Wrong codes for one email address.
    pub tries_per_address: Rate,
    /// Wrong codes from one client address.
    pub tries_per_client_address: Rate,
    /// Wrong codes in all.
    pub tries_in_all: Rate,
    /// Emails to one address, in a short while.
    pub sends_per_address: Rate,
    /// Emails to one address, in a long while.
    pub sends_per_address_long: Rate,
    /// Emails asked for from one client address.
    pub sends_per_client_address: Rate,
    /// Emails in all.
    pub sends_in_all: Rate,
}

impl Limits {
    fn read(section: &mut Section<'_>) -> Self {
        Self {
            tries_per_address: section.or("tries_per_address", Rate::new(20, DAY)),
            tries_per_client_address: section.or("tries_per_client_address", Rate::new(100, HOUR)),
            tries_in_all: section.or("tries_in_all", Rate::new(5_000, HOUR)),
            sends_per_address: section.or("sends_per_address", Rate::new(5, 15 * MINUTE)),
            sends_per_address_long: section.or("sends_per_address_long", Rate::new(20, DAY)),
            sends_per_client_address: section.or("sends_per_client_address", Rate::new(200, HOUR)),
            sends_in_all: section.or("sends_in_all", Rate::new(2_500, MINUTE)),
        }
    }
}
