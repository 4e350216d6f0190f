//! The page for developers says what is so, and tells of a client only to those whose it is.

use actix_web::test::TestRequest;
use model::client::{AuthMethod, GrantType};
use model::secret::SecretKind;
use model::{ClientId, SecretDigest, SystemEntropy};
use serde_json::Value;
use storage::testing::Kind;

use crate::claims::{Claim, PersonalScope};
use crate::testing::{Answer, ISSUER, TestCode, TestProvider, posted};

const REFUSED: &str = "Enter the id of a client and its secret or registration access token";

async fn get(app: &TestProvider, path: &str) -> Answer {
    app.send(TestRequest::get().uri(path)).await
}

async fn check(app: &TestProvider, client_id: &str, credential: &str) -> Answer {
    let form = [("client_id", client_id), ("credential", credential)];
    app.post("/developers/check", &form).await
}

fn text(answer: &Answer) -> String {
    String::from_utf8(answer.body.to_vec()).unwrap()
}

/// The refusals that a page tells of: error, description and endpoint, in its order.
fn told(answer: &Answer) -> Vec<[String; 3]> {
    let html = text(answer);
    let (refusals, _) = html.split_once("What is registered").unwrap();
    let between = |text: &str, from: &str, to: &str| {
        let (_, rest) = text.split_once(from).unwrap();
        rest.split_once(to).unwrap().0.to_owned()
    };
    refusals
        .split("<dt ")
        .skip(1)
        .map(|row| {
            [
                between(row, "<code class=\"app-code-word\">", "</code>"),
                between(row, "<p class=\"govuk-body app-breakable\">", "</p>"),
                between(row, ", at <code class=\"app-code-word\">", "</code>"),
            ]
        })
        .collect()
}

#[actix_web::test]
async fn the_page_tells_everything_that_discovery_and_the_registry_of_claims_do() {
    let app = TestProvider::on_sqlite();
    let discovery: Value = get(&app, "/.well-known/openid-configuration").await.json();

    let page = get(&app, "/developers").await;

    assert_eq!(page.status, 200);
    assert_eq!(
        discovery["service_documentation"],
        format!("{ISSUER}/developers")
    );
    let html = text(&page);
    for (name, value) in discovery.as_object().unwrap() {
        if let Some(url) = value.as_str() {
            assert!(
                html.contains(url) || name == "service_documentation",
                "{name}"
            );
        }
        if let Some(values) = value.as_array() {
            for value in values {
                assert!(html.contains(value.as_str().unwrap()), "{name}: {value}");
            }
        }
    }
    for claim in Claim::ALL {
        let name = format!("<code class=\"app-code-word\">{}</code>", claim.as_str());
        assert!(html.contains(&name), "{name}");
    }
    for scope in PersonalScope::ALL {
        let name = format!("<code class=\"app-code-word\">{}</code>", scope.as_str());
        assert!(html.contains(&name), "{name}");
    }
    assert!(html.contains("15 minutes"), "an access token's life");
}

/// A library is named while our tests depend on it, or are named after it.
#[test]
fn the_libraries_are_those_that_our_tests_sign_in_with() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let manifests: String = [
        "Cargo.toml",
        "scripts/requirements.txt",
        "tests/browser/package.json",
    ]
    .map(|manifest| std::fs::read_to_string(root.join(manifest)).unwrap())
    .concat();

    for library in super::reference::LIBRARIES {
        let library = serde_json::to_value(library).unwrap();
        let name = library["name"].as_str().unwrap();
        let lines = [
            format!("\n{name} = "),
            format!("\"{name}\":"),
            format!("\n{name}=="),
        ];
        let is_named = lines.iter().any(|line| manifests.contains(line));
        let of_its_own = root.join(format!("tests/relying_parties/test_{name}.py"));
        assert!(is_named || of_its_own.exists(), "{name}");
    }
}

/// Every endpoint that the page shows a request for is there.
#[actix_web::test]
async fn the_sample_requests_go_to_endpoints_that_exist() {
    let discovery = get(
        &TestProvider::on_sqlite(),
        "/.well-known/openid-configuration",
    )
    .await
    .json();
    let known: Vec<&str> = discovery
        .as_object()
        .unwrap()
        .values()
        .filter_map(Value::as_str)
        .collect();

    for sample in super::samples::all(ISSUER) {
        let sample = serde_json::to_value(sample).unwrap();
        let code = sample["code"].as_str().unwrap();
        let mut urls = code
            .split(|c: char| c.is_whitespace() || "?'\"".contains(c))
            .filter(|word| word.starts_with("https://identity.example/"));
        let is_known =
            |url: &str| known.contains(&url) || url.ends_with("/.well-known/openid-configuration");
        assert!(urls.all(is_known), "{code}");
    }
}

