//! The people of `tests/people.csv`, who all register.

use std::fmt::Debug;

use acceptance::answers::{Previous, Qts, Said};
use acceptance::{Answers, App, Kind, Tokens};
use futures::StreamExt as _;
use model::NamePart;
use serde_json::{Map, Value, json};

use super::{app_with_records, arrives};

const TABLE: &str = include_str!("../../../people.csv");

/// The pages that everybody sees who is asked for their name.
const FIRST_PAGES: [&str; 4] = ["name", "previous-names", "preferred-name", "date-of-birth"];

#[tokio::test]
async fn everybody_sees_the_pages_they_need_and_their_service_learns_what_is_known() {
    for kind in Kind::BOTH {
        println!("on {kind:?}:");
        let app = app_with_records(kind, &[]).await;
        let people = people();
        assert!(people.len() >= 60, "{}", people.len());

        let visits = people.iter().map(|person| register(&app, person));
        let outcomes: Vec<_> = futures::stream::iter(visits)
            .buffer_unordered(4)
            .collect()
            .await;
        let faults: Vec<String> = outcomes.into_iter().filter_map(Result::err).collect();

        assert!(faults.is_empty(), "\n{}", faults.join("\n"));
    }
}

/// What a person reads while staff look for their record.
const STILL_CHECKED: &str = "We have to check your teaching record";

/// Walks one person through the pages, and compares what came with what was expected.
async fn register(app: &App, person: &Person) -> Result<(), String> {
    let (service, mut browser) = arrives(app, &person.client, &person.email).await;
    let mut pages = person.answers.give(&mut browser).await;
    if !browser.has_landed() && browser.heading() == "Account created" {
        browser.press("Continue").await;
        pages.extend(person.answers.give(&mut browser).await);
    }
    person.compare("pages", &pages, &person.pages)?;

    let landing = browser.landed_on();
    let expected_error = match person.ends.as_str() {
        "claims" => "",
        error => error,
    };
    person.compare("error", &landing.parameter("error"), &expected_error)?;
    let tokens = if expected_error.is_empty() {
        service.redeem(landing).await
    } else {
        // Another service, which takes everybody, is told where they stand.
        let (service, mut browser) = arrives(app, "optional", &person.email).await;
        if person.status == "Pending" {
            // Whoever proves their address is told again that staff look at it.
            person.compare("told", &browser.heading().as_str(), &STILL_CHECKED)?;
            browser.press("Continue").await;
        }
        service.redeem(browser.landed_on()).await
    };
    let told = app.wire().get_with_token("/userinfo", &tokens.access).await;
    let mut claims = told.json();
    let updated_at = claims.as_object_mut().unwrap().remove("updated_at");
    person.compare(
        "updated_at",
        &updated_at.is_some(),
        &(person.client != "paid"),
    )?;
    person.compare("claims", &claims, &person.claims(&tokens))
}

/// A line of the table.
struct Person {
    who: String,
    client: String,
    email: String,
    answers: Answers,
    birthdate: String,
    pages: Vec<String>,
    ends: String,
    status: String,
    level: String,
    trn: String,
}

impl Person {
    fn read(line: &str) -> Self {
        let cells: Vec<String> = line.split(',').map(unescaped).collect();
        let cells: [String; 16] = cells.try_into().unwrap_or_else(|_| panic!("{line}"));
        let [
            who,
            client,
            email,
            name,
            previous,
            preferred,
            born,
            birthdate,
            number,
            trn,
            qts,
            pages,
            ends,
            status,
            level,
            claim,
        ] = cells;
        let later_pages = pages.split_whitespace().map(str::to_owned);
        let first_pages = FIRST_PAGES.map(str::to_owned).into_iter();
        let is_named = !name.is_empty();
        Self {
            who,
            client,
            email,
            answers: Answers {
                name: parts(&name, '|'),
                previous: match previous.as_str() {
                    "no" => Previous::Never,
                    "prefer-not-to-say" => Previous::PreferNotToSay,
                    names => {
                        Previous::Names(names.split(';').map(|name| parts(name, '|')).collect())
                    }
                },
                preferred: Some(preferred).filter(|name| !name.is_empty()),
                born: parts(&born, ' '),
                national_insurance_number: said(number),
                trn: said(trn),
                qts: match qts.as_str() {
                    "" => Qts::Unasked,
                    "no" => Qts::No,
                    "other" => Qts::AnotherWay,
                    place => Qts::At(place.to_owned()),
                },
            },
            birthdate,
            pages: first_pages
                .filter(|_| is_named)
                .chain(later_pages)
                .collect(),
            ends,
            status,
            level,
            trn: claim,
        }
    }

    fn compare<T: PartialEq + Debug>(
        &self,
        what: &str,
        came: &T,
        expected: &T,
    ) -> Result<(), String> {
        if came == expected {
            return Ok(());
        }
        Err(format!(
            "{}: {what}\n  came     {came:?}\n  expected {expected:?}",
            self.who
        ))
    }

    /// Everything that the service may know of the person, and nothing else.
    fn claims(&self, tokens: &Tokens) -> Value {
        let mut claims = Map::new();
        let mut tell = |name: &str, value: &str| {
            if !value.is_empty() {
                claims.insert(name.to_owned(), json!(value));
            }
        };
        tell("sub", tokens.sub());
        tell("email", &self.email);
        if self.client == "paid" {
            if let Said::Typed(number) = &self.answers.national_insurance_number {
                tell("ni_number", number);
            }
        } else {
            let name = self.answers.name.each_ref().map(|part| tidy(part));
            let [first, middle, last] = name.each_ref();
            let whole = name.join(" ");
            let whole = whole.split_whitespace().collect::<Vec<_>>().join(" ");
            let short = format!("{first} {last}");
            tell("name", &whole);
            tell("given_name", first);
            tell("middle_name", middle);
            tell("family_name", last);
            let preferred = self.answers.preferred.as_deref();
            tell("preferred_name", preferred.unwrap_or(short.trim()));
            tell("birthdate", &self.birthdate);
            tell("trn_lookup_status", &self.status);
            tell("trn_verification_level", &self.level);
            tell("trn", &self.trn);
        }
        claims.insert("email_verified".to_owned(), json!(true));
        Value::Object(claims)
    }
}

fn people() -> Vec<Person> {
    let lines = TABLE.lines().filter(|line| !line.starts_with('#'));
    // The first line that is no comment names the columns.
    lines.skip(1).map(Person::read).collect()
}

/// `\u{301}` stands for the character of that number.
fn unescaped(cell: &str) -> String {
    let mut parts = cell.split("\\u{");
    let mut text = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (number, rest) = part.split_once('}').unwrap();
        let number = u32::from_str_radix(number, 16).unwrap();
        text.push(char::from_u32(number).unwrap());
        text.push_str(rest);
    }
    text
}

fn parts(cell: &str, between: char) -> [String; 3] {
    if cell.is_empty() {
        return Default::default();
    }
    let parts: Vec<String> = cell.split(between).map(str::to_owned).collect();
    parts.try_into().unwrap_or_else(|_| panic!("{cell}"))
}

fn said(cell: String) -> Said {
    match cell.as_str() {
        "" => Said::Nothing,
        "none" => Said::No,
        "skip" => Said::Skipped,
        _ => Said::Typed(cell),
    }
}

/// A part of a name as it is kept.
fn tidy(typed: &str) -> String {
    NamePart::parse(typed).map_or_else(|_| String::new(), |part| part.as_str().to_owned())
}
