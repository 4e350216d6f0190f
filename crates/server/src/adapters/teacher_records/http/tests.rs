//! Against a stand-in that speaks the system's paths, versions and errors, and fails in each way it
//! does.

use std::collections::HashSet;
use std::time::Instant;

use model::date_of_birth::DateOfBirth;
use model::name::{NamePart, PersonName};
use model::national_insurance_number::NationalInsuranceNumber;
use model::trn_lookup::MatchPolicy;
use model::{EmailAddress, ManualClock, Secret, SystemEntropy, Timestamp};

use super::super::testing::Behaviour::{
    Babble, Busy, BusyUntil, Cut, CutShort, Flood, Hang, Judge, Refuse,
};
use super::super::testing::{Behaviour, FakeRecords, Held, KEY, State, VERSION};
use super::*;

const ADA: Held = Held {
    trn: "3000001",
    first: "Ada",
    last: "Lovell",
    previous: &[("Ada", "Bell")],
    born: "1985-06-14",
    number: Some("MW123401A"),
    addresses: &["ada.lovell@mail.example"],
    state: State::Active,
};

const ELIZABETH: Held = Held {
    trn: "3000027",
    first: "Elizabeth",
    last: "Thornbury",
    previous: &[],
    born: "1971-12-30",
    number: Some("MW123427D"),
    addresses: &["liz@mail.example"],
    state: State::Active,
};

struct Scene {
    fake: FakeRecords,
    records: HttpRecords,
    clock: Arc<ManualClock>,
}

impl Scene {
    async fn start(held: &[Held], script: &[Behaviour]) -> Self {
        Self::with(held, script, |_| {}).await
    }

    async fn with(
        held: &[Held],
        script: &[Behaviour],
        change: impl FnOnce(&mut RecordsApi),
    ) -> Self {
        let fake = FakeRecords::start(held, script).await;
        let mut settings = RecordsApi {
            base_url: fake.url.parse().unwrap(),
            api_key: Secret::new(KEY.to_owned()),
            version: VERSION.to_owned(),
            timeout: Duration::from_millis(1_500),
        };
        change(&mut settings);
        let clock = Arc::new(ManualClock::starting_at(Timestamp::from_seconds(1_000)));
        let records = HttpRecords::new(
            &settings,
            Synonyms::parse("elizabeth,liz,beth").unwrap(),
            Arc::<ManualClock>::clone(&clock),
            Arc::new(SystemEntropy),
        )
        .unwrap();
        Self {
            fake,
            records,
            clock,
        }
    }

    async fn find(&self, query: &RecordQuery) -> Result<Vec<TeacherRecord>, RecordsUnavailable> {
        self.records.find(query).await
    }

    async fn trns(&self, query: &RecordQuery) -> Vec<String> {
        let found = self.find(query).await.unwrap();
        found
            .iter()
            .map(|record| record.trn.as_str().to_owned())
            .collect()
    }
}

fn name(first: &str, last: &str) -> PersonName {
    PersonName {
        first: NamePart::parse(first).ok(),
        middle: None,
        last: NamePart::parse(last).unwrap(),
    }
}

fn trn(text: &str) -> Trn {
    Trn::parse(text).unwrap()
}

/// Ada Lovell, who gave everything but her TRN.
fn ada() -> RecordQuery {
    RecordQuery {
        name: name("Ada", "Lovell"),
        previous_names: Vec::new(),
        date_of_birth: DateOfBirth::from_iso("1985-06-14").unwrap(),
        national_insurance_number: NationalInsuranceNumber::parse("MW123401A").ok(),
        trn: None,
        email: EmailAddress::parse("ada.lovell@mail.example").unwrap(),
        policy: MatchPolicy::Default,
    }
}

/// Elizabeth Thornbury, who calls herself Liz.
fn liz() -> RecordQuery {
    RecordQuery {
        name: name("Liz", "Thornbury"),
        date_of_birth: DateOfBirth::from_iso("1971-12-30").unwrap(),
        national_insurance_number: None,
        email: EmailAddress::parse("liz@mail.example").unwrap(),
        ..ada()
    }
}

