//! Events as a service gets them, at a real server on this machine.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use actix_web::test::TestRequest;
use actix_web::web::Bytes;
use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::Algorithm;
use model::client::ClientSettings;
use model::trn_lookup::TrnLookupStatus;
use model::{ClientId, SigningAlgorithm};
use serde_json::json;
use storage::security_events;
use storage::testing::{Kind, START};

use super::*;
use crate::jws;
use crate::keys::VerifyingKey;
use crate::testing::{ISSUER, TestProvider};

const ADA: &str = "0190a5e0-7d1c-7cc3-8a6b-3f1f6c1f9a10";

/// A service's server, which keeps what is pushed to it.
struct Receiver {
    port: u16,
    taken: Arc<Mutex<Vec<Pushed>>>,
}

/// One request.
struct Pushed {
    method: String,
    content_type: String,
    body: String,
}

impl Receiver {
    /// It answers every request like this.
    fn answering(answer: fn() -> HttpResponse) -> Self {
        let taken = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&taken);
        let server = HttpServer::new(move || {
            let kept = Arc::clone(&kept);
            let take = move |request: HttpRequest, body: Bytes| {
                let content_type = request.headers().get("content-type").unwrap();
                kept.lock().unwrap().push(Pushed {
                    method: request.method().to_string(),
                    content_type: content_type.to_str().unwrap().to_owned(),
                    body: String::from_utf8(body.to_vec()).unwrap(),
                });
                async move { answer() }
            };
            App::new().default_service(web::to(take))
        });
        let server = server.workers(1).disable_signals();
        let server = server.bind(("127.0.0.1", 0)).unwrap();
        let port = server.addrs()[0].port();
        actix_web::rt::spawn(server.run());
        Self { port, taken }
    }

    fn accepting() -> Self {
        Self::answering(|| HttpResponse::Accepted().finish())
    }

    fn url(&self) -> String {
        format!("http://127.0.0.1:{}/events", self.port)
    }

    fn times_asked(&self) -> usize {
        self.taken.lock().unwrap().len()
    }

    fn last(&self) -> Pushed {
        self.taken.lock().unwrap().pop().unwrap()
    }
}

/// A message for a new client whose events go to `endpoint`, claimed.
fn claimed(
    app: &TestProvider,
    endpoint: Option<&str>,
    change: impl FnOnce(&mut ClientSettings),
) -> OutboxMessage {
    app.client("course", |settings| {
        settings.event_endpoint = endpoint.map(|url| url.parse().unwrap());
        change(settings);
    });
    let ada = app.ada();
    let provider = app.provider.clone();
    app.write(move |tx| {
        let event = SecurityEvent {
            client_id: ClientId::parse("course").unwrap(),
            user_id: ada,
            at: tx.now(),
            happening: Happening::TrnLookupStatusChanged {
                status: TrnLookupStatus::Found,
            },
        };
        security_events::enqueue(tx, &provider.keyring, &*provider.entropy, &event)?;
        let claimed = storage::outbox::claim(tx, Duration::from_secs(60))?;
        Ok(claimed.unwrap())
    })
}

#[actix_web::test]
async fn a_service_is_told_in_a_token_that_the_published_keys_verify() {
    for kind in Kind::BOTH {
        for algorithm in SigningAlgorithm::ALL {
            let app = TestProvider::on(kind);
            let receiver = Receiver::accepting();
            let message = claimed(&app, Some(&receiver.url()), |settings| {
                settings.id_token_signed_response_alg = algorithm;
            });
            app.clock.advance(Duration::from_secs(3_600));

            push(&app.provider, &message).await.unwrap();

            let pushed = receiver.last();
            assert_eq!(pushed.method, "POST");
            assert_eq!(pushed.content_type, "application/secevent+jwt");
            let header = jws::read_header(&pushed.body).unwrap();
            assert_eq!(header.typ.as_deref(), Some("secevent+jwt"));
            let key = published_key(&app, header.kid.as_deref().unwrap()).await;
            let claims: Value = jws::verify(&pushed.body, header.alg, &key).unwrap();
            assert_eq!(
                claims,
                json!({
                    "iss": ISSUER,
                    "aud": "course",
                    "iat": START.seconds(),
                    "jti": message.id,
                    "sub_id": { "format": "iss_sub", "iss": ISSUER, "sub": ADA },
                    "events": {
                        "https://identity.example/events/trn-lookup-status-changed": {
                            "trn_lookup_status": "Found",
                        },
                    },
                })
            );
            assert_eq!(
                header.alg,
                format!("{algorithm}").parse::<Algorithm>().unwrap()
            );
        }
    }
}

async fn published_key(app: &TestProvider, kid: &str) -> VerifyingKey {
    let jwks = app.send(TestRequest::get().uri("/jwks")).await.json();
    let keys = jwks["keys"].as_array().unwrap();
    let key = keys.iter().find(|key| key["kid"] == kid).unwrap();
    VerifyingKey::from_jwk(key).unwrap()
}

#[actix_web::test]
async fn an_event_cannot_pass_for_an_id_token_or_an_access_token() {
    let app = TestProvider::on_sqlite();
    let receiver = Receiver::accepting();
    let message = claimed(&app, Some(&receiver.url()), |_| ());
    push(&app.provider, &message).await.unwrap();
    let token = receiver.last().body;

    let keys = app.provider.keys.current();

    assert!(crate::id_token_hint::verify(&token, &keys, ISSUER).is_err());
    assert_eq!(app.userinfo(&token).await.status, 401);
    for (alias, other) in [("JWT", TokenType::Jwt), ("at+jwt", TokenType::AccessToken)] {
        let verified = keys.verify::<Value>(&token, other);
        assert_eq!(verified, Err(jws::JwsError::OtherType), "{alias}");
    }
}

