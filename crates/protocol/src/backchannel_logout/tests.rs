//! Logout tokens as a client gets them, at a real server on this machine.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use actix_web::test::TestRequest;
use actix_web::web::Bytes;
use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use jsonwebtoken::Algorithm;
use model::client::ClientSettings;
use model::{ClientId, SecretDigest, SigningAlgorithm};
use serde_json::json;
use storage::browser_sessions::NewSession;
use storage::testing::{Kind, START};

use super::*;
use crate::jws::{self, JwsError};
use crate::keys::VerifyingKey;
use crate::testing::{ISSUER, TestCode, TestProvider, lifetimes};

const ADA: &str = "0190a5e0-7d1c-7cc3-8a6b-3f1f6c1f9a10";
/// The session of [`TestProvider::code`].
const SID: &str = "01abc-sid";

/// A client's server, which keeps what is posted to it.
struct Receiver {
    port: u16,
    taken: Arc<Mutex<Vec<Posted>>>,
}

/// One request.
struct Posted {
    method: String,
    content_type: String,
    form: BTreeMap<String, String>,
}

impl Receiver {
    fn answering(answer: fn() -> HttpResponse) -> Self {
        Self::answering_in_time(move || std::future::ready(answer()))
    }

    fn answering_in_time<F>(answer: impl Fn() -> F + Clone + Send + 'static) -> Self
    where
        F: Future<Output = HttpResponse> + 'static,
    {
        let taken = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&taken);
        let server = HttpServer::new(move || {
            let (kept, answer) = (Arc::clone(&kept), answer.clone());
            let take = move |request: HttpRequest, body: Bytes| {
                let content_type = request.headers().get("content-type").unwrap();
                kept.lock().unwrap().push(Posted {
                    method: request.method().to_string(),
                    content_type: content_type.to_str().unwrap().to_owned(),
                    form: form_urlencoded::parse(&body).into_owned().collect(),
                });
                answer()
            };
            App::new().default_service(web::to(take))
        });
        let server = server.workers(1).disable_signals();
        let server = server.bind(("127.0.0.1", 0)).unwrap();
        let port = server.addrs()[0].port();
        actix_web::rt::spawn(server.run());
        Self { port, taken }
    }

    fn url(&self) -> String {
        format!("http://127.0.0.1:{}/logout", self.port)
    }

    fn times_asked(&self) -> usize {
        self.taken.lock().unwrap().len()
    }

    fn last(&self) -> Posted {
        self.taken.lock().unwrap().pop().unwrap()
    }

    fn last_token(&self) -> String {
        self.last().form.remove("logout_token").unwrap()
    }
}

/// Ada signs in, a new client redeems a code in her session, and she signs out: the message for
/// the client, claimed.
async fn claimed(
    app: &TestProvider,
    uri: &str,
    change: impl FnOnce(&mut ClientSettings),
) -> OutboxMessage {
    let secret = app.client("course", |settings| {
        settings.backchannel_logout_uri = Some(uri.parse().unwrap());
        change(settings);
    });
    let ada = app.ada();
    let code = app.code(&TestCode::of("course", &ada));
    assert_eq!(app.redeem(("course", &secret), &code).await.status, 200);
    let provider = app.provider.clone();
    app.write(move |tx| {
        let session = SecretDigest::of("session");
        let new = NewSession {
            secret: session,
            sid: SID.to_owned(),
            authentication: model::browser_session::Authentication::by_email(ada, tx.now()),
            selected_at: tx.now(),
        };
        storage::browser_sessions::open(tx, &new, None, lifetimes().session)?;
        let (keyring, entropy) = (&provider.keyring, &*provider.entropy);
        storage::sign_out::sign_out(tx, keyring, entropy, &session)?;
        let mut claimed = storage::outbox::claim_logouts(tx, Duration::from_secs(60), 10)?;
        assert_eq!(claimed.len(), 1);
        Ok(claimed.remove(0))
    })
}

async fn told(app: &TestProvider, message: &OutboxMessage) -> Result<(), NotTold> {
    let outbound = Outbound::new(vec!["127.0.0.1".to_owned()]);
    tell(&app.provider, &outbound, message).await
}

async fn published_key(app: &TestProvider, kid: &str) -> VerifyingKey {
    let jwks = app.send(TestRequest::get().uri("/jwks")).await.json();
    let keys = jwks["keys"].as_array().unwrap();
    let key = keys.iter().find(|key| key["kid"] == kid).unwrap();
    VerifyingKey::from_jwk(key).unwrap()
}