#[tokio::test]
async fn a_record_is_put_together_from_search_and_person() {
    let scene = Scene::start(&[ADA, ELIZABETH], &[]).await;

    let [found] = scene.find(&ada()).await.unwrap().try_into().unwrap();

    assert_eq!(found.trn, trn("3000001"));
    assert_eq!(
        (found.first_name, found.last_name),
        ("Ada".to_owned(), "Lovell".to_owned())
    );
    assert_eq!(found.previous_names[0].last, "Bell");
    assert_eq!(found.date_of_birth, DateOfBirth::from_iso("1985-06-14"));
    assert_eq!(
        found.national_insurance_number.as_deref(),
        Some("MW123401A")
    );
    assert_eq!(found.email_addresses, ["ada.lovell@mail.example"]);
}

#[tokio::test]
async fn a_search_says_all_that_is_known_of_the_person() {
    let scene = Scene::start(&[], &[]).await;
    let query = RecordQuery {
        name: name("Ada Mary", "O\u{2019}Neill & Co"),
        previous_names: vec![name("", "Bell")],
        trn: Some(trn("1234567")),
        policy: MatchPolicy::Strict,
        ..ada()
    };

    assert_eq!(scene.trns(&query).await, [""; 0]);

    assert_eq!(
        scene.fake.requests(),
        [
            "/v2/teachers/find?firstName=Ada+Mary&lastName=O%27Neill+%26+Co&previousLastName=Bell\
             &dateOfBirth=1985-06-14&nationalInsuranceNumber=MW123401A&trn=1234567\
             &emailAddress=ada.lovell%40mail.example&matchPolicy=Default",
            "/v3/persons/1234567?include=PreviousNames",
        ]
    );
}

#[tokio::test]
async fn nobody_is_found_where_there_is_nobody() {
    let scene = Scene::start(&[ELIZABETH], &[]).await;

    assert_eq!(scene.trns(&ada()).await, [""; 0]);
    assert_eq!(scene.records.record(&trn("3000001")).await, Ok(None));
}

#[tokio::test]
async fn somebody_is_found_by_any_of_their_former_names() {
    let renamed = Held {
        previous: &[("Ada", "Noel")],
        last: "King",
        number: None,
        ..ADA
    };
    let scene = Scene::start(&[renamed], &[]).await;

    for latest in ["Bell", "Noel"] {
        let query = RecordQuery {
            previous_names: ["Noel", "Bell", "Tate", latest]
                .map(|last| name("Ada", last))
                .into(),
            ..ada()
        };

        assert_eq!(scene.trns(&query).await, ["3000001"]);
    }
}

#[tokio::test]
async fn somebody_is_found_by_the_name_that_theirs_is_short_for() {
    let scene = Scene::start(&[ELIZABETH], &[]).await;

    assert_eq!(scene.trns(&liz()).await, ["3000027"]);
}

#[tokio::test]
async fn a_namesake_by_another_first_name_is_found_beside() {
    let namesake = Held {
        trn: "3000028",
        first: "Liz",
        ..ELIZABETH
    };
    let scene = Scene::start(&[namesake, ELIZABETH], &[]).await;

    assert_eq!(scene.trns(&liz()).await, ["3000028", "3000027"]);
}

#[tokio::test]
async fn a_stated_trn_is_looked_at_although_the_search_passes_over_it() {
    let scene = Scene::start(&[ELIZABETH], &[]).await;
    let stranger = RecordQuery {
        name: name("Bess", "Thornbury"),
        trn: Some(trn("3000027")),
        email: ada().email,
        ..liz()
    };
    let with_another_number = RecordQuery {
        national_insurance_number: ada().national_insurance_number,
        ..stranger.clone()
    };

    assert_eq!(scene.trns(&stranger).await, ["3000027"]);
    assert_eq!(scene.trns(&with_another_number).await, [""; 0]);
}

/// Elizabeth's record and others that were hers, or whose there is none any more.
fn merges() -> [Held; 6] {
    let with = |trn, state| Held {
        trn,
        state,
        ..ELIZABETH
    };
    [
        with("1000001", State::Merged("1000002")),
        with("1000002", State::Merged("3000027")),
        ELIZABETH,
        with("1000003", State::Deactivated),
        with("1000004", State::Merged("1000003")),
        with("1000005", State::Merged("1000005")),
    ]
}

