//! A stand-in for GOV.UK Notify that is as strict as the original about what it is sent.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex};

use journey::mailer::MailKind;
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use model::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

pub(super) const SERVICE_ID: &str = "26785a09-ab16-4eb0-8407-a37497a57506";
pub(super) const SECRET: &str = "3d844edf-8d35-48ac-975b-e847b4f122b0";
pub(super) const CODE_TEMPLATE: &str = "f33517ff-2a88-4f6e-b855-c550268ce08a";

/// The template of the mail of that name.
pub(super) fn template_of(name: &str) -> String {
    let place = MailKind::NAMES.iter().position(|one| *one == name);
    match place.unwrap() {
        0 => CODE_TEMPLATE.to_owned(),
        number => format!("0abe0c5b-9d2b-4f2e-8f5a-1d8a5a3d6c{number:02}"),
    }
}

/// The mail whose template has that id, and what the template asks for.
fn template(id: &str) -> Option<&'static [&'static str]> {
    let name = MailKind::NAMES
        .into_iter()
        .find(|name| template_of(name) == id)?;
    Some(match name {
        "sign_in_code" => &["code", "link", "minutes", "service"],
        "account_code" | "new_address_code" => &["code", "minutes", "service"],
        "account_created" | "details_differ" => &["service"],
        "address_replaced" | "address_change_planned" => &["freeze_link", "hours"],
        "trn_moved" | "address_change_asked" | "support_task_opened" => &["reference"],
        "second_factor_added" | "second_factor_removed" => &["factor"],
        "recovery_code_used" => &["left"],
        "accounts_joined" => &["kept"],
        "support_task_closed" => &["reference", "outcome"],
        _ => &[],
    })
}

