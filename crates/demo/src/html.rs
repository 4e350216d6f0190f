//! HTML in which every word that came from outside is escaped.

use std::fmt::{self, Display, Formatter};

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY};
use serde_json::{Map, Value};

/// Text that prints with the five characters escaped that mean something in HTML.
pub(crate) struct Text<'a>(pub(crate) &'a str);

impl Display for Text<'_> {
    fn fmt(&self, to: &mut Formatter<'_>) -> fmt::Result {
        for character in self.0.chars() {
            match character {
                '&' => to.write_str("&amp;")?,
                '<' => to.write_str("&lt;")?,
                '>' => to.write_str("&gt;")?,
                '"' => to.write_str("&quot;")?,
                '\'' => to.write_str("&#39;")?,
                other => write!(to, "{other}")?,
            }
        }
        Ok(())
    }
}

/// A whole page; `main` is HTML already, `title` is text.
///
/// `form_target` is the provider's origin: a browser holds `form-action` against every redirect
/// that follows a form, and both our forms end there.
pub(crate) fn page(status: StatusCode, form_target: &str, title: &str, main: &str) -> HttpResponse {
    let policy = format!(
        "default-src 'none'; style-src 'self'; form-action 'self' {form_target}; \
         base-uri 'none'; frame-ancestors 'none'"
    );
    HttpResponse::build(status)
        .content_type("text/html; charset=utf-8")
        .insert_header((CONTENT_SECURITY_POLICY, policy))
        .insert_header((CACHE_CONTROL, "no-store"))
        .insert_header(("X-Content-Type-Options", "nosniff"))
        .insert_header(("Referrer-Policy", "no-referrer"))
        .body(format!(
            "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
             <title>{title} – Demo service</title>\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
             <link rel=\"stylesheet\" href=\"/demo.css\">\n</head>\n<body>\n\
             <a class=\"skip\" href=\"#main\">Skip to main content</a>\n\
             <header><div class=\"width\"><a href=\"/\">Demo service</a></div></header>\n\
             <main id=\"main\" class=\"width\" tabindex=\"-1\">\n{main}\n</main>\n\
             <footer><div class=\"width\"><p>A relying service to try Get an identity with. \
             It keeps nothing.</p></div></footer>\n</body>\n</html>\n",
            title = Text(title),
        ))
}

/// A table of claims: one row each, times also as a date.
pub(crate) fn claims_table(caption: &str, claims: &Map<String, Value>) -> String {
    let rows = claims.iter().fold(String::new(), |rows, (name, value)| {
        let value = readable(name, value);
        rows + &format!(
            "<tr><th scope=\"row\">{}</th><td>{}</td></tr>\n",
            Text(name),
            Text(&value)
        )
    });
    format!(
        "<div class=\"scroll\" role=\"region\" aria-label=\"{caption}\" tabindex=\"0\"><table>\n\
         <caption>{caption}</caption>\n<thead><tr><th scope=\"col\">Claim</th>\
         <th scope=\"col\">Value</th></tr></thead>\n<tbody>\n{rows}</tbody>\n</table></div>\n",
        caption = Text(caption),
    )
}

fn readable(name: &str, value: &Value) -> String {
    let instant = match (name, value) {
        ("iat" | "exp" | "auth_time" | "updated_at", Value::Number(seconds)) => seconds
            .as_i64()
            .and_then(|seconds| chrono::DateTime::from_timestamp(seconds, 0)),
        _ => None,
    };
    match (instant, value) {
        (Some(instant), _) => format!("{value} ({})", instant.format("%-d %B %Y, %H:%M:%S UTC")),
        (None, Value::String(text)) => text.clone(),
        (None, other) => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_from_outside_cannot_become_markup() {
        let escaped = Text("<script>alert(\"1\" & '2')</script>").to_string();

        assert_eq!(
            escaped,
            "&lt;script&gt;alert(&quot;1&quot; &amp; &#39;2&#39;)&lt;/script&gt;"
        );
    }

    #[test]
    fn a_claim_with_markup_is_shown_as_written() {
        let claims = serde_json::json!({"name": "<b>Ada</b>"});

        let table = claims_table("ID token", claims.as_object().unwrap());

        assert!(table.contains("<td>&lt;b&gt;Ada&lt;/b&gt;</td>"), "{table}");
    }

    #[test]
    fn times_are_also_shown_as_dates_and_lists_as_json() {
        assert_eq!(
            readable("auth_time", &serde_json::json!(1_700_000_000)),
            "1700000000 (14 November 2023, 22:13:20 UTC)"
        );
        assert_eq!(
            readable("amr", &serde_json::json!(["email", "otp"])),
            r#"["email","otp"]"#
        );
        assert_eq!(readable("iat", &serde_json::json!("soon")), "soon");
    }
}
