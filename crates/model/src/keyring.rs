//! Keys that seal what must be read back and digest what must be found.

use std::fmt;
use std::sync::Arc;

use aws_lc_rs::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::hkdf::{HKDF_SHA256, KeyType, Salt};
use aws_lc_rs::hmac;

use crate::digest::same_bytes;
use crate::entropy::Entropy;
use crate::secret::Secret;

/// What a sealed value or a keyed digest is for. A value sealed for one purpose cannot be
/// opened for another, and equal inputs have different digests for different purposes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// A private signing key at rest.
    SigningKey,
    /// A client secret that must be read back (`client_secret_jwt`), or its digest.
    ClientSecret,
    /// An emailed code, bound to interaction and address.
    EmailCode,
    /// Mail that waits in the outbox.
    Outbox,
    /// What a limit is counted by (an address, a client address).
    Limit,
    /// The token that ties a form to the browser it was shown in.
    Csrf,
    /// A refresh token's successor, derived so that it can be issued again.
    RefreshSuccessor,
    /// What a person said about themselves, bound to their account.
    Details,
    /// The same while it is being asked, bound to the interaction.
    InteractionDetails,
    /// The digest that finds accounts and records of one last name and date of birth.
    Person,
    /// The TRN of an account.
    TrnLink,
    /// The digest that finds an account or a record by its TRN.
    Trn,
    /// The digest that finds a record by its National Insurance number.
    NationalInsurance,
    /// The digest that finds a record by an email address.
    RecordEmail,
    /// A record of the embedded records.
    TeacherRecord,
    /// What a support task is about.
    SupportTask,
    /// The address that an account is about to have.
    AddressChange,
    /// A value that a client wants a claim to have.
    WantedValue,
    /// The seed that an account's authenticator app shares, bound to the account.
    TotpSeed,
    /// What a person is setting up or giving as a second factor, bound to the interaction.
    InteractionFactor,
    /// What somebody leaves the account area with to sign in: state and code verifier.
    AccountVisit,
    /// What pairwise subjects are made with.
    PairwiseSalt,
    /// What a browser keeps of its session so that services can ask whether it is still the same.
    SessionState,
}

impl Purpose {
    const fn label(self) -> &'static [u8] {
        match self {
            Self::SigningKey => b"signing-key",
            Self::ClientSecret => b"client-secret",
            Self::EmailCode => b"email-code",
            Self::Outbox => b"outbox",
            Self::Limit => b"limit",
            Self::Csrf => b"csrf",
            Self::RefreshSuccessor => b"refresh-successor",
            Self::Details => b"details",
            Self::InteractionDetails => b"interaction-details",
            Self::Person => b"person",
            Self::TrnLink => b"trn-link",
            Self::Trn => b"trn",
            Self::NationalInsurance => b"national-insurance",
            Self::RecordEmail => b"record-email",
            Self::TeacherRecord => b"teacher-record",
            Self::SupportTask => b"support-task",
            Self::AddressChange => b"address-change",
            Self::WantedValue => b"wanted-value",
            Self::TotpSeed => b"totp-seed",
            Self::InteractionFactor => b"interaction-factor",
            Self::AccountVisit => b"account-visit",
            Self::PairwiseSalt => b"pairwise-salt",
            Self::SessionState => b"session-state",
        }
    }
}

const KEY_ID_LEN: usize = 1;

/// The rotatable keys of this deployment, newest first.
///
/// The first key seals and digests; all of them open and compare. From each configured 32-byte
/// key one AEAD key and one HMAC key are derived (HKDF-SHA-256, RFC 5869); the purpose is
/// authenticated with every value. Every sealed value and keyed digest begins with the one-byte
/// id of its key.
#[derive(Clone)]
pub struct Keyring {
    current: Key,
    earlier: Vec<Key>,
}

#[derive(Clone)]
struct Key {
    id: u8,
    sealing: Arc<LessSafeKey>,
    digesting: hmac::Key,
}

/// A keyring that cannot be built.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidKeyring {
    /// There is no key at all.
    #[error("at least one key is needed")]
    Empty,
    /// Two keys carry one id, so a sealed value would not tell which opens it.
    #[error("two keys have the id {0}")]
    RepeatedId(u8),
    /// The key could not be derived.
    #[error("a key could not be derived")]
    Underivable,
}

/// A sealed value that none of our keys opens for this purpose and context.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a sealed value cannot be opened with the configured keys")]
pub struct Unopenable;

impl Keyring {
    /// Builds a keyring of `(id, 32-byte key)`, the current key first.
    ///
    /// # Errors
    ///
    /// [`InvalidKeyring`] when there is no key or an id is repeated.
    pub fn new(keys: &[(u8, Secret<[u8; 32]>)]) -> Result<Self, InvalidKeyring> {
        let mut built: Vec<Key> = Vec::with_capacity(keys.len());
        for (id, key) in keys {
            if built.iter().any(|other| other.id == *id) {
                return Err(InvalidKeyring::RepeatedId(*id));
            }
            built.push(Key::derive(*id, key.reveal()).ok_or(InvalidKeyring::Underivable)?);
        }
        let mut keys = built.into_iter();
        let current = keys.next().ok_or(InvalidKeyring::Empty)?;
        Ok(Self {
            current,
            earlier: keys.collect(),
        })
    }

