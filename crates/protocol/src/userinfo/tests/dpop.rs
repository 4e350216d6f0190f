//! Access tokens that are bound to a key, presented with a proof and by those who have none
//! (RFC 9449 §7).

use std::time::Duration;

use actix_web::http::header::AUTHORIZATION;
use actix_web::test::TestRequest;
use storage::testing::Kind;

use crate::testing::prover::{Prover, ath};
use crate::testing::{Answer, REDIRECT_URI, TestCode, TestProvider, VERIFIER, basic, posted};

const ALGS: &str = r#"algs="RS256 PS256 ES256 EdDSA""#;

/// A client with a token that is bound to its key.
struct Scene {
    app: TestProvider,
    prover: Prover,
    token: String,
}

impl Scene {
    async fn on(kind: Kind) -> Self {
        let app = TestProvider::on(kind);
        let secret = app.client("course", |_| ());
        let prover = Prover::new();
        let code = app.code(&TestCode::of("course", &app.ada()));
        let form = [
            ("grant_type", "authorization_code"),
            ("code", code.as_str()),
            ("redirect_uri", REDIRECT_URI),
            ("code_verifier", VERIFIER),
        ];
        let request = posted("/token", &form);
        let request = request.insert_header((AUTHORIZATION, basic("course", &secret)));
        let proof = prover.for_token(app.clock_now());
        let token = app.send_proven(request, &[&proof]).await;
        Self {
            token: token.text("access_token"),
            app,
            prover,
        }
    }

    fn proof(&self) -> String {
        self.prover.for_userinfo(&self.token, self.app.clock_now())
    }

    async fn ask(&self, proofs: &[&str]) -> Answer {
        self.app.proven_userinfo(&self.token, proofs).await
    }
}

fn challenges(answer: &Answer) -> Vec<&str> {
    let challenges = answer.headers.get_all("www-authenticate");
    challenges.map(|value| value.to_str().unwrap()).collect()
}

