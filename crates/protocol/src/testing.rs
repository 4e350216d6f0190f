//! A provider over a database of its own, for tests that speak to it as clients do.

pub(crate) mod browser;
pub(crate) mod client_site;
pub(crate) mod prover;
pub(crate) mod second_factor;
pub(crate) mod teacher;

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use actix_web::App;
use actix_web::http::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap};
use actix_web::test::{TestRequest, call_service, init_service, read_body};
use actix_web::web::{Bytes, Data};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use model::asked_claims::AskedClaims;
use model::authorization_code::{AuthorizationCode, Grant};
use model::browser_session::Authentication;
use model::client::{AuthMethod, ClientSettings, Credential, GrantType};
use model::secret::SecretKind;
use model::signing_key::{KeyState, StoredKey};
use model::{
    ClientId, Cookies, EmailAddress, KeyThumbprint, ManualClock, RedirectUri, ScopeSet,
    SecretDigest, SigningAlgorithm, SlowHash, SystemEntropy, Timestamp, UserId,
};
use pages::{Pages, PagesSettings};
use serde_json::Value;
use storage::browser_sessions::SessionLifetimes;
use storage::clients::{NewClient, Source};
use storage::testing::{Kind, START, TestDatabase};
use storage::{StorageError, Tx};

use crate::client_keys::ClientKeys;
use crate::client_secret::{self, SecretChecker};
use crate::clients::Clients;
use crate::jws::TokenType;
use crate::keys::Keys;
use crate::keys::testing::{keyring, stored_key};
use crate::outbound::Outbound;
use crate::registration::Registration;
use crate::subjects::testing::subjects;
use crate::{Issuer, Lifetimes, Parts, Provider, routes};

pub(crate) const ISSUER: &str = "https://identity.example";
pub(crate) const REDIRECT_URI: &str = "https://service.example/cb";
/// RFC 7636 appendix B.
pub(crate) const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
pub(crate) const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
/// When the person of [`TestProvider::code`] signed in.
/// A request of the code flow, for a client that is told apart by its authentication.
pub(crate) const CODE_REQUEST: [(&str, &str); 6] = [
    ("response_type", "code"),
    ("redirect_uri", REDIRECT_URI),
    ("scope", "openid email"),
    ("state", "pushed"),
    ("code_challenge", CHALLENGE),
    ("code_challenge_method", "S256"),
];

pub(crate) const AUTH_TIME: Timestamp = Timestamp::from_seconds(1_795_337_000);

/// A provider, its clock, and the database that goes away with it.
pub(crate) struct TestProvider {
    pub(crate) provider: Provider,
    pub(crate) clock: Arc<ManualClock>,
    _database: TestDatabase,
}

/// A code that is to be stored.
pub(crate) struct TestCode {
    pub(crate) client_id: &'static str,
    pub(crate) user_id: UserId,
    pub(crate) scope: &'static str,
    pub(crate) code_challenge: Option<&'static str>,
    pub(crate) dpop_jkt: Option<KeyThumbprint>,
    pub(crate) nonce: Option<&'static str>,
    pub(crate) claims: AskedClaims,
}

