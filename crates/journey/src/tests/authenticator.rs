//! A device that makes passkeys and gives them, and that can be made to lie.

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

const PRESENT: u8 = 0x01;
const VERIFIED: u8 = 0x04;
const BACKUP_ELIGIBLE: u8 = 0x08;
const BACKED_UP: u8 = 0x10;
const HAS_CREDENTIAL: u8 = 0x40;

/// A device with one key, as WebAuthn §6 has it, and the browser in front of it.
pub(crate) struct Authenticator {
    key: EcdsaKeyPair,
    /// The id of its one credential.
    pub(crate) credential_id: Vec<u8>,
    /// What it says that it is (WebAuthn §6.5.1); all zero says nothing.
    pub(crate) aaguid: u128,
    /// Uses so far; `None` for a passkey that devices share, which counts nothing.
    pub(crate) counter: Option<u32>,
    /// Whether it checks a fingerprint, a face or a screen lock.
    pub(crate) verifies: bool,
    /// Whether its key may leave it.
    pub(crate) is_synced: bool,
    /// The origin that the browser is at.
    pub(crate) origin: String,
    /// The domain that it believes to be asked by.
    pub(crate) rp_id: String,
    /// The account that it names with an answer, if any.
    pub(crate) user_handle: Option<Vec<u8>>,
}

impl Authenticator {
    /// An honest one: a security key that verifies its holder and counts.
    pub(crate) fn new() -> Self {
        let random = SystemRandom::new();
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &random).unwrap();
        let key =
            EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, pkcs8.as_ref()).unwrap();
        let credential_id = hash(key.public_key().as_ref());
        Self {
            key,
            credential_id,
            aaguid: 0,
            counter: Some(0),
            verifies: true,
            is_synced: false,
            origin: "https://identity.example".to_owned(),
            rp_id: "identity.example".to_owned(),
            user_handle: None,
        }
    }

    /// An honest one whose key its owner's devices share.
    pub(crate) fn synced() -> Self {
        Self {
            counter: None,
            is_synced: true,
            ..Self::new()
        }
    }

    /// Makes a passkey: the answer that the page's script would send.
    pub(crate) fn create(&mut self, options: &Value) -> String {
        let handle = options["user"]["id"].as_str().unwrap();
        self.user_handle = Some(URL_SAFE_NO_PAD.decode(handle).unwrap());
        let data = [self.data(HAS_CREDENTIAL), self.attested()].concat();
        let length = u16::try_from(data.len()).unwrap().to_be_bytes();
        let attestation = [
            &b"\xa3\x63fmt\x64none\x67attStmt\xa0\x68authData\x59"[..],
            &length,
            &data,
        ]
        .concat();
        self.answer(&json!({
            "attestationObject": text(attestation),
            "authenticatorData": text(&data),
            "clientDataJSON": text(self.client_data("webauthn.create", options)),
        }))
    }

    /// Gives its passkey.
    pub(crate) fn get(&mut self, options: &Value) -> String {
        let data = self.data(0);
        let client_data = self.client_data("webauthn.get", options);
        let signed = [&data[..], &hash(&client_data)].concat();
        let signature = self.key.sign(&SystemRandom::new(), &signed).unwrap();
        let handle = self.user_handle.as_deref().map(text);
        self.answer(&json!({
            "authenticatorData": text(&data),
            "clientDataJSON": text(&client_data),
            "signature": text(signature.as_ref()),
            "userHandle": handle,
        }))
    }

    fn answer(&self, response: &Value) -> String {
        let id = text(&self.credential_id);
        json!({ "id": id, "rawId": id, "type": "public-key", "response": response }).to_string()
    }

    fn client_data(&self, kind: &str, options: &Value) -> Vec<u8> {
        let told = json!({
            "type": kind,
            "challenge": options["challenge"],
            "origin": self.origin,
            "crossOrigin": false,
        });
        told.to_string().into_bytes()
    }

    /// Authenticator data without attested data (WebAuthn §6.1).
    fn data(&mut self, flags: u8) -> Vec<u8> {
        let mut flags = flags | PRESENT;
        if self.verifies {
            flags |= VERIFIED;
        }
        if self.is_synced {
            flags |= BACKUP_ELIGIBLE | BACKED_UP;
        }
        let counter = self.counter.as_mut().map_or(0, |counter| {
            *counter += 1;
            *counter
        });
        let domain = hash(self.rp_id.as_bytes());
        [&domain[..], &[flags], &counter.to_be_bytes()].concat()
    }

    /// Attested credential data (WebAuthn §6.5.1), its key as a COSE key of ES256 (RFC 9053 §7.1.1).
    fn attested(&self) -> Vec<u8> {
        let length = u16::try_from(self.credential_id.len()).unwrap();
        // An uncompressed point: 4, x, y.
        let (x, y) = self.key.public_key().as_ref()[1..].split_at(32);
        [
            &self.aaguid.to_be_bytes()[..],
            &length.to_be_bytes(),
            &self.credential_id,
            b"\xa5\x01\x02\x03\x26\x20\x01\x21\x58\x20",
            x,
            b"\x22\x58\x20",
            y,
        ]
        .concat()
    }
}

fn hash(bytes: &[u8]) -> Vec<u8> {
    digest(&SHA256, bytes).as_ref().to_vec()
}

fn text(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}
