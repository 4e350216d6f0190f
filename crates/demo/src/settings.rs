//! What the operator says on the command line or in the environment.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Parser;

/// A relying service to try the provider with.
#[derive(Clone, Debug, Parser)]
pub(crate) struct Settings {
    /// The provider's issuer, exactly as its discovery document states it.
    #[arg(long, env = "DEMO_ISSUER", default_value = "http://localhost:8080")]
    pub(crate) issuer: String,

    /// The client identifier that the provider knows this service by; with -trn-optional and the
    /// like after it where the service needs teacher details.
    #[arg(long, env = "DEMO_CLIENT_ID", default_value = "demo")]
    pub(crate) client_id: String,

    /// A file that holds the secret of every such client; a line end after it is ignored.
    #[arg(long, env = "DEMO_CLIENT_SECRET_FILE")]
    pub(crate) client_secret_file: Option<PathBuf>,

    /// The clients' secret, from the environment only: a flag would show in the process list.
    #[arg(skip = std::env::var("DEMO_CLIENT_SECRET").ok())]
    pub(crate) client_secret: Option<String>,

    /// The loopback address and port to listen on.
    #[arg(long, env = "DEMO_LISTEN", default_value = "127.0.0.1:8081")]
    pub(crate) listen: SocketAddr,

    /// Where browsers reach this service, when not at localhost and the port.
    #[arg(long, env = "DEMO_ADDRESS")]
    pub(crate) address: Option<String>,

    /// How many seconds to wait for the provider at start.
    #[arg(long, env = "DEMO_PATIENCE", default_value_t = 60)]
    pub(crate) patience: u64,
}

impl Settings {
    /// Where browsers reach this service, for example `http://localhost:8081`.
    pub(crate) fn address(&self) -> String {
        match &self.address {
            Some(address) => address.trim_end_matches('/').to_owned(),
            None => format!("http://localhost:{}", self.listen.port()),
        }
    }

    /// The redirect URI registered with the provider.
    pub(crate) fn redirect_uri(&self) -> String {
        format!("{}/callback", self.address())
    }

    /// The address registered with the provider for the end of a sign-out.
    pub(crate) fn post_logout_redirect_uri(&self) -> String {
        format!("{}/signed-out", self.address())
    }

    /// The clients' secret, or `None` for public clients.
    ///
    /// # Errors
    ///
    /// The secret file cannot be read.
    pub(crate) fn secret(&self) -> std::io::Result<Option<String>> {
        match &self.client_secret_file {
            Some(path) => {
                let secret = std::fs::read_to_string(path)?;
                Ok(Some(secret.trim_end_matches(['\r', '\n']).to_owned()))
            }
            None => Ok(self.client_secret.clone()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_addresses_follow_the_port_unless_told_otherwise() {
        let plain = Settings::parse_from(["demo", "--listen", "127.0.0.1:9000"]);
        let told = Settings::parse_from(["demo", "--address", "https://demo.example.test/"]);

        assert_eq!(plain.redirect_uri(), "http://localhost:9000/callback");
        assert_eq!(
            plain.post_logout_redirect_uri(),
            "http://localhost:9000/signed-out"
        );
        assert_eq!(told.redirect_uri(), "https://demo.example.test/callback");
    }

    #[test]
    fn a_secret_file_is_read_without_its_line_end() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret");
        std::fs::write(&path, "correct horse\r\n").unwrap();
        let settings = Settings::parse_from([
            "demo".into(),
            "--client-secret-file".into(),
            path.into_os_string(),
        ]);

        let secret = settings.secret().unwrap();

        assert_eq!(secret.as_deref(), Some("correct horse"));
    }
}
