//! The configuration as a whole: layers, faults and what is shown.

mod development;
mod shipped;
mod teacher_records;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use super::environment::Environment;
use super::layers::Sources;
use super::mail::Mail;
use super::{Loaded, load};

/// A configuration directory with the given files, and variables.
struct Scene {
    directory: tempfile::TempDir,
    environment: Environment,
    variables: BTreeMap<String, String>,
}

impl Scene {
    fn new(environment: Environment) -> Self {
        let directory = tempfile::tempdir().unwrap();
        Self {
            directory,
            environment,
            variables: BTreeMap::new(),
        }
    }

    fn file(self, name: &str, text: &str) -> Self {
        std::fs::write(self.directory.path().join(name), text).unwrap();
        self
    }

    fn variable(mut self, name: &str, value: &str) -> Self {
        self.variables
            .insert(format!("IDENTITY__{name}"), value.to_owned());
        self
    }

    fn path(&self, name: &str) -> String {
        self.directory.path().join(name).display().to_string()
    }

    fn load(&self) -> Result<Loaded, Vec<String>> {
        let sources = Sources {
            directory: self.directory.path().to_owned(),
            environment: self.environment,
            variables: self.variables.clone(),
        };
        let directory = format!("{}/", self.directory.path().display());
        load(&sources).map_err(|faults| {
            faults
                .0
                .iter()
                .map(|fault| fault.to_string().replace(&directory, ""))
                .collect()
        })
    }
}

const ENOUGH: &str = r#"
issuer = "http://localhost:8080"
[database]
url = "sqlite:data/identity.sqlite3"
[mail]
adapter = "dev-mailbox"
[contact]
organisation = "The test suite"
support_email = "help@identity.example"
"#;

fn development() -> Scene {
    Scene::new(Environment::Development).file("default.toml", ENOUGH)
}

/// A production configuration that lacks nothing but what the mail adapter needs.
fn production() -> Scene {
    let key = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
    Scene::new(Environment::Production)
        .file(
            "default.toml",
            &ENOUGH.replace("http://localhost:8080", "https://id.example.org"),
        )
        .variable("SECRETS__KEYRING", &format!("1:{key}"))
}

#[test]
fn each_layer_lies_over_the_one_before() {
    let scene = development()
        .file(
            "development.toml",
            "[session]\nidle = \"20m\"\nabsolute = \"2h\"",
        )
        .variable("SESSION__ABSOLUTE", "3h");

    let sign_in = scene.load().unwrap().config.sign_in;

    assert_eq!(sign_in.code.life, Duration::from_secs(900));
    assert_eq!(sign_in.session.idle, Duration::from_secs(20 * 60));
    assert_eq!(sign_in.session.absolute, Duration::from_secs(3 * 3_600));
}

#[test]
fn the_file_of_another_environment_is_not_read() {
    let scene = development().file("production.toml", "[session]\nidle = \"20m\"");

    let sign_in = scene.load().unwrap().config.sign_in;

    assert_eq!(sign_in.session.idle, Duration::from_secs(3_600));
}

#[test]
fn a_variable_holds_a_list_parted_by_commas() {
    let scene = development().variable("PROXIES__TRUSTED", "10.0.0.0/8, fd00::/8");

    let http = scene.load().unwrap().config.http;

    let networks: Vec<String> = http
        .trusted_proxies
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(networks, ["10.0.0.0/8", "fd00::/8"]);
}

#[test]
fn the_day_of_a_review_is_set_as_a_date_and_shown_as_people_write_it() {
    let reviewed = |day| {
        let scene = development().variable("CONTACT__ACCESSIBILITY_REVIEWED", day);
        let loaded = scene.load()?;
        Ok(loaded.config.presentation.accessibility_page().reviewed)
    };

    assert_eq!(
        reviewed("2026-11-02"),
        Ok(Some("2 November 2026".to_owned()))
    );
    let told: Vec<String> = reviewed("2 November 2026").unwrap_err();
    assert_eq!(
        told,
        [
            "contact.accessibility_reviewed: must be a date, for example \"2026-11-22\" \
             (environment variable IDENTITY__CONTACT__ACCESSIBILITY_REVIEWED)"
        ]
    );
}

