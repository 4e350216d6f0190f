"""Authlib in a Flask application, as its documentation has people write one."""

import os
import unittest
import urllib.parse
from unittest import mock

from authlib.integrations.base_client.errors import OAuthError
from authlib.integrations.flask_client import OAuth
from flask import Flask, session, url_for

from provider import SECRET, Provider

SERVICE = "https://authlib.example"


def application(provider):
    """A service with a way in, a way to stay in and a way out."""
    app = Flask("service")
    app.config.update(
        TESTING=True,
        SECRET_KEY="of its cookie",
        SERVER_NAME="authlib.example",
        PREFERRED_URL_SCHEME="https",
    )
    oauth = OAuth(app)
    identity = oauth.register(
        "identity",
        client_id="authlib",
        client_secret=SECRET,
        server_metadata_url=f"{provider.issuer}/.well-known/openid-configuration",
        client_kwargs={
            "scope": "openid email offline_access",
            "code_challenge_method": "S256",
        },
    )

    @app.get("/sign-in")
    def sign_in():
        return identity.authorize_redirect(url_for("callback", _external=True))

    @app.get("/callback")
    def callback():
        token = identity.authorize_access_token()
        session["token"] = {name: token[name] for name in ("access_token", "refresh_token", "id_token")}
        return {"signed_in": token["userinfo"], "told": identity.userinfo(token=token)}

    @app.get("/stay")
    def stay():
        before = session["token"]
        after = identity.fetch_access_token(
            grant_type="refresh_token", refresh_token=before["refresh_token"]
        )
        session["token"] = {**before, **{name: after[name] for name in ("access_token", "refresh_token")}}
        return {"before": before, "after": after, "told": identity.userinfo(token=after)}

    @app.get("/sign-out")
    def sign_out():
        return identity.logout_redirect(
            post_logout_redirect_uri=url_for("goodbye", _external=True),
            id_token_hint=session.pop("token")["id_token"],
        )

    @app.get("/goodbye")
    def goodbye():
        return identity.validate_logout_response()

    return app.test_client()


class Authlib(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.provider = Provider(
            [
                {
                    "client_id": "authlib",
                    "client_name": "A Flask application",
                    "client_secret": SECRET,
                    "redirect_uris": [f"{SERVICE}/callback"],
                    "post_logout_redirect_uris": [f"{SERVICE}/goodbye"],
                    "grant_types": ["authorization_code", "refresh_token"],
                    "scope": "openid email offline_access",
                }
            ]
        )
        cls.addClassCleanup(cls.provider.stop)
        trust = mock.patch.dict(os.environ, REQUESTS_CA_BUNDLE=str(cls.provider.authority.file))
        cls.enterClassContext(trust)

    def ask(self, service, url):
        return service.get(url, base_url=SERVICE)

    def test_a_person_signs_in_stays_and_signs_out(self):
        service, person = application(self.provider), self.provider.person("ada@example.test")

        arrived = person.sign_in(self.ask(service, "/sign-in").location)
        signed_in = self.ask(service, arrived).json
        self.assertEqual(signed_in["told"]["email"], "ada@example.test")
        self.assertEqual(signed_in["told"]["sub"], signed_in["signed_in"]["sub"])
        self.assertEqual(signed_in["signed_in"]["iss"], self.provider.issuer)

        stayed = self.ask(service, "/stay").json
        self.assertEqual(stayed["told"], signed_in["told"])
        self.assertNotEqual(stayed["after"]["access_token"], stayed["before"]["access_token"])

        left = person.open(self.ask(service, "/sign-out").location)
        self.assertTrue(left.startswith(f"{SERVICE}/goodbye?state="), left)
        self.assertEqual(
            self.ask(service, left).json, {"post_logout_redirect_uri": f"{SERVICE}/goodbye"}
        )
        self.assertIsNone(person.open(self.ask(service, "/sign-in").location))
        self.assertEqual(person.heading(), "Enter your email address")

    def test_an_answer_for_another_browser_is_refused(self):
        service, person = application(self.provider), self.provider.person("eve@example.test")
        arrived = person.sign_in(self.ask(service, "/sign-in").location)
        victim = application(self.provider)

        with self.assertRaises(OAuthError) as refused:
            self.ask(victim, arrived)

        self.assertEqual(refused.exception.error, "mismatching_state")

    def test_who_gives_up_comes_back_with_access_denied(self):
        service, person = application(self.provider), self.provider.person("ada@example.test")
        person.open(self.ask(service, "/sign-in").location)

        given_up = person.give_up()

        self.assertEqual(urllib.parse.urlsplit(given_up).path, "/callback")
        with self.assertRaises(OAuthError) as refused:
            self.ask(service, given_up)
        self.assertEqual(refused.exception.error, "access_denied")


if __name__ == "__main__":
    unittest.main()
