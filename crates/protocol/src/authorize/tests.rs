//! The tables of request parsing and decision; the answers as browsers see them are tested whole
//! in `tests/acceptance/oidc`, those of teacher details here.

mod claims_parameter;
mod dpop;
mod merged_accounts;
mod pairwise;
mod posted_requests;
mod pushed_requests;
mod registered_defaults;
mod request_objects;
mod response_types;
mod second_factor;
mod stopped_sharing;
mod teacher_details;

use std::sync::Arc;

use form_urlencoded::Serializer;
use model::browser_session::Authentication;
use model::client::{AuthMethod, ClientSettings, ConsentPolicy, Credential, GrantType};
use model::raw_pairs::RawPairs;
use model::requirement::{Consent, ConsentRule, Standing, TrnStanding};
use model::signing_key::KeyState;
use model::trn_lookup::{MatchPolicy, TrnLookupStatus, TrnRequirement};
use model::{
    Client, ClientId, RedirectUri, ResponseType, ScopeSet, SigningAlgorithm, Timestamp, UserId,
};
use serde_json::json;

use super::claims_parameter::ClaimsParameter;
use super::decision::{Decision, Presence, decide};
use super::error::{Refusal, ShowPage};
use super::expected::ExpectedPerson;
use super::request::{AuthorizationRequest, PagesAllowed, read_parameters};
use super::response::Recipient;
use crate::issuer::Issuer;
use crate::jws::TokenType;
use crate::keys::KeySet;
use crate::keys::testing::{key_set, stored_key};
use crate::testing::Answer;
use crate::testing::browser::TestBrowser;

const ISSUER: &str = "https://identity.example";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
const NOW: Timestamp = Timestamp::from_seconds(10_000);

/// Opens the authorization endpoint with exactly these parameters.
async fn open(browser: &mut TestBrowser<'_>, parameters: &[(&str, &str)]) -> Answer {
    let query = Serializer::new(String::new())
        .extend_pairs(parameters)
        .finish();
    browser.open(&format!("/authorize?{query}")).await
}

/// That the person is told, and no client.
#[track_caller]
fn assert_is_page(answer: &Answer, error: &str, reason: &str) {
    assert_eq!((answer.status, answer.header("location")), (400, None));
    let page = String::from_utf8(answer.body.to_vec()).unwrap();
    assert!(page.contains("You cannot sign in from this link"), "{page}");
    assert!(page.contains(&format!(">{error}<")), "{page}");
    assert!(page.contains(&format!(">{reason}<")), "{page}");
}

fn client(change: impl FnOnce(&mut ClientSettings)) -> Client {
    let mut settings = ClientSettings::named("Apply for a qualification");
    settings.redirect_uris = vec![RedirectUri::parse("https://service.example/cb").unwrap()];
    settings.require_pkce = false;
    change(&mut settings);
    Client {
        id: ClientId::parse("service").unwrap(),
        settings,
        credential: Credential::default(),
        disabled_at: None,
        version: 1,
    }
}

fn keys() -> KeySet {
    key_set(&[stored_key(SigningAlgorithm::ES256, KeyState::Active)])
}

fn parse_as(client: &Client, query: &str) -> Result<AuthorizationRequest, Refusal> {
    let pairs = RawPairs::parse(query.as_bytes());
    AuthorizationRequest::parse(&pairs, client, &keys(), &Issuer::new(ISSUER.to_owned()))
}

fn parse(query: &str) -> Result<AuthorizationRequest, Refusal> {
    parse_as(&client(|_| ()), query)
}

fn refused(query: &str) -> (&'static str, String) {
    let refusal = parse(query).unwrap_err();
    (refusal.error, refusal.description)
}

