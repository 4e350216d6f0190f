//! Which name do you want services to use?

use model::{NamePart, PersonName};
use pages::{Field, FieldError, View};
use serde::Serialize;
use storage::Tx;

use super::DetailsPage;
use super::name::optional_part;
use super::question::{Asked, Frame, Question, Taken};
use super::questions::Questions;
use crate::error::JourneyError;
use crate::form::Action;
use crate::interaction_details::InteractionDetails;
use crate::journey::Work;

/// `/details/preferred-name`: one of the names that the given one suggests, or any other.
///
/// Posts `preferred-name` (`first-last`, `full` or `other`), `other-name` and `action`: `continue`
/// or `cancel`.
#[derive(Debug, Serialize)]
pub struct PreferredNamePage {
    /// What stands around the question.
    #[serde(flatten)]
    pub frame: Frame,
    /// Names made from the one they gave.
    pub suggestions: Vec<SuggestedName>,
    /// The choice: the value of a suggestion, or `other`.
    pub preferred_name: Field,
    /// Any other name, as it was typed.
    pub other_name: Field,
}

/// A name to choose.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SuggestedName {
    /// The id of its radio.
    pub id: &'static str,
    /// What the form sends for it.
    pub value: &'static str,
    /// The name.
    pub label: String,
    /// Whether it is chosen.
    pub checked: bool,
}

impl View for PreferredNamePage {
    const TEMPLATE: &'static str = "details/preferred_name";

    fn title(&self) -> String {
        "Which name do you want services to use?".to_owned()
    }

    fn errors(&self) -> Vec<FieldError> {
        let fields = [
            self.preferred_name.error_at(self.first_radio()),
            self.other_name.error_at("other-name"),
        ];
        fields.into_iter().flatten().collect()
    }

    fn samples() -> Vec<Self> {
        let part = |text: &str| NamePart::parse(text).ok();
        let whole = part("Lovelace").map(|last| PersonName {
            first: part("Ada"),
            middle: part("Augusta"),
            last,
        });
        let suggestions = whole.as_ref().map(Suggestion::all_of).unwrap_or_default();
        let page = |preferred_name, other_name| {
            Self::of(Frame::sample(), &suggestions, preferred_name, other_name)
        };
        vec![
            page(Field::default(), Field::default()),
            page(Field::holding("first-last"), Field::default()),
            page(Field::refused("", NOTHING_CHOSEN), Field::default()),
            page(Field::holding("other"), Field::refused("", NOTHING_TYPED)),
            Self::of(
                Frame::sample(),
                &[],
                Field::refused("", NOTHING_CHOSEN),
                Field::default(),
            ),
        ]
    }
}

const OTHER: &str = "other";
const NOTHING_CHOSEN: &str = "Select the name you want services to use";
const NOTHING_TYPED: &str = "Enter the name you want services to use";

impl PreferredNamePage {
    fn of(
        frame: Frame,
        suggestions: &[Suggestion],
        preferred_name: Field,
        other_name: Field,
    ) -> Self {
        let suggestions = suggestions
            .iter()
            .enumerate()
            .map(|(at, suggestion)| SuggestedName {
                id: if at == 0 { FIRST_RADIO } else { suggestion.id },
                value: suggestion.value,
                label: suggestion.name.as_str().to_owned(),
                checked: suggestion.value == preferred_name.value,
            });
        Self {
            frame,
            suggestions: suggestions.collect(),
            preferred_name,
            other_name,
        }
    }

    /// Where the summary leads: the radio that stands first.
    fn first_radio(&self) -> &'static str {
        if self.suggestions.is_empty() {
            "preferred-name-other"
        } else {
            FIRST_RADIO
        }
    }
}

const FIRST_RADIO: &str = "preferred-name";

/// A name made from the one a person gave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Suggestion {
    id: &'static str,
    value: &'static str,
    pub(super) name: NamePart,
}

impl Suggestion {
    /// First and last name, and the whole name where it is another. A name that is too long to be
    /// one part is not suggested.
    pub(super) fn all_of(name: &PersonName) -> Vec<Self> {
        let without_middle = PersonName {
            middle: None,
            ..name.clone()
        };
        let short = (
            "preferred-name-first-last",
            "first-last",
            without_middle.full(),
        );
        let whole = ("preferred-name-full", "full", name.full());
        let names = match (&name.first, &name.middle) {
            (Some(_), Some(_)) => vec![short, whole],
            (Some(_), None) => vec![short],
            (None, _) => vec![whole],
        };
        let suggestions = names.into_iter().filter_map(|(id, value, name)| {
            let name = NamePart::parse(&name).ok()?;
            Some(Self { id, value, name })
        });
        suggestions.collect()
    }

    fn all_known(known: &InteractionDetails) -> Vec<Self> {
        known
            .details
            .name
            .as_ref()
            .map(Self::all_of)
            .unwrap_or_default()
    }
}

impl Question for PreferredNamePage {
    const PAGE: DetailsPage = DetailsPage::PreferredName;

    fn opened(frame: Frame, questions: &Questions) -> Self {
        let suggestions = Suggestion::all_known(&questions.known);
        let preferred = questions.known.details.preferred_name.as_ref();
        let suggested = preferred.and_then(|name| suggestions.iter().find(|it| it.name == *name));
        let (choice, other) = match (preferred, suggested) {
            (None, _) => (Field::default(), Field::default()),
            (Some(_), Some(suggested)) => (Field::holding(suggested.value), Field::default()),
            (Some(name), None) => (Field::holding(OTHER), Field::holding(name.as_str())),
        };
        Self::of(frame, &suggestions, choice, other)
    }

    fn take(
        _: &mut Tx<'_>,
        asked: &Asked<'_>,
        known: &mut InteractionDetails,
    ) -> Work<Taken<Self>> {
        if asked.form.action != Action::Continue {
            return Ok(Err(JourneyError::Unreadable));
        }
        let suggestions = Suggestion::all_known(known);
        let chosen = asked.form.field("preferred-name");
        let typed = asked.form.field("other-name");
        let suggested = suggestions.iter().find(|it| it.value == chosen);
        let name = match suggested {
            Some(suggestion) => Ok(suggestion.name.clone()),
            None if chosen == OTHER => other(typed),
            None => Err(Problem::NothingChosen),
        };
        let problem = match name {
            Ok(name) => {
                known.details.preferred_name = Some(name);
                return Ok(Ok(Taken::Answered));
            }
            Err(problem) => problem,
        };
        let (choice, other) = match problem {
            Problem::NothingChosen => (Field::refused("", NOTHING_CHOSEN), Field::holding(typed)),
            Problem::Other(message) => (Field::holding(OTHER), Field::refused(typed, message)),
        };
        let page = Self::of(asked.stage.frame(), &suggestions, choice, other);
        Ok(Ok(Taken::refused(page)))
    }
}

/// Why no name was taken.
enum Problem {
    NothingChosen,
    Other(String),
}

fn other(typed: &str) -> Result<NamePart, Problem> {
    match optional_part(typed, "The name you prefer") {
        Ok(Some(name)) => Ok(name),
        Ok(None) => Err(Problem::Other(NOTHING_TYPED.to_owned())),
        Err(message) => Err(Problem::Other(message)),
    }
}
