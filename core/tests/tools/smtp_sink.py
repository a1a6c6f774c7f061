"""A real SMTP server that keeps what it gets, for tests.

    python smtp_sink.py [--auth USER PASSWORD] [--tls CERTIFICATE KEY [--smtps]]

Both ports are free ones of 127.0.0.1; the first line on stdout is {"smtp": PORT, "http": PORT}. It ends when its standard
input closes, so it never outlives the test that started it. With --tls it offers STARTTLS, with --smtps as well it speaks TLS
from the first byte. With --auth it wants AUTH PLAIN or LOGIN (after STARTTLS, if there is TLS) before any mail.

    GET /mails?to=ADDRESS&count=N&wait=SECONDS
        the mails as JSON, oldest first: {from, to, subject, headers, text, html, raw, tls, auth}. `to` keeps only those of one
        recipient. With `wait` the answer comes as soon as there are N (default 1) of them, or when the time is over.
    DELETE /mails
        forget them.
    GET /seen
        {"connections": N, "recipients": N, "refused": N}: counters since the start, to see attempts that did not end in a mail.
    POST /fault {"connect": REPLY, "mail": REPLY, "rcpt": REPLY, "data": REPLY, "delay": SECONDS, "times": N}
        from now on answer so, for example "550 5.1.1 no such user"; the first N times only, if `times` is there. `delay` is
        waited before the answer to DATA, but not beyond the next call. Each call replaces the one before; {} heals.
"""

import argparse
import asyncio
import email
import email.policy
import json
import logging
import ssl
import sys
import threading
import time
import warnings
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlparse

from aiosmtpd.smtp import SMTP, AuthResult


class Sink:
    """The mails and the present fault; the SMTP side writes, the HTTP side reads."""

    def __init__(self):
        self.changed = threading.Condition()
        self.mails = []
        self.fault = {}
        self.seen = {"connections": 0, "recipients": 0, "refused": 0}

    def count(self, what):
        with self.changed:
            self.seen[what] += 1

    def fault_for(self, stage):
        """The reply to give instead of the normal one, or None; uses up one of `times`."""
        with self.changed:
            reply = self.fault.get(stage)
            if reply is None:
                return None
            if "times" in self.fault:
                self.fault["times"] -= 1
                if self.fault["times"] <= 0:
                    self.fault = {}
            self.seen["refused"] += 1
            return reply

    async def delay(self):
        """Waits as long as the present fault says, at most until it is replaced."""
        fault = self.fault
        end = time.monotonic() + fault.get("delay", 0)
        while self.fault is fault and time.monotonic() < end:
            await asyncio.sleep(0.02)

    def keep(self, mail):
        with self.changed:
            self.mails.append(mail)
            self.changed.notify_all()

    def read(self, to, count, wait):
        def matching():
            return [mail for mail in self.mails if to is None or to in mail["to"]]

        with self.changed:
            self.changed.wait_for(lambda: len(matching()) >= count, timeout=wait)
            return matching()


def as_json(envelope, session, tls):
    message = email.message_from_bytes(envelope.original_content, policy=email.policy.default)

    def body(kind):
        part = message.get_body((kind,))
        return part.get_content() if part else None

    return {
        "from": envelope.mail_from,
        "to": envelope.rcpt_tos,
        "subject": message["subject"],
        "headers": {name: str(value) for name, value in message.items()},
        "text": body("plain"),
        "html": body("html"),
        "raw": envelope.original_content.decode("utf-8", "replace"),
        "tls": tls or session.ssl is not None,
        "auth": str(session.auth_data) if session.authenticated else None,
    }