#[test]
fn the_smallest_request_asks_for_nothing_more() {
    let request = parse("response_type=code&scope=openid").unwrap();

    assert_eq!(request.scope, ScopeSet::parse("openid").unwrap());
    assert_eq!(request.pages, PagesAllowed::Yes);
    assert_eq!(
        request.requirements,
        model::requirement::Requirements::default()
    );
    assert_eq!(
        (request.nonce, request.code_challenge, request.expected),
        (None, None, ExpectedPerson::default())
    );
}

#[test]
fn client_id_and_redirect_uri_are_needed_once_each() {
    let proven = |query: &str| {
        let pairs = RawPairs::parse(query.as_bytes());
        ShowPage::unless_once(&pairs, "client_id")?;
        Recipient::prove(Arc::new(client(|_| ())), &pairs).map(|_| ())
    };
    let redirect_uri = "redirect_uri=https://service.example/cb";

    for (query, refused) in [
        (redirect_uri.to_owned(), ShowPage::Missing("client_id")),
        (
            format!("client_id=&{redirect_uri}"),
            ShowPage::Missing("client_id"),
        ),
        (
            "client_id=a&redirect_uri=".to_owned(),
            ShowPage::Missing("redirect_uri"),
        ),
        (
            format!("client_id=a&client_id=a&{redirect_uri}"),
            ShowPage::Repeated("client_id"),
        ),
        (
            format!("client_id=a&{redirect_uri}&{redirect_uri}"),
            ShowPage::Repeated("redirect_uri"),
        ),
        (
            format!("client_id=a&{redirect_uri}/"),
            ShowPage::UnregisteredRedirect {
                client_id: "service".to_owned(),
            },
        ),
    ] {
        assert_eq!(proven(&query), Err(refused), "{query}");
    }
    assert_eq!(proven(&format!("client_id=a&{redirect_uri}")), Ok(()));
}

#[test]
fn every_parameter_that_is_read_may_come_once() {
    for name in [
        "response_type",
        "response_mode",
        "scope",
        "state",
        "nonce",
        "prompt",
        "max_age",
        "login_hint",
        "id_token_hint",
        "code_challenge",
        "code_challenge_method",
        "dpop_jkt",
        "acr_values",
        "claims",
    ] {
        assert_eq!(
            refused(&format!(
                "{name}=a&response_type=code&scope=openid&{name}=a"
            )),
            (
                "invalid_request",
                format!("The parameter {name} is repeated.")
            ),
        );
    }
    let two_resources = "resource=a&response_type=code&scope=openid&resource=b";
    let told = "Tokens for more than one resource are not served.";
    assert_eq!(refused(two_resources), ("invalid_target", told.to_owned()));
}

#[test]
fn unknown_parameters_are_ignored_even_repeated() {
    assert!(parse("response_type=code&scope=openid&x=1&x=2&utm_source=a").is_ok());
    assert!(parse("response_type=code&scope=openid&display=touch&ui_locales=cy&claims_locales=en&acr_values=Cl").is_ok());
}

/// The attack: anybody has as much stored as fits into a request.
#[test]
fn what_is_not_read_is_not_stored_and_what_is_read_has_a_limit() {
    let query = format!(
        "client_id=c&redirect_uri=r&response_type=code&state=s{}&x={}",
        "&a".repeat(9_000),
        "x".repeat(9_000)
    );
    let stored = read_parameters(&RawPairs::parse(query.as_bytes()));
    let names: Vec<&str> = stored.iter().map(|(name, _)| name).collect();
    assert_eq!(
        names,
        ["client_id", "redirect_uri", "response_type", "state"]
    );

    let with_hint = |length| {
        let (state, hint) = ("s".repeat(20_000), "h".repeat(length));
        parse(&format!(
            "response_type=code&scope=openid&state={state}&login_hint={hint}"
        ))
    };
    let others = "codeopenid".len();
    assert!(with_hint(8_192 - others).is_ok());
    let refusal = with_hint(8_193 - others).unwrap_err();
    assert_eq!(refusal.error, "invalid_request");
    assert_eq!(
        refusal.description,
        "The parameters beside state are longer than 8192 bytes in all."
    );
}

