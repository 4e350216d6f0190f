//! Tokens that are bound to a key of the client (RFC 9449 §5), and what a thief makes of them.

use std::time::Duration;

use actix_web::http::header::AUTHORIZATION;
use model::ScopeSet;
use model::client::{AuthMethod, ClientSettings, GrantType};
use serde_json::json;
use storage::testing::Kind;

use crate::jws::TokenType;
use crate::testing::prover::Prover;
use crate::testing::{Answer, REDIRECT_URI, TestCode, TestProvider, VERIFIER, basic, posted};

const DAY: Duration = Duration::from_secs(24 * 3600);
const OTHER_CODE_KEY: &str =
    "The code needs a DPoP proof of the key that dpop_jkt of the authorization request names.";
const OTHER_REFRESH_KEY: &str =
    "The refresh token needs a DPoP proof of the key that it is bound to.";
const REPLAYED: &str = "The DPoP proof cannot be accepted: it was used before.";

/// A client, its key, and who asks.
struct Scene {
    app: TestProvider,
    secret: String,
    prover: Prover,
}

impl Scene {
    fn set(kind: Kind, change: impl FnOnce(&mut ClientSettings)) -> Self {
        let app = TestProvider::on(kind);
        let secret = app.client("course", change);
        Self {
            app,
            secret,
            prover: Prover::new(),
        }
    }

    fn public(kind: Kind) -> Self {
        Self::set(kind, |settings| {
            settings.token_endpoint_auth_method = AuthMethod::None;
            settings.grant_types = vec![GrantType::AuthorizationCode, GrantType::RefreshToken];
        })
    }

    fn proof(&self) -> String {
        self.prover.for_token(self.app.clock_now())
    }

    fn code(&self) -> String {
        self.app.code(&TestCode {
            scope: "openid email offline_access",
            ..TestCode::of("course", &self.app.ada())
        })
    }

    /// A code of a request with `dpop_jkt`.
    fn bound_code(&self) -> String {
        self.app.code(&TestCode {
            dpop_jkt: Some(self.prover.jkt()),
            ..TestCode::of("course", &self.app.ada())
        })
    }

    async fn ask(&self, form: &[(&str, &str)], proofs: &[&str]) -> Answer {
        let mut form = form.to_vec();
        if self.secret.is_empty() {
            form.push(("client_id", "course"));
        }
        let mut request = posted("/token", &form);
        if !self.secret.is_empty() {
            request = request.insert_header((AUTHORIZATION, basic("course", &self.secret)));
        }
        self.app.send_proven(request, proofs).await
    }

    async fn redeem(&self, code: &str, proofs: &[&str]) -> Answer {
        let form = [
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", REDIRECT_URI),
            ("code_verifier", VERIFIER),
        ];
        self.ask(&form, proofs).await
    }

    async fn refresh(&self, token: &str, proofs: &[&str]) -> Answer {
        let form = [("grant_type", "refresh_token"), ("refresh_token", token)];
        self.ask(&form, proofs).await
    }

    async fn userinfo_status(&self, access_token: &str, prover: &Prover) -> u16 {
        let proof = prover.for_userinfo(access_token, self.app.clock_now());
        let answer = self.app.proven_userinfo(access_token, &[&proof]).await;
        answer.status
    }
}

#[track_caller]
fn assert_proof_refused(answer: &Answer, why: &str) {
    let description = format!("The DPoP proof cannot be accepted: {why}.");
    answer.assert_refused(400, "invalid_dpop_proof", &description);
}

#[actix_web::test]
async fn a_code_that_comes_with_a_proof_gives_tokens_that_are_bound_to_its_key() {
    for kind in Kind::BOTH {
        let scene = Scene::set(kind, |_| ());

        let answer = scene.redeem(&scene.code(), &[&scene.proof()]).await;

        assert_eq!(answer.status, 200);
        assert_eq!(answer.text("token_type"), "DPoP");
        let token = answer.text("access_token");
        assert_eq!(scene.userinfo_status(&token, &scene.prover).await, 200);
        assert_eq!(scene.userinfo_status(&token, &Prover::new()).await, 401);
        assert_eq!(scene.app.userinfo(&token).await.status, 401);
    }
}

#[actix_web::test]
async fn a_jwt_names_the_key_that_it_is_bound_to_and_is_worth_nothing_without_it() {
    let scene = Scene::set(Kind::Sqlite, |settings| {
        settings.resource = Some("https://api.example/".to_owned());
    });

    let answer = scene.redeem(&scene.code(), &[&scene.proof()]).await;

    assert_eq!(answer.text("token_type"), "DPoP");
    let token = answer.text("access_token");
    let claims = scene.app.claims(&token, TokenType::AccessToken);
    assert_eq!(claims["cnf"], json!({ "jkt": scene.prover.jkt() }));
    assert_eq!(scene.userinfo_status(&token, &scene.prover).await, 200);
    assert_eq!(scene.userinfo_status(&token, &Prover::new()).await, 401);
    assert_eq!(scene.app.userinfo(&token).await.status, 401);
}

