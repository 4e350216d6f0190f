//! What is your name?

use model::name::InvalidName;
use model::{NamePart, PersonName};
use pages::{Field, FieldError, View};
use serde::Serialize;
use storage::Tx;

use super::DetailsPage;
use super::preferred_name::Suggestion;
use super::question::{Asked, Frame, Question, Taken};
use super::questions::Questions;
use crate::error::JourneyError;
use crate::form::{Action, Form};
use crate::interaction_details::InteractionDetails;
use crate::journey::Work;

/// `/details/name`: the name on official documents.
///
/// Posts `first-name`, `middle-name`, `last-name`, `only-one-name` (`yes` when ticked) and
/// `action`: `continue` or `cancel`.
#[derive(Debug, Serialize)]
pub struct NamePage {
    /// What stands around the question.
    #[serde(flatten)]
    pub frame: Frame,
    /// The first name, as it was typed.
    pub first_name: Field,
    /// The middle names, as they were typed.
    pub middle_name: Field,
    /// The last name, or the only one, as it was typed.
    pub last_name: Field,
    /// Whether the box was ticked.
    pub only_one_name: bool,
}

impl View for NamePage {
    const TEMPLATE: &'static str = "details/name";

    fn title(&self) -> String {
        "What is your name?".to_owned()
    }

    fn errors(&self) -> Vec<FieldError> {
        let fields = [
            self.first_name.error_at("first-name"),
            self.middle_name.error_at("middle-name"),
            self.last_name.error_at("last-name"),
        ];
        fields.into_iter().flatten().collect()
    }

    fn samples() -> Vec<Self> {
        let page = |first_name, last_name, only_one_name| Self {
            frame: Frame::sample(),
            first_name,
            middle_name: Field::default(),
            last_name,
            only_one_name,
        };
        vec![
            page(Field::default(), Field::default(), false),
            page(Field::holding("Ada"), Field::holding("Lovelace"), false),
            page(Field::default(), Field::holding("Sukarno"), true),
            page(
                Field::refused("", "Enter your first name"),
                Field::refused("", "Enter your last name"),
                false,
            ),
        ]
    }
}

impl Question for NamePage {
    const PAGE: DetailsPage = DetailsPage::Name;

    fn opened(frame: Frame, questions: &Questions) -> Self {
        let name = questions.known.details.name.as_ref();
        let shown = |part: Option<&NamePart>| {
            part.map_or_else(Field::default, |part| Field::holding(part.as_str()))
        };
        Self {
            frame,
            first_name: shown(name.and_then(|name| name.first.as_ref())),
            middle_name: shown(name.and_then(|name| name.middle.as_ref())),
            last_name: shown(name.map(|name| &name.last)),
            only_one_name: name.is_some_and(|name| name.first.is_none()),
        }
    }

    fn take(
        _: &mut Tx<'_>,
        asked: &Asked<'_>,
        known: &mut InteractionDetails,
    ) -> Work<Taken<Self>> {
        if asked.form.action != Action::Continue {
            return Ok(Err(JourneyError::Unreadable));
        }
        let name = match read(asked.form) {
            Ok(name) => name,
            Err(problems) => return Ok(Ok(Taken::refused(problems.on(asked)))),
        };
        let details = &mut known.details;
        let suggests = |name: &PersonName, preferred: &NamePart| {
            let suggestions = Suggestion::all_of(name);
            suggestions.iter().any(|it| it.name == *preferred)
        };
        // A preferred name that was taken from another name is asked again.
        details.preferred_name.take_if(|preferred| {
            let earlier = details.name.as_ref();
            earlier.is_some_and(|earlier| suggests(earlier, preferred))
                && !suggests(&name, preferred)
        });
        details.name = Some(name);
        Ok(Ok(Taken::Answered))
    }
}

/// What is wrong with each part of a name, if anything.
#[derive(Debug, Default)]
struct Problems {
    first: Option<String>,
    middle: Option<String>,
    last: Option<String>,
}

impl Problems {
    fn on(self, asked: &Asked<'_>) -> NamePage {
        let field = |name, error| Field {
            value: asked.form.field(name).to_owned(),
            error,
        };
        NamePage {
            frame: asked.stage.frame(),
            first_name: field("first-name", self.first),
            middle_name: field("middle-name", self.middle),
            last_name: field("last-name", self.last),
            only_one_name: has_only_one(asked.form),
        }
    }
}

fn has_only_one(form: &Form) -> bool {
    form.field("only-one-name") == "yes"
}

fn read(form: &Form) -> Result<PersonName, Problems> {
    let part = |field, what| optional_part(form.field(field), what);
    let first = part("first-name", "First name");
    let middle = part("middle-name", "Middle names");
    let last = part("last-name", "Last name");
    let mut problems = Problems {
        first: first.as_ref().err().cloned(),
        middle: middle.as_ref().err().cloned(),
        last: last.as_ref().err().cloned(),
    };
    let (Ok(first), Ok(middle), Ok(last)) = (first, middle, last) else {
        return Err(problems);
    };
    if has_only_one(form) {
        let only_last = || Some(EMPTY_IF_ONLY_ONE.to_owned());
        problems.first = first.as_ref().and_then(|_| only_last());
        problems.middle = middle.as_ref().and_then(|_| only_last());
    } else if first.is_none() {
        problems.first = Some("Enter your first name".to_owned());
    }
    if last.is_none() {
        problems.last = Some("Enter your last name".to_owned());
    }
    match (last, &problems) {
        (
            Some(last),
            Problems {
                first: None,
                middle: None,
                last: None,
            },
        ) => Ok(PersonName {
            first,
            middle,
            last,
        }),
        _ => Err(problems),
    }
}

const EMPTY_IF_ONLY_ONE: &str = "Leave this empty if you only have one name";

/// Reads a part of a name that may be left out; `what` it is begins the message.
pub(super) fn optional_part(typed: &str, what: &str) -> Result<Option<NamePart>, String> {
    match NamePart::parse(typed) {
        Ok(part) => Ok(Some(part)),
        Err(InvalidName::Empty) => Ok(None),
        Err(InvalidName::TooLong) => Err(format!(
            "{what} must be {} characters or less",
            NamePart::MAX_LEN
        )),
        Err(InvalidName::ControlCharacter) => Err(format!(
            "{what} must not include characters that cannot be printed"
        )),
    }
}