    /// Seals `plaintext` under the current key (ChaCha20-Poly1305, RFC 8439).
    ///
    /// `context` is authenticated, not stored: name the row, so that a sealed value moved to
    /// another row does not open there. The result is key id, nonce, ciphertext and tag.
    #[must_use]
    pub fn seal(
        &self,
        purpose: Purpose,
        context: &str,
        plaintext: &[u8],
        entropy: &dyn Entropy,
    ) -> Vec<u8> {
        let mut nonce = [0; NONCE_LEN];
        entropy.fill(&mut nonce);
        let mut body = plaintext.to_vec();
        let sealed = self.current.sealing.seal_in_place_append_tag(
            Nonce::assume_unique_for_key(nonce),
            Aad::from(additional_data(purpose, context)),
            &mut body,
        );
        debug_assert!(sealed.is_ok(), "sealing fails only beyond 256 GiB");
        [&[self.current.id][..], &nonce, &body].concat()
    }

    /// Opens what [`seal`](Self::seal) made under any of the keys.
    ///
    /// # Errors
    ///
    /// [`Unopenable`] when the key is gone, or the value, purpose or context is not the same.
    pub fn open(
        &self,
        purpose: Purpose,
        context: &str,
        sealed: &[u8],
    ) -> Result<Secret<Vec<u8>>, Unopenable> {
        let (id, rest) = sealed.split_at_checked(KEY_ID_LEN).ok_or(Unopenable)?;
        let (nonce, body) = rest.split_at_checked(NONCE_LEN).ok_or(Unopenable)?;
        let key = self.key(*id.first().ok_or(Unopenable)?).ok_or(Unopenable)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| Unopenable)?;
        let mut body = body.to_vec();
        let plaintext = key
            .sealing
            .open_in_place(
                nonce,
                Aad::from(additional_data(purpose, context)),
                &mut body,
            )
            .map_err(|_| Unopenable)?;
        Ok(Secret::new(plaintext.to_vec()))
    }

    /// Whether a sealed value is under the current key, so that it need not be sealed again.
    #[must_use]
    pub fn is_current(&self, sealed: &[u8]) -> bool {
        sealed.first() == Some(&self.current.id)
    }

    /// The id of the current key: the first byte of everything that it sealed or digested.
    #[must_use]
    pub const fn current_id(&self) -> u8 {
        self.current.id
    }

    /// The id of each key, the current one's first.
    pub fn ids(&self) -> impl Iterator<Item = u8> + '_ {
        self.keys().map(|key| key.id)
    }

    /// The keyed digest of `parts` under the current key: key id, then HMAC-SHA-256 over each
    /// part's length and bytes (so that `["ab", "c"]` and `["a", "bc"]` differ). 33 bytes.
    #[must_use]
    pub fn digest(&self, purpose: Purpose, parts: &[&[u8]]) -> Vec<u8> {
        self.current.tagged_digest(purpose, parts)
    }

    /// The keyed digest of `parts` under each key, the current key's first: what to look for where
    /// digests are found by equality and some may be of before a key change.
    #[must_use]
    pub fn digests(&self, purpose: Purpose, parts: &[&[u8]]) -> Vec<Vec<u8>> {
        self.keys()
            .map(|key| key.tagged_digest(purpose, parts))
            .collect()
    }

    /// Whether `stored` is the keyed digest of `parts`, under whichever key made it.
    #[must_use]
    pub fn digest_matches(&self, purpose: Purpose, parts: &[&[u8]], stored: &[u8]) -> bool {
        stored
            .first()
            .and_then(|id| self.key(*id))
            .is_some_and(|key| same_bytes(&key.tagged_digest(purpose, parts), stored))
    }

    /// 32 bytes derived from `parts`, one candidate per key, the current key's first. For a
    /// value that must be made again from the same input.
    pub fn derive<'a>(
        &'a self,
        purpose: Purpose,
        parts: &'a [&'a [u8]],
    ) -> impl Iterator<Item = [u8; 32]> + 'a {
        self.keys().map(move |key| key.mac(purpose, parts))
    }

    fn key(&self, id: u8) -> Option<&Key> {
        self.keys().find(|key| key.id == id)
    }

    fn keys(&self) -> impl Iterator<Item = &Key> {
        std::iter::once(&self.current).chain(&self.earlier)
    }
}

impl fmt::Debug for Keyring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Keyring({} keys)", 1 + self.earlier.len())
    }
}