#[actix_web::test]
async fn a_machine_gets_tokens_that_are_bound_to_its_key() {
    for (kind, resource) in [
        (Kind::Sqlite, None),
        (Kind::Postgres, None),
        (Kind::Sqlite, Some("https://api.example/".to_owned())),
    ] {
        let scene = Scene::set(kind, |settings| {
            settings.grant_types = vec![GrantType::ClientCredentials];
            settings.scope = ScopeSet::parse("api").unwrap();
            settings.serves_resources = vec!["https://api.example/".to_owned()];
            settings.resource = resource;
        });
        let form = [("grant_type", "client_credentials")];
        let proof = scene.proof();

        let answer = scene.ask(&form, &[&proof]).await;
        let replayed = scene.ask(&form, &[&proof]).await;

        assert_eq!(answer.text("token_type"), "DPoP");
        replayed.assert_refused(400, "invalid_dpop_proof", REPLAYED);
        let token = answer.text("access_token");
        let client = ("course", scene.secret.as_str());
        let form = [("token", token.as_str())];
        let told = scene.app.post_as("/introspect", client, &form).await.json();
        assert_eq!(told["token_type"], "DPoP");
        assert_eq!(told["cnf"], json!({ "jkt": scene.prover.jkt() }));
    }
}

#[actix_web::test]
async fn a_proof_is_good_once_for_every_grant() {
    for kind in Kind::BOTH {
        let scene = Scene::set(kind, |_| ());
        let proof = scene.proof();
        let tokens = scene.redeem(&scene.code(), &[&proof]).await;
        let refresh_token = tokens.text("refresh_token");

        let code = scene.redeem(&scene.code(), &[&proof]).await;
        let refresh = scene.refresh(&refresh_token, &[&proof]).await;

        code.assert_refused(400, "invalid_dpop_proof", REPLAYED);
        refresh.assert_refused(400, "invalid_dpop_proof", REPLAYED);
        let again = scene.refresh(&refresh_token, &[&scene.proof()]).await;
        assert_eq!(again.status, 200, "no token is lost by a proof too few");
    }
}

/// The attack: strangers fill the table with proofs by keys of their own.
#[actix_web::test]
async fn a_proof_that_gives_no_token_is_not_written_down() {
    let scene = Scene::public(Kind::Sqlite);
    let proof = scene.proof();

    let refused = scene.redeem("gai_ac_none", &[&proof]).await;
    let answer = scene.redeem(&scene.code(), &[&proof]).await;

    assert_eq!((refused.status, answer.status), (400, 200));
}

#[actix_web::test]
async fn a_proof_that_is_no_good_is_refused_and_the_code_lives() {
    let scene = Scene::set(Kind::Sqlite, |_| ());
    let (app, prover) = (&scene.app, &scene.prover);
    let now = app.clock_now();
    let code = scene.code();
    let minutes_ago = now.minus(Duration::from_secs(300));
    let for_userinfo = prover.sign(&Prover::claims("POST", "/userinfo", now));
    let by_get = prover.sign(&Prover::claims("GET", "/token", now));

    for (proofs, why) in [
        (vec!["x"], "not a compact JWS in a known algorithm"),
        (
            vec![&for_userinfo],
            "its htu is not the URL of the endpoint",
        ),
        (vec![&by_get], "its htm is not the method of the request"),
        (
            vec![&prover.for_token(minutes_ago)],
            "it was made more than five minutes ago",
        ),
        (
            vec![&scene.proof(), &scene.proof()],
            "there is more than one DPoP header",
        ),
    ] {
        assert_proof_refused(&scene.redeem(&code, &proofs).await, why);
    }
    let answer = scene.redeem(&code, &[&scene.proof()]).await;
    assert_eq!(answer.status, 200);
}

/// The attack: a code is stolen on its way, with its verifier.
#[actix_web::test]
async fn a_stolen_code_is_useless_without_the_key_that_the_request_named() {
    for kind in Kind::BOTH {
        let scene = Scene::set(kind, |_| ());
        let thief = Prover::new().for_token(scene.app.clock_now());

        let without = scene.redeem(&scene.bound_code(), &[]).await;
        let with_another = scene.redeem(&scene.bound_code(), &[&thief]).await;
        let with_it = scene.redeem(&scene.bound_code(), &[&scene.proof()]).await;

        without.assert_refused(400, "invalid_grant", OTHER_CODE_KEY);
        with_another.assert_refused(400, "invalid_grant", OTHER_CODE_KEY);
        assert_eq!(with_it.text("token_type"), "DPoP");
    }
}

#[actix_web::test]
async fn a_code_that_came_with_another_key_is_burnt() {
    let scene = Scene::set(Kind::Sqlite, |_| ());
    let code = scene.bound_code();
    scene.redeem(&code, &[]).await;

    let again = scene.redeem(&code, &[&scene.proof()]).await;

    assert_eq!(again.text("error"), "invalid_grant");
}

