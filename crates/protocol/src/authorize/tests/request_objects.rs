//! Request objects by value and by reference, from the request to what comes of it.

use std::time::Duration;

use actix_web::HttpResponse;
use model::SigningAlgorithm;
use model::client::{AuthMethod, ClientSettings};
use model::raw_pairs::RawPairs;
use serde_json::{Value, json};
use storage::testing::Kind;
use tokio::net::TcpListener;
use url::Url;

use super::{assert_is_page, open};
use crate::authorize::request_object::is_same_in_both;
use crate::keys::testing::{LooseKey, hmac_token, part};
use crate::testing::browser::{TestBrowser, signed_in};
use crate::testing::client_site::ClientSite;
use crate::testing::{Answer, CHALLENGE, ISSUER, REDIRECT_URI, TestProvider};

fn es256() -> LooseKey {
    LooseKey::generate(SigningAlgorithm::ES256)
}

/// A service that signs with that key.
fn service(app: &TestProvider, key: &LooseKey, change: impl FnOnce(&mut ClientSettings)) -> String {
    app.client("service", |settings| {
        settings.jwks = Some(json!({ "keys": [key.jwk] }));
        change(settings);
    })
}

/// A whole request as an object, for a client that is asked for nothing beside it.
fn request(app: &TestProvider) -> Value {
    json!({
        "iss": "service",
        "aud": ISSUER,
        "exp": app.now().seconds() + 60,
        "client_id": "service",
        "response_type": "code",
        "redirect_uri": REDIRECT_URI,
        "scope": "openid email",
        "state": "inside",
        "code_challenge": CHALLENGE,
        "code_challenge_method": "S256",
    })
}

fn with(mut request: Value, name: &str, value: Value) -> Value {
    request[name] = value;
    request
}

fn without(mut request: Value, name: &str) -> Value {
    request.as_object_mut().unwrap().remove(name);
    request
}

/// RFC 9101: the client's id and the object, and nothing else.
async fn open_object(browser: &mut TestBrowser<'_>, object: &str) -> Answer {
    open(browser, &[("client_id", "service"), ("request", object)]).await
}

/// OpenID Connect Core §6.1: a request of OAuth 2.0 with an object beside it.
async fn open_both(browser: &mut TestBrowser<'_>, object: &str, beside: &[(&str, &str)]) -> Answer {
    let whole = [
        ("client_id", "service"),
        ("response_type", "code"),
        ("redirect_uri", REDIRECT_URI),
        ("scope", "openid"),
        ("state", "outside"),
        ("request", object),
    ];
    open(browser, &[&whole, beside].concat()).await
}

#[actix_web::test]
async fn a_request_that_stands_in_an_object_alone_is_answered() {
    for kind in Kind::BOTH {
        let app = TestProvider::on(kind);
        let (ada, key) = (app.ada(), es256());
        let secret = service(&app, &key, |_| ());
        let mut browser = app.browser();

        let asked = open_object(&mut browser, &key.token(&request(&app))).await;
        let back = browser.end(&asked, signed_in(&app, &ada)).await;

        assert_eq!(back.parameter("state").as_deref(), Some("inside"));
        let code = back.parameter("code").unwrap();
        let tokens = app.redeem(("service", &secret), &code).await;
        assert_eq!(tokens.text("scope"), "email openid");
    }
}

