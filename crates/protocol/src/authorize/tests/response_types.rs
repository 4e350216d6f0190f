//! What each response type gives in each mode, and the attacks on what leaves the authorization
//! endpoint beside a code or without one.

use std::collections::BTreeMap;
use std::time::Duration;

use form_urlencoded::Serializer;
use model::client::{AuthMethod, ClientSettings};
use model::signing_key::KeyState;
use model::{ClientId, ResponseType, ScopeSet, SigningAlgorithm, UserId};
use serde_json::{Value, json};
use storage::browser_sessions::EndedSession;
use storage::testing::Kind;

use crate::jws::{TokenType, token_hash};
use crate::keys::testing::{keyring, stored_key};
use crate::testing::browser::{TestBrowser, signed_in};
use crate::testing::{Answer, ISSUER, REDIRECT_URI, TestProvider};

const NONCE: &str = "n-0S6_WzA2Mj";
const STATE: &str = "a b&c=d#é";

/// A service that may ask for everything, without PKCE; its secret.
fn service(app: &TestProvider, change: impl FnOnce(&mut ClientSettings)) -> String {
    app.client("service", |settings| {
        settings.response_types = ResponseType::ALL.to_vec();
        settings.require_pkce = false;
        change(settings);
    })
}

/// Brings a request of the service, with these parameters instead of the usual ones; one that is
/// empty counts as absent.
async fn asks(browser: &mut TestBrowser<'_>, parameters: &[(&str, &str)]) -> Answer {
    let mut all = BTreeMap::from([
        ("client_id", "service"),
        ("redirect_uri", REDIRECT_URI),
        ("scope", "openid email"),
        ("state", STATE),
        ("nonce", NONCE),
    ]);
    all.extend(parameters.iter().copied());
    let query = Serializer::new(String::new()).extend_pairs(all).finish();
    browser.open(&format!("/authorize?{query}")).await
}

/// How the answer travels to the client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Carrier {
    Query,
    Fragment,
    Form,
}

type Parameters = Vec<(String, String)>;

/// What the client gets, and how. Whatever is in the fragment is nowhere else.
fn arrived(answer: &Answer) -> (Carrier, Parameters) {
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    if answer.status == 200 {
        return (Carrier::Form, fields(answer));
    }
    assert_eq!((answer.status, answer.body.len()), (303, 0));
    let rest = answer.header("location").unwrap();
    let rest = rest.strip_prefix(REDIRECT_URI).unwrap();
    let (carrier, encoded) = match rest.split_at(1) {
        ("?", query) => (Carrier::Query, query),
        ("#", fragment) => (Carrier::Fragment, fragment),
        _ => panic!("{rest}"),
    };
    assert!(!encoded.contains(['?', '#']), "{rest}");
    let parameters = form_urlencoded::parse(encoded.as_bytes());
    (carrier, parameters.into_owned().collect())
}

/// The fields of a form that posts itself to the client.
fn fields(answer: &Answer) -> Parameters {
    let page = std::str::from_utf8(&answer.body).unwrap();
    assert!(page.contains(&format!("<form method=\"post\" action=\"{REDIRECT_URI}\"")));
    page.split("<input type=\"hidden\" name=\"")
        .skip(1)
        .map(|field| {
            let (name, rest) = field.split_once("\" value=\"").unwrap();
            let (value, _) = rest.split_once('"').unwrap();
            (
                name.to_owned(),
                value.replace("&amp;", "&").replace("&#x3D;", "="),
            )
        })
        .collect()
}

/// A parameter that has to be there.
#[track_caller]
fn value<'p>(parameters: &'p Parameters, name: &str) -> &'p str {
    find(parameters, name).unwrap_or_else(|| panic!("no {name} in {parameters:?}"))
}

fn find<'p>(parameters: &'p Parameters, name: &str) -> Option<&'p str> {
    let found = parameters.iter().find(|(key, _)| key == name);
    found.map(|(_, value)| value.as_str())
}

fn claims(app: &TestProvider, parameters: &Parameters) -> Value {
    app.claims(value(parameters, "id_token"), TokenType::Jwt)
}

/// How many rows each table has, but for the log of refusals.
fn rows(app: &TestProvider) -> BTreeMap<String, i64> {
    let mut rows = app.write(storage::testing::row_counts);
    rows.remove("refusals");
    rows
}