/// The attack: a program on a device has its refresh token stolen.
#[actix_web::test]
async fn the_refresh_token_of_a_public_client_is_useless_without_its_key() {
    for kind in Kind::BOTH {
        let scene = Scene::public(kind);
        let tokens = scene.redeem(&scene.code(), &[&scene.proof()]).await;
        let token = tokens.text("refresh_token");
        let thief = Prover::new().for_token(scene.app.clock_now());

        let without = scene.refresh(&token, &[]).await;
        let with_another = scene.refresh(&token, &[&thief]).await;
        let with_it = scene.refresh(&token, &[&scene.proof()]).await;

        without.assert_refused(400, "invalid_grant", OTHER_REFRESH_KEY);
        with_another.assert_refused(400, "invalid_grant", OTHER_REFRESH_KEY);
        assert_eq!(with_it.text("token_type"), "DPoP");
        let without = scene.refresh(&token, &[]).await;
        without.assert_refused(400, "invalid_grant", OTHER_REFRESH_KEY);
    }
}

/// How often a client can use its first refresh token, each time with a proof.
async fn stays_through_refreshes(scene: &Scene) {
    let tokens = scene.redeem(&scene.code(), &[&scene.proof()]).await;
    let token = tokens.text("refresh_token");

    for _ in 0..3 {
        scene.app.clock.advance(13 * DAY);
        let refreshed = scene.refresh(&token, &[&scene.proof()]).await;
        assert_eq!(refreshed.text("refresh_token"), token);
    }
    scene.app.clock.advance(14 * DAY);
    let late = scene.refresh(&token, &[&scene.proof()]).await;
    assert_eq!(late.text("error"), "invalid_grant");
}

#[actix_web::test]
async fn the_refresh_token_of_a_sender_constrained_client_stays() {
    for kind in Kind::BOTH {
        stays_through_refreshes(&Scene::public(kind)).await;
        let all_bound = Scene::set(kind, |settings| settings.dpop_bound_access_tokens = true);
        stays_through_refreshes(&all_bound).await;
    }
}

#[actix_web::test]
async fn an_unbound_refresh_token_of_a_public_client_is_bound_from_the_first_proof_on() {
    let scene = Scene::public(Kind::Sqlite);
    let tokens = scene.redeem(&scene.code(), &[]).await;
    assert_eq!(tokens.text("token_type"), "Bearer");
    let token = tokens.text("refresh_token");

    let bound = scene.refresh(&token, &[&scene.proof()]).await;

    assert_eq!(bound.text("token_type"), "DPoP");
    let without = scene.refresh(&bound.text("refresh_token"), &[]).await;
    without.assert_refused(400, "invalid_grant", OTHER_REFRESH_KEY);
}

#[actix_web::test]
async fn a_confidential_client_refreshes_with_another_key_or_none() {
    for kind in Kind::BOTH {
        let scene = Scene::set(kind, |_| ());
        let tokens = scene.redeem(&scene.code(), &[&scene.proof()]).await;
        let other = Prover::new();
        let proof = other.for_token(scene.app.clock_now());

        let rebound = scene
            .refresh(&tokens.text("refresh_token"), &[&proof])
            .await;
        let unbound = scene.refresh(&rebound.text("refresh_token"), &[]).await;

        assert_eq!(rebound.text("token_type"), "DPoP");
        let token = rebound.text("access_token");
        assert_eq!(scene.userinfo_status(&token, &other).await, 200);
        assert_eq!(scene.userinfo_status(&token, &scene.prover).await, 401);
        assert_eq!(unbound.text("token_type"), "Bearer");
    }
}

#[actix_web::test]
async fn a_client_whose_tokens_are_all_bound_gets_none_without_a_proof() {
    let scene = Scene::set(Kind::Sqlite, |settings| {
        settings.dpop_bound_access_tokens = true;
        settings.scope = ScopeSet::parse("openid email offline_access api").unwrap();
    });
    let code = scene.code();
    let machine = [("grant_type", "client_credentials")];

    assert_proof_refused(&scene.redeem(&code, &[]).await, "there is none");
    assert_proof_refused(&scene.ask(&machine, &[]).await, "there is none");
    let tokens = scene.redeem(&code, &[&scene.proof()]).await;
    let refresh_token = tokens.text("refresh_token");
    let refused = scene.refresh(&refresh_token, &[]).await;
    assert_proof_refused(&refused, "there is none");
    let machine = scene.ask(&machine, &[&scene.proof()]).await;
    assert_eq!(machine.text("token_type"), "DPoP");
}

#[actix_web::test]
async fn a_page_of_another_origin_may_send_a_proof() {
    let app = TestProvider::on_sqlite();
    for path in ["/token", "/userinfo"] {
        let request = actix_web::test::TestRequest::default()
            .method(actix_web::http::Method::OPTIONS)
            .uri(path);

        let answer = app.send(request).await;

        let allowed = answer.header("access-control-allow-headers").unwrap();
        assert!(allowed.split(", ").any(|name| name == "DPoP"), "{path}");
    }
}
