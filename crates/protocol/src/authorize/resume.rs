//! `/authorize/resume/{id}`: where the journey sends the browser when it is done.

use actix_web::http::StatusCode;
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use model::browser_session::{Authentication, BrowserSession};
use model::cookies::Cookie;
use model::interaction::{Answers, Interaction, Outcome};
use model::secret::SecretKind;
use model::{InteractionId, Secret, SecretDigest, Timestamp};
use pages::{ErrorPage, Shell};
use storage::browser_sessions::{self, NewSession};
use storage::interactions::{self, Found};
use storage::{StorageError, Tx, sign_out, trn_links};

use crate::already_finished_page::AlreadyFinishedPage;
use crate::authorize::begin::{Answer, presence};
use crate::authorize::decision::{Decision, decide};
use crate::authorize::error::Refusal;
use crate::authorize::issue::Drawn;
use crate::authorize::request::AuthorizationRequest;
use crate::authorize::response::{Recipient, see_other};
use crate::authorize::{Arrival, answer_resolved, parse, refuse, refuse_client, respond};
use crate::browser::{Browser, add_cookie};
use crate::fault::page_of_fault;
use crate::provider::Provider;
use crate::session_state;

/// `GET /authorize/resume/{id}`.
///
/// An interaction that ended is taken (of any number of calls exactly one gets it), its session
/// opened, and its request parsed and decided over again. One that was taken before, or whose
/// time is over, begins the same request again: Back is no dead end.
pub async fn resume(
    provider: Data<Provider>,
    http: HttpRequest,
    path: Path<String>,
) -> HttpResponse {
    let browser = Browser::of(&http, provider.cookies);
    let Some(id) = InteractionId::parse(&path) else {
        return provider.pages.error(ErrorPage::NotFound, None);
    };
    match continued(&provider, &browser, id).await {
        Ok(response) => response,
        Err(fault) => page_of_fault(&provider, &fault),
    }
}

async fn continued(
    provider: &Provider,
    browser: &Browser,
    id: InteractionId,
) -> Result<HttpResponse, StorageError> {
    let Some(secret) = browser.browser else {
        return Ok(provider.pages.error(ErrorPage::CookiesOff, None));
    };
    let found = provider.store.read({
        let id = id.clone();
        move |tx| interactions::find(tx, &id, Some(&secret))
    });
    match found.await? {
        Found::Open(interaction) if interaction.outcome.is_some() => {
            finish(provider, browser, secret, *interaction).await
        }
        Found::Open(interaction) => Ok(see_other(&format!(
            "{}?i={}",
            provider.journey, interaction.id
        ))),
        Found::Over(interaction) => {
            let parameters = interaction.raw_parameters;
            answer_resolved(provider, browser, parameters, Arrival::Again).await
        }
        Found::OfAnotherBrowser | Found::Missing => {
            let page = AlreadyFinishedPage { service: None };
            Ok(provider
                .pages
                .respond(StatusCode::NOT_FOUND, &Shell::default(), &page))
        }
    }
}

async fn finish(
    provider: &Provider,
    browser: &Browser,
    secret: SecretDigest,
    interaction: Interaction,
) -> Result<HttpResponse, StorageError> {
    let parameters = &interaction.raw_parameters;
    let (recipient, request) = match parse(provider, parameters, &Arrival::Again).await? {
        Ok(parsed) => parsed,
        // The client changed while its person was being asked.
        Err(refusal) => return Ok(refuse(provider, parameters, &refusal).await),
    };
    let drawn = Drawn::draw(provider, &recipient.client, request.response_type);
    let session_secret = SecretKind::BrowserSession.mint(&*provider.entropy);
    let work = Finish {
        provider: provider.clone(),
        recipient: recipient.clone(),
        request,
        again: interaction.return_to.clone(),
        id: interaction.id.clone(),
        browser: secret,
        presented: browser.session,
        session_digest: SecretDigest::of(session_secret.reveal()),
        sid: provider.entropy.uuid(),
        drawn,
    };
    Ok(match provider.store.write(move |tx| work.run(tx)).await? {
        Finished::SignedIn { answer, sid } => {
            let mut response = respond(provider, &recipient, answer).await;
            add_session(provider, &mut response, &session_secret);
            add_cookie(&mut response, &session_state::cookie(provider, &sid));
            response
        }
        Finished::Refused(refusal) => refuse_client(provider, &recipient, &refusal).await,
        Finished::AlreadyTaken => see_other(&interaction.return_to),
    })
}

