//! Who may register a client at all.

use std::net::{IpAddr, SocketAddr};

use model::{SystemEntropy, Timestamp};
use storage::initial_access_tokens::NewInitialAccessToken;

use super::*;

const INVALID: &str = r#"Bearer realm="registration", error="invalid_token", error_description="The access token is unknown, expired, revoked or not for this resource.""#;

fn closed() -> TestProvider {
    TestProvider::with_registration(Registration {
        initial_access_token: InitialAccessToken::Required,
        ..rules()
    })
}

fn minted(provider: &TestProvider, uses: Option<u32>, expires_at: Timestamp) -> String {
    let token = SecretKind::InitialAccess.mint(&SystemEntropy);
    let new = NewInitialAccessToken {
        id: "id".to_owned(),
        name: "The county".to_owned(),
        digest: SecretDigest::of(token.reveal()),
        uses,
        expires_at,
    };
    provider.write(move |tx| initial_access_tokens::insert(tx, &new));
    token.reveal().clone()
}

async fn registers(provider: &TestProvider, token: Option<&str>) -> Answer {
    let request = TestRequest::post().uri("/register");
    let body = plain().to_string();
    provider.send(sent(request, token, &body)).await
}

#[track_caller]
fn assert_unauthorized(answer: &Answer, challenge: &str) {
    assert_eq!((answer.status, answer.body.len()), (401, 0));
    assert_eq!(answer.header("www-authenticate"), Some(challenge));
    assert_eq!(answer.header("cache-control"), Some("no-store"));
}

#[actix_web::test]
async fn nobody_registers_without_a_token_where_one_is_needed() {
    let provider = closed();

    let answer = registers(&provider, None).await;

    assert_unauthorized(&answer, r#"Bearer realm="registration""#);
}

#[actix_web::test]
async fn a_token_registers_as_many_clients_as_was_allowed() {
    let provider = closed();
    let later = provider.clock_now().plus(Duration::from_secs(60));
    let token = minted(&provider, Some(2), later);

    assert_eq!(registers(&provider, Some(&token)).await.status, 201);
    assert_eq!(registers(&provider, Some(&token)).await.status, 201);

    let answer = registers(&provider, Some(&token)).await;
    assert_unauthorized(&answer, INVALID);
}

#[actix_web::test]
async fn a_registration_that_is_refused_uses_nothing_up() {
    let provider = closed();
    let later = provider.clock_now().plus(Duration::from_secs(60));
    let token = minted(&provider, Some(1), later);

    let request = TestRequest::post().uri("/register");
    let refused = provider.send(sent(request, Some(&token), "{}")).await;

    assert_eq!(refused.status, 400);
    assert_eq!(registers(&provider, Some(&token)).await.status, 201);
}

#[actix_web::test]
async fn a_token_that_expired_or_is_of_another_kind_is_refused() {
    let provider = closed();
    let expired = minted(&provider, None, provider.clock_now());
    let of_client = SecretKind::RegistrationAccess.mint(&SystemEntropy);

    for token in [&expired, of_client.reveal(), "x"] {
        let answer = registers(&provider, Some(token)).await;
        assert_unauthorized(&answer, INVALID);
    }
}

#[actix_web::test]
async fn a_bad_token_is_refused_also_where_none_is_needed() {
    let provider = open();

    let answer = registers(&provider, Some("gai_ia_nonsense")).await;

    assert_unauthorized(&answer, INVALID);
}

#[actix_web::test]
async fn a_token_in_the_url_is_refused() {
    let provider = closed();
    let request = TestRequest::post().uri("/register?access_token=gai_ia_x");

    let answer = provider.send(sent(request, None, "{}")).await;

    assert_eq!((answer.status, answer.body.len()), (400, 0));
    assert_eq!(
        answer.header("www-authenticate"),
        Some(
            r#"Bearer realm="registration", error="invalid_request", error_description="The access token must not be in the URL.""#
        )
    );
}

#[actix_web::test]
async fn mass_registration_from_one_address_ends_and_others_go_on() {
    let hour = Duration::from_secs(3600);
    let provider = TestProvider::with_registration(Registration {
        per_client_address: Limit {
            count: 2,
            per: hour,
        },
        ..rules()
    });
    let from = |address: &str| {
        let peer = SocketAddr::new(address.parse::<IpAddr>().unwrap(), 1);
        let request = TestRequest::post().uri("/register").peer_addr(peer);
        sent(request, None, &plain().to_string())
    };

    assert_eq!(provider.send(from("192.0.2.1")).await.status, 201);
    assert_eq!(provider.send(from("192.0.2.1")).await.status, 201);
    let answer = provider.send(from("192.0.2.1")).await;

    answer.assert_refused(
        429,
        "temporarily_unavailable",
        "Too many clients were registered or changed from here; try again later.",
    );
    assert_eq!(answer.header("retry-after"), Some("3600"));
    assert_eq!(provider.send(from("192.0.2.2")).await.status, 201);
    provider.clock.advance(hour);
    assert_eq!(provider.send(from("192.0.2.1")).await.status, 201);
}

#[actix_web::test]
async fn all_addresses_together_have_a_limit_too() {
    let provider = TestProvider::with_registration(Registration {
        in_all: Limit {
            count: 0,
            per: Duration::from_secs(3600),
        },
        ..rules()
    });

    let answer = registers(&provider, None).await;

    assert_eq!(answer.status, 429);
    assert!(provider.write(clients::list).is_empty());
}
