//! Puts the program together from its configuration: the only place that knows every crate.

mod error;

use std::panic::resume_unwind;
use std::sync::Arc;

use account::{Account, Passkeys};
use journey::mailer::Mailer;
use journey::synonyms::Synonyms;
use journey::teacher_records::TeacherRecords;
use journey::{Journey, RelyingParty};
use model::redirect_uri::InvalidRedirectUri;
use model::{Clock, Cookies, Entropy, Keyring, SlowHash, SystemClock, SystemEntropy};
use pages::Pages;
use protocol::client_keys::ClientKeys;
use protocol::client_secret::SecretChecker;
use protocol::clients::Clients;
use protocol::keys::{KeyUpkeep, Keys};
use protocol::outbound::Outbound;
use protocol::registration::Registration;
use protocol::{Lifetimes, Provider, Subjects};
use storage::{MigrationState, Store};

use crate::adapters::dev_mailbox::DevMailbox;
use crate::adapters::notify::NotifyMailer;
use crate::adapters::smtp::SmtpMailer;
use crate::adapters::teacher_records::embedded::EmbeddedRecords;
use crate::adapters::teacher_records::http::{HttpRecords, UnusableRecordsApi};
use crate::config::Config;
use crate::config::clients::ClientEntry;
use crate::config::mail::Mail;
use crate::config::teacher_records::RecordsSource;
use crate::registration;
use crate::sealing;

pub use error::{StartError, UnusableCa, UnusableSynonyms};

/// Time and chance, which tests replace.
#[derive(Clone)]
pub struct Nature {
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// Gives unguessable bytes.
    pub entropy: Arc<dyn Entropy>,
}

impl Nature {
    /// The machine's own.
    #[must_use]
    pub fn of_the_machine() -> Self {
        Self {
            clock: Arc::new(SystemClock),
            entropy: Arc::new(SystemEntropy),
        }
    }
}

/// The sealing keys and the database, which every command needs.
#[derive(Clone)]
pub struct Ground {
    /// Seals and digests.
    pub keyring: Keyring,
    /// The database, migrated.
    pub store: Store,
    /// The threads that hash what is slow to hash, for everybody.
    pub slow_hash: SlowHash,
    /// Keeps the stored signing keys up.
    pub upkeep: KeyUpkeep,
}

/// Opens the database and does nothing to it.
///
/// # Errors
///
/// [`StartError`] when it cannot be reached.
pub fn open_store(config: &Config, nature: &Nature) -> Result<Store, StartError> {
    Ok(Store::open(
        &config.database.store(),
        Arc::clone(&nature.clock),
    )?)
}

impl Ground {
    /// Opens keyring and database, and migrates if the configuration says so. Blocks, so it is
    /// not for a thread that drives a runtime.
    ///
    /// # Errors
    ///
    /// [`StartError`] names what is missing.
    pub fn open(config: &Config, nature: &Nature) -> Result<Self, StartError> {
        let keyring = sealing::open(&config.secrets, &*nature.entropy)?;
        let store = open_store(config, nature)?;
        if config.database.migrate_on_start {
            store.migrate()?;
        } else if let MigrationState::Pending(names) = store.migration_state()? {
            return Err(StartError::NotMigrated(names));
        }
        let upkeep = KeyUpkeep {
            store: store.clone(),
            rotation: config.keys.rotation,
            keyring: keyring.clone(),
            entropy: Arc::clone(&nature.entropy),
        };
        Ok(Self {
            keyring,
            store,
            slow_hash: SlowHash::default(),
            upkeep,
        })
    }
}

/// The whole program, ready to be served.
#[derive(Clone)]
pub struct Composition {
    /// The sealing keys and the database.
    pub ground: Ground,
    /// The endpoints of the provider.
    pub provider: Provider,
    /// The pages of the journey.
    pub journey: Journey,
    /// The account area.
    pub account: Account,
    /// The pages.
    pub pages: Pages,
    /// The mailbox page, where mail stays here.
    pub mailbox: Option<DevMailbox>,
}