/// What the stand-in does with its next request.
#[derive(Clone, Copy, Debug)]
pub(super) enum Behaviour {
    /// Judges the request as Notify would.
    Judge,
    /// Answers with this status and error.
    Refuse(u16, &'static str),
    /// Answers with this status and something that is no JSON.
    Babble(u16),
    /// Never answers.
    Hang,
    /// Closes the connection instead of answering.
    Cut,
}

/// A running stand-in.
pub(super) struct FakeNotify {
    pub(super) url: String,
    shared: Arc<Shared>,
}

struct Shared {
    now: Timestamp,
    script: Mutex<VecDeque<Behaviour>>,
    accepted: Mutex<Vec<Sent>>,
    requests: Mutex<usize>,
}

/// A notification that was accepted. Anything more than this is a `ValidationError`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Sent {
    pub(super) email_address: String,
    pub(super) template_id: String,
    pub(super) personalisation: BTreeMap<String, Value>,
    pub(super) reference: Option<String>,
    pub(super) email_reply_to_id: Option<String>,
    pub(super) sanitise_content_for: Option<Vec<String>>,
    #[serde(rename = "one_click_unsubscribe_url")]
    _one_click_unsubscribe_url: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Claims {
    iss: String,
    iat: i64,
}

impl FakeNotify {
    /// Starts with that time on its clock; it behaves as scripted, then judges.
    pub(super) async fn start(now: Timestamp, script: &[Behaviour]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let shared = Arc::new(Shared {
            now,
            script: Mutex::new(script.iter().copied().collect()),
            accepted: Mutex::default(),
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

    pub(super) fn accepted(&self) -> Vec<Sent> {
        self.shared.accepted.lock().unwrap().clone()
    }

    pub(super) fn requests(&self) -> usize {
        *self.shared.requests.lock().unwrap()
    }
}

impl Shared {
    async fn serve(&self, mut connection: TcpStream) {
        while let Some((head, body)) = read(&mut connection).await {
            *self.requests.lock().unwrap() += 1;
            let behaviour = self
                .script
                .lock()
                .unwrap()
                .pop_front()
                .unwrap_or(Behaviour::Judge);
            let (status, body) = match behaviour {
                Behaviour::Judge => self.judge(&head, &body),
                Behaviour::Refuse(status, error) => refusal(status, error, "as scripted"),
                Behaviour::Babble(status) => (status, "<html>".to_owned()),
                Behaviour::Hang => std::future::pending().await,
                Behaviour::Cut => return,
            };
            let length = body.len();
            let answer = format!(
                "HTTP/1.1 {status} Answer\r\nContent-Type: application/json\r\n\
                 Content-Length: {length}\r\n\r\n{body}"
            );
            connection.write_all(answer.as_bytes()).await.unwrap();
        }
    }

    fn judge(&self, head: &str, body: &[u8]) -> (u16, String) {
        if !head.starts_with("POST /v2/notifications/email HTTP/1.1\r\n") {
            return refusal(404, "NoResultFound", "no such endpoint");
        }
        if !head
            .to_ascii_lowercase()
            .contains("content-type: application/json")
        {
            return refusal(400, "BadRequestError", "not JSON");
        }
        if let Err(why) = self.authenticate(head) {
            return refusal(403, "AuthError", why);
        }
        let sent: Sent = match serde_json::from_slice(body) {
            Ok(sent) => sent,
            Err(error) => return refusal(400, "ValidationError", &error.to_string()),
        };
        let Some(needed) = template(&sent.template_id) else {
            return refusal(400, "BadRequestError", "Template not found");
        };
        if !sent.email_address.contains('@') {
            return refusal(
                400,
                "ValidationError",
                "email_address Not a valid email address",
            );
        }
        if needed
            .iter()
            .any(|key| !sent.personalisation.contains_key(*key))
        {
            return refusal(400, "BadRequestError", "Missing personalisation");
        }
        self.accepted.lock().unwrap().push(sent);
        (
            201,
            json!({ "id": "740e5834-3a29-46b4-9a6f-16142fde533a" }).to_string(),
        )
    }

    fn authenticate(&self, head: &str) -> Result<(), &'static str> {
        let header = head.lines().find(|line| {
            line.to_ascii_lowercase()
                .starts_with("authorization: bearer ")
        });
        let token = header
            .and_then(|line| line.split(' ').nth(2))
            .ok_or("no token")?;
        let _ = protocol::keys::install();
        let mut validation = Validation::new(Algorithm::HS256);
        validation.required_spec_claims.clear();
        validation.validate_exp = false;
        let key = DecodingKey::from_secret(SECRET.as_bytes());
        let token = jsonwebtoken::decode::<Claims>(token, &key, &validation)
            .map_err(|_| "Invalid token: signature")?;
        if token.header.typ.as_deref() != Some("JWT") {
            return Err("Invalid token: typ");
        }
        if token.claims.iss != SERVICE_ID {
            return Err("Invalid token: service not found");
        }
        if (token.claims.iat - self.now.seconds()).abs() > 30 {
            return Err("Error: Your system clock must be accurate to within 30 seconds");
        }
        Ok(())
    }
}

fn refusal(status: u16, error: &str, message: &str) -> (u16, String) {
    let errors = json!([{ "error": error, "message": message }]);
    (
        status,
        json!({ "status_code": status, "errors": errors }).to_string(),
    )
}

/// One request: its head as text, its body as bytes.
async fn read(connection: &mut TcpStream) -> Option<(String, Vec<u8>)> {
    let mut received = Vec::new();
    let end = loop {
        let blank = received.windows(4).position(|window| window == b"\r\n\r\n");
        if let Some(at) = blank {
            break at + 4;
        }
        if connection.read_buf(&mut received).await.ok()? == 0 {
            return None;
        }
    };
    let head = String::from_utf8(received[..end].to_vec()).unwrap();
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(": ")?;
        name.eq_ignore_ascii_case("content-length")
            .then(|| value.parse::<usize>().unwrap())
    });
    while received.len() < end + length.unwrap_or(0) {
        connection.read_buf(&mut received).await.ok()?;
    }
    Some((head, received[end..].to_vec()))
}
