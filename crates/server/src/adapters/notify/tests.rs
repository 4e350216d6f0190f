//! Against a stand-in that checks the token and every field, and fails in each way Notify does.

use journey::emails::{AccountCreatedEmail, News};
use model::{ManualClock, Timestamp};
use pages::EmailView;

use super::super::testing::{REFERENCE, code_for};
use super::testing::Behaviour::{Babble, Cut, Hang, Judge, Refuse};
use super::testing::{Behaviour, CODE_TEMPLATE, FakeNotify, SECRET, SERVICE_ID, template_of};
use super::*;

const NOW: Timestamp = Timestamp::from_seconds(1_795_000_000);

struct Scene {
    notify: FakeNotify,
    mailer: NotifyMailer,
}

impl Scene {
    async fn start(script: &[Behaviour]) -> Self {
        Self::with(script, |_| {}).await
    }

    async fn with(script: &[Behaviour], change: impl FnOnce(&mut Notify)) -> Self {
        let notify = FakeNotify::start(NOW, script).await;
        let mut settings = Notify {
            api_key: NotifyApiKey::parse(&format!("my-key-{SERVICE_ID}-{SECRET}")).unwrap(),
            base_url: notify.url.parse().unwrap(),
            templates: MailKind::NAMES
                .map(|name| (name, NotifyId::parse(&template_of(name)).unwrap()))
                .into(),
            reply_to_id: None,
            timeout: Duration::from_millis(500),
        };
        change(&mut settings);
        let clock = Arc::new(ManualClock::starting_at(NOW));
        let mailer = NotifyMailer::new(&settings, clock).unwrap();
        Self { notify, mailer }
    }

    async fn send_code(&self) -> Result<(), MailError> {
        self.mailer.send(&code_for("ada@example.test")).await
    }

    async fn send_news(&self) -> Result<(), MailError> {
        let service = "Apply".to_owned();
        self.send(MailKind::News(News::AccountCreated(AccountCreatedEmail {
            service,
        })))
        .await
    }

    async fn send(&self, kind: MailKind) -> Result<(), MailError> {
        let mail = Mail {
            kind,
            ..code_for("ada@example.test")
        };
        self.mailer.send(&mail).await
    }
}

#[tokio::test]
async fn a_code_is_sent_with_all_that_its_template_needs() {
    let scene = Scene::start(&[]).await;

    assert_eq!(scene.send_code().await, Ok(()));

    let [sent] = scene.notify.accepted().try_into().unwrap();
    assert_eq!(sent.email_address, "ada@example.test");
    assert_eq!(sent.template_id, CODE_TEMPLATE);
    assert_eq!(sent.reference.as_deref(), Some(REFERENCE));
    assert_eq!(sent.email_reply_to_id, None);
    assert_eq!(sent.sanitise_content_for, Some(vec!["service".to_owned()]));
    let personalisation = serde_json::to_value(&sent.personalisation).unwrap();
    assert_eq!(
        personalisation,
        serde_json::json!({
            "code": "123456",
            "link": "https://identity.example/sign-in/link/abc",
            "minutes": 15,
            "service": "Apply",
        })
    );
}

#[tokio::test]
async fn other_mail_has_its_own_template_and_no_code() {
    let reply_to = "5c9d0a3e-3f52-4c94-8ad1-6e0c3b1f7a20";
    let scene = Scene::with(&[], |settings| {
        settings.reply_to_id = NotifyId::parse(reply_to);
    })
    .await;

    assert_eq!(scene.send_news().await, Ok(()));

    let [sent] = scene.notify.accepted().try_into().unwrap();
    assert_eq!(sent.template_id, template_of("account_created"));
    assert_eq!(sent.email_reply_to_id.as_deref(), Some(reply_to));
    assert_eq!(sent.personalisation.keys().collect::<Vec<_>>(), ["service"]);
}

#[tokio::test]
async fn every_mail_fills_its_own_template() {
    let scene = Scene::start(&[]).await;
    let kinds = kinds();

    for kind in &kinds {
        assert_eq!(scene.send(kind.clone()).await, Ok(()), "{}", kind.name());
    }

    let names: Vec<_> = kinds.iter().map(MailKind::name).collect();
    assert_eq!(names, MailKind::NAMES);
    for (sent, name) in scene.notify.accepted().iter().zip(names) {
        assert_eq!(sent.template_id, template_of(name), "{name}");
        let is_sanitised = sent.sanitise_content_for.is_some();
        let names_a_service = sent.personalisation.contains_key("service");
        assert_eq!(is_sanitised, names_a_service, "{name}");
        assert!(!sent.personalisation.contains_key("news"), "{name}");
    }
}