#[test]
fn a_response_type_is_needed_and_has_to_be_one_of_ours() {
    assert_eq!(
        refused("scope=openid"),
        (
            "invalid_request",
            "The parameter response_type is missing.".to_owned()
        )
    );
    for other in [
        "token",
        "code+code",
        "code++id_token",
        "CODE",
        "none",
        "%00",
    ] {
        assert_eq!(
            refused(&format!("response_type={other}&scope=openid")),
            (
                "unsupported_response_type",
                "The response_type is none of those supported: code, id_token, id_token token, \
                 code id_token, code token, code id_token token."
                    .to_owned()
            ),
            "{other}"
        );
    }
}

#[test]
fn a_client_may_ask_for_the_response_types_that_it_registered_with_their_grants() {
    let machine = client(|s| s.grant_types = vec![GrantType::ClientCredentials]);
    let plain = client(|_| ());
    let without_the_grant = client(|s| s.response_types = ResponseType::ALL.to_vec());

    for (client, asked) in [
        (&machine, "code"),
        (&plain, "id_token"),
        (&plain, "token+id_token"),
        (&plain, "id_token+code"),
        (&without_the_grant, "code+id_token"),
    ] {
        let query = format!("response_type={asked}&scope=openid&nonce=n");
        let refusal = parse_as(client, &query).unwrap_err();
        assert_eq!(refusal.error, "unauthorized_client", "{asked}");
    }
}

#[test]
fn a_nonce_is_needed_where_an_id_token_comes_at_once() {
    let hybrid = every_response_type();
    for response_type in ResponseType::ALL {
        let words = response_type.as_str().replace(' ', "+");
        let query = format!("response_type={words}&scope=openid");

        let with = parse_as(&hybrid, &format!("{query}&nonce=n")).unwrap();
        assert_eq!(with.response_type, response_type);
        assert_eq!(with.nonce.as_deref(), Some("n"));
        match parse_as(&hybrid, &query) {
            Ok(request) => assert!(!response_type.has_id_token() && request.nonce.is_none()),
            Err(refusal) => {
                assert!(response_type.has_id_token());
                let description = format!(
                    "The parameter nonce is missing; the response_type {response_type} needs it."
                );
                assert_eq!(refusal, Refusal::invalid_request(description));
            }
        }
    }
}

#[test]
fn pkce_is_needed_for_codes_and_offline_access_comes_with_codes() {
    let public = client(|s| {
        s.token_endpoint_auth_method = AuthMethod::None;
        s.response_types = ResponseType::ALL.to_vec();
        s.grant_types = GrantType::ALL.to_vec();
        s.scope = ScopeSet::parse("openid offline_access").unwrap();
    });
    let pkce = format!("&code_challenge={CHALLENGE}&code_challenge_method=S256");
    for response_type in ResponseType::ALL {
        let words = response_type.as_str().replace(' ', "+");
        let query = format!("response_type={words}&scope=openid+offline_access&nonce=n");

        let scope = parse_as(&public, &format!("{query}{pkce}")).unwrap().scope;
        assert_eq!(scope.contains("offline_access"), response_type.has_code());
        assert_eq!(
            parse_as(&public, &query).is_err(),
            response_type.has_code(),
            "{response_type}"
        );
    }
}

fn every_response_type() -> Client {
    client(|s| {
        s.response_types = ResponseType::ALL.to_vec();
        s.grant_types = GrantType::ALL.to_vec();
    })
}

#[test]
fn openid_is_needed_and_what_the_client_may_not_have_is_left_out() {
    assert_eq!(refused("response_type=code").0, "invalid_scope");
    assert_eq!(refused("response_type=code&scope=email").0, "invalid_scope");
    assert_eq!(
        refused("response_type=code&scope=openid%22").0,
        "invalid_scope"
    );
    assert_eq!(
        refused(&format!(
            "response_type=code&scope=openid+{}",
            "a".repeat(2_000)
        ))
        .0,
        "invalid_scope"
    );

    let request = parse("response_type=code&scope=openid+email+address+phone+trn").unwrap();
    assert_eq!(request.scope, ScopeSet::parse("openid email").unwrap());
}

