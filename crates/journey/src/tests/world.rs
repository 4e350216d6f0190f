//! One journey on a fresh database, with a clock, a mailbox and browsers.

use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use actix_web::body::to_bytes;
use actix_web::http::header::{COOKIE, HeaderMap, LOCATION};
use actix_web::test::{TestRequest, call_service, init_service};
use actix_web::web::Data;
use actix_web::{App, dev::ServiceResponse};
use futures::channel::oneshot;
use futures::future::join;
use model::browser_session::Authentication;
use model::client::{ClientSettings, Credential};
use model::event::EventKind;
use model::interaction::{Answers, Outcome};
use model::raw_pairs::RawPairs;
use model::requirement::Requirements;
use model::secret::SecretKind;
use model::{
    ClientId, Cookies, EmailAddress, Entropy, Interaction, InteractionId, Keyring, ManualClock,
    Secret, SecretDigest, SlowHash, SystemEntropy, TeacherRecord, TotpSeed, Trn, UserId, totp,
};
use pages::{Pages, PagesSettings};
use storage::browser_sessions::{NewSession, SessionLifetimes};
use storage::clients::{NewClient, Source};
use storage::interactions::Found;
use storage::limits::Limit;
use storage::second_factors::{self, NewTotp};
use storage::testing::{Kind, START, TestDatabase, is_waited_for};
use storage::training_providers::{self, TrainingProvider};
use storage::{
    StorageError, Store, Tx, browser_sessions, clients, events, interactions, trn_links, users,
};

use crate::emails::News;
use crate::mailer::{Mail, MailError, MailKind, Mailer, Sending};
use crate::outbox;
use crate::synonyms::Synonyms;
use crate::teacher_records::{Asking, RecordQuery, RecordsUnavailable, TeacherRecords};
use crate::visitor::Visitor;
use crate::{CodeSettings, Journey, Limits, LookupLimits, Parts, RelyingParty, csrf, routes};

pub(super) const MINUTE: Duration = Duration::from_secs(60);
pub(super) const HOUR: Duration = Duration::from_secs(3_600);
pub(super) const DAY: Duration = Duration::from_secs(86_400);

/// Records what is sent, or refuses it.
#[derive(Default)]
pub(super) struct Mailbox {
    mails: Mutex<Vec<Mail>>,
    fault: Mutex<Option<MailError>>,
}

impl Mailer for Mailbox {
    fn send<'a>(&'a self, mail: &'a Mail) -> Sending<'a> {
        let fault = *self.fault.lock().unwrap();
        if fault.is_none() {
            self.mails.lock().unwrap().push(mail.clone());
        }
        Box::pin(async move { fault.map_or(Ok(()), Err) })
    }
}

impl Mailbox {
    pub(super) fn fails(&self, fault: Option<MailError>) {
        *self.fault.lock().unwrap() = fault;
    }

    pub(super) fn mails(&self) -> Vec<Mail> {
        self.mails.lock().unwrap().clone()
    }

    pub(super) fn count(&self) -> usize {
        self.mails.lock().unwrap().len()
    }

    /// The news that was sent, in order.
    pub(super) fn news(&self) -> Vec<News> {
        let news = self.mails().into_iter().filter_map(|mail| match mail.kind {
            MailKind::News(news) => Some(news),
            _ => None,
        });
        news.collect()
    }

    /// The code in the last sign-in mail.
    pub(super) fn code(&self) -> String {
        self.last().0
    }

    /// The path of the link in the last sign-in mail.
    pub(super) fn link(&self) -> String {
        let (_, link) = self.last();
        link.strip_prefix("https://identity.example")
            .unwrap()
            .to_owned()
    }

    fn last(&self) -> (String, String) {
        let mails = self.mails.lock().unwrap();
        let last = mails.iter().rev().find_map(|mail| match &mail.kind {
            MailKind::SignInCode(email) => {
                Some((email.code.reveal().clone(), email.link.reveal().clone()))
            }
            _ => None,
        });
        last.unwrap()
    }
}

/// The teaching records, while they can be asked. Every look-up finds all of them, as far as it is
/// up to the records.
#[derive(Default)]
pub(super) struct Records {
    all: Mutex<Vec<TeacherRecord>>,
    asked: Mutex<Vec<RecordQuery>>,
    is_down: Mutex<bool>,
}

impl TeacherRecords for Records {
    fn find<'a>(&'a self, query: &'a RecordQuery) -> Asking<'a, Vec<TeacherRecord>> {
        self.asked.lock().unwrap().push(query.clone());
        let found = self.answer(Clone::clone);
        Box::pin(async move { found })
    }

