//! A whole sign-in as requests that can be typed.

use std::time::Duration;

use serde::Serialize;

use crate::authorize::pushed;
use crate::provider::Lifetimes;
use crate::pushed_request;

/// One step.
#[derive(Serialize)]
pub(super) struct Sample {
    title: &'static str,
    text: &'static str,
    code: String,
}

/// Every step in order. The code challenge and verifier are those of RFC 7636 appendix B.
pub(super) fn all(issuer: &str) -> Vec<Sample> {
    vec![
        Sample {
            title: "Read the configuration",
            text: "Libraries do this for you: give them the issuer, exactly as it is written here, and nothing else.",
            code: format!("curl {issuer}/.well-known/openid-configuration"),
        },
        Sample {
            title: "Send the browser to sign in",
            text: "Make state, nonce and code_verifier anew for each request from a secure random source, and keep them with the person’s session. The code_challenge is the SHA-256 of the code_verifier, in base64url without padding. Line breaks are for reading only.",
            code: format!(
                "{issuer}/authorize\n  ?client_id=YOUR_CLIENT_ID\n  &response_type=code\n  \
                 &redirect_uri=https%3A%2F%2Fservice.example%2Fcallback\n  \
                 &scope=openid%20email%20profile\n  &state=af0ifjsldkj\n  &nonce=n-0S6_WzA2Mj\n  \
                 &code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM\n  \
                 &code_challenge_method=S256"
            ),
        },
        Sample {
            title: "Or leave the request here first",
            text: "If what you ask for should be in nobody’s address bar. The answer is 201 with a request_uri, good for a minute and once: send the browser to the authorization endpoint with it and client_id, and nothing else.",
            code: format!(
                "curl {issuer}{path} \\\n  -u 'YOUR_CLIENT_ID:YOUR_CLIENT_SECRET' \\\n  \
                 -d response_type=code \\\n  \
                 --data-urlencode redirect_uri=https://service.example/callback \\\n  \
                 --data-urlencode 'scope=openid email profile' \\\n  -d state=af0ifjsldkj \\\n  \
                 -d nonce=n-0S6_WzA2Mj \\\n  \
                 -d code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM \\\n  \
                 -d code_challenge_method=S256\n\n\
                 {issuer}/authorize\n  ?client_id=YOUR_CLIENT_ID\n  \
                 &request_uri=urn%3Aietf%3Aparams%3Aoauth%3Arequest_uri%3Agai_pr_...",
                path = pushed_request::PATH,
            ),
        },
        Sample {
            title: "Take the answer",
            text: "The browser comes back to your redirect URI. Check first that state is what you sent and that iss is the issuer. Instead of code there can be error and error_description.",
            code: format!(
                "https://service.example/callback\n  ?code=gai_ac_...\n  &state=af0ifjsldkj\n  &iss={}",
                issuer.replace(':', "%3A").replace('/', "%2F")
            ),
        },
        Sample {
            title: "Exchange the code",
            text: "From your server, at once: a code lives for a short time and is good once. curl -u sends the secret by HTTP Basic (client_secret_basic).",
            code: format!(
                "curl {issuer}/token \\\n  -u 'YOUR_CLIENT_ID:YOUR_CLIENT_SECRET' \\\n  \
                 -d grant_type=authorization_code \\\n  -d code=gai_ac_... \\\n  \
                 --data-urlencode redirect_uri=https://service.example/callback \\\n  \
                 -d code_verifier=dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
            ),
        },
        Sample {
            title: "Check the ID token",
            text: "Verify its signature with a key of jwks_uri, then that iss is the issuer, aud is your client id, exp is ahead and nonce is what you sent. This is what one says.",
            code: format!(
                "{{\n  \"iss\": \"{issuer}\",\n  \"sub\": \"0190a5e0-7d1c-7cc3-8a6b-3f1f6c1f9a10\",\n  \
                 \"aud\": \"YOUR_CLIENT_ID\",\n  \"exp\": 1795337300,\n  \"iat\": 1795337000,\n  \
                 \"auth_time\": 1795336990,\n  \"nonce\": \"n-0S6_WzA2Mj\",\n  \"acr\": \"Cl\",\n  \
                 \"amr\": [\"email\"],\n  \"sid\": \"0190a5e0-7d1c-7cc3-8a6b-3f1f6c1f9a11\"\n}}"
            ),
        },
        Sample {
            title: "Ask who it is",
            text: "Userinfo tells what the scopes released. Its sub must be that of the ID token.",
            code: format!("curl {issuer}/userinfo -H 'Authorization: Bearer gai_at_...'"),
        },
        Sample {
            title: "Refresh",
            text: "If you asked for offline_access. The answer has a new refresh token: keep it in place of the old one.",
            code: format!(
                "curl {issuer}/token \\\n  -u 'YOUR_CLIENT_ID:YOUR_CLIENT_SECRET' \\\n  \
                 -d grant_type=refresh_token \\\n  -d refresh_token=gai_rt_..."
            ),
        },
        Sample {
            title: "Sign out",
            text: "End your own session, then send the browser here. The address to come back to must be registered.",
            code: format!(
                "{issuer}/end-session\n  ?id_token_hint=eyJ...\n  \
                 &post_logout_redirect_uri=https%3A%2F%2Fservice.example%2F\n  &state=bye"
            ),
        },
        Sample {
            title: "Act as your service, without a person",
            text: "For clients that are registered for client_credentials.",
            code: format!(
                "curl {issuer}/token \\\n  -u 'YOUR_CLIENT_ID:YOUR_CLIENT_SECRET' \\\n  \
                 -d grant_type=client_credentials"
            ),
        },
    ]
}

/// How long something is good.
#[derive(Serialize)]
pub(super) struct Lifetime {
    name: &'static str,
    value: String,
}

impl Lifetime {
    pub(super) fn all(lifetimes: &Lifetimes) -> Vec<Self> {
        [
            ("Authorization code", lifetimes.authorization_code),
            ("Request that was left here", pushed::LIFETIME),
            ("ID token", lifetimes.id_token),
            ("Access token", lifetimes.access_token),
            ("Refresh token that is not used", lifetimes.refresh_idle),
            ("Chain of refresh tokens", lifetimes.refresh_absolute),
            ("Keys and configuration, in your cache", lifetimes.published),
        ]
        .map(|(name, duration)| Self {
            name,
            value: in_words(duration),
        })
        .into()
    }
}

/// `15 minutes`, in the largest unit that has no rest.
fn in_words(duration: Duration) -> String {
    let seconds = duration.as_secs();
    let units = [
        (86_400, "day"),
        (3_600, "hour"),
        (60, "minute"),
        (1, "second"),
    ];
    let fits = units
        .into_iter()
        .find(|(length, _)| seconds > 0 && seconds.is_multiple_of(*length));
    let (count, unit) = fits.map_or((seconds, "second"), |(length, unit)| {
        (seconds / length, unit)
    });
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {unit}{plural}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_told_in_the_largest_unit_that_fits() {
        for (seconds, words) in [
            (0, "0 seconds"),
            (1, "1 second"),
            (60, "1 minute"),
            (90, "90 seconds"),
            (900, "15 minutes"),
            (7_200, "2 hours"),
            (14 * 86_400, "14 days"),
        ] {
            assert_eq!(in_words(Duration::from_secs(seconds)), words);
        }
    }
}
