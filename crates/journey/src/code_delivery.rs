//! A code and its link: counted, drawn and stored in one unit of work, sent after its commit.
//!
//! Only the link of a sign-in code is ever sent: the others' codes sign nobody in by themselves.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use model::email_code::EmailCode;
use model::keyring::Purpose;
use model::secret::SecretKind;
use model::{
    EmailAddress, Interaction, InteractionId, Secret, SecretDigest, Timestamp, email_code,
};
use pages::PagesError;
use storage::email_codes::{self, NewEmailCode};
use storage::limits::{self, Hit};
use storage::{StorageError, Tx};

use crate::code_not_sent::{CodeNotSentPage, NotSentReason};
use crate::code_use::CodeUse;
use crate::emails::{AccountCodeEmail, NewAddressCodeEmail, SignInCodeEmail};
use crate::error::{Answer, see_other};
use crate::journey::Journey;
use crate::mailer::{Mail, MailError, MailKind};
use crate::rate_limit::Sends;
use crate::stage::{Stage, change_anywhere};
use crate::visitor::Visitor;

/// A code that is stored and has yet to be sent.
#[derive(Debug)]
pub(crate) struct Letter {
    code_use: CodeUse,
    reference: String,
    to: EmailAddress,
    code: EmailCode,
    link: Secret<String>,
    service: String,
    sends: Sends,
    issued_at: Timestamp,
    issued_before: Option<Timestamp>,
}

/// No code may be sent before that instant: a send limit is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TooSoon {
    pub(crate) until: Timestamp,
}

/// What becomes of the codes that were sent before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum EarlierCodes {
    /// They stay good until their own end: mail arrives late.
    Stay,
    /// They die: they went to another address.
    Die,
}

/// The digest by which a code is kept, bound to its use, interaction and address.
pub(crate) fn code_digest(
    journey: &Journey,
    code_use: CodeUse,
    id: &InteractionId,
    address: &EmailAddress,
    code: &EmailCode,
) -> Vec<u8> {
    let parts = [
        code_use.label(),
        id.as_str(),
        address.lookup(),
        code.reveal(),
    ];
    let parts = parts.map(str::as_bytes);
    journey.keyring.digest(Purpose::EmailCode, &parts)
}

/// Issues a code for `address` within the send limits, or says from when on it may be asked for.
///
/// It does not look whether the address has an account, so that nothing tells.
pub(crate) fn issue(
    tx: &mut Tx<'_>,
    stage: &mut Stage,
    code_use: CodeUse,
    address: &EmailAddress,
    earlier: EarlierCodes,
) -> Result<Result<Letter, TooSoon>, StorageError> {
    let journey = &stage.journey;
    let sends = Sends::of(journey, address, stage.visitor.browser.client);
    if let Hit::Refused { until } = limits::hit(tx, &sends.all())? {
        return Ok(Err(TooSoon { until }));
    }
    let interaction = &mut stage.interaction;
    if earlier == EarlierCodes::Die {
        email_codes::end_all(tx, &interaction.id)?;
        code_use.set_sent_at(&mut interaction.answers, None);
    }
    let now = tx.now();
    let fixed = journey.reserved_addresses.code_for(address);
    let code = fixed.unwrap_or_else(|| email_code::draw(&*journey.entropy));
    let link = SecretKind::EmailLink.mint(&*journey.entropy);
    let new = NewEmailCode {
        id: journey.entropy.ordered_uuid(now),
        interaction_id: interaction.id.clone(),
        code_digest: code_digest(journey, code_use, &interaction.id, address, &code),
        link_digest: SecretDigest::of(link.reveal()),
        expires_at: now.plus(journey.code.life),
    };
    email_codes::insert(tx, &new, journey.code.tries)?;
    let issued_before = code_use.sent_at(&interaction.answers);
    code_use.set_sent_at(&mut interaction.answers, Some(now));
    Ok(Ok(Letter {
        code_use,
        reference: new.id,
        to: address.clone(),
        code,
        link,
        service: interaction.service_name.clone(),
        sends,
        issued_at: now,
        issued_before,
    }))
}

