//! The pages a person sees.

use actix_web::http::StatusCode;
use actix_web::http::header::{CACHE_CONTROL, LOCATION};
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use serde_json::{Map, Value};

use crate::html::{Text, claims_table, page};
use crate::policy::{Policy, TWO_FACTORS};
use crate::provider::{Fault, RelyingService, causes};
use crate::sessions::{SessionId, Sessions};
use crate::teaching_record::explanation;

/// The start page: one button, and behind it what a developer may want to vary.
pub(crate) async fn start(
    request: HttpRequest,
    service: Data<RelyingService>,
    sessions: Data<Sessions>,
) -> HttpResponse {
    let signed_in = SessionId::of(&request).and_then(|id| sessions.signed_in(&id));
    let notice = match signed_in {
        Some(_) => {
            "<p class=\"notice\">You are signed in. <a href=\"/claims\">See what this \
                    service knows about you</a>.</p>\n"
        }
        None => "",
    };
    page(
        StatusCode::OK,
        &service.provider_origin(),
        "Start",
        &format!("{notice}{BEGIN}{}{END}", policies()),
    )
}

/// One choice for each kind of service.
fn policies() -> String {
    Policy::ALL.into_iter().fold(String::new(), |all, policy| {
        let checked = if policy == Policy::default() {
            " checked"
        } else {
            ""
        };
        let (name, label, settings) = (policy.name(), policy.label(), policy.settings());
        all + &format!(
            "<div class=\"choice\"><input type=\"radio\" id=\"policy-{name}\" name=\"policy\" \
             value=\"{name}\" aria-describedby=\"policy-{name}-hint\"{checked}>\n\
             <div><label for=\"policy-{name}\">{label}</label>\
             <span class=\"hint\" id=\"policy-{name}-hint\"><code>{settings}</code></span></div>\
             </div>\n"
        )
    })
}

const BEGIN: &str = r#"<h1>Try signing in</h1>
<p>This service uses Get an identity to find out who you are. Sign in to see what it is told.</p>
<form action="/sign-in" method="get">
<fieldset>
<legend>What kind of service should this be?</legend>
"#;

const END: &str = r#"</fieldset>
<p><button type="submit">Sign in</button></p>
<details>
<summary>Options for developers</summary>
<fieldset>
<legend>What to ask for</legend>
<div class="choice"><input type="checkbox" id="scope-email" name="scope" value="email" checked>
<label for="scope-email">Email address (<code>email</code>)</label></div>
<div class="choice"><input type="checkbox" id="scope-profile" name="scope" value="profile" checked>
<label for="scope-profile">Profile (<code>profile</code>)</label></div>
<div class="choice"><input type="checkbox" id="scope-offline" name="scope" value="offline_access">
<label for="scope-offline">A refresh token (<code>offline_access</code>)</label></div>
</fieldset>
<p><label for="prompt">Prompt</label>
<span class="hint" id="prompt-hint">What the provider should do when you are signed in there already</span>
<select id="prompt" name="prompt" aria-describedby="prompt-hint">
<option value="">As it sees fit</option>
<option value="login">Ask me to sign in again (login)</option>
<option value="select_account">Ask which account (select_account)</option>
<option value="consent">Ask for consent (consent)</option>
<option value="none">Show no page at all (none)</option>
</select></p>
<p><label for="max_age">Maximum age of the sign-in, in seconds</label>
<span class="hint" id="max-age-hint">For example, 300. Leave it empty for no limit</span>
<input id="max_age" name="max_age" type="text" inputmode="numeric" autocomplete="off"
 aria-describedby="max-age-hint"></p>
</details>
</form>"#;

/// Everything the provider told about the person who signed in.
pub(crate) async fn claims(
    request: HttpRequest,
    service: Data<RelyingService>,
    sessions: Data<Sessions>,
) -> HttpResponse {
    let Some(signed_in) = SessionId::of(&request).and_then(|id| sessions.signed_in(&id)) else {
        return HttpResponse::SeeOther()
            .insert_header((LOCATION, "/"))
            .finish();
    };
    let who = ["preferred_name", "name", "email", "sub"]
        .iter()
        .find_map(|claim| signed_in.userinfo.get(*claim)?.as_str())
        .unwrap_or("somebody");
    let granted = match &signed_in.scope {
        Some(scope) => format!("<p>Granted scopes: <code>{}</code>.</p>\n", Text(scope)),
        None => String::new(),
    };
    let refresh = if signed_in.has_refresh_token {
        "<p>A refresh token came too.</p>\n"
    } else {
        ""
    };
    let main = format!(
        "<h1>You are signed in as {who}</h1>\n{how}{record}{granted}{refresh}{userinfo}{id_token}\
         <form action=\"/sign-out\" method=\"post\"><button type=\"submit\">Sign out</button></form>",
        who = Text(who),
        how = how_they_signed_in(&signed_in.id_token_claims),
        record = teaching_record(&signed_in.userinfo, &sessions),
        id_token = claims_table("ID token", &signed_in.id_token_claims),
        userinfo = claims_table("User information", &signed_in.userinfo),
    );
    page(
        StatusCode::OK,
        &service.provider_origin(),
        "You are signed in",
        &main,
    )
}