#[actix_web::test]
async fn a_client_is_told_in_a_token_that_the_published_keys_verify() {
    for kind in Kind::BOTH {
        for algorithm in SigningAlgorithm::ALL {
            let app = TestProvider::on(kind);
            let receiver = Receiver::answering(|| HttpResponse::Ok().finish());
            let message = claimed(&app, &receiver.url(), |settings| {
                settings.id_token_signed_response_alg = algorithm;
            })
            .await;
            app.clock.advance(Duration::from_secs(5));

            told(&app, &message).await.unwrap();

            let posted = receiver.last();
            assert_eq!(posted.method, "POST");
            assert_eq!(posted.content_type, "application/x-www-form-urlencoded");
            let names: Vec<&String> = posted.form.keys().collect();
            assert_eq!(names, ["logout_token"]);
            let token = &posted.form["logout_token"];
            let header = jws::read_header(token).unwrap();
            assert_eq!(header.typ.as_deref(), Some("logout+jwt"));
            assert_eq!(
                header.alg,
                format!("{algorithm}").parse::<Algorithm>().unwrap()
            );
            let key = published_key(&app, header.kid.as_deref().unwrap()).await;
            let claims: Value = jws::verify(token, header.alg, &key).unwrap();
            assert_eq!(
                claims,
                json!({
                    "iss": ISSUER,
                    "sub": ADA,
                    "aud": "course",
                    "iat": START.seconds() + 5,
                    "exp": START.seconds() + 125,
                    "jti": message.id,
                    "events": { "http://schemas.openid.net/event/backchannel-logout": {} },
                    "sid": SID,
                })
            );
        }
    }
}

#[actix_web::test]
async fn a_client_is_told_of_a_person_by_the_name_that_it_knows_them_by() {
    let app = TestProvider::on_sqlite();
    let receiver = Receiver::answering(|| HttpResponse::Ok().finish());
    let message = claimed(&app, &receiver.url(), |settings| {
        settings.subject_type = model::client::SubjectType::Pairwise;
    })
    .await;

    told(&app, &message).await.unwrap();

    let claims = app.claims(&receiver.last_token(), TokenType::Logout);
    let client = app.provider.clients.find("course").await.unwrap().unwrap();
    let ada = model::UserId::new(ADA.to_owned());
    assert_eq!(claims["sub"], *app.provider.subjects.of(&client, &ada));
    assert_ne!(claims["sub"], ADA);
}

#[actix_web::test]
async fn a_logout_token_passes_for_no_other_token_and_none_passes_for_it() {
    let app = TestProvider::on_sqlite();
    let receiver = Receiver::answering(|| HttpResponse::Ok().finish());
    let message = claimed(&app, &receiver.url(), |_| ()).await;
    told(&app, &message).await.unwrap();
    let token = receiver.last_token();

    let keys = app.provider.keys.current();

    assert_eq!(
        crate::id_token_hint::verify(&token, &keys, ISSUER),
        Err(crate::id_token_hint::InvalidHint::Signature(
            JwsError::OtherType
        ))
    );
    assert_eq!(app.userinfo(&token).await.status, 401);
    let kinds = [
        TokenType::Jwt,
        TokenType::AccessToken,
        TokenType::SecurityEvent,
    ];
    for kind in kinds {
        assert_eq!(
            keys.verify::<Value>(&token, kind),
            Err(JwsError::OtherType),
            "{kind:?}"
        );
        let other = keys
            .sign(SigningAlgorithm::RS256, kind, &json!({}))
            .unwrap();
        assert_eq!(
            keys.verify::<Value>(&other, TokenType::Logout),
            Err(JwsError::OtherType),
            "{kind:?}"
        );
    }
}

#[actix_web::test]
async fn the_answer_says_whether_the_client_is_told_again() {
    for (answer, cause, is_final) in [
        (
            (|| HttpResponse::Ok().finish()) as fn() -> HttpResponse,
            None,
            false,
        ),
        (|| HttpResponse::NoContent().finish(), None, false),
        (
            || HttpResponse::BadRequest().json(json!({ "error": "invalid_request" })),
            Some("the client's backchannel_logout_uri refused the logout token with status 400"),
            true,
        ),
        (
            || HttpResponse::InternalServerError().finish(),
            Some("the client's backchannel_logout_uri answered with status 500"),
            false,
        ),
        (
            || {
                HttpResponse::Found()
                    .insert_header(("location", "/elsewhere"))
                    .finish()
            },
            Some("the client's backchannel_logout_uri answered with status 302"),
            false,
        ),
    ] {
        let app = TestProvider::on_sqlite();
        let receiver = Receiver::answering(answer);
        let message = claimed(&app, &receiver.url(), |_| ()).await;

        let told = told(&app, &message).await;

        assert_eq!(receiver.times_asked(), 1);
        let refused = told.err();
        assert_eq!(refused.as_ref().map(ToString::to_string).as_deref(), cause);
        assert_eq!(refused.is_some_and(|cause| cause.is_final()), is_final);
    }
}

#[actix_web::test]
async fn a_token_that_comes_again_has_the_same_jti_and_a_life_of_its_own() {
    let app = TestProvider::on_sqlite();
    let receiver = Receiver::answering(|| HttpResponse::ServiceUnavailable().finish());
    let message = claimed(&app, &receiver.url(), |_| ()).await;

    told(&app, &message).await.unwrap_err();
    let first = app.claims(&receiver.last_token(), TokenType::Logout);
    app.clock.advance(Duration::from_secs(3_600));
    told(&app, &message).await.unwrap_err();
    let second = app.claims(&receiver.last_token(), TokenType::Logout);

    assert_eq!(first["jti"], second["jti"]);
    assert_eq!(second["iat"], first["iat"].as_i64().unwrap() + 3_600);
    assert_eq!(second["exp"], first["exp"].as_i64().unwrap() + 3_600);
}

