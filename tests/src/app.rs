//! The provider in this process, on a database of its own, with a clock that the test advances.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, LazyLock, Mutex, mpsc};
use std::thread::JoinHandle;
use std::time::Duration;

use actix_web::dev::ServerHandle;
use model::signing_key::StoredKey;
use model::{Clock, ManualClock, SystemEntropy};
use server::app::bind;
use server::compose::{Composition, Nature};
use server::config::clients::ClientEntry;
use server::config::environment::Environment;
use server::config::layers::Sources;
use server::health::Health;
use storage::testing::{Kind, START, TestDatabase};
use storage::{Store, signing_keys};

use crate::{Browser, ISSUER, Mailbox, RelyingParty, Wire, clients, deployment};

/// The one sealing key of all tests: 32 bytes in base64.
pub const KEYRING: &str = "1:c2l4dGVlbiBieXRlcyBhbmQgc2l4dGVlbiBtb3JlISE=";

/// Runs a test on a fresh provider on SQLite, then on one on PostgreSQL.
pub async fn on_both(test: impl AsyncFn(App)) {
    for kind in Kind::BOTH {
        // Tells which database it was when the test fails.
        println!("on {kind:?}:");
        test(App::start_on(kind).await).await;
    }
}

/// A running provider. It stops, and its database goes, with this value.
pub struct App {
    _serving: Serving,
    wire: Wire,
    composition: Composition,
    clients: Vec<ClientEntry>,
    clock: Arc<ManualClock>,
    variables: BTreeMap<String, String>,
    // Its data goes when nothing is left that uses it.
    _database: TestDatabase,
}

impl App {
    /// Starts a provider on SQLite with the everyday clients.
    pub async fn start() -> Self {
        Self::start_on(Kind::Sqlite).await
    }

    /// Starts a provider on either database with the everyday clients.
    pub async fn start_on(kind: Kind) -> Self {
        Self::start_with(kind, clients::everyday(), &[]).await
    }

    /// Starts a provider with these clients and settings (`http.body_limit` and the like).
    pub async fn start_with(
        kind: Kind,
        clients: Vec<ClientEntry>,
        settings: &[(&str, &str)],
    ) -> Self {
        let clock = Arc::new(ManualClock::starting_at(START));
        let database = tokio::task::spawn_blocking({
            let clock = Arc::clone(&clock);
            move || {
                let database = TestDatabase::create(kind);
                share_signing_keys(&database, &clock);
                database
            }
        });
        let database = database.await.unwrap();
        let mut all = BTreeMap::from([
            ("environment", "test"),
            ("issuer", ISSUER),
            ("http.listen", "127.0.0.1:0"),
            ("http.workers", "1"),
            ("database.url", &database.url),
            ("database.connections", "20"),
            ("secrets.keyring", KEYRING),
        ]);
        all.extend(settings.iter().copied());
        let variables: BTreeMap<String, String> = all
            .into_iter()
            .map(|(key, value)| (variable(key), value.to_owned()))
            .collect();
        let sources = Sources {
            directory: Path::new(env!("CARGO_MANIFEST_DIR")).join("../config"),
            environment: Environment::Test,
            variables: variables.clone(),
        };
        let config = server::config::load(&sources).unwrap().config;
        let nature = Nature {
            clock: Arc::<ManualClock>::clone(&clock),
            entropy: Arc::new(SystemEntropy),
        };
        let entries = clients.clone();
        let composed = tokio::task::spawn_blocking({
            let config = config.clone();
            move || Composition::new(&config, entries, &nature)
        });
        let composition = composed.await.unwrap().unwrap();
        let serving = Serving::start(config, composition.clone());
        let wire = Wire::to(serving.address);
        Self {
            _serving: serving,
            wire,
            composition,
            clients,
            clock,
            variables,
            _database: database,
        }
    }

    /// Runs a command of the program on the same database; it must end well.
    pub fn run(&self, arguments: &[&str]) {
        let output = deployment::program(&self.variables)
            .args(arguments)
            .output();
        let output = output.unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{arguments:?}: {said}");
    }

    /// Fills in the teaching records and training providers that ship as samples.
    pub fn import_samples(&self) {
        self.run(&["records", "import", "config/teacher-records.sample.csv"]);
        self.run(&[
            "providers",
            "import",
            "config/training-providers.sample.csv",
        ]);
    }

    /// The way to it.
    pub fn wire(&self) -> &Wire {
        &self.wire
    }

    /// A browser that nobody has used.
    pub fn browser(&self) -> Browser {
        Browser::new(self.wire.clone())
    }