impl Composition {
    /// Puts everything together: makes the first signing keys, registers the clients of the
    /// clients file. Blocks, so it is not for a thread that drives a runtime.
    ///
    /// # Errors
    ///
    /// [`StartError`] names what is missing.
    pub fn new(
        config: &Config,
        clients: Vec<ClientEntry>,
        nature: &Nature,
    ) -> Result<Self, StartError> {
        // Templates are read while the database answers.
        let (stored, pages) = std::thread::scope(|scope| {
            let stored = scope.spawn(|| Stored::open(config, clients, nature));
            let pages = Pages::new(config.presentation.pages());
            let stored = stored.join().unwrap_or_else(|panic| resume_unwind(panic));
            (stored, pages)
        });
        let (Stored { ground, signing }, pages) = (stored?, pages?);
        let (mailer, mailbox) = mailer(config, nature)?;
        let provider = provider(config, nature, &ground, signing, &pages)?;
        let journey = journey(config, nature, &ground, mailer, &pages)?;
        let account = account(config, &journey);
        Ok(Self {
            ground,
            provider,
            journey,
            account,
            pages,
            mailbox,
        })
    }
}

/// What the database holds that the provider needs from the start.
struct Stored {
    ground: Ground,
    signing: (Keys, Subjects),
}

impl Stored {
    fn open(
        config: &Config,
        clients: Vec<ClientEntry>,
        nature: &Nature,
    ) -> Result<Self, StartError> {
        let ground = Ground::open(config, nature)?;
        let (store, keyring, entropy) = (&ground.store, &ground.keyring, &*nature.entropy);
        let keys = Keys::open(&ground.upkeep.keep_up()?, keyring)?;
        registration::follow(clients, store, keyring, entropy)?;
        registration::follow_built_in(account_client(config)?, store, keyring, entropy)?;
        let subjects = Subjects::open(store, keyring, entropy)?;
        Ok(Self {
            signing: (keys, subjects),
            ground,
        })
    }
}

/// How this deployment's cookies are named and set.
#[must_use]
pub fn cookies(config: &Config) -> Cookies {
    if config.issuer.is_https() {
        Cookies::Secure
    } else {
        Cookies::Loopback
    }
}

fn provider(
    config: &Config,
    nature: &Nature,
    ground: &Ground,
    (keys, subjects): (Keys, Subjects),
    pages: &Pages,
) -> Result<Provider, StartError> {
    Ok(Provider::new(protocol::Parts {
        issuer: protocol::Issuer::new(config.issuer.as_str().to_owned()),
        cookies: cookies(config),
        journey: journey::START,
        lifetimes: Lifetimes {
            session: config.sign_in.session,
            interaction: config.sign_in.interaction,
            authorization_code: config.tokens.authorization_code,
            access_token: config.tokens.access_token,
            id_token: config.tokens.id_token,
            refresh_idle: config.tokens.refresh_idle,
            refresh_absolute: config.tokens.refresh_absolute,
            published: config.keys.published_max_age,
        },
        store: ground.store.clone(),
        pages: pages.clone(),
        keys,
        keyring: ground.keyring.clone(),
        clients: Clients::new(ground.store.clone()),
        client_keys: ClientKeys::new(outbound(config)?),
        request_objects: outbound(config)?,
        outbound: outbound(config)?,
        registration: registration(config)?,
        subjects,
        secrets: SecretChecker::new(ground.keyring.clone(), ground.slow_hash.clone()),
        entropy: Arc::clone(&nature.entropy),
    }))
}

/// A way out to clients' own servers.
pub(crate) fn outbound(config: &Config) -> Result<Outbound, UnusableCa> {
    let allowed_hosts = config.outbound.allowed_hosts.clone();
    let Some(file) = &config.outbound.ca_file else {
        return Ok(Outbound::new(allowed_hosts));
    };
    let pem = std::fs::read(file).map_err(UnusableCa::Unreadable)?;
    Ok(Outbound::trusting(allowed_hosts, &pem)?)
}

/// How clients may register themselves, if they may.
fn registration(config: &Config) -> Result<Option<Registration>, UnusableCa> {
    let rules = &config.registration;
    if !rules.enabled {
        return Ok(None);
    }
    Ok(Some(Registration {
        initial_access_token: rules.initial_access_token,
        scope: rules.scope.clone(),
        per_client_address: rules.per_client_address,
        in_all: rules.in_all,
        outbound: outbound(config)?,
    }))
}