#[actix_web::test]
async fn the_owner_of_a_client_sees_its_settings_and_why_it_was_refused() {
    for kind in Kind::BOTH {
        let app = TestProvider::on(kind);
        let secret = app.client("course", |_| ());
        let unregistered = "/authorize?client_id=course&redirect_uri=https://evil.example/&scope=x";
        let silent = "/authorize?client_id=course&redirect_uri=https://service.example/cb&\
                      response_type=code&scope=openid&prompt=none&state=secret-state&\
                      code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&\
                      code_challenge_method=S256";
        assert_eq!(get(&app, unregistered).await.status, 400);
        app.clock.advance(std::time::Duration::from_secs(1));
        assert_eq!(get(&app, silent).await.status, 303);
        app.clock.advance(std::time::Duration::from_secs(1));
        app.redeem(("course", "wrong"), "gai_ac_nothing").await;
        app.clock.advance(std::time::Duration::from_secs(1));
        app.redeem(("course", &secret), "gai_ac_nothing").await;
        app.clock.advance(std::time::Duration::from_secs(1));
        app.post_as("/introspect", ("course", &secret), &[]).await;

        let page = check(&app, "course", &secret).await;

        assert_eq!(page.status, 200);
        let lines = told(&page);
        let lines: Vec<[&str; 3]> = lines
            .iter()
            .map(|line| line.each_ref().map(String::as_str))
            .collect();
        assert_eq!(
            lines,
            [
                [
                    "invalid_request",
                    "The parameter token is missing.",
                    "/introspect"
                ],
                [
                    "invalid_grant",
                    "The authorization code is not known, or not of this client.",
                    "/token"
                ],
                ["invalid_client", "The client secret is wrong.", "/token"],
                [
                    "login_required",
                    "Nobody is signed in, or not recently enough.",
                    "/authorize"
                ],
                [
                    "invalid_request",
                    "this redirect_uri is not registered for the client course",
                    "/authorize"
                ],
            ]
        );
        let html = text(&page);
        for told in [
            "Your client: Register for a course",
            "redirect_uris",
            "https://service.example/cb",
        ] {
            assert!(html.contains(told), "{told}");
        }
        for not_told in [
            &secret,
            "secret-state",
            "evil.example",
            "gai_ac_nothing",
            "192.0.2",
            "gai_cs_",
        ] {
            assert!(!html.contains(not_told), "{not_told}");
        }
        assert_eq!(page.header("cache-control"), Some("no-store"));
    }
}

#[actix_web::test]
async fn a_client_without_a_secret_is_proven_by_its_registration_access_token() {
    let app = TestProvider::on_sqlite();
    app.public_client("public");
    app.public_client("other");
    let token = SecretKind::RegistrationAccess.mint(&SystemEntropy);
    let digest = SecretDigest::of(token.reveal());
    app.write(move |tx| {
        let client = ClientId::parse("public").unwrap();
        storage::registrations::insert(tx, &client, &digest)
    });

    assert_eq!(check(&app, "public", token.reveal()).await.status, 200);
    assert_eq!(check(&app, "other", token.reveal()).await.status, 400);
    let another = SecretKind::RegistrationAccess.mint(&SystemEntropy);
    assert_eq!(check(&app, "public", another.reveal()).await.status, 400);
}

#[actix_web::test]
async fn what_succeeds_is_not_written_down() {
    let app = TestProvider::on_sqlite();
    let secret = app.client("course", |_| ());
    let code = app.code(&TestCode::of("course", &app.ada()));

    assert_eq!(app.redeem(("course", &secret), &code).await.status, 200);

    let page = check(&app, "course", &secret).await;
    assert!(text(&page).contains("None of its requests was refused"));
}

