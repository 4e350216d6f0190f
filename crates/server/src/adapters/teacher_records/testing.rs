//! A stand-in for the Teaching Record System's API: the same paths, versions and errors, over HTTP
//! on this machine.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use url::Url;

pub(super) const KEY: &str = "key-of-the-test";
pub(super) const VERSION: &str = "20260120";

/// What the stand-in does with its next request.
#[derive(Clone, Copy, Debug)]
pub(super) enum Behaviour {
    /// Answers as the records system would.
    Judge,
    /// Answers with this status and a problem.
    Refuse(u16),
    /// Refuses because of too many requests, and says how many seconds to wait.
    Busy(u64),
    /// The same, and says until when to wait.
    BusyUntil(&'static str),
    /// Answers 200 with something else.
    Babble,
    /// Answers 200 rightly, but with more than anybody wants to read.
    Flood,
    /// Begins to answer, and closes the connection.
    CutShort,
    /// Never answers.
    Hang,
    /// Closes the connection instead of answering.
    Cut,
}

/// A record of the stand-in.
#[derive(Clone, Copy, Debug)]
pub(super) struct Held {
    pub(super) trn: &'static str,
    pub(super) first: &'static str,
    pub(super) last: &'static str,
    pub(super) previous: &'static [(&'static str, &'static str)],
    pub(super) born: &'static str,
    pub(super) number: Option<&'static str>,
    pub(super) addresses: &'static [&'static str],
    pub(super) state: State,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    Active,
    Deactivated,
    /// Into the record with this TRN.
    Merged(&'static str),
    /// Into the record at this address.
    MergedAt(&'static str),
}

/// A running stand-in.
pub(super) struct FakeRecords {
    pub(super) url: String,
    shared: Arc<Shared>,
}

struct Shared {
    records: Vec<Held>,
    script: Mutex<VecDeque<Behaviour>>,
    requests: Mutex<Vec<String>>,
}

type Query = BTreeMap<String, String>;

/// Status, further header lines and body.
type Answer = (u16, String, Value);

impl FakeRecords {
    /// Starts with these records; it behaves as scripted, then judges.
    pub(super) async fn start(records: &[Held], script: &[Behaviour]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let shared = Arc::new(Shared {
            records: records.to_vec(),
            script: Mutex::new(script.iter().copied().collect()),
            requests: Mutex::default(),
        });
        let behind = Arc::clone(&shared);
        tokio::spawn(async move {
            while let Ok((connection, _)) = listener.accept().await {
                let shared = Arc::clone(&behind);
                tokio::spawn(async move { shared.serve(connection).await });
            }
        });
        Self { url, shared }
    }

    /// The paths and queries that were asked, in order.
    pub(super) fn requests(&self) -> Vec<String> {
        self.shared.requests.lock().unwrap().clone()
    }

    /// What it does with its next requests.
    pub(super) fn will(&self, script: &[Behaviour]) {
        self.shared.script.lock().unwrap().extend(script);
    }
}

impl Shared {
    async fn serve(&self, mut connection: TcpStream) {
        while let Some(head) = read(&mut connection).await {
            let target = head.split(' ').nth(1).unwrap_or_default().to_owned();
            self.requests.lock().unwrap().push(target.clone());
            let scripted = self.script.lock().unwrap().pop_front();
            let (status, headers, body) = match scripted.unwrap_or(Behaviour::Judge) {
                Behaviour::Judge => self.judge(&head, &target),
                Behaviour::Refuse(status) => problem(status, 0),
                Behaviour::Busy(seconds) => {
                    let (status, _, body) = problem(429, 0);
                    (status, format!("Retry-After: {seconds}\r\n"), body)
                }
                Behaviour::BusyUntil(date) => {
                    let (status, _, body) = problem(429, 0);
                    (status, format!("Retry-After: {date}\r\n"), body)
                }
                Behaviour::Babble => (200, String::new(), json!("<html>")),
                Behaviour::Flood => {
                    let more = " ".repeat(300 * 1024);
                    (200, String::new(), json!({ "results": [], "more": more }))
                }
                Behaviour::CutShort => {
                    let answer = b"HTTP/1.1 200 Answer\r\nContent-Length: 99\r\n\r\n{";
                    let _ = connection.write_all(answer).await;
                    return;
                }
                Behaviour::Hang => std::future::pending().await,
                Behaviour::Cut => return,
            };
            let body = body.to_string();
            let answer = format!(
                "HTTP/1.1 {status} Answer\r\nContent-Type: application/json\r\n{headers}\
                 Content-Length: {}\r\n\r\n{body}",
                body.len()
            );
            if connection.write_all(answer.as_bytes()).await.is_err() {
                return;
            }
        }
    }

    fn judge(&self, head: &str, target: &str) -> Answer {
        if header(head, "user-agent").is_none() {
            return problem(403, 0);
        }
        if header(head, "authorization") != Some(format!("Bearer {KEY}")) {
            return problem(401, 0);
        }
        let url = Url::parse("http://records.example")
            .and_then(|base| base.join(target))
            .unwrap();
        let query: Query = url.query_pairs().into_owned().collect();
        match url.path().strip_prefix("/v3/persons/") {
            Some(_) if header(head, "x-api-version").as_deref() != Some(VERSION) => problem(404, 0),
            Some(trn) => self.person(trn, &query),
            None if url.path() == "/v2/teachers/find" => self.find(&query),
            None => problem(404, 0),
        }
    }

    /// `GET /v3/persons/{trn}`, as of version 20260120.
    fn person(&self, trn: &str, query: &Query) -> Answer {
        let Some(held) = self.records.iter().find(|held| held.trn == trn) else {
            return problem(404, 10001);
        };
        let location = match held.state {
            State::Active => None,
            State::Deactivated => return problem(410, 10058),
            State::Merged(into) => Some(format!("/v3/persons/{into}")),
            State::MergedAt(location) => Some(location.to_owned()),
        };
        if let Some(location) = location {
            let (_, _, body) = problem(308, 10059);
            return (308, format!("Location: {location}\r\n"), body);
        }
        let mut person = json!({
            "trn": held.trn,
            "firstName": held.first,
            "middleName": "",
            "lastName": held.last,
            "dateOfBirth": held.born,
        });
        if query.get("include").map(String::as_str) == Some("PreviousNames") {
            let previous = held.previous.iter().map(
                |(first, last)| json!({ "firstName": first, "middleName": "", "lastName": last }),
            );
            person["previousNames"] = previous.collect();
        }
        (200, String::new(), person)
    }

    /// `GET /v2/teachers/find` by the default policy: at least three attributes of five, any first
    /// name with any last name, each by any of its words.
    fn find(&self, query: &Query) -> Answer {
        let known = [
            "firstName",
            "lastName",
            "previousFirstName",
            "previousLastName",
            "dateOfBirth",
            "nationalInsuranceNumber",
            "trn",
            "emailAddress",
            "matchPolicy",
        ];
        let is_known = query.keys().all(|key| known.contains(&key.as_str()));
        if !is_known || query.get("matchPolicy").map(String::as_str) != Some("Default") {
            return problem(400, 0);
        }
        let found = self
            .records
            .iter()
            .filter(|held| held.state == State::Active && held.agrees(query));
        let results: Vec<Value> = found
            .map(|held| {
                json!({
                    "trn": held.trn,
                    "firstName": held.first,
                    "middleName": null,
                    "lastName": held.last,
                    "dateOfBirth": held.born,
                    "nationalInsuranceNumber": held.number,
                    "emailAddresses": held.addresses,
                    "uid": "3d844edf-8d35-48ac-975b-e847b4f122b0",
                    "hasActiveSanctions": false,
                })
            })
            .collect();
        (200, String::new(), json!({ "results": results }))
    }
}

impl Held {
    fn agrees(&self, query: &Query) -> bool {
        let given = |keys: [&str; 2]| {
            let names = keys.into_iter().filter_map(|key| query.get(key));
            let words = names
                .flat_map(|name| name.split([' ', '-']))
                .map(str::to_lowercase);
            words.collect::<Vec<_>>()
        };
        let is = |key: &str, value: &str| {
            query
                .get(key)
                .is_some_and(|it| it.eq_ignore_ascii_case(value))
        };
        let first = given(["firstName", "previousFirstName"]);
        let last = given(["lastName", "previousLastName"]);
        let current = std::iter::once((self.first, self.last));
        let mut names = self.previous.iter().copied().chain(current);
        let agreed = [
            names.any(|(held_first, held_last)| {
                first.contains(&held_first.to_lowercase())
                    && last.contains(&held_last.to_lowercase())
            }),
            is("dateOfBirth", self.born),
            self.number
                .is_some_and(|number| is("nationalInsuranceNumber", number)),
            is("trn", self.trn),
            self.addresses.iter().any(|held| is("emailAddress", held)),
        ];
        agreed.iter().filter(|agrees| **agrees).count() >= 3
    }
}

fn header(head: &str, name: &str) -> Option<String> {
    let line = head
        .lines()
        .find(|line| line.to_ascii_lowercase().starts_with(&format!("{name}: ")))?;
    Some(line.get(name.len() + 2..)?.to_owned())
}

/// RFC 7807, with the system's own `errorCode`.
fn problem(status: u16, code: u32) -> Answer {
    let body = json!({ "title": "as scripted", "status": status, "errorCode": code });
    (status, String::new(), body)
}

async fn read(connection: &mut TcpStream) -> Option<String> {
    let mut head = Vec::new();
    let mut buffer = [0; 4096];
    while !head.ends_with(b"\r\n\r\n") {
        let count = connection.read(&mut buffer).await.ok()?;
        if count == 0 {
            return None;
        }
        head.extend_from_slice(&buffer[..count]);
    }
    String::from_utf8(head).ok()
}
