//! What holds for every page, checked on pages made for the purpose and on this crate's own.

use std::collections::BTreeSet;

use actix_web::body::to_bytes;
use actix_web::http::StatusCode;
use actix_web::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY};
use serde::Serialize;

use crate::dev_mailbox::{MailboxPage, MessagePage};
use crate::error_page::ErrorView;
use crate::information::{AccessibilityPage, CookiesPage, PrivacyPage};
use crate::samples::check_samples;
use crate::{
    Brand, ErrorPage, Field, FieldError, Pages, PagesError, PagesSettings, Phase, Shell, View,
    template_names, templates_used_by,
};

/// Shows whatever it is given in the template of the error pages.
#[derive(Serialize)]
struct Probe {
    heading: String,
    paragraphs: Vec<String>,
    incident: Option<String>,
    #[serde(skip)]
    field: Field,
}

impl View for Probe {
    const TEMPLATE: &'static str = "error_page";

    fn title(&self) -> String {
        self.heading.clone()
    }

    fn errors(&self) -> Vec<FieldError> {
        self.field.error_at("email").into_iter().collect()
    }

    fn samples() -> Vec<Self> {
        vec![Self::saying("A heading")]
    }
}

impl Probe {
    fn saying(heading: &str) -> Self {
        Self {
            heading: heading.to_owned(),
            paragraphs: vec![heading.to_owned()],
            incident: None,
            field: Field::default(),
        }
    }
}

fn pages() -> Pages {
    Pages::new(PagesSettings::default()).unwrap()
}

#[test]
fn text_from_outside_can_never_become_markup() {
    let attack = r#"</title><script>alert("1")</script><a href='x' onclick=`y`>&"#;
    let shell = Shell {
        service_name: Some(attack.to_owned()),
        back_link: Some(attack.to_owned()),
        ..Shell::default()
    };
    let mut view = Probe::saying(attack);
    view.field = Field::refused(attack, attack);

    let html = pages().render(&shell, &view).unwrap();

    assert!(!html.contains("<script>"));
    assert!(!html.contains("onclick=`"));
    assert!(!html.contains("href='x'"));
    assert_eq!(html.matches("&lt;/title&gt;&lt;script&gt;").count(), 7);
}