#[test]
fn prompt_values_are_read_and_none_goes_alone() {
    let requirements =
        |prompt: &str| parse(&format!("response_type=code&scope=openid&prompt={prompt}")).unwrap();

    assert!(requirements("login").requirements.fresh_sign_in);
    assert!(requirements("select_account").requirements.choose_account);
    assert!(matches!(
        requirements("consent").requirements.consent,
        ConsentRule::EachTime(_)
    ));
    assert_eq!(requirements("none").pages, PagesAllowed::No);
    assert!(requirements("login+consent").requirements.fresh_sign_in);
    for other in [
        "none+login",
        "login+none",
        "none+consent",
        "create",
        "Login",
        "login,consent",
    ] {
        let query = format!("response_type=code&scope=openid&prompt={other}");
        assert_eq!(refused(&query).0, "invalid_request", "{other}");
    }
}

#[test]
fn max_age_is_a_whole_number_of_seconds() {
    let max_age = |value: &str| parse(&format!("response_type=code&scope=openid&max_age={value}"));

    assert_eq!(max_age("0").unwrap().requirements.max_age, Some(0));
    assert_eq!(max_age("3600").unwrap().requirements.max_age, Some(3600));
    for other in [
        "-1",
        "%2B1",
        "1.5",
        "1e3",
        "abc",
        "99999999999999999999999",
        "%201",
    ] {
        assert_eq!(
            max_age(other).unwrap_err().error,
            "invalid_request",
            "{other}"
        );
    }
}

#[test]
fn a_nonce_may_have_a_thousand_bytes() {
    let nonce = |length| {
        parse(&format!(
            "response_type=code&scope=openid&nonce={}",
            "n".repeat(length)
        ))
    };

    assert_eq!(nonce(1_000).unwrap().nonce.unwrap().len(), 1_000);
    assert_eq!(nonce(1_001).unwrap_err().error, "invalid_request");
}

#[test]
fn only_s256_challenges_are_taken() {
    let pkce = |rest: &str| parse(&format!("response_type=code&scope=openid&{rest}"));

    let s256 = format!("code_challenge={CHALLENGE}&code_challenge_method=S256");
    assert_eq!(
        pkce(&s256).unwrap().code_challenge.unwrap().as_str(),
        CHALLENGE
    );
    for other in [
        format!("code_challenge={CHALLENGE}"),
        format!("code_challenge={CHALLENGE}&code_challenge_method=plain"),
        format!("code_challenge={CHALLENGE}&code_challenge_method=s256"),
        "code_challenge=short&code_challenge_method=S256".to_owned(),
        format!(
            "code_challenge={}&code_challenge_method=S256",
            "A".repeat(129)
        ),
        "code_challenge_method=S256".to_owned(),
    ] {
        assert_eq!(
            pkce(&other).unwrap_err().error,
            "invalid_request",
            "{other}"
        );
    }
}

#[test]
fn pkce_is_needed_from_public_clients_and_those_set_so_only() {
    let plain = "response_type=code&scope=openid";
    let public = client(|s| s.token_endpoint_auth_method = AuthMethod::None);
    let set_so = client(|s| s.require_pkce = true);

    assert!(parse(plain).is_ok());
    assert_eq!(
        parse_as(&public, plain).unwrap_err().error,
        "invalid_request"
    );
    assert_eq!(
        parse_as(&set_so, plain).unwrap_err().error,
        "invalid_request"
    );
}