/// Redeems a code of the service, which used no PKCE.
async fn redeem(app: &TestProvider, secret: &str, code: &str) -> Answer {
    let form = [
        ("grant_type", "authorization_code"),
        ("code", code),
        ("redirect_uri", REDIRECT_URI),
    ];
    app.post_as("/token", ("service", secret), &form).await
}

fn names(response_type: ResponseType) -> Vec<&'static str> {
    let mut names = Vec::new();
    if response_type.has_code() {
        names.push("code");
    }
    if response_type.has_token() {
        names.extend(["access_token", "token_type", "expires_in", "scope"]);
    }
    if response_type.has_id_token() {
        names.push("id_token");
    }
    names.extend(["session_state", "state", "iss"]);
    names
}

/// A service, and Ada with a live session.
struct Scene<'a> {
    app: &'a TestProvider,
    browser: TestBrowser<'a>,
    ada: UserId,
    secret: String,
}

impl<'a> Scene<'a> {
    async fn set(app: &'a TestProvider, change: impl FnOnce(&mut ClientSettings)) -> Self {
        let ada = app.ada();
        let secret = service(app, change);
        let mut browser = app.browser();
        browser.sign_in(&ada).await;
        Self {
            app,
            browser,
            ada,
            secret,
        }
    }

    /// What comes for a response type, in the fragment or, for a code alone, in the query.
    async fn given(&mut self, response_type: &str, parameters: &[(&str, &str)]) -> Parameters {
        let mut all = vec![("response_type", response_type)];
        all.extend(parameters);
        let (_, parameters) = arrived(&asks(&mut self.browser, &all).await);
        assert_eq!(find(&parameters, "error"), None, "{parameters:?}");
        parameters
    }

    async fn is_alive(&self, access_token: &str) -> bool {
        self.app.userinfo(access_token).await.status == 200
    }
}

#[actix_web::test]
async fn every_response_type_gives_what_it_names_in_every_mode() {
    for kind in Kind::BOTH {
        let app = TestProvider::on(kind);
        let mut scene = Scene::set(&app, |_| ()).await;
        for response_type in ResponseType::ALL {
            let by_default = match response_type {
                ResponseType::Code => Carrier::Query,
                _ => Carrier::Fragment,
            };
            let mut modes = vec![
                ("", by_default),
                ("fragment", Carrier::Fragment),
                ("form_post", Carrier::Form),
            ];
            if response_type == ResponseType::Code {
                modes.push(("query", Carrier::Query));
            }
            for (mode, carrier) in modes {
                let asked = [
                    ("response_type", response_type.as_str()),
                    ("response_mode", mode),
                ];
                let answer = asks(&mut scene.browser, &asked).await;

                let (carried, parameters) = arrived(&answer);
                assert_eq!(carried, carrier, "{response_type} {mode}");
                let came: Vec<&str> = parameters.iter().map(|(name, _)| name.as_str()).collect();
                assert_eq!(came, names(response_type), "{response_type} {mode}");
                assert_eq!(value(&parameters, "state"), STATE);
                assert_eq!(value(&parameters, "iss"), ISSUER);
                assert_is_whole(&scene, response_type, &parameters).await;
            }
        }
    }
}