fn add_session(provider: &Provider, response: &mut HttpResponse, secret: &Secret<String>) {
    add_cookie(
        response,
        &provider.cookies.set(Cookie::Session, secret, None),
    );
}

/// Everything that the unit of work needs.
struct Finish {
    provider: Provider,
    recipient: Recipient,
    request: AuthorizationRequest,
    /// Where the same request begins again, once its interaction is taken. Not at `/authorize`:
    /// what a client signed, and we read, is in no URL and need not be good any more.
    again: String,
    id: InteractionId,
    browser: SecretDigest,
    presented: Option<SecretDigest>,
    session_digest: SecretDigest,
    sid: String,
    drawn: Drawn,
}

enum Finished {
    SignedIn { answer: Answer, sid: String },
    Refused(Refusal),
    AlreadyTaken,
}

impl Finish {
    fn run(self, tx: &mut Tx<'_>) -> Result<Finished, StorageError> {
        let Some(taken) = interactions::take(tx, &self.id, &self.browser)? else {
            return Ok(Finished::AlreadyTaken);
        };
        match taken.outcome {
            Some(Outcome::SignedIn {
                authentication,
                selected_at,
            }) => {
                // Another tab merged the account into another one, or gave it a second factor that
                // this sign-in lacks.
                let Some(session) = self.open_session(tx, authentication, selected_at)? else {
                    return Ok(Finished::AlreadyTaken);
                };
                let answer = self.answer(tx, &session, &taken.answers, taken.created_at)?;
                let sid = session.sid;
                Ok(Finished::SignedIn { answer, sid })
            }
            Some(Outcome::Refused { reason }) => {
                let consent = &self.request.requirements.consent;
                let refusal = Refusal::access_denied(reason, consent);
                Ok(Finished::Refused(refusal))
            }
            // Only what has ended is taken.
            None => Ok(Finished::AlreadyTaken),
        }
    }

    /// The person has signed in, whatever the client is told of it; `None` when their account is
    /// gone, or asks for more.
    fn open_session(
        &self,
        tx: &mut Tx<'_>,
        authentication: Authentication,
        selected_at: Timestamp,
    ) -> Result<Option<BrowserSession>, StorageError> {
        let new = NewSession {
            secret: self.session_digest,
            sid: self.sid.clone(),
            authentication,
            selected_at,
        };
        let lifetimes = self.provider.lifetimes.session;
        let presented = self.presented.as_ref();
        let Some(opened) = browser_sessions::open(tx, &new, presented, lifetimes)? else {
            return Ok(None);
        };
        if let Some(replaced) = &opened.replaced {
            let (keyring, entropy) = (&self.provider.keyring, &*self.provider.entropy);
            sign_out::close(tx, keyring, entropy, replaced)?;
        }
        trn_links::look_up_soon(tx, &new.authentication.user_id)?;
        Ok(Some(BrowserSession {
            sid: opened.sid,
            authentication: new.authentication,
            has_second_factor: opened.has_second_factor,
            selected_at,
            last_seen_at: tx.now(),
        }))
    }

    fn answer(
        self,
        tx: &mut Tx<'_>,
        session: &BrowserSession,
        answers: &Answers,
        began: Timestamp,
    ) -> Result<Answer, StorageError> {
        let (recipient, request) = (&self.recipient, &self.request);
        let mut presence = presence(
            tx,
            session,
            &recipient.client,
            request,
            &self.provider.subjects,
        )?;
        presence.standing.declined_second_factor = answers.declined_second_factor;
        presence.standing.task_done = answers.task_done;
        match decide(request, &presence, Some(began), tx.now()) {
            Decision::Issue => {
                let issued = self
                    .drawn
                    .issue(tx, &self.provider, recipient, request, session)?;
                Ok(Answer::Issued(Box::new(issued)))
            }
            Decision::Refuse(refusal) => Ok(Answer::Refused(refusal)),
            // The client asks for more than when the journey began: begin again.
            Decision::Interact => Ok(Answer::Asked {
                location: self.again,
                set_cookie: None,
            }),
        }
    }
}
