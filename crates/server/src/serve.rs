//! `serve` and `work`: runs the program until a signal, then stops without dropping anybody.

use std::io::Write as _;
use std::thread::JoinHandle;
use std::time::Duration;

use actix_web::dev::ServerHandle;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;

use crate::app;
use crate::compose::{Composition, Nature, StartError};
use crate::config::Config;
use crate::config::clients::ClientEntry;
use crate::health::Health;
use crate::jobs::{self, Jobs};
use crate::tls::{Certificate, Look};

/// Serves until SIGTERM or SIGINT. Then it says that it is not ready, goes on for the drain time,
/// takes no more connections and finishes what is in flight; a second signal ends it at once.
///
/// # Errors
///
/// [`StartError`] when it cannot start.
pub fn serve(config: &Config, clients: Vec<ClientEntry>) -> Result<(), StartError> {
    let composition = Composition::new(config, clients, &Nature::of_the_machine())?;
    if config.reserved_addresses.fixed_code.is_some() {
        tracing::warn!(
            "the code for addresses under .test and .example is fixed: anybody can sign in as them"
        );
    }
    let health = Health::new(
        composition.ground.store.clone(),
        config.database.health_timeout,
    );
    actix_web::rt::System::new().block_on(async {
        let mut signals = Signals::listen()?;
        let bound = app::bind(config, &composition, &health)?;
        let handle = bound.server.handle();
        let server = actix_web::rt::spawn(bound.server);
        let (stop, stopping) = watch::channel(false);
        let keys = follow_keys(config, &composition, stopping.clone())?;
        let certificate = follow_certificate(config, bound.certificate, stopping.clone())?;
        let working = if config.jobs.in_serve {
            Some(start_jobs(config, &composition, stopping)?)
        } else {
            None
        };
        announce(config.issuer.as_str());

        signals.next().await;
        tracing::info!("stopping: finishing what is in flight");
        health.begin_to_stop();
        stop.send_replace(true);
        tokio::select! {
            () = finish(config, &handle) => {}
            () = signals.next() => handle.stop(false).await,
        }
        let _ = server.await;
        for thread in [Some(keys), certificate, working].into_iter().flatten() {
            let _ = thread.join();
        }
        tracing::info!("stopped");
        Ok(())
    })
}

/// Runs jobs, and nothing else, until SIGTERM or SIGINT.
///
/// # Errors
///
/// [`StartError`] when it cannot start.
pub fn work(config: &Config) -> Result<(), StartError> {
    let composition = Composition::new(config, Vec::new(), &Nature::of_the_machine())?;
    actix_web::rt::System::new().block_on(async {
        let mut signals = Signals::listen()?;
        let (stop, stopping) = watch::channel(false);
        // Events are signed here.
        let following = follow_keys(config, &composition, stopping.clone())?;
        let working = start_jobs(config, &composition, stopping)?;
        tracing::info!("working");
        signals.next().await;
        stop.send_replace(true);
        for thread in [following, working] {
            let _ = thread.join();
        }
        tracing::info!("stopped");
        Ok(())
    })
}

/// The signals to stop.
struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    fn listen() -> std::io::Result<Self> {
        let terminate = signal(SignalKind::terminate())?;
        Ok(Self {
            terminate,
            interrupt: signal(SignalKind::interrupt())?,
        })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}

/// The one line on standard output: from now on requests are answered.
fn announce(issuer: &str) {
    tracing::info!(issuer, "ready");
    let _ = writeln!(std::io::stdout(), "Ready: {issuer}");
}

async fn finish(config: &Config, handle: &ServerHandle) {
    tokio::time::sleep(config.http.drain).await;
    handle.stop(true).await;
}

/// Every node looks for changed signing keys, so that all follow a rotation within a minute.
fn follow_keys(
    config: &Config,
    composition: &Composition,
    mut stopping: watch::Receiver<bool>,
) -> std::io::Result<JoinHandle<()>> {
    let every = config.keys.refresh;
    let (provider, ground) = (composition.provider.clone(), composition.ground.clone());
    on_its_own_thread("keys", async move {
        while goes_on_after(every, &mut stopping).await {
            let stored = ground.store.read(storage::signing_keys::list).await;
            let followed = stored
                .map_err(|fault| fault.to_string())
                .and_then(|stored| {
                    let followed = provider.keys.follow(&stored, &ground.keyring);
                    followed.map_err(|fault| fault.to_string())
                });
            if let Err(fault) = followed {
                tracing::error!(%fault, "the signing keys cannot be followed; the last ones stand");
            }
        }
    })
}

/// Has a new certificate shown soon after its files are replaced.
fn follow_certificate(
    config: &Config,
    certificate: Option<Certificate>,
    mut stopping: watch::Receiver<bool>,
) -> std::io::Result<Option<JoinHandle<()>>> {
    let (Some(tls), Some(certificate)) = (&config.http.tls, certificate) else {
        return Ok(None);
    };
    let every = tls.refresh;
    let following = on_its_own_thread("certificate", async move {
        while goes_on_after(every, &mut stopping).await {
            match certificate.look_again() {
                Ok(Look::Same) => {}
                Ok(Look::Changed) => tracing::info!("a new certificate is shown"),
                Err(fault) => {
                    tracing::error!(%fault, "the certificate cannot be followed; the last one stands");
                }
            }
        }
    })?;
    Ok(Some(following))
}

/// Waits that long; `false` when the program stops.
async fn goes_on_after(pause: Duration, stopping: &mut watch::Receiver<bool>) -> bool {
    tokio::time::timeout(pause, stopping.wait_for(|it| *it))
        .await
        .is_err()
}

fn start_jobs(
    config: &Config,
    composition: &Composition,
    stopping: watch::Receiver<bool>,
) -> std::io::Result<JoinHandle<()>> {
    let jobs = Jobs {
        store: composition.ground.store.clone(),
        upkeep: composition.ground.upkeep.clone(),
        journey: composition.journey.clone(),
        provider: composition.provider.clone(),
        poll: config.jobs.poll,
        lease: config.jobs.lease,
    };
    on_its_own_thread("jobs", jobs::run(jobs, stopping))
}

/// Runs something that may block where no request waits for it.
fn on_its_own_thread(
    name: &str,
    work: impl Future<Output = ()> + Send + 'static,
) -> std::io::Result<JoinHandle<()>> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let thread = std::thread::Builder::new().name(name.to_owned());
    thread.spawn(move || runtime.block_on(work))
}