    fn record<'a>(&'a self, trn: &'a Trn) -> Asking<'a, Option<TeacherRecord>> {
        let found = self.answer(|all| all.iter().find(|record| record.trn == *trn).cloned());
        Box::pin(async move { found })
    }
}

impl Records {
    fn answer<T>(&self, read: impl Fn(&Vec<TeacherRecord>) -> T) -> Result<T, RecordsUnavailable> {
        if *self.is_down.lock().unwrap() {
            return Err(RecordsUnavailable);
        }
        Ok(read(&self.all.lock().unwrap()))
    }

    pub(super) fn add(&self, record: TeacherRecord) {
        self.all.lock().unwrap().push(record);
    }

    pub(super) fn are_down(&self, is_down: bool) {
        *self.is_down.lock().unwrap() = is_down;
    }

    /// What was asked, in order.
    pub(super) fn asked(&self) -> Vec<RecordQuery> {
        self.asked.lock().unwrap().clone()
    }
}

/// The journey and everything around it.
pub(super) struct World {
    pub(super) records: Arc<Records>,
    pub(super) journey: Journey,
    pub(super) store: Store,
    pub(super) clock: Arc<ManualClock>,
    pub(super) mailbox: Arc<Mailbox>,
    _database: TestDatabase,
}

/// Runs a test in a fresh world on each database.
pub(super) async fn on_both(test: impl AsyncFn(World)) {
    on_both_with(|_| {}, test).await;
}

/// The same, with other settings.
pub(super) async fn on_both_with(change: impl Fn(&mut Parts), test: impl AsyncFn(World)) {
    for kind in Kind::BOTH {
        test(World::on(kind, &change)).await;
    }
}

/// A browser in an interaction.
#[derive(Clone)]
pub(super) struct Tab {
    pub(super) id: InteractionId,
    pub(super) browser: Secret<String>,
    pub(super) session: Option<Secret<String>>,
    pub(super) peer: IpAddr,
}

/// An answer, as the browser sees it.
pub(super) struct Seen {
    pub(super) status: u16,
    pub(super) location: Option<String>,
    pub(super) headers: HeaderMap,
    pub(super) body: String,
}

impl World {
    fn on(kind: Kind, change: impl Fn(&mut Parts)) -> Self {
        let database = TestDatabase::create(kind);
        let clock = Arc::new(ManualClock::starting_at(START));
        let store = database.open(Arc::<ManualClock>::clone(&clock));
        let mailbox = Arc::new(Mailbox::default());
        let records = Arc::new(Records::default());
        let mut parts = Parts {
            issuer: "https://identity.example".to_owned(),
            cookies: Cookies::Secure,
            code: CodeSettings {
                life: 15 * MINUTE,
                tries: 5,
            },
            limits: Limits {
                tries_per_address: limit(20, DAY),
                tries_per_client_address: limit(100, HOUR),
                tries_in_all: limit(5_000, HOUR),
                factor_tries_per_interaction: limit(5, 15 * MINUTE),
                factor_tries_per_account: limit(20, DAY),
                sends_per_address: limit(5, 15 * MINUTE),
                sends_per_address_long: limit(20, DAY),
                sends_per_client_address: limit(200, HOUR),
                sends_in_all: limit(2_500, MINUTE),
            },
            address_change_notice: 2 * DAY,
            workplace_domains: vec!["academy.example".to_owned()],
            store: store.clone(),
            pages: Pages::new(PagesSettings::default()).unwrap(),
            mailer: Arc::<Mailbox>::clone(&mailbox),
            slow_hash: SlowHash::default(),
            keyring: Keyring::new(&[(1, Secret::new([7; 32]))]).unwrap(),
            teacher_records: Arc::<Records>::clone(&records),
            lookups: LookupLimits {
                per_interaction: limit(5, DAY),
                per_account: limit(20, DAY),
            },
            synonyms: Synonyms::built_in().unwrap(),
            passkeys: RelyingParty::of("https://identity.example", "Get an identity"),
            entropy: Arc::new(SystemEntropy),
        };
        change(&mut parts);
        Self {
            journey: Journey::new(parts),
            store,
            clock,
            mailbox,
            records,
            _database: database,
        }
    }

    /// Registers the service that sends people here.
    pub(super) async fn register(&self, settings: ClientSettings) {
        let inserted = self.store.write(move |tx| {
            let new = NewClient {
                id: &ClientId::parse("demo").unwrap(),
                settings: &settings,
                credential: &Credential::default(),
                source: Source::CommandLine,
                source_digest: None,
            };
            clients::insert(tx, &new)
        });
        assert!(inserted.await.unwrap());
    }