#[actix_web::test]
async fn whatever_is_not_202_is_tried_again_with_the_same_claims() {
    let app = TestProvider::on_sqlite();
    let failing = Receiver::answering(|| HttpResponse::InternalServerError().finish());
    let message = claimed(&app, Some(&failing.url()), |_| ());

    let first = push(&app.provider, &message).await.unwrap_err();
    let told_first = claims_of(&app, &failing.last().body);
    app.clock.advance(Duration::from_secs(60));
    push(&app.provider, &message).await.unwrap_err();

    assert!(matches!(first, NotPushed::Refused(500)), "{first:?}");
    assert!(!first.is_final());
    assert_eq!(claims_of(&app, &failing.last().body), told_first);
    for answer in [
        || HttpResponse::Ok().finish(),
        || HttpResponse::BadRequest().json(json!({ "err": "invalid_key" })),
    ] as [fn() -> HttpResponse; 2]
    {
        let app = TestProvider::on_sqlite();
        let receiver = Receiver::answering(answer);
        let message = claimed(&app, Some(&receiver.url()), |_| ());
        let refused = push(&app.provider, &message).await.unwrap_err();
        assert!(matches!(refused, NotPushed::Refused(_)) && !refused.is_final());
    }
}

fn claims_of(app: &TestProvider, token: &str) -> Value {
    app.claims(token, TokenType::SecurityEvent)
}

#[actix_web::test]
async fn a_redirect_is_not_followed() {
    static ELSEWHERE: Mutex<String> = Mutex::new(String::new());
    let app = TestProvider::on_sqlite();
    let elsewhere = Receiver::accepting();
    *ELSEWHERE.lock().unwrap() = elsewhere.url();
    let receiver = Receiver::answering(|| {
        let target = ELSEWHERE.lock().unwrap().clone();
        let mut answer = HttpResponse::TemporaryRedirect();
        answer.insert_header(("location", target)).finish()
    });
    let message = claimed(&app, Some(&receiver.url()), |_| ());

    let refused = push(&app.provider, &message).await.unwrap_err();

    assert!(matches!(refused, NotPushed::Refused(307)), "{refused:?}");
    assert_eq!(elsewhere.times_asked(), 0);
}

#[actix_web::test]
async fn a_private_address_that_the_operator_does_not_allow_is_never_asked() {
    for (endpoint, cause) in [
        ("https://127.0.0.2/events", OutboundError::PrivateAddress),
        ("https://169.254.169.254/", OutboundError::PrivateAddress),
        ("https://localhost/events", OutboundError::PrivateAddress),
        ("http://service.example/events", OutboundError::NotHttps),
    ] {
        let app = TestProvider::on_sqlite();
        let message = claimed(&app, Some(endpoint), |_| ());

        match push(&app.provider, &message).await {
            Err(NotPushed::NoAnswer(found)) => assert_eq!(found, cause, "{endpoint}"),
            other => panic!("{endpoint}: {other:?}"),
        }
    }
}

#[actix_web::test]
async fn a_client_that_takes_no_events_any_more_is_told_nothing() {
    let without_endpoint = TestProvider::on_sqlite();
    let message = claimed(&without_endpoint, None, |_| ());
    let refused = push(&without_endpoint.provider, &message).await;
    assert!(
        matches!(&refused, Err(cause) if cause.is_final()),
        "{refused:?}"
    );

    let switched_off = TestProvider::on_sqlite();
    let receiver = Receiver::accepting();
    let message = claimed(&switched_off, Some(&receiver.url()), |_| ());
    switched_off.write(|tx| {
        let id = ClientId::parse("course").unwrap();
        storage::clients::replace_disabled(tx, &id, true)
    });
    let refused = push(&switched_off.provider, &message).await;
    assert!(
        matches!(&refused, Err(cause) if cause.is_final()),
        "{refused:?}"
    );
    assert_eq!(receiver.times_asked(), 0);
}

#[actix_web::test]
async fn a_message_moved_to_another_row_is_not_read() {
    let app = TestProvider::on_sqlite();
    let receiver = Receiver::accepting();
    let mut message = claimed(&app, Some(&receiver.url()), |_| ());
    message.id = app.provider.entropy.ordered_uuid(START);

    let refused = push(&app.provider, &message).await;

    assert!(
        matches!(refused, Err(NotPushed::Unreadable(_))),
        "{refused:?}"
    );
    assert_eq!(receiver.times_asked(), 0);
}

#[actix_web::test]
async fn a_service_that_knows_people_by_pairwise_subjects_is_told_of_its_own() {
    let app = TestProvider::on_sqlite();
    let receiver = Receiver::accepting();
    let message = claimed(&app, Some(&receiver.url()), |settings| {
        settings.subject_type = model::client::SubjectType::Pairwise;
    });

    push(&app.provider, &message).await.unwrap();

    let payload = receiver.last().body.split('.').nth(1).unwrap().to_owned();
    let claims: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap();
    let client = app.provider.clients.find("course").await.unwrap().unwrap();
    let ada = model::UserId::new(ADA.to_owned());
    let sub = app.provider.subjects.of(&client, &ada);
    assert_eq!(claims["sub_id"]["sub"], *sub);
    assert_ne!(claims["sub_id"]["sub"], ADA);
}
