//! How were you awarded QTS, and where?
//!
//! Without JavaScript a part of a name is looked up, and the providers that have it are shown to
//! choose from. With it the same field offers names while one types; the list of them is at
//! [`LIST_PATH`].

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::CACHE_CONTROL;
use actix_web::web::Data;
use model::NamePart;
use model::name::folded;
use model::teacher_details::{Provider, Qts, Stated};
use pages::{Field, FieldError, View, assets};
use serde::Serialize;
use storage::{StorageError, Tx, training_providers};

use super::DetailsPage;
use super::name::optional_part;
use super::question::{Asked, Frame, Question, Taken};
use super::questions::Questions;
use crate::error::JourneyError;
use crate::form::Action;
use crate::interaction_details::InteractionDetails;
use crate::journey::{Journey, Work};
use crate::plan::Page;
use crate::routes::respond;

/// `/details/qts-provider`: a training provider, or none.
///
/// Posts `award` (`university-or-school` or `other`), `provider` and `action`: `continue` or
/// `cancel`. When a part of a name leads to several providers it shows them, and posts
/// `is-search` (`yes`) and `choice` (a UKPRN, or `none`) with the others.
#[derive(Debug, Serialize)]
pub struct QtsProviderPage {
    /// What stands around the question.
    #[serde(flatten)]
    pub frame: Frame,
    /// Where the names of all providers are.
    pub providers_url: &'static str,
    /// Where the script is that offers them.
    pub script_url: String,
    /// The choice: `university-or-school` or `other`.
    pub award: Field,
    /// The provider's name, as it was typed.
    pub provider: Field,
    /// What was found by a part of a name.
    pub search: Option<ProviderSearch>,
}

/// Providers to choose from.
#[derive(Debug, Serialize)]
pub struct ProviderSearch {
    /// What was typed.
    pub typed: String,
    /// What it leads to.
    pub found: Vec<FoundProvider>,
    /// What to do when theirs is not among them, because it leads to more than are shown.
    pub hint: Option<String>,
    /// Where another name can be typed.
    pub again_url: String,
    /// The way to keep what was typed.
    pub none_of_these: String,
    /// What is wrong with the choice, if anything.
    pub choice: Field,
}

/// A provider to choose.
#[derive(Debug, Serialize)]
pub struct FoundProvider {
    /// The id of its radio.
    pub id: String,
    /// Its UKPRN.
    pub value: String,
    /// Its name.
    pub label: String,
}

/// The path of the names of all providers: a JSON array, the same for everyone.
pub(crate) const LIST_PATH: &str = "/details/training-providers";

/// The most providers that are shown to choose from.
const MOST: usize = 20;

const AWARD: &str = "award";
const PROVIDER: &str = "provider";
const CHOICE: &str = "choice";
const UNIVERSITY_OR_SCHOOL: &str = "university-or-school";
const OTHER: &str = "other";

const NO_AWARD: &str = "Select how you were awarded QTS";
const NO_PROVIDER: &str = "Enter where you trained";
const NO_CHOICE: &str = "Select where you trained, or that it is none of these";

impl View for QtsProviderPage {
    const TEMPLATE: &'static str = "details/qts_provider";

    fn title(&self) -> String {
        match self.search {
            None => "How were you awarded QTS?".to_owned(),
            Some(_) => "Which of these is where you trained?".to_owned(),
        }
    }

    fn errors(&self) -> Vec<FieldError> {
        let choice = self.search.as_ref().map(|search| &search.choice);
        let fields = [
            self.award.error_at(AWARD),
            self.provider.error_at(PROVIDER),
            choice.and_then(|choice| choice.error_at(CHOICE)),
        ];
        fields.into_iter().flatten().collect()
    }

    fn samples() -> Vec<Self> {
        let page = |award, provider| Self::of(Frame::sample(), award, provider);
        let found = |number: &str, name: &str| Provider {
            ukprn: Some(number.to_owned()),
            name: name.to_owned(),
        };
        let search = |has_more, choice| {
            let providers = [
                found("10000001", "University of Hill"),
                found("10000002", "Hill School SCITT"),
            ];
            let found = Found {
                first: providers.to_vec(),
                has_more,
            };
            let again_url = "/details/qts-provider?i=1".to_owned();
            let search = ProviderSearch::of("hill", again_url, &found, choice);
            Self::choosing(Frame::sample(), search)
        };
        let university = || Field::holding(UNIVERSITY_OR_SCHOOL);
        vec![
            page(Field::default(), Field::default()),
            page(university(), Field::holding("University of Hill")),
            page(Field::refused("", NO_AWARD), Field::default()),
            page(university(), Field::refused("", NO_PROVIDER)),
            search(false, Field::default()),
            search(true, Field::default()),
            search(false, Field::refused("", NO_CHOICE)),
        ]
    }
}

impl QtsProviderPage {
    fn of(frame: Frame, award: Field, provider: Field) -> Self {
        Self {
            frame,
            providers_url: LIST_PATH,
            script_url: assets::url("provider.js"),
            award,
            provider,
            search: None,
        }
    }

    fn choosing(frame: Frame, search: ProviderSearch) -> Self {
        Self {
            search: Some(search),
            ..Self::of(frame, Field::default(), Field::default())
        }
    }
}

/// The providers that a part of a name leads to.
struct Found {
    /// The first [`MOST`] of them.
    first: Vec<Provider>,
    /// There are others.
    has_more: bool,
}

impl Found {
    fn by(tx: &mut Tx<'_>, name: &NamePart) -> Result<Self, StorageError> {
        let mut first = training_providers::search(tx, name.as_str(), MOST + 1)?;
        let has_more = first.len() > MOST;
        first.truncate(MOST);
        Ok(Self { first, has_more })
    }
}

