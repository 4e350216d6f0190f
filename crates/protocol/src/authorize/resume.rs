//! `/authorize/resume/{id}`: where the journey sends the browser when it is done.

use actix_web::http::StatusCode;
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use model::browser_session::{Acr, Authentication, BrowserSession};
use model::cookies::Cookie;
use model::interaction::{Answers, Interaction, Outcome, RefusalReason};
use model::secret::SecretKind;
use model::{InteractionId, Secret, SecretDigest, Timestamp, User};
use pages::{ErrorPage, Shell};
use storage::browser_sessions::{self, NewSession};
use storage::interactions::{self, Found};
use storage::{StorageError, Tx, trn_links, users};

use crate::already_finished_page::AlreadyFinishedPage;
use crate::authorize::begin::{Answer, Code, issue, presence};
use crate::authorize::decision::{Decision, decide};
use crate::authorize::error::{AuthorizeError, Refusal};
use crate::authorize::request::AuthorizationRequest;
use crate::authorize::response::{Recipient, see_other};
use crate::authorize::{note_refusal, parse, respond, show_page};
use crate::browser::{Browser, add_cookie};
use crate::fault::page_of_fault;
use crate::provider::Provider;

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
        Found::Over(interaction) => Ok(see_other(&again(&interaction))),
        Found::OfAnotherBrowser | Found::Missing => {
            let page = AlreadyFinishedPage { service: None };
            Ok(provider
                .pages
                .respond(StatusCode::NOT_FOUND, &Shell::default(), &page))
        }
    }
}

/// Where the same request begins again.
fn again(interaction: &Interaction) -> String {
    format!("/authorize?{}", interaction.raw_parameters.to_query())
}

async fn finish(
    provider: &Provider,
    browser: &Browser,
    secret: SecretDigest,
    interaction: Interaction,
) -> Result<HttpResponse, StorageError> {
    let (recipient, request) = match parse(provider, &interaction.raw_parameters).await? {
        Ok(parsed) => parsed,
        // The client changed while its person was being asked.
        Err(AuthorizeError::ShowPage(page)) => return Ok(show_page(provider, &page)),
        Err(AuthorizeError::Redirect(recipient, refusal)) => {
            note_refusal(provider, &recipient, &refusal).await;
            return Ok(recipient.refuse(provider, &refusal));
        }
    };
    let session_secret = SecretKind::BrowserSession.mint(&*provider.entropy);
    let work = Finish {
        provider: provider.clone(),
        recipient: recipient.clone(),
        request,
        again: again(&interaction),
        id: interaction.id.clone(),
        browser: secret,
        presented: browser.session,
        session_digest: SecretDigest::of(session_secret.reveal()),
        sid: provider.entropy.uuid(),
        code: Code {
            code: SecretKind::AuthorizationCode.mint(&*provider.entropy),
            grant_id: provider.entropy.ordered_uuid(provider.store.clock().now()),
        },
    };
    Ok(match provider.store.write(move |tx| work.run(tx)).await? {
        Finished::SignedIn(answer) => {
            if let Answer::Refused(refusal) = &answer {
                note_refusal(provider, &recipient, refusal).await;
            }
            let mut response = respond(provider, &recipient, answer);
            add_session(provider, &mut response, &session_secret);
            response
        }
        Finished::Refused(reason) => {
            let refusal = Refusal::access_denied(reason);
            note_refusal(provider, &recipient, &refusal).await;
            recipient.refuse(provider, &refusal)
        }
        Finished::AlreadyTaken => see_other(&again(&interaction)),
    })
}

fn add_session(provider: &Provider, response: &mut HttpResponse, secret: &Secret<String>) {
    add_cookie(
        response,
        &provider.cookies.set(Cookie::Session, secret, None),
    );
}

/// Whether an authentication opens a session of the account: one that has a second factor asks for
/// it.
fn lets_in(user: &User, authentication: &Authentication) -> bool {
    !user.has_second_factor || authentication.acr >= Acr::ClCm
}

/// Everything that the unit of work needs.
struct Finish {
    provider: Provider,
    recipient: Recipient,
    request: AuthorizationRequest,
    /// Where the same request begins again.
    again: String,
    id: InteractionId,
    browser: SecretDigest,
    presented: Option<SecretDigest>,
    session_digest: SecretDigest,
    sid: String,
    code: Code,
}

enum Finished {
    SignedIn(Answer),
    Refused(RefusalReason),
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
                let user = users::find(tx, &authentication.user_id)?;
                // Another tab merged the account into another one, or gave it a second factor that
                // this sign-in lacks.
                let Some(user) = user.filter(|user| lets_in(user, &authentication)) else {
                    return Ok(Finished::AlreadyTaken);
                };
                let Some(session) = self.open_session(tx, &user, authentication, selected_at)?
                else {
                    return Ok(Finished::AlreadyTaken);
                };
                self.answer(tx, &session, &taken.answers, taken.created_at)
                    .map(Finished::SignedIn)
            }
            Some(Outcome::Refused { reason }) => Ok(Finished::Refused(reason)),
            // Only what has ended is taken.
            None => Ok(Finished::AlreadyTaken),
        }
    }

    /// The person has signed in, whatever the client is told of it; `None` when their account is
    /// gone.
    fn open_session(
        &self,
        tx: &mut Tx<'_>,
        user: &User,
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
        let Some(sid) = browser_sessions::open(tx, &new, presented, lifetimes)? else {
            return Ok(None);
        };
        trn_links::look_up_soon(tx, &new.authentication.user_id)?;
        Ok(Some(BrowserSession {
            sid,
            authentication: new.authentication,
            has_second_factor: user.has_second_factor,
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
            Decision::Issue => issue(tx, &self.provider, recipient, request, session, self.code),
            Decision::Refuse(refusal) => Ok(Answer::Refused(refusal)),
            // The client asks for more than when the journey began: begin again.
            Decision::Interact => Ok(Answer::Asked {
                location: self.again,
                set_cookie: None,
            }),
        }
    }
}
