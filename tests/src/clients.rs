//! Relying services as an operator registers them.

use model::client::{
    ApplicationType, AuthMethod, ClientSettings, ConsentPolicy, GrantType, ProfileRequirement,
};
use model::trn_lookup::{MatchPolicy, TrnRequirement};
use model::{ClientId, RedirectUri, ResponseType, ScopeSet, Secret};
use server::config::clients::ClientEntry;

/// The secret of every client that has one.
pub const SECRET: &str = "a secret that an operator chose";

/// What is registered wherever a test asks for nothing else: `course` and `admissions`, two
/// services of our own, `library`, somebody else's, and `app`, on the person's device.
pub fn everyday() -> Vec<ClientEntry> {
    vec![course(), admissions(), library(), app()]
}

/// A confidential web service with refresh tokens.
pub fn course() -> ClientEntry {
    let mut client = web("course", "Register for a course");
    allow_refresh(&mut client.settings);
    client.settings.client_uri = Some("https://course.example/".parse().unwrap());
    client
}

/// A second service of our own, which needs no code challenge.
pub fn admissions() -> ClientEntry {
    let mut client = web("admissions", "Admissions");
    client.settings.token_endpoint_auth_method = AuthMethod::ClientSecretPost;
    client.settings.require_pkce = false;
    client
}

/// A service of somebody else, for which people are asked.
pub fn library() -> ClientEntry {
    let mut client = web("library", "The library");
    client.settings.consent = ConsentPolicy::Ask;
    client
}

/// An application on the person's device.
pub fn app() -> ClientEntry {
    let mut client = web("app", "The app");
    allow_refresh(&mut client.settings);
    client.settings.application_type = ApplicationType::Native;
    client.settings.redirect_uris = vec![
        uri("http://127.0.0.1/callback"),
        uri("uk.example.app:/callback"),
    ];
    client.settings.token_endpoint_auth_method = AuthMethod::None;
    client.secret = None;
    client
}

/// Services that want to know more of people, by what they want: `optional` a TRN, `required` one
/// or nobody, `waiting` one or a look-up that is under way, `strict` one that is sure; `named` who
/// it is, `paid` the National Insurance number.
pub fn for_teachers() -> Vec<ClientEntry> {
    let with_trn = |id: &str, requirement| {
        let mut client = web(id, "Teacher services");
        client.settings.scope = ScopeSet::parse("openid email profile trn").unwrap();
        client.settings.trn_requirement = requirement;
        client
    };
    let mut waiting = with_trn("waiting", TrnRequirement::Required);
    waiting.settings.continue_while_pending = true;
    let mut strict = with_trn("strict", TrnRequirement::Required);
    strict.settings.match_policy = MatchPolicy::Strict;
    let mut named = web("named", "Teacher services");
    named.settings.profile_requirement = ProfileRequirement::Required;
    let mut paid = web("paid", "Teacher services");
    paid.settings.scope = ScopeSet::parse("openid email national_insurance").unwrap();
    vec![
        with_trn("optional", TrnRequirement::Optional),
        with_trn("required", TrnRequirement::Required),
        waiting,
        strict,
        named,
        paid,
    ]
}

/// A service at `https://<id>.example`.
pub fn web(id: &str, name: &str) -> ClientEntry {
    let mut settings = ClientSettings::named(name);
    settings.redirect_uris = vec![uri(&format!("https://{id}.example/callback"))];
    settings.post_logout_redirect_uris = vec![uri(&format!("https://{id}.example/signed-out"))];
    ClientEntry {
        id: ClientId::parse(id).unwrap(),
        settings,
        secret: Some(Secret::new(SECRET.to_owned())),
    }
}

/// A program that acts for itself.
pub fn machine(id: &str) -> ClientEntry {
    let mut client = web(id, "A machine");
    client.settings.redirect_uris.clear();
    client.settings.post_logout_redirect_uris.clear();
    client.settings.grant_types = vec![GrantType::ClientCredentials];
    client.settings.scope = ScopeSet::parse("report:read report:write").unwrap();
    client
}

/// Lets a client have refresh tokens.
pub fn allow_refresh(settings: &mut ClientSettings) {
    settings.grant_types = vec![GrantType::AuthorizationCode, GrantType::RefreshToken];
    settings.scope = ScopeSet::parse("openid email profile offline_access").unwrap();
}

/// Lets a client have whatever the authorization endpoint gives, in every combination.
pub fn allow_every_response_type(settings: &mut ClientSettings) {
    settings.response_types = ResponseType::ALL.to_vec();
    settings.grant_types = vec![GrantType::AuthorizationCode, GrantType::Implicit];
}

/// A redirect URI.
pub fn uri(text: &str) -> RedirectUri {
    RedirectUri::parse(text).unwrap()
}
