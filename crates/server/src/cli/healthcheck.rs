//! `healthcheck`: for containers, which have no other HTTP client in them.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use super::CommandError;
use crate::config::Config;

/// Succeeds when the server that listens with this configuration is ready.
pub(super) fn execute(config: &Config) -> Result<(), CommandError> {
    let Some(address) = config.http.listen.first() else {
        return Err(CommandError::refused("http.listen names no address"));
    };
    let url = format!("http://{}/health/ready", from_here(*address));
    let patience = config.database.health_timeout + Duration::from_secs(1);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let answer = runtime.block_on(async {
        let client = reqwest::Client::builder()
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