#[test]
fn every_fault_is_told_at_once_with_its_place_and_what_would_be_right() {
    let scene = Scene::new(Environment::Development)
        .file(
            "default.toml",
            "issuer = \"https://id.example.org/\"\n[session]\nidel = \"1h\"\nidle = 3600\n\
             [http]\nlisten = [\n  \"127.0.0.1:8080\",\n  \"everywhere\",\n]\n[limits]\n\
             sends_per_address = \"5/15m\"\n[mail]\nadapter = \"pigeon\"\n",
        )
        .variable("JOBS__POLL", "often")
        .variable("DATABASE__CONNECTIONS", "0");

    let faults = scene.load().unwrap_err();

    assert_eq!(
        faults,
        [
            "issuer: must be an https origin such as \"https://identity.example.org\", with no \
             path, query, fragment or trailing slash (http only for localhost) (default.toml:1)",
            "http.listen[1]: must be an address and a port, for example \"127.0.0.1:8080\" \
             (default.toml:8)",
            "database.url: (or url_file, naming a file with it) must be \"sqlite:\" and the path \
             of a file, or \"postgres://user:password@host/name\" (it is not set)",
            "database.connections: must be at least 1 (environment variable \
             IDENTITY__DATABASE__CONNECTIONS)",
            "session.idle: must be a duration such as \"500ms\", \"60s\", \"15m\", \"12h\" or \
             \"90d\" (default.toml:4)",
            "session.idel: is not a setting; what can be set here: absolute, idle (default.toml:3)",
            "limits.sends_per_address: must be a rate such as \"5 per 15m\" or \"20 per 24h\", at \
             least 1 and a second (default.toml:11)",
            "mail.adapter: must be \"smtp\", \"notify\" or \"dev-mailbox\" (default.toml:13)",
            "contact.organisation: must be text that is not empty (it is not set)",
            "contact.support_email: must be an email address (it is not set)",
            "jobs.poll: must be a duration such as \"500ms\", \"60s\", \"15m\", \"12h\" or \"90d\" \
             (environment variable IDENTITY__JOBS__POLL)",
        ]
    );
}

#[test]
fn a_file_that_is_not_toml_is_told_by_its_line() {
    let scene = development().file("development.toml", "[session]\nidle = \n");

    let faults = scene.load().unwrap_err();

    assert_eq!(faults.len(), 1, "{faults:?}");
    assert!(
        faults[0].starts_with("TOML: cannot be read here: "),
        "{faults:?}"
    );
    assert!(faults[0].ends_with("(development.toml:2)"), "{faults:?}");
}

#[test]
fn a_directory_that_is_not_there_is_refused() {
    let sources = Sources {
        directory: PathBuf::from("/no/such/directory"),
        environment: Environment::Production,
        variables: BTreeMap::new(),
    };

    let faults = load(&sources).unwrap_err();

    assert_eq!(
        faults.0[0].to_string(),
        "--config-dir: must name a directory that can be read (/no/such/directory)"
    );
}

#[test]
fn variables_that_name_nothing_are_refused() {
    let scene = development()
        .variable("SESSION__IDEL", "1h")
        .variable("SESSION____IDLE", "1h");

    assert_eq!(
        scene.load().unwrap_err(),
        [
            "IDENTITY__SESSION____IDLE: must be IDENTITY__, then section and key parted by two \
          underscores (environment variable IDENTITY__SESSION____IDLE)"
        ]
    );
}