/// An answer, read whole.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl TestProvider {
    pub(crate) fn on(kind: Kind) -> Self {
        Self::with(kind, None)
    }

    /// A provider at which clients register themselves.
    pub(crate) fn with_registration(registration: Registration) -> Self {
        Self::with(Kind::Sqlite, Some(registration))
    }

    fn with(kind: Kind, registration: Option<Registration>) -> Self {
        let database = TestDatabase::create(kind);
        let clock = Arc::new(ManualClock::starting_at(START));
        let store = database.open(Arc::<ManualClock>::clone(&clock));
        let outbound = || Outbound::new(vec!["127.0.0.1".to_owned()]);
        let provider = Provider::new(Parts {
            issuer: Issuer::new(ISSUER.to_owned()),
            cookies: Cookies::Secure,
            journey: "/sign-in/email",
            lifetimes: lifetimes(),
            clients: Clients::new(store.clone()),
            store,
            pages: Pages::new(PagesSettings::default()).unwrap(),
            keys: Keys::open(signing_keys(), &keyring()).unwrap(),
            keyring: keyring(),
            client_keys: ClientKeys::new(outbound()),
            request_objects: outbound(),
            outbound: outbound(),
            registration,
            subjects: subjects().clone(),
            secrets: SecretChecker::new(keyring(), SlowHash::default()),
            entropy: Arc::new(SystemEntropy),
        });
        Self {
            provider,
            clock,
            _database: database,
        }
    }

    /// The instant that it is.
    pub(crate) fn clock_now(&self) -> Timestamp {
        self.provider.store.clock().now()
    }

    pub(crate) fn on_sqlite() -> Self {
        Self::on(Kind::Sqlite)
    }

    /// Registers a client and gives its secret, which is empty for a public client.
    pub(crate) fn client(&self, id: &str, change: impl FnOnce(&mut ClientSettings)) -> String {
        let id = ClientId::parse(id).unwrap();
        let mut settings = ClientSettings::named("Register for a course");
        settings.redirect_uris = vec![RedirectUri::parse(REDIRECT_URI).unwrap()];
        settings.grant_types = GrantType::ALL.to_vec();
        settings.scope = ScopeSet::parse("openid email profile offline_access").unwrap();
        change(&mut settings);
        let method = settings.token_endpoint_auth_method;
        let (secret, stored) = client_secret::generate(&id, method, &keyring(), &SystemEntropy);
        let credential = Credential {
            current: method.has_secret().then_some(stored),
            previous: None,
        };
        self.write(move |tx| {
            let new = NewClient {
                id: &id,
                settings: &settings,
                credential: &credential,
                source: Source::File,
                source_digest: None,
            };
            storage::clients::insert(tx, &new)
        });
        if method.has_secret() {
            secret.reveal().clone()
        } else {
            String::new()
        }
    }

    /// Registers a public client.
    pub(crate) fn public_client(&self, id: &str) {
        self.client(id, |settings| {
            settings.token_endpoint_auth_method = AuthMethod::None;
            settings.grant_types = vec![GrantType::AuthorizationCode, GrantType::RefreshToken];
        });
    }

    /// Ada's account.
    pub(crate) fn ada(&self) -> UserId {
        let email = EmailAddress::parse("ada@example.test").unwrap();
        let id = UserId::new("0190a5e0-7d1c-7cc3-8a6b-3f1f6c1f9a10".to_owned());
        self.write(move |tx| Ok(storage::users::sign_in(tx, &email, &id)?.user_id().clone()))
    }

    /// Stores a code as the authorization endpoint would.
    pub(crate) fn code(&self, code: &TestCode) -> String {
        let secret = SecretKind::AuthorizationCode.mint(&SystemEntropy);
        let digest = SecretDigest::of(secret.reveal());
        let stored = AuthorizationCode {
            grant: Grant {
                id: self.provider.entropy.ordered_uuid(START),
                client_id: ClientId::parse(code.client_id).unwrap(),
                authentication: Authentication::by_email(code.user_id.clone(), AUTH_TIME),
                sid: "01abc-sid".to_owned(),
                scope: ScopeSet::parse(code.scope).unwrap(),
                claims: code.claims.clone(),
            },
            redirect_uri: REDIRECT_URI.to_owned(),
            code_challenge: code.code_challenge.map(str::to_owned),
            dpop_jkt: code.dpop_jkt.clone(),
            nonce: code.nonce.map(str::to_owned),
        };
        let lifetime = lifetimes().authorization_code;
        self.write(move |tx| {
            let expires_at = tx.now().plus(lifetime);
            storage::authorization_codes::insert(tx, &digest, &stored, expires_at)
        });
        secret.reveal().clone()
    }

    pub(crate) fn write<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Tx<'_>) -> Result<T, StorageError> + Send + 'static,
    ) -> T {
        futures::executor::block_on(self.provider.store.write(work)).unwrap()
    }

    pub(crate) fn events(&self, kind: model::event::EventKind) -> i64 {
        self.write(move |tx| storage::events::count(tx, kind))
    }

    /// Sends any request through the routes.
    pub(crate) async fn send(&self, request: TestRequest) -> Answer {
        let app = App::new()
            .app_data(Data::new(self.provider.clone()))
            .configure(routes);
        let service = init_service(app).await;
        let response = call_service(&service, request.to_request()).await;
        Answer {
            status: response.status().as_u16(),
            headers: response.headers().clone(),
            body: read_body(response).await,
        }
    }

    /// Posts a form.
    pub(crate) async fn post(&self, path: &str, form: &[(&str, &str)]) -> Answer {
        self.send(posted(path, form)).await
    }

    /// Posts a form as a client that authenticates by HTTP Basic.
    pub(crate) async fn post_as(
        &self,
        path: &str,
        (client_id, secret): (&str, &str),
        form: &[(&str, &str)],
    ) -> Answer {
        let credentials = basic(client_id, secret);
        self.send(posted(path, form).insert_header((AUTHORIZATION, credentials)))
            .await
    }

    /// Redeems a code as a confidential client.
    pub(crate) async fn redeem(&self, client: (&str, &str), code: &str) -> Answer {
        let form = [
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", REDIRECT_URI),
            ("code_verifier", VERIFIER),
        ];
        self.post_as("/token", client, &form).await
    }

    /// Refreshes as a confidential client.
    pub(crate) async fn refresh(&self, client: (&str, &str), token: &str) -> Answer {
        let form = [("grant_type", "refresh_token"), ("refresh_token", token)];
        self.post_as("/token", client, &form).await
    }

    /// Makes a client that signs nobody in, and gives its secret and an access token of it.
    pub(crate) async fn machine_with_token(&self) -> (String, String) {
        let secret = self.client("machine", |settings| {
            settings.grant_types = vec![GrantType::ClientCredentials];
            settings.scope = ScopeSet::parse("api").unwrap();
        });
        let form = [("grant_type", "client_credentials")];
        let answer = self.post_as("/token", ("machine", &secret), &form).await;
        (secret, answer.text("access_token"))
    }

    /// Sends a request with these DPoP headers.
    pub(crate) async fn send_proven(&self, request: TestRequest, proofs: &[&str]) -> Answer {
        let with_proof =
            |request: TestRequest, proof: &&str| request.append_header(("DPoP", *proof));
        self.send(proofs.iter().fold(request, with_proof)).await
    }

    /// Asks userinfo with a token that is bound to a key.
    pub(crate) async fn proven_userinfo(&self, access_token: &str, proofs: &[&str]) -> Answer {
        let request = TestRequest::get().uri("/userinfo");
        let request = request.insert_header((AUTHORIZATION, format!("DPoP {access_token}")));
        self.send_proven(request, proofs).await
    }

    pub(crate) async fn userinfo(&self, access_token: &str) -> Answer {
        let bearer = format!("Bearer {access_token}");
        let request = TestRequest::get().uri("/userinfo");
        self.send(request.insert_header((AUTHORIZATION, bearer)))
            .await
    }

    /// The claims of a token that we signed.
    pub(crate) fn claims(&self, token: &str, token_type: TokenType) -> Value {
        self.provider
            .keys
            .current()
            .verify(token, token_type)
            .unwrap()
    }
}

