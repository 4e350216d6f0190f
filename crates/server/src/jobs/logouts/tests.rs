//! Clients that are told at once, later, and never.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::{App, HttpResponse, HttpServer, web};
use model::authorization_code::Grant;
use model::browser_session::Authentication;
use model::client::{ClientSettings, Credential};
use model::{ClientId, ScopeSet, SecretDigest, UserId};
use storage::browser_sessions::{NewSession, SessionLifetimes};
use storage::clients::{NewClient, Source};
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::*;
use crate::testing::Scene;

/// Long before what a test waits for can have been looked for by chance.
const NEVER: Duration = Duration::from_secs(3_600);
/// Longer than any test advances its clock.
const LEASE: Duration = Duration::from_secs(365 * 24 * 3_600);
/// What a test waits for at most.
const PATIENCE: Duration = Duration::from_secs(20);

/// Telling of logouts, under way.
struct Telling {
    provider: Provider,
    stop: watch::Sender<bool>,
    running: JoinHandle<()>,
}

impl Telling {
    fn start(scene: &Scene, poll: Duration) -> Self {
        let provider = scene.compose().provider;
        let logouts = Logouts {
            provider: provider.clone(),
            outbound: Outbound::new(vec!["127.0.0.1".to_owned()]),
            poll,
            lease: LEASE,
        };
        let (stop, stopping) = watch::channel(false);
        let running = actix_web::rt::spawn(tell_of_logouts(logouts, stopping));
        Self {
            provider,
            stop,
            running,
        }
    }

    /// Somebody signs in, uses services whose logout URIs these are, and signs out.
    async fn sign_out(&self, person: &'static str, uris: &[String]) {
        let provider = self.provider.clone();
        let uris = uris.to_vec();
        let written = self.provider.store.write(move |tx| {
            let email = model::EmailAddress::parse(&format!("{person}@example.test")).unwrap();
            let user_id = UserId::new(person.to_owned());
            storage::users::sign_in(tx, &email, &user_id)?;
            let secret = SecretDigest::of(person);
            let authentication = Authentication::by_email(user_id, tx.now());
            let new = NewSession {
                secret,
                sid: format!("sid of {person}"),
                authentication: authentication.clone(),
                selected_at: tx.now(),
            };
            let lifetimes = SessionLifetimes {
                idle: NEVER,
                absolute: NEVER,
            };
            storage::browser_sessions::open(tx, &new, None, lifetimes)?;
            for (number, uri) in uris.iter().enumerate() {
                let client_id = ClientId::parse(&format!("{person}-{number}")).unwrap();
                let mut settings = ClientSettings::named("Service");
                settings.backchannel_logout_uri = uri.parse().ok();
                let client = NewClient {
                    id: &client_id,
                    settings: &settings,
                    credential: &Credential::default(),
                    source: Source::CommandLine,
                    source_digest: None,
                };
                storage::clients::insert(tx, &client)?;
                let grant = Grant {
                    id: provider.entropy.ordered_uuid(tx.now()),
                    client_id,
                    authentication: authentication.clone(),
                    sid: new.sid.clone(),
                    scope: ScopeSet::parse("openid").unwrap(),
                    claims: model::asked_claims::AskedClaims::default(),
                };
                storage::grants::insert(tx, &grant, tx.now().plus(NEVER))?;
            }
            let (keyring, entropy) = (&provider.keyring, &*provider.entropy);
            storage::sign_out::sign_out(tx, keyring, entropy, &secret).map(drop)
        });
        written.await.unwrap();
    }

    /// Whether any message could be claimed; the claim is rolled back.
    async fn has_waiting(&self) -> bool {
        let claimed = self.provider.store.write(|tx| {
            if claim_logouts(tx, Duration::ZERO, 1)?.is_empty() {
                return Ok(());
            }
            Err(StorageError::GivenUp)
        });
        claimed.await.is_err()
    }

    async fn stops(self) {
        self.stop.send_replace(true);
        timeout(PATIENCE, self.running).await.unwrap().unwrap();
    }
}

/// A service that is told of logouts.
struct Receiver {
    uri: String,
    asked: Arc<AtomicUsize>,
    was_asked: Arc<Notify>,
}