#[tokio::test]
async fn a_merged_record_is_followed_and_a_deactivated_one_left_out() {
    let scene = Scene::start(&merges(), &[]).await;

    for (asked, survivor) in [
        ("1000001", Some("3000027")),
        ("3000027", Some("3000027")),
        ("1000003", None),
        ("1000004", None),
        ("1000005", None),
        ("1999999", None),
    ] {
        let found = scene.records.record(&trn(asked)).await.unwrap();
        assert_eq!(found.as_ref().map(|record| record.trn.as_str()), survivor);
    }
}

#[tokio::test]
async fn the_survivor_of_a_stated_trn_keeps_it_and_its_own_number() {
    let scene = Scene::start(&merges(), &[]).await;
    let query = RecordQuery {
        trn: Some(trn("1000001")),
        national_insurance_number: NationalInsuranceNumber::parse("MW123427D").ok(),
        ..liz()
    };

    let [found] = scene.find(&query).await.unwrap().try_into().unwrap();

    assert_eq!(found.merged_trns, [trn("1000001"), trn("1000002")]);
    assert_eq!(
        found.national_insurance_number.as_deref(),
        Some("MW123427D")
    );
}

#[tokio::test]
async fn a_record_that_was_deactivated_after_the_search_is_left_out() {
    let scene = Scene::start(&[ADA], &[Judge, Refuse(410)]).await;

    assert_eq!(scene.trns(&ada()).await, [""; 0]);
}

#[test]
fn what_cannot_be_read_of_one_record_hides_no_other() {
    let found: Teachers = serde_json::from_str(
        r#"{"results": [{"trn": null}, {"trn": "0000000"}, {"trn": "3000001", "later": 1}]}"#,
    )
    .unwrap();
    let person = r#"{"trn": "3000001", "lastName": "Madonna", "dateOfBirth": "0001-01-01"}"#;
    let person: Person = serde_json::from_str(person).unwrap();

    let [teacher] = found.results.try_into().ok().unwrap();
    let record = person.into_record(Some(teacher), Vec::new());

    assert_eq!(
        (record.first_name.as_str(), record.last_name.as_str()),
        ("", "Madonna")
    );
    assert_eq!(record.date_of_birth, None);
}

#[test]
fn two_results_that_were_merged_into_one_are_one_record() {
    let merged_meanwhile = Held {
        trn: "1000001",
        number: None,
        addresses: &["ada@old.example", "ada.lovell@mail.example"],
        ..ADA
    };
    let records = [merged_meanwhile, ADA].map(|held| TeacherRecord {
        trn: trn("3000001"),
        merged_trns: vec![trn(held.trn)],
        first_name: held.first.to_owned(),
        middle_name: String::new(),
        last_name: held.last.to_owned(),
        previous_names: Vec::new(),
        date_of_birth: DateOfBirth::from_iso(held.born),
        national_insurance_number: held.number.map(str::to_owned),
        email_addresses: held.addresses.iter().map(ToString::to_string).collect(),
    });

    let [one] = merged(records.into_iter()).try_into().unwrap();

    assert_eq!(one.national_insurance_number.as_deref(), Some("MW123401A"));
    assert_eq!(one.email_addresses.len(), 3);
    assert_eq!(one.merged_trns, [trn("1000001"), trn("3000001")]);
}

#[tokio::test]
async fn the_key_never_follows_a_merged_record_to_another_host() {
    let elsewhere = FakeRecords::start(&[ELIZABETH], &[]).await;
    let location: &'static str = format!("{}/v3/persons/3000027", elsewhere.url).leak();
    let held = [
        Held {
            trn: "1000001",
            state: State::MergedAt(location),
            ..ELIZABETH
        },
        ELIZABETH,
        Held {
            trn: "1000002",
            state: State::MergedAt("/v3/persons/everybody"),
            ..ELIZABETH
        },
    ];
    let scene = Scene::start(&held, &[]).await;

    let found = scene.records.record(&trn("1000001")).await.unwrap();

    assert_eq!(found.unwrap().trn, trn("3000027"));
    assert_eq!(elsewhere.requests(), [""; 0]);
    let nowhere = scene.records.record(&trn("1000002")).await;
    assert_eq!(nowhere, Err(RecordsUnavailable));
}

#[tokio::test]
async fn what_may_pass_is_tried_once_more() {
    for failure in [
        Refuse(429),
        Busy(0),
        Refuse(500),
        Refuse(503),
        Cut,
        CutShort,
    ] {
        let scene = Scene::start(&[ADA], &[failure]).await;

        assert_eq!(scene.trns(&ada()).await, ["3000001"], "{failure:?}");
        assert_eq!(scene.fake.requests().len(), 3, "{failure:?}");
    }
}