    /// A new browser that a service has just sent here.
    pub(super) async fn tab(&self) -> Tab {
        self.tab_asking(|_| {}).await
    }

    /// The same, with other demands.
    pub(super) async fn tab_asking(&self, change: impl FnOnce(&mut Requirements)) -> Tab {
        let browser = SecretKind::Browser.mint(&SystemEntropy);
        self.tab_of(browser, None, |interaction| {
            change(&mut interaction.requirements);
        })
        .await
    }

    /// A new interaction in a browser.
    pub(super) async fn tab_of(
        &self,
        browser: Secret<String>,
        session: Option<Secret<String>>,
        change: impl FnOnce(&mut Interaction),
    ) -> Tab {
        let entropy: &dyn Entropy = &SystemEntropy;
        let now = self.store.clock().now();
        let id = InteractionId::new(entropy.ordered_uuid(now));
        let mut interaction = Interaction {
            return_to: format!("/authorize/resume/{id}"),
            id: id.clone(),
            client_id: ClientId::parse("demo").unwrap(),
            service_name: "Demo service".to_owned(),
            raw_parameters: RawPairs::default(),
            requirements: Requirements::default(),
            form_action: "https://service.example".to_owned(),
            login_hint: None,
            answers: Answers::default(),
            sealed_details: None,
            sealed_factor: None,
            outcome: None,
            wrong_codes: 0,
            created_at: now,
            expires_at: now.plus(DAY),
        };
        change(&mut interaction);
        let digest = SecretDigest::of(browser.reveal());
        self.store
            .write(move |tx| interactions::insert(tx, &interaction, &digest))
            .await
            .unwrap();
        Tab {
            id,
            browser,
            session,
            peer: "192.0.2.1".parse().unwrap(),
        }
    }

    /// The session of a person who signed in a minute ago, and their id.
    pub(super) async fn session_of(&self, address: &str) -> (Secret<String>, UserId) {
        let user_id = self.account_of(address).await;
        let secret = SecretKind::BrowserSession.mint(&SystemEntropy);
        let minute_ago = self.store.clock().now().minus(MINUTE);
        let new = NewSession {
            secret: SecretDigest::of(secret.reveal()),
            sid: (&SystemEntropy as &dyn Entropy).uuid(),
            authentication: Authentication::by_email(user_id.clone(), minute_ago),
            selected_at: minute_ago,
        };
        let lifetimes = SessionLifetimes {
            idle: HOUR,
            absolute: 12 * HOUR,
        };
        self.store
            .write(move |tx| browser_sessions::open(tx, &new, None, lifetimes))
            .await
            .unwrap();
        (secret, user_id)
    }

    /// The account of an address, made if there is none.
    pub(super) async fn account_of(&self, address: &str) -> UserId {
        let address = EmailAddress::parse(address).unwrap();
        let id = UserId::new((&SystemEntropy as &dyn Entropy).uuid());
        self.store
            .write(move |tx| Ok(users::sign_in(tx, &address, &id)?.user_id().clone()))
            .await
            .unwrap()
    }

    /// The tab's browser, as pages know it.
    pub(super) fn visitor(&self, tab: &Tab) -> Visitor {
        let request = TestRequest::default()
            .uri(&tab.url("/"))
            .insert_header((COOKIE, tab.cookies()))
            .to_http_request();
        Visitor::of(&self.journey, &request).unwrap()
    }

