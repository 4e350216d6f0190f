//! What developers have agreed on, held against the code.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

use pages::samples::{check_samples, rendered, rendered_emails};
use pages::{EmailView, Pages, PagesSettings, View, template_names, templates_used_by};
use serde_json::Value;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("..")
        .canonicalize()
        .unwrap()
}

fn packages() -> Vec<Value> {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    let told = Command::new(cargo)
        .args([
            "metadata",
            "--no-deps",
            "--format-version",
            "1",
            "--offline",
        ])
        .current_dir(root())
        .output()
        .unwrap();
    let metadata: Value = serde_json::from_slice(&told.stdout).unwrap();
    metadata["packages"].as_array().unwrap().clone()
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap()
}

/// The packages that the program of a package is built from.
fn normal_dependencies(package: &Value) -> BTreeSet<&str> {
    let dependencies = package["dependencies"].as_array().unwrap().iter();
    dependencies
        .filter(|dependency| dependency["kind"].is_null())
        .map(|dependency| text(dependency, "name"))
        .collect()
}

#[test]
fn crates_depend_on_each_other_as_the_design_draws_it() {
    let packages = packages();
    let ours: BTreeSet<&str> = packages
        .iter()
        .map(|package| text(package, "name"))
        .collect();

    let drawn: BTreeMap<&str, BTreeSet<&str>> = packages
        .iter()
        .map(|package| {
            let edges = normal_dependencies(package)
                .intersection(&ours)
                .copied()
                .collect();
            (text(package, "name"), edges)
        })
        .filter(|(name, _)| !["acceptance", "bench"].contains(name))
        .collect();

    let expected = [
        ("account", &["model", "pages", "storage"][..]),
        ("demo", &[]),
        ("journey", &["model", "pages", "storage"]),
        ("model", &[]),
        ("pages", &["model"]),
        ("protocol", &["model", "pages", "storage"]),
        (
            "server",
            &[
                "account", "journey", "model", "pages", "protocol", "storage",
            ],
        ),
        ("storage", &["model"]),
    ];
    let expected = expected.map(|(name, edges)| (name, edges.iter().copied().collect()));
    assert_eq!(drawn, BTreeMap::from(expected));
}

#[test]
fn a_library_that_one_crate_hides_is_named_by_no_other() {
    for (library, keepers) in [
        ("diesel", &["storage"][..]),
        ("diesel_migrations", &["storage"]),
        ("handlebars", &["pages"]),
        ("openidconnect", &["acceptance", "demo"]),
        (
            "actix-web",
            &[
                "acceptance",
                "account",
                "bench",
                "demo",
                "journey",
                "pages",
                "protocol",
                "server",
            ],
        ),
        ("lettre", &["server"]),
        ("webauthn-rs", &["journey"]),
        ("argon2", &["model"]),
        ("totp-rs", &["model"]),
    ] {
        for package in packages() {
            let name = text(&package, "name");
            let depends = normal_dependencies(&package).contains(library);
            assert!(
                !depends || keepers.contains(&name),
                "{name} depends on {library}"
            );
        }
    }
}

#[test]
fn every_crate_is_named_like_its_folder_and_published_nowhere() {
    for package in packages() {
        let name = text(&package, "name");
        let manifest = Path::new(text(&package, "manifest_path")).parent().unwrap();
        let folder = manifest.file_name().unwrap().to_str().unwrap();
        let expected = if name == "acceptance" { "tests" } else { name };
        assert_eq!(folder, expected, "the folder of {name}");
        assert_eq!(
            package["publish"],
            serde_json::json!([]),
            "{name} says publish = false"
        );
    }
}

#[test]
fn all_integration_tests_are_linked_into_one_program() {
    let packages = packages();
    let targets = packages
        .iter()
        .flat_map(|package| package["targets"].as_array().unwrap());
    let tests: Vec<&str> = targets
        .filter(|target| target["kind"] == serde_json::json!(["test"]))
        .map(|target| text(target, "name"))
        .collect();

    assert_eq!(tests, ["acceptance"]);
}

#[test]
fn both_databases_have_migrations_of_the_same_names() {
    let names = |database: &str| -> BTreeSet<String> {
        let folder = root().join("migrations").join(database);
        let entries = std::fs::read_dir(folder).unwrap();
        entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect()
    };

    assert_eq!(names("sqlite"), names("postgres"));
}