#[tokio::test]
async fn a_pause_that_the_system_asks_for_is_kept_if_there_is_time() {
    let scene = Scene::with(&[ADA], &[Busy(1)], |settings| {
        settings.timeout = Duration::from_secs(4);
    })
    .await;
    let started = Instant::now();

    assert_eq!(scene.trns(&ada()).await, ["3000001"]);

    assert!(started.elapsed() >= Duration::from_secs(1));
}

/// The scene's clock stands at 00:16:40 of that day.
#[tokio::test]
async fn a_pause_until_a_date_is_kept_however_the_date_is_written() {
    for until in [
        "Thu, 01 Jan 1970 00:16:41 GMT",
        "Thursday, 01-Jan-70 00:16:41 GMT",
        "Thu Jan  1 00:16:41 1970",
    ] {
        let scene = Scene::with(&[ADA], &[BusyUntil(until)], |settings| {
            settings.timeout = Duration::from_secs(4);
        })
        .await;
        let started = Instant::now();

        assert_eq!(scene.trns(&ada()).await, ["3000001"], "{until}");

        assert!(started.elapsed() >= Duration::from_secs(1), "{until}");
    }
}

#[tokio::test]
async fn a_date_that_has_passed_asks_for_no_pause_and_a_late_one_for_no_other_try() {
    let passed = BusyUntil("Thu, 01 Jan 1970 00:00:00 GMT");
    let scene = Scene::start(&[ADA], &[passed]).await;
    assert_eq!(scene.trns(&ada()).await, ["3000001"]);
    assert_eq!(scene.fake.requests().len(), 3);

    let late = BusyUntil("Thu, 01 Jan 1970 01:00:00 GMT");
    let scene = Scene::start(&[ADA], &[late]).await;
    assert_eq!(scene.find(&ada()).await, Err(RecordsUnavailable));
    assert_eq!(scene.fake.requests().len(), 1);
}

#[tokio::test]
async fn those_who_failed_together_do_not_come_back_together() {
    let scene = Scene::start(&[], &[]).await;

    let pauses = (0..50).filter_map(|_| scene.records.api.pause_after(Fault::Busy(None)));
    let distinct: HashSet<Duration> = pauses.collect();

    assert!(distinct.len() > 1);
    let range = Duration::from_millis(150)..Duration::from_millis(450);
    assert!(distinct.iter().all(|pause| range.contains(pause)));
}

#[tokio::test]
async fn what_does_not_pass_is_unavailable_after_one_more_try() {
    for failure in [Refuse(429), Refuse(500), Cut] {
        let scene = Scene::start(&[ADA], &[failure; 3]).await;

        assert_eq!(
            scene.find(&ada()).await,
            Err(RecordsUnavailable),
            "{failure:?}"
        );
        assert_eq!(scene.fake.requests().len(), 2, "{failure:?}");
    }
}

#[tokio::test]
async fn what_another_try_does_not_mend_is_unavailable_at_once() {
    for failure in [
        Busy(1),
        Busy(u64::MAX),
        Refuse(400),
        Refuse(401),
        Refuse(403),
        Refuse(301),
        Refuse(404),
        Babble,
        Flood,
    ] {
        let scene = Scene::start(&[ADA], &[failure]).await;

        assert_eq!(
            scene.find(&ada()).await,
            Err(RecordsUnavailable),
            "{failure:?}"
        );
        assert_eq!(scene.fake.requests().len(), 1, "{failure:?}");
    }
}

#[tokio::test]
async fn another_key_or_version_is_refused() {
    let another_key = |settings: &mut RecordsApi| settings.api_key = Secret::new("x".to_owned());
    let another_version = |settings: &mut RecordsApi| settings.version = "20990101".to_owned();

    let scene = Scene::with(&[ADA], &[], another_key).await;
    assert_eq!(scene.find(&ada()).await, Err(RecordsUnavailable));
    let scene = Scene::with(&[ADA], &[], another_version).await;
    assert_eq!(scene.find(&ada()).await, Err(RecordsUnavailable));
}

