use std::time::Duration;

use rcgen::{CertificateParams, KeyPair};
use tempfile::TempDir;

use super::*;

struct Scene {
    files: TempDir,
}

/// A certificate and its key (PEM).
fn issued() -> (String, String) {
    let key = KeyPair::generate().unwrap();
    let params = CertificateParams::new(["identity.example".to_owned()]).unwrap();
    let certificate = params.self_signed(&key).unwrap();
    (certificate.pem(), key.serialize_pem())
}

impl Scene {
    fn new((certificate, key): &(String, String)) -> Self {
        let files = tempfile::tempdir().unwrap();
        let scene = Self { files };
        scene.write("certificate.pem", certificate);
        scene.write("key.pem", key);
        scene
    }

    fn write(&self, name: &str, text: &str) {
        std::fs::write(self.files.path().join(name), text).unwrap();
    }

    fn open(&self) -> Result<Certificate, String> {
        let settings = Tls {
            listen: Vec::new(),
            certificate_file: self.files.path().join("certificate.pem"),
            key_file: self.files.path().join("key.pem"),
            refresh: Duration::from_secs(30),
        };
        Certificate::open(&settings).map_err(|fault| fault.to_string())
    }
}

fn shown(certificate: &Certificate) -> Vec<CertificateDer<'static>> {
    certificate.0.current.read().unwrap().cert.clone()
}

#[test]
fn a_new_certificate_is_shown_once_both_files_are_replaced() {
    let (first, second) = (issued(), issued());
    let scene = Scene::new(&first);
    let certificate = scene.open().unwrap();
    let before = shown(&certificate);
    assert_eq!(certificate.look_again().unwrap(), Look::Same);

    scene.write("key.pem", &second.1);
    let half_way = certificate.look_again().unwrap_err().to_string();
    assert!(
        half_way.starts_with("certificate and key of http.tls cannot be used: "),
        "{half_way}"
    );
    assert_eq!(shown(&certificate), before);

    scene.write("certificate.pem", &second.0);
    assert_eq!(certificate.look_again().unwrap(), Look::Changed);
    assert_ne!(shown(&certificate), before);
    assert_eq!(certificate.look_again().unwrap(), Look::Same);
}

#[test]
fn the_whole_chain_is_shown_in_its_order() {
    let (first, second) = (issued(), issued());
    let scene = Scene::new(&first);
    scene.write("certificate.pem", &format!("{}{}", first.0, second.0));

    let shown = shown(&scene.open().unwrap());

    let expected = [first.0, second.0].map(|pem| {
        let certificate = CertificateDer::from_pem_slice(pem.as_bytes()).unwrap();
        certificate.into_owned()
    });
    assert_eq!(shown, expected);
}

#[test]
fn what_is_wrong_with_the_files_is_told_without_what_they_hold() {
    let pair = issued();
    let told = |certificate: &str, key: &str| {
        let scene = Scene::new(&(certificate.to_owned(), key.to_owned()));
        scene.open().unwrap_err()
    };

    assert_eq!(
        told("secret", &pair.1),
        "http.tls.certificate_file holds no certificate (PEM)"
    );
    assert_eq!(
        told(&pair.0, "secret"),
        "http.tls.key_file holds no private key (PEM, not encrypted)"
    );
    assert_eq!(
        told(&pair.0, &pair.0),
        "http.tls.key_file holds no private key (PEM, not encrypted)"
    );
    assert!(
        told(&pair.0, &issued().1).starts_with("certificate and key of http.tls cannot be used: ")
    );
    let scene = Scene::new(&pair);
    std::fs::remove_file(scene.files.path().join("key.pem")).unwrap();
    assert!(
        scene
            .open()
            .unwrap_err()
            .starts_with("http.tls.key_file cannot be read: ")
    );
}
