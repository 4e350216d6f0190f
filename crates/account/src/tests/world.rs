//! The account area on a fresh database, with a clock, people who are signed in, and a provider
//! that issues codes.

use std::sync::Arc;
use std::time::Duration;

use actix_web::App;
use actix_web::body::to_bytes;
use actix_web::http::header::{COOKIE, HeaderMap, LOCATION, SET_COOKIE};
use actix_web::test::{TestRequest, call_service, init_service};
use actix_web::web::Data;
use model::asked_claims::{AskedClaims, WantedValues};
use model::authorization_code::{AuthorizationCode, Grant};
use model::browser_session::{Amr, Authentication};
use model::client::{ClientSettings, Credential};
use model::event::EventKind;
use model::raw_pairs::RawPairs;
use model::secret::SecretKind;
use model::totp::TotpSeed;
use model::{
    ClientId, Cookies, EmailAddress, Entropy, Keyring, ManualClock, ScopeSet, Secret, SecretDigest,
    SystemEntropy, UserId,
};
use pages::{Pages, PagesSettings};
use storage::browser_sessions::{NewSession, SessionLifetimes};
use storage::clients::{NewClient, Source};
use storage::second_factors::{Inserted, NewPasskey, NewTotp, PasskeyRow};
use storage::testing::{Kind, START, TestDatabase};
use storage::{
    StorageError, Store, Tx, authorization_codes, browser_sessions, clients, consents, events,
    grants, second_factors, users,
};

use crate::{Account, Parts, Passkeys, client, routes};

pub(super) const MINUTE: Duration = Duration::from_secs(60);
pub(super) const HOUR: Duration = Duration::from_secs(3_600);
pub(super) const ISSUER: &str = "https://identity.example";

const LIFETIMES: SessionLifetimes = SessionLifetimes {
    idle: HOUR,
    absolute: Duration::from_secs(12 * 3_600),
};

/// The account area and everything around it.
pub(super) struct World {
    pub(super) account: Account,
    pub(super) clock: Arc<ManualClock>,
    store: Store,
    _database: TestDatabase,
}

/// Runs a test in a fresh world on each database.
pub(super) async fn on_both(test: impl AsyncFn(World)) {
    for kind in Kind::BOTH {
        test(World::on(kind)).await;
    }
}

/// A browser, and who is signed in there.
#[derive(Clone)]
pub(super) struct Person {
    pub(super) id: UserId,
    pub(super) sid: String,
    browser: Option<Secret<String>>,
    session: Option<Secret<String>>,
}

/// An answer, as the browser sees it.
pub(super) struct Seen {
    pub(super) status: u16,
    pub(super) location: String,
    pub(super) headers: HeaderMap,
    pub(super) body: String,
}

impl World {
    fn on(kind: Kind) -> Self {
        let database = TestDatabase::create(kind);
        let clock = Arc::new(ManualClock::starting_at(START));
        let store = database.open(Arc::<ManualClock>::clone(&clock));
        let account = Account::new(Parts {
            issuer: ISSUER.to_owned(),
            cookies: Cookies::Secure,
            session: LIFETIMES,
            absence: HOUR,
            passkeys: Passkeys::Offered,
            store: store.clone(),
            pages: Pages::new(PagesSettings::default()).unwrap(),
            keyring: Keyring::new(&[(1, Secret::new([7; 32]))]).unwrap(),
            entropy: Arc::new(SystemEntropy),
        });
        Self {
            account,
            clock,
            store,
            _database: database,
        }
    }

