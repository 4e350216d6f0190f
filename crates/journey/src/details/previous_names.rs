//! Have you ever changed your name?

use model::PersonName;
use model::teacher_details::PreviousNames;
use pages::{Field, FieldError, View};
use serde::Serialize;
use storage::Tx;

use super::DetailsPage;
use super::name::optional_part;
use super::question::{Asked, Frame, Question, Taken};
use super::questions::Questions;
use crate::error::JourneyError;
use crate::form::{Action, Form};
use crate::interaction_details::InteractionDetails;
use crate::journey::Work;

/// `/details/previous-names`: yes, no or neither; names are added one at a time.
///
/// Posts `changed-name` (`yes`, `no` or `prefer-not-to-say`), `previous-first-name`,
/// `previous-middle-name`, `previous-last-name` and `action`: `continue`, `add` (keep the name and
/// ask for another) or `cancel`. Of the names that were added, `remove-0` and so on take one away,
/// with `number-of-names` as it was shown.
#[derive(Debug, Serialize)]
pub struct PreviousNamesPage {
    /// What stands around the question.
    #[serde(flatten)]
    pub frame: Frame,
    /// The names that were added.
    pub given: Vec<String>,
    /// How many they are.
    pub given_count: usize,
    /// The choice: `yes`, `no` or `prefer-not-to-say`.
    pub changed_name: Field,
    /// The first name, as it was typed.
    pub previous_first_name: Field,
    /// The middle names, as they were typed.
    pub previous_middle_name: Field,
    /// The last name, as it was typed.
    pub previous_last_name: Field,
}

const CHANGED: &str = "changed-name";
const FIRST: &str = "previous-first-name";
const MIDDLE: &str = "previous-middle-name";
const LAST: &str = "previous-last-name";

const NOTHING_CHOSEN: &str = "Select yes if you have ever changed your name";
const NO_LAST_NAME: &str = "Enter your previous last name";
const ENOUGH: &str = "You have given as many previous names as we can keep";

/// The most names that are kept for one person.
const MOST: usize = 10;

impl View for PreviousNamesPage {
    const TEMPLATE: &'static str = "details/previous_names";

    fn title(&self) -> String {
        "Have you ever changed your name?".to_owned()
    }

    fn errors(&self) -> Vec<FieldError> {
        let fields = [
            self.changed_name.error_at(CHANGED),
            self.previous_first_name.error_at(FIRST),
            self.previous_middle_name.error_at(MIDDLE),
            self.previous_last_name.error_at(LAST),
        ];
        fields.into_iter().flatten().collect()
    }

    fn samples() -> Vec<Self> {
        let page = |given: &[&str], changed_name, last_name| Self {
            given: given.iter().map(|name| (*name).to_owned()).collect(),
            given_count: given.len(),
            changed_name,
            previous_last_name: last_name,
            ..Self::empty(Frame::sample())
        };
        let yes = || Field::holding("yes");
        vec![
            page(&[], Field::default(), Field::default()),
            page(&["Ada Byron", "Ada King"], yes(), Field::default()),
            page(&[], Field::refused("", NOTHING_CHOSEN), Field::default()),
            page(&[], yes(), Field::refused("", NO_LAST_NAME)),
        ]
    }
}

impl PreviousNamesPage {
    fn empty(frame: Frame) -> Self {
        Self {
            frame,
            given: Vec::new(),
            given_count: 0,
            changed_name: Field::default(),
            previous_first_name: Field::default(),
            previous_middle_name: Field::default(),
            previous_last_name: Field::default(),
        }
    }

    /// The page as it was sent, to be shown again with what is wrong.
    fn as_sent(asked: &Asked<'_>) -> Self {
        let field = |name| Field::holding(asked.form.field(name));
        Self {
            changed_name: field(CHANGED),
            previous_first_name: field(FIRST),
            previous_middle_name: field(MIDDLE),
            previous_last_name: field(LAST),
            ..Self::opened(asked.stage.frame(), asked.questions)
        }
    }
}

impl Question for PreviousNamesPage {
    const PAGE: DetailsPage = DetailsPage::PreviousNames;

