//! `/developers/check`: what is registered of a client, and why its requests were refused lately.
//!
//! For whoever proves that the client is theirs: by its secret, or by the registration access token
//! of a client that registered itself. Everybody else gets one and the same answer, whether there is
//! such a client or not. Tries are limited by client address and by the client that they name.

use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::http::header::{HeaderValue, RETRY_AFTER};
use actix_web::web::{Bytes, Data};
use actix_web::{HttpMessage as _, HttpRequest, HttpResponse};
use model::client::ClientSettings;
use model::keyring::Purpose;
use model::raw_pairs::RawPairs;
use model::secret::SecretKind;
use model::slow_hash::Overloaded;
use model::{Client, ClientAddress, Secret, Timestamp};
use pages::{ErrorPage, Field, FieldError, Shell, View};
use serde::Serialize;
use serde_json::Value;
use storage::limits::{self, Counter, Hit, Limit};
use storage::refusals::{self, Refusal};
use storage::{StorageError, Tx, registrations};

use super::PATH as DEVELOPERS;
use crate::fault::page_of_fault;
use crate::form::is_form;
use crate::provider::Provider;

/// Where the form is, and is sent to.
pub(crate) const PATH: &str = "/developers/check";

/// Most refusals that are shown.
const SHOWN: u32 = 50;

/// How often one client address may try.
const TRIES_PER_CLIENT_ADDRESS: Limit = Limit {
    count: 20,
    per: Duration::from_secs(600),
};

/// How often anybody may try for one client.
const TRIES_PER_CLIENT: Limit = Limit {
    count: 100,
    per: Duration::from_secs(3_600),
};

/// The form.
///
/// Posts `client_id` and `credential`, which is never shown again.
#[derive(Serialize)]
pub struct CheckClientPage {
    client_id: Field,
    credential: Field,
}

/// What somebody sees of their own client.
#[derive(Serialize)]
pub struct CheckedClientPage {
    name: String,
    client_id: String,
    settings: Vec<Setting>,
    refusals: Vec<Line>,
    check_url: &'static str,
}

/// One registered setting.
#[derive(Serialize)]
struct Setting {
    name: String,
    values: Vec<String>,
}

/// One reason for which requests were refused.
#[derive(Serialize)]
struct Line {
    endpoint: String,
    error: String,
    description: String,
    last: String,
    /// How often and since when, if more than once.
    repeated: Option<String>,
}

const NOT_YOURS: &str = "Enter the id of a client and its secret or registration access token";

impl View for CheckClientPage {
    const TEMPLATE: &'static str = "developers/check";

    fn title(&self) -> String {
        "Check your client".to_owned()
    }

    fn errors(&self) -> Vec<FieldError> {
        let client_id = self.client_id.error_at("client_id");
        let credential = self.credential.error_at("credential");
        client_id.into_iter().chain(credential).collect()
    }

    fn samples() -> Vec<Self> {
        vec![
            Self::empty(),
            Self::refused("apply-for-a-qualification", NOT_YOURS),
        ]
    }
}

impl CheckClientPage {
    fn empty() -> Self {
        Self {
            client_id: Field::default(),
            credential: Field::default(),
        }
    }

    fn refused(client_id: &str, why: &str) -> Self {
        Self {
            client_id: Field::refused(client_id, why),
            credential: Field::default(),
        }
    }
}

impl View for CheckedClientPage {
    const TEMPLATE: &'static str = "developers/checked";

    fn title(&self) -> String {
        format!("Your client: {}", self.name)
    }

    fn samples() -> Vec<Self> {
        let settings = ClientSettings::named("Apply for a qualification");
        let refusal = |times| Refusal {
            endpoint: "/token".to_owned(),
            error: "invalid_grant".to_owned(),
            description: "The authorization code has expired.".to_owned(),
            times,
            first_at: Timestamp::from_seconds(1_795_000_000),
            last_at: Timestamp::from_seconds(1_795_003_000),
        };
        let page = |refusals| Self::new("apply", &settings, refusals);
        vec![page(vec![]), page(vec![refusal(1), refusal(12)])]
    }
}

impl CheckedClientPage {
    fn new(client_id: &str, settings: &ClientSettings, refusals: Vec<Refusal>) -> Self {
        Self {
            name: settings.client_name.clone(),
            client_id: client_id.to_owned(),
            settings: Setting::all(settings),
            refusals: refusals.into_iter().map(Line::new).collect(),
            check_url: PATH,
        }
    }
}

impl Setting {
    /// Everything that is registered: settings hold no secret.
    fn all(settings: &ClientSettings) -> Vec<Self> {
        let Ok(Value::Object(members)) = serde_json::to_value(settings) else {
            return Vec::new();
        };
        let setting = |(name, value)| Self {
            name,
            values: match value {
                Value::Array(values) => values.into_iter().map(in_words).collect(),
                value => vec![in_words(value)],
            },
        };
        members.into_iter().map(setting).collect()
    }
}

fn in_words(value: Value) -> String {
    match value {
        Value::String(text) => text,
        Value::Bool(is_so) => if is_so { "yes" } else { "no" }.to_owned(),
        other => other.to_string(),
    }
}

impl Line {
    fn new(refusal: Refusal) -> Self {
        let times = refusal.times;
        let repeated = || format!("{times} times since {}", refusal.first_at.in_words());
        Self {
            repeated: (times > 1).then(repeated),
            last: refusal.last_at.in_words(),
            endpoint: refusal.endpoint,
            error: refusal.error,
            description: refusal.description,
        }
    }
}

