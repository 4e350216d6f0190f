//! The certificate that the https sockets show, read anew when its files change.
//!
//! [`app`](crate::app) binds with it and [`serve`](crate::serve) has it followed. A new
//! certificate is shown from the next handshake on; connections that are open keep the one they
//! were made with, so nobody is cut off.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

use rustls::ServerConfig;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::pem::{self, PemObject as _};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;

use crate::config::http::Tls;

/// Certificate and key of the https sockets. Clones are one.
#[derive(Clone, Debug)]
pub struct Certificate(Arc<Shown>);

#[derive(Debug)]
struct Shown {
    files: Files,
    current: RwLock<Arc<CertifiedKey>>,
}

#[derive(Debug)]
struct Files {
    certificate: PathBuf,
    key: PathBuf,
}

/// Whether a look at the files found something new.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Look {
    /// The files hold what is shown already.
    Same,
    /// A new certificate is shown from now on.
    Changed,
}

/// Why certificate and key cannot be used. Its text names the setting, and nothing of the files.
#[derive(Debug, thiserror::Error)]
pub enum UnusableCertificate {
    /// A file cannot be read.
    #[error("{setting} cannot be read: {fault}")]
    Unreadable {
        /// The setting that names the file.
        setting: &'static str,
        /// What the system says.
        fault: io::Error,
    },
    /// There is no certificate in it.
    #[error("http.tls.certificate_file holds no certificate (PEM)")]
    NoCertificate,
    /// There is no private key in it.
    #[error("http.tls.key_file holds no private key (PEM, not encrypted)")]
    NoKey,
    /// They do not go together, or are of a kind that cannot be used.
    #[error("certificate and key of http.tls cannot be used: {0}")]
    Mismatch(#[from] rustls::Error),
}

impl Certificate {
    /// Reads certificate and key.
    ///
    /// # Errors
    ///
    /// [`UnusableCertificate`] when one of the files is not what it should be.
    pub fn open(settings: &Tls) -> Result<Self, UnusableCertificate> {
        let files = Files {
            certificate: settings.certificate_file.clone(),
            key: settings.key_file.clone(),
        };
        let current = RwLock::new(Arc::new(files.read()?));
        Ok(Self(Arc::new(Shown { files, current })))
    }

    /// Looks at the files again.
    ///
    /// # Errors
    ///
    /// [`UnusableCertificate`] when they cannot be used, for example because only one of them has
    /// been replaced yet. What was shown is shown on.
    pub fn look_again(&self) -> Result<Look, UnusableCertificate> {
        let found = self.0.files.read()?;
        let mut current = self
            .0
            .current
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        if found.cert == current.cert {
            return Ok(Look::Same);
        }
        *current = Arc::new(found);
        Ok(Look::Changed)
    }

    /// How TLS is spoken with it: versions 1.2 and 1.3, no client certificates. The web server
    /// adds HTTP/2 and HTTP/1.1 (RFC 7301).
    ///
    /// # Errors
    ///
    /// [`UnusableCertificate::Mismatch`] when the library cannot speak both versions.
    pub fn server(&self) -> Result<ServerConfig, UnusableCertificate> {
        let provider = Arc::new(aws_lc_rs::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_no_client_auth();
        Ok(config.with_cert_resolver(Arc::clone(&self.0) as _))
    }
}

impl ResolvesServerCert for Shown {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let current = self.current.read().unwrap_or_else(PoisonError::into_inner);
        Some(Arc::clone(&current))
    }
}

impl Files {
    fn read(&self) -> Result<CertifiedKey, UnusableCertificate> {
        let chain = read(&self.certificate, "http.tls.certificate_file")?;
        let key = read(&self.key, "http.tls.key_file")?;
        let chain: Vec<CertificateDer<'static>> = CertificateDer::pem_slice_iter(&chain)
            .collect::<Result<_, pem::Error>>()
            .map_err(|_| UnusableCertificate::NoCertificate)?;
        if chain.is_empty() {
            return Err(UnusableCertificate::NoCertificate);
        }
        let key = PrivateKeyDer::from_pem_slice(&key).map_err(|_| UnusableCertificate::NoKey)?;
        let key = CertifiedKey::from_der(chain, key, &aws_lc_rs::default_provider())?;
        Ok(key)
    }
}

fn read(file: &Path, setting: &'static str) -> Result<Vec<u8>, UnusableCertificate> {
    std::fs::read(file).map_err(|fault| UnusableCertificate::Unreadable { setting, fault })
}

#[cfg(test)]
mod tests;