impl ProviderSearch {
    fn of(typed: &str, again_url: String, found: &Found, choice: Field) -> Self {
        let known = found.first.iter().filter_map(|provider| {
            let ukprn = provider.ukprn.as_deref()?;
            Some((ukprn, provider.name.as_str()))
        });
        let radios = known.enumerate().map(|(at, (ukprn, name))| FoundProvider {
            // The summary leads to the first.
            id: if at == 0 {
                CHOICE.to_owned()
            } else {
                format!("{CHOICE}-{ukprn}")
            },
            value: ukprn.to_owned(),
            label: name.to_owned(),
        });
        Self {
            typed: typed.to_owned(),
            found: radios.collect(),
            hint: found.has_more.then(|| {
                format!(
                    "More than {MOST} names match ‘{typed}’. These are the first {MOST}. If yours is \
                     not here, search again with one more word of its name, such as the town"
                )
            }),
            again_url,
            none_of_these: format!("None of these: it is ‘{typed}’"),
            choice,
        }
    }
}

impl Question for QtsProviderPage {
    const PAGE: DetailsPage = DetailsPage::QtsProvider;

    fn opened(frame: Frame, questions: &Questions) -> Self {
        let provider = match &questions.known.details.qts {
            Some(Qts::Yes { provider }) => provider.as_ref(),
            _ => None,
        };
        let (award, name) = match provider {
            None => (Field::default(), Field::default()),
            Some(Stated::Without) => (Field::holding(OTHER), Field::default()),
            Some(Stated::Value(provider)) => (
                Field::holding(UNIVERSITY_OR_SCHOOL),
                Field::holding(provider.name.as_str()),
            ),
        };
        Self::of(frame, award, name)
    }

    fn take(
        tx: &mut Tx<'_>,
        asked: &Asked<'_>,
        known: &mut InteractionDetails,
    ) -> Work<Taken<Self>> {
        if asked.form.action != Action::Continue {
            return Ok(Err(JourneyError::Unreadable));
        }
        let read = match asked.form.field(AWARD) {
            OTHER => Ok(Stated::Without),
            UNIVERSITY_OR_SCHOOL => provider(tx, asked)?.map(Stated::Value),
            _ => {
                let typed = Field::holding(asked.form.field(PROVIDER));
                let page = Self::of(asked.stage.frame(), Field::refused("", NO_AWARD), typed);
                Err(Taken::refused(page))
            }
        };
        Ok(Ok(match read {
            Ok(provider) => {
                known.details.qts = Some(Qts::Yes {
                    provider: Some(provider),
                });
                Taken::Answered
            }
            Err(shown) => shown,
        }))
    }
}

/// The provider that was typed or chosen, or the page that asks which one it is. Nobody has to
/// find theirs in the list.
fn provider(
    tx: &mut Tx<'_>,
    asked: &Asked<'_>,
) -> Result<Result<Provider, Taken<QtsProviderPage>>, StorageError> {
    let typed = asked.form.field(PROVIDER);
    let name = match optional_part(typed, "Where you trained") {
        Ok(Some(name)) => name,
        Ok(None) => return Ok(Err(refused(asked, NO_PROVIDER))),
        Err(message) => return Ok(Err(refused(asked, &message))),
    };
    let found = Found::by(tx, &name)?;
    let as_typed = || Provider {
        ukprn: None,
        name: name.as_str().to_owned(),
    };
    let exact = found
        .first
        .iter()
        .find(|provider| folded(&provider.name) == name.folded());
    if let Some(exact) = exact {
        return Ok(Ok(exact.clone()));
    }
    if found.first.is_empty() {
        return Ok(Ok(as_typed()));
    }
    let is_choice = asked.form.field("is-search") == "yes";
    let chosen = asked.form.field(CHOICE);
    if is_choice && chosen == "none" {
        return Ok(Ok(as_typed()));
    }
    let chosen = found
        .first
        .iter()
        .find(|provider| provider.ukprn.as_deref() == Some(chosen));
    Ok(match chosen {
        Some(provider) if is_choice => Ok(provider.clone()),
        _ => Err(choosing(asked, &name, &found, is_choice)),
    })
}

fn refused(asked: &Asked<'_>, message: &str) -> Taken<QtsProviderPage> {
    let award = Field::holding(UNIVERSITY_OR_SCHOOL);
    let provider = Field::refused(asked.form.field(PROVIDER), message);
    Taken::refused(QtsProviderPage::of(asked.stage.frame(), award, provider))
}

/// Shows what was found; who sent that page without a choice is told to make one.
fn choosing(
    asked: &Asked<'_>,
    name: &NamePart,
    found: &Found,
    is_choice: bool,
) -> Taken<QtsProviderPage> {
    let again_url = asked.stage.url_of(Page::Details(DetailsPage::QtsProvider));
    let page = |choice| {
        let search = ProviderSearch::of(name.as_str(), again_url, found, choice);
        QtsProviderPage::choosing(asked.stage.frame(), search)
    };
    if is_choice {
        Taken::refused(page(Field::refused("", NO_CHOICE)))
    } else {
        Taken::Shown(StatusCode::OK, page(Field::default()))
    }
}

/// `GET /details/training-providers`: nothing about anybody, so any browser may keep it a while.
pub(crate) async fn list(journey: Data<Journey>) -> HttpResponse {
    let read = journey.store.read(training_providers::list).await;
    let answer = read.map_err(JourneyError::from).map(|providers| {
        let names: Vec<String> = providers
            .into_iter()
            .map(|provider| provider.name)
            .collect();
        HttpResponse::Ok()
            .insert_header((CACHE_CONTROL, "public, max-age=600"))
            .json(names)
    });
    respond(&journey, answer)
}