/// `GET /developers/check`.
pub async fn show(provider: Data<Provider>) -> HttpResponse {
    respond(&provider, StatusCode::OK, &CheckClientPage::empty())
}

/// `POST /developers/check`.
pub async fn submit(provider: Data<Provider>, http: HttpRequest, body: Bytes) -> HttpResponse {
    let form = RawPairs::parse(&body);
    let one = |name| form.one(name).map(Option::unwrap_or_default);
    let (Ok(client_id), Ok(credential)) = (one("client_id"), one("credential")) else {
        return provider.pages.error(ErrorPage::BadRequest, None);
    };
    if !is_form(&http) {
        return provider.pages.error(ErrorPage::BadRequest, None);
    }
    let credential = Secret::new(credential.to_owned());
    let counters = counters(&provider, &http, client_id);
    match check(&provider, client_id, &credential, counters).await {
        Ok(Checked::Theirs(client, refusals)) => {
            let page = CheckedClientPage::new(client.id.as_str(), &client.settings, refusals);
            respond(&provider, StatusCode::OK, &page)
        }
        Ok(Checked::NotTheirs) => {
            let page = CheckClientPage::refused(client_id, NOT_YOURS);
            respond(&provider, StatusCode::BAD_REQUEST, &page)
        }
        Ok(Checked::TooOften(until)) => {
            let wait = until.since(provider.store.clock().now()).as_secs().max(1);
            let why = "You have tried too often. Try again in a few minutes";
            let page = CheckClientPage::refused(client_id, why);
            let mut response = respond(&provider, StatusCode::TOO_MANY_REQUESTS, &page);
            let headers = response.headers_mut();
            headers.insert(RETRY_AFTER, HeaderValue::from(wait));
            response
        }
        Err(Unchecked::Overloaded) => provider.pages.error(ErrorPage::Busy, None),
        Err(Unchecked::Storage(fault)) => page_of_fault(&provider, &fault),
    }
}

fn respond<V: View>(provider: &Provider, status: StatusCode, view: &V) -> HttpResponse {
    let shell = Shell {
        back_link: Some(DEVELOPERS.to_owned()),
        ..Shell::default()
    };
    provider.pages.respond(status, &shell, view)
}

/// How a try ended.
enum Checked {
    Theirs(Box<Client>, Vec<Refusal>),
    /// There is no such client, or the credential is not its own.
    NotTheirs,
    TooOften(Timestamp),
}

/// Why a try could not be looked at.
#[derive(Debug)]
enum Unchecked {
    Overloaded,
    Storage(StorageError),
}

impl From<Overloaded> for Unchecked {
    fn from(_: Overloaded) -> Self {
        Self::Overloaded
    }
}

impl From<StorageError> for Unchecked {
    fn from(fault: StorageError) -> Self {
        Self::Storage(fault)
    }
}

async fn check(
    provider: &Provider,
    client_id: &str,
    credential: &Secret<String>,
    counters: Vec<Counter>,
) -> Result<Checked, Unchecked> {
    let hit = provider
        .store
        .write(move |tx| limits::hit(tx, &counters))
        .await?;
    if let Hit::Refused { until } = hit {
        return Ok(Checked::TooOften(until));
    }
    let Some(client) = provider.clients.find(client_id).await? else {
        return Ok(Checked::NotTheirs);
    };
    if !is_credential_of(provider, &client, credential).await? {
        return Ok(Checked::NotTheirs);
    }
    let id = client.id.clone();
    let list = provider
        .store
        .read(move |tx: &mut Tx<'_>| refusals::list(tx, &id, SHOWN));
    Ok(Checked::Theirs(
        Box::new(Client::clone(&client)),
        list.await?,
    ))
}

/// Whether a text is the client's secret, or its registration access token.
async fn is_credential_of(
    provider: &Provider,
    client: &Client,
    credential: &Secret<String>,
) -> Result<bool, Unchecked> {
    if let Some(token) = SecretKind::RegistrationAccess.digest(credential.reveal()) {
        let id = client.id.clone();
        let find = provider
            .store
            .read(move |tx| registrations::find(tx, &id, &token));
        return Ok(find.await?.is_some());
    }
    let has_secret = client.settings.token_endpoint_auth_method.has_secret();
    let now = provider.store.clock().now();
    Ok(has_secret
        && provider
            .secrets
            .check(client, credential.reveal(), now)
            .await?)
}

fn counters(provider: &Provider, http: &HttpRequest, client_id: &str) -> Vec<Counter> {
    let address = http.extensions().get::<ClientAddress>().copied();
    let address = address.or_else(|| Some(ClientAddress::new(http.peer_addr()?.ip())));
    let counter = |kind: &'static str, subject: &[u8], limit| Counter {
        kind,
        subject: provider
            .keyring
            .digest(Purpose::Limit, &[kind.as_bytes(), subject]),
        limit,
    };
    let address = address.map(|address| {
        counter(
            "client_checks_per_client_address",
            &address.limit_subject(),
            TRIES_PER_CLIENT_ADDRESS,
        )
    });
    let named = client_id.as_bytes();
    let client = counter("client_checks_per_client", named, TRIES_PER_CLIENT);
    address.into_iter().chain([client]).collect()
}
