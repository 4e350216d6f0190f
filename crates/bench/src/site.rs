//! The provider as its clients see it: names, secrets, paths.

use std::cell::Cell;
use std::collections::HashMap;
use std::net::SocketAddr;
use std::rc::Rc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use model::totp::TotpSeed;

use crate::fault::Fault;
use crate::http::Connection;
use crate::mail::Mailbox;
use crate::second_factor;
use crate::teachers::Teacher;

/// What the provider is called; the load reaches it by address, as a proxy would.
pub(crate) const ISSUER: &str = "https://identity.bench.example";
/// Where every client is sent back to.
pub(crate) const REDIRECT_URI: &str = "https://service.bench.example/callback";
/// The pair of RFC 7636 Appendix B.
pub(crate) const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
const HOST: &str = "identity.bench.example";
const SECRET: &str = "only-for-measuring-speed-and-memory";

/// A registered client.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Client {
    /// A service whose ID tokens are signed with ES256.
    Es256,
    /// A service whose ID tokens are signed with RS256.
    Rs256,
    /// A service that gets an ID token beside the code.
    Hybrid,
    /// A service that only people with a TRN may use.
    Trn,
    /// A program whose access tokens are JWTs.
    MachineJwt,
    /// A program whose access tokens are opaque.
    MachineOpaque,
}

impl Client {
    /// Its `client_id`.
    pub(crate) fn id(self) -> &'static str {
        match self {
            Self::Es256 => "service-es256",
            Self::Rs256 => "service-rs256",
            Self::Hybrid => "service-hybrid",
            Self::Trn => "service-trn",
            Self::MachineJwt => "machine-jwt",
            Self::MachineOpaque => "machine-opaque",
        }
    }

    /// Its HTTP Basic credentials.
    pub(crate) fn authorization(self) -> String {
        format!(
            "Basic {}",
            STANDARD.encode(format!("{}:{SECRET}", self.id()))
        )
    }

    /// How its ID tokens are signed.
    pub(crate) fn algorithm(self) -> &'static str {
        match self {
            Self::Rs256 => "RS256",
            _ => "ES256",
        }
    }
}

/// The clients as the provider's configuration reads them.
pub(crate) fn clients_file() -> String {
    let code = "\"authorization_code\", \"refresh_token\"";
    let hybrid = "\"authorization_code\", \"implicit\", \"refresh_token\"";
    let services = [
        (
            Client::Es256,
            code,
            "scope = \"email offline_access openid profile\"\n",
        ),
        (
            Client::Rs256,
            code,
            "scope = \"email offline_access openid profile\"\n",
        ),
        (
            Client::Hybrid,
            hybrid,
            "scope = \"email openid profile\"\n\
             response_types = [\"code\", \"code id_token\"]\n",
        ),
        (
            Client::Trn,
            code,
            "scope = \"email openid profile trn\"\ntrn_requirement = \"required\"\n",
        ),
    ]
    .map(|(client, grants, settings)| {
        format!(
            "[[clients]]\nclient_id = \"{id}\"\nclient_name = \"Service {algorithm}\"\n\
             client_secret = \"{SECRET}\"\nredirect_uris = [\"{REDIRECT_URI}\"]\n\
             grant_types = [{grants}]\n{settings}\
             id_token_signed_response_alg = \"{algorithm}\"\n\n",
            id = client.id(),
            algorithm = client.algorithm(),
        )
    });
    let machines = [
        (
            Client::MachineJwt,
            "resource = \"https://api.bench.example\"\n",
        ),
        (Client::MachineOpaque, ""),
    ]
    .map(|(client, resource)| {
        format!(
            "[[clients]]\nclient_id = \"{id}\"\nclient_name = \"Machine\"\n\
             client_secret = \"{SECRET}\"\ngrant_types = [\"client_credentials\"]\n\
             scope = \"report:read\"\nid_token_signed_response_alg = \"ES256\"\n{resource}\n",
            id = client.id(),
        )
    });
    services.into_iter().chain(machines).collect()
}

/// One running provider, and what the load needs to use it.
pub(crate) struct Site {
    pub(crate) address: SocketAddr,
    pub(crate) mailbox: Mailbox,
    people: Cell<u32>,
}

impl Site {
    /// The people of different runs on one database must differ: numbers begin at `people`.
    pub(crate) fn new(address: SocketAddr, mailbox: Mailbox, people: u32) -> Rc<Self> {
        Rc::new(Self {
            address,
            mailbox,
            people: Cell::new(people),
        })
    }

    /// A kept-alive connection.
    ///
    /// # Errors
    ///
    /// The provider does not answer.
    pub(crate) async fn connect(&self) -> Result<Connection, Fault> {
        Ok(Connection::open(self.address).await?)
    }

    /// A person who never signed in before, with a computer of their own.
    pub(crate) fn new_person(&self) -> Person {
        let number = self.people.get() + 1;
        self.people.set(number);
        let [_, a, b, c] = number.to_be_bytes();
        Person {
            teacher: Teacher::numbered(number),
            email: email(number),
            app: second_factor::seed_of(number),
            forwarded_for: format!("10.{a}.{b}.{c}"),
        }
    }

    /// Leaves out everybody up to a number.
    pub(crate) fn pass(&self, number: u32) {
        self.people.set(self.people.get().max(number));
    }

    /// How many people have signed in or are about to.
    pub(crate) fn people(&self) -> u32 {
        self.people.get()
    }
}