/// Every token of an answer is good, and says this and nothing else.
async fn assert_is_whole(scene: &Scene<'_>, response_type: ResponseType, came: &Parameters) {
    let app = scene.app;
    let hash = |name| find(came, name).map(|value| token_hash(SigningAlgorithm::RS256, value));
    let mut sid = None;
    if response_type.has_token() {
        assert_eq!(value(came, "token_type"), "Bearer");
        assert_eq!(value(came, "expires_in"), "900");
        assert_eq!(value(came, "scope"), "email openid");
        assert_eq!(
            app.userinfo(value(came, "access_token")).await.json(),
            json!({
                "sub": scene.ada.as_str(), "email": "ada@example.test", "email_verified": true,
            })
        );
    }
    if response_type.has_id_token() {
        let claims = claims(app, came);
        let mut expected = json!({
            "iss": ISSUER,
            "sub": scene.ada.as_str(),
            "aud": "service",
            "exp": app.now().seconds() + 300,
            "iat": app.now().seconds(),
            "auth_time": app.now().seconds(),
            "nonce": NONCE,
            "acr": "Cl",
            "amr": ["email"],
            "sid": claims["sid"],
        });
        if let Some(at_hash) = hash("access_token") {
            expected["at_hash"] = at_hash.into();
        }
        if let Some(c_hash) = hash("code") {
            expected["c_hash"] = c_hash.into();
        }
        if response_type == ResponseType::IdToken {
            // Core §5.4: nothing else comes, so the claims of the scopes are here.
            expected["email"] = "ada@example.test".into();
            expected["email_verified"] = true.into();
        }
        assert_eq!(claims, expected, "{response_type}");
        sid = Some(claims["sid"].clone());
    }
    if response_type.has_code() {
        let tokens = redeem(app, &scene.secret, value(came, "code")).await;
        let claims = app.claims(&tokens.text("id_token"), TokenType::Jwt);
        assert_eq!(claims["sub"], scene.ada.as_str());
        assert_eq!(claims["nonce"], NONCE);
        assert_eq!(claims["auth_time"], app.now().seconds());
        assert_eq!(claims.get("c_hash"), None);
        assert_eq!(claims["sid"], sid.unwrap_or_else(|| claims["sid"].clone()));
        assert!(scene.is_alive(&tokens.text("access_token")).await);
        assert_eq!(tokens.json().get("refresh_token"), None);
    }
}

/// A request that is refused: what is special about it, how the refusal travels, its code and its
/// words.
type Refused = (
    Vec<(&'static str, &'static str)>,
    Carrier,
    &'static str,
    String,
);

/// What cannot be read, or not wholly.
fn refused_unread() -> Vec<Refused> {
    use Carrier::{Form, Fragment, Query};
    let (invalid, unsupported) = ("invalid_request", "unsupported_response_type");
    let known = "The response_type is none of those supported: code, id_token, id_token token, \
                 code id_token, code token, code id_token token.";
    let missing = "The parameter response_type is missing.";
    let mode = "The response_mode must be query, fragment or form_post.";
    let no_openid = "The parameter scope must contain openid.";
    let token = ("response_type", "token");
    [
        (vec![], Query, invalid, missing),
        (vec![("response_type", "none")], Query, unsupported, known),
        (vec![token], Fragment, unsupported, known),
        (
            vec![token, ("response_mode", "query")],
            Fragment,
            unsupported,
            known,
        ),
        (
            vec![token, ("response_mode", "form_post")],
            Form,
            unsupported,
            known,
        ),
        (
            vec![("response_type", "id_token"), ("response_mode", "jwt")],
            Fragment,
            invalid,
            mode,
        ),
        (
            vec![("response_type", "code id_token"), ("scope", "email")],
            Fragment,
            "invalid_scope",
            no_openid,
        ),
        (
            vec![("client_id", "only-tokens"), ("response_type", "code")],
            Query,
            "unauthorized_client",
            "This client may not use the response_type code.",
        ),
    ]
    .map(|(parameters, carrier, error, description)| {
        (parameters, carrier, error, description.to_owned())
    })
    .into()
}

/// What is refused of each response type but `code`.
fn refused_of(response_type: ResponseType) -> Vec<Refused> {
    let name = response_type.as_str();
    let asked = ("response_type", name);
    let invalid = "invalid_request";
    let mut refused: Vec<Refused> = vec![(
        vec![asked, ("response_mode", "query")],
        Carrier::Fragment,
        invalid,
        "The response_mode query is not for tokens; fragment and form_post are.".to_owned(),
    )];
    for (mode, carrier) in [("", Carrier::Fragment), ("form_post", Carrier::Form)] {
        let mode = ("response_mode", mode);
        refused.push((
            vec![("client_id", "only-code"), asked, mode],
            carrier,
            "unauthorized_client",
            format!("This client may not use the response_type {name}."),
        ));
        if response_type.has_id_token() {
            refused.push((
                vec![asked, mode, ("nonce", "")],
                carrier,
                invalid,
                format!("The parameter nonce is missing; the response_type {name} needs it."),
            ));
        }
        if response_type.has_code() {
            refused.push((
                vec![("client_id", "in-browser"), asked, mode],
                carrier,
                invalid,
                "This client must send a code_challenge with code_challenge_method S256."
                    .to_owned(),
            ));
        }
    }
    refused
}

