//! Recovery codes, which cost an argon2id each, checked on many connections at once: what memory
//! that takes, and how much longer others wait meanwhile.

use std::cell::Cell;
use std::rc::Rc;
use std::time::Instant;

use tokio::task::{JoinSet, spawn_local};

use crate::fault::Fault;
use crate::http::Connection;
use crate::load::{self, Times};
use crate::process::Process;
use crate::report::Report;
use crate::scenario::Scenario;
use crate::second_factor::Holders;
use crate::sign_in::Browser;
use crate::site::{Client, Person, Site, headers};

/// Its name in the report.
pub(crate) const NAME: &str = "recovery_codes_parallel";

/// How many check a code at once.
const PARALLEL: usize = 64;

/// Wrong codes in one sign-in before the person has to wait, less one.
const TRIES: u32 = 4;

/// More checks than any machine does in a second.
const MOST_CHECKS: u32 = 300;

/// Connections of the service whose code flow goes on beside.
const CONNECTIONS: usize = 8;

/// A code that nobody has.
const CODE: &str = "7K3Q-WX0M-2D9F";

/// What there is to measure with.
pub(crate) struct Bench<'b> {
    pub(crate) site: &'b Rc<Site>,
    pub(crate) server: Process,
    pub(crate) times: Times,
    pub(crate) holders: Holders,
}

impl Bench<'_> {
    /// Measures the code flow alone, and again while [`PARALLEL`] connections check codes.
    ///
    /// # Errors
    ///
    /// The first [`Fault`] on the way, in words.
    pub(crate) async fn run(self, report: &mut Report, name: &str) -> Result<(), String> {
        let Self {
            site,
            server,
            times,
            holders,
        } = self;
        let in_words = |fault: Fault| fault.to_string();
        let doors = self::doors(times);
        let people = u32::try_from(PARALLEL).unwrap_or(u32::MAX) * doors;
        holders.add(site.people(), people).await?;
        let checkers = checkers(site, doors).await.map_err(in_words)?;

        let code_flow = || {
            load::run(
                Scenario::CodeFlow(Client::Es256),
                CONNECTIONS,
                site,
                server,
                times,
            )
        };
        let alone = code_flow().await.map_err(in_words)?;
        let tally = Rc::new(Tally::default());
        let begun = Instant::now();
        let checking: Vec<_> = checkers
            .into_iter()
            .map(|checker| spawn_local(checker.repeat(Rc::clone(&tally))))
            .collect();
        let beside = code_flow().await.map_err(in_words)?;
        let lasted = begun.elapsed();
        tally.is_over.set(true);
        for checker in checking {
            let checked = checker.await.map_err(|fault| fault.to_string())?;
            checked.map_err(in_words)?;
        }

        report.add_load(&format!("{name}_code_flow_alone"), "", &alone);
        report.add_load(&format!("{name}_code_flow_beside"), "", &beside);
        let growth = beside.p99.as_secs_f64() / alone.p99.as_secs_f64().max(1e-6);
        report.add(&format!("{name}_code_flow_p99_growth"), growth, "ratio");
        let rate = f64::from(tally.finished.get()) / lasted.as_secs_f64();
        report.add(&format!("{name}_rate"), rate, "per_s");
        let peak = server.most_resident().map_err(|fault| fault.to_string())?;
        report.add_memory(&format!("{name}_rss_peak"), peak);
        Ok(())
    }
}

/// How many sign-ins each connection needs for the tries that it makes.
fn doors(times: Times) -> u32 {
    let each = times.operations_at(MOST_CHECKS) / u32::try_from(PARALLEL).unwrap_or(1);
    each.div_ceil(TRIES) + 1
}

/// What the checkers tell.
#[derive(Default)]
struct Tally {
    is_over: Cell<bool>,
    finished: Cell<u32>,
}

/// One connection that types recovery codes.
struct Checker {
    http: Connection,
    doors: Vec<Door>,
}

/// A sign-in that waits for a recovery code.
struct Door {
    person: Person,
    cookies: String,
    page: String,
    csrf: String,
}

async fn checkers(site: &Rc<Site>, doors: u32) -> Result<Vec<Checker>, Fault> {
    let mut preparations = JoinSet::new();
    for _ in 0..PARALLEL {
        preparations.spawn_local(Checker::prepare(Rc::clone(site), doors));
    }
    let mut checkers = Vec::new();
    while let Some(checker) = preparations.join_next().await {
        checkers.push(checker.map_err(std::io::Error::other)??);
    }
    Ok(checkers)
}

impl Checker {
    async fn prepare(site: Rc<Site>, doors: u32) -> Result<Self, Fault> {
        let mut checker = Self {
            http: site.connect().await?,
            doors: Vec::new(),
        };
        for _ in 0..doors {
            let person = site.new_person();
            let mut browser = Browser::new(&mut checker.http, &person);
            let asked = browser.prove_address(&site, Client::Es256, SCOPE).await?;
            let (_, query) = asked.split_once('?').unwrap_or_default();
            let page = format!("/second-factor/recovery-code?{query}");
            let csrf = browser.token_of(&page).await?;
            let cookies = browser.cookies.header();
            checker.doors.push(Door {
                person,
                cookies,
                page,
                csrf,
            });
        }
        Ok(checker)
    }

    /// Checks one code after the other until it is over.
    async fn repeat(mut self, tally: Rc<Tally>) -> Result<(), Fault> {
        for door in &self.doors {
            for _ in 0..TRIES {
                if tally.is_over.get() {
                    return Ok(());
                }
                door.check(&mut self.http).await?;
                tally.finished.set(tally.finished.get() + 1);
            }
        }
        Fault::unless(tally.is_over.get(), "enough sign-ins to try codes in")
    }
}

impl Door {
    async fn check(&self, http: &mut Connection) -> Result<(), Fault> {
        let form = [
            ("csrf", self.csrf.as_str()),
            ("action", "continue"),
            ("recovery-code", CODE),
        ];
        let headers = headers(&self.person, &self.cookies);
        let answer = http.post(&self.page, &headers, &form).await?.expect(400)?;
        Fault::unless(answer.body.contains("is not correct"), "a wrong code")
    }
}

const SCOPE: &str = "&scope=openid%20email";

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn there_are_tries_enough_for_the_whole_measurement() {
        let times = Times {
            warm_up: Duration::from_millis(750),
            measured: Duration::from_secs(3),
        };

        let tries = doors(times) * TRIES * u32::try_from(PARALLEL).unwrap();

        assert!(tries >= times.operations_at(MOST_CHECKS));
        assert!(tries <= 2 * times.operations_at(MOST_CHECKS));
    }
}