#[test]
fn a_request_object_is_never_silently_ignored() {
    for (parameter, error) in [
        ("request", "request_not_supported"),
        ("request_uri", "request_uri_not_supported"),
        ("registration", "registration_not_supported"),
    ] {
        assert_eq!(
            refused(&format!("response_type=code&scope=openid&{parameter}=x")).0,
            error
        );
    }
}

#[test]
fn another_resource_than_the_registered_one_is_no_target() {
    let with_resource = client(|s| s.resource = Some("https://api.example".to_owned()));
    let query = |resource: &str| format!("response_type=code&scope=openid&resource={resource}");

    assert!(parse_as(&with_resource, &query("https://api.example")).is_ok());
    let refusal = parse_as(&with_resource, &query("https://other.example")).unwrap_err();
    assert_eq!(refusal.error, "invalid_target");
    assert_eq!(refused(&query("https://api.example")).0, "invalid_target");
}

#[test]
fn a_login_hint_that_is_no_address_is_dropped() {
    let hint = |hint: &str| {
        parse(&format!(
            "response_type=code&scope=openid&login_hint={hint}"
        ))
        .unwrap()
        .login_hint
    };

    assert_eq!(
        hint("ada%40example.test").unwrap().as_typed(),
        "ada@example.test"
    );
    assert_eq!(hint("%3Cscript%3E"), None);
}

#[test]
fn a_hint_must_be_our_id_token_for_this_client_and_may_have_expired() {
    let keys = keys();
    let claims = |aud: &str| json!({ "iss": ISSUER, "sub": "ada", "aud": aud, "iat": 1, "exp": 2 });
    let signed = |aud: &str| {
        keys.sign(SigningAlgorithm::ES256, TokenType::Jwt, &claims(aud))
            .unwrap()
    };
    let parse = |hint: &str| {
        let query = format!("response_type=code&scope=openid&id_token_hint={hint}");
        let pairs = RawPairs::parse(query.as_bytes());
        AuthorizationRequest::parse(
            &pairs,
            &client(|_| ()),
            &keys,
            &Issuer::new(ISSUER.to_owned()),
        )
    };

    assert_eq!(
        parse(&signed("service")).unwrap().expected,
        ExpectedPerson::of(Some("ada".to_owned()), &ClaimsParameter::default())
    );
    for bad in [
        signed("other"),
        "x".to_owned(),
        format!("{}x", signed("service")),
    ] {
        assert_eq!(parse(&bad).unwrap_err().error, "invalid_request");
    }
}

#[test]
fn a_client_that_asks_gets_the_consent_page_once() {
    let other = client(|s| s.consent = ConsentPolicy::Ask);

    let request = parse_as(&other, "response_type=code&scope=openid+email").unwrap();

    let asked = ScopeSet::parse("openid email").unwrap();
    assert_eq!(request.requirements.consent, ConsentRule::Remembered(asked));
}

#[test]
fn the_consent_page_names_what_is_asked_for_by_name_too() {
    let other = client(|s| s.consent = ConsentPolicy::Ask);
    let claims = "claims=%7B%22userinfo%22:%7B%22email%22:null,%22trn%22:null%7D%7D";

    let request = parse_as(&other, &format!("response_type=code&scope=openid&{claims}"));

    let request = request.unwrap();
    let asked = ScopeSet::parse("openid email").unwrap();
    assert_eq!(request.requirements.consent, ConsentRule::Remembered(asked));
    assert_eq!(request.scope, ScopeSet::parse("openid").unwrap());
}

#[test]
fn descriptions_hold_only_what_rfc_6749_allows() {
    for query in [
        "",
        "response_type=x&scope=openid",
        "response_type=code&scope=%22",
        "response_type=code&scope=openid&prompt=%5C",
        "response_type=code&scope=openid&max_age=%22",
        "response_type=code&scope=openid&code_challenge=%22&code_challenge_method=S256",
    ] {
        let (_, description) = refused(query);
        let is_allowed = |byte: u8| matches!(byte, 0x20..=0x21 | 0x23..=0x5b | 0x5d..=0x7e);
        assert!(description.bytes().all(is_allowed), "{description}");
    }
}

