//! `at_hash` and `c_hash`: what ties an access token or a code to an ID token.

use aws_lc_rs::digest::{self, SHA256, SHA512};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use model::SigningAlgorithm;

/// The left half of the digest of `value`, base64url: `at_hash` of an access token, `c_hash` of a
/// code (OpenID Connect Core §3.1.3.6, §3.3.2.11).
///
/// The digest is the one of the ID token's own algorithm: SHA-256, and for `EdDSA`
/// SHA-512.
#[must_use]
pub fn token_hash(algorithm: SigningAlgorithm, value: &str) -> String {
    let digest = match algorithm {
        SigningAlgorithm::RS256 | SigningAlgorithm::PS256 | SigningAlgorithm::ES256 => &SHA256,
        SigningAlgorithm::EdDsa => &SHA512,
    };
    let digest = digest::digest(digest, value.as_bytes());
    let (left_half, _) = digest.as_ref().split_at(digest.as_ref().len() / 2);
    URL_SAFE_NO_PAD.encode(left_half)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hashes_of_openid_connect_core_appendix_a_come_out() {
        let access_token = "jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y";
        let code = "Qcb0Orv1zh30vL1MPRsbm-diHiMwcLyZvn1arpZv-Jxf_11jnpEX3Tgfvk";

        assert_eq!(
            token_hash(SigningAlgorithm::RS256, access_token),
            "77QmUPtjPfzWtF2AnpK9RQ"
        );
        assert_eq!(
            token_hash(SigningAlgorithm::RS256, code),
            "LDktKdoQak3Pk0cnXxCltA"
        );
    }

    #[test]
    fn the_hash_beside_an_eddsa_token_is_half_a_sha_512() {
        assert_eq!(token_hash(SigningAlgorithm::EdDsa, "token").len(), 43);
        assert_eq!(token_hash(SigningAlgorithm::ES256, "token").len(), 22);
    }
}
