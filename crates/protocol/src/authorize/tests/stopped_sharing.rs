//! What is left to a client once a person has stopped sharing with it: nothing.

use model::client::ConsentPolicy;
use model::{ClientId, ScopeSet, UserId};
use serde_json::json;
use storage::testing::Kind;
use storage::{consents, sharing};

use crate::testing::browser::TestBrowser;
use crate::testing::{Answer, ISSUER, TestProvider};

const SCOPE: &str = "openid email offline_access";

/// A client of somebody else's to which Ada has signed in, and which may act while she is away.
struct Scene {
    app: TestProvider,
    ada: UserId,
    secret: String,
}

impl Scene {
    fn on(kind: Kind) -> Self {
        let app = TestProvider::on(kind);
        let ada = app.ada();
        let secret = app.client("service", |settings| settings.consent = ConsentPolicy::Ask);
        Self { app, ada, secret }
    }

    fn agree(&self) {
        let (ada, scope) = (self.ada.clone(), ScopeSet::parse(SCOPE).unwrap());
        let client = ClientId::parse("service").unwrap();
        self.app
            .write(move |tx| consents::grant(tx, &ada, &client, &scope));
    }

    fn stop(&self) {
        let ada = self.ada.clone();
        let client = ClientId::parse("service").unwrap();
        assert!(self.app.write(move |tx| sharing::stop(tx, &ada, &client)));
    }

    async fn redeem(&self, back: &Answer) -> Answer {
        let code = back.parameter("code").unwrap();
        self.app.redeem(("service", &self.secret), &code).await
    }
}

async fn silently(browser: &mut TestBrowser<'_>) -> Answer {
    let parameters = [("scope", SCOPE), ("prompt", "none"), ("state", "s")];
    browser.authorize("service", &parameters).await
}

#[actix_web::test]
async fn tokens_end_and_nothing_is_given_silently_any_more() {
    for kind in Kind::BOTH {
        let scene = Scene::on(kind);
        let mut browser = scene.app.browser();
        browser.sign_in(&scene.ada).await;
        scene.agree();
        let tokens = scene.redeem(&silently(&mut browser).await).await;
        let access_token = tokens.text("access_token");
        assert_eq!(scene.app.userinfo(&access_token).await.status, 200);

        scene.stop();

        let userinfo = scene.app.userinfo(&access_token).await;
        assert_eq!(userinfo.status, 401);
        let challenge = userinfo.header("www-authenticate").unwrap();
        assert!(challenge.contains("error=\"invalid_token\""), "{challenge}");
        let client = ("service", scene.secret.as_str());
        let refreshed = scene
            .app
            .refresh(client, &tokens.text("refresh_token"))
            .await;
        refreshed.assert_refused(
            400,
            "invalid_grant",
            "The refresh token is not known, has expired, or is not of this client.",
        );
        let introspected = scene
            .app
            .post_as("/introspect", client, &[("token", &access_token)])
            .await;
        assert_eq!(introspected.json(), json!({ "active": false }));
        silently(&mut browser).await.assert_sent_back(&[
            ("error", "consent_required"),
            (
                "error_description",
                "The person has not agreed to what is asked for.",
            ),
            ("state", "s"),
            ("iss", ISSUER),
        ]);
        let asked = browser.authorize("service", &[("scope", SCOPE)]).await;
        assert!(asked.is_question(), "{asked:?}");
    }
}

/// The attack: the code is kept back until the person has stopped.
#[actix_web::test]
async fn a_code_from_before_is_refused() {
    for kind in Kind::BOTH {
        let scene = Scene::on(kind);
        let mut browser = scene.app.browser();
        browser.sign_in(&scene.ada).await;
        scene.agree();
        let back = silently(&mut browser).await;

        scene.stop();

        let refused = scene.redeem(&back).await;
        assert_eq!(
            (refused.status, refused.text("error")),
            (400, "invalid_grant".to_owned())
        );
    }
}