class Handler:
    """What aiosmtpd calls for each command."""

    def __init__(self, sink, tls_from_start):
        self.sink = sink
        self.tls_from_start = tls_from_start

    async def handle_MAIL(self, _server, _session, envelope, address, options):
        if reply := self.sink.fault_for("mail"):
            return reply
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 OK"

    async def handle_RCPT(self, _server, _session, envelope, address, _options):
        self.sink.count("recipients")
        if reply := self.sink.fault_for("rcpt"):
            return reply
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server, session, envelope):
        await self.sink.delay()
        if reply := self.sink.fault_for("data"):
            return reply
        self.sink.keep(as_json(envelope, session, self.tls_from_start))
        return "250 OK queued"


class Connection(SMTP):
    """One SMTP connection; the greeting can be a refusal."""

    def __init__(self, sink, *arguments, **options):
        super().__init__(*arguments, **options)
        self.sink = sink

    async def push(self, status):
        if status.startswith(b"220" if isinstance(status, bytes) else "220") and not self.session.host_name:
            if not getattr(self, "greeted", False):
                self.greeted = True
                self.sink.count("connections")
                if reply := self.sink.fault_for("connect"):
                    await super().push(reply)
                    self.transport.close()
                    return
        await super().push(status)


def authenticator(user, password):
    def check(_server, _session, _envelope, _mechanism, data):
        right = (data.login, data.password) == (user.encode(), password.encode())
        # `handled=False` lets aiosmtpd write the 535 itself.
        return AuthResult(success=right, handled=False, auth_data=data.login.decode("utf-8", "replace"))

    return check


async def serve_smtp(sink, options):
    context = None
    if options.tls:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(*options.tls)
    settings = {"enable_SMTPUTF8": True, "hostname": "sink.test"}
    if options.auth:
        settings["authenticator"] = authenticator(*options.auth)
        settings["auth_required"] = True
        settings["auth_require_tls"] = context is not None and not options.smtps
    if context and not options.smtps:
        settings["tls_context"] = context
    handler = Handler(sink, options.smtps)
    loop = asyncio.get_running_loop()
    return await loop.create_server(
        lambda: Connection(sink, handler, loop=loop, **settings),
        "127.0.0.1",
        0,
        ssl=context if options.smtps else None,
    )


class Api(BaseHTTPRequestHandler):
    """The HTTP side."""

    sink = None

    def log_message(self, *_arguments):
        pass

    def answer(self, value):
        body = json.dumps(value, ensure_ascii=False).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        url = urlparse(self.path)
        if url.path == "/seen":
            return self.answer(self.sink.seen)
        query = {name: values[0] for name, values in parse_qs(url.query).items()}
        return self.answer(self.sink.read(query.get("to"), int(query.get("count", 1)), float(query.get("wait", 0))))

    def do_DELETE(self):
        with self.sink.changed:
            self.sink.mails.clear()
        self.answer({})

    def do_POST(self):
        fault = json.loads(self.rfile.read(int(self.headers["content-length"])))
        with self.sink.changed:
            self.sink.fault = {name: value for name, value in fault.items() if value is not None}
        self.answer(fault)


async def main():
    # aiosmtpd warns about AUTH without TLS, which is what some tests want.
    warnings.simplefilter("ignore")
    logging.disable(logging.WARNING)
    parser = argparse.ArgumentParser(description="SMTP server for tests")
    parser.add_argument("--auth", nargs=2, metavar=("USER", "PASSWORD"))
    parser.add_argument("--tls", nargs=2, metavar=("CERTIFICATE", "KEY"))
    parser.add_argument("--smtps", action="store_true")
    options = parser.parse_args()

    sink = Api.sink = Sink()
    smtp = await serve_smtp(sink, options)
    http = ThreadingHTTPServer(("127.0.0.1", 0), Api)
    http.daemon_threads = True
    threading.Thread(target=http.serve_forever, daemon=True).start()
    print(json.dumps({"smtp": smtp.sockets[0].getsockname()[1], "http": http.server_port}), flush=True)
    await asyncio.to_thread(sys.stdin.buffer.read)


if __name__ == "__main__":
    asyncio.run(main())