#[actix_web::test]
async fn every_refusal_goes_where_the_answer_would_and_nothing_is_issued() {
    for kind in Kind::BOTH {
        let app = TestProvider::on(kind);
        let mut scene = Scene::set(&app, |_| ()).await;
        app.client("only-code", |settings| settings.require_pkce = false);
        app.client("only-tokens", |settings| {
            settings.response_types = vec![ResponseType::IdToken, ResponseType::IdTokenToken];
        });
        app.client("in-browser", |settings| {
            settings.token_endpoint_auth_method = AuthMethod::None;
            settings.response_types = ResponseType::ALL.to_vec();
        });
        let but_code = ResponseType::ALL.into_iter().skip(1);
        let refused = refused_unread()
            .into_iter()
            .chain(but_code.flat_map(refused_of));
        let before = rows(&app);
        for (parameters, carrier, error, description) in refused {
            let answer = asks(&mut scene.browser, &parameters).await;

            let expected = sent_back(error, &description);
            assert_eq!(arrived(&answer), (carrier, expected), "{parameters:?}");
        }
        assert_eq!(rows(&app), before);
    }
}

/// A refusal, whole.
fn sent_back(error: &str, description: &str) -> Parameters {
    [
        ("error", error),
        ("error_description", description),
        ("state", STATE),
        ("iss", ISSUER),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .into()
}

#[actix_web::test]
async fn nobody_signed_in_is_told_silently_in_the_fragment() {
    let app = TestProvider::on_sqlite();
    service(&app, |_| ());
    let mut browser = app.browser();

    let asked = [("response_type", "id_token token"), ("prompt", "none")];
    let answer = asks(&mut browser, &asked).await;

    let expected = sent_back(
        "login_required",
        "Nobody is signed in, or not recently enough.",
    );
    assert_eq!(arrived(&answer), (Carrier::Fragment, expected));
}

#[actix_web::test]
async fn a_person_who_has_to_sign_in_first_comes_back_with_the_tokens() {
    for kind in Kind::BOTH {
        let app = TestProvider::on(kind);
        service(&app, |_| ());
        let ada = app.ada();
        let mut browser = app.browser();

        let asked = asks(&mut browser, &[("response_type", "code id_token token")]).await;
        assert!(asked.is_question());
        let back = browser.end(&asked, signed_in(&app, &ada)).await;

        let (carrier, parameters) = arrived(&back);
        assert_eq!(carrier, Carrier::Fragment);
        let came: Vec<&str> = parameters.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(came, names(ResponseType::CodeIdTokenToken));
        assert_eq!(claims(&app, &parameters)["sub"], ada.as_str());
    }
}

/// The attack: a code is seen in the browser, and tried after the client redeemed it.
#[actix_web::test]
async fn a_hybrid_code_that_is_used_twice_kills_the_token_beside_it() {
    for kind in Kind::BOTH {
        let app = TestProvider::on(kind);
        let mut scene = Scene::set(&app, |_| ()).await;
        for response_type in ["code token", "code id_token token"] {
            let came = scene.given(response_type, &[]).await;
            let (code, beside) = (value(&came, "code"), value(&came, "access_token"));
            let tokens = redeem(&app, &scene.secret, code).await;
            let redeemed = tokens.text("access_token");
            assert!(scene.is_alive(beside).await && scene.is_alive(&redeemed).await);

            let again = redeem(&app, &scene.secret, code).await;

            again.assert_refused(
                400,
                "invalid_grant",
                "The authorization code was used before; what it gave is revoked.",
            );
            assert!(!scene.is_alive(beside).await && !scene.is_alive(&redeemed).await);
        }
    }
}

#[actix_web::test]
async fn a_code_that_is_never_redeemed_leaves_the_token_beside_it_until_its_time() {
    let app = TestProvider::on_sqlite();
    let mut scene = Scene::set(&app, |_| ()).await;
    let came = scene.given("code token", &[]).await;
    let (code, beside) = (value(&came, "code"), value(&came, "access_token"));

    app.clock.advance(Duration::from_secs(60));
    let late = redeem(&app, &scene.secret, code).await;

    late.assert_refused(400, "invalid_grant", "The authorization code has expired.");
    assert!(scene.is_alive(beside).await);
    app.clock.advance(Duration::from_secs(839));
    assert!(scene.is_alive(beside).await);
    app.clock.advance(Duration::from_secs(1));
    assert!(!scene.is_alive(beside).await);
}

/// The attack: the session is over, and whoever kept the code tries it.
#[actix_web::test]
async fn signing_out_ends_the_tokens_of_the_fragment_and_the_code_beside_them() {
    for kind in Kind::BOTH {
        let app = TestProvider::on(kind);
        let mut scene = Scene::set(&app, |_| ()).await;
        let implicit = scene.given("id_token token", &[]).await;
        let hybrid = scene.given("code id_token token", &[]).await;
        let tokens = [&implicit, &hybrid].map(|came| value(came, "access_token"));

        let hint = value(&implicit, "id_token");
        let out = format!("/end-session?id_token_hint={hint}");
        let left = scene.browser.open(&out).await;
        let signed_out = format!("{ISSUER}/signed-out?client_id=service");
        assert_eq!(left.header("location"), Some(signed_out.as_str()));

        for token in tokens {
            assert!(!scene.is_alive(token).await);
        }
        redeem(&app, &scene.secret, value(&hybrid, "code"))
            .await
            .assert_refused(400, "invalid_grant", "The authorization code has expired.");
    }
}

#[actix_web::test]
async fn a_code_whose_grant_was_revoked_gives_nothing() {
    for kind in Kind::BOTH {
        let app = TestProvider::on(kind);
        let mut scene = Scene::set(&app, |_| ()).await;
        let came = scene.given("code id_token", &[]).await;
        let told = claims(&app, &came);
        let session = EndedSession {
            sid: told["sid"].as_str().unwrap().to_owned(),
            user_id: UserId::new(told["sub"].as_str().unwrap().to_owned()),
        };
        app.write(move |tx| storage::grants::revoke_session(tx, &session));
        let before = rows(&app);

        let refused = redeem(&app, &scene.secret, value(&came, "code")).await;

        refused.assert_refused(400, "invalid_grant", "The authorization code has expired.");
        assert_eq!(rows(&app), before);
    }
}

#[actix_web::test]
async fn a_client_revokes_the_token_of_the_fragment_by_itself() {
    let app = TestProvider::on_sqlite();
    let mut scene = Scene::set(&app, |_| ()).await;
    let came = scene.given("code token", &[]).await;
    let beside = value(&came, "access_token");

    let form = [("token", beside)];
    let client = ("service", scene.secret.as_str());
    assert_eq!(app.post_as("/revoke", client, &form).await.status, 200);

    assert!(!scene.is_alive(beside).await);
    let tokens = redeem(&app, &scene.secret, value(&came, "code")).await;
    assert!(scene.is_alive(&tokens.text("access_token")).await);
}

#[actix_web::test]
async fn offline_access_comes_with_the_code_and_never_in_the_fragment() {
    let app = TestProvider::on_sqlite();
    let mut scene = Scene::set(&app, |_| ()).await;
    let offline = [("scope", "openid offline_access")];

    let implicit = scene.given("id_token token", &offline).await;
    let hybrid = scene.given("code token", &offline).await;

    assert_eq!(value(&implicit, "scope"), "openid");
    assert_eq!(value(&hybrid, "scope"), "offline_access openid");
    assert_eq!(find(&hybrid, "refresh_token"), None);
    let tokens = redeem(&app, &scene.secret, value(&hybrid, "code")).await;
    let client = ("service", scene.secret.as_str());
    let refreshed = app.refresh(client, &tokens.text("refresh_token")).await;
    assert_eq!(refreshed.status, 200);
}

/// What is told of the person is nowhere where it need not be: a fragment is part of a URL.
#[actix_web::test]
async fn claims_by_name_are_told_in_the_fragment_only_where_no_code_comes() {
    let app = TestProvider::on_sqlite();
    let mut scene = Scene::set(&app, |settings| {
        settings.scope = ScopeSet::parse("openid email profile").unwrap();
    })
    .await;
    let named = json!({ "id_token": { "email": null } }).to_string();
    let email = json!("ada@example.test");
    for (response_type, is_told) in [
        ("id_token", true),
        ("id_token token", true),
        ("code id_token", false),
        ("code id_token token", false),
    ] {
        let asked = [("scope", "openid profile"), ("claims", named.as_str())];
        let came = scene.given(response_type, &asked).await;

        let claims = claims(&app, &came);
        assert_eq!(
            claims.get("email"),
            is_told.then_some(&email),
            "{response_type}"
        );
        let has_profile = claims.get("updated_at").is_some();
        assert_eq!(has_profile, response_type == "id_token", "{response_type}");
        if let Some(code) = find(&came, "code") {
            let tokens = redeem(&app, &scene.secret, code).await;
            let claims = app.claims(&tokens.text("id_token"), TokenType::Jwt);
            assert_eq!(claims["email"], email, "{response_type}");
        }
    }
}

#[actix_web::test]
async fn a_jwt_access_token_of_the_fragment_lives_and_dies_with_its_grant_too() {
    let app = TestProvider::on_sqlite();
    let mut scene = Scene::set(&app, |settings| {
        settings.resource = Some("https://api.example".to_owned());
        settings.id_token_signed_response_alg = SigningAlgorithm::EdDsa;
    })
    .await;

    let came = scene.given("code id_token token", &[]).await;

    let (code, beside) = (value(&came, "code"), value(&came, "access_token"));
    let access = app.claims(beside, TokenType::AccessToken);
    assert_eq!(access["aud"], json!(["https://api.example", ISSUER]));
    let claims = claims(&app, &came);
    let hash = |value| json!(token_hash(SigningAlgorithm::EdDsa, value));
    assert_eq!(
        (&claims["at_hash"], &claims["c_hash"]),
        (&hash(beside), &hash(code))
    );
    assert!(scene.is_alive(beside).await);
    redeem(&app, &scene.secret, code).await;
    redeem(&app, &scene.secret, code).await;
    assert!(!scene.is_alive(beside).await);
}

#[actix_web::test]
async fn a_token_that_cannot_be_signed_is_a_server_error_for_the_client() {
    let app = TestProvider::on_sqlite();
    let mut scene = Scene::set(&app, |_| ()).await;
    let only_es256 = [stored_key(SigningAlgorithm::ES256, KeyState::Active)];
    app.provider.keys.follow(&only_es256, &keyring()).unwrap();

    let request = [("response_type", "id_token")];
    let answer = asks(&mut scene.browser, &request).await;
    app.clock.advance(Duration::from_secs(10));
    asks(&mut scene.browser, &request).await;

    let service = ClientId::parse("service").unwrap();
    let refusals = app.write(move |tx| storage::refusals::list(tx, &service, 9));
    let noted = refusals.iter().map(|it| (&*it.description, it.times));
    let same_without_the_number = ("Something went wrong on our side.", 2);
    assert_eq!(noted.collect::<Vec<_>>(), [same_without_the_number]);
    let (carrier, parameters) = arrived(&answer);
    assert_eq!(carrier, Carrier::Fragment);
    assert_eq!(value(&parameters, "error"), "server_error");
    let description = value(&parameters, "error_description");
    assert!(description.starts_with("Something went wrong on our side. Quote incident "));
    assert_eq!(find(&parameters, "id_token"), None);
    assert_eq!(value(&parameters, "state"), STATE);
}

#[actix_web::test]
async fn a_database_fault_is_a_server_error_where_no_page_may_be_shown() {
    let app = TestProvider::on_sqlite();
    let mut scene = Scene::set(&app, |_| ()).await;
    let silently = [("response_type", "code"), ("prompt", "none")];
    // The client is known from now on.
    asks(&mut scene.browser, &silently).await;
    app.provider.store.revert_all().unwrap();

    let (_, parameters) = arrived(&asks(&mut scene.browser, &silently).await);
    let answer = asks(&mut scene.browser, &[("response_type", "code")]).await;

    assert_eq!(value(&parameters, "error"), "server_error");
    assert_eq!(value(&parameters, "state"), STATE);
    assert_eq!((answer.status, answer.header("location")), (500, None));
}
