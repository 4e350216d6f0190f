//! How soon five hundred services know that a person has signed out: from the request that ends the
//! session to the last of them, each told by a request of its own.

use std::error::Error;
use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use model::asked_claims::AskedClaims;
use model::authorization_code::Grant;
use model::browser_session::Authentication;
use model::client::{ClientSettings, Credential};
use model::secret::SecretKind;
use model::{
    ClientId, EmailAddress, Entropy, RedirectUri, ScopeSet, Secret, SecretDigest, SigningAlgorithm,
    SystemClock, SystemEntropy, UserId,
};
use storage::browser_sessions::{self, NewSession, SessionLifetimes};
use storage::clients::{self, NewClient, Source};
use storage::{DatabaseUrl, StorageError, Store, StoreSettings, Tx, grants, users};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::task::spawn_local;

use crate::fault::Fault;
use crate::mail::between;
use crate::report::Report;
use crate::site::{REDIRECT_URI, Site, headers};

/// Its name in the report.
pub(crate) const NAME: &str = "backchannel_logout";

/// How many services the session was used for.
const SERVICES: u32 = 500;

/// Sign-outs that the figures are of.
const TIMES: u32 = 5;

const RANDOM: &dyn Entropy = &SystemEntropy;
const DAY: Duration = Duration::from_secs(24 * 3600);

/// Signs people out who used all the services, and adds how long the last service waited.
///
/// # Errors
///
/// The database cannot be filled, or somebody is not told.
pub(crate) async fn run(
    report: &mut Report,
    name: &str,
    database_url: &str,
    site: &Site,
) -> Result<(), Box<dyn Error>> {
    let mut services = Services::listen().await?;
    let settings = StoreSettings::for_url(DatabaseUrl::parse(database_url)?);
    let store = Store::open(&settings, Arc::new(SystemClock))?;
    let address = services.address;
    let written = store.write(move |tx| register(tx, address)).await;
    written?;

    let mut times = Vec::new();
    // The first opens the connections.
    for _ in 0..=TIMES {
        let session = store.write(open_session).await?;
        let begun = Instant::now();
        sign_out(site, &session).await?;
        services.are_told(SERVICES).await?;
        times.push(begun.elapsed());
    }
    let mut times = times.split_off(1);
    times.sort_unstable();
    for (figure, time) in [("best", times.first()), ("worst", times.last())] {
        let time = time.copied().unwrap_or_default().as_secs_f64() * 1e3;
        report.add(&format!("{name}_{figure}"), time, "ms");
    }
    Ok(())
}

/// The server of all the services.
struct Services {
    address: SocketAddr,
    told: mpsc::UnboundedReceiver<()>,
}

impl Services {
    async fn listen() -> std::io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let (tell, told) = mpsc::unbounded_channel();
        let tell = Rc::new(tell);
        spawn_local(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let tell = Rc::clone(&tell);
                // Who hangs up has told all.
                spawn_local(async move { take(stream, &tell).await });
            }
        });
        Ok(Self { address, told })
    }

    async fn are_told(&mut self, times: u32) -> Result<(), Fault> {
        for _ in 0..times {
            let told = tokio::time::timeout(Duration::from_secs(30), self.told.recv()).await;
            told.ok()
                .flatten()
                .ok_or(Fault::Content("a logout token for every service"))?;
        }
        Ok(())
    }
}

/// Reads requests, one after another, and says yes to each.
async fn take(stream: TcpStream, tell: &mpsc::UnboundedSender<()>) -> std::io::Result<()> {
    let mut stream = BufReader::new(stream);
    let mut line = String::new();
    let mut length = 0;
    loop {
        line.clear();
        if stream.read_line(&mut line).await? == 0 {
            return Ok(());
        }
        let header = line.trim_end().to_ascii_lowercase();
        if let Some(value) = header.strip_prefix("content-length:") {
            length = value.trim().parse().unwrap_or_default();
        }
        if header.is_empty() {
            let mut body = vec![0; length];
            stream.read_exact(&mut body).await?;
            if body.starts_with(b"logout_token=") && tell.send(()).is_err() {
                return Ok(());
            }
            stream
                .write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")
                .await?;
        }
    }
}

fn client_id(number: u32) -> Result<ClientId, StorageError> {
    ClientId::parse(&format!("logout-{number}")).map_err(|_| StorageError::Corrupt(NAME))
}

fn register(tx: &mut Tx<'_>, services: SocketAddr) -> Result<(), StorageError> {
    for number in 0..SERVICES {
        let mut settings = ClientSettings::named("Service");
        settings.redirect_uris = RedirectUri::parse(REDIRECT_URI).into_iter().collect();
        settings.id_token_signed_response_alg = SigningAlgorithm::RS256;
        settings.backchannel_logout_uri = format!("http://{services}/{number}").parse().ok();
        let client = NewClient {
            id: &client_id(number)?,
            settings: &settings,
            credential: &Credential::default(),
            source: Source::CommandLine,
            source_digest: None,
        };
        clients::insert(tx, &client)?;
    }
    Ok(())
}

/// Somebody who was given tokens for every service; their cookie's secret.
fn open_session(tx: &mut Tx<'_>) -> Result<Secret<String>, StorageError> {
    let now = tx.now();
    let user = UserId::new(RANDOM.ordered_uuid(now));
    let email = EmailAddress::parse(&format!("{user}@people.example"))
        .map_err(|_| StorageError::Corrupt(NAME))?;
    users::sign_in(tx, &email, &user)?;
    let secret = SecretKind::BrowserSession.mint(RANDOM);
    let session = NewSession {
        secret: SecretDigest::of(secret.reveal()),
        sid: RANDOM.ordered_uuid(now),
        authentication: Authentication::by_email(user, now),
        selected_at: now,
    };
    let lifetimes = SessionLifetimes {
        idle: DAY,
        absolute: DAY,
    };
    browser_sessions::open(tx, &session, None, lifetimes)?;
    for number in 0..SERVICES {
        let grant = Grant {
            id: RANDOM.ordered_uuid(now),
            client_id: client_id(number)?,
            authentication: session.authentication.clone(),
            sid: session.sid.clone(),
            scope: ["openid"].into_iter().collect::<ScopeSet>(),
            claims: AskedClaims::default(),
        };
        grants::insert(tx, &grant, now.plus(DAY))?;
    }
    Ok(secret)
}

/// Asks to be signed out, and says yes to the question.
async fn sign_out(site: &Site, session: &Secret<String>) -> Result<(), Fault> {
    let mut http = site.connect().await?;
    let person = site.new_person();
    let cookie = format!("__Host-session={}", session.reveal());
    let headers = headers(&person, &cookie);
    let question = http.get("/end-session", &headers).await?;
    let question = question.expect(200)?;
    let csrf = between(question.body, "name=\"csrf\" value=\"", "\"")
        .ok_or(Fault::Content("the question's token"))?
        .to_owned();
    let form = [("csrf", csrf.as_str()), ("action", "sign-out")];
    let answer = http.post("/end-session", &headers, &form).await?;
    answer.see_other().map(drop)
}
