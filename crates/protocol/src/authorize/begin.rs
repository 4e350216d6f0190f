//! One unit of work from a request to its answer or its interaction.

use std::borrow::Cow;

use model::browser_session::BrowserSession;
use model::interaction::Answers;
use model::raw_pairs::RawPairs;
use model::requirement::{ConsentRule, DetailsStanding, Standing};
use model::{Client, Interaction, InteractionId, Secret, SecretDigest, Timestamp, UserId};
use storage::{
    StorageError, Tx, browser_sessions, consents, interactions, people, trn_links, user_details,
};

use crate::authorize::Arrival;
use crate::authorize::decision::{Decision, Presence, decide};
use crate::authorize::error::Refusal;
use crate::authorize::expected::ExpectedPerson;
use crate::authorize::issue::{Drawn, Issued};
use crate::authorize::pushed::{Found, PushedRequest};
use crate::authorize::request::{AuthorizationRequest, PagesAllowed, read_parameters};
use crate::authorize::response::Recipient;
use crate::browser::Browser;
use crate::provider::Provider;
use crate::subjects::Subjects;
use model::cookies::Cookie;

/// How a request is answered.
pub(crate) enum Answer {
    /// With what was asked for.
    Issued(Box<Issued>),
    /// The person is asked first.
    Asked {
        /// Where the journey begins.
        location: String,
        /// The cookie of a browser that had none.
        set_cookie: Option<String>,
    },
    /// With a refusal.
    Refused(Refusal),
    /// Not at all: what was pushed was used a moment ago, and not by this browser.
    UsedBefore,
}

impl Answer {
    /// The session that what is given is of.
    pub(crate) fn sid(&self) -> Option<&str> {
        match self {
            Self::Issued(issued) => Some(issued.sid()),
            Self::Asked { .. } | Self::Refused(_) | Self::UsedBefore => None,
        }
    }
}

/// Everything that is drawn before the unit of work, so that it stays plain and fast.
struct Prepared {
    answer: Drawn,
    interaction_id: InteractionId,
    browser: (SecretDigest, Option<Secret<String>>),
}

/// Decides over a new request and carries the decision out.
pub(crate) async fn begin(
    provider: &Provider,
    browser: &Browser,
    recipient: &Recipient,
    request: AuthorizationRequest,
    (pairs, arrival): (RawPairs, Arrival),
) -> Result<Answer, StorageError> {
    let now = provider.store.clock().now();
    let prepared = Prepared {
        answer: Drawn::draw(provider, &recipient.client, request.response_type),
        interaction_id: InteractionId::new(provider.entropy.ordered_uuid(now)),
        browser: browser.known_or_new(&*provider.entropy),
    };
    let (parts, recipient, session) = (provider.clone(), recipient.clone(), browser.session);
    let write = provider.store.write(move |tx| {
        if let Arrival::Pushed(pushed) = &arrival {
            let until = tx.now().plus(parts.lifetimes.interaction);
            if !pushed.redeem(tx, (&prepared.interaction_id, until))? {
                return answer_used(tx, pushed, &prepared.browser.0);
            }
        }
        let session = find_session(tx, session.as_ref())?;
        let presence = match &session {
            Some(session) => presence(tx, session, &recipient.client, &request, &parts.subjects)?,
            None => Presence::default(),
        };
        match (decide(&request, &presence, None, tx.now()), session) {
            (Decision::Refuse(refusal), _) => Ok(Answer::Refused(refusal)),
            (Decision::Issue, Some(session)) => {
                browser_sessions::slide(tx, &session, parts.lifetimes.session)?;
                look_up_again(tx, &session, &presence.standing)?;
                let issued = prepared
                    .answer
                    .issue(tx, &parts, &recipient, &request, &session)?;
                Ok(Answer::Issued(Box::new(issued)))
            }
            (Decision::Issue | Decision::Interact, _) => {
                ask(tx, &parts, &recipient, &request, &pairs, prepared)
            }
        }
    });
    write.await
}

/// Another request used it up since it was read: a double click, or somebody else.
fn answer_used(
    tx: &mut Tx<'_>,
    pushed: &PushedRequest,
    browser: &SecretDigest,
) -> Result<Answer, StorageError> {
    Ok(match pushed.find(tx, Some(browser))? {
        Found::GoesOn { location } => Answer::Asked {
            location,
            set_cookie: None,
        },
        Found::Unused(_) | Found::Unusable => Answer::UsedBefore,
    })
}

