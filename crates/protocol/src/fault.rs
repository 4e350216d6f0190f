//! What a reader sees of a fault, and what the operator does.

use actix_web::HttpResponse;
use model::IncidentId;
use pages::ErrorPage;
use storage::StorageError;

use crate::provider::Provider;

/// Logs a fault once, under a new incident id.
pub(crate) fn log_fault(provider: &Provider, fault: &StorageError) -> IncidentId {
    let incident = IncidentId::draw(&*provider.entropy);
    tracing::error!(incident = %incident, error = %fault, "a request met a fault");
    incident
}

/// The page for a person whose request met a fault.
pub(crate) fn page_of_fault(provider: &Provider, fault: &StorageError) -> HttpResponse {
    let incident = log_fault(provider, fault);
    let page = match fault {
        StorageError::Unreachable(_) => ErrorPage::Unavailable,
        _ => ErrorPage::Problem,
    };
    provider.pages.error(page, Some(&incident))
}
