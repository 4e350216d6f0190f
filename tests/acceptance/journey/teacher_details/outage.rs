//! A records system that takes connections and never answers.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use acceptance::answers::{Qts, Said};
use acceptance::{Answers, App, Kind, clients};
use serde_json::json;
use tokio::net::TcpListener;

use super::{ada, arrives, told};

/// How long an answer may take: the records have five seconds, the rest of the machine half a one,
/// and other tests run at the same time.
const PATIENCE: Duration = Duration::from_millis(7_500);

/// A records system that hangs, and how often it was asked.
struct Hanging {
    url: String,
    asked: Arc<AtomicUsize>,
}

impl Hanging {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let asked = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&asked);
        tokio::spawn(async move {
            let mut kept = Vec::new();
            while let Ok((connection, _)) = listener.accept().await {
                counted.fetch_add(1, Ordering::SeqCst);
                kept.push(connection);
            }
        });
        Self { url, asked }
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }

    async fn app(&self, kind: Kind) -> App {
        let settings = [
            ("teacher_records.adapter", "http"),
            ("teacher_records.base_url", &self.url),
            ("teacher_records.api_key", "a-key"),
            ("teacher_records.api_version", "20260120"),
        ];
        App::start_with(kind, clients::for_teachers(), &settings).await
    }
}

#[tokio::test]
async fn records_that_hang_stop_nobody_and_a_known_person_does_not_notice() {
    let (sqlite, postgres) = (hang_with(Kind::Sqlite), hang_with(Kind::Postgres));
    futures::join!(sqlite, postgres);
}

async fn hang_with(kind: Kind) {
    let records = Hanging::start().await;
    let app = records.app(kind).await;
    let answers = Answers {
        national_insurance_number: Said::No,
        trn: Said::No,
        qts: Qts::No,
        ..ada()
    };
    let (service, mut browser) = arrives(&app, "optional", "ada@example.test").await;

    let (mut slowest, mut headings) = (Duration::ZERO, Vec::new());
    while !browser.has_landed() && browser.path().starts_with("/details/") {
        headings.push(browser.heading());
        let began = Instant::now();
        answers.give_one(&mut browser).await;
        slowest = slowest.max(began.elapsed());
    }

    assert!(
        slowest > Duration::from_secs(3),
        "the records were waited for"
    );
    assert!(slowest < PATIENCE, "{slowest:?}");
    assert_eq!(
        headings.last().map(String::as_str),
        Some("We cannot check your teaching record now")
    );
    let asked = records.asked();
    assert!(asked > 0);
    let claims = told(&app, &service, &mut browser).await;
    assert_eq!(
        (&claims["trn_lookup_status"], claims.get("trn")),
        (&json!("None"), None)
    );

    // A day later they come back.
    app.advance(Duration::from_secs(25 * 60 * 60));
    let (service, mut browser) = arrives(&app, "optional", "ada@example.test").await;
    told(&app, &service, &mut browser).await;
    assert_eq!(records.asked(), asked, "nobody was asked while they waited");
}
