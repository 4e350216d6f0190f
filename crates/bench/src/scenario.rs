//! The scenarios: what one operation of each is, and what its answers must hold.

use std::rc::Rc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;

use crate::fault::Fault;
use crate::http::Connection;
use crate::sign_in::Browser;
use crate::site::{
    self, Client, ISSUER, PLAIN_HEADERS, Person, REDIRECT_URI, Site, VERIFIER, headers,
    server_headers,
};

/// Something that clients ask of the provider all day.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Scenario {
    /// The discovery document.
    Discovery,
    /// The published keys.
    Jwks,
    /// The page that asks for the email address.
    SignInPage,
    /// A token for a program.
    ClientCredentials(Client),
    /// Authorize with a live session and `prompt=none`, then redeem the code.
    CodeFlow(Client),
    /// The same for a code and an ID token at once.
    HybridFlow,
    /// A person's claims for an access token.
    Userinfo,
    /// What an access token is worth.
    Introspect,
    /// A refresh token for its successor.
    Refresh,
    /// A whole first sign-in, from the service to the tokens.
    EmailSignIn,
    /// The sign-in of a person who gives a code of their authenticator app too.
    SecondFactorSignIn,
    /// A first sign-in at a service that wants the TRN: the person is asked who they are, and found.
    DetailsJourney,
}

impl Scenario {
    /// Every scenario, in the order of the report.
    pub(crate) const ALL: [Self; 14] = [
        Self::Discovery,
        Self::Jwks,
        Self::SignInPage,
        Self::ClientCredentials(Client::MachineJwt),
        Self::ClientCredentials(Client::MachineOpaque),
        Self::CodeFlow(Client::Es256),
        Self::CodeFlow(Client::Rs256),
        Self::HybridFlow,
        Self::Userinfo,
        Self::Introspect,
        Self::Refresh,
        Self::EmailSignIn,
        Self::SecondFactorSignIn,
        Self::DetailsJourney,
    ];

    /// Its name in the report.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Discovery => "discovery",
            Self::Jwks => "jwks",
            Self::SignInPage => "sign_in_page",
            Self::ClientCredentials(Client::MachineJwt) => "client_credentials_jwt",
            Self::ClientCredentials(_) => "client_credentials_opaque",
            Self::CodeFlow(Client::Rs256) => "code_flow_rs256",
            Self::CodeFlow(_) => "code_flow_es256",
            Self::HybridFlow => "hybrid_flow",
            Self::Userinfo => "userinfo",
            Self::Introspect => "introspect",
            Self::Refresh => "refresh",
            Self::EmailSignIn => "email_sign_in",
            Self::SecondFactorSignIn => "second_factor_sign_in",
            Self::DetailsJourney => "details_journey",
        }
    }

    fn client(self) -> Client {
        match self {
            Self::ClientCredentials(client) | Self::CodeFlow(client) => client,
            Self::HybridFlow => Client::Hybrid,
            Self::DetailsJourney => Client::Trn,
            _ => Client::Es256,
        }
    }

    /// Whether people have to be found among the teaching records.
    pub(crate) fn needs_records(self) -> bool {
        self == Self::DetailsJourney
    }

    /// Whether people need an authenticator app that the provider knows of.
    pub(crate) fn needs_app(self) -> bool {
        self == Self::SecondFactorSignIn
    }

    /// How strongly people sign in (the `acr` claim).
    fn acr(self) -> &'static str {
        if self.needs_app() { "Cl.Cm" } else { "Cl" }
    }

    fn needs_session(self) -> bool {
        matches!(
            self,
            Self::CodeFlow(_)
                | Self::HybridFlow
                | Self::Userinfo
                | Self::Introspect
                | Self::Refresh
        )
    }
}

/// One connection that repeats one scenario.
pub(crate) struct Worker {
    scenario: Scenario,
    site: Rc<Site>,
    http: Connection,
    person: Person,
    cookies: String,
    /// The client's `Authorization` header.
    credentials: String,
    /// The path of the open sign-in page.
    page: String,
    bearer: String,
    access_token: String,
    refresh_token: String,
}

/// What the token endpoint gave.
struct Tokens {
    access_token: String,
    refresh_token: Option<String>,
}

const SCOPE: &str = "&scope=openid%20email%20profile";
const TRN_SCOPE: &str = "&scope=openid%20email%20profile%20trn";
const OFFLINE_SCOPE: &str = "&scope=openid%20email%20offline_access";

