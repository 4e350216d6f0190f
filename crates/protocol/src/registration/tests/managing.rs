//! What a client does with its registration (RFC 7592).

use super::*;

async fn get(provider: &TestProvider, path: &str, token: Option<&str>) -> Answer {
    let request = sent(TestRequest::get().uri(path), token, "");
    provider.send(request).await
}

async fn put(provider: &TestProvider, client: &Registered, body: &Value) -> Answer {
    let request = TestRequest::put().uri(&client.path());
    let request = sent(request, Some(client.token()), &body.to_string());
    provider.send(request).await
}

async fn delete(provider: &TestProvider, path: &str, token: Option<&str>) -> Answer {
    let request = sent(TestRequest::delete().uri(path), token, "");
    provider.send(request).await
}

/// The attack: a client has us fetch what it names, and write it down, without end.
#[actix_web::test]
async fn a_client_changes_only_so_often() {
    let hour = Duration::from_secs(3600);
    let provider = TestProvider::with_registration(Registration {
        per_client_address: Limit {
            count: 2,
            per: hour,
        },
        ..rules()
    });
    let client = Registered::at(&provider, &plain()).await;
    let other = Registered::at(&provider, &plain()).await;
    let body = |client: &Registered| {
        let mut body = plain();
        body["client_id"] = json!(client.id());
        body
    };

    assert_eq!(put(&provider, &client, &body(&client)).await.status, 200);
    assert_eq!(put(&provider, &client, &json!({})).await.status, 400);
    let answer = put(&provider, &client, &body(&client)).await;

    answer.assert_refused(
        429,
        "temporarily_unavailable",
        "Too many clients were registered or changed from here; try again later.",
    );
    assert_eq!(put(&provider, &other, &body(&other)).await.status, 200);
    provider.clock.advance(hour);
    assert_eq!(put(&provider, &client, &body(&client)).await.status, 200);
}

#[track_caller]
fn assert_unknown(answer: &Answer) {
    assert_eq!((answer.status, answer.body.len()), (401, 0));
    assert_eq!(
        answer.header("www-authenticate"),
        Some(
            r#"Bearer realm="registration", error="invalid_token", error_description="The access token is unknown, expired, revoked or not for this resource.""#
        )
    );
    assert_eq!(answer.header("cache-control"), Some("no-store"));
}

/// What a client is told later: all but its secret.
fn without_secret(registered: &Registered) -> Value {
    let mut told = registered.0.clone();
    let members = told.as_object_mut().unwrap();
    members.remove("client_secret");
    members.remove("client_secret_expires_at");
    told
}

#[actix_web::test]
async fn a_client_reads_what_it_registered() {
    let provider = open();
    let client = Registered::at(&provider, &plain()).await;

    let answer = get(&provider, &client.path(), Some(client.token())).await;

    assert_eq!(answer.status, 200);
    assert_eq!(answer.json(), without_secret(&client));
    assert_eq!(answer.header("cache-control"), Some("no-store"));
}

#[actix_web::test]
async fn an_update_replaces_everything_and_keeps_id_secret_and_token() {
    let provider = open();
    let asked = with(json!({ "client_name": "Before", "contacts": ["ada@service.example"] }));
    let client = Registered::at(&provider, &asked).await;
    let (id, secret) = (client.id(), client.text("client_secret"));

    let body = json!({
        "client_id": id,
        "client_secret": secret,
        "client_name": "After",
        "redirect_uris": ["https://service.example/other"],
    });
    let answer = put(&provider, &client, &body).await;

    let mut expected = without_secret(&client);
    expected["client_name"] = json!("After");
    expected["redirect_uris"] = json!(["https://service.example/other"]);
    expected.as_object_mut().unwrap().remove("contacts");
    assert_eq!((answer.status, answer.json()), (200, expected.clone()));
    let read = get(&provider, &client.path(), Some(client.token())).await;
    assert_eq!(read.json(), expected);
    let still = provider
        .post_as("/introspect", (id, secret), &[("token", "x")])
        .await;
    assert_eq!(still.status, 200);
    assert_eq!(provider.events(EventKind::ClientChanged), 1);
}

#[actix_web::test]
async fn a_client_that_comes_to_need_a_secret_gets_one_and_that_of_another_form_goes() {
    let provider = open();
    let client = Registered::at(&provider, &plain()).await;
    let old = client.text("client_secret");

    let method = |method: &str| {
        with(json!({ "client_id": client.id(), "token_endpoint_auth_method": method }))
    };
    let answer = put(&provider, &client, &method("client_secret_jwt")).await;

    let told = answer.json();
    assert_eq!(answer.status, 200);
    assert_ne!(told["client_secret"], *old);
    assert_eq!(told["client_secret_expires_at"], 0);
    let answer = put(&provider, &client, &method("none")).await;
    assert_eq!(answer.json()["client_secret"], Value::Null);
    let answer = put(&provider, &client, &method("client_secret_basic")).await;
    let new = answer.text("client_secret");
    let status = |secret: String| {
        let (provider, id) = (&provider, client.id());
        async move {
            let answer = provider
                .post_as("/introspect", (id, &secret), &[("token", "x")])
                .await;
            answer.status
        }
    };
    assert_eq!(status(new).await, 200);
    assert_eq!(status(old.to_owned()).await, 401);
}