/// How strongly the person authenticated, and by what: `acr` and `amr` in plain words.
fn how_they_signed_in(id_token: &Map<String, Value>) -> String {
    let Some(acr) = id_token.get("acr").and_then(Value::as_str) else {
        return String::new();
    };
    let strength = if acr == TWO_FACTORS {
        "with two factors"
    } else {
        "with one factor"
    };
    let amr = id_token.get("amr").and_then(Value::as_array);
    let methods: Vec<&str> = amr
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    format!(
        "<p>You signed in {strength} (<code>acr</code> <code>{acr}</code>), by \
         <code>{methods}</code>.</p>\n",
        acr = Text(acr),
        methods = Text(&methods.join(" ")),
    )
}

/// What the provider said of the person's teaching record, in plain words, and what it told since.
fn teaching_record(claims: &Map<String, Value>, sessions: &Sessions) -> String {
    let sentences = explanation(claims);
    if sentences.is_empty() {
        return String::new();
    }
    let paragraphs = sentences.join("</p>\n<p>");
    let text = |name: &str| claims.get(name).and_then(Value::as_str);
    let news = text("sub")
        .and_then(|sub| sessions.told_of(sub))
        .filter(|status| Some(status.as_str()) != text("trn_lookup_status"))
        .map_or_else(String::new, |status| {
            let status = Text(&status);
            format!(
                "<p>Since then the provider has told this service that your status is \
                 <strong>{status}</strong>. Sign in again to see the rest.</p>\n"
            )
        });
    format!("<div class=\"notice\">\n<p>{paragraphs}</p>\n{news}</div>\n")
}

/// The end of a sign-out; `sentence` is ours.
pub(crate) fn signed_out(service: &RelyingService, sentence: &str) -> HttpResponse {
    let main = format!(
        "<h1>You are signed out</h1>\n<p>{}</p>\n<p><a href=\"/\">Start again</a></p>",
        Text(sentence)
    );
    page(
        StatusCode::OK,
        &service.provider_origin(),
        "You are signed out",
        &main,
    )
}

/// The provider answered the authorization request with an error: the request was in order on our
/// side, so the status is 200.
pub(crate) fn refused(
    service: &RelyingService,
    code: &str,
    description: Option<&str>,
) -> HttpResponse {
    let meaning = match code {
        "access_denied" => {
            "<p>You did not go on, or this service needs something of you that the provider does not \
             know.</p>\n"
        }
        _ => "",
    };
    let main = format!(
        "<h1>You are not signed in</h1>\n{meaning}<p>The provider answered with an error:</p>\n\
         <dl><dt>Error</dt><dd><code>{}</code></dd>\n<dt>Description</dt><dd>{}</dd></dl>\n\
         <p><a href=\"/\">Start again</a></p>",
        Text(code),
        Text(description.unwrap_or("none given")),
    );
    page(
        StatusCode::OK,
        &service.provider_origin(),
        "You are not signed in",
        &main,
    )
}

/// The conversation with the provider failed.
pub(crate) fn provider_fault(service: &RelyingService, fault: &Fault) -> HttpResponse {
    let reason = causes(fault);
    eprintln!("demo: {reason}");
    problem(
        service,
        StatusCode::BAD_GATEWAY,
        "Something is wrong with the provider",
        &reason,
    )
}

/// The answer belongs to no sign-in of this browser: a forged or an old link (RFC 6749 §10.12).
pub(crate) fn unknown_state(service: &RelyingService) -> HttpResponse {
    problem(
        service,
        StatusCode::BAD_REQUEST,
        "This sign-in cannot be finished",
        "It did not begin in this browser, or it was finished already.",
    )
}

/// The browser sent something this service cannot use.
pub(crate) fn bad_request(service: &RelyingService, reason: &str) -> HttpResponse {
    problem(
        service,
        StatusCode::BAD_REQUEST,
        "This did not work",
        &format!("{reason}."),
    )
}

/// No such page.
pub(crate) async fn not_found(service: Data<RelyingService>) -> HttpResponse {
    problem(
        &service,
        StatusCode::NOT_FOUND,
        "Page not found",
        "Check the address.",
    )
}

fn problem(
    service: &RelyingService,
    status: StatusCode,
    title: &str,
    reason: &str,
) -> HttpResponse {
    let main = format!(
        "<h1>{}</h1>\n<p>{}</p>\n<p><a href=\"/\">Start again</a></p>",
        Text(title),
        Text(reason)
    );
    page(status, &service.provider_origin(), title, &main)
}

/// The one stylesheet.
pub(crate) async fn stylesheet() -> HttpResponse {
    HttpResponse::Ok()
        .content_type("text/css; charset=utf-8")
        .insert_header((CACHE_CONTROL, "max-age=300"))
        .body(include_str!("demo.css"))
}