/// The account area as a client of ours.
fn account_client(config: &Config) -> Result<ClientEntry, InvalidRedirectUri> {
    let product_name = &config.presentation.product_name;
    Ok(ClientEntry {
        id: account::client::id(),
        settings: account::client::settings(config.issuer.as_str(), product_name)?,
        secret: None,
    })
}

fn account(config: &Config, journey: &Journey) -> Account {
    Account::new(account::Parts {
        issuer: journey.issuer.clone(),
        cookies: journey.cookies,
        session: config.sign_in.session,
        absence: config.sign_in.interaction,
        passkeys: match journey.passkeys {
            Some(_) => Passkeys::Offered,
            None => Passkeys::Unavailable,
        },
        store: journey.store.clone(),
        pages: journey.pages.clone(),
        keyring: journey.keyring.clone(),
        entropy: Arc::clone(&journey.entropy),
    })
}

/// The journey without a server around it, for the commands of staff.
pub(crate) fn journey_alone(
    config: &Config,
    nature: &Nature,
    ground: &Ground,
) -> Result<Journey, StartError> {
    let pages = Pages::new(config.presentation.pages())?;
    let (mailer, _) = mailer(config, nature)?;
    journey(config, nature, ground, mailer, &pages)
}

pub(crate) fn journey(
    config: &Config,
    nature: &Nature,
    ground: &Ground,
    mailer: Arc<dyn Mailer>,
    pages: &Pages,
) -> Result<Journey, StartError> {
    let synonyms = synonyms(config)?;
    let teacher_records = teacher_records(config, nature, ground, &synonyms)?;
    Ok(Journey::new(journey::Parts {
        issuer: config.issuer.as_str().to_owned(),
        cookies: cookies(config),
        code: config.sign_in.code,
        limits: config.sign_in.limits,
        reserved_addresses: config.reserved_addresses.clone(),
        address_change_notice: config.sign_in.address_change_notice,
        workplace_domains: config.sign_in.workplace_domains.clone(),
        store: ground.store.clone(),
        pages: pages.clone(),
        mailer,
        keyring: ground.keyring.clone(),
        slow_hash: ground.slow_hash.clone(),
        teacher_records,
        lookups: config.teacher_records.lookups,
        synonyms,
        passkeys: RelyingParty::of(config.issuer.as_str(), pages.product_name()),
        entropy: Arc::clone(&nature.entropy),
    }))
}

fn synonyms(config: &Config) -> Result<Synonyms, UnusableSynonyms> {
    let Some(file) = &config.teacher_records.synonyms_file else {
        return Ok(Synonyms::built_in()?);
    };
    let text = std::fs::read_to_string(file).map_err(UnusableSynonyms::Unreadable)?;
    Ok(Synonyms::parse(&text)?)
}

fn teacher_records(
    config: &Config,
    nature: &Nature,
    ground: &Ground,
    synonyms: &Synonyms,
) -> Result<Arc<dyn TeacherRecords>, UnusableRecordsApi> {
    Ok(match &config.teacher_records.source {
        RecordsSource::Embedded => Arc::new(EmbeddedRecords::new(
            ground.store.clone(),
            ground.keyring.clone(),
        )),
        RecordsSource::Http(settings) => Arc::new(HttpRecords::new(
            settings,
            synonyms.clone(),
            Arc::clone(&nature.clock),
            Arc::clone(&nature.entropy),
        )?),
    })
}

type Outgoing = (Arc<dyn Mailer>, Option<DevMailbox>);

fn mailer(config: &Config, nature: &Nature) -> Result<Outgoing, StartError> {
    let clock = Arc::clone(&nature.clock);
    Ok(match &config.mail {
        Mail::Smtp(settings) => {
            let product_name = &config.presentation.product_name;
            (Arc::new(SmtpMailer::new(settings, product_name)?), None)
        }
        Mail::Notify(settings) => (Arc::new(NotifyMailer::new(settings, clock)?), None),
        Mail::DevMailbox => {
            let mailbox = DevMailbox::new(clock);
            (Arc::new(mailbox.clone()), Some(mailbox))
        }
    })
}