#[actix_web::test]
async fn an_update_that_is_wrong_changes_nothing() {
    let provider = open();
    let client = Registered::at(&provider, &plain()).await;
    let id = client.id();
    for (members, error, description) in [
        (
            json!({}),
            "invalid_client_metadata",
            "The member client_id is missing.",
        ),
        (
            json!({ "client_id": "another" }),
            "invalid_client_metadata",
            "The member client_id is not that of this client.",
        ),
        (
            json!({ "client_id": id, "client_secret": "gai_cs_guess" }),
            "invalid_client_metadata",
            "The member client_secret is not that of this client.",
        ),
        (
            json!({ "client_id": id, "registration_access_token": client.token() }),
            "invalid_client_metadata",
            "The member registration_access_token must not be sent.",
        ),
        (
            json!({ "client_id": id, "registration_client_uri": "https://x.example/" }),
            "invalid_client_metadata",
            "The member registration_client_uri must not be sent.",
        ),
        (
            json!({ "client_id": id, "client_secret_expires_at": 0 }),
            "invalid_client_metadata",
            "The member client_secret_expires_at must not be sent.",
        ),
        (
            json!({ "client_id": id, "client_id_issued_at": 0 }),
            "invalid_client_metadata",
            "The member client_id_issued_at must not be sent.",
        ),
        (
            json!({ "client_id": id, "redirect_uris": ["https://service.example/#x"] }),
            "invalid_redirect_uri",
            "The member redirect_uris cannot be accepted: it must not have a fragment (#).",
        ),
    ] {
        let answer = put(&provider, &client, &with(members)).await;
        answer.assert_refused(400, error, description);
    }
    let read = get(&provider, &client.path(), Some(client.token())).await;
    assert_eq!(read.json(), without_secret(&client));
}

#[actix_web::test]
async fn a_client_gives_its_registration_up_and_everything_with_it() {
    let provider = open();
    let client = Registered::at(&provider, &plain()).await;
    let (id, secret) = (client.id(), client.text("client_secret"));
    let ada = provider.ada();
    let code = provider.code(&crate::testing::TestCode {
        client_id: Box::leak(id.to_owned().into_boxed_str()),
        ..crate::testing::TestCode::of("", &ada)
    });
    let tokens = provider.redeem((id, secret), &code).await;
    let access_token = tokens.text("access_token");
    assert_eq!(provider.userinfo(&access_token).await.status, 200);

    let answer = delete(&provider, &client.path(), Some(client.token())).await;

    assert_eq!((answer.status, answer.body.len()), (204, 0));
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    assert_eq!(provider.userinfo(&access_token).await.status, 401);
    let redeemed = provider.redeem((id, secret), &code).await;
    redeemed.assert_refused(
        401,
        "invalid_client",
        "The client is not known, or it is switched off.",
    );
    assert_unknown(&get(&provider, &client.path(), Some(client.token())).await);
    assert_unknown(&put(&provider, &client, &plain()).await);
    assert_unknown(&delete(&provider, &client.path(), Some(client.token())).await);
    assert_eq!(provider.events(EventKind::ClientUnregistered), 1);
}

#[actix_web::test]
async fn the_token_of_one_client_is_useless_for_another() {
    let provider = open();
    let one = Registered::at(&provider, &plain()).await;
    let other = Registered::at(&provider, &plain()).await;
    let of_operator = provider.client("of-operator", |_| {});
    assert!(!of_operator.is_empty());

    for path in [
        other.path().as_str(),
        "/register/of-operator",
        "/register/gone",
        "/register/a%20b",
    ] {
        let request = TestRequest::put().uri(path);
        let body = with(json!({ "client_id": other.id() })).to_string();
        let changed = provider.send(sent(request, Some(one.token()), &body)).await;

        assert_unknown(&changed);
        assert_unknown(&get(&provider, path, Some(one.token())).await);
        assert_unknown(&delete(&provider, path, Some(one.token())).await);
    }
    let read = get(&provider, &other.path(), Some(other.token())).await;
    assert_eq!(read.json(), without_secret(&other));
}

#[actix_web::test]
async fn without_a_token_nothing_is_told() {
    let provider = open();
    let client = Registered::at(&provider, &plain()).await;

    for path in [client.path().as_str(), "/register/gone"] {
        for answer in [
            get(&provider, path, None).await,
            delete(&provider, path, None).await,
        ] {
            assert_eq!((answer.status, answer.body.len()), (401, 0));
            let challenge = r#"Bearer realm="registration""#;
            assert_eq!(answer.header("www-authenticate"), Some(challenge));
        }
    }
}

#[actix_web::test]
async fn a_client_that_an_operator_switched_off_is_not_managed() {
    let provider = open();
    let client = Registered::at(&provider, &plain()).await;
    let id = ClientId::parse(client.id()).unwrap();

    provider.write(move |tx| clients::replace_disabled(tx, &id, true));

    assert_unknown(&get(&provider, &client.path(), Some(client.token())).await);
    let body = with(json!({ "client_id": client.id() }));
    assert_unknown(&put(&provider, &client, &body).await);
    assert_unknown(&delete(&provider, &client.path(), Some(client.token())).await);
}