    pub(super) async fn write<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Tx<'_>) -> Result<T, StorageError> + Send + 'static,
    ) -> T {
        self.store.write(work).await.unwrap()
    }

    /// Somebody who has just signed in by email, in a browser of their own.
    pub(super) async fn person(&self, address: &str) -> Person {
        self.person_signed_in(address, None).await
    }

    /// The same, who gave a second factor too, if one is named.
    pub(super) async fn person_signed_in(&self, address: &str, factor: Option<Amr>) -> Person {
        let address = EmailAddress::parse(address).unwrap();
        let session = SecretKind::BrowserSession.mint(&SystemEntropy);
        let (secret, sid) = (SecretDigest::of(session.reveal()), uuid());
        let new_id = UserId::new(uuid());
        let opened = sid.clone();
        let id = self.write(move |tx| {
            let id = users::sign_in(tx, &address, &new_id)?.user_id().clone();
            let now = tx.now();
            let by_email = Authentication::by_email(id.clone(), now);
            let authentication = match factor {
                Some(factor) => by_email.with_second_factor(factor, now),
                None => by_email,
            };
            let new = NewSession {
                secret,
                sid: opened,
                authentication,
                selected_at: now,
            };
            let opened = browser_sessions::open(tx, &new, None, LIFETIMES)?;
            assert!(opened.is_some(), "the account lets them in");
            Ok(id)
        });
        Person {
            id: id.await,
            sid,
            browser: Some(SecretKind::Browser.mint(&SystemEntropy)),
            session: Some(session),
        }
    }

    /// Registers a service.
    pub(super) async fn client(
        &self,
        id: &str,
        name: &str,
        change: impl FnOnce(&mut ClientSettings),
    ) {
        let id = ClientId::parse(id).unwrap();
        let mut settings = ClientSettings::named(name);
        change(&mut settings);
        let inserted = self.write(move |tx| {
            let new = NewClient {
                id: &id,
                settings: &settings,
                credential: &Credential::default(),
                source: Source::CommandLine,
                source_digest: None,
            };
            clients::insert(tx, &new)
        });
        assert!(inserted.await);
    }

    /// Switches a service off.
    pub(super) async fn disable(&self, id: &str) {
        let id = ClientId::parse(id).unwrap();
        let disabled = self.write(move |tx| clients::replace_disabled(tx, &id, true));
        assert!(disabled.await);
    }

    /// They agree to share with a service.
    pub(super) async fn agree(&self, person: &Person, client: &str, scope: &str) {
        let client = ClientId::parse(client).unwrap();
        let (user_id, scope) = (person.id.clone(), ScopeSet::parse(scope).unwrap());
        self.write(move |tx| consents::grant(tx, &user_id, &client, &scope))
            .await;
    }

    /// They sign in to a service, which redeems its code.
    pub(super) async fn grant(&self, person: &Person, client: &str, scope: &str) -> String {
        self.grant_asking(person, client, scope, AskedClaims::default())
            .await
    }

    /// The same, and it asks for a claim by name.
    pub(super) async fn grant_naming(
        &self,
        person: &Person,
        client: &str,
        scope: &str,
        claim: &str,
    ) -> String {
        let userinfo = [(claim.to_owned(), WantedValues::Any)].into();
        let asked = AskedClaims {
            userinfo,
            ..AskedClaims::default()
        };
        self.grant_asking(person, client, scope, asked).await
    }

    async fn grant_asking(
        &self,
        person: &Person,
        client: &str,
        scope: &str,
        claims: AskedClaims,
    ) -> String {
        let grant = Grant {
            id: uuid(),
            client_id: ClientId::parse(client).unwrap(),
            authentication: Authentication::by_email(person.id.clone(), self.store.clock().now()),
            sid: person.sid.clone(),
            scope: ScopeSet::parse(scope).unwrap(),
            claims,
        };
        let id = grant.id.clone();
        self.write(move |tx| {
            let end = tx.now().plus(HOUR);
            grants::insert(tx, &grant, end)
        })
        .await;
        id
    }

    /// Whether a grant still gives anything.
    pub(super) async fn is_live(&self, grant: &str) -> bool {
        let id = grant.to_owned();
        self.write(move |tx| grants::find(tx, &id)).await.is_some()
    }

    /// How many events of that kind were written down.
    pub(super) async fn events(&self, kind: EventKind) -> i64 {
        self.write(move |tx| events::count(tx, kind)).await
    }

    /// Gives them a passkey, and returns its id.
    pub(super) async fn add_passkey(&self, person: &Person, name: &str) -> String {
        let (user_id, id) = (person.id.clone(), uuid());
        let new = NewPasskey {
            id: id.clone(),
            credential_id: id.clone().into_bytes(),
            name: name.to_owned(),
            credential: "{}".to_owned(),
        };
        let inserted = self.write(move |tx| second_factors::insert_passkey(tx, &user_id, &new));
        assert_eq!(inserted.await, Inserted::Inserted);
        id
    }

    /// Gives them an authenticator app and so many recovery codes.
    pub(super) async fn add_app(&self, person: &Person, recovery_codes: u8) {
        let user_id = person.id.clone();
        let entropy: &dyn Entropy = &SystemEntropy;
        let seed = TotpSeed::mint(entropy);
        let app = NewTotp::seal(&seed, 0, &user_id, &self.account.keyring, entropy);
        let hashes: Vec<Vec<u8>> = (0..recovery_codes).map(|one| vec![one; 32]).collect();
        self.write(move |tx| {
            second_factors::set_totp(tx, &user_id, &app)?;
            second_factors::replace_recovery_codes(tx, &user_id, &[1; 16], &hashes)
        })
        .await;
    }

    /// What their passkeys are called, in order of the alphabet.
    pub(super) async fn names(&self, person: &Person) -> Vec<String> {
        let user_id = person.id.clone();
        let all: Vec<PasskeyRow> = self
            .write(move |tx| second_factors::list_passkeys(tx, &user_id))
            .await;
        let mut names: Vec<String> = all.into_iter().map(|passkey| passkey.name).collect();
        names.sort();
        names
    }

    /// Ends the session of that browser.
    pub(super) async fn sign_out(&self, person: &Person) {
        let secret = person.secret();
        let ended = self.write(move |tx| browser_sessions::end(tx, &secret));
        assert!(ended.await.is_some());
    }

    /// Does what `/authorize` does for a request whose person is signed in and has done all that
    /// is asked: issues a code, and answers where the browser goes with it.
    pub(super) async fn authorized(&self, person: &Person, departure: &Departure) -> String {
        let code = SecretKind::AuthorizationCode.mint(&SystemEntropy);
        let digest = SecretDigest::of(code.reveal());
        let (user_id, sid) = (person.id.clone(), person.sid.clone());
        let (challenge, redirect_uri) = (
            departure.get("code_challenge"),
            departure.get("redirect_uri"),
        );
        self.write(move |tx| {
            let now = tx.now();
            let stored = AuthorizationCode {
                grant: Grant {
                    id: uuid(),
                    client_id: client::id(),
                    authentication: Authentication::by_email(user_id, now),
                    sid,
                    scope: client::SCOPE.into_iter().collect(),
                    claims: AskedClaims::default(),
                },
                redirect_uri,
                code_challenge: Some(challenge),
                dpop_jkt: None,
                nonce: None,
            };
            authorization_codes::insert(tx, &digest, &stored, now.plus(MINUTE))
        })
        .await;
        let answer: RawPairs = [
            ("code".to_owned(), code.reveal().clone()),
            ("state".to_owned(), departure.get("state")),
            ("iss".to_owned(), ISSUER.to_owned()),
        ]
        .into_iter()
        .collect();
        format!("{}?{}", routes::SIGNED_IN, answer.to_query())
    }

    pub(super) async fn open(&self, person: &Person, path: &str) -> Seen {
        self.call(TestRequest::get(), person, path).await
    }

    pub(super) async fn post(&self, person: &Person, path: &str, form: &[(&str, &str)]) -> Seen {
        self.call(TestRequest::post().set_form(form), person, path)
            .await
    }

    async fn call(&self, request: TestRequest, person: &Person, path: &str) -> Seen {
        let app = App::new()
            .app_data(Data::new(self.account.clone()))
            .configure(routes::routes);
        let app = init_service(app).await;
        let cookies = [
            ("__Host-browser", &person.browser),
            ("__Host-session", &person.session),
        ];
        let cookies: Vec<String> = cookies
            .into_iter()
            .filter_map(|(name, secret)| Some(format!("{name}={}", secret.as_ref()?.reveal())))
            .collect();
        let request = request
            .uri(path)
            .insert_header((COOKIE, cookies.join("; ")))
            .to_request();
        let response = call_service(&app, request).await;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let body = to_bytes(response.into_body()).await.unwrap();
        let location = headers.get(LOCATION).map(|value| value.to_str().unwrap());
        Seen {
            status,
            location: location.unwrap_or_default().to_owned(),
            headers,
            body: String::from_utf8(body.to_vec()).unwrap(),
        }
    }
}

