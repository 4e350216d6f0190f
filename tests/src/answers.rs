//! What somebody says of themselves, page by page.

use crate::Browser;

/// The answers of one person. A page that comes without an answer to it is a fault of the test or
/// of the provider.
#[derive(Clone, Debug, Default)]
pub struct Answers {
    /// First, middle and last name; without the first, they have one name only.
    pub name: [String; 3],
    /// What they were called before.
    pub previous: Previous,
    /// The name that services are to use, if it is not the first that is suggested.
    pub preferred: Option<String>,
    /// Day, month and year of birth.
    pub born: [String; 3],
    /// The National Insurance number.
    pub national_insurance_number: Said,
    /// The TRN.
    pub trn: Said,
    /// Whether they were awarded QTS, and where.
    pub qts: Qts,
}

/// What somebody was called before.
#[derive(Clone, Debug, Default)]
pub enum Previous {
    /// The same.
    #[default]
    Never,
    /// They prefer not to say.
    PreferNotToSay,
    /// First, middle and last name of each; without the first, it was the same.
    Names(Vec<[String; 3]>),
}

/// A number that not everybody has.
#[derive(Clone, Debug, Default)]
pub enum Said {
    /// The page must not come.
    #[default]
    Nothing,
    /// They have none.
    No,
    /// They have one, and continue without it.
    Skipped,
    /// They type it.
    Typed(String),
}

/// How somebody was awarded QTS.
#[derive(Clone, Debug, Default)]
pub enum Qts {
    /// The page must not come.
    #[default]
    Unasked,
    /// They were not.
    No,
    /// Where they trained.
    At(String),
    /// Not by training.
    AnotherWay,
}

impl Answers {
    /// Answers every page about the person until there is none left; the last parts of the paths
    /// that came, in order.
    pub async fn give(&self, browser: &mut Browser) -> Vec<String> {
        let mut pages = Vec::<String>::new();
        while !browser.has_landed() && browser.path().starts_with("/details/") {
            assert!(pages.len() < 20, "round in circles: {pages:?}");
            let page = self.give_one(browser).await;
            if pages.last() != Some(&page) {
                pages.push(page);
            }
        }
        pages
    }

    /// Answers the page that is shown; the last part of its path.
    pub async fn give_one(&self, browser: &mut Browser) -> String {
        let page = browser.path().trim_start_matches("/details/").to_owned();
        self.answer(&page, browser).await;
        if !browser.has_landed() {
            assert_eq!(browser.errors(), [""; 0], "{page}");
        }
        page
    }

    async fn answer(&self, page: &str, browser: &mut Browser) {
        match page {
            "name" => self.fill_name(browser),
            "previous-names" => return self.give_previous_names(browser).await,
            "preferred-name" => self.choose_preferred_name(browser),
            "date-of-birth" => {
                for (label, part) in ["Day", "Month", "Year"].into_iter().zip(&self.born) {
                    browser.fill(label, part);
                }
            }
            "has-national-insurance-number" => {
                browser.choose(self.national_insurance_number.radio(["Yes", "No"]));
            }
            "national-insurance-number" => {
                let label = "National Insurance number";
                return self.national_insurance_number.give(label, browser).await;
            }
            "has-trn" => {
                let labels = ["Yes", "No, or I do not know it"];
                browser.choose(self.trn.radio(labels));
            }
            "trn" => return self.trn.give("TRN", browser).await,
            "has-qts" => {
                let label = match self.qts {
                    Qts::Unasked => panic!("QTS is asked for"),
                    Qts::No => "No",
                    Qts::At(_) | Qts::AnotherWay => "Yes",
                };
                browser.choose(label);
            }
            "qts-provider" => self.say_how_qts_was_awarded(browser),
            "check-answers" => {
                browser.press("Save and continue").await;
                return;
            }
            "trn-found" | "trn-not-found" => {
                let buttons = browser.buttons();
                let onward = buttons
                    .iter()
                    .find(|button| *button == "Continue" || button.starts_with("Go back to "));
                browser.press(onward.expect("a way on")).await;
                return;
            }
            other => panic!("nobody has an answer to {other}: {}", browser.text()),
        }
        browser.press("Continue").await;
    }

    fn fill_name(&self, browser: &mut Browser) {
        let [first, middle, last] = &self.name;
        if first.is_empty() {
            browser.choose("I only have one name");
        }
        browser.fill("First name", first);
        browser.fill("Middle names", middle);
        browser.fill("Last name", last);
    }

    async fn give_previous_names(&self, browser: &mut Browser) {
        let names = match &self.previous {
            Previous::Never => {
                browser.choose("No").press("Continue").await;
                return;
            }
            Previous::PreferNotToSay => {
                browser.choose("Prefer not to say").press("Continue").await;
                return;
            }
            Previous::Names(names) => names,
        };
        for (place, [first, middle, last]) in names.iter().enumerate() {
            let is_last = place + 1 == names.len();
            browser
                .choose("Yes")
                .fill("Previous first name", first)
                .fill("Previous middle names", middle)
                .fill("Previous last name", last)
                .press(if is_last {
                    "Continue"
                } else {
                    "Add another previous name"
                })
                .await;
        }
    }

    fn choose_preferred_name(&self, browser: &mut Browser) {
        match &self.preferred {
            None => browser.choose_first(),
            Some(name) => browser
                .choose("Another name")
                .fill("The name you prefer", name),
        };
    }

    fn say_how_qts_was_awarded(&self, browser: &mut Browser) {
        match &self.qts {
            Qts::At(place) => browser
                .choose("Through a university, school or school-centred training (SCITT)")
                .fill("Where did you train?", place),
            _ => browser.choose("Another way, for example after teaching abroad"),
        };
    }
}

impl Said {
    fn radio<'a>(&self, [yes, no]: [&'a str; 2]) -> &'a str {
        match self {
            Self::Nothing => panic!("a number is asked for"),
            Self::No => no,
            Self::Skipped | Self::Typed(_) => yes,
        }
    }

    async fn give(&self, label: &str, browser: &mut Browser) {
        match self {
            Self::Typed(number) => browser.fill(label, number).press("Continue").await,
            _ => browser.press("Continue without it").await,
        };
    }
}
