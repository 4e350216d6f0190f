//! What the targets share: a provider's keys, and clients that it knows.

use std::sync::LazyLock;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use model::client::{ApplicationType, AuthMethod, Client, ClientSettings, Credential};
use model::signing_key::{KeySchedule, KeyState};
use model::{
    ClientId, Keyring, RedirectUri, ScopeSet, Secret, SigningAlgorithm, SystemEntropy, Timestamp,
};
use protocol::Issuer;
use protocol::keys::{KeySet, generate};

/// The provider's name.
pub static ISSUER: LazyLock<Issuer> =
    LazyLock::new(|| Issuer::new("https://identity.example".to_owned()));

/// The provider's keys: one, which takes little time to sign with.
pub static KEYS: LazyLock<KeySet> = LazyLock::new(|| {
    let keyring = Keyring::new(&[(1, Secret::new([7; 32]))]).unwrap();
    let schedule = KeySchedule {
        activates_at: now(),
        retires_at: now(),
        removes_at: now(),
    };
    let key = generate(
        SigningAlgorithm::ES256,
        KeyState::Active,
        schedule,
        &keyring,
        &SystemEntropy,
        now(),
    );
    KeySet::open(&[key.unwrap()], &keyring, None).unwrap()
});

/// The moment at which every target stands.
pub fn now() -> Timestamp {
    Timestamp::from_seconds(1_700_000_000)
}

/// A client that may do much and must do little, on the person's device.
pub static CLIENT: LazyLock<Client> = LazyLock::new(|| {
    let mut settings = ClientSettings::named("Fuzzed");
    settings.redirect_uris = vec![
        RedirectUri::parse("https://service.example/callback").unwrap(),
        RedirectUri::parse("http://127.0.0.1/callback").unwrap(),
    ];
    settings.application_type = ApplicationType::Native;
    settings.token_endpoint_auth_method = AuthMethod::ClientSecretJwt;
    settings.require_pkce = false;
    settings.scope =
        ScopeSet::parse("openid profile email trn national_insurance offline_access").unwrap();
    Client {
        id: ClientId::parse("fuzzed").unwrap(),
        settings,
        credential: Credential::default(),
        disabled_at: None,
        version: 1,
    }
});

/// A compact JWS of these parts, signed by a shared secret (HS256).
pub fn signed_by_secret(header: &[u8], claims: &[u8], secret: &[u8]) -> String {
    let input = format!(
        "{}.{}",
        URL_SAFE_NO_PAD.encode(header),
        URL_SAFE_NO_PAD.encode(claims)
    );
    let key = aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA256, secret);
    let signature = aws_lc_rs::hmac::sign(&key, input.as_bytes());
    format!("{input}.{}", URL_SAFE_NO_PAD.encode(signature))
}