#[test]
fn a_misspelt_field_is_a_fault_and_not_an_empty_place() {
    #[derive(Serialize)]
    struct Misspelt {
        haeding: &'static str,
        paragraphs: [&'static str; 0],
        incident: Option<String>,
    }
    impl View for Misspelt {
        const TEMPLATE: &'static str = "error_page";
        fn title(&self) -> String {
            self.haeding.to_owned()
        }
        fn samples() -> Vec<Self> {
            Vec::new()
        }
    }
    let view = Misspelt {
        haeding: "A heading",
        paragraphs: [],
        incident: None,
    };

    let rendered = pages().render(&Shell::default(), &view);

    assert!(matches!(
        rendered,
        Err(PagesError::Render {
            name: "error_page",
            ..
        })
    ));
}

#[test]
fn a_condition_on_a_field_that_does_not_exist_is_a_fault_too() {
    let mut registry = crate::templates::strict_registry();
    registry
        .register_template_string("page", "{{#if notcie}}yes{{else}}no{{/if}}")
        .unwrap();

    let misspelt = registry.render("page", &serde_json::json!({ "notice": null }));
    let right = registry.render("page", &serde_json::json!({ "notcie": null }));

    assert!(misspelt.is_err());
    assert_eq!(right.unwrap(), "no");
}

#[actix_web::test]
async fn a_page_that_cannot_be_rendered_becomes_a_plain_page_with_status_500() {
    #[derive(Serialize)]
    struct Empty {}
    impl View for Empty {
        const TEMPLATE: &'static str = "error_page";
        fn title(&self) -> String {
            "Empty".to_owned()
        }
        fn samples() -> Vec<Self> {
            Vec::new()
        }
    }

    let response = pages().respond(StatusCode::OK, &Shell::default(), &Empty {});

    assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
    let body = to_bytes(response.into_body()).await.unwrap();
    assert!(
        String::from_utf8_lossy(&body).contains("<h1>There is a problem with the service</h1>")
    );
}

#[test]
fn every_page_carries_its_policy_and_is_never_stored() {
    let response = pages().error(ErrorPage::NotFound, None);

    assert_eq!(response.status(), StatusCode::NOT_FOUND);
    assert_eq!(response.headers().get(CACHE_CONTROL).unwrap(), "no-store");
    assert_eq!(
        response.headers().get(CONTENT_SECURITY_POLICY).unwrap(),
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; \
         font-src 'self'; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; \
         form-action 'self'"
    );
}

#[test]
fn a_form_may_lead_to_the_service_when_the_shell_says_so() {
    let shell = Shell {
        form_action: vec!["https://service.example".to_owned()],
        ..Shell::default()
    };

    let policy = shell.content_security_policy();

    assert!(policy.ends_with("form-action 'self' https://service.example"));
}

#[test]
fn a_page_frames_what_it_names_and_nothing_else() {
    let shell = Shell {
        form_action: vec!["https://service.example".to_owned()],
        frame_src: ["https://one.example", "https://other.example"]
            .map(str::to_owned)
            .into(),
        ..Shell::default()
    };

    let policy = shell.content_security_policy();

    assert!(policy.starts_with("default-src 'none'; "));
    assert!(policy.ends_with(
        "form-action 'self' https://service.example; \
         frame-src https://one.example https://other.example"
    ));
    let plain = Shell::default();
    assert!(!plain.content_security_policy().contains("frame-src"));
}

/// A service on the machine that it is developed on, at whatever port.
#[test]
fn a_form_may_lead_to_several_places() {
    let shell = Shell {
        form_action: vec!["http://localhost:* http://127.0.0.1:*".to_owned()],
        ..Shell::default()
    };

    let policy = shell.content_security_policy();

    assert!(policy.ends_with("; form-action 'self' http://localhost:* http://127.0.0.1:*"));
}

/// The attack: a host that a client registered ends a directive or the whole policy.
#[test]
fn a_source_that_is_more_than_one_is_left_out() {
    let crafted = ["https://0;x", "https://a,default-src", "https://b x"].map(str::to_owned);
    let with = |crafted: &[String], good: &str| [crafted, &[good.to_owned()]].concat();
    let shell = Shell {
        // What stands here is ours, and may be several.
        form_action: with(&crafted[..2], "https:"),
        frame_src: with(&crafted, "https://one.example"),
        images: with(&crafted, "https://logos.example"),
        ..Shell::default()
    };

    let policy = shell.content_security_policy();

    assert!(policy.contains("; img-src 'self' data: https://logos.example; font-src"));
    assert!(policy.ends_with("; form-action 'self' https:; frame-src https://one.example"));
}

#[test]
fn an_image_may_come_from_elsewhere_when_the_shell_says_so() {
    let shell = Shell {
        form_action: vec!["https://service.example".to_owned()],
        images: vec!["https://logos.example".to_owned()],
        ..Shell::default()
    };

    let policy = shell.content_security_policy();

    assert!(policy.contains("; img-src 'self' data: https://logos.example; font-src 'self';"));
    assert!(policy.ends_with("form-action 'self' https://service.example"));
    assert_eq!(policy.matches("https://logos.example").count(), 1);
}

#[test]
fn nothing_inline_stands_in_a_page_that_forbids_it() {
    let settings = PagesSettings {
        phase: Some(Phase::Beta),
        feedback_url: Some("https://feedback.example/".to_owned()),
        ..PagesSettings::default()
    };
    let shell = Shell {
        signed_in: true,
        ..Shell::for_service("Apply for a qualification")
    };

    let html = Pages::new(settings)
        .unwrap()
        .render(&shell, &Probe::saying("A heading"))
        .unwrap();

    assert!(!html.contains("<style") && !html.contains(" style="));
    assert!(!html.contains("<script>") && !html.contains("javascript:"));
    assert!(html.contains(r#"<script src="/assets/start-"#));
    assert!(html.contains("https://feedback.example/") && html.contains("Sign out"));
}

#[test]
fn an_error_stands_in_the_title_and_the_summary_without_the_template_saying_so() {
    let mut view = Probe::saying("Enter your email address");
    view.field = Field::refused("ada", "Enter an email address");

    let html = pages().render(&Shell::for_service("Apply"), &view).unwrap();

    assert!(html.contains("<title>Error: Enter your email address – Apply</title>"));
    assert!(html.contains(r##"<a href="#email">Enter an email address</a>"##));
}

#[test]
fn only_the_govuk_brand_shows_the_crown() {
    let govuk = PagesSettings {
        brand: Brand::Govuk,
        ..PagesSettings::default()
    };
    let render = |settings| {
        Pages::new(settings)
            .unwrap()
            .render(&Shell::default(), &Probe::saying("A heading"))
            .unwrap()
    };

    let (govuk, generic) = (render(govuk), render(PagesSettings::default()));

    assert!(govuk.contains("GOV.UK</title>") && govuk.contains("Crown copyright"));
    assert!(!generic.to_lowercase().contains("gov.uk") && !generic.contains("Crown"));
    assert!(generic.contains(">Get an identity</p>"));
    assert!(govuk.contains(">Get an identity</span>"));
}

#[test]
fn every_sample_of_our_own_views_is_a_whole_page() {
    let pages = pages();

    let problems = [
        check_samples::<ErrorView>(&pages),
        check_samples::<CookiesPage>(&pages),
        check_samples::<PrivacyPage>(&pages),
        check_samples::<AccessibilityPage>(&pages),
        check_samples::<MailboxPage>(&pages),
        check_samples::<MessagePage>(&pages),
    ]
    .map(Result::unwrap)
    .concat();

    assert_eq!(problems, [""; 0]);
}

#[test]
fn the_titles_of_our_own_views_are_all_different() {
    let mut titles: Vec<_> = ErrorView::samples().iter().map(View::title).collect();
    titles.extend(CookiesPage::samples().iter().map(View::title));
    titles.extend(PrivacyPage::samples().iter().map(View::title));
    titles.push(AccessibilityPage::samples()[0].title());
    titles.push(MailboxPage::samples()[0].title());

    let distinct: BTreeSet<_> = titles.iter().collect();

    assert_eq!(distinct.len(), titles.len());
}

#[test]
fn every_template_outside_the_other_crates_rooms_is_used() {
    let ours = [
        ErrorView::TEMPLATE,
        CookiesPage::TEMPLATE,
        PrivacyPage::TEMPLATE,
        AccessibilityPage::TEMPLATE,
        MailboxPage::TEMPLATE,
        MessagePage::TEMPLATE,
        "layout",
    ];
    let theirs = template_names().filter(|name| {
        [
            "account/",
            "accounts/",
            "details/",
            "developers/",
            "email/",
            "journey/",
            "protocol/",
            "second_factor/",
        ]
        .iter()
        .any(|room| name.starts_with(room))
    });

    let used: BTreeSet<_> = ours
        .into_iter()
        .chain(theirs)
        .flat_map(templates_used_by)
        .collect();

    assert_eq!(used, template_names().collect());
}

#[test]
fn a_partial_is_found_through_the_template_that_draws_it_in() {
    let used = templates_used_by("layout");
    let around = templates_used_by("details/has_trn");

    assert!(used.contains("components/error-summary"));
    assert!(!used.contains("components/input"));
    assert!(around.contains("components/radios"));
    assert!(around.contains("components/described-by"));
}