impl Receiver {
    /// It answers the first requests so, and every other with 200.
    fn start<const TIMES: usize>(first: [u16; TIMES]) -> Self {
        let asked = Arc::new(AtomicUsize::new(0));
        let was_asked = Arc::new(Notify::new());
        let (counted, heard) = (Arc::clone(&asked), Arc::clone(&was_asked));
        let uri = serve(move || {
            let time = counted.fetch_add(1, Ordering::SeqCst);
            heard.notify_one();
            let status = first.get(time).copied().unwrap_or(200);
            let answer = HttpResponse::new(StatusCode::from_u16(status).unwrap());
            std::future::ready(answer)
        });
        Self {
            uri,
            asked,
            was_asked,
        }
    }

    async fn is_asked(&self, times: usize) {
        let asked = async {
            while self.asked.load(Ordering::SeqCst) < times {
                self.was_asked.notified().await;
            }
        };
        timeout(PATIENCE, asked).await.unwrap();
        assert_eq!(self.asked.load(Ordering::SeqCst), times);
    }
}

/// Serves every request alike, and tells where.
fn serve<F>(answer: impl Fn() -> F + Clone + Send + 'static) -> String
where
    F: Future<Output = HttpResponse> + 'static,
{
    let server = HttpServer::new(move || App::new().default_service(web::to(answer.clone())));
    let server = server.workers(1).disable_signals();
    let server = server.bind(("127.0.0.1", 0)).unwrap();
    let uri = format!("http://{}/logout", server.addrs()[0]);
    actix_web::rt::spawn(server.run());
    uri
}

#[actix_web::test]
async fn clients_are_told_the_moment_that_a_session_ends() {
    let scene = Scene::new();
    let telling = Telling::start(&scene, NEVER);
    let (one, other) = (Receiver::start([]), Receiver::start([]));

    telling
        .sign_out("ada", &[one.uri.clone(), other.uri.clone()])
        .await;
    one.is_asked(1).await;
    other.is_asked(1).await;
    telling
        .sign_out("bob", std::slice::from_ref(&one.uri))
        .await;
    one.is_asked(2).await;

    let provider = telling.provider.clone();
    telling.stops().await;
    scene.clock.advance(Duration::from_hours(48));
    let left = provider.store.write(|tx| claim_logouts(tx, NEVER, 9));
    assert_eq!(left.await.unwrap(), []);
}

#[actix_web::test]
async fn a_client_that_fails_is_told_again_later_and_one_that_refuses_is_not() {
    let scene = Scene::new();
    let telling = Telling::start(&scene, Duration::from_millis(10));
    let (failing, refusing) = (Receiver::start([500, 503]), Receiver::start([400]));
    telling
        .sign_out("ada", &[failing.uri.clone(), refusing.uri.clone()])
        .await;

    let told = async {
        while failing.asked.load(Ordering::SeqCst) < 3 {
            scene.clock.advance(Duration::from_secs(60));
            sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(PATIENCE, told).await.unwrap();

    let provider = telling.provider.clone();
    telling.stops().await;
    scene.clock.advance(Duration::from_hours(48));
    let left = provider.store.write(|tx| claim_logouts(tx, LEASE, 9));
    assert_eq!(left.await.unwrap(), []);
    assert_eq!(failing.asked.load(Ordering::SeqCst), 3);
    assert_eq!(refusing.asked.load(Ordering::SeqCst), 1);
}

#[actix_web::test]
async fn clients_that_do_not_answer_delay_no_other() {
    let scene = Scene::new();
    let telling = Telling::start(&scene, NEVER);
    let silent = serve(std::future::pending::<HttpResponse>);
    let quick = Receiver::start([]);
    let began = std::time::Instant::now();

    let dead = vec![silent; 40];
    telling.sign_out("ada", &dead).await;
    telling
        .sign_out("bob", std::slice::from_ref(&quick.uri))
        .await;
    quick.is_asked(1).await;

    let took = began.elapsed();
    assert!(took < Duration::from_secs(2), "{took:?}");
    assert!(!telling.has_waiting().await, "all are claimed");
    telling.stops().await;
}

#[actix_web::test]
async fn what_another_process_queued_is_found_by_looking() {
    let scene = Scene::new();
    let telling = Telling::start(&scene, Duration::from_millis(10));
    let receiver = Receiver::start([]);
    let other_process = Telling {
        provider: scene.compose().provider,
        stop: watch::channel(false).0,
        running: actix_web::rt::spawn(async {}),
    };

    other_process
        .sign_out("ada", std::slice::from_ref(&receiver.uri))
        .await;

    receiver.is_asked(1).await;
    telling.stops().await;
}
