//! Sectors, as far as registration looks at them.

use super::*;

const LISTED: &str = r#"["https://service.example/cb", "https://other.example/cb"]"#;

fn of_two_hosts(sector: Option<u16>) -> Value {
    let mut body = json!({
        "redirect_uris": ["https://service.example/cb", "https://other.example/cb"],
        "subject_type": "pairwise",
    });
    if let Some(port) = sector {
        body["sector_identifier_uri"] = json!(format!("http://127.0.0.1:{port}/uris.json"));
    }
    body
}

#[actix_web::test]
async fn a_sector_that_lists_every_redirect_uri_is_joined() {
    let provider = open();

    let client = Registered::at(&provider, &of_two_hosts(Some(site(200, LISTED)))).await;

    assert_eq!(client.text("subject_type"), "pairwise");
    let sector = client.settings(&provider).sector();
    assert_eq!(sector.as_deref(), Some("127.0.0.1"));
}

#[actix_web::test]
async fn a_sector_that_does_not_know_the_client_is_not_joined() {
    let provider = open();
    for (status, file, problem) in [
        (
            200,
            r#"["https://service.example/cb"]"#,
            "the file there does not list every redirect URI",
        ),
        (200, "[]", "the file there does not list every redirect URI"),
        (
            200,
            r#"["https://service.example/cb", "https://other.example/cb/"]"#,
            "the file there does not list every redirect URI",
        ),
        (
            200,
            r#"{"uris":[]}"#,
            "the file there is no JSON array of URIs",
        ),
        (200, "", "the file there is no JSON array of URIs"),
        (404, LISTED, "it answered with status 404"),
        (302, LISTED, "it answered with status 302"),
    ] {
        let answer = post(&provider, &of_two_hosts(Some(site(status, file)))).await;

        let description =
            format!("The member sector_identifier_uri cannot be accepted: {problem}.");
        answer.assert_refused(400, "invalid_client_metadata", &description);
    }
    let long: &'static str = Box::leak(" ".repeat(64 * 1024 + 1).into_boxed_str());
    let answer = post(&provider, &of_two_hosts(Some(site(200, long)))).await;
    answer.assert_refused(
        400,
        "invalid_client_metadata",
        "The member sector_identifier_uri cannot be accepted: it is larger than 64 KiB.",
    );
    assert!(provider.write(clients::list).is_empty());
}

#[actix_web::test]
async fn several_hosts_without_a_sector_are_refused() {
    let provider = open();

    let answer = post(&provider, &of_two_hosts(None)).await;

    answer.assert_refused(
        400,
        "invalid_client_metadata",
        "The member sector_identifier_uri cannot be accepted: pairwise subjects need redirect URIs of one host, or a sector_identifier_uri.",
    );
}

#[actix_web::test]
async fn an_update_is_held_to_the_sector_too() {
    let provider = open();
    let port = site(200, LISTED);
    let client = Registered::at(&provider, &of_two_hosts(Some(port))).await;

    let mut body = of_two_hosts(Some(port));
    body["client_id"] = json!(client.id());
    body["redirect_uris"] = json!(["https://service.example/cb", "https://third.example/cb"]);
    let request = TestRequest::put().uri(&client.path());
    let request = sent(request, Some(client.token()), &body.to_string());

    provider.send(request).await.assert_refused(
        400,
        "invalid_client_metadata",
        "The member sector_identifier_uri cannot be accepted: the file there does not list every redirect URI.",
    );
    let kept = client.settings(&provider).redirect_uris;
    assert_eq!(kept[1].as_str(), "https://other.example/cb");
}

/// The attack: a client with the token of a person names the host of another, to be told how that
/// person is known there.
#[actix_web::test]
async fn a_client_cannot_change_to_the_subjects_of_another_sector() {
    let provider = open();
    for before in ["public", "pairwise"] {
        let mut body = json!({
            "redirect_uris": ["https://attacker.example/cb"],
            "subject_type": before,
        });
        let client = Registered::at(&provider, &body).await;
        body["client_id"] = json!(client.id());

        for (member, value) in [
            ("subject_type", json!("pairwise")),
            ("redirect_uris", json!(["https://victim.example/cb"])),
            ("subject_type", json!("public")),
        ] {
            body[member] = value;
            let is_as_before = body["subject_type"] == before
                && (before == "public" || body["redirect_uris"][0] != "https://victim.example/cb");
            let request = TestRequest::put().uri(&client.path());
            let request = sent(request, Some(client.token()), &body.to_string());
            let answer = provider.send(request).await;

            if is_as_before {
                assert_eq!(answer.status, 200, "{body}");
            } else {
                answer.assert_refused(
                    400,
                    "invalid_client_metadata",
                    "The member subject_type cannot be accepted: people keep the subjects by which you know them: register another client.",
                );
            }
        }
    }
}