    /// Begins a unit of work, lets `meanwhile` end or wait for it, and ends it; what both give.
    pub(super) async fn interleaved<A, B, T>(
        &self,
        begin: impl FnOnce(&mut Tx<'_>) -> Result<A, StorageError> + Send + 'static,
        meanwhile: impl Future<Output = T>,
        end: impl FnOnce(&mut Tx<'_>, A) -> Result<B, StorageError> + Send + 'static,
    ) -> (Result<B, StorageError>, T)
    where
        B: Send + 'static,
    {
        let is_over = Arc::new(AtomicBool::new(false));
        let ended = Arc::clone(&is_over);
        let (start, started) = oneshot::channel();
        let first = self.store.write(move |tx| {
            let first = begin(tx)?;
            start.send(()).unwrap();
            while !ended.load(Ordering::Acquire) && !is_waited_for(tx)? {
                std::thread::yield_now();
            }
            end(tx, first)
        });
        let second = async {
            started.await.unwrap();
            let value = meanwhile.await;
            is_over.store(true, Ordering::Release);
            value
        };
        join(first, second).await
    }

    /// Gives an account an authenticator app; the code of the step before last proved it.
    pub(super) async fn set_up_app(&self, user_id: &UserId) -> TotpSeed {
        let seed = TotpSeed::mint(&SystemEntropy);
        let step = totp::step_of(self.store.clock().now()) - 2;
        let keyring = &self.journey.keyring;
        let new = NewTotp::seal(&seed, step, user_id, keyring, &SystemEntropy);
        let user_id = user_id.clone();
        self.store
            .write(move |tx| second_factors::set_totp(tx, &user_id, &new))
            .await
            .unwrap();
        seed
    }

    /// Opens a page of the tab's interaction, or any path that has its own query.
    pub(super) async fn open(&self, tab: &Tab, path: &str) -> Seen {
        self.call(TestRequest::get(), tab, path).await
    }

    /// Sends the form of a page, with the token that it would carry.
    pub(super) async fn post(&self, tab: &Tab, path: &str, fields: &[(&str, &str)]) -> Seen {
        let csrf = csrf::token(&self.journey.keyring, &tab.browser, &tab.id);
        let fields = [fields, &[("csrf", csrf.as_str())]].concat();
        self.post_bare(tab, path, &fields).await
    }

    /// Sends a form as it is.
    pub(super) async fn post_bare(&self, tab: &Tab, path: &str, fields: &[(&str, &str)]) -> Seen {
        let request = TestRequest::post().set_form(fields);
        self.call(request, tab, path).await
    }

    async fn call(&self, request: TestRequest, tab: &Tab, path: &str) -> Seen {
        let app = App::new()
            .app_data(Data::new(self.journey.clone()))
            .configure(routes);
        let app = init_service(app).await;
        let request = request.uri(&uri(tab, path));
        let request = match tab.cookies() {
            cookies if cookies.is_empty() => request,
            cookies => request.insert_header((COOKIE, cookies)),
        };
        let request = request.peer_addr(SocketAddr::new(tab.peer, 1)).to_request();
        Seen::of(call_service(&app, request).await).await
    }

    /// Sends many forms at once.
    pub(super) async fn post_all(
        &self,
        tab: &Tab,
        path: &str,
        forms: impl IntoIterator<Item = Vec<(&'static str, String)>>,
    ) -> Vec<Seen> {
        let app = App::new()
            .app_data(Data::new(self.journey.clone()))
            .configure(routes);
        let app = init_service(app).await;
        let csrf = csrf::token(&self.journey.keyring, &tab.browser, &tab.id);
        let answers = forms.into_iter().map(|mut form| {
            form.push(("csrf", csrf.clone()));
            let request = TestRequest::post()
                .uri(&uri(tab, path))
                .insert_header((COOKIE, tab.cookies()))
                .peer_addr(SocketAddr::new(tab.peer, 1))
                .set_form(form)
                .to_request();
            async { Seen::of(call_service(&app, request).await).await }
        });
        futures::future::join_all(answers).await
    }

    /// Types an address on the email page.
    pub(super) async fn enter_email(&self, tab: &Tab, address: &str) -> Seen {
        self.post(tab, "/sign-in/email", &[("email", address)])
            .await
    }

    /// Types a code on the code page.
    pub(super) async fn enter_code(&self, tab: &Tab, code: &str) -> Seen {
        self.post(tab, "/sign-in/email-code", &[("code", code)])
            .await
    }

    /// A code that was not sent last.
    pub(super) fn wrong_code(&self) -> String {
        let right: u32 = self.mailbox.code().parse().unwrap();
        format!("{:06}", (right + 1) % 1_000_000)
    }

    /// The interaction as it is stored.
    pub(super) async fn interaction(&self, tab: &Tab) -> Interaction {
        let (id, digest) = (tab.id.clone(), SecretDigest::of(tab.browser.reveal()));
        let find = self
            .store
            .read(move |tx| interactions::find(tx, &id, Some(&digest)));
        match find.await.unwrap() {
            Found::Open(interaction) | Found::Over(interaction) => *interaction,
            other => panic!("{other:?}"),
        }
    }

    /// Who the interaction signed in; `None` while it has not.
    pub(super) async fn signed_in(&self, tab: &Tab) -> Option<Authentication> {
        match self.interaction(tab).await.outcome {
            Some(Outcome::SignedIn { authentication, .. }) => Some(authentication),
            _ => None,
        }
    }

    /// Sends what waits in the outbox.
    pub(super) async fn deliver_mail(&self) {
        while let Some(message) = self
            .store
            .write(|tx| storage::outbox::claim(tx, MINUTE))
            .await
            .unwrap()
        {
            outbox::deliver(&self.journey, &message).await.unwrap();
        }
    }

    /// How many look-ups the job would make now.
    pub(super) async fn due_lookups(&self) -> usize {
        let claim = self.store.write(|tx| {
            let mut due = 0;
            while trn_links::claim(tx, MINUTE)?.is_some() {
                due += 1;
            }
            Ok(due)
        });
        claim.await.unwrap()
    }

    /// Replaces the list of training providers.
    pub(super) async fn has_providers(&self, providers: &[(&str, &str)]) {
        let providers: Vec<_> = providers
            .iter()
            .map(|(ukprn, name)| TrainingProvider {
                ukprn: (*ukprn).to_owned(),
                name: (*name).to_owned(),
            })
            .collect();
        self.store
            .write(move |tx| training_providers::replace_all(tx, &providers))
            .await
            .unwrap();
    }

    /// How often something happened.
    pub(super) async fn events(&self, kind: EventKind) -> i64 {
        let count = self.store.read(move |tx| events::count(tx, kind));
        count.await.unwrap()
    }

    /// Asserts that a refusal signed nobody in, made no account and sent no more than `mails`.
    pub(super) async fn assert_nothing_came_of(&self, tab: &Tab, mails: usize) {
        let interaction = self.interaction(tab).await;
        assert_eq!(interaction.outcome, None);
        assert_eq!(interaction.answers.authentication, None);
        assert_eq!(self.events(EventKind::SignedIn).await, 0);
        assert_eq!(self.events(EventKind::AccountCreated).await, 0);
        assert_eq!(self.mailbox.count(), mails);
    }
}

pub(super) const fn limit(count: u32, per: Duration) -> Limit {
    Limit { count, per }
}

fn uri(tab: &Tab, path: &str) -> String {
    if path.contains('?') || path.starts_with("/sign-in/link/") {
        path.to_owned()
    } else {
        format!("{path}?i={}", tab.id)
    }
}

impl Tab {
    fn cookies(&self) -> String {
        let mut cookies = Vec::new();
        if !self.browser.reveal().is_empty() {
            cookies.push(format!("__Host-browser={}", self.browser.reveal()));
        }
        if let Some(session) = &self.session {
            cookies.push(format!("__Host-session={}", session.reveal()));
        }
        cookies.join("; ")
    }

    /// The URL of a page in this tab.
    pub(super) fn url(&self, path: &str) -> String {
        format!("{path}?i={}", self.id)
    }

    /// Where the journey returns to.
    pub(super) fn return_to(&self) -> String {
        format!("/authorize/resume/{}", self.id)
    }

    /// The same tab at another client address.
    pub(super) fn at(&self, peer: &str) -> Self {
        let peer = peer.parse().unwrap();
        Self {
            peer,
            ..self.clone()
        }
    }

    /// Another browser that was given this tab's address.
    pub(super) fn copied_elsewhere(&self) -> Self {
        let browser = SecretKind::Browser.mint(&SystemEntropy);
        Self {
            browser,
            session: None,
            ..self.clone()
        }
    }

    /// A browser that keeps no cookies, given this tab's address.
    pub(super) fn without_cookies(&self) -> Self {
        Self {
            browser: Secret::new(String::new()),
            session: None,
            ..self.clone()
        }
    }
}

impl Seen {
    async fn of(response: ServiceResponse) -> Self {
        let status = response.status().as_u16();
        let headers = response.headers().clone();
        let location = headers
            .get(LOCATION)
            .map(|value| value.to_str().unwrap().to_owned());
        let body = to_bytes(response.into_body()).await.unwrap();
        Self {
            status,
            location,
            headers,
            body: String::from_utf8(body.to_vec()).unwrap(),
        }
    }

    /// Asserts that the browser is sent on.
    #[track_caller]
    pub(super) fn goes_to(&self, path: impl AsRef<str>) {
        assert_eq!(self.status, 303, "{}", self.body);
        assert_eq!(self.location.as_deref(), Some(path.as_ref()));
    }

    /// Asserts that a page is shown.
    #[track_caller]
    pub(super) fn shows(&self, status: u16, text: &str) {
        assert_eq!(self.status, status, "{:?} {}", self.location, self.body);
        assert!(self.body.contains(text), "no {text:?} in {}", self.body);
    }
}