impl TestCode {
    /// A code of Ada's for a client, with PKCE and nonce.
    pub(crate) fn of(client_id: &'static str, user_id: &UserId) -> Self {
        Self {
            client_id,
            user_id: user_id.clone(),
            scope: "openid email",
            code_challenge: Some(CHALLENGE),
            dpop_jkt: None,
            nonce: Some("n-0S6_WzA2Mj"),
            claims: AskedClaims::default(),
        }
    }
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    /// A text member of the JSON body.
    pub(crate) fn text(&self, member: &str) -> String {
        let json = self.json();
        json[member]
            .as_str()
            .unwrap_or_else(|| panic!("no {member} in {json}"))
            .to_owned()
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    /// Asserts that the whole answer is this refusal (RFC 6749 §5.2).
    #[track_caller]
    pub(crate) fn assert_refused(&self, status: u16, error: &str, description: &str) {
        let body = serde_json::json!({ "error": error, "error_description": description });
        assert_eq!((self.status, self.json()), (status, body));
        assert_eq!(self.header("content-type"), Some("application/json"));
        assert_eq!(self.header("cache-control"), Some("no-store"));
        assert_eq!(self.header("pragma"), Some("no-cache"));
        let challenge = (status == 401).then_some(r#"Basic realm="client", charset="UTF-8""#);
        assert_eq!(self.header("www-authenticate"), challenge);
        let is_allowed = |byte: u8| matches!(byte, 0x20..=0x7e) && byte != b'"' && byte != b'\\';
        assert!(description.bytes().all(is_allowed), "{description}");
    }
}

/// A form to be posted.
pub(crate) fn posted(path: &str, form: &[(&str, &str)]) -> TestRequest {
    let body = form_urlencoded::Serializer::new(String::new())
        .extend_pairs(form)
        .finish();
    TestRequest::post()
        .uri(path)
        .insert_header((CONTENT_TYPE, "application/x-www-form-urlencoded"))
        .set_payload(body)
}

/// The `Authorization` header of HTTP Basic (RFC 6749 §2.3.1).
pub(crate) fn basic(client_id: &str, secret: &str) -> String {
    let encode = |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
    let credentials = format!("{}:{}", encode(client_id), encode(secret));
    format!("Basic {}", STANDARD.encode(credentials))
}

pub(crate) const fn lifetimes() -> Lifetimes {
    Lifetimes {
        session: SessionLifetimes {
            idle: Duration::from_secs(3600),
            absolute: Duration::from_secs(12 * 3600),
        },
        interaction: Duration::from_secs(3600),
        authorization_code: Duration::from_secs(60),
        access_token: Duration::from_secs(900),
        id_token: Duration::from_secs(300),
        refresh_idle: Duration::from_secs(14 * 24 * 3600),
        refresh_absolute: Duration::from_secs(90 * 24 * 3600),
        published: Duration::from_secs(3600),
    }
}

/// One active key of each algorithm, made once a process: RSA keys take their time.
fn signing_keys() -> &'static [StoredKey] {
    static KEYS: OnceLock<Vec<StoredKey>> = OnceLock::new();
    KEYS.get_or_init(|| {
        SigningAlgorithm::ALL
            .map(|algorithm| stored_key(algorithm, KeyState::Active))
            .to_vec()
    })
}
