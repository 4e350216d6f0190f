//! HTTP Basic as RFC 6749 §2.3.1 means it: id and secret are form-url-encoded first.

use actix_web::HttpRequest;
use actix_web::http::header::AUTHORIZATION;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use model::Secret;

use crate::oauth_error::OAuthError;

/// The id and secret of the `Authorization` header, if there is one.
pub(super) fn read(http: &HttpRequest) -> Result<Option<(String, Secret<String>)>, OAuthError> {
    let mut headers = http.headers().get_all(AUTHORIZATION);
    let Some(header) = headers.next() else {
        return Ok(None);
    };
    if headers.next().is_some() {
        return Err(OAuthError::SeveralAuthentications);
    }
    header
        .to_str()
        .ok()
        .and_then(parse)
        .map(Some)
        .ok_or(OAuthError::MalformedBasic)
}

fn parse(header: &str) -> Option<(String, Secret<String>)> {
    let (scheme, encoded) = header.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("Basic") {
        return None;
    }
    let decoded = String::from_utf8(STANDARD.decode(encoded.trim()).ok()?).ok()?;
    let (client_id, secret) = decoded.split_once(':')?;
    Some((form_decoded(client_id), Secret::new(form_decoded(secret))))
}

/// Decodes one form-url-encoded text. A raw `&` or `=`, which an encoder would not have left, is
/// taken as it stands.
fn form_decoded(text: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    if text.bytes().all(is_plain) {
        return text.to_owned();
    }
    let text = text.replace('&', "%26").replace('=', "%3D");
    form_urlencoded::parse(text.as_bytes())
        .map(|(decoded, _)| decoded.into_owned())
        .next()
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(credentials: &str) -> Option<(String, String)> {
        parse(&format!("Basic {}", STANDARD.encode(credentials)))
            .map(|(client_id, secret)| (client_id, secret.reveal().clone()))
    }

    fn pair(client_id: &str, secret: &str) -> (String, String) {
        (client_id.to_owned(), secret.to_owned())
    }

    #[test]
    fn both_parts_are_form_url_decoded() {
        assert_eq!(
            parsed("https%3A%2F%2Fs.example%2F:a+b%2B%25%C3%A9%3A"),
            Some(pair("https://s.example/", "a b+%é:"))
        );
    }

    #[test]
    fn a_secret_that_was_not_encoded_is_taken_as_it_stands_where_that_is_clear() {
        assert_eq!(
            parsed("course:c2VjcmV0=="),
            Some(pair("course", "c2VjcmV0=="))
        );
        assert_eq!(parsed("course:a:b&c"), Some(pair("course", "a:b&c")));
        assert_eq!(parsed("course:"), Some(pair("course", "")));
    }

    #[test]
    fn the_scheme_is_basic_in_any_case_and_nothing_else() {
        let credentials = STANDARD.encode("course:secret");

        assert!(parse(&format!("bAsIc {credentials}")).is_some());
        for refused in [
            "Basic",
            "Basic !!!",
            &format!("Bearer {credentials}"),
            &format!("Basic{credentials}"),
            &format!("Basic {}", STANDARD.encode("no colon")),
            &format!("Basic {}", STANDARD.encode(b"\xff:\xff")),
        ] {
            assert!(parse(refused).is_none(), "{refused}");
        }
    }
}
