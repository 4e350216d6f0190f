//! How the Teaching Record System's API is spoken to: its headers, its refusals, and one more try
//! where that may help and there is time for it.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use actix_web::http::header::HttpDate;
use model::trn::Trn;
use model::{Clock, Entropy, Secret};
use reqwest::header::{ACCEPT, HeaderMap, LOCATION, RETRY_AFTER};
use reqwest::{Client, Response, StatusCode, Url};
use serde::de::DeserializeOwned;
use tokio::time::Instant;

use crate::config::teacher_records::RecordsApi;

/// The API, with what it takes to be let in.
pub(super) struct Api {
    client: Client,
    base_url: Url,
    key: Secret<String>,
    version: String,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
}

/// The header that pins the shape of answers.
const VERSION: &str = "X-Api-Version";

/// The pause before another try, when the system asks for none, ..
const PAUSE: Duration = Duration::from_millis(150);

/// .. and up to how many milliseconds more, by chance, so that those who failed together do not come
/// back together.
const SPREAD: u32 = 300;

/// The largest answer that is read: a person with all their former names is a hundredth of it.
const LARGEST_ANSWER: usize = 256 * 1024;

/// What the API says about one thing.
pub(super) enum Answer<T> {
    /// This.
    Is(T),
    /// It was merged into the record of that TRN (308).
    Merged(Trn),
    /// It is deactivated (410).
    Deactivated,
    /// There is none (404).
    Unknown,
}

/// Why the API did not answer. Its text holds no part of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// It took too long.
    TooSlow,
    /// It cannot be reached, or cut the connection.
    Unreachable,
    /// We asked too often (429); how long to wait, if it says so.
    Busy(Option<Duration>),
    /// It failed (5xx).
    Failed(StatusCode),
    /// It refuses what we are or say: an operator has to mend it.
    Refused(StatusCode),
    /// Its answer is not what the pinned version says.
    Unreadable,
}

impl Api {
    pub(super) fn new(
        settings: &RecordsApi,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
    ) -> Result<Self, reqwest::Error> {
        let mut client = Client::builder()
            .connect_timeout(settings.timeout / 2)
            // A kept connection would belong to the thread that opened it, and wait when that is
            // busy with something else.
            .pool_max_idle_per_host(0)
            .user_agent(concat!("get-an-identity/", env!("CARGO_PKG_VERSION")))
            // Followed by hand: the key must never go to another host.
            .redirect(reqwest::redirect::Policy::none());
        if settings.base_url.scheme() == "http" {
            // Only this machine is reached by http, and no proxy reaches it.
            client = client.no_proxy();
        }
        Ok(Self {
            client: client.build()?,
            base_url: settings.base_url.clone(),
            key: settings.api_key.clone(),
            version: settings.version.clone(),
            clock,
            entropy,
        })
    }

    /// Asks, and after a fault that may pass once more, if there is time for both the pause and an
    /// answer.
    pub(super) async fn get<T: DeserializeOwned>(
        &self,
        path: &str,
        query: &[(&str, &str)],
        until: Instant,
    ) -> Result<Answer<T>, Fault> {
        let first = self.try_to_get(path, query).await;
        let Err(fault) = first else {
            return first;
        };
        let left = until.saturating_duration_since(Instant::now());
        match self.pause_after(fault) {
            Some(pause) if pause < left / 2 => tokio::time::sleep(pause).await,
            _ => return Err(fault),
        }
        self.try_to_get(path, query).await
    }

    async fn try_to_get<T: DeserializeOwned>(
        &self,
        path: &str,
        query: &[(&str, &str)],
    ) -> Result<Answer<T>, Fault> {
        let mut url = self.base_url.clone();
        url.set_path(&format!("{}{path}", url.path().trim_end_matches('/')));
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        let request = self
            .client
            .get(url)
            .bearer_auth(self.key.reveal())
            .header(VERSION, &self.version)
            .header(ACCEPT, "application/json");
        self.read(request.send().await?).await
    }