/// Sends a letter whose unit of work is committed, then goes to `path`; when it cannot be sent,
/// says so and loses nothing.
pub(crate) async fn send(
    journey: &Journey,
    visitor: &Visitor,
    letter: Letter,
    path: &str,
) -> Answer {
    let mail = letter.write(journey)?;
    let Err(fault) = journey.mailer.send(&mail).await else {
        return Ok(see_other(path));
    };
    tracing::warn!(reference = %mail.reference, error = %fault, "a code was not sent");
    let (stage, letter) = change_anywhere(journey, visitor, move |tx, mut stage| {
        take_back(tx, &mut stage, &letter, fault)?;
        Ok(Ok((stage, letter)))
    })
    .await?;
    Ok(not_sent(&stage, &letter, fault))
}

/// Gives back what a letter was counted by and, if it cannot have left, forgets that it was sent.
fn take_back(
    tx: &mut Tx<'_>,
    stage: &mut Stage,
    letter: &Letter,
    fault: MailError,
) -> Result<(), StorageError> {
    limits::release(tx, &letter.sends.addressee)?;
    if fault != MailError::AddressRefused {
        limits::release(tx, &letter.sends.asker)?;
    }
    let answers = &mut stage.interaction.answers;
    let may_have_left = fault == MailError::Unavailable;
    if !may_have_left && letter.code_use.sent_at(answers) == Some(letter.issued_at) {
        letter.code_use.set_sent_at(answers, letter.issued_before);
    }
    stage.go_on(tx)?;
    Ok(())
}

impl Letter {
    fn write(&self, journey: &Journey) -> Result<Mail, PagesError> {
        let pages = &journey.pages;
        let (code, service) = (self.code.clone(), self.service.clone());
        let minutes = journey.code.minutes();
        let (content, kind) = match self.code_use {
            CodeUse::SignIn => {
                let link = format!("{}/sign-in/link/{}", journey.issuer, self.link.reveal());
                let email = SignInCodeEmail {
                    code,
                    link: Secret::new(link),
                    minutes,
                    service,
                };
                (pages.email(&email)?, MailKind::SignInCode(email))
            }
            CodeUse::OtherAccount => {
                let email = AccountCodeEmail {
                    code,
                    minutes,
                    service,
                };
                (pages.email(&email)?, MailKind::AccountCode(email))
            }
            CodeUse::NewAddress => {
                let email = NewAddressCodeEmail {
                    code,
                    minutes,
                    service,
                };
                (pages.email(&email)?, MailKind::NewAddressCode(email))
            }
        };
        Ok(Mail {
            reference: self.reference.clone(),
            to: self.to.clone(),
            kind,
            content,
        })
    }
}

fn not_sent(stage: &Stage, letter: &Letter, fault: MailError) -> HttpResponse {
    let (status, reason) = match fault {
        MailError::AddressRefused => (StatusCode::BAD_REQUEST, NotSentReason::AddressRefused),
        MailError::Unavailable | MailError::Misconfigured => {
            (StatusCode::SERVICE_UNAVAILABLE, NotSentReason::Unavailable)
        }
    };
    let Interaction { id, answers, .. } = &stage.interaction;
    let code_use = letter.code_use;
    let is_typed = code_use != CodeUse::OtherAccount;
    let view = CodeNotSentPage {
        csrf: stage.csrf(),
        service_name: stage.interaction.service_name.clone(),
        address: code_use.shown(&letter.to),
        typed: is_typed.then(|| letter.to.as_typed().to_owned()),
        retry_url: code_use.asked_from(answers).url(id),
        code_url: code_use.sent_at(answers).map(|_| code_use.page().url(id)),
        reason,
    };
    stage.respond(status, code_use.page(), &view)
}
