//! What keeps a passkey: known by the AAGUID that its maker gives it (WebAuthn §6.5.1). Nobody
//! vouches for it, so it only serves to name the passkey to its owner.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;

/// Where an AAGUID stands in authenticator data: behind the hash of the domain, the flags and the
/// counter (WebAuthn §6.1).
const AAGUID: std::ops::Range<usize> = 37..53;

/// The keepers that most people meet. Names and numbers are those that their makers publish.
const KEEPERS: [(u128, &str); 17] = [
    (0xfbfc_3007_154e_4ecc_8c0b_6e02_0557_d7bd, "Apple Passwords"),
    (0xdd4e_c289_e01d_41c9_bb89_70fa_845d_4bf2, "iCloud Keychain"),
    (
        0xea9b_8d66_4d01_1d21_3ce4_b6b4_8cb5_75d4,
        "Google Password Manager",
    ),
    (0x0898_7058_cadc_4b81_b6e1_30de_50dc_be96, "Windows Hello"),
    (0x9ddd_1817_af5a_4672_a2b9_3e3d_d950_00a9, "Windows Hello"),
    (0x6028_b017_b1d4_4c02_b4b3_afcd_afc9_6bb2, "Windows Hello"),
    (0xadce_0002_35bc_c60a_648b_0b25_f1f0_5503, "Chrome on Mac"),
    (0x771b_48fd_d3d4_4f74_9232_fc15_7ab0_507a, "Edge on Mac"),
    (0x5341_4d53_554e_4700_0000_0000_0000_0000, "Samsung Pass"),
    (0xbada_5566_a7aa_401f_bd96_4561_9a55_120d, "1Password"),
    (0xd548_826e_79b4_db40_a3d8_1111_6f7e_8349, "Bitwarden"),
    (0x5311_26d6_e717_415c_9320_3d9a_a698_1239, "Dashlane"),
    (0xb78a_0a55_6ef8_d246_a042_ba0f_6d55_050c, "LastPass"),
    (0xb84e_4048_15dc_4dd0_8640_f4f6_0813_c8af, "NordPass"),
    (0x5072_6f74_6f6e_5061_7373_5072_6f74_6f6e, "Proton Pass"),
    (0x0ea2_42b4_43c4_4a1b_8b17_dd6d_0b6b_aec6, "Keeper"),
    (0xfdb1_41b2_5d84_443e_8a35_4698_c205_a502, "KeePassXC"),
];

#[derive(Deserialize)]
struct Answer {
    response: Response,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Response {
    authenticator_data: Option<String>,
}

/// The keeper that an answer to a registration names, if it names one that we know.
pub(super) fn of(answer: &str) -> Option<&'static str> {
    let answer: Answer = serde_json::from_str(answer).ok()?;
    let data = URL_SAFE_NO_PAD
        .decode(answer.response.authenticator_data?)
        .ok()?;
    let aaguid = u128::from_be_bytes(data.get(AAGUID)?.try_into().ok()?);
    let known = KEEPERS.iter().find(|(number, _)| *number == aaguid)?;
    Some(known.1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(data: &[u8]) -> String {
        let data = URL_SAFE_NO_PAD.encode(data);
        format!(r#"{{"id":"x","response":{{"authenticatorData":"{data}"}}}}"#)
    }

    #[test]
    fn a_keeper_is_known_by_its_number() {
        let number = 0x0898_7058_cadc_4b81_b6e1_30de_50dc_be96_u128;
        let data = [&[0; 37][..], &number.to_be_bytes(), &[0; 40]].concat();

        assert_eq!(of(&answer(&data)), Some("Windows Hello"));
    }

    #[test]
    fn a_keeper_that_is_unknown_or_does_not_say_is_none() {
        assert_eq!(of(&answer(&[0; 100])), None);
        assert_eq!(of(&answer(&[0; 40])), None);
        assert_eq!(of(r#"{"response":{}}"#), None);
        assert_eq!(of(r#"{"response":{"authenticatorData":"%"}}"#), None);
        assert_eq!(of("not JSON"), None);
    }
}