    fn opened(frame: Frame, questions: &Questions) -> Self {
        let details = &questions.known.details;
        let choice = details.previous_names.as_ref().map(|names| match names {
            PreviousNames::Never => "no",
            PreviousNames::PreferNotToSay => "prefer-not-to-say",
            PreviousNames::Names(_) => "yes",
        });
        let names = details.former_names();
        Self {
            given: names.iter().map(PersonName::full).collect(),
            given_count: names.len(),
            changed_name: choice.map_or_else(Field::default, Field::holding),
            ..Self::empty(frame)
        }
    }

    fn take(
        _: &mut Tx<'_>,
        asked: &Asked<'_>,
        known: &mut InteractionDetails,
    ) -> Work<Taken<Self>> {
        let names = &mut known.details.previous_names;
        let taken = match (asked.form.action, asked.form.field(CHANGED)) {
            (Action::Remove(place), _) => {
                remove(names, place, asked.form);
                Taken::AskedAgain
            }
            (Action::Continue, "no") => {
                *names = Some(PreviousNames::Never);
                Taken::Answered
            }
            (Action::Continue, "prefer-not-to-say") => {
                *names = Some(PreviousNames::PreferNotToSay);
                Taken::Answered
            }
            (Action::Continue, "yes") => add(asked, known, Taken::Answered),
            (Action::Add, _) => add(asked, known, Taken::AskedAgain),
            (Action::Continue, _) => {
                let mut page = Self::as_sent(asked);
                page.changed_name = Field::refused("", NOTHING_CHOSEN);
                Taken::refused(page)
            }
            _ => return Ok(Err(JourneyError::Unreadable)),
        };
        Ok(Ok(taken))
    }
}

/// Takes a name away; not when the list is no longer the one that was shown, so that a button
/// pressed twice takes one.
fn remove(names: &mut Option<PreviousNames>, place: usize, form: &Form) {
    let Some(PreviousNames::Names(given)) = names else {
        return;
    };
    if form.field("number-of-names") != given.len().to_string() || place >= given.len() {
        return;
    }
    given.remove(place);
    if given.is_empty() {
        *names = None;
    }
}

/// Adds the name that was typed; the same name again changes nothing. None has to be typed when
/// there are some.
fn add(
    asked: &Asked<'_>,
    known: &mut InteractionDetails,
    taken: Taken<PreviousNamesPage>,
) -> Taken<PreviousNamesPage> {
    let mut given = known.details.former_names().to_vec();
    let is_typed = [FIRST, MIDDLE, LAST]
        .iter()
        .any(|field| !asked.form.field(field).trim().is_empty());
    if !is_typed && !given.is_empty() && asked.form.action == Action::Continue {
        return taken;
    }
    let name = match read(asked.form, known.details.name.as_ref()) {
        Ok(name) => name,
        Err(problems) => return Taken::refused(problems.on(asked)),
    };
    if !given.contains(&name) {
        given.push(name);
    }
    if given.len() > MOST {
        let problems = Problems {
            last: Some(ENOUGH.to_owned()),
            ..Problems::default()
        };
        return Taken::refused(problems.on(asked));
    }
    known.details.previous_names = Some(PreviousNames::Names(given));
    taken
}

/// What is wrong with each part of a name, if anything.
#[derive(Debug, Default)]
struct Problems {
    first: Option<String>,
    middle: Option<String>,
    last: Option<String>,
}

impl Problems {
    fn on(self, asked: &Asked<'_>) -> PreviousNamesPage {
        let mut page = PreviousNamesPage::as_sent(asked);
        page.changed_name = Field::holding("yes");
        page.previous_first_name.error = self.first;
        page.previous_middle_name.error = self.middle;
        page.previous_last_name.error = self.last;
        page
    }
}

/// Reads the name. A first name that was left out is the one of today.
fn read(form: &Form, today: Option<&PersonName>) -> Result<PersonName, Problems> {
    let first = optional_part(form.field(FIRST), "Previous first name");
    let middle = optional_part(form.field(MIDDLE), "Previous middle names");
    let last = match optional_part(form.field(LAST), "Previous last name") {
        Ok(None) => Err(NO_LAST_NAME.to_owned()),
        Ok(Some(last)) => Ok(last),
        Err(message) => Err(message),
    };
    match (first, middle, last) {
        (Ok(first), Ok(middle), Ok(last)) => Ok(PersonName {
            first: first.or_else(|| today?.first.clone()),
            middle,
            last,
        }),
        (first, middle, last) => Err(Problems {
            first: first.err(),
            middle: middle.err(),
            last: last.err(),
        }),
    }
}
