//! Messages that leave at once, later and never.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use actix_web::http::StatusCode;
use actix_web::{App, HttpResponse, HttpServer, web};
use journey::mailer::{Mail, Mailer, Sending};
use model::client::{ClientSettings, Credential};
use model::keyring::Purpose;
use model::security_event::{Happening, SecurityEvent};
use model::trn_lookup::TrnLookupStatus;
use model::{ClientId, UserId};
use storage::Tx;
use storage::clients::{NewClient, Source};
use tokio::sync::Notify;

use super::*;
use crate::testing::Scene;

#[actix_web::test]
async fn a_message_that_cannot_be_sent_is_tried_again_later_and_given_up_in_the_end() {
    let scene = Scene::new();
    let jobs = scene.jobs();
    let (_stop, stopping) = watch::channel(false);
    let unknown = |tx: &mut Tx<'_>| storage::outbox::enqueue(tx, "id", "unknown", b"sealed");
    jobs.store.write(unknown).await.unwrap();

    for attempts in 1..=TRIES {
        deliver_all(&jobs, &stopping).await.unwrap();
        assert!(!is_due(&jobs).await, "{attempts}");
        scene.clock.advance(pause_after(attempts));
        assert_eq!(is_due(&jobs).await, attempts < TRIES, "{attempts}");
    }
}

/// Panics at the first mail, and takes every other.
#[derive(Default)]
struct Clumsy(AtomicUsize);

impl Mailer for Clumsy {
    fn send<'a>(&'a self, _: &'a Mail) -> Sending<'a> {
        assert!(self.0.fetch_add(1, Ordering::SeqCst) > 0, "on purpose");
        Box::pin(std::future::ready(Ok(())))
    }
}

#[actix_web::test]
async fn a_message_that_makes_us_panic_is_put_off_and_holds_up_no_other() {
    let scene = Scene::new();
    let mailer = Arc::new(Clumsy::default());
    let jobs = scene.jobs_that_mail_with(mailer.clone());
    let (_stop, stopping) = watch::channel(false);
    for id in ["one", "two"] {
        let mail = br#"{"to":"ada@example.test","news":"account_created","service":"Demo"}"#;
        let (keyring, entropy) = (&jobs.journey.keyring, &*jobs.journey.entropy);
        let sealed = keyring.seal(Purpose::Outbox, id, mail, entropy);
        let kind = journey::outbox::MAIL;
        let queued = move |tx: &mut Tx<'_>| storage::outbox::enqueue(tx, id, kind, &sealed);
        jobs.store.write(queued).await.unwrap();
    }

    deliver_all(&jobs, &stopping).await.unwrap();
    assert_eq!(mailer.0.load(Ordering::SeqCst), 2);
    scene.clock.advance(pause_after(1));
    deliver_all(&jobs, &stopping).await.unwrap();

    assert_eq!(mailer.0.load(Ordering::SeqCst), 3);
    scene.clock.advance(pause_after(TRIES));
    assert!(!is_due(&jobs).await);
}

#[actix_web::test]
async fn an_event_is_pushed_until_its_service_takes_it_and_no_more() {
    let scene = Scene::new();
    let jobs = scene.jobs();
    let (_stop, stopping) = watch::channel(false);
    let receiver = Receiver::start([500, 503, 202]);
    enqueue_event(&jobs, "service", &receiver.endpoint).await;

    for asked in 1..=3 {
        deliver_all(&jobs, &stopping).await.unwrap();
        assert_eq!(receiver.asked(), asked);
        deliver_all(&jobs, &stopping).await.unwrap();
        assert_eq!(receiver.asked(), asked, "it is left in peace meanwhile");
        scene.clock.advance(pause_after(3));
    }

    deliver_all(&jobs, &stopping).await.unwrap();
    assert_eq!(receiver.asked(), 3);
}

/// A slow service answers when the other one was asked: were they asked in turn, it would be
/// given up first.
#[actix_web::test]
async fn a_service_that_is_slow_to_answer_holds_up_no_other() {
    let scene = Scene::new();
    let jobs = scene.jobs();
    let (_stop, stopping) = watch::channel(false);
    let quick_was_asked = Arc::new(Notify::new());
    let waits = Arc::clone(&quick_was_asked);
    let slow = serve(move || {
        let waits = Arc::clone(&waits);
        async move {
            waits.notified().await;
            HttpResponse::Accepted().finish()
        }
    });
    let quick = serve(move || {
        quick_was_asked.notify_one();
        async { HttpResponse::Accepted().finish() }
    });
    enqueue_event(&jobs, "slow", &slow).await;
    scene.clock.advance(Duration::from_secs(1));
    enqueue_event(&jobs, "quick", &quick).await;

    deliver_all(&jobs, &stopping).await.unwrap();

    scene.clock.advance(Duration::from_hours(24));
    assert!(!is_due(&jobs).await, "both took their event at once");
}

/// A service that takes events, in its own time.
struct Receiver {
    endpoint: String,
    asked: Arc<AtomicUsize>,
}

impl Receiver {
    fn start<const TIMES: usize>(statuses: [u16; TIMES]) -> Self {
        let asked = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&asked);
        let endpoint = serve(move || {
            let time = counted.fetch_add(1, Ordering::SeqCst);
            let status = StatusCode::from_u16(statuses[time]).unwrap();
            async move { HttpResponse::new(status) }
        });
        Self { endpoint, asked }
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
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
    let endpoint = format!("http://{}/events", server.addrs()[0]);
    actix_web::rt::spawn(server.run());
    endpoint
}

async fn enqueue_event(jobs: &Jobs, client_id: &str, endpoint: &str) {
    let client_id = ClientId::parse(client_id).unwrap();
    let mut settings = ClientSettings::named("Service");
    settings.event_endpoint = endpoint.parse().ok();
    let provider = jobs.provider.clone();
    let queued = jobs.store.write(move |tx| {
        let client = NewClient {
            id: &client_id,
            settings: &settings,
            credential: &Credential::default(),
            source: Source::CommandLine,
            source_digest: None,
        };
        storage::clients::insert(tx, &client)?;
        let event = SecurityEvent {
            client_id,
            user_id: UserId::new("ada".to_owned()),
            at: tx.now(),
            happening: Happening::TrnLookupStatusChanged {
                status: TrnLookupStatus::Found,
            },
        };
        security_events::enqueue(tx, &provider.keyring, &*provider.entropy, &event)
    });
    queued.await.unwrap();
}

/// Whether a message could be claimed; the claim is rolled back.
async fn is_due(jobs: &Jobs) -> bool {
    let claimed = jobs.store.write(|tx| match claim(tx, Duration::ZERO)? {
        Some(_) => Err(StorageError::GivenUp),
        None => Ok(()),
    });
    claimed.await.is_err()
}

#[test]
fn pauses_double_up_to_half_a_day() {
    let minutes: Vec<u64> = (1..=TRIES)
        .map(|attempts| pause_after(attempts).as_secs() / 60)
        .collect();

    assert_eq!(minutes, [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 720, 720]);
}
