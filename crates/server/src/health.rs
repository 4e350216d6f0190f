//! `/health/live` and `/health/ready`, for whatever watches over the process.
//!
//! Live is true while the process can answer at all. Ready is true while it should be sent
//! requests: the database answers, is migrated and holds signing keys, and no signal to stop has
//! come.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use actix_web::HttpResponse;
use actix_web::web::{self, Data, ServiceConfig};
use serde::Serialize;
use storage::{MigrationState, StorageError, Store, signing_keys};

/// What decides whether the process is ready. Clones are one.
#[derive(Clone)]
pub struct Health(Arc<Inner>);

struct Inner {
    store: Store,
    timeout: Duration,
    is_migrated: AtomicBool,
    is_stopping: AtomicBool,
}

/// Why the process is not ready. Each is a word for an operator and tells nothing else.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Reason {
    Database,
    Migrations,
    SigningKeys,
    Stopping,
}

#[derive(Serialize)]
struct Report {
    status: &'static str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    reasons: Vec<Reason>,
}

impl Health {
    /// Watches this database, which has to answer within `timeout`.
    #[must_use]
    pub fn new(store: Store, timeout: Duration) -> Self {
        let (is_migrated, is_stopping) = (AtomicBool::new(false), AtomicBool::new(false));
        Self(Arc::new(Inner {
            store,
            timeout,
            is_migrated,
            is_stopping,
        }))
    }

    /// From now on the process is not ready: it is about to stop.
    pub fn begin_to_stop(&self) {
        self.0.is_stopping.store(true, Ordering::Relaxed);
    }

    /// Puts both answers on their paths.
    pub fn routes(&self) -> impl FnOnce(&mut ServiceConfig) {
        let health = Data::new(self.clone());
        move |config| {
            config
                .app_data(health)
                .service(web::resource("/health/live").route(web::get().to(live)))
                .service(web::resource("/health/ready").route(web::get().to(ready)));
        }
    }

    async fn reasons(&self) -> Vec<Reason> {
        let mut reasons = Vec::new();
        if self.0.is_stopping.load(Ordering::Relaxed) {
            reasons.push(Reason::Stopping);
        }
        let asked = tokio::time::timeout(self.0.timeout, self.ask_database()).await;
        match asked {
            Ok(Ok(())) => {}
            Ok(Err(reason)) => reasons.push(reason),
            Err(_) => reasons.push(Reason::Database),
        }
        reasons
    }

    async fn ask_database(&self) -> Result<(), Reason> {
        if !self.0.is_migrated.load(Ordering::Relaxed) {
            let store = self.0.store.clone();
            let state = web::block(move || store.migration_state()).await;
            match state {
                Ok(Ok(MigrationState::UpToDate)) => {
                    self.0.is_migrated.store(true, Ordering::Relaxed);
                }
                Ok(Ok(MigrationState::Pending(_))) => return Err(Reason::Migrations),
                Ok(Err(fault)) => return Err(unreachable(&fault)),
                Err(_) => return Err(Reason::Database),
            }
        }
        let keys = self.0.store.read(signing_keys::list).await;
        let keys = keys.map_err(|fault| unreachable(&fault))?;
        if keys.is_empty() {
            Err(Reason::SigningKeys)
        } else {
            Ok(())
        }
    }
}

fn unreachable(fault: &StorageError) -> Reason {
    tracing::warn!(%fault, "the database does not answer the health check");
    Reason::Database
}

async fn live() -> HttpResponse {
    HttpResponse::Ok().json(Report {
        status: "live",
        reasons: Vec::new(),
    })
}

async fn ready(health: Data<Health>) -> HttpResponse {
    let reasons = health.reasons().await;
    if reasons.is_empty() {
        HttpResponse::Ok().json(Report {
            status: "ready",
            reasons,
        })
    } else {
        HttpResponse::ServiceUnavailable().json(Report {
            status: "not_ready",
            reasons,
        })
    }
}

#[cfg(test)]
mod tests {
    use actix_web::App;
    use actix_web::http::StatusCode;
    use actix_web::test::{TestRequest, call_service, init_service, read_body};

    use super::*;
    use crate::compose::open_store;
    use crate::testing::{Scene, blocking};

    async fn ask(health: &Health, path: &str) -> (StatusCode, String) {
        let app = init_service(App::new().configure(health.routes())).await;
        let response = call_service(&app, TestRequest::get().uri(path).to_request()).await;
        let status = response.status();
        (
            status,
            String::from_utf8(read_body(response).await.to_vec()).unwrap(),
        )
    }

    fn health(store: Store) -> Health {
        Health::new(store, Duration::from_secs(2))
    }

    #[actix_web::test]
    async fn a_process_becomes_ready_step_by_step() {
        let scene = Scene::new();
        let health = health(open_store(&scene.config, &scene.nature).unwrap());

        let unmigrated = ask(&health, "/health/ready").await;
        let ground = scene.ground();
        let without_keys = ask(&health, "/health/ready").await;
        blocking(|| ground.upkeep.keep_up().unwrap());
        let complete = ask(&health, "/health/ready").await;

        let not_ready = |reason: &str| {
            let body = format!(r#"{{"status":"not_ready","reasons":["{reason}"]}}"#);
            (StatusCode::SERVICE_UNAVAILABLE, body)
        };
        assert_eq!(unmigrated, not_ready("migrations"));
        assert_eq!(without_keys, not_ready("signing_keys"));
        assert_eq!(
            complete,
            (StatusCode::OK, r#"{"status":"ready"}"#.to_owned())
        );
    }

    #[actix_web::test]
    async fn a_process_that_is_stopping_is_live_but_not_ready() {
        let scene = Scene::new();
        let ground = scene.ground();
        blocking(|| ground.upkeep.keep_up().unwrap());
        let health = health(ground.store);

        health.begin_to_stop();

        let (status, body) = ask(&health, "/health/ready").await;
        assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(body, r#"{"status":"not_ready","reasons":["stopping"]}"#);
        assert_eq!(ask(&health, "/health/live").await.0, StatusCode::OK);
    }
}