#[test]
fn a_secret_in_a_file_lies_over_every_other_layer() {
    let scene = production();
    let scene = scene
        .file("password", "from the file\n")
        .variable("MAIL__ADAPTER", "smtp")
        .variable("MAIL__SMTP__HOST", "smtp.example.org")
        .variable("MAIL__SMTP__FROM", "no-reply@example.org")
        .variable("MAIL__SMTP__USERNAME", "identity")
        .variable("MAIL__SMTP__PASSWORD", "from the variable");
    let file = scene.path("password");
    let scene = scene.variable("MAIL__SMTP__PASSWORD_FILE", &file);

    let Mail::Smtp(smtp) = scene.load().unwrap().config.mail else {
        panic!("smtp")
    };

    assert_eq!(smtp.credentials.unwrap().password.reveal(), "from the file");
    assert_eq!(smtp.port, 587);
}

#[test]
fn a_secret_file_that_cannot_be_read_is_told_by_its_setting() {
    let scene = development().variable("DATABASE__URL_FILE", "/no/such/file");

    let faults = scene.load().unwrap_err();

    assert_eq!(faults.len(), 1, "{faults:?}");
    assert!(faults[0].starts_with("database.url_file: must name a file that can be read"));
}

#[test]
fn no_secret_is_ever_shown() {
    let scene = production()
        .variable("DATABASE__URL", "postgres://app:hunter2@db/identity")
        .variable("MAIL__ADAPTER", "smtp")
        .variable("MAIL__SMTP__HOST", "smtp.example.org")
        .variable("MAIL__SMTP__FROM", "no-reply@example.org")
        .variable("MAIL__SMTP__USERNAME", "identity")
        .variable("MAIL__SMTP__PASSWORD", "hunter2");

    let loaded = scene.load().unwrap();
    let shown = loaded.to_toml();

    for text in [&shown, &format!("{loaded:?}")] {
        assert!(!text.contains("hunter2"), "{text}");
        assert!(!text.contains("AAAA"), "{text}");
    }
    assert!(shown.contains(
        "\n[mail.smtp]\nhost = \"smtp.example.org\"  # environment variable \
         IDENTITY__MAIL__SMTP__HOST\n"
    ));
    assert!(shown.contains("password = \"********\"  # environment variable"));
    assert!(shown.contains("idle = \"1h\"  # built in"));
}

#[test]
fn a_misplaced_secret_is_not_repeated_in_its_fault() {
    let scene = development()
        .variable("MAIL__PASSWORD", "hunter2")
        .variable("DATABASE__URL", "hunter2")
        .variable("HTTP__WORKERS", "hunter2");

    let faults = scene.load().unwrap_err();

    assert_eq!(faults.len(), 3);
    assert!(!faults.join("\n").contains("hunter2"), "{faults:?}");
}

#[test]
fn what_is_shown_can_be_read_again() {
    let loaded = development().load().unwrap();

    let again = Scene::new(Environment::Development)
        .file("default.toml", &loaded.to_toml())
        .load();

    let values = |loaded: &Loaded| -> Vec<(String, String, Option<String>)> {
        let settings = loaded.settings.iter();
        settings
            .map(|s| (s.section.clone(), s.key.clone(), s.shown.clone()))
            .collect()
    };
    assert_eq!(values(&again.unwrap()), values(&loaded));
}

#[test]
fn production_asks_for_keys_and_refuses_the_mailbox_page() {
    let scene = Scene::new(Environment::Production).file(
        "default.toml",
        &ENOUGH.replace("http://localhost:8080", "https://id.example.org"),
    );

    let faults = scene.load().unwrap_err();

    assert_eq!(faults.len(), 2, "{faults:?}");
    assert!(
        faults[0].starts_with("secrets.keyring: (or keyring_file"),
        "{faults:?}"
    );
    assert!(faults[1].starts_with("mail.adapter: must be \"smtp\" or \"notify\" in production"));
}