impl Person {
    /// The digest of their session's secret.
    pub(super) fn secret(&self) -> SecretDigest {
        SecretDigest::of(self.session.as_ref().unwrap().reveal())
    }

    /// The same browser after everybody signed out.
    pub(super) fn signed_out(&self) -> Self {
        Self {
            session: None,
            ..self.clone()
        }
    }

    /// A browser that was never here.
    pub(super) fn nobody() -> Self {
        Self {
            id: UserId::new(uuid()),
            sid: uuid(),
            browser: None,
            session: None,
        }
    }

    /// This session in the browser of somebody else.
    pub(super) fn in_browser_of(&self, other: &Self) -> Self {
        Self {
            browser: other.browser.clone(),
            ..self.clone()
        }
    }
}

/// The request that a browser leaves with.
pub(super) struct Departure(RawPairs);

impl Departure {
    pub(super) fn get(&self, name: &str) -> String {
        self.0.first(name).unwrap_or_default().to_owned()
    }
}

impl Seen {
    /// Where the browser is sent to sign in.
    #[track_caller]
    pub(super) fn departure(&self) -> Departure {
        assert_eq!(self.status, 303, "{}", self.body);
        let query = self.location.strip_prefix("/authorize?");
        let query = query.unwrap_or_else(|| panic!("it goes to {:?}", self.location));
        Departure(RawPairs::parse(query.as_bytes()))
    }

    /// The cookies that it sets.
    pub(super) fn cookies(&self) -> Vec<&str> {
        let set = self.headers.get_all(SET_COOKIE);
        set.map(|value| value.to_str().unwrap()).collect()
    }

    /// The token in its form.
    pub(super) fn csrf(&self) -> &str {
        let (_, rest) = self.body.split_once("name=\"csrf\" value=\"").unwrap();
        rest.split_once('"').unwrap().0
    }
}

fn uuid() -> String {
    (&SystemEntropy as &dyn Entropy).uuid()
}
