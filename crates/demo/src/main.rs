//! A relying service to try the provider with.
//!
//! It knows the provider by its issuer alone: everything else comes from the discovery document.
//! Read [`sign_in`], [`callback`] and [`sign_out`] in that order; they are the three moments at
//! which a service and its provider meet. A fourth is [`events`]. [`provider`] holds the conversation between the two
//! servers, [`sessions`] what the service remembers of a browser, [`policy`] the kinds of service
//! that it can be.

mod callback;
mod event;
mod events;
mod html;
mod id_token;
mod pages;
mod policy;
mod provider;
mod sessions;
mod settings;
mod sign_in;
mod sign_out;
mod teaching_record;

use std::process::ExitCode;

use actix_web::web::{Data, ServiceConfig, get, post};
use actix_web::{App, HttpServer};
use clap::Parser as _;

use provider::RelyingService;
use sessions::Sessions;
use settings::Settings;

fn routes(config: &mut ServiceConfig) {
    config
        .route("/", get().to(pages::start))
        .route("/sign-in", get().to(sign_in::sign_in))
        .route("/callback", get().to(callback::callback))
        .route("/claims", get().to(pages::claims))
        .route("/sign-out", post().to(sign_out::sign_out))
        .route("/signed-out", get().to(sign_out::signed_out))
        .route("/events", post().to(events::events))
        .route("/demo.css", get().to(pages::stylesheet))
        .default_service(get().to(pages::not_found));
}

#[actix_web::main]
async fn main() -> ExitCode {
    match serve(Settings::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            eprintln!("demo: {}", provider::causes(problem.as_ref()));
            ExitCode::FAILURE
        }
    }
}

async fn serve(settings: Settings) -> Result<(), Box<dyn std::error::Error>> {
    let listen = settings.listen;
    let address = settings.address();
    let service = RelyingService::new(settings)?;
    service.wait_for_provider().await?;

    let service = Data::new(service);
    let sessions = Data::new(Sessions::default());
    let server = HttpServer::new(move || {
        App::new()
            .app_data(service.clone())
            .app_data(sessions.clone())
            .configure(routes)
    })
    .workers(1)
    .shutdown_timeout(2)
    .bind(listen)?
    .run();
    println!("The demo service is at {address}");
    server.await?;
    Ok(())
}
