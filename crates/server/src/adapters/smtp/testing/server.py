"""A real SMTP server for the tests: prints its port, then each mail it took as one line of JSON.

Usage: server.py MODE, where MODE is plain, starttls, implicit, authenticated or silent.
"""

import asyncio
import json
import pathlib
import ssl
import sys

from aiosmtpd.smtp import SMTP, AuthResult

HERE = pathlib.Path(__file__).parent


class Inbox:
    """Takes mail, except for addresses that ask for trouble."""

    REPLIES = {
        "unknown": "550 5.1.1 <unknown@example.test>: no such user",
        "greylisted": "451 4.7.1 come back later",
        "relay": "554 5.7.1 relaying denied",
    }

    async def handle_RCPT(self, server, session, envelope, address, options):
        reply = self.REPLIES.get(address.split("@")[0])
        if reply is None:
            envelope.rcpt_tos.append(address)
            reply = "250 OK"
        return reply

    async def handle_DATA(self, server, session, envelope):
        if envelope.rcpt_tos[0].startswith("cut@"):
            server.transport.abort()
            return "421 never read"
        if envelope.rcpt_tos[0].startswith("large@"):
            return "552 5.3.4 too large"
        mail = {
            "from": envelope.mail_from,
            "to": envelope.rcpt_tos,
            "tls": server.transport.get_extra_info("ssl_object") is not None,
            "user": session.auth_data,
            "content": envelope.content.decode(),
        }
        print(json.dumps(mail), flush=True)
        return "250 OK"


def authenticate(server, session, envelope, mechanism, data):
    right = data.login == b"identity" and data.password == b"correct horse"
    return AuthResult(success=right, handled=right, auth_data=data.login.decode())


def context():
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(HERE / "server.pem", HERE / "server.key")
    return tls


async def silent(reader, writer):
    await reader.read()


async def main(mode):
    loop = asyncio.get_running_loop()
    options = {"plain": {}, "implicit": {}}
    options["starttls"] = {"tls_context": context(), "require_starttls": True}
    options["authenticated"] = {
        "tls_context": context(),
        "require_starttls": True,
        "auth_required": True,
        "authenticator": authenticate,
    }
    if mode == "silent":
        server = await asyncio.start_server(silent, "127.0.0.1", 0)
    else:
        server = await loop.create_server(
            lambda: SMTP(Inbox(), hostname="localhost", **options[mode]),
            "127.0.0.1",
            0,
            ssl=context() if mode == "implicit" else None,
        )
    print(server.sockets[0].getsockname()[1], flush=True)
    await asyncio.to_thread(sys.stdin.read)


asyncio.run(main(sys.argv[1]))