impl Worker {
    /// Opens a connection and does once what the operations then rely on, such as signing in.
    ///
    /// # Errors
    ///
    /// The first [`Fault`] on the way.
    pub(crate) async fn prepare(scenario: Scenario, site: Rc<Site>) -> Result<Self, Fault> {
        let mut worker = Self {
            scenario,
            http: site.connect().await?,
            person: site.new_person(),
            site,
            cookies: String::new(),
            credentials: scenario.client().authorization(),
            page: String::new(),
            bearer: String::new(),
            access_token: String::new(),
            refresh_token: String::new(),
        };
        if scenario == Scenario::SignInPage {
            let mut browser = Browser::new(&mut worker.http, &worker.person);
            let location = browser.begin(Client::Es256, SCOPE).await?;
            worker.cookies = browser.cookies.header();
            site::own_target(&location)?.clone_into(&mut worker.page);
        }
        if scenario.needs_session() {
            let more = if scenario == Scenario::Refresh {
                OFFLINE_SCOPE
            } else {
                SCOPE
            };
            let tokens = worker.sign_in(more).await?;
            worker.bearer = format!("Bearer {}", tokens.access_token);
            worker.access_token = tokens.access_token;
            worker.refresh_token = tokens.refresh_token.unwrap_or_default();
        }
        Ok(worker)
    }

    /// One operation; every answer is checked.
    ///
    /// # Errors
    ///
    /// The first [`Fault`] on the way.
    pub(crate) async fn operate(&mut self) -> Result<(), Fault> {
        match self.scenario {
            Scenario::Discovery => {
                let path = "/.well-known/openid-configuration";
                let answer = self.http.get(path, &PLAIN_HEADERS).await?.expect(200)?;
                Fault::unless(
                    answer.body.contains(&format!("\"issuer\":\"{ISSUER}\"")),
                    "the issuer",
                )
            }
            Scenario::Jwks => {
                let answer = self.http.get("/jwks", &PLAIN_HEADERS).await?.expect(200)?;
                Fault::unless(answer.body.contains("\"kid\""), "keys")
            }
            Scenario::SignInPage => {
                let headers = headers(&self.person, &self.cookies);
                let answer = self.http.get(&self.page, &headers).await?.expect(200)?;
                Fault::unless(
                    answer.body.contains("autocomplete=\"email\""),
                    "the email field",
                )
            }
            Scenario::ClientCredentials(client) => self.client_credentials(client).await,
            Scenario::CodeFlow(client) => self.code_flow(client).await,
            Scenario::HybridFlow => self.hybrid_flow(Client::Hybrid).await,
            Scenario::Userinfo => {
                let headers = server_headers(&self.bearer);
                let answer = self.http.get("/userinfo", &headers).await?.expect(200)?;
                Fault::unless(
                    answer.body.contains(&self.person.email),
                    "the person's address",
                )
            }
            Scenario::Introspect => {
                let form = [("token", self.access_token.as_str())];
                let headers = server_headers(&self.credentials);
                let answer = self
                    .http
                    .post("/introspect", &headers, &form)
                    .await?
                    .expect(200)?;
                Fault::unless(answer.body.contains("\"active\":true"), "an active token")
            }
            Scenario::Refresh => self.refresh().await,
            Scenario::EmailSignIn | Scenario::SecondFactorSignIn => {
                self.person = self.site.new_person();
                self.sign_in(SCOPE).await.map(|_| ())
            }
            Scenario::DetailsJourney => self.register().await,
        }
    }

    async fn client_credentials(&mut self, client: Client) -> Result<(), Fault> {
        let form = [
            ("grant_type", "client_credentials"),
            ("scope", "report:read"),
        ];
        let headers = server_headers(&self.credentials);
        let answer = self
            .http
            .post("/token", &headers, &form)
            .await?
            .expect(200)?;
        let token = text_in(&object(answer.body)?, "access_token")?;
        let is_jwt = token.split('.').count() == 3;
        Fault::unless(
            is_jwt == (client == Client::MachineJwt),
            "an access token of the right kind",
        )
    }

    async fn code_flow(&mut self, client: Client) -> Result<(), Fault> {
        let target = site::authorization_request(client, &format!("{SCOPE}&prompt=none"));
        let headers = headers(&self.person, &self.cookies);
        let location = self.http.get(&target, &headers).await?.see_other()?;
        let code = site::code_in(&location)?;
        self.redeem(client, &code).await.map(|_| ())
    }

    async fn hybrid_flow(&mut self, client: Client) -> Result<(), Fault> {
        let target = site::hybrid_request(client, &format!("{SCOPE}&prompt=none"));
        let headers = headers(&self.person, &self.cookies);
        let location = self.http.get(&target, &headers).await?.see_other()?;
        let [code, id_token] = site::code_and_id_token_in(&location)?;
        check_id_token(&id_token, client, self.scenario.acr())?;
        self.redeem(client, &code).await.map(|_| ())
    }