#[test]
fn plain_text_smtp_is_refused_unless_the_server_is_this_machine() {
    let scene = |host: &str| {
        production()
            .variable("MAIL__ADAPTER", "smtp")
            .variable("MAIL__SMTP__HOST", host)
            .variable("MAIL__SMTP__FROM", "no-reply@example.org")
            .variable("MAIL__SMTP__TLS", "none")
    };

    assert!(scene("localhost").load().is_ok());
    assert!(scene("127.0.0.1").load().is_ok());
    assert!(scene("::1").load().is_ok());
    for host in ["smtp.example.org", "localhost.example.org", "10.0.0.1"] {
        let faults = scene(host).load().unwrap_err();
        assert_eq!(faults.len(), 1, "{faults:?}");
        assert!(faults[0].starts_with("mail.smtp.tls: must be \"starttls\" or \"implicit\""));
    }
}

#[test]
fn settings_that_contradict_each_other_are_refused() {
    let scene = development().file(
        "development.toml",
        "[session]\nidle = \"2h\"\nabsolute = \"1h\"\n[keys]\nannounced = \"1m\"",
    );

    let faults = scene.load().unwrap_err();

    assert_eq!(
        faults,
        [
            "session.absolute: must not be shorter than session.idle (development.toml:3)",
            "keys.announced: must be longer than keys.published_max_age and a minute \
             (development.toml:5)",
        ]
    );
}

#[test]
fn plain_text_is_listened_for_on_other_addresses_only_behind_a_proxy() {
    let scene = |listen: &str, trusted: &str| {
        development()
            .variable("HTTP__LISTEN", listen)
            .variable("PROXIES__TRUSTED", trusted)
    };

    assert!(scene("127.0.0.1:80, [::1]:80", "").load().is_ok());
    assert!(scene("0.0.0.0:80", "10.0.0.0/8").load().is_ok());
    for listen in ["0.0.0.0:80", "127.0.0.1:80, 192.168.0.1:80", "[::]:80"] {
        let faults = scene(listen, "").load().unwrap_err();
        assert_eq!(
            faults,
            [
                "http.listen: must be addresses of this machine's loopback unless proxies.trusted \
                 names what ends TLS in front of it; http.tls serves https without a proxy \
                 (environment variable IDENTITY__HTTP__LISTEN)"
            ]
        );
    }
}

#[test]
fn https_is_served_with_certificate_and_key_for_an_https_issuer() {
    let scene = |certificate: &str, key: &str| {
        development()
            .variable("ISSUER", "https://id.example.org")
            .variable("HTTP__LISTEN", "")
            .variable("HTTP__TLS__LISTEN", "0.0.0.0:443")
            .variable("HTTP__TLS__CERTIFICATE_FILE", certificate)
            .variable("HTTP__TLS__KEY_FILE", key)
    };

    let http = scene("full.pem", "key.pem").load().unwrap().config.http;
    assert_eq!(http.tls.unwrap().refresh, Duration::from_secs(30));

    let half = development()
        .variable("ISSUER", "https://id.example.org")
        .variable("HTTP__TLS__KEY_FILE", "key.pem");
    assert_eq!(
        half.load().unwrap_err(),
        [
            "http.tls.listen: must have an address to serve https at (it is not set)",
            "http.tls.certificate_file: must be set beside http.tls.listen (it is not set)",
        ]
    );

    let for_nobody = scene("full.pem", "key.pem").variable("ISSUER", "http://localhost:8080");
    assert_eq!(
        for_nobody.load().unwrap_err(),
        [
            "http.tls.listen: must not be set while the issuer is http: nobody would be sent here \
             (environment variable IDENTITY__HTTP__TLS__LISTEN)"
        ]
    );

    let nowhere = development().variable("HTTP__LISTEN", "");
    assert_eq!(
        nowhere.load().unwrap_err(),
        [
            "http.listen: must have at least one address unless http.tls has (environment variable \
             IDENTITY__HTTP__LISTEN)"
        ]
    );
}
