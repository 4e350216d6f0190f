//! What a client might try.

use super::*;

/// Everything that an operator alone decides, and more.
fn greedy() -> Value {
    with(json!({
        "client_id": "account",
        "consent": "first_party",
        "require_pkce": false,
        "always_refresh_token": true,
        "resource": "https://api.example/",
        "serves_resources": ["https://api.example/"],
        "assertion_audience": "issuer",
        "trn_requirement": "required",
        "match_policy": "strict",
        "continue_while_pending": true,
        "profile_requirement": "required",
        "minimum_acr": "Cl.Cm",
        "event_endpoint": "https://service.example/events",
        "client_secret": "chosen",
        "source": "built-in",
        "disabled_at": null,
    }))
}

#[actix_web::test]
async fn a_client_cannot_give_itself_what_an_operator_decides() {
    let provider = open();

    let plainly = Registered::at(&provider, &plain()).await;
    let greedily = Registered::at(&provider, &greedy()).await;

    let settings = greedily.settings(&provider);
    assert_eq!(settings, plainly.settings(&provider));
    assert_ne!(greedily.id(), "account");
    assert_ne!(greedily.text("client_secret"), "chosen");

    let mut body = greedy();
    body["client_id"] = json!(greedily.id());
    body.as_object_mut().unwrap().remove("client_secret");
    let request = TestRequest::put().uri(&greedily.path());
    let request = sent(request, Some(greedily.token()), &body.to_string());
    assert_eq!(provider.send(request).await.status, 200);
    assert_eq!(greedily.settings(&provider), settings);
}

#[actix_web::test]
async fn nobody_learns_of_us_what_stands_behind_our_wall() {
    let provider = TestProvider::with_registration(Registration {
        outbound: Outbound::new(Vec::new()),
        ..rules()
    });
    let inside = site(200, r#"["https://service.example/cb"]"#);
    for (member, host, problem) in [
        (
            "sector_identifier_uri",
            format!("https://127.0.0.1:{inside}/"),
            "its host is not on the public internet",
        ),
        (
            "sector_identifier_uri",
            "https://169.254.169.254/latest/meta-data".to_owned(),
            "its host is not on the public internet",
        ),
        (
            "sector_identifier_uri",
            "https://[::ffff:10.0.0.1]/".to_owned(),
            "its host is not on the public internet",
        ),
        (
            "sector_identifier_uri",
            format!("https://localhost:{inside}/"),
            "its host is not on the public internet",
        ),
        (
            "sector_identifier_uri",
            "http://localhost/".to_owned(),
            "only https URLs are asked",
        ),
        (
            "jwks_uri",
            "https://192.168.0.1/jwks".to_owned(),
            "its host is not on the public internet",
        ),
        (
            "jwks_uri",
            "https://user:password@service.example/jwks".to_owned(),
            "a URL with credentials is not asked",
        ),
        (
            "backchannel_logout_uri",
            "https://10.0.0.1/".to_owned(),
            "its host is not on the public internet",
        ),
        (
            "request_uris",
            "https://[fd00::1]/".to_owned(),
            "its host is not on the public internet",
        ),
    ] {
        let value = if member == "request_uris" {
            json!([host])
        } else {
            json!(host)
        };
        let answer = post(&provider, &with(json!({ member: value }))).await;

        let description = format!("The member {member} cannot be accepted: {problem}.");
        answer.assert_refused(400, "invalid_client_metadata", &description);
    }
}

#[actix_web::test]
async fn a_secret_that_is_shown_is_in_no_row() {
    let provider = open();

    let client = Registered::at(&provider, &plain()).await;

    let dump = provider.write(|tx| {
        let clients = clients::list(tx)?;
        Ok(format!("{clients:?}"))
    });
    assert!(dump.contains(client.id()));
    for secret in [client.text("client_secret"), client.token()] {
        assert!(!dump.contains(secret));
    }
}