impl Key {
    fn derive(id: u8, key: &[u8; 32]) -> Option<Self> {
        let pseudorandom = Salt::new(HKDF_SHA256, b"get-an-identity keyring").extract(key);
        let expand = |info: &[u8]| {
            let mut bytes = [0; 32];
            pseudorandom
                .expand(&[info], Length32)
                .ok()?
                .fill(&mut bytes)
                .ok()?;
            Some(bytes)
        };
        let sealing = UnboundKey::new(&CHACHA20_POLY1305, &expand(b"seal")?).ok()?;
        Some(Self {
            id,
            sealing: Arc::new(LessSafeKey::new(sealing)),
            digesting: hmac::Key::new(hmac::HMAC_SHA256, &expand(b"digest")?),
        })
    }

    fn mac(&self, purpose: Purpose, parts: &[&[u8]]) -> [u8; 32] {
        let mut context = hmac::Context::with_key(&self.digesting);
        for part in std::iter::once(&purpose.label()).chain(parts) {
            context.update(&(part.len() as u64).to_be_bytes());
            context.update(part);
        }
        let mut bytes = [0; 32];
        bytes.copy_from_slice(context.sign().as_ref());
        bytes
    }

    fn tagged_digest(&self, purpose: Purpose, parts: &[&[u8]]) -> Vec<u8> {
        [&[self.id][..], &self.mac(purpose, parts)].concat()
    }
}

struct Length32;

impl KeyType for Length32 {
    fn len(&self) -> usize {
        32
    }
}

fn additional_data(purpose: Purpose, context: &str) -> Vec<u8> {
    [purpose.label(), b"\0", context.as_bytes()].concat()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entropy::SystemEntropy;

    fn keyring(ids: &[u8]) -> Keyring {
        let keys: Vec<_> = ids.iter().map(|id| (*id, Secret::new([*id; 32]))).collect();
        Keyring::new(&keys).unwrap()
    }

    #[test]
    fn a_sealed_value_opens_after_its_key_became_an_earlier_one() {
        let sealed = keyring(&[1]).seal(Purpose::Outbox, "row 7", b"value", &SystemEntropy);

        let opened = keyring(&[2, 1])
            .open(Purpose::Outbox, "row 7", &sealed)
            .unwrap();

        assert_eq!(opened.reveal(), b"value");
        assert!(!keyring(&[2, 1]).is_current(&sealed));
    }

    #[test]
    fn a_sealed_value_moved_to_another_row_or_purpose_does_not_open() {
        let keyring = keyring(&[1]);
        let sealed = keyring.seal(Purpose::Outbox, "row 7", b"value", &SystemEntropy);

        assert_eq!(
            keyring.open(Purpose::Outbox, "row 8", &sealed),
            Err(Unopenable)
        );
        assert_eq!(
            keyring.open(Purpose::SigningKey, "row 7", &sealed),
            Err(Unopenable)
        );
    }

    #[test]
    fn a_changed_or_foreign_sealed_value_does_not_open() {
        let ours = keyring(&[1]);
        let mut sealed = ours.seal(Purpose::Outbox, "row 7", b"value", &SystemEntropy);

        assert_eq!(
            keyring(&[3]).open(Purpose::Outbox, "row 7", &sealed),
            Err(Unopenable)
        );
        *sealed.last_mut().unwrap() ^= 1;
        assert_eq!(
            ours.open(Purpose::Outbox, "row 7", &sealed),
            Err(Unopenable)
        );
        assert_eq!(ours.open(Purpose::Outbox, "row 7", b""), Err(Unopenable));
    }

    #[test]
    fn digests_differ_by_purpose_and_by_where_parts_end() {
        let keyring = keyring(&[1]);

        let digest = keyring.digest(Purpose::Limit, &[b"ab", b"c"]);

        assert_ne!(digest, keyring.digest(Purpose::Csrf, &[b"ab", b"c"]));
        assert_ne!(digest, keyring.digest(Purpose::Limit, &[b"a", b"bc"]));
        assert!(keyring.digest_matches(Purpose::Limit, &[b"ab", b"c"], &digest));
    }

    #[test]
    fn a_digest_of_before_a_key_change_is_among_those_to_look_for() {
        let earlier = keyring(&[1]).digest(Purpose::Trn, &[b"1234567"]);
        let both = keyring(&[2, 1]);

        let digests = both.digests(Purpose::Trn, &[b"1234567"]);

        assert_eq!(digests, [both.digest(Purpose::Trn, &[b"1234567"]), earlier]);
        assert_eq!(digests[0].first(), Some(&both.current_id()));
    }

    #[test]
    fn a_repeated_key_id_is_refused() {
        let twice = [(1, Secret::new([0; 32])), (1, Secret::new([1; 32]))];

        assert_eq!(
            Keyring::new(&twice).err(),
            Some(InvalidKeyring::RepeatedId(1))
        );
        assert_eq!(Keyring::new(&[]).err(), Some(InvalidKeyring::Empty));
    }
}