    async fn refresh(&mut self) -> Result<(), Fault> {
        let form = [
            ("grant_type", "refresh_token"),
            ("refresh_token", self.refresh_token.as_str()),
        ];
        let headers = server_headers(&self.credentials);
        let answer = self
            .http
            .post("/token", &headers, &form)
            .await?
            .expect(200)?;
        let tokens = object(answer.body)?;
        text_in(&tokens, "access_token")?;
        self.refresh_token = text_in(&tokens, "refresh_token")?;
        Ok(())
    }

    /// A first sign-in by emailed code; the browser keeps its session.
    async fn sign_in(&mut self, more: &str) -> Result<Tokens, Fault> {
        let client = self.scenario.client();
        let mut browser = Browser::new(&mut self.http, &self.person);
        let code = browser.sign_in(&self.site, client, more).await?;
        self.cookies = browser.cookies.header();
        self.redeem(client, &code).await
    }

    /// A first sign-in at a service that wants the TRN, and learns it.
    async fn register(&mut self) -> Result<(), Fault> {
        self.person = self.site.new_person();
        let tokens = self.sign_in(TRN_SCOPE).await?;
        let bearer = format!("Bearer {}", tokens.access_token);
        let headers = server_headers(&bearer);
        let answer = self.http.get("/userinfo", &headers).await?.expect(200)?;
        let trn = &self.person.teacher.trn;
        Fault::unless(
            answer.body.contains(&format!("\"trn\":\"{trn}\"")),
            "the TRN",
        )
    }

    async fn redeem(&mut self, client: Client, code: &str) -> Result<Tokens, Fault> {
        let form = [
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", REDIRECT_URI),
            ("code_verifier", VERIFIER),
        ];
        let headers = server_headers(&self.credentials);
        let answer = self
            .http
            .post("/token", &headers, &form)
            .await?
            .expect(200)?;
        let tokens = object(answer.body)?;
        check_id_token(&text_in(&tokens, "id_token")?, client, self.scenario.acr())?;
        Ok(Tokens {
            access_token: text_in(&tokens, "access_token")?,
            refresh_token: text_in(&tokens, "refresh_token").ok(),
        })
    }
}

fn object(body: &str) -> Result<Value, Fault> {
    serde_json::from_str(body).map_err(|_| Fault::Content("JSON"))
}

fn text_in(object: &Value, member: &'static str) -> Result<String, Fault> {
    let text = object
        .get(member)
        .and_then(Value::as_str)
        .ok_or(Fault::Content(member))?;
    Ok(text.to_owned())
}

/// Signed as the client registered, for this client, about this request and a sign-in of that
/// strength.
fn check_id_token(id_token: &str, client: Client, acr: &str) -> Result<(), Fault> {
    let mut parts = id_token
        .split('.')
        .map(|part| URL_SAFE_NO_PAD.decode(part).ok());
    let (Some(Some(header)), Some(Some(payload)), Some(Some(_))) =
        (parts.next(), parts.next(), parts.next())
    else {
        return Err(Fault::Content("an ID token in three parts"));
    };
    let member = |json: &[u8], name: &str, wanted: &str| {
        serde_json::from_slice::<Value>(json)
            .is_ok_and(|object| object.get(name).and_then(Value::as_str) == Some(wanted))
    };
    let is_right = member(&header, "alg", client.algorithm())
        && member(&payload, "iss", ISSUER)
        && member(&payload, "aud", client.id())
        && member(&payload, "nonce", "n-0S6_WzA2Mj")
        && member(&payload, "acr", acr);
    Fault::unless(is_right, "an ID token for this request")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id_token(header: &str, payload: &str) -> String {
        let part = |text: &str| URL_SAFE_NO_PAD.encode(text);
        format!("{}.{}.{}", part(header), part(payload), part("signature"))
    }

    #[test]
    fn an_id_token_must_be_of_the_algorithm_the_client_the_request_and_the_strength() {
        let payload = r#"{"iss":"https://identity.bench.example","aud":"service-es256","nonce":"n-0S6_WzA2Mj","acr":"Cl"}"#;
        let (es256, rs256) = (r#"{"alg":"ES256"}"#, r#"{"alg":"RS256"}"#);

        let check = |header, client, acr| check_id_token(&id_token(header, payload), client, acr);

        assert!(check(es256, Client::Es256, "Cl").is_ok());
        assert!(check(rs256, Client::Es256, "Cl").is_err());
        assert!(check(rs256, Client::Rs256, "Cl").is_err());
        assert!(check(es256, Client::Es256, "Cl.Cm").is_err());
        assert!(check_id_token("a.b", Client::Es256, "Cl").is_err());
    }

    #[test]
    fn every_scenario_has_a_name_of_its_own() {
        let mut names = Scenario::ALL.map(Scenario::name).to_vec();
        names.sort_unstable();
        names.dedup();

        assert_eq!(names.len(), Scenario::ALL.len());
    }
}
