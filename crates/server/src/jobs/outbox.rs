//! Sends what waits in the outbox: mail for people, events for services.

use std::time::Duration;

use journey::outbox::{Undelivered, deliver};
use protocol::security_event::{NotPushed, push};
use storage::outbox::{OutboxMessage, claim, complete, postpone};
use storage::{StorageError, security_events};
use tokio::sync::watch;

use super::Jobs;
use super::runner::{Panicked, caught};

/// After so many tries, in some thirty hours, a message is given up.
const TRIES: u32 = 12;

/// Sends every message that is due, one after another, unless the process is to stop.
pub(super) async fn deliver_all(
    jobs: &Jobs,
    stopping: &watch::Receiver<bool>,
) -> Result<(), StorageError> {
    let lease = jobs.lease;
    while !*stopping.borrow() {
        match jobs.store.write(move |tx| claim(tx, lease)).await? {
            Some(message) => settle(jobs, message).await?,
            None => break,
        }
    }
    Ok(())
}

/// Why a message did not leave.
#[derive(Debug, thiserror::Error)]
enum NotSent {
    #[error(transparent)]
    Mail(#[from] Undelivered),
    #[error(transparent)]
    Event(#[from] NotPushed),
    #[error(transparent)]
    Panicked(#[from] Panicked),
}

impl NotSent {
    const fn is_final(&self) -> bool {
        match self {
            Self::Mail(cause) => cause.is_final(),
            Self::Event(cause) => cause.is_final(),
            Self::Panicked(_) => false,
        }
    }
}

async fn send(jobs: &Jobs, message: &OutboxMessage) -> Result<(), NotSent> {
    if message.kind == security_events::KIND {
        return Ok(push(&jobs.provider, message).await?);
    }
    Ok(deliver(&jobs.journey, message).await?)
}

async fn settle(jobs: &Jobs, message: OutboxMessage) -> Result<(), StorageError> {
    let OutboxMessage {
        attempts,
        ref id,
        ref kind,
        ..
    } = message;
    // A message that makes us panic is put off like any other, so that it holds up none.
    let sent = caught(send(jobs, &message)).await;
    let is_settled = match sent.unwrap_or_else(|panicked| Err(panicked.into())) {
        Ok(()) => true,
        Err(cause) if cause.is_final() || attempts >= TRIES => {
            tracing::error!(reference = %id, kind, %cause, attempts, "a message was given up");
            true
        }
        Err(cause) => {
            tracing::warn!(reference = %id, kind, %cause, attempts, "a message will be tried again");
            false
        }
    };
    jobs.store
        .write(move |tx| {
            if is_settled {
                complete(tx, &message.id)
            } else {
                let until = tx.now().plus(pause_after(attempts));
                postpone(tx, &message.id, until)
            }
        })
        .await
}

/// A minute, then twice as long each time, up to twelve hours.
fn pause_after(attempts: u32) -> Duration {
    let minutes = 1_u64 << attempts.saturating_sub(1).min(10);
    Duration::from_mins(minutes.min(12 * 60))
}

#[cfg(test)]
mod tests {
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
        enqueue_event(&jobs, &receiver.endpoint).await;

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

    /// A service that takes events, in its own time.
    struct Receiver {
        endpoint: String,
        asked: Arc<AtomicUsize>,
    }

    impl Receiver {
        fn start<const TIMES: usize>(statuses: [u16; TIMES]) -> Self {
            let asked = Arc::new(AtomicUsize::new(0));
            let counted = Arc::clone(&asked);
            let server = HttpServer::new(move || {
                let counted = Arc::clone(&counted);
                App::new().default_service(web::to(move || {
                    let time = counted.fetch_add(1, Ordering::SeqCst);
                    let status = StatusCode::from_u16(statuses[time]).unwrap();
                    async move { HttpResponse::new(status) }
                }))
            });
            let server = server.workers(1).disable_signals();
            let server = server.bind(("127.0.0.1", 0)).unwrap();
            let endpoint = format!("http://{}/events", server.addrs()[0]);
            actix_web::rt::spawn(server.run());
            Self { endpoint, asked }
        }

        fn asked(&self) -> usize {
            self.asked.load(Ordering::SeqCst)
        }
    }

    async fn enqueue_event(jobs: &Jobs, endpoint: &str) {
        let client_id = ClientId::parse("service").unwrap();
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
}
