//! Where an interaction stands: what every page finds before it does anything.

use std::time::Duration;

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use model::browser_session::{Authentication, BrowserSession};
use model::client_links::ClientLinks;
use model::interaction::Outcome;
use model::requirement::{ConsentRule, Standing};
use model::{EmailAddress, Interaction, Timestamp, User, UserId};
use pages::{Shell, View};
use storage::interactions::{self, Found};
use storage::{StorageError, Tx, browser_sessions, consents, users};

use crate::accounts::other_account;
use crate::details::questions::Questions;
use crate::details::{DetailsPage, Frame, from_check_answers, is_from_check_answers};
use crate::error::{JourneyError, TooMany};
use crate::interaction_details::InteractionDetails;
use crate::journey::{Journey, Work};
use crate::plan::{MayChoose, Page, plan, standing};
use crate::second_factor::{FactorQuestion, Passkeys, PendingFactor, next_page};
use crate::too_many::{Limit, TooManyPage, WayBack};
use crate::visitor::Visitor;

/// An open interaction, what is known of its person, and the page that is next.
pub(crate) struct Stage {
    pub(crate) journey: Journey,
    /// The browser that began the interaction.
    pub(crate) visitor: Visitor,
    /// The interaction; a page changes its answers and then calls [`go_on`](Self::go_on).
    pub(crate) interaction: Interaction,
    /// What is known of the person.
    pub(crate) standing: Standing,
    /// What is still to be asked of them about themselves, if anything is.
    pub(crate) questions: Option<Questions>,
    /// What is asked of their second factor, if anything is.
    pub(crate) factor: Option<FactorQuestion>,
    /// What of it is under way; `None` while nobody is signed in.
    pub(crate) pending: Option<PendingFactor>,
    /// Another account that is offered to them, or that they have proven.
    pub(crate) offered: Option<User>,
    /// The next page; `None` when nothing is missing.
    next: Option<Page>,
    /// The instant of the unit of work that looked.
    pub(crate) now: Timestamp,
    session: Option<BrowserSession>,
}

/// Opens a page to show it, if the person may be there.
pub(crate) async fn enter(
    journey: &Journey,
    visitor: &Visitor,
    page: Page,
) -> Result<Stage, JourneyError> {
    let (company, who) = (journey.clone(), visitor.clone());
    let stage = journey
        .store
        .read(move |tx| {
            let found = interactions::find(tx, &who.id, Some(&who.browser.digest))?;
            Stage::set(tx, company, who, found)
        })
        .await??;
    if stage.next.is_some() {
        return stage.at(page);
    }
    // All is there, for instance since another tab signed in: ending it is a change.
    change(journey, visitor, page, |_, stage| Ok(Ok(stage))).await
}

