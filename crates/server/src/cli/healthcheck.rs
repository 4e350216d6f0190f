//! `healthcheck`: for containers, which have no other HTTP client in them.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use super::CommandError;
use crate::config::Config;
use crate::config::http::Http;

/// Succeeds when the server that listens with this configuration is ready.
pub(super) fn execute(config: &Config) -> Result<(), CommandError> {
    let url = ready(&config.http)?;
    let patience = config.database.health_timeout + Duration::from_secs(1);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let answer = runtime.block_on(async {
        // This machine is asked for what is no secret; whether the certificate is good for the
        // name that others use is for them to say.
        let client = reqwest::Client::builder()
            .tls_danger_accept_invalid_certs(true)
            .no_proxy()
            .timeout(patience)
            .build()?;
        let answer = client.get(url).send().await?;
        let status = answer.status();
        Ok::<_, reqwest::Error>((status, answer.text().await?))
    });
    match answer {
        Ok((status, _)) if status.is_success() => Ok(()),
        Ok((status, body)) => Err(CommandError::refused(format!(
            "not ready ({status}): {body}"
        ))),
        Err(error) => Err(CommandError::refused(format!("not ready: {error}"))),
    }
}

/// Where this machine's server says whether it is ready.
fn ready(http: &Http) -> Result<String, CommandError> {
    let by_https = http.tls.as_ref().and_then(|tls| tls.listen.first());
    let (scheme, address) = match (http.listen.first(), by_https) {
        (Some(address), _) => ("http", address),
        (None, Some(address)) => ("https", address),
        (None, None) => return Err(CommandError::refused("http.listen names no address")),
    };
    Ok(format!("{scheme}://{}/health/ready", from_here(*address)))
}

/// How an address that is listened on is reached from this machine.
fn from_here(listen: SocketAddr) -> SocketAddr {
    let ip = match listen.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, listen.port())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_on_every_address_is_asked_on_the_loopback() {
        let here = |listen: &str| from_here(listen.parse().unwrap()).to_string();

        assert_eq!(here("0.0.0.0:8080"), "127.0.0.1:8080");
        assert_eq!(here("[::]:8080"), "[::1]:8080");
        assert_eq!(here("10.1.2.3:80"), "10.1.2.3:80");
    }
}