#[tokio::test]
async fn nobody_waits_longer_than_the_budget() {
    let slow = [&[Hang][..], &[Judge, Hang], &[Refuse(500), Hang]];
    for script in slow {
        let scene = Scene::start(&[ADA], script).await;
        let started = Instant::now();

        let found = scene.find(&ada()).await;

        assert_eq!(found, Err(RecordsUnavailable), "{script:?}");
        let waited = started.elapsed();
        assert!(
            waited < Duration::from_millis(1_900),
            "{script:?} {waited:?}"
        );
    }
}

#[tokio::test]
async fn a_system_that_is_down_is_unavailable_and_soon_not_asked_any_more() {
    let scene = Scene::start(&[ADA], &[]).await;
    scene.fake.will(&[Refuse(500); 6]);
    for _ in 0..3 {
        assert_eq!(scene.find(&ada()).await, Err(RecordsUnavailable));
    }

    let started = Instant::now();
    assert_eq!(scene.find(&ada()).await, Err(RecordsUnavailable));

    assert_eq!(scene.fake.requests().len(), 6);
    assert!(started.elapsed() < Duration::from_millis(100));
    scene.clock.advance(Duration::from_secs(30));
    assert_eq!(scene.trns(&ada()).await, ["3000001"]);
    assert_eq!(scene.trns(&ada()).await, ["3000001"]);
}

#[tokio::test]
async fn what_somebody_typed_never_keeps_others_from_asking() {
    for failure in [Refuse(400), Babble, Flood] {
        let scene = Scene::start(&[ADA], &[failure; 9]).await;

        for _ in 0..9 {
            assert_eq!(scene.find(&ada()).await, Err(RecordsUnavailable));
        }

        assert_eq!(scene.trns(&ada()).await, ["3000001"], "{failure:?}");
    }
}

#[tokio::test]
async fn a_system_that_is_back_is_asked_again_whatever_it_says() {
    let scene = Scene::start(&[ADA], &[Refuse(503); 6]).await;
    scene.fake.will(&[Refuse(400)]);
    for _ in 0..4 {
        assert_eq!(scene.find(&ada()).await, Err(RecordsUnavailable));
    }

    scene.clock.advance(Duration::from_secs(30));
    assert_eq!(scene.find(&ada()).await, Err(RecordsUnavailable));

    assert_eq!(scene.trns(&ada()).await, ["3000001"]);
}

#[tokio::test]
async fn a_system_that_locks_us_out_is_soon_not_asked_any_more() {
    for status in [401, 403] {
        let scene = Scene::start(&[ADA], &[Refuse(status); 3]).await;

        for _ in 0..4 {
            assert_eq!(scene.find(&ada()).await, Err(RecordsUnavailable));
        }

        assert_eq!(scene.fake.requests().len(), 3, "{status}");
    }
}

#[tokio::test]
async fn nothing_is_heard_from_a_port_where_nobody_listens() {
    let scene = Scene::with(&[], &[], |settings| {
        let free = std::net::TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap();
        settings.base_url = format!("http://{free}").parse().unwrap();
    })
    .await;

    assert_eq!(scene.find(&ada()).await, Err(RecordsUnavailable));
}

#[tokio::test]
async fn no_log_line_and_no_error_names_anybody() {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_ansi(false)
        .with_writer(move || writer.clone())
        .finish();
    let _listening = tracing::subscriber::set_default(subscriber);
    // With one dispatcher only, a callsite that another test's thread meets first is off for all.
    let _second = tracing::Dispatch::new(tracing_subscriber::registry());
    let query = RecordQuery {
        trn: Some(trn("3000001")),
        ..ada()
    };

    for failure in [
        Judge,
        Refuse(400),
        Refuse(500),
        Busy(30),
        Babble,
        Flood,
        Cut,
        Hang,
    ] {
        let scene = Scene::start(&[ADA], &[failure; 2]).await;
        let error = scene.find(&query).await.err();
        assert!(!format!("{error:?}").contains("3000001"));
    }

    let written = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    assert!(written.contains("they failed with status 500"), "{written}");
    let personal = [
        "3000001",
        "MW123401A",
        "1985-06",
        "Ada",
        "Lovell",
        "lovell",
        KEY,
    ];
    for word in personal {
        let line = written.lines().find(|line| line.contains(word));
        assert_eq!(line, None);
    }
}

#[derive(Clone, Default)]
struct Log(Arc<std::sync::Mutex<Vec<u8>>>);

impl std::io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
