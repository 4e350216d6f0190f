"""A provider as it is shipped, which serves https itself, and a person who has no browser.

The person fills in forms by the names of their fields, as `docs/operations.md` lists them for
programs, so these tests hold that list to its word.
"""

import datetime
import html.parser
import ipaddress
import json
import os
import socket
import subprocess
import tempfile
import time
import urllib.parse
from pathlib import Path

import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(os.environ.get("BIN", ROOT / "target/debug"))
CODE = "135790"
SECRET = "a-secret-for-relying-parties-we-did-not-write"
PATIENCE_S = 60


def free_port():
    """A loopback port on which nothing listens at the moment."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


class Authority:
    """A certificate authority that nobody knew before."""

    def __init__(self, directory):
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Test authority")])
        certificate = self._builder(self.name, self.key.public_key()).add_extension(
            x509.BasicConstraints(ca=True, path_length=0), critical=True
        )
        self.file = self._write(directory, "ca.pem", certificate.sign(self.key, hashes.SHA256()))

    def issue(self, directory):
        """Files there with a certificate for this machine, and its key."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
        names = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
        certificate = (
            self._builder(subject, key.public_key())
            .add_extension(x509.SubjectAlternativeName(names), critical=False)
            .sign(self.key, hashes.SHA256())
        )
        key_file = Path(directory) / "key.pem"
        key_file.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
        )
        return self._write(directory, "certificate.pem", certificate), key_file

    def _builder(self, subject, public_key):
        now = datetime.datetime.now(datetime.timezone.utc)
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self.name)
            .public_key(public_key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(hours=1))
            .not_valid_after(now + datetime.timedelta(days=1))
        )

    def _write(self, directory, name, certificate):
        file = Path(directory) / name
        file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
        return file


class Provider:
    """Runs until `stop()`, at https://localhost and a port of its own."""

    def __init__(self, clients):
        self.home = tempfile.TemporaryDirectory(prefix="identity-")
        home = Path(self.home.name)
        self.authority = Authority(home)
        certificate, key = self.authority.issue(home)
        port = free_port()
        self.issuer = f"https://localhost:{port}"
        # JSON is TOML as long as it holds no object.
        entries = (
            "[[clients]]\n" + "".join(f"{key} = {json.dumps(value)}\n" for key, value in client.items())
            for client in clients
        )
        (home / "clients.toml").write_text("\n".join(entries))
        (home / "development.toml").write_text(
            f"""
            issuer = "{self.issuer}"
            clients.file = "{home}/clients.toml"
            database = {{ url = "sqlite:{home}/identity.sqlite3", migrate_on_start = true }}
            secrets.directory = "{home}"
            mail.adapter = "dev-mailbox"
            logging.format = "text"
            contact = {{ organisation = "Tests", support_email = "help@identity.example" }}
            development = {{ fixed_email_code = "{CODE}", reserved_address_limit = "1000 per 1h" }}

            [http]
            listen = []
            workers = 1
            tls = {{ listen = ["127.0.0.1:{port}"], certificate_file = "{certificate}", key_file = "{key}" }}
            """
        )
        self.log = open(home / "log", "w+", encoding="utf-8")
        self.process = subprocess.Popen(
            [BIN / "get-an-identity", "--config-dir", home, "--environment", "development", "serve"],
            env={"PATH": os.environ["PATH"]},
            stdout=self.log,
            stderr=subprocess.STDOUT,
        )
        await_answer(f"{self.issuer}/health/ready", self.authority, self.process, self.read_log)

    def read_log(self):
        self.log.seek(0)
        return self.log.read()

    def person(self, address):
        return Person(self, address)

    def stop(self):
        self.process.terminate()
        self.process.wait(PATIENCE_S)
        self.log.close()
        self.home.cleanup()


def await_answer(url, authority, process, read_log):
    """Waits until a server answers that it is well."""
    deadline = time.monotonic() + PATIENCE_S
    while True:
        try:
            if requests.get(url, verify=authority.file, timeout=10).ok:
                return
        except requests.ConnectionError:
            pass
        if process.poll() is not None or time.monotonic() > deadline:
            process.kill()
            raise RuntimeError(f"{url} does not answer:\n{read_log()}")
        time.sleep(0.05)


class Page(html.parser.HTMLParser):
    """The hidden fields and the names of all fields of a page, and its first heading."""

    def __init__(self, text):
        super().__init__()
        self.hidden, self.fields, self.heading, self._in_heading = {}, [], "", False
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        attributes = dict(attrs)
        if tag == "input":
            self.fields.append(attributes.get("name"))
            if attributes.get("type") == "hidden":
                self.hidden[attributes["name"]] = attributes.get("value", "")
        self._in_heading = self._in_heading or (tag == "h1" and not self.heading)

    def handle_endtag(self, tag):
        self._in_heading = self._in_heading and tag != "h1"

    def handle_data(self, data):
        if self._in_heading:
            self.heading += data.strip()


class Person:
    """Follows redirects within the provider, and says where they lead out of it."""

    def __init__(self, provider, address):
        self.provider, self.address = provider, address
        self.session = requests.Session()
        # No proxy and no other authority that this machine may be set up with.
        self.session.trust_env = False
        self.session.verify = str(provider.authority.file)
        self.page = None

    def open(self, url):
        """The URL outside of the provider that this leads to, or None when a page is shown."""
        return self._settle(self.session.get(url, allow_redirects=False, timeout=PATIENCE_S))

    def sign_in(self, url):
        """The same, whatever pages are in the way: each is answered by its fields' names."""
        outside = self.open(url)
        for _ in range(6):
            if outside:
                return outside
            page = Page(self.page.text)
            form = {"csrf": page.hidden["csrf"], "action": "continue"}
            if "email" in page.fields:
                form["email"] = self.address
            if "code" in page.fields:
                form["code"] = CODE
            if urllib.parse.urlsplit(self.page.url).path == "/sign-in/consent":
                form["action"] = "allow"
            outside = self._send(form)
        raise AssertionError(f"the pages have no end: {Page(self.page.text).heading}")

    def give_up(self):
        """Where the page's button to cancel leads."""
        return self._send({"csrf": Page(self.page.text).hidden["csrf"], "action": "cancel"})

    def heading(self):
        return Page(self.page.text).heading

    def _send(self, form):
        url = self.page.url
        return self._settle(self.session.post(url, data=form, allow_redirects=False, timeout=PATIENCE_S))

    def _settle(self, answer):
        while answer.is_redirect:
            url = urllib.parse.urljoin(answer.url, answer.headers["location"])
            if not url.startswith(f"{self.provider.issuer}/"):
                return url
            answer = self.session.get(url, allow_redirects=False, timeout=PATIENCE_S)
        self.page = answer
        return None
