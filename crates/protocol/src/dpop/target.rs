//! Whether two URLs name the same endpoint (RFC 9449 §4.3).

use percent_encoding::percent_decode_str;
use url::Url;

/// Whether an `htu` names the endpoint at `url`, query and fragment aside, after the normalisation
/// of RFC 3986 §6.2.2 and §6.2.3: case, percent-encoding, dot segments, default port.
pub(super) fn is_same(htu: &str, url: &str) -> bool {
    match (Url::parse(htu), Url::parse(url)) {
        (Ok(htu), Ok(url)) => {
            htu.scheme() == url.scheme()
                && htu.authority() == url.authority()
                && segments(&htu) == segments(&url)
        }
        _ => false,
    }
}

/// The segments of a path, each decoded by itself, so that an encoded slash parts none.
fn segments(url: &Url) -> Option<Vec<Vec<u8>>> {
    let segments = url.path_segments()?;
    Some(
        segments
            .map(|it| percent_decode_str(it).collect())
            .collect(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOKEN: &str = "https://identity.example/token";

    #[test]
    fn every_spelling_of_a_url_is_that_url() {
        for spelling in [
            TOKEN,
            "https://identity.example/token?a=b#c",
            "HTTPS://Identity.EXAMPLE:443/token",
            "https://identity.example/x/../%74oken",
        ] {
            assert!(is_same(spelling, TOKEN), "{spelling}");
        }
    }

    #[test]
    fn another_url_is_not() {
        for other in [
            "",
            "/token",
            "http://identity.example/token",
            "https://identity.example:8443/token",
            "https://identity.example/token/",
            "https://identity.example/Token",
            "https://identity.example/%2Ftoken",
            "https://identity.example//token",
            "https://identity.example/userinfo",
            "https://user@identity.example/token",
            "https://identity.example.evil.example/token",
            "https://evil.example/https://identity.example/token",
        ] {
            assert!(!is_same(other, TOKEN), "{other}");
        }
    }
}