/// Renders the samples of views, and remembers which templates they use.
struct Gallery {
    pages: Pages,
    used: BTreeSet<&'static str>,
    problems: Vec<String>,
}

impl Gallery {
    fn show<V: View>(&mut self) {
        self.used.extend(templates_used_by(V::TEMPLATE));
        self.problems
            .extend(check_samples::<V>(&self.pages).unwrap());
        if is_of_a_sign_in(V::TEMPLATE) {
            let samples = rendered::<V>(&self.pages).unwrap();
            let stuck = samples
                .into_iter()
                .filter(|sample| !has_a_way_out(&sample.html));
            self.problems
                .extend(stuck.map(|sample| format!("{}: no one way out", sample.name)));
        }
    }

    fn show_email<V: EmailView>(&mut self) {
        for template in [V::TEXT, V::HTML] {
            self.used.extend(templates_used_by(template));
        }
        assert!(
            !rendered_emails::<V>(&self.pages).unwrap().is_empty(),
            "{}",
            V::TEXT
        );
    }
}

/// A page that stands between a service's request and its answer. That by which a change of an
/// address is stopped is opened from an email.
fn is_of_a_sign_in(template: &str) -> bool {
    let folders = ["journey/", "second_factor/", "details/", "accounts/"];
    template != "accounts/freeze" && folders.iter().any(|folder| template.starts_with(folder))
}

