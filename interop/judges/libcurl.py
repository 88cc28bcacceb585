"""libcurl's WebSocket functions, called through pycurl."""

import contextlib
import select
import struct

import pycurl

from judges.messages import BIG, BINARY, CLOSES, PIPELINED, TEXT, close_answered
from judges.report import expect


def run(report, server, subprotocol):
    for name, check in CHECKS.items():
        report.check(f"libcurl: {name}", check, server.url)
    report.check("libcurl: subprotocol", subprotocol_chosen, server.url, subprotocol)


class Client:
    """A connection after the handshake: CONNECT_ONLY=2 stops libcurl there."""

    def __init__(self, url, headers=()):
        self.answer = {}
        self.curl = curl = pycurl.Curl()
        curl.setopt(pycurl.URL, url)
        curl.setopt(pycurl.CONNECT_ONLY, 2)
        curl.setopt(pycurl.NOSIGNAL, 1)
        curl.setopt(pycurl.TIMEOUT, 10)
        curl.setopt(pycurl.HTTPHEADER, list(headers))
        curl.setopt(pycurl.HEADERFUNCTION, self._header)
        curl.perform()
        self.socket = curl.getinfo(pycurl.ACTIVESOCKET)

    def _header(self, line):
        name, colon, value = line.decode("latin-1").partition(":")
        if colon:
            self.answer[name.strip().lower()] = value.strip()

    def _wait(self, reading):
        lists = ([self.socket], []) if reading else ([], [self.socket])
        if not any(select.select(*lists, [], 5)):
            raise TimeoutError("nothing came within 5 s" if reading else "cannot send for 5 s")

    def send(self, data, flags):
        data = memoryview(data)
        while True:
            try:
                sent = self.curl.ws_send(data, flags)
            except BlockingIOError:
                sent = 0
            # libcurl takes a large message piece by piece, as the socket does.
            data = data[sent:]
            if not data:
                return
            self._wait(reading=False)

    def receive(self):
        """The next whole message or control frame as (kind, payload)."""
        kind, payload = None, b""
        while True:
            try:
                data, meta = self.curl.ws_recv(1 << 20)
            except BlockingIOError:
                self._wait(reading=True)
                continue
            payload += data
            kind = meta.flags & KINDS or kind
            # WS_CONT is set on every fragment but the last.
            if not meta.bytesleft and not meta.flags & pycurl.WS_CONT:
                return kind, payload


KINDS = pycurl.WS_TEXT | pycurl.WS_BINARY | pycurl.WS_CLOSE | pycurl.WS_PING | pycurl.WS_PONG


@contextlib.contextmanager
def connect(url, headers=()):
    client = Client(url, headers)
    try:
        yield client
    finally:
        client.curl.close()


def echo(kind, *payloads):
    def check(url):
        with connect(url) as client:
            for payload in payloads:
                client.send(payload, kind)
                expect(client.receive(), (kind, payload), "echo")

    return check


def fragmented(url):
    with connect(url) as client:
        client.send(b"Hel", pycurl.WS_TEXT | pycurl.WS_CONT)
        client.send(b"lo ", pycurl.WS_TEXT | pycurl.WS_CONT)
        client.send(b"you", pycurl.WS_TEXT)
        expect(client.receive(), (pycurl.WS_TEXT, b"Hello you"), "echo")


def pipelined(url):
    messages = [message.encode() for message in PIPELINED]
    with connect(url) as client:
        for message in messages:
            client.send(message, pycurl.WS_BINARY)
        expect([client.receive()[1] for _ in messages], messages, "echoes")


def close_codes(url):
    for code, reason in CLOSES:
        with connect(url) as client:
            client.curl.ws_close(code, reason)
            kind, payload = client.receive()
            expect(kind, pycurl.WS_CLOSE, "kind of the answer")
            (got,) = struct.unpack("!H", payload[:2])
            close_answered(code, reason, got, payload[2:].decode())


def ping(url):
    with connect(url) as client:
        client.send(b"payload", pycurl.WS_PING)
        expect(client.receive(), (pycurl.WS_PONG, b"payload"), "answer")


def subprotocol_chosen(url, subprotocol):
    header = f"Sec-WebSocket-Protocol: unknown.example, {subprotocol}"
    with connect(url, [header]) as client:
        expect(client.answer.get("sec-websocket-protocol"), subprotocol, "subprotocol")


def abrupt(url):
    with connect(url) as client:
        client.send(b"half of it", pycurl.WS_TEXT | pycurl.WS_CONT)
    echo(pycurl.WS_TEXT, b"the next one")(url)


CHECKS = {
    "text": echo(pycurl.WS_TEXT, TEXT.encode()),
    "binary": echo(pycurl.WS_BINARY, BINARY),
    "empty": lambda url: [echo(pycurl.WS_TEXT, b"")(url), echo(pycurl.WS_BINARY, b"")(url)],
    "16 MiB": echo(pycurl.WS_BINARY, BIG),
    "fragmented": fragmented,
    "1000 pipelined": pipelined,
    "close codes": close_codes,
    "ping": ping,
    "abrupt end": abrupt,
}