/// One mail of each kind.
fn kinds() -> Vec<MailKind> {
    fn sample<V: EmailView>() -> V {
        V::samples().remove(0)
    }
    let codes = [
        MailKind::SignInCode(sample()),
        MailKind::AccountCode(sample()),
        MailKind::NewAddressCode(sample()),
    ];
    let news = [
        News::AccountCreated(sample()),
        News::TrnFound(sample()),
        News::DetailsDiffer(sample()),
        News::TrnMoved(sample()),
        News::AddressChanged(sample()),
        News::AddressReplaced(sample()),
        News::AddressChangePlanned(sample()),
        News::AddressChangeAsked(sample()),
        News::AccountsJoined(sample()),
        News::SecondFactorAdded(sample()),
        News::SecondFactorRemoved(sample()),
        News::RecoveryCodeUsed(sample()),
        News::RecoveryCodesReplaced(sample()),
        News::SupportTaskOpened(sample()),
        News::SupportTaskClosed(sample()),
    ];
    codes.into_iter().chain(news.map(MailKind::News)).collect()
}

#[tokio::test]
async fn each_request_has_a_token_of_its_own_time() {
    let scene = Scene::start(&[]).await;
    let settings_of_another_service = |settings: &mut Notify| {
        let other = format!("my-key-{CODE_TEMPLATE}-{SECRET}");
        settings.api_key = NotifyApiKey::parse(&other).unwrap();
    };
    let settings_with_another_secret = |settings: &mut Notify| {
        let other = format!("my-key-{SERVICE_ID}-{SERVICE_ID}");
        settings.api_key = NotifyApiKey::parse(&other).unwrap();
    };

    assert_eq!(scene.send_code().await, Ok(()));
    assert_eq!(scene.send_code().await, Ok(()));

    let refused = Scene::with(&[], settings_of_another_service).await;
    assert_eq!(refused.send_code().await, Err(MailError::Misconfigured));
    let refused = Scene::with(&[], settings_with_another_secret).await;
    assert_eq!(refused.send_code().await, Err(MailError::Misconfigured));
}

#[tokio::test]
async fn a_clock_that_is_wrong_is_an_operators_matter() {
    let mut scene = Scene::start(&[]).await;
    let late = NOW.plus(Duration::from_secs(31));
    scene.mailer.clock = Arc::new(ManualClock::starting_at(late));

    assert_eq!(scene.send_code().await, Err(MailError::Misconfigured));
    assert_eq!(scene.notify.requests(), 1);
}

#[tokio::test]
async fn each_refusal_is_told_apart_and_not_repeated() {
    for (status, error, expected) in [
        (400, "ValidationError", MailError::AddressRefused),
        (400, "BadRequestError", MailError::Misconfigured),
        (401, "AuthError", MailError::Misconfigured),
        (403, "AuthError", MailError::Misconfigured),
        (403, "BadRequestError", MailError::Misconfigured),
        (404, "NoResultFound", MailError::Misconfigured),
        (429, "TooManyRequestsError", MailError::Unavailable),
    ] {
        let scene = Scene::start(&[Refuse(status, error)]).await;

        assert_eq!(scene.send_code().await, Err(expected), "{status} {error}");
        assert_eq!(scene.notify.requests(), 1, "{status} {error}");
    }
}

#[tokio::test]
async fn a_code_is_tried_again_when_that_may_help() {
    for failure in [
        Refuse(429, "RateLimitError"),
        Refuse(500, "Exception"),
        Babble(504),
        Cut,
        Hang,
    ] {
        let scene = Scene::start(&[failure, Judge]).await;

        assert_eq!(scene.send_code().await, Ok(()), "{failure:?}");
        assert_eq!(scene.notify.requests(), 2, "{failure:?}");
    }
}

#[tokio::test]
async fn a_code_is_not_tried_for_longer_than_the_person_waits() {
    for failure in [
        Refuse(429, "RateLimitError"),
        Refuse(503, "Exception"),
        Hang,
    ] {
        let scene = Scene::start(&[failure; 9]).await;
        let started = Instant::now();

        assert_eq!(
            scene.send_code().await,
            Err(MailError::Unavailable),
            "{failure:?}"
        );
        assert!(scene.notify.requests() <= 3, "{failure:?}");
        assert!(started.elapsed() < Duration::from_secs(4), "{failure:?}");
    }
}

#[tokio::test]
async fn what_the_outbox_sends_is_left_to_it_to_repeat() {
    let scene = Scene::start(&[Refuse(500, "Exception")]).await;

    assert_eq!(scene.send_news().await, Err(MailError::Unavailable));
    assert_eq!(scene.notify.requests(), 1);
}

#[tokio::test]
async fn a_notify_that_is_down_is_unavailable() {
    let scene = Scene::with(&[], |settings| {
        let free = std::net::TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap();
        settings.base_url = format!("http://{free}").parse().unwrap();
    })
    .await;

    assert_eq!(scene.send_code().await, Err(MailError::Unavailable));
}