    /// Everybody's mail.
    pub fn mailbox(&self) -> Mailbox {
        Mailbox::OfTheProvider(self.wire.clone())
    }

    /// The relying party of a registered client, which has discovered the provider.
    pub async fn relying_party(&self, client_id: &str) -> RelyingParty {
        let clock = Arc::<ManualClock>::clone(&self.clock);
        RelyingParty::discover(self.wire.clone(), self.client(client_id), clock).await
    }

    /// A registered client.
    pub fn client(&self, client_id: &str) -> &ClientEntry {
        self.clients
            .iter()
            .find(|client| client.id.as_str() == client_id)
            .unwrap()
    }

    /// Lets time pass.
    pub fn advance(&self, duration: Duration) {
        self.clock.advance(duration);
    }

    /// The present second.
    pub fn now(&self) -> i64 {
        self.clock.now().seconds()
    }

    /// What it is put together from.
    pub fn composition(&self) -> &Composition {
        &self.composition
    }

    /// Its database.
    pub fn store(&self) -> &Store {
        &self.composition.ground.store
    }

    /// How many rows each table has, but for the logs of events and of refusals.
    pub async fn rows(&self) -> BTreeMap<String, i64> {
        let mut rows = self
            .store()
            .read(storage::testing::row_counts)
            .await
            .unwrap();
        rows.remove("events");
        rows.remove("refusals");
        rows
    }

    /// Sends the mail that waits.
    pub async fn deliver_mail(&self) {
        let claim = |tx: &mut storage::Tx<'_>| storage::outbox::claim(tx, Duration::from_secs(60));
        while let Some(message) = self.store().write(claim).await.unwrap() {
            journey::outbox::deliver(&self.composition.journey, &message)
                .await
                .unwrap();
            let done = self
                .store()
                .write(move |tx| storage::outbox::complete(tx, &message.id));
            done.await.unwrap();
        }
    }
}

/// `http.listen` is set by `IDENTITY__HTTP__LISTEN`.
pub fn variable(key: &str) -> String {
    format!("IDENTITY__{}", key.replace('.', "__").to_ascii_uppercase())
}

/// RSA keys take long to make: they are made once for all providers of this process. Each test
/// still rotates its own.
fn share_signing_keys(database: &TestDatabase, clock: &Arc<ManualClock>) {
    static MADE: LazyLock<Mutex<Option<Vec<StoredKey>>>> = LazyLock::new(Mutex::default);
    let mut made = MADE.lock().unwrap();
    let store = database.open(Arc::<ManualClock>::clone(clock));
    let keys = made
        .get_or_insert_with(|| make_signing_keys(&store))
        .clone();
    let stored = store.write_blocking(move |tx| {
        keys.iter()
            .try_for_each(|key| signing_keys::insert(tx, key).map(drop))
    });
    stored.unwrap();
}

fn make_signing_keys(store: &Store) -> Vec<StoredKey> {
    let keys = server::config::secrets::SealingKeys::parse(KEYRING).unwrap();
    let sources = Sources {
        directory: Path::new(env!("CARGO_MANIFEST_DIR")).join("../config"),
        environment: Environment::Test,
        variables: BTreeMap::new(),
    };
    let upkeep = protocol::keys::KeyUpkeep {
        store: store.clone(),
        rotation: server::config::load(&sources).unwrap().config.keys.rotation,
        keyring: model::Keyring::new(keys.keys()).unwrap(),
        entropy: Arc::new(SystemEntropy),
    };
    upkeep.keep_up().unwrap()
}

/// A server on a thread of its own.
struct Serving {
    address: SocketAddr,
    handle: ServerHandle,
    thread: Option<JoinHandle<()>>,
}

impl Serving {
    fn start(config: server::config::Config, composition: Composition) -> Self {
        let (tell, told) = mpsc::channel();
        let thread = std::thread::spawn(move || {
            actix_web::rt::System::new().block_on(async move {
                let health = Health::new(
                    composition.ground.store.clone(),
                    config.database.health_timeout,
                );
                let bound = bind(&config, &composition, &health).unwrap();
                drop((composition, health));
                tell.send((bound.addresses[0], bound.server.handle()))
                    .unwrap();
                bound.server.await.unwrap();
            });
        });
        let (address, handle) = told.recv().expect("the server starts");
        Self {
            address,
            handle,
            thread: Some(thread),
        }
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        // The command is sent when the future is made; the thread then ends by itself.
        drop(self.handle.stop(false));
        if let Some(thread) = self.thread.take() {
            // A server that panicked has failed its test already.
            thread.join().ok();
        }
    }
}