#[actix_web::test]
async fn what_the_object_says_wins_and_what_it_does_not_say_may_stand_beside_it() {
    let app = TestProvider::on_sqlite();
    let (ada, key) = (app.ada(), es256());
    service(&app, &key, |_| ());
    let mut browser = app.browser();
    browser.sign_in(&ada).await;
    let object = without(request(&app), "state");

    let beside = [
        ("response_mode", "form_post"),
        ("code_challenge", "too short"),
    ];
    let posted = open_both(&mut browser, &key.token(&object), &beside).await;
    let inside = open_both(&mut browser, &key.token(&request(&app)), &[]).await;

    let page = String::from_utf8(posted.body.to_vec()).unwrap();
    assert_eq!(posted.status, 200);
    assert!(page.contains(r#"name="state" value="outside""#), "{page}");
    assert!(page.contains(r#"name="code""#), "{page}");
    assert_eq!(inside.parameter("state").as_deref(), Some("inside"));
}

#[actix_web::test]
async fn numbers_and_objects_inside_are_read_as_their_parameters_are() {
    let app = TestProvider::on_sqlite();
    let (ada, key) = (app.ada(), es256());
    service(&app, &key, |_| ());
    let mut browser = app.browser();
    browser.sign_in(&ada).await;
    app.clock.advance(Duration::from_secs(100));
    let asking = |name: &str, value: Value| {
        let object = with(request(&app), "prompt", json!("none"));
        key.token(&with(object, name, value))
    };

    let old_enough = open_object(&mut browser, &asking("max_age", json!(101))).await;
    let too_old = open_object(&mut browser, &asking("max_age", json!(99))).await;
    let gold = json!({ "id_token": { "acr": { "essential": true, "value": "gold" } } });
    let gold = open_object(&mut browser, &asking("claims", gold)).await;
    let somebody = json!({ "userinfo": { "sub": { "value": "somebody else" } } });
    let somebody = open_object(&mut browser, &asking("claims", somebody)).await;

    assert!(old_enough.parameter("code").is_some());
    let error = |answer: &Answer| answer.parameter("error").unwrap();
    assert_eq!(error(&too_old), "login_required");
    assert_eq!(error(&gold), "unmet_authentication_requirements");
    assert_eq!(error(&somebody), "login_required");
}

/// The attack: an address bar in which more is asked for, or the answer sent elsewhere.
#[actix_web::test]
async fn nothing_beside_the_object_changes_what_it_says() {
    let app = TestProvider::on_sqlite();
    let (ada, key) = (app.ada(), es256());
    let elsewhere = "https://service.example/other";
    let secret = service(&app, &key, |settings| {
        settings
            .redirect_uris
            .push(model::RedirectUri::parse(elsewhere).unwrap());
    });
    let mut browser = app.browser();
    browser.sign_in(&ada).await;
    let object = key.token(&request(&app));

    let back = open(
        &mut browser,
        &[
            ("client_id", "service"),
            ("response_type", "code"),
            ("redirect_uri", elsewhere),
            ("scope", "openid email profile offline_access"),
            ("state", "of the attacker"),
            ("code_challenge", "of the attacker"),
            ("request", &object),
        ],
    )
    .await;

    assert_eq!(back.parameter("state").as_deref(), Some("inside"));
    let code = back.parameter("code").unwrap();
    let tokens = app.redeem(("service", &secret), &code).await;
    assert_eq!(tokens.text("scope"), "email openid");
    let unregistered = open(
        &mut browser,
        &[
            ("client_id", "service"),
            ("redirect_uri", "https://attacker.example/cb"),
            ("request", &object),
        ],
    )
    .await;
    assert!(unregistered.parameter("code").is_some());
}

/// RFC 9101 §6.3: where there is no request but the object, nothing stands beside it.
#[actix_web::test]
async fn beside_an_object_that_is_the_whole_request_nothing_counts() {
    let app = TestProvider::on_sqlite();
    let key = es256();
    service(&app, &key, |_| ());
    let mut browser = app.browser();
    let object = key.token(&without(request(&app), "state"));

    let parameters = [
        ("client_id", "service"),
        ("request", object.as_str()),
        ("prompt", "none"),
        ("state", "outside"),
    ];
    let asked = open(&mut browser, &parameters).await;

    assert!(asked.is_question());
}

#[actix_web::test]
async fn an_object_may_expire_while_its_person_answers_and_begins_again_with_back() {
    for kind in Kind::BOTH {
        let app = TestProvider::on(kind);
        let (ada, key) = (app.ada(), es256());
        service(&app, &key, |_| ());
        let mut browser = app.browser();
        let object = key.token(&with(
            request(&app),
            "login_hint",
            json!("ada@example.test"),
        ));
        let asked = open_object(&mut browser, &object).await;
        let resume = asked
            .header("location")
            .unwrap()
            .replace("/sign-in/email?i=", "/authorize/resume/");

        app.clock.advance(Duration::from_secs(30 * 60));
        let back = browser.end(&asked, signed_in(&app, &ada)).await;
        let again = browser.open(&resume).await;
        let expired = open_object(&mut browser, &object).await;

        assert!(back.parameter("code").is_some());
        assert!(again.parameter("code").is_some());
        assert_ne!(again.parameter("code"), back.parameter("code"));
        assert_eq!(expired.status, 400);
    }
}

#[actix_web::test]
async fn a_key_may_go_while_the_person_answers() {
    let app = TestProvider::on_sqlite();
    let (ada, key) = (app.ada(), es256());
    let site = ClientSite::publishing(&[&key]);
    app.client("service", |settings| {
        settings.jwks_uri = Url::parse(&site.url("/jwks")).ok();
    });
    let mut browser = app.browser();
    let asked = open_object(&mut browser, &key.token(&request(&app))).await;
    site.now_publishes(&[]);
    app.clock.advance(Duration::from_secs(10 * 60));

    let back = browser.end(&asked, signed_in(&app, &ada)).await;
    let later = open_object(&mut browser, &key.token(&request(&app))).await;

    assert!(back.parameter("code").is_some());
    let unknown = "The request object is refused: the client has no key of that kid and alg.";
    assert_is_page(&later, "invalid_request_object", unknown);
}

#[actix_web::test]
async fn an_object_that_cannot_be_used_is_told_where_the_parameters_beside_it_say() {
    let app = TestProvider::on_sqlite();
    let (key, stranger) = (es256(), es256());
    service(&app, &key, |_| ());
    let mut browser = app.browser();
    let token = |name: &str, value: Value| key.token(&with(request(&app), name, value));
    let unsigned = format!(
        "{}.{}.",
        part(&json!({ "alg": "none" })),
        part(&request(&app))
    );
    let header = json!({ "alg": "HS256", "kid": key.kid() });
    let confused = hmac_token(&header, &request(&app), key.jwk.to_string().as_bytes());
    let invalid = |why: &str| {
        let description = format!("The request object is refused: {why}.");
        ("invalid_request_object", description)
    };

    for (object, (error, description)) in [
        (
            unsigned,
            (
                "request_not_supported",
                "A request object has to be signed.".to_owned(),
            ),
        ),
        (
            "x.y.z".to_owned(),
            invalid("not a compact JWS in a known algorithm"),
        ),
        (confused, invalid("its alg is not allowed")),
        (
            stranger.token(&request(&app)),
            invalid("the client has no key of that kid and alg"),
        ),
        (
            token("aud", json!("https://other.example")),
            invalid("its aud is not ours"),
        ),
        (
            token("iss", json!("other")),
            invalid("its iss is not the client"),
        ),
        (
            token("sub", json!("service")),
            invalid("its sub is the client"),
        ),
        (token("exp", json!(1)), invalid("it has expired")),
        (
            token("nbf", json!(app.now().seconds() + 600)),
            invalid("it is not valid yet"),
        ),
        (
            token("request", json!("x.y.z")),
            invalid("it holds another request object"),
        ),
        (
            token("client_id", json!("other")),
            invalid("its client_id is not that of the request"),
        ),
        (
            token("response_type", json!("none")),
            invalid("its response_type is not that of the request"),
        ),
    ] {
        let told = open_both(&mut browser, &object, &[]).await;
        told.assert_sent_back(&[
            ("error", error),
            ("error_description", &description),
            ("state", "outside"),
            ("iss", ISSUER),
        ]);
        let alone = open_object(&mut browser, &object).await;
        if description.contains("response_type") {
            // Nothing outside contradicts it.
            assert_eq!(
                alone.parameter("error").as_deref(),
                Some("unsupported_response_type")
            );
        } else {
            assert_is_page(&alone, error, &description);
        }
    }
}

/// Whatever an object says, it is no proof of its own redirect URI before it is proven itself.
#[actix_web::test]
async fn nobody_is_sent_where_only_a_forged_object_says() {
    let app = TestProvider::on_sqlite();
    let (key, stranger) = (es256(), es256());
    service(&app, &key, |_| ());
    let mut browser = app.browser();
    let elsewhere = with(
        request(&app),
        "redirect_uri",
        json!("https://attacker.example/cb"),
    );
    let unregistered = "this redirect_uri is not registered for the client service";

    let forged = open_object(&mut browser, &stranger.token(&request(&app))).await;
    let signed = open_object(&mut browser, &key.token(&elsewhere)).await;
    let parameters = [
        ("client_id", "service"),
        ("redirect_uri", "https://attacker.example/cb"),
        ("request", "x.y.z"),
    ];
    let beside = open(&mut browser, &parameters).await;
    let nobody = open(&mut browser, &[("client_id", "nobody"), ("request", "x")]).await;
    let nameless = open(&mut browser, &[("request", &key.token(&request(&app)))]).await;

    let unknown_key = "The request object is refused: the client has no key of that kid and alg.";
    assert_is_page(&forged, "invalid_request_object", unknown_key);
    assert_is_page(&signed, "invalid_request", unregistered);
    assert_is_page(&beside, "invalid_request", unregistered);
    let unknown = "there is no client of this client_id, or it is switched off";
    assert_is_page(&nobody, "unauthorized_client", unknown);
    assert_is_page(
        &nameless,
        "invalid_request",
        "the parameter client_id is missing",
    );
}

#[actix_web::test]
async fn a_valid_object_is_refused_like_any_request_and_told_where_it_says() {
    let app = TestProvider::on_sqlite();
    let key = es256();
    service(&app, &key, |_| ());
    let mut browser = app.browser();
    let scopes = json!(["openid", "email"]);

    for (name, value, error, description) in [
        (
            "max_age",
            json!(1.5),
            "invalid_request",
            "The parameter max_age must be a whole number of seconds.",
        ),
        (
            "scope",
            json!("email"),
            "invalid_scope",
            "The parameter scope must contain openid.",
        ),
        (
            "scope",
            scopes,
            "invalid_request",
            "The parameter scope is repeated.",
        ),
        (
            "registration",
            json!({ "client_name": "other" }),
            "registration_not_supported",
            "The parameter registration is not supported.",
        ),
        (
            "claims",
            json!([]),
            "login_required",
            "Nobody is signed in, or not recently enough.",
        ),
    ] {
        let object = with(request(&app), "prompt", json!("none"));
        let object = key.token(&with(object, name, value));
        let back = open_object(&mut browser, &object).await;
        back.assert_sent_back(&[
            ("error", error),
            ("error_description", description),
            ("state", "inside"),
            ("iss", ISSUER),
        ]);
    }
}

#[actix_web::test]
async fn a_parameter_that_is_repeated_beside_the_object_is_refused() {
    let app = TestProvider::on_sqlite();
    let key = es256();
    service(&app, &key, |_| ());
    let mut browser = app.browser();
    let object = key.token(&request(&app));

    let twice = open_both(&mut browser, &object, &[("scope", "openid trn")]).await;
    let two_objects = open_both(&mut browser, &object, &[("request", &object)]).await;
    let both = [("request_uri", "https://service.example/object")];
    let both = open_both(&mut browser, &object, &both).await;

    let refused = |description, state| {
        [
            ("error", "invalid_request"),
            ("error_description", description),
            ("state", state),
            ("iss", ISSUER),
        ]
    };
    twice.assert_sent_back(&refused("The parameter scope is repeated.", "inside"));
    two_objects.assert_sent_back(&refused("The parameter request is repeated.", "outside"));
    both.assert_sent_back(&refused(
        "The parameters request and request_uri exclude each other.",
        "outside",
    ));
}

#[actix_web::test]
async fn an_empty_object_is_none() {
    let app = TestProvider::on_sqlite();
    service(&app, &es256(), |settings| settings.require_pkce = false);
    let mut browser = app.browser();

    let asked = open_both(&mut browser, "", &[("request_uri", "")]).await;

    assert!(asked.is_question());
}

/// A service whose objects stand at these URLs.
fn publishes(app: &TestProvider, key: &LooseKey, request_uris: &[&str]) {
    service(app, key, |settings| {
        settings.token_endpoint_auth_method = AuthMethod::PrivateKeyJwt;
        let urls = request_uris.iter().map(|uri| Url::parse(uri).unwrap());
        settings.request_uris = urls.collect();
    });
}

async fn open_reference(browser: &mut TestBrowser<'_>, request_uri: &str) -> Answer {
    let parameters = [("client_id", "service"), ("request_uri", request_uri)];
    open(browser, &parameters).await
}

/// A reference beside a request, so that its refusal is told to the client.
async fn refusal_of(browser: &mut TestBrowser<'_>, request_uri: &str) -> Answer {
    let parameters = [
        ("client_id", "service"),
        ("response_type", "code"),
        ("redirect_uri", REDIRECT_URI),
        ("state", "outside"),
        ("request_uri", request_uri),
    ];
    open(browser, &parameters).await
}

fn assert_unread(answer: &Answer, why: &str) {
    let description = format!("The request object at the request_uri {why}.");
    answer.assert_sent_back(&[
        ("error", "invalid_request_uri"),
        ("error_description", &description),
        ("state", "outside"),
        ("iss", ISSUER),
    ]);
}

#[actix_web::test]
async fn an_object_is_fetched_where_it_is_registered_without_the_fragment_and_each_time() {
    let app = TestProvider::on_sqlite();
    let (ada, key) = (app.ada(), es256());
    let object = key.token(&request(&app));
    // What ends the line in a file is no part of the object.
    let site = ClientSite::telling(&format!("{object}\n"));
    let registered = site.url("/object?of=ada#not-its-hash");
    publishes(&app, &key, &[&registered]);
    let mut browser = app.browser();
    browser.sign_in(&ada).await;

    let back = open_reference(&mut browser, &registered).await;
    site.now_tells(&key.token(&with(request(&app), "state", json!("changed"))));
    let changed = open_reference(&mut browser, &registered).await;

    assert!(back.parameter("code").is_some());
    assert_eq!(changed.parameter("state").as_deref(), Some("changed"));
    assert_eq!(site.times_asked(), 2);
}

#[actix_web::test]
async fn a_reference_is_fetched_once_for_all_that_its_person_answers() {
    let app = TestProvider::on_sqlite();
    let (ada, key) = (app.ada(), es256());
    let site = ClientSite::telling(&key.token(&request(&app)));
    publishes(&app, &key, &[&site.url("/object")]);
    let mut browser = app.browser();

    let asked = open_reference(&mut browser, &site.url("/object")).await;
    site.now_fails();
    let back = browser.end(&asked, signed_in(&app, &ada)).await;

    assert!(back.parameter("code").is_some());
    assert_eq!(site.times_asked(), 1);
}

/// The attack: our server as a way to addresses that only it can reach.
#[actix_web::test]
async fn nothing_is_fetched_that_is_not_registered() {
    let app = TestProvider::on_sqlite();
    let key = es256();
    let site = ClientSite::telling(&key.token(&request(&app)));
    publishes(&app, &key, &[&site.url("/object#one")]);
    let mut browser = app.browser();

    for request_uri in [
        site.url("/object"),
        site.url("/object#two"),
        site.url("/object?x=1#one"),
        site.url("/other#one"),
        "http://169.254.169.254/latest/meta-data".to_owned(),
        "file:///etc/passwd".to_owned(),
        "urn:example:object".to_owned(),
        "not a uri".to_owned(),
    ] {
        let told = refusal_of(&mut browser, &request_uri).await;
        told.assert_sent_back(&[
            ("error", "invalid_request_uri"),
            (
                "error_description",
                "The request_uri is not one that this client registered.",
            ),
            ("state", "outside"),
            ("iss", ISSUER),
        ]);
        let alone = open_reference(&mut browser, &request_uri).await;
        assert_is_page(
            &alone,
            "invalid_request_uri",
            "The request_uri is not one that this client registered.",
        );
    }
    assert_eq!(site.times_asked(), 0);
}

#[actix_web::test]
async fn what_is_registered_and_must_not_be_asked_is_not_asked() {
    let app = TestProvider::on_sqlite();
    let key = es256();
    let attempts = [
        (
            "https://10.0.0.1/object",
            "its host is not on the public internet",
        ),
        (
            "https://[::1]/object",
            "its host is not on the public internet",
        ),
        (
            "https://localhost/object",
            "its host is not on the public internet",
        ),
        ("http://service.example/object", "only https URLs are asked"),
        (
            "https://user:word@service.example/object",
            "a URL with credentials is not asked",
        ),
    ];
    publishes(&app, &key, &attempts.map(|(uri, _)| uri));
    let mut browser = app.browser();

    for (uri, why) in attempts {
        let told = refusal_of(&mut browser, uri).await;
        assert_unread(&told, &format!("could not be read: {why}"));
    }
}

#[actix_web::test]
async fn an_answer_that_is_no_good_object_is_refused() {
    let app = TestProvider::on_sqlite();
    let (key, stranger) = (es256(), es256());
    let good = ClientSite::telling(&key.token(&request(&app)));
    let elsewhere = good.url("/object");
    let site = ClientSite::start(move |request| match request.path() {
        "/missing" => HttpResponse::NotFound().finish(),
        "/elsewhere" => HttpResponse::Found()
            .insert_header(("location", elsewhere.as_str()))
            .finish(),
        "/large" => HttpResponse::Ok().body("x".repeat(64 * 1024 + 1)),
        "/bytes" => HttpResponse::Ok().body(vec![0xff, 0xfe]),
        _ => HttpResponse::Ok().body(""),
    });
    let paths = ["/missing", "/elsewhere", "/large", "/bytes", "/empty"];
    let uris = paths.map(|path| site.url(path));
    let forged = ClientSite::telling(&stranger.token(&request(&app)));
    let forged_uri = forged.url("/object");
    let mut registered: Vec<&str> = uris.iter().map(String::as_str).collect();
    registered.push(&forged_uri);
    publishes(&app, &key, &registered);
    let mut browser = app.browser();

    for (uri, why) in uris.iter().zip([
        "could not be read: it answered with status 404",
        "could not be read: it answered with status 302",
        "could not be read: it is larger than 64 KiB",
        "is refused: not a compact JWS in a known algorithm",
        "is refused: not a compact JWS in a known algorithm",
    ]) {
        assert_unread(&refusal_of(&mut browser, uri).await, why);
    }
    assert_eq!(good.times_asked(), 0);
    let forged = refusal_of(&mut browser, &forged_uri).await;
    assert_unread(
        &forged,
        "is refused: the client has no key of that kid and alg",
    );
}

#[actix_web::test]
async fn an_unsigned_object_is_not_supported_by_reference_either() {
    let app = TestProvider::on_sqlite();
    let key = es256();
    let unsigned = format!(
        "{}.{}.",
        part(&json!({ "alg": "none" })),
        part(&request(&app))
    );
    let site = ClientSite::telling(&unsigned);
    publishes(&app, &key, &[&site.url("/object")]);
    let mut browser = app.browser();

    let told = refusal_of(&mut browser, &site.url("/object")).await;

    told.assert_sent_back(&[
        ("error", "request_uri_not_supported"),
        ("error_description", "A request object has to be signed."),
        ("state", "outside"),
        ("iss", ISSUER),
    ]);
}

#[actix_web::test]
async fn a_reference_that_does_not_answer_is_waited_for_five_seconds() {
    let app = TestProvider::on_sqlite();
    let key = es256();
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let uri = format!("http://{}/object", listener.local_addr().unwrap());
    publishes(&app, &key, &[&uri]);
    let mut browser = app.browser();

    let waited = async {
        let connection = listener.accept().await.unwrap();
        tokio::time::pause();
        tokio::time::advance(Duration::from_secs(5)).await;
        connection
    };
    let (answer, _connection) = futures::future::join(refusal_of(&mut browser, &uri), waited).await;

    assert_unread(&answer, "could not be read: it took too long");
}

#[actix_web::test]
async fn a_key_that_the_client_rotates_is_picked_up_and_the_old_one_refused() {
    let app = TestProvider::on_sqlite();
    let (ada, old, new) = (app.ada(), es256(), es256());
    let site = ClientSite::publishing(&[&old]);
    app.client("service", |settings| {
        settings.jwks_uri = Url::parse(&site.url("/jwks")).ok();
    });
    let mut browser = app.browser();
    browser.sign_in(&ada).await;
    let by = |key: &LooseKey| key.token(&request(&app));
    assert!(
        open_object(&mut browser, &by(&old))
            .await
            .parameter("code")
            .is_some()
    );

    site.now_publishes(&[&new]);
    app.clock.advance(Duration::from_secs(30));
    let rotated = open_object(&mut browser, &by(&new)).await;
    let gone = open_object(&mut browser, &by(&old)).await;

    assert!(rotated.parameter("code").is_some());
    let unknown = "The request object is refused: the client has no key of that kid and alg.";
    assert_is_page(&gone, "invalid_request_object", unknown);
    assert_eq!(site.times_asked(), 2);
}

/// The attack: unknown names of keys, each of which could make us fetch.
#[actix_web::test]
async fn guessed_kids_make_one_fetch_in_half_a_minute() {
    let app = TestProvider::on_sqlite();
    let key = es256();
    let site = ClientSite::publishing(&[&key]);
    app.client("service", |settings| {
        settings.jwks_uri = Url::parse(&site.url("/jwks")).ok();
    });
    let mut browser = app.browser();

    for guess in 0..20 {
        let header = json!({ "alg": "ES256", "kid": format!("guess-{guess}") });
        let object = key.token_with_header(&header, &request(&app));
        let refused = open_object(&mut browser, &object).await;
        assert_eq!(refused.status, 400);
    }

    assert_eq!(site.times_asked(), 1);
}

/// The words of a response type are in no order (RFC 6749 §3.1.1).
#[test]
fn a_response_type_is_the_same_in_any_order() {
    let outside = RawPairs::parse(b"response_type=code+id_token&state=a+b");
    let is_same = |name: &str, value: &str| {
        is_same_in_both(name, &outside, &[(name.to_owned(), value.to_owned())])
    };

    assert!(is_same("response_type", "id_token code"));
    assert!(!is_same("response_type", "id_token"));
    assert!(!is_same("state", "b a"));
}
