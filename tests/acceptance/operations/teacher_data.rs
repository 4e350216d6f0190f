//! Teaching records and providers as an operator fills them, and what of a person can be read in
//! a stolen database: nothing.

use std::sync::Arc;

use acceptance::{Deployment, Kind};
use journey::teacher_records::TeacherRecords as _;
use model::{DateOfBirth, EmailAddress, Keyring, NationalInsuranceNumber, SystemClock, Trn};
use server::adapters::teacher_records::embedded::EmbeddedRecords;
use server::config::secrets::SealingKeys;
use storage::testing::dump;
use storage::{DatabaseUrl, Store, StoreSettings, teacher_records, training_providers};

const RECORDS: &str = "config/teacher-records.sample.csv";
const PROVIDERS: &str = "config/training-providers.sample.csv";

const OLD_KEY: &str = "1:c2l4dGVlbiBieXRlcyBhbmQgc2l4dGVlbiBtb3JlISE=";
const NEW_KEY: &str = "2:dHdvIGtleXMgYXJlIG5vdCB0aGUgc2FtZSBrZXkhISE=";

/// A migrated database with the records that ship.
fn with_records(kind: Kind) -> Deployment {
    let deployment = Deployment::without_mail(kind);
    let imported = deployment.succeed(&["records", "import", RECORDS]);
    assert_eq!(imported, "Imported 574 teaching records.\n");
    deployment
}

fn store(deployment: &Deployment) -> Store {
    let url = DatabaseUrl::parse(deployment.database_url()).unwrap();
    Store::open(&StoreSettings::for_url(url), Arc::new(SystemClock)).unwrap()
}

/// Whether the record of a TRN is found with these keys.
async fn finds(deployment: &Deployment, keys: &str, trn: &str) -> bool {
    let keys = SealingKeys::parse(keys).unwrap();
    let keyring = Keyring::new(keys.keys()).unwrap();
    let records = EmbeddedRecords::new(store(deployment), keyring);
    let record = records.record(&Trn::parse(trn).unwrap()).await.unwrap();
    record.is_some()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_import_replaces_the_records_and_one_that_fails_leaves_them() {
    for kind in Kind::BOTH {
        let deployment = with_records(kind);
        let import = |text: &str| {
            deployment.write("records.csv", text);
            let file = deployment.file("records.csv");
            deployment.run(&["records", "import", file.to_str().unwrap()])
        };
        let head = "trn,first_name,last_name,date_of_birth\n";

        let failed = import(&format!("{head}7000001,Ada,Lovell,\n12345,Bob,Byron,\n"));

        let said = String::from_utf8(failed.stderr).unwrap();
        assert!(
            said.ends_with("records.csv: line 3: trn must be a TRN: seven digits, not all zeros\n"),
            "{said}"
        );
        assert!(finds(&deployment, OLD_KEY, "3000001").await);
        assert!(!finds(&deployment, OLD_KEY, "7000001").await);

        assert!(
            import(&format!("{head}7000001,Ada,Lovell,\n"))
                .status
                .success()
        );
        assert!(!finds(&deployment, OLD_KEY, "3000001").await);
        assert!(finds(&deployment, OLD_KEY, "7000001").await);

        let again = deployment.succeed(&["records", "import", "--if-empty", RECORDS]);
        assert_eq!(again, "There are teaching records already.\n");
        let records = store(&deployment).read_blocking(teacher_records::count);
        assert_eq!(records.unwrap(), 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_import_replaces_the_providers_and_one_that_fails_leaves_them() {
    for kind in Kind::BOTH {
        let deployment = Deployment::without_mail(kind);
        let count = || {
            let list = store(&deployment).read_blocking(training_providers::list);
            list.unwrap().len()
        };

        deployment.succeed(&["providers", "import", "--if-empty", PROVIDERS]);
        let all = count();
        assert!(all >= 60);

        deployment.write(
            "providers.csv",
            "ukprn,name\n99000001,Hill\n99000001,Dale\n",
        );
        let file = deployment.file("providers.csv");
        deployment.refuse(&["providers", "import", file.to_str().unwrap()]);
        assert_eq!(count(), all);

        deployment.write("providers.csv", "ukprn,name\n99000001,Hill\n");
        let import = ["providers", "import", file.to_str().unwrap()];
        deployment.succeed(&import);
        assert_eq!(count(), 1);
        deployment.succeed(&["providers", "import", "--if-empty", PROVIDERS]);
        assert_eq!(count(), 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_is_found_under_a_new_key_when_the_old_one_is_gone() {
    for kind in Kind::BOTH {
        let mut deployment = with_records(kind);
        assert!(!finds(&deployment, NEW_KEY, "3000001").await);

        deployment.set("secrets.keyring", &format!("{NEW_KEY},{OLD_KEY}"));
        let done = deployment.succeed(&["data", "rewrap"]);
        assert!(
            done.ends_with("teacher_records: 574 sealed anew\n"),
            "{done}"
        );
        let again = deployment.succeed(&["data", "rewrap"]);
        assert!(
            !again.contains(|c: char| ('1'..='9').contains(&c)),
            "{again}"
        );

        assert!(finds(&deployment, NEW_KEY, "3000001").await);
        assert!(!finds(&deployment, OLD_KEY, "3000001").await);
        deployment.set("secrets.keyring", NEW_KEY);
        deployment.start();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stolen_database_tells_nothing_of_any_record() {
    let sample = include_str!("../../../config/teacher-records.sample.csv");
    for kind in Kind::BOTH {
        let deployment = with_records(kind);
        deployment.succeed(&["providers", "import", PROVIDERS]);

        let stolen = stolen(&deployment);

        assert!(
            stolen.contains("University of Ainsdale"),
            "what is in clear"
        );
        for line in sample.lines().skip(1).take(60) {
            for value in line.split([',', ';']) {
                for spelling in spellings(value) {
                    assert!(!stolen.contains(&spelling), "{spelling}");
                }
            }
        }
    }
}

/// Everything in the columns of a database, and in its files where it is one.
fn stolen(deployment: &Deployment) -> String {
    let dumped = store(deployment).read_blocking(dump).unwrap();
    let values = dumped.into_iter().flat_map(|column| column.values);
    let mut stolen = values.collect::<Vec<_>>().join(&0);
    if let Some(file) = deployment.database_url().strip_prefix("sqlite:") {
        stolen.extend(std::fs::read(file).unwrap());
        stolen.extend(std::fs::read(format!("{file}-wal")).unwrap_or_default());
    }
    String::from_utf8_lossy(&stolen).into_owned()
}

/// A number, an address or a date as it could stand somewhere; none for what identifies nobody.
fn spellings(value: &str) -> Vec<String> {
    if let Some(date) = DateOfBirth::from_iso(value) {
        let (day, month, year) = date.parts();
        return vec![
            value.to_owned(),
            value.replace('-', ""),
            format!("{day:02}/{month:02}/{year}"),
            format!("{day}/{month}/{year}"),
            date.in_words(),
        ];
    }
    if let Ok(number) = NationalInsuranceNumber::parse(value) {
        return vec![
            number.as_str().to_owned(),
            number.without_suffix().to_owned(),
            number.as_str().to_lowercase(),
            number.in_pairs(),
        ];
    }
    if let Ok(address) = EmailAddress::parse(value) {
        return vec![address.as_typed().to_owned(), address.lookup().to_owned()];
    }
    Trn::parse(value).map_or(Vec::new(), |trn| vec![trn.as_str().to_owned()])
}