/// The address of a person by their number.
pub(crate) fn email(number: u32) -> String {
    format!("person-{number}@bench.example")
}

/// A person who signs in.
pub(crate) struct Person {
    /// Who they are, where a service asks.
    pub(crate) teacher: Teacher,
    /// Their address.
    pub(crate) email: String,
    /// What their authenticator app keeps, if the provider knows of one.
    pub(crate) app: TotpSeed,
    /// Their computer's address, as the proxy in front says.
    pub(crate) forwarded_for: String,
}

/// The headers that a proxy in front sets, and the cookies.
pub(crate) fn headers<'h>(person: &'h Person, cookies: &'h str) -> [(&'h str, &'h str); 4] {
    [
        ("Host", HOST),
        ("X-Forwarded-Proto", "https"),
        ("X-Forwarded-For", &person.forwarded_for),
        ("Cookie", cookies),
    ]
}

/// The headers of a request from one server to another.
pub(crate) fn server_headers(authorization: &str) -> [(&str, &str); 3] {
    [
        ("Host", HOST),
        ("X-Forwarded-Proto", "https"),
        ("Authorization", authorization),
    ]
}

/// The headers of a request that says nothing about who asks.
pub(crate) const PLAIN_HEADERS: [(&str, &str); 2] =
    [("Host", HOST), ("X-Forwarded-Proto", "https")];

/// An authorization request for a code.
pub(crate) fn authorization_request(client: Client, more: &str) -> String {
    request("code", client, more)
}

/// An authorization request for a code and an ID token.
pub(crate) fn hybrid_request(client: Client, more: &str) -> String {
    request("code%20id_token", client, more)
}

fn request(response_type: &str, client: Client, more: &str) -> String {
    format!(
        "/authorize?response_type={response_type}&client_id={}&redirect_uri=\
         https%3A%2F%2Fservice.bench.example%2Fcallback&state=af0ifjsldkj&nonce=n-0S6_WzA2Mj\
         &code_challenge={CHALLENGE}&code_challenge_method=S256{more}",
        client.id()
    )
}

/// The path and query of a location that leads back to the provider.
///
/// # Errors
///
/// [`Fault::Elsewhere`] when it leads to another place.
pub(crate) fn own_target(location: &str) -> Result<&str, Fault> {
    let target = location.strip_prefix(ISSUER).unwrap_or(location);
    if target.starts_with('/') {
        return Ok(target);
    }
    Err(Fault::Elsewhere(location.to_owned()))
}

/// The code in a location that leads back to the service.
///
/// # Errors
///
/// [`Fault::Elsewhere`] when it leads to another place, brings no code or not our state.
pub(crate) fn code_in(location: &str) -> Result<String, Fault> {
    let [code] = brought(location, '?', ["code"])?;
    Ok(code)
}

/// The code and the ID token in a location that leads back to the service, in its fragment.
///
/// # Errors
///
/// [`Fault::Elsewhere`] when it leads to another place, lacks one of them or our state.
pub(crate) fn code_and_id_token_in(location: &str) -> Result<[String; 2], Fault> {
    brought(location, '#', ["code", "id_token"])
}

/// Parameters after `joint` in a location that leads back to the service with our state.
fn brought<const N: usize>(
    location: &str,
    joint: char,
    names: [&str; N],
) -> Result<[String; N], Fault> {
    let elsewhere = || Fault::Elsewhere(location.to_owned());
    let encoded = location
        .strip_prefix(REDIRECT_URI)
        .and_then(|rest| rest.strip_prefix(joint))
        .ok_or_else(elsewhere)?;
    let mut parameters: HashMap<_, _> = form_urlencoded::parse(encoded.as_bytes())
        .into_owned()
        .collect();
    if parameters.get("state").map(String::as_str) != Some("af0ifjsldkj") {
        return Err(elsewhere());
    }
    let found: Option<Vec<String>> = names.iter().map(|name| parameters.remove(*name)).collect();
    found
        .and_then(|found| found.try_into().ok())
        .ok_or_else(elsewhere)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_counts_only_at_the_redirect_uri_and_with_our_state() {
        let back = "https://service.bench.example/callback";

        assert_eq!(
            code_in(&format!("{back}?code=a%2Bb&state=af0ifjsldkj")).unwrap(),
            "a+b"
        );
        assert!(code_in(&format!("{back}?code=c&state=other")).is_err());
        assert!(code_in(&format!("{back}?error=login_required&state=af0ifjsldkj")).is_err());
        assert!(code_in("https://identity.bench.example/sign-in/email").is_err());
    }

    #[test]
    fn an_id_token_beside_a_code_counts_only_in_the_fragment() {
        let back = "https://service.bench.example/callback";
        let both = "code=c&id_token=a.b.c&state=af0ifjsldkj";

        let found = code_and_id_token_in(&format!("{back}#{both}")).unwrap();
        assert_eq!(found, ["c", "a.b.c"]);
        assert!(code_and_id_token_in(&format!("{back}?{both}")).is_err());
        assert!(code_and_id_token_in(&format!("{back}#code=c&state=af0ifjsldkj")).is_err());
    }

    #[test]
    fn only_the_providers_own_addresses_are_followed() {
        assert_eq!(
            own_target("/sign-in/email?i=1").unwrap(),
            "/sign-in/email?i=1"
        );
        assert_eq!(
            own_target("https://identity.bench.example/x").unwrap(),
            "/x"
        );
        assert!(own_target("https://service.bench.example/callback").is_err());
    }
}