/// Whoever can send a form can give up, on every page by the same field, so that the service gets
/// its answer; or the form does nothing else.
fn has_a_way_out(html: &str) -> bool {
    let cancels = html.matches(r#"name="action" value="cancel""#).count();
    let goes_back = html.contains(r#"name="action" value="continue">Go back to "#);
    !html.contains("<form method") || cancels == 1 || goes_back
}

#[test]
fn every_template_is_used_by_a_view_and_every_sample_renders() {
    let pages = Pages::new(PagesSettings::default()).unwrap();
    let mut gallery = Gallery {
        pages,
        used: BTreeSet::new(),
        problems: Vec::new(),
    };
    gallery.used.extend(templates_used_by("layout"));
    gallery.used.extend(templates_used_by("email/layout.html"));

    gallery.show::<account::interrupted::InterruptedPage>();
    gallery.show::<account::overview::OverviewPage>();
    gallery.show::<account::passkey_name::PasskeyNamePage>();
    gallery.show::<account::second_factor::SecondFactorPage>();
    gallery.show::<account::services::ServicesPage>();
    gallery.show::<account::services::go_to::GoToPage>();
    gallery.show::<account::services::stop::StopPage>();
    gallery.show::<journey::account_created::AccountCreatedPage>();
    gallery.show::<journey::accounts::freeze::FreezePage>();
    gallery.show::<journey::accounts::account_factor::AccountFactorPage>();
    gallery.show::<journey::accounts::keep_address::KeepAddressPage>();
    gallery.show::<journey::accounts::lost_address::AddressChangesPage>();
    gallery.show::<journey::second_factor::lost::LostFactorPage>();
    gallery.show::<journey::accounts::lost_address::LostAddressPage>();
    gallery.show::<journey::accounts::offer::OfferPage>();
    gallery.show::<journey::accounts::referred::ReferredPage>();
    gallery.show::<journey::address_warning::AddressWarningPage>();
    gallery.show::<journey::code_not_sent::CodeNotSentPage>();
    gallery.show::<journey::consent::ConsentPage>();
    gallery.show::<journey::details::check_answers::CheckAnswersPage>();
    gallery.show::<journey::details::date_of_birth::DateOfBirthPage>();
    gallery
        .show::<journey::details::has_national_insurance_number::HasNationalInsuranceNumberPage>();
    gallery.show::<journey::details::has_qts::HasQtsPage>();
    gallery.show::<journey::details::has_trn::HasTrnPage>();
    gallery.show::<journey::details::name::NamePage>();
    gallery.show::<journey::details::national_insurance_number::NationalInsuranceNumberPage>();
    gallery.show::<journey::details::preferred_name::PreferredNamePage>();
    gallery.show::<journey::details::previous_names::PreviousNamesPage>();
    gallery.show::<journey::details::qts_provider::QtsProviderPage>();
    gallery.show::<journey::details::trn::TrnPage>();
    gallery.show::<journey::details::trn_found::TrnFoundPage>();
    gallery.show::<journey::details::trn_not_found::TrnNotFoundPage>();
    gallery.show::<journey::email::EmailPage>();
    gallery.show::<journey::email_code::EmailCodePage>();
    gallery.show::<journey::interrupted::InterruptedPage>();
    gallery.show::<journey::link::LinkElsewherePage>();
    gallery.show::<journey::link::LinkPage>();
    gallery.show::<journey::link::LinkSpentPage>();
    gallery.show::<journey::new_code_needed::NewCodeNeededPage>();
    gallery.show::<journey::second_factor::choose::ChooseToGivePage>();
    gallery.show::<journey::second_factor::choose::ChooseToSetUpPage>();
    gallery.show::<journey::second_factor::code::AppCodePage>();
    gallery.show::<journey::second_factor::passkey::PasskeyPage>();
    gallery.show::<journey::second_factor::recovery_code::RecoveryCodePage>();
    gallery.show::<journey::second_factor::recovery_codes::NewRecoveryCodesPage>();
    gallery.show::<journey::second_factor::recovery_codes::RecoveryCodesPage>();
    gallery.show::<journey::second_factor::remove::RemovePage>();
    gallery.show::<journey::second_factor::set_up_app::SetUpAppPage>();
    gallery.show::<journey::second_factor::set_up_passkey::SetUpPasskeyPage>();
    gallery.show::<journey::select_account::SelectAccountPage>();
    gallery.show::<journey::too_many::TooManyPage>();
    gallery.show_email::<journey::emails::AccountCodeEmail>();
    gallery.show_email::<journey::emails::AccountCreatedEmail>();
    gallery.show_email::<journey::emails::AccountsJoinedEmail>();
    gallery.show_email::<journey::emails::AddressChangeAskedEmail>();
    gallery.show_email::<journey::emails::AddressChangePlannedEmail>();
    gallery.show_email::<journey::emails::AddressChangedEmail>();
    gallery.show_email::<journey::emails::AddressReplacedEmail>();
    gallery.show_email::<journey::emails::DetailsDifferEmail>();
    gallery.show_email::<journey::emails::NewAddressCodeEmail>();
    gallery.show_email::<journey::emails::RecoveryCodeUsedEmail>();
    gallery.show_email::<journey::emails::RecoveryCodesReplacedEmail>();
    gallery.show_email::<journey::emails::SecondFactorAddedEmail>();
    gallery.show_email::<journey::emails::SecondFactorRemovedEmail>();
    gallery.show_email::<journey::emails::SignInCodeEmail>();
    gallery.show_email::<journey::emails::SupportTaskClosedEmail>();
    gallery.show_email::<journey::emails::SupportTaskOpenedEmail>();
    gallery.show_email::<journey::emails::TrnFoundEmail>();
    gallery.show_email::<journey::emails::TrnMovedEmail>();
    gallery.show::<protocol::already_finished_page::AlreadyFinishedPage>();
    gallery.show::<protocol::authorize_error_page::AuthorizeErrorPage>();
    gallery.show::<protocol::developers::DevelopersPage>();
    gallery.show::<protocol::developers::check::CheckClientPage>();
    gallery.show::<protocol::developers::check::CheckedClientPage>();
    gallery.show::<protocol::end_session_page::EndSessionPage>();
    gallery.show::<protocol::end_session_page::SignedOutPage>();
    gallery.show::<protocol::form_post_page::FormPostPage>();
    gallery.show::<pages::error_page::ErrorView>();
    gallery.show::<pages::information::AccessibilityPage>();
    gallery.show::<pages::information::CookiesPage>();
    gallery.show::<pages::information::PrivacyPage>();
    gallery.show::<pages::dev_mailbox::MailboxPage>();
    gallery.show::<pages::dev_mailbox::MessagePage>();

    assert_eq!(gallery.problems, [""; 0]);
    let unused: Vec<_> = template_names()
        .filter(|name| !gallery.used.contains(name))
        .collect();
    assert_eq!(unused, [""; 0]);
}

#[test]
fn the_readme_names_the_commands_that_exist() {
    let readme = std::fs::read_to_string(root().join("README.md")).unwrap();
    let makefile = std::fs::read_to_string(root().join("Makefile")).unwrap();

    for command in ["run", "test", "bench"] {
        assert!(
            readme.contains(&format!("make {command}")),
            "make {command}"
        );
        assert!(makefile.contains(&format!("\n{command}:")), "{command}");
    }
}