/// Asserts that the answer is this refusal in one scheme, and names the other.
#[track_caller]
fn assert_refused(answer: &Answer, scheme: &str, error: &str, description: &str) {
    let (bearer, dpop) = (r#"Bearer realm="userinfo""#, r#"DPoP realm="userinfo""#);
    let said = format!(r#", error="{error}", error_description="{description}""#);
    let expected = match scheme {
        "DPoP" => [format!("{dpop}{said}, {ALGS}"), bearer.to_owned()],
        _ => [format!("{bearer}{said}"), format!("{dpop}, {ALGS}")],
    };
    assert_eq!(answer.status, 401);
    assert_eq!(challenges(answer), expected);
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    assert_eq!(answer.header("access-control-allow-origin"), Some("*"));
    assert!(answer.body.is_empty());
}

#[track_caller]
fn assert_proof_refused(answer: &Answer, why: &str) {
    let description = format!("The DPoP proof cannot be accepted: {why}.");
    assert_refused(answer, "DPoP", "invalid_dpop_proof", &description);
}

#[actix_web::test]
async fn a_bound_token_with_a_proof_of_its_key_is_answered_by_get_and_by_post() {
    for kind in Kind::BOTH {
        let scene = Scene::on(kind).await;
        let mut by_post = Prover::claims("POST", "/userinfo", scene.app.clock_now());
        by_post["ath"] = ath(&scene.token);
        let request = TestRequest::post()
            .uri("/userinfo")
            .insert_header((AUTHORIZATION, format!("dpop {}", scene.token)));

        let get = scene.ask(&[&scene.proof()]).await;
        let proof = scene.prover.sign(&by_post);
        let post = scene.app.send_proven(request, &[&proof]).await;

        assert_eq!((get.status, post.status), (200, 200));
        assert_eq!(get.json()["email"], "ada@example.test");
        assert_eq!(get.json(), post.json());
    }
}

/// The attack: a token is stolen from a log or a proxy, and used by whoever bears it.
#[actix_web::test]
async fn a_bound_token_is_no_bearer_token() {
    for kind in Kind::BOTH {
        let scene = Scene::on(kind).await;
        let form = [("access_token", scene.token.as_str())];
        let bearer = format!("Bearer {}", scene.token);
        let with_a_proof = TestRequest::get()
            .uri("/userinfo")
            .insert_header((AUTHORIZATION, bearer));

        for answer in [
            scene.app.userinfo(&scene.token).await,
            scene.app.post("/userinfo", &form).await,
            scene.app.send_proven(with_a_proof, &[&scene.proof()]).await,
        ] {
            let why =
                "The access token is bound to a key: it goes with the scheme DPoP and a proof.";
            assert_refused(&answer, "Bearer", "invalid_token", why);
        }
    }
}

#[actix_web::test]
async fn an_unbound_token_is_not_taken_for_a_bound_one() {
    let app = TestProvider::on_sqlite();
    let token = super::token_for(&app, "openid", |_| ()).await;
    let proof = Prover::new().for_userinfo(&token, app.clock_now());

    let answer = app.proven_userinfo(&token, &[&proof]).await;

    let why = "The access token is bound to no key: it goes with the scheme Bearer.";
    assert_refused(&answer, "DPoP", "invalid_token", why);
    assert_eq!(app.userinfo(&token).await.status, 200);
}

/// The attack: the thief of a token proves a key of their own.
#[actix_web::test]
async fn a_stolen_token_is_useless_with_the_key_of_the_thief() {
    let scene = Scene::on(Kind::Sqlite).await;
    let now = scene.app.clock_now();
    let thief = Prover::new().for_userinfo(&scene.token, now);

    let answer = scene.ask(&[&thief]).await;

    let why = "The access token is bound to another key than that of the proof.";
    assert_refused(&answer, "DPoP", "invalid_token", why);
}

/// The attack: a request is recorded whole, and sent again.
#[actix_web::test]
async fn a_proof_that_was_used_is_worth_nothing() {
    for kind in Kind::BOTH {
        let scene = Scene::on(kind).await;
        let proof = scene.proof();

        let first = scene.ask(&[&proof]).await;
        let again = scene.ask(&[&proof]).await;

        assert_eq!(first.status, 200);
        assert_proof_refused(&again, "it was used before");
    }
}

#[actix_web::test]
async fn a_proof_that_is_missing_or_for_something_else_is_refused() {
    let scene = Scene::on(Kind::Sqlite).await;
    let prover = &scene.prover;
    let now = scene.app.clock_now();
    let before = now.minus(Duration::from_secs(300));

    for (proofs, why) in [
        (vec![], "there is none"),
        (
            vec![scene.proof(), scene.proof()],
            "there is more than one DPoP header",
        ),
        (
            vec![prover.for_token(now)],
            "its htm is not the method of the request",
        ),
        (
            vec![prover.sign(&Prover::claims("GET", "/token", now))],
            "its htu is not the URL of the endpoint",
        ),
        (
            vec![prover.sign(&Prover::claims("GET", "/userinfo", now))],
            "its ath is not the hash of the access token",
        ),
        (
            vec![prover.for_userinfo("another token", now)],
            "its ath is not the hash of the access token",
        ),
        (
            vec![prover.for_userinfo(&scene.token, before)],
            "it was made more than five minutes ago",
        ),
    ] {
        let proofs: Vec<&str> = proofs.iter().map(String::as_str).collect();
        assert_proof_refused(&scene.ask(&proofs).await, why);
    }
}

#[actix_web::test]
async fn a_bound_token_comes_in_the_header_alone_and_in_one_header() {
    let scene = Scene::on(Kind::Sqlite).await;
    let dpop = format!("DPoP {}", scene.token);
    let get = |value: &str| {
        let request = TestRequest::get().uri("/userinfo");
        request.append_header((AUTHORIZATION, value))
    };
    let in_both = posted("/userinfo", &[("access_token", &scene.token)])
        .insert_header((AUTHORIZATION, dpop.as_str()));

    for (request, what) in [
        (
            get("DPoP"),
            "The Authorization header must be DPoP and a token.",
        ),
        (
            get(&dpop).append_header((AUTHORIZATION, "Bearer x")),
            "There is more than one Authorization header.",
        ),
        (in_both, "The access token came in more than one way."),
    ] {
        let answer = scene.app.send_proven(request, &[&scene.proof()]).await;

        let said = format!(r#"error="invalid_request", error_description="{what}""#);
        assert_eq!(answer.status, 400);
        assert_eq!(
            challenges(&answer),
            [format!(r#"Bearer realm="userinfo", {said}"#)]
        );
    }
}

#[actix_web::test]
async fn who_brings_no_token_learns_of_both_schemes() {
    let app = TestProvider::on_sqlite();

    let answer = app.send(TestRequest::get().uri("/userinfo")).await;

    let dpop = format!(r#"DPoP realm="userinfo", {ALGS}"#);
    assert_eq!(challenges(&answer), [r#"Bearer realm="userinfo""#, &dpop]);
}

#[actix_web::test]
async fn an_expired_token_is_refused_in_the_scheme_that_it_came_in() {
    let scene = Scene::on(Kind::Sqlite).await;
    scene.app.clock.advance(Duration::from_secs(900));

    let answer = scene.ask(&[&scene.proof()]).await;

    let why = "The access token is unknown, expired, revoked or not for this resource.";
    assert_refused(&answer, "DPoP", "invalid_token", why);
}