/// Reads the address of whoever a page names.
pub(crate) async fn with_address(
    journey: &Journey,
    stage: Stage,
    address: fn(&Stage, &mut Tx<'_>) -> Result<EmailAddress, StorageError>,
) -> Result<(Stage, EmailAddress), StorageError> {
    let read = journey.store.read(move |tx| {
        let address = address(&stage, tx)?;
        Ok((stage, address))
    });
    read.await
}

/// Answers a page in one unit of work, if the person may be there; no other tab changes the
/// interaction until it ends.
pub(crate) async fn change<T, W>(
    journey: &Journey,
    visitor: &Visitor,
    page: Page,
    work: W,
) -> Result<T, JourneyError>
where
    T: Send + 'static,
    W: FnOnce(&mut Tx<'_>, Stage) -> Work<T> + Send + 'static,
{
    change_anywhere(journey, visitor, move |tx, mut stage| {
        if stage.next.is_none() {
            return Ok(Err(JourneyError::Elsewhere(stage.go_on(tx)?)));
        }
        match stage.at(page) {
            Ok(stage) => work(tx, stage),
            Err(elsewhere) => Ok(Err(elsewhere)),
        }
    })
    .await
}

/// The same, whichever page is next.
pub(crate) async fn change_anywhere<T, W>(
    journey: &Journey,
    visitor: &Visitor,
    work: W,
) -> Result<T, JourneyError>
where
    T: Send + 'static,
    W: FnOnce(&mut Tx<'_>, Stage) -> Work<T> + Send + 'static,
{
    let (company, who) = (journey.clone(), visitor.clone());
    journey
        .store
        .write(move |tx| {
            let found = interactions::find_to_change(tx, &who.id, Some(&who.browser.digest))?;
            match Stage::set(tx, company, who, found)? {
                Ok(stage) => work(tx, stage),
                Err(elsewhere) => Ok(Err(elsewhere)),
            }
        })
        .await?
}

impl Stage {
    fn set(tx: &mut Tx<'_>, journey: Journey, visitor: Visitor, found: Found) -> Work<Self> {
        let interaction = match found {
            Found::Open(interaction) if interaction.outcome.is_none() => *interaction,
            // Whoever asked knows how to end it, or to begin the same request again.
            Found::Open(over) | Found::Over(over) => {
                return Ok(Err(JourneyError::Elsewhere(over.return_to)));
            }
            Found::OfAnotherBrowser => return Ok(Err(JourneyError::OtherBrowser)),
            Found::Missing => return Ok(Err(JourneyError::Missing)),
        };
        let session = match &visitor.browser.session {
            Some(secret) => browser_sessions::find(tx, secret)?,
            None => None,
        };
        let mut stage = Self {
            journey,
            visitor,
            interaction,
            standing: Standing::default(),
            questions: None,
            factor: None,
            pending: None,
            offered: None,
            next: None,
            now: tx.now(),
            session,
        };
        stage.look(tx)?;
        Ok(Ok(stage))
    }

    /// Works out from the answers what is known of the person and which page is next.
    fn look(&mut self, tx: &mut Tx<'_>) -> Result<(), StorageError> {
        let proven = self.proven(tx)?;
        let session = self.session_of_the_address(tx)?;
        let interaction = &self.interaction;
        let mut standing = standing(&interaction.answers, session);
        standing.has_second_factor = match &proven {
            Some(user) => user.has_second_factor,
            None => session.is_some_and(|session| session.has_second_factor),
        };
        if let Some(authentication) = &standing.authentication
            && interaction.requirements.consent != ConsentRule::NotAsked
        {
            let user_id = &authentication.user_id;
            standing.consent = consents::find(tx, user_id, &interaction.client_id)?;
        }
        let signed_in = standing.authentication.as_ref();
        let pending = signed_in
            .map(|signed_in| PendingFactor::open(&self.journey, interaction, &signed_in.user_id))
            .transpose()?;
        let passkeys = Passkeys::of(self.journey.passkeys.as_ref());
        let factor = FactorQuestion::load(tx, interaction, &standing, passkeys)?;
        let questions = Questions::load(tx, &self.journey, interaction, &mut standing)?;
        let address = interaction.answers.email.as_ref();
        let concern = address.and_then(|address| address.concern(&self.journey.workplace_domains));
        self.standing = standing;
        self.offered = other_account::offered(tx, self)?;
        let asked = questions.as_ref().map(Questions::next);
        let factor_page = next_page(factor.as_ref(), pending.as_ref());
        let (interaction, standing) = (&self.interaction, &self.standing);
        self.next = plan(interaction, standing, concern, factor_page, asked, self.now);
        self.questions = questions;
        self.factor = factor;
        self.pending = pending;
        Ok(())
    }

    /// Whoever proved an address here is signed in for as long as it opens their account: not any
    /// more when a change of it was undone meanwhile.
    fn proven(&mut self, tx: &mut Tx<'_>) -> Result<Option<User>, StorageError> {
        let answers = &mut self.interaction.answers;
        let Some(proven) = &answers.authentication else {
            return Ok(None);
        };
        let user = users::find(tx, &proven.user_id)?;
        let opens = |user: &User| {
            let address = answers.email.as_ref();
            address.is_none_or(|address| user.email.lookup() == address.lookup())
        };
        let user = user.filter(opens);
        if user.is_none() {
            answers.authentication = None;
        }
        Ok(user)
    }

    /// The browser's session, unless an address was typed here that is not its person's: another
    /// tab may have signed somebody else in meanwhile, whom nobody means on this one.
    fn session_of_the_address(
        &self,
        tx: &mut Tx<'_>,
    ) -> Result<Option<&BrowserSession>, StorageError> {
        let (Some(session), Some(typed)) = (&self.session, &self.interaction.answers.email) else {
            return Ok(self.session.as_ref());
        };
        let user = users::find(tx, &session.authentication.user_id)?;
        let is_theirs = user.is_some_and(|user| user.email.lookup() == typed.lookup());
        Ok(is_theirs.then_some(session))
    }

    /// This stage, if `page` may be opened on it; otherwise the way to the page that is next.
    fn at(self, page: Page) -> Result<Self, JourneyError> {
        let opens = match (self.next, page, &self.questions) {
            (Some(Page::Details(next)), Page::Details(page), Some(questions)) => {
                page == next || questions.opens(page)
            }
            (Some(Page::SecondFactor(next)), Page::SecondFactor(page), _) => {
                let question = self.factor.as_ref();
                page == next || question.is_some_and(|question| question.opens(page))
            }
            (Some(next), page, _) => next.opens(page, self.may_choose()),
            (None, ..) => false,
        };
        if opens {
            Ok(self)
        } else {
            Err(self.elsewhere())
        }
    }

    /// Stores what is known of the person while they answer.
    pub(crate) fn keep(
        &mut self,
        tx: &mut Tx<'_>,
        known: &InteractionDetails,
    ) -> Result<(), StorageError> {
        let sealed = known.keep(tx, &self.journey, &self.interaction.id)?;
        self.interaction.sealed_details = Some(sealed);
        Ok(())
    }

    /// Stores what is under way of the second factor.
    pub(crate) fn keep_pending(&mut self, tx: &mut Tx<'_>) -> Result<(), StorageError> {
        match &self.pending {
            Some(pending) => pending.keep(tx, &self.journey, &mut self.interaction),
            None => Ok(()),
        }
    }

    /// Stores the answers and returns where they lead; ends the interaction when nothing is
    /// missing any more.
    pub(crate) fn go_on(&mut self, tx: &mut Tx<'_>) -> Result<String, StorageError> {
        let interaction = &self.interaction;
        interactions::replace_answers(tx, &interaction.id, &interaction.answers)?;
        self.look(tx)?;
        if self.next.is_none() && !self.keeps_session(tx)? {
            self.look(tx)?;
        }
        if let (None, Some(authentication)) = (self.next, &self.standing.authentication) {
            let outcome = Outcome::SignedIn {
                authentication: authentication.clone(),
                selected_at: self.standing.selected_at.unwrap_or(self.now),
            };
            interactions::complete(tx, &self.interaction.id, &outcome)?;
        }
        Ok(self.url())
    }

    /// Keeps the session that the interaction is about to end with from ending before this unit of
    /// work does; `false` when it ended a moment ago.
    fn keeps_session(&mut self, tx: &mut Tx<'_>) -> Result<bool, StorageError> {
        let (Some(secret), None, Some(signed_in)) = (
            &self.visitor.browser.session,
            &self.interaction.answers.authentication,
            &self.standing.authentication,
        ) else {
            return Ok(true);
        };
        users::share(tx, &signed_in.user_id)?;
        self.session = browser_sessions::find(tx, secret)?;
        Ok(self.session.is_some())
    }

    /// The way to the page that is next.
    pub(crate) fn elsewhere(&self) -> JourneyError {
        JourneyError::Elsewhere(self.url())
    }

    /// The URL of a page, on the same way to it as the page that is open.
    pub(crate) fn url_of(&self, page: Page) -> String {
        let url = page.url(&self.interaction.id);
        if is_from_check_answers(&self.visitor) {
            from_check_answers(&url)
        } else {
            url
        }
    }

    /// Where the interaction goes on.
    pub(crate) fn url(&self) -> String {
        match self.next {
            Some(page) => page.url(&self.interaction.id),
            None => self.interaction.return_to.clone(),
        }
    }

    /// What stands around a question about the person.
    pub(crate) fn frame(&self) -> Frame {
        Frame {
            csrf: self.csrf(),
            service_name: self.interaction.service_name.clone(),
        }
    }

    /// The token for this interaction's forms.
    pub(crate) fn csrf(&self) -> String {
        self.visitor.csrf(&self.journey)
    }

    /// Answers with one of this interaction's pages, and the way back from it.
    pub(crate) fn respond<V: View>(
        &self,
        status: StatusCode,
        page: Page,
        view: &V,
    ) -> HttpResponse {
        self.respond_linking(status, page, view, &ClientLinks::default())
    }

    /// The same, on a page that shows what the service shows of itself.
    pub(crate) fn respond_linking<V: View>(
        &self,
        status: StatusCode,
        page: Page,
        view: &V,
        links: &ClientLinks,
    ) -> HttpResponse {
        let shell = Shell {
            back_link: self.back(page).map(|back| back.url(&self.interaction.id)),
            images: links.image_origin().into_iter().collect(),
            ..shell_of(&self.interaction)
        };
        self.journey.pages.respond(status, &shell, view)
    }

    /// The page behind one. Who came to change an answer goes back to all of them.
    fn back(&self, page: Page) -> Option<Page> {
        let asked = match page {
            Page::Details(asked) => asked,
            Page::SecondFactor(page) => {
                let back = self.factor.as_ref()?.back(page);
                return back.map(Page::SecondFactor);
            }
            _ => return page.back(self.may_choose()),
        };
        let questions = self.questions.as_ref()?;
        let all = DetailsPage::CheckAnswers;
        let is_change = is_from_check_answers(&self.visitor) && questions.next() == all;
        if is_change && asked != all {
            Some(Page::Details(all))
        } else {
            questions.back(asked).map(Page::Details)
        }
    }

    /// The refusal to do something before `until`.
    pub(crate) fn too_many(&self, limit: Limit, until: Timestamp) -> JourneyError {
        let wait = self.wait(until);
        let way_back = WayBack {
            csrf: self.csrf(),
            service_name: self.interaction.service_name.clone(),
            code_url: self
                .code_page()
                .filter(|_| limit == Limit::CodesSent)
                .map(|page| page.url(&self.interaction.id)),
        };
        JourneyError::TooMany(Box::new(TooMany {
            shell: shell_of(&self.interaction),
            page: TooManyPage::new(limit, wait, Some(way_back)),
            wait,
        }))
    }

    /// Where a code that was sent may still be typed.
    fn code_page(&self) -> Option<Page> {
        let has_tries = self.interaction.wrong_codes < self.journey.code.tries;
        self.next.filter(|next| next.takes_codes() && has_tries)
    }

    /// How long it is until then.
    pub(crate) fn wait(&self, until: Timestamp) -> Duration {
        until.since(self.now)
    }

    /// The address of whoever the browser's session belongs to.
    pub(crate) fn signed_in_already(&self, tx: &mut Tx<'_>) -> Result<EmailAddress, StorageError> {
        let session = self.session.as_ref();
        address_of(tx, session.map(|session| &session.authentication))
    }

    /// Whoever the interaction signs in.
    pub(crate) fn user_id(&self) -> Option<&UserId> {
        let signed_in = self.standing.authentication.as_ref();
        signed_in.map(|signed_in| &signed_in.user_id)
    }

    /// The address of whoever the interaction signs in.
    pub(crate) fn signed_in(&self, tx: &mut Tx<'_>) -> Result<EmailAddress, StorageError> {
        address_of(tx, self.standing.authentication.as_ref())
    }

    fn may_choose(&self) -> MayChoose {
        let answers = &self.interaction.answers;
        let is_asked = self.interaction.requirements.choose_account;
        if is_asked && self.session.is_some() && answers.authentication.is_none() {
            MayChoose::Yes
        } else {
            MayChoose::No
        }
    }
}

/// What stands around a page of an interaction that no page leads back from.
pub(crate) fn shell_of(interaction: &Interaction) -> Shell {
    let target = Some(interaction.form_action.clone());
    Shell {
        form_action: target
            .filter(|target| !target.is_empty())
            .into_iter()
            .collect(),
        ..Shell::for_service(&interaction.service_name)
    }
}

/// The address as it was typed; empty before it was.
pub(crate) fn typed_address(interaction: &Interaction) -> String {
    let address = interaction.answers.email.as_ref();
    address.map_or_else(String::new, |address| address.as_typed().to_owned())
}

/// A session or an interaction that signs in nobody we know is not one that we stored.
fn address_of(
    tx: &mut Tx<'_>,
    authentication: Option<&Authentication>,
) -> Result<EmailAddress, StorageError> {
    let authentication = authentication.ok_or(StorageError::Corrupt("browser_sessions"))?;
    let user = users::find(tx, &authentication.user_id)?;
    Ok(user.ok_or(StorageError::Corrupt("users"))?.email)
}