#[actix_web::test]
async fn a_client_that_does_not_answer_is_given_two_seconds() {
    let app = TestProvider::on_sqlite();
    let silent = Receiver::answering_in_time(std::future::pending::<HttpResponse>);
    let message = claimed(&app, &silent.url(), |_| ()).await;
    let began = std::time::Instant::now();

    let refused = told(&app, &message).await;

    assert!(
        matches!(refused, Err(NotTold::NoAnswer(OutboundError::TooSlow))),
        "{refused:?}"
    );
    assert!(!refused.unwrap_err().is_final());
    let took = began.elapsed();
    assert!(took >= TIME_LIMIT && took < 2 * TIME_LIMIT, "{took:?}");
}

#[actix_web::test]
async fn a_private_address_that_the_operator_does_not_allow_is_never_asked() {
    for (uri, cause) in [
        ("https://127.0.0.2/logout", OutboundError::PrivateAddress),
        ("https://169.254.169.254/", OutboundError::PrivateAddress),
        ("http://service.example/logout", OutboundError::NotHttps),
    ] {
        let app = TestProvider::on_sqlite();
        let message = claimed(&app, uri, |_| ()).await;

        match told(&app, &message).await {
            Err(NotTold::NoAnswer(found)) => assert_eq!(found, cause, "{uri}"),
            other => panic!("{uri}: {other:?}"),
        }
    }
}

#[actix_web::test]
async fn a_client_that_is_switched_off_meanwhile_is_told_nothing() {
    let app = TestProvider::on_sqlite();
    let receiver = Receiver::answering(|| HttpResponse::Ok().finish());
    let message = claimed(&app, &receiver.url(), |_| ()).await;
    app.write(|tx| {
        let id = ClientId::parse("course").unwrap();
        storage::clients::replace_disabled(tx, &id, true)
    });
    // The cached copy of the client is looked at again.
    app.clock.advance(Duration::from_secs(3_600));

    let refused = told(&app, &message).await;

    assert!(matches!(&refused, Err(NotTold::NotWanted)), "{refused:?}");
    assert!(refused.unwrap_err().is_final());
    assert_eq!(receiver.times_asked(), 0);
}

#[actix_web::test]
async fn a_message_moved_to_another_row_is_not_read() {
    let app = TestProvider::on_sqlite();
    let receiver = Receiver::answering(|| HttpResponse::Ok().finish());
    let mut message = claimed(&app, &receiver.url(), |_| ()).await;
    message.id = app.provider.entropy.ordered_uuid(START);

    let refused = told(&app, &message).await;

    assert!(
        matches!(refused, Err(NotTold::Unreadable(_))),
        "{refused:?}"
    );
    assert_eq!(receiver.times_asked(), 0);
}

#[actix_web::test]
async fn a_client_learns_that_another_person_signed_in_in_the_same_browser() {
    for kind in Kind::BOTH {
        let app = TestProvider::on(kind);
        let ada = app.ada();
        let bob = app.write(|tx| {
            let email = model::EmailAddress::parse("bob@example.test").unwrap();
            let id = model::UserId::new("0190a5e0-0000-7cc3-8a6b-3f1f6c1f9a10".to_owned());
            Ok(storage::users::sign_in(tx, &email, &id)?.user_id().clone())
        });
        let secret = app.client("course", |settings| {
            settings.backchannel_logout_uri = Some("https://service.example/out".parse().unwrap());
        });
        let mut browser = app.browser();
        browser.sign_in(&ada).await;
        let parameters = [("scope", "openid"), ("prompt", "none")];
        let back = browser.authorize("course", &parameters).await;
        let code = back.parameter("code").unwrap();
        let tokens = app.redeem(("course", &secret), &code).await;
        let sid = app.claims(&tokens.text("id_token"), TokenType::Jwt)["sid"].clone();

        let parameters = [("scope", "openid"), ("prompt", "login")];
        let asked = browser.authorize("plain", &parameters).await;
        let outcome = crate::testing::browser::signed_in(&app, &bob);
        browser.end(&asked, outcome).await;

        let waiting =
            app.write(|tx| storage::outbox::claim_logouts(tx, Duration::from_secs(60), 10));
        let ends: Vec<SessionEnd> = waiting
            .iter()
            .map(|message| waiting_message::open(&app.provider.keyring, message).unwrap())
            .collect();
        let expected = SessionEnd {
            client_id: ClientId::parse("course").unwrap(),
            user_id: ada,
            sid: sid.as_str().unwrap().to_owned(),
        };
        assert_eq!(ends, [expected]);
        let access = tokens.text("access_token");
        assert_eq!(app.userinfo(&access).await.status, 401);
    }
}