fn find_session(
    tx: &mut Tx<'_>,
    secret: Option<&SecretDigest>,
) -> Result<Option<BrowserSession>, StorageError> {
    match secret {
        Some(secret) => browser_sessions::find_to_use(tx, secret),
        None => Ok(None),
    }
}

/// What is known of the person in a session, as far as the request asks for it.
pub(crate) fn presence(
    tx: &mut Tx<'_>,
    session: &BrowserSession,
    client: &Client,
    request: &AuthorizationRequest,
    subjects: &Subjects,
) -> Result<Presence, StorageError> {
    let user_id = &session.authentication.user_id;
    let requirements = &request.requirements;
    let details = if requirements.details.asks_anything() {
        user_details::standing(tx, user_id)?
    } else {
        DetailsStanding::default()
    };
    let consent = match requirements.consent {
        ConsentRule::NotAsked => None,
        _ => consents::find_to_use(tx, user_id, &client.id)?,
    };
    Ok(Presence {
        standing: Standing {
            authentication: Some(session.authentication.clone()),
            selected_at: Some(session.selected_at),
            has_second_factor: session.has_second_factor,
            // Where nothing can be asked, nothing can be offered.
            declined_second_factor: request.pages == PagesAllowed::No,
            task_done: false,
            details,
            consent,
        },
        is_expected: is_expected(tx, user_id, &request.expected, |id| subjects.of(client, id))?,
    })
}

/// Who is expected by the name of an account that was merged into theirs is expected.
fn is_expected(
    tx: &mut Tx<'_>,
    user_id: &UserId,
    expected: &ExpectedPerson,
    name: impl for<'a> Fn(&'a UserId) -> Cow<'a, str>,
) -> Result<bool, StorageError> {
    if expected.is_one_of(&[name(user_id)]) {
        return Ok(true);
    }
    let previous = people::find(tx, user_id)?.previous_ids;
    let names = previous.iter().chain([user_id]).map(name);
    Ok(expected.is_one_of(&names.collect::<Vec<_>>()))
}

/// Records grow: whoever has none yet is looked for once more, after they went on.
fn look_up_again(
    tx: &mut Tx<'_>,
    session: &BrowserSession,
    standing: &Standing,
) -> Result<(), StorageError> {
    if standing.details.trn.is_some_and(|trn| trn.status.is_open()) {
        trn_links::look_up_soon(tx, &session.authentication.user_id)?;
    }
    Ok(())
}

fn ask(
    tx: &mut Tx<'_>,
    provider: &Provider,
    recipient: &Recipient,
    request: &AuthorizationRequest,
    pairs: &RawPairs,
    prepared: Prepared,
) -> Result<Answer, StorageError> {
    let id = prepared.interaction_id;
    let (browser, minted) = prepared.browser;
    let location = format!("{}?i={id}", provider.journey);
    let pairs = read_parameters(pairs);
    let interaction = interaction(id, tx.now(), provider, recipient, request, pairs);
    interactions::insert(tx, &interaction, &browser)?;
    let set_cookie = minted.map(|secret| provider.cookies.set(Cookie::Browser, &secret, None));
    Ok(Answer::Asked {
        location,
        set_cookie,
    })
}

fn interaction(
    id: InteractionId,
    now: Timestamp,
    provider: &Provider,
    recipient: &Recipient,
    request: &AuthorizationRequest,
    raw_parameters: RawPairs,
) -> Interaction {
    Interaction {
        return_to: format!("/authorize/resume/{id}"),
        id,
        client_id: recipient.client.id.clone(),
        service_name: recipient.client.settings.client_name.clone(),
        raw_parameters,
        requirements: request.requirements.clone(),
        form_action: recipient.redirect.form_action(),
        login_hint: request
            .login_hint
            .as_ref()
            .map(|hint| hint.as_typed().to_owned()),
        answers: Answers::default(),
        sealed_details: None,
        sealed_factor: None,
        outcome: None,
        wrong_codes: 0,
        created_at: now,
        expires_at: now.plus(provider.lifetimes.interaction),
    }
}
