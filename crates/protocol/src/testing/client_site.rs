//! A client's web server: a real one on this machine, which the operator therefore has to allow.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use serde_json::json;

use crate::keys::testing::LooseKey;

type Answer = dyn Fn(&HttpRequest) -> HttpResponse + Send + Sync;

/// A web server that gives one answer, which can be replaced, at every path.
pub(crate) struct ClientSite {
    port: u16,
    answer: Arc<Mutex<Box<Answer>>>,
    asked: Arc<AtomicUsize>,
}

impl ClientSite {
    pub(crate) fn start(
        answer: impl Fn(&HttpRequest) -> HttpResponse + Send + Sync + 'static,
    ) -> Self {
        let answer: Arc<Mutex<Box<Answer>>> = Arc::new(Mutex::new(Box::new(answer)));
        let asked = Arc::new(AtomicUsize::new(0));
        let (given, counted) = (Arc::clone(&answer), Arc::clone(&asked));
        let server = HttpServer::new(move || {
            let (given, counted) = (Arc::clone(&given), Arc::clone(&counted));
            App::new().default_service(web::to(move |request: HttpRequest| {
                counted.fetch_add(1, Ordering::SeqCst);
                let response = given.lock().unwrap()(&request);
                async move { response }
            }))
        })
        .workers(1)
        .disable_signals()
        .bind(("127.0.0.1", 0))
        .unwrap();
        let port = server.addrs()[0].port();
        actix_web::rt::spawn(server.run());
        Self {
            port,
            answer,
            asked,
        }
    }

    /// One that gives this text.
    pub(crate) fn telling(body: &str) -> Self {
        let body = body.to_owned();
        Self::start(move |_| HttpResponse::Ok().body(body.clone()))
    }

    /// One that gives these keys as a JSON Web Key Set.
    pub(crate) fn publishing(keys: &[&LooseKey]) -> Self {
        Self::telling(&jwks(keys))
    }

    pub(crate) fn now_tells(&self, body: &str) {
        let body = body.to_owned();
        *self.answer.lock().unwrap() = Box::new(move |_| HttpResponse::Ok().body(body.clone()));
    }

    pub(crate) fn now_publishes(&self, keys: &[&LooseKey]) {
        self.now_tells(&jwks(keys));
    }

    pub(crate) fn now_fails(&self) {
        *self.answer.lock().unwrap() = Box::new(|_| HttpResponse::InternalServerError().finish());
    }

    pub(crate) fn times_asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }

    /// A URL of it.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }
}

/// A JSON Web Key Set of public keys.
pub(crate) fn jwks(keys: &[&LooseKey]) -> String {
    let keys: Vec<_> = keys.iter().map(|key| &key.jwk).collect();
    json!({ "keys": keys }).to_string()
}