#[actix_web::test]
async fn the_same_refusal_is_one_line_with_a_number() {
    let app = TestProvider::on_sqlite();
    let secret = app.client("course", |_| ());

    for _ in 0..3 {
        app.redeem(("course", &secret), "gai_ac_nothing").await;
        app.redeem(("course", &secret), "gai_ac_nothing").await;
        app.clock.advance(std::time::Duration::from_secs(10));
    }

    let page = check(&app, "course", &secret).await;
    assert_eq!(told(&page).len(), 1);
    assert!(text(&page).contains("3 times since "));
}

/// The attack: a stranger learns from the form which clients there are, and of what kind.
#[actix_web::test]
async fn without_its_credential_every_client_and_none_look_the_same() {
    let app = TestProvider::on_sqlite();
    let secret = app.client("course", |_| ());
    let shared = app.client("shared", |settings| {
        settings.token_endpoint_auth_method = AuthMethod::ClientSecretJwt;
    });
    app.public_client("public");
    app.client("machine", |settings| {
        settings.grant_types = vec![GrantType::ClientCredentials];
    });
    assert_eq!(check(&app, "shared", &shared).await.status, 200);

    for (client_id, credential) in [
        ("course", "wrong"),
        ("course", ""),
        ("course", shared.as_str()),
        ("shared", &secret),
        ("public", ""),
        ("public", "anything"),
        ("machine", &secret),
        ("unknown", &secret),
        ("", ""),
        ("<script>", "x"),
    ] {
        let answer = check(&app, client_id, credential).await;

        assert_eq!(answer.status, 400, "{client_id}");
        let shown = client_id.replace('<', "&lt;").replace('>', "&gt;");
        let html = text(&answer).replace(&format!("value=\"{shown}\""), "value=\"\"");
        let unknown = check(&app, "", "").await;
        assert_eq!(html, text(&unknown), "{client_id}");
        assert!(html.contains(REFUSED));
        app.clock.advance(std::time::Duration::from_secs(3_600));
    }
}

#[actix_web::test]
async fn a_form_that_no_page_of_ours_sends_is_refused() {
    let app = TestProvider::on_sqlite();
    let secret = app.client("course", |_| ());

    let twice = [
        ("client_id", "course"),
        ("client_id", "course"),
        ("credential", &secret),
    ];
    assert_eq!(app.post("/developers/check", &twice).await.status, 400);
    // A secret never comes in an address.
    let query = format!("/developers/check?client_id=course&credential={secret}");
    let page = get(&app, &query).await;
    assert_eq!(page.status, 200);
    assert!(!text(&page).contains("Register for a course"));
    let posted = app.send(posted(&query, &[])).await;
    assert_eq!(posted.status, 400);
}

/// The attack: secrets are tried out one after the other.
#[actix_web::test]
async fn tries_are_limited() {
    let app = TestProvider::on_sqlite();
    let secret = app.client("course", |_| ());
    let try_from = async |peer: &str, credential: &str| {
        let form = [("client_id", "course"), ("credential", credential)];
        let peer = std::net::SocketAddr::new(peer.parse().unwrap(), 1);
        app.send(posted("/developers/check", &form).peer_addr(peer))
            .await
    };
    for _ in 0..20 {
        assert_eq!(try_from("192.0.2.1", "wrong").await.status, 400);
    }

    let refused = try_from("192.0.2.1", &secret).await;
    assert_eq!(refused.status, 429);
    assert_eq!(refused.header("retry-after"), Some("600"));
    assert!(!text(&refused).contains("Register for a course"));
    assert_eq!(try_from("192.0.2.2", &secret).await.status, 200);

    for number in 0..79 {
        let peer = format!("198.51.100.{number}");
        assert_eq!(try_from(&peer, "wrong").await.status, 400);
    }
    assert_eq!(try_from("192.0.2.3", &secret).await.status, 429);

    app.clock.advance(std::time::Duration::from_secs(3_600));
    assert_eq!(try_from("192.0.2.1", &secret).await.status, 200);
}

#[actix_web::test]
async fn what_userinfo_refuses_a_live_token_is_told_to_its_client() {
    let app = TestProvider::on_sqlite();
    let (secret, token) = app.machine_with_token().await;

    assert_eq!(app.userinfo(&token).await.status, 403);
    assert_eq!(app.userinfo("of-nobody").await.status, 401);

    let expected = [
        "insufficient_scope",
        "The access token lacks a scope.",
        "/userinfo",
    ];
    assert_eq!(told(&check(&app, "machine", &secret).await), [expected]);
}
