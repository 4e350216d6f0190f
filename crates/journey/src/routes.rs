//! Which path leads to which page, and what every page asks of a request first.

use std::future::Future;

use actix_web::web::{self, Bytes, Data, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse, Resource, Route};
use model::interaction::RefusalReason;

use crate::code_use::CodeUse;
use crate::details::date_of_birth::DateOfBirthPage;
use crate::details::has_national_insurance_number::HasNationalInsuranceNumberPage;
use crate::details::has_qts::HasQtsPage;
use crate::details::has_trn::HasTrnPage;
use crate::details::name::NamePage;
use crate::details::national_insurance_number::NationalInsuranceNumberPage;
use crate::details::preferred_name::PreferredNamePage;
use crate::details::previous_names::PreviousNamesPage;
use crate::details::qts_provider::QtsProviderPage;
use crate::details::trn::TrnPage;
use crate::details::{
    self, DetailsPage, Question, check_answers, qts_provider, trn_found, trn_not_found,
};
use crate::error::{Answer, JourneyError, see_other};
use crate::form::{Action, Form};
use crate::journey::Journey;
use crate::plan::Page;
use crate::stage::change_anywhere;
use crate::visitor::Visitor;
use crate::{
    account_created, accounts, address_warning, consent, email, email_code, link, second_factor,
    select_account, sign_in,
};

/// The path at which a journey begins; the interaction's id is added as `?i=`. From there each
/// person is sent to the page that is theirs.
pub const START: &str = Page::Email.path();

/// Puts every page of the journey on its path. The application's data must hold the
/// [`Journey`].
pub fn routes(app: &mut ServiceConfig) {
    app.service(page(
        Page::SelectAccount,
        shown(select_account::show),
        answered(select_account::submit),
    ))
    .service(page(
        Page::Email,
        shown(email::show),
        answered(email::submit),
    ))
    .service(page(
        Page::AddressWarning,
        shown(address_warning::show),
        answered(address_warning::submit),
    ))
    .service(page(
        Page::EmailCode,
        shown(|journey, visitor| email_code::show(CodeUse::SignIn, journey, visitor)),
        answered(|journey, visitor, form| {
            email_code::submit(CodeUse::SignIn, journey, visitor, form)
        }),
    ))
    .service(page(
        Page::Consent,
        shown(consent::show),
        answered(consent::submit),
    ))
    .service(page(
        Page::AccountCreated,
        shown(account_created::show),
        answered(account_created::submit),
    ))
    .configure(details_pages)
    .service(
        web::resource("/sign-in/link/{token}")
            .get(link::open)
            .post(link::press),
    )
    .configure(accounts::routes)
    .configure(second_factor::routes);
}

fn details_pages(app: &mut ServiceConfig) {
    app.service(question::<NamePage>())
        .service(question::<PreviousNamesPage>())
        .service(question::<PreferredNamePage>())
        .service(question::<DateOfBirthPage>())
        .service(question::<HasNationalInsuranceNumberPage>())
        .service(question::<NationalInsuranceNumberPage>())
        .service(question::<HasTrnPage>())
        .service(question::<TrnPage>())
        .service(question::<HasQtsPage>())
        .service(question::<QtsProviderPage>())
        .service(page(
            Page::Details(DetailsPage::CheckAnswers),
            shown(check_answers::show),
            answered(check_answers::submit),
        ))
        .service(page(
            Page::Details(DetailsPage::TrnFound),
            shown(trn_found::show),
            answered(trn_found::submit),
        ))
        .service(page(
            Page::Details(DetailsPage::TrnNotFound),
            shown(trn_not_found::show),
            answered(trn_not_found::submit),
        ))
        .route(qts_provider::LIST_PATH, web::get().to(qts_provider::list));
}

fn question<Q: Question>() -> Resource {
    page(
        Page::Details(Q::PAGE),
        shown(details::show::<Q>),
        answered(details::submit::<Q>),
    )
}

pub(crate) fn page(page: Page, show: Route, submit: Route) -> Resource {
    web::resource(page.path()).route(show).route(submit)
}

/// A page as it is looked at.
pub(crate) fn shown<S, F>(show: S) -> Route
where
    S: Fn(Journey, Visitor) -> F + Clone + 'static,
    F: Future<Output = Answer> + 'static,
{
    web::get().to(move |journey: Data<Journey>, request: HttpRequest| {
        let show = show.clone();
        async move {
            let answer = match Visitor::of(&journey, &request) {
                Ok(visitor) => show(journey.get_ref().clone(), visitor).await,
                Err(elsewhere) => Err(elsewhere),
            };
            respond(&journey, answer)
        }
    })
}

/// A page's form as it comes in: none is read without its token, and Cancel is the same on all.
pub(crate) fn answered<S, F>(submit: S) -> Route
where
    S: Fn(Journey, Visitor, Form) -> F + Clone + 'static,
    F: Future<Output = Answer> + 'static,
{
    web::post().to(
        move |journey: Data<Journey>, request: HttpRequest, body: Bytes| {
            let submit = submit.clone();
            async move {
                let answer = match read(&journey, &request, &body) {
                    Ok((visitor, form)) if form.action == Action::Cancel => {
                        cancel(&journey, &visitor).await
                    }
                    Ok((visitor, form)) => submit(journey.get_ref().clone(), visitor, form).await,
                    Err(elsewhere) => Err(elsewhere),
                };
                respond(&journey, answer)
            }
        },
    )
}

fn read(
    journey: &Journey,
    request: &HttpRequest,
    body: &Bytes,
) -> Result<(Visitor, Form), JourneyError> {
    let visitor = Visitor::of(journey, request)?;
    let form = Form::parse(body)?;
    visitor.check(journey, &form)?;
    Ok((visitor, form))
}

/// The person gives up: the service is told so.
pub(crate) async fn cancel(journey: &Journey, visitor: &Visitor) -> Answer {
    let path = change_anywhere(journey, visitor, |tx, stage| {
        Ok(Ok(sign_in::refuse(tx, stage, RefusalReason::Declined)?))
    });
    Ok(see_other(&path.await?))
}

pub(crate) fn respond(journey: &Journey, answer: Answer) -> HttpResponse {
    answer.unwrap_or_else(|elsewhere| elsewhere.respond(journey))
}