fn signed_in(user: &str) -> Standing {
    Standing {
        authentication: Some(Authentication::by_email(UserId::new(user.to_owned()), NOW)),
        selected_at: Some(NOW),
        ..Standing::default()
    }
}

fn decided(query: &str, standing: &Standing) -> Decision {
    let request = parse(&format!("response_type=code&scope=openid&{query}")).unwrap();
    decide(&request, &present(standing), None, NOW)
}

fn present(standing: &Standing) -> Presence {
    Presence {
        standing: standing.clone(),
        is_expected: true,
    }
}

fn error_of(decision: Decision) -> &'static str {
    match decision {
        Decision::Refuse(refusal) => refusal.error,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_live_session_is_answered_silently_and_nobody_is_asked_to_sign_in() {
    assert_eq!(decided("", &signed_in("ada")), Decision::Issue);
    assert_eq!(decided("prompt=none", &signed_in("ada")), Decision::Issue);
    assert_eq!(decided("", &Standing::default()), Decision::Interact);
    assert_eq!(
        decided("prompt=login", &signed_in("ada")),
        Decision::Interact
    );
}

#[test]
fn prompt_none_never_shows_a_page() {
    assert_eq!(
        error_of(decided("prompt=none", &Standing::default())),
        "login_required"
    );
    assert_eq!(
        error_of(decided("prompt=none&max_age=0", &signed_in("ada"))),
        "login_required"
    );

    let other = client(|s| s.consent = ConsentPolicy::Ask);
    let request = parse_as(&other, "response_type=code&scope=openid&prompt=none").unwrap();
    assert_eq!(
        error_of(decide(&request, &present(&signed_in("ada")), None, NOW)),
        "consent_required"
    );
}

#[test]
fn prompt_none_tells_nothing_of_a_person_who_has_not_agreed() {
    let teachers = client(|s| {
        s.consent = ConsentPolicy::Ask;
        s.scope = ScopeSet::parse("openid trn").unwrap();
        s.trn_requirement = TrnRequirement::Optional;
    });
    let query = "response_type=code&scope=openid+trn&prompt=none";
    let request = parse_as(&teachers, query).unwrap();
    let mut standing = signed_in("ada");
    let refusal = |standing: &Standing| error_of(decide(&request, &present(standing), None, NOW));

    assert_eq!(refusal(&Standing::default()), "login_required");
    assert_eq!(refusal(&standing), "consent_required");
    standing.details.trn = Some(TrnStanding {
        status: TrnLookupStatus::None,
        level: None,
        policy: MatchPolicy::Default,
    });
    assert_eq!(refusal(&standing), "consent_required");
    for is_expected in [true, false] {
        let presence = Presence {
            standing: standing.clone(),
            is_expected,
        };
        let decision = decide(&request, &presence, None, NOW);
        assert_eq!(error_of(decision), "consent_required", "{is_expected}");
    }

    standing.details.trn = None;
    let scope = ScopeSet::parse("openid trn").unwrap();
    standing.consent = Some(Consent {
        scope,
        granted_at: NOW,
    });
    assert_eq!(refusal(&standing), "interaction_required");
}

#[test]
fn a_different_person_than_expected_is_refused_once_signed_in() {
    let request = parse("response_type=code&scope=openid").unwrap();
    let decided = |standing: &Standing, is_expected| {
        let presence = Presence {
            standing: standing.clone(),
            is_expected,
        };
        decide(&request, &presence, None, NOW)
    };

    assert_eq!(
        error_of(decided(&signed_in("ada"), false)),
        "login_required"
    );
    assert_eq!(decided(&Standing::default(), false), Decision::Interact);
    assert_eq!(decided(&signed_in("ada"), true), Decision::Issue);
}
