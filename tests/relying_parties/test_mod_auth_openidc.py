"""Apache with mod_auth_openidc: a page that only people who are signed in see, and no code at all."""

import os
import pwd
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path
from urllib.parse import quote

from provider import PATIENCE_S, SECRET, Provider, await_answer, free_port

APACHE = "/usr/sbin/apache2"
MODULES = Path("/usr/lib/apache2/modules")
LOADED = "mpm_event authn_core authz_core authz_user dir headers socache_shmcb ssl auth_openidc"


class Apache:
    """Runs until `stop()`, at https://localhost and a port of its own, as nobody of consequence."""

    def __init__(self, provider, port):
        self.url = f"https://localhost:{port}"
        self.home = tempfile.TemporaryDirectory(prefix="apache-")
        home = Path(self.home.name)
        for directory in ("www/private", "www/goodbye"):
            (home / directory).mkdir(parents=True)
            (home / directory / "index.html").write_text(f"<!doctype html><title>{directory}</title>")
        certificate, key = provider.authority.issue(home)
        authority = shutil.copy(provider.authority.file, home)
        modules = "\n".join(
            f"LoadModule {name}_module {MODULES}/mod_{name}.so" for name in LOADED.split()
        )
        (home / "apache.conf").write_text(
            f"""
            ServerRoot {home}
            ServerName localhost
            PidFile {home}/pid
            DefaultRuntimeDir {home}
            Mutex file:{home}
            {modules}
            ErrorLog {home}/log
            LogLevel info
            Listen 127.0.0.1:{port}
            DocumentRoot {home}/www
            SSLEngine on
            SSLCertificateFile {certificate}
            SSLCertificateKeyFile {key}

            OIDCProviderMetadataURL {provider.issuer}/.well-known/openid-configuration
            OIDCClientID apache
            OIDCClientSecret "{SECRET}"
            OIDCRedirectURI {self.url}/private/callback
            OIDCDefaultURL {self.url}/private/
            OIDCCryptoPassphrase "of its cookies"
            OIDCScope "openid email offline_access"
            OIDCPKCEMethod S256
            OIDCRemoteUserClaim email
            OIDCInfoHook access_token refresh_token userinfo
            OIDCCABundlePath {authority}
            OIDCHTMLErrorTemplate none

            <Location /private>
                AuthType openid-connect
                Require valid-user
                Header always set X-Remote-User "expr=%{{REMOTE_USER}}"
            </Location>
            """
        )
        as_nobody = {}
        if os.geteuid() == 0:
            # Apache refuses to serve as root.
            nobody = pwd.getpwnam("www-data")
            for path in (home, *home.rglob("*")):
                os.chown(path, nobody.pw_uid, nobody.pw_gid)
            as_nobody = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
        self.process = subprocess.Popen(
            [APACHE, "-f", home / "apache.conf", "-D", "FOREGROUND"],
            env={"PATH": os.environ["PATH"]},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            **as_nobody,
        )
        await_answer(f"{self.url}/goodbye/", provider.authority, self.process, self.read_log)

    def read_log(self):
        log = Path(self.home.name) / "log"
        said = self.process.stdout.read() if self.process.poll() is not None else ""
        return said + (log.read_text() if log.exists() else "")

    def stop(self):
        self.process.terminate()
        self.process.wait(PATIENCE_S)
        self.process.stdout.close()
        self.home.cleanup()


class ModAuthOpenidc(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        port = free_port()
        url = f"https://localhost:{port}"
        cls.provider = Provider(
            [
                {
                    "client_id": "apache",
                    "client_name": "A page behind Apache",
                    "client_secret": SECRET,
                    "redirect_uris": [f"{url}/private/callback"],
                    "post_logout_redirect_uris": [f"{url}/goodbye/"],
                    "grant_types": ["authorization_code", "refresh_token"],
                    "scope": "openid email offline_access",
                }
            ]
        )
        cls.addClassCleanup(cls.provider.stop)
        cls.apache = Apache(cls.provider, port)
        cls.addClassCleanup(cls.apache.stop)

    def visit(self, person, path):
        """What the browser of a person is answered at Apache, which has cookies there, too."""
        url = path if path.startswith("https://") else self.apache.url + path
        return person.session.get(url, allow_redirects=False, timeout=PATIENCE_S)

    def sign_in(self, person):
        """Signs a person in, and gives the page that they wanted to see."""
        sent = self.visit(person, "/private/")
        self.assertEqual(sent.status_code, 302, self.apache.read_log())
        arrived = person.sign_in(sent.headers["location"])
        self.assertTrue(arrived.startswith(f"{self.apache.url}/private/callback?"), arrived)
        let_in = self.visit(person, arrived)
        self.assertEqual(let_in.headers.get("location"), f"{self.apache.url}/private/", self.apache.read_log())
        return self.visit(person, "/private/")

    def session_of(self, person):
        return self.visit(person, "/private/callback?info=json").json()

    def test_only_who_signed_in_sees_the_page(self):
        person = self.provider.person("ada@example.test")

        page = self.sign_in(person)

        self.assertEqual((page.status_code, page.headers["x-remote-user"]), (200, "ada@example.test"))
        self.assertIn("private", page.text)
        stranger = self.provider.person("eve@example.test")
        self.assertEqual(self.visit(stranger, "/private/").status_code, 302)

    def test_a_session_is_refreshed(self):
        person = self.provider.person("bob@example.test")
        self.sign_in(person)
        before = self.session_of(person)

        back = quote(f"{self.apache.url}/private/", safe="")
        token = quote(before["access_token"], safe="")
        refreshed = self.visit(person, f"/private/callback?refresh={back}&access_token={token}")

        self.assertEqual(refreshed.headers["location"], f"{self.apache.url}/private/", self.apache.read_log())
        after = self.session_of(person)
        self.assertNotEqual(after["access_token"], before["access_token"])
        self.assertNotEqual(after["refresh_token"], before["refresh_token"])
        self.assertEqual(after["userinfo"]["email"], "bob@example.test")

    def test_who_signs_out_here_is_signed_out_there(self):
        person = self.provider.person("cyd@example.test")
        self.sign_in(person)

        goodbye = quote(f"{self.apache.url}/goodbye/", safe="")
        sent = self.visit(person, f"/private/callback?logout={goodbye}")
        left = person.open(sent.headers["location"])

        self.assertTrue(left.startswith(f"{self.apache.url}/goodbye/"), left)
        self.assertEqual(self.visit(person, left).status_code, 200)
        again = self.visit(person, "/private/")
        self.assertIsNone(person.open(again.headers["location"]))
        self.assertEqual(person.heading(), "Enter your email address")


if __name__ == "__main__":
    unittest.main()
