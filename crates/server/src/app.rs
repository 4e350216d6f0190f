//! The web server: every path and its endpoint, behind the [`Front`].

use std::net::SocketAddr;
use std::rc::Rc;

use actix_web::dev::Server;
use actix_web::http::KeepAlive;
use actix_web::middleware::from_fn;
use actix_web::web::{Data, PayloadConfig, ServiceConfig};
use actix_web::{App, HttpServer};
use pages::information::{self, CookiesPage, Information};

use crate::client_address::TrustedProxies;
use crate::compose::{self, Composition, StartError};
use crate::config::Config;
use crate::front::Front;
use crate::health::Health;
use crate::security_headers::Transport;
use crate::tls::Certificate;

/// A server whose sockets are open.
pub struct Bound {
    /// Where it listens, https last; with the port that the system chose where 0 was asked for.
    pub addresses: Vec<SocketAddr>,
    /// What is shown to those who come by https.
    pub certificate: Option<Certificate>,
    /// What serves when it is awaited. It does not listen to signals.
    pub server: Server,
}

/// Opens the sockets and makes the server.
///
/// # Errors
///
/// An address cannot be listened on, or the certificate cannot be used.
pub fn bind(
    config: &Config,
    composition: &Composition,
    health: &Health,
) -> Result<Bound, StartError> {
    let http = &config.http;
    let certificate = http.tls.as_ref().map(Certificate::open).transpose()?;
    let front = front(config, composition);
    let information = Information {
        cookies: cookies_page(config),
        accessibility: config.presentation.accessibility_page(),
    };
    let (composition, health) = (composition.clone(), health.clone());
    let body_limit = http.body_limit.bytes();
    let mut server = HttpServer::new(move || {
        let front = Rc::new(front.clone());
        App::new()
            .wrap(from_fn(move |request, next| {
                Rc::clone(&front).around(request, next)
            }))
            .app_data(PayloadConfig::new(body_limit))
            .configure(|app| routes(app, &composition, &health, &information))
    })
    .disable_signals()
    .client_request_timeout(http.header_timeout)
    .tls_handshake_timeout(http.header_timeout)
    .keep_alive(KeepAlive::Timeout(http.keep_alive))
    .shutdown_timeout(http.shutdown_grace.as_secs());
    if let Some(workers) = http.workers {
        server = server.workers(usize::try_from(workers).unwrap_or(usize::MAX));
    }
    for address in &http.listen {
        server = server.bind(address)?;
    }
    if let (Some(tls), Some(certificate)) = (&http.tls, &certificate) {
        for address in &tls.listen {
            server = server.bind_rustls_0_23(address, certificate.server()?)?;
        }
    }
    let addresses = server.addrs();
    Ok(Bound {
        addresses,
        certificate,
        server: server.run(),
    })
}

fn routes(
    app: &mut ServiceConfig,
    composition: &Composition,
    health: &Health,
    information: &Information,
) {
    app.app_data(Data::new(composition.provider.clone()))
        .app_data(Data::new(composition.journey.clone()))
        .app_data(Data::new(composition.account.clone()))
        .app_data(Data::new(composition.pages.clone()))
        .configure(protocol::routes)
        .configure(journey::routes)
        .configure(account::routes)
        .configure(pages::assets::configure)
        .configure(information::routes(information.clone()))
        .configure(health.routes());
    if let Some(mailbox) = &composition.mailbox {
        app.configure(mailbox.routes());
    }
}

fn front(config: &Config, composition: &Composition) -> Front {
    let transport = if config.issuer.is_https() {
        Transport::TlsOnly
    } else {
        Transport::Plain
    };
    Front {
        proxies: TrustedProxies::new(config.http.trusted_proxies.clone()),
        transport,
        pages: composition.pages.clone(),
        body_limit: config.http.body_limit.bytes(),
        time_limit: config.http.request_timeout,
    }
}

/// The browser cookie ends with the browser.
fn cookies_page(config: &Config) -> CookiesPage {
    let session = config.sign_in.session;
    CookiesPage::new(
        compose::cookies(config),
        session.idle,
        session.absolute,
        None,
    )
}
