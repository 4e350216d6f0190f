//! The provider as its clients see it: names, secrets, paths.

use std::cell::Cell;
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
    let services = [
        (
            Client::Es256,
            "scope = \"email offline_access openid profile\"\n",
        ),
        (
            Client::Rs256,
            "scope = \"email offline_access openid profile\"\n",
        ),
        (
            Client::Trn,
            "scope = \"email openid profile trn\"\ntrn_requirement = \"required\"\n",
        ),
    ]
    .map(|(client, settings)| {
        format!(
            "[[clients]]\nclient_id = \"{id}\"\nclient_name = \"Service {algorithm}\"\n\
             client_secret = \"{SECRET}\"\nredirect_uris = [\"{REDIRECT_URI}\"]\n\
             grant_types = [\"authorization_code\", \"refresh_token\"]\n{settings}\
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

/// An authorization request.
pub(crate) fn authorization_request(client: Client, more: &str) -> String {
    format!(
        "/authorize?response_type=code&client_id={}&redirect_uri=\
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
    let elsewhere = || Fault::Elsewhere(location.to_owned());
    let query = location
        .strip_prefix(REDIRECT_URI)
        .and_then(|rest| rest.strip_prefix('?'))
        .ok_or_else(elsewhere)?;
    let mut code = None;
    let mut has_state = false;
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        match name.as_ref() {
            "code" => code = Some(value.into_owned()),
            "state" => has_state = value == "af0ifjsldkj",
            _ => {}
        }
    }
    code.filter(|_| has_state).ok_or_else(elsewhere)
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