    async fn read<T: DeserializeOwned>(&self, response: Response) -> Result<Answer<T>, Fault> {
        match response.status() {
            StatusCode::OK => {
                let body = body(response).await?;
                let answer = serde_json::from_slice(&body).map_err(|_| Fault::Unreadable)?;
                Ok(Answer::Is(answer))
            }
            StatusCode::NOT_FOUND => Ok(Answer::Unknown),
            StatusCode::GONE => Ok(Answer::Deactivated),
            StatusCode::PERMANENT_REDIRECT => {
                let survivor = self.survivor(response.headers());
                survivor.map(Answer::Merged).ok_or(Fault::Unreadable)
            }
            StatusCode::TOO_MANY_REQUESTS => {
                Err(Fault::Busy(self.wanted_pause(response.headers())))
            }
            status if status.is_server_error() => Err(Fault::Failed(status)),
            status => Err(Fault::Refused(status)),
        }
    }

    /// The TRN at the end of where a merged record went; the rest of the address does not matter,
    /// for nothing but this API is asked.
    fn survivor(&self, headers: &HeaderMap) -> Option<Trn> {
        let location = headers.get(LOCATION)?.to_str().ok()?;
        let location = self.base_url.join(location).ok()?;
        Trn::parse(location.path_segments()?.next_back()?).ok()
    }

    /// What `Retry-After` asks for (RFC 9110 §10.2.3): seconds, or a date. One that has passed
    /// asks for no more.
    fn wanted_pause(&self, headers: &HeaderMap) -> Option<Duration> {
        let wanted = headers.get(RETRY_AFTER)?.to_str().ok()?;
        if let Ok(seconds) = wanted.parse() {
            return Some(Duration::from_secs(seconds));
        }
        let until: SystemTime = wanted.parse::<HttpDate>().ok()?.into();
        let until = until.duration_since(SystemTime::UNIX_EPOCH).ok()?;
        let now = Duration::from_millis(self.clock.now().millis().try_into().ok()?);
        Some(until.saturating_sub(now))
    }

    /// How long to wait before another try; `None` when none may help.
    pub(super) fn pause_after(&self, fault: Fault) -> Option<Duration> {
        let wanted = match fault {
            Fault::Busy(Some(wanted)) => wanted,
            Fault::Busy(None) | Fault::Failed(_) | Fault::Unreachable => PAUSE,
            Fault::TooSlow | Fault::Refused(_) | Fault::Unreadable => return None,
        };
        let more = Duration::from_millis(self.entropy.below(SPREAD).into());
        Some(wanted.saturating_add(more))
    }
}

async fn body(mut response: Response) -> Result<Vec<u8>, Fault> {
    let mut body = Vec::new();
    while let Some(piece) = response.chunk().await? {
        if body.len() + piece.len() > LARGEST_ANSWER {
            return Err(Fault::Unreadable);
        }
        body.extend_from_slice(&piece);
    }
    Ok(body)
}

/// The error names the URL, and that names a person: none of it is kept.
impl From<reqwest::Error> for Fault {
    fn from(error: reqwest::Error) -> Self {
        if error.is_timeout() && !error.is_connect() {
            Self::TooSlow
        } else {
            Self::Unreachable
        }
    }
}

impl Fault {
    /// Whether it says of the system that nobody needs to wait for it now. What one answer holds, or
    /// one person typed, never says that.
    pub(super) fn is_of_the_system(self) -> bool {
        match self {
            Self::TooSlow | Self::Unreachable | Self::Busy(_) | Self::Failed(_) => true,
            Self::Refused(status) => {
                status == StatusCode::UNAUTHORIZED || status == StatusCode::FORBIDDEN
            }
            Self::Unreadable => false,
        }
    }

    pub(super) fn log(self) {
        match self {
            Self::Refused(_) | Self::Unreadable => {
                tracing::error!(fault = %self, "the teaching records cannot be asked");
            }
            _ => tracing::warn!(fault = %self, "the teaching records cannot be asked now"),
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooSlow => f.write_str("they took too long"),
            Self::Unreachable => f.write_str("they cannot be reached"),
            Self::Busy(_) => f.write_str("we asked too often"),
            Self::Failed(status) => write!(f, "they failed with status {}", status.as_u16()),
            Self::Refused(status) => {
                write!(f, "they refuse our request with status {}", status.as_u16())
            }
            Self::Unreadable => f.write_str("their answer is not of the pinned version"),
        }
    }
}
