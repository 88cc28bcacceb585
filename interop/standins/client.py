"""A client that can be told to get one thing wrong; see echo.py beside it."""

import argparse
import contextlib
import os
import sys
import threading
import time
from pathlib import Path
from urllib.parse import urljoin, urlsplit

from websockets.exceptions import ConnectionClosed, ConnectionClosedOK, InvalidStatus
from websockets.sync.client import connect, reconnect

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from standins.deflate import Settings  # noqa: E402

parser = argparse.ArgumentParser()
parser.add_argument("url")
parser.add_argument("--check", action="store_true")
parser.add_argument("--binary", action="store_true")
parser.add_argument("--subprotocol", action="append")
parser.add_argument("--header", action="append", default=[])
parser.add_argument("--proxy")
parser.add_argument("--proxy-from-env", action="store_true")
parser.add_argument("--redirects", type=int, default=0)
parser.add_argument("--deflate", nargs="?", const="")
parser.add_argument("--negotiated", action="store_true")
parser.add_argument("--fault", default="none")
options = parser.parse_args()
fault = options.fault


def check(ws):
    for message in ["text", "Grüße", b"\x00\xff", "", b"", b"x" * (4 << 20)]:
        ws.send(message)
        echo = ws.recv(timeout=10)
        if echo != message and fault != "believes-anything":
            raise ValueError("the echo is not what was sent")


def talk(ws):
    expected = [0]
    refused = []

    def send():
        # That the connection has ended, the one who receives gets to know.
        with contextlib.suppress(ConnectionClosed):
            send_lines()

    def send_lines():
        for line in sys.stdin.buffer:
            line = line.removesuffix(b"\n")
            if not options.binary or fault == "text-only":
                try:
                    line.decode()
                except UnicodeDecodeError as error:
                    refused.append(error)
                    return ws.close(1000)
            expected[0] += 1
            ws.send(line, text=not options.binary or fault == "always-text")
        expected.append(True)
        if fault == "closes-early" or expected[0] == 0:
            ws.close(1001 if fault == "closes-1001" else 1000)

    threading.Thread(target=send, daemon=True).start()
    received = 0
    for message in ws:
        if fault != "prints-nothing":
            line = message.encode() if isinstance(message, str) else message
            sys.stdout.buffer.write(line + b"\n")
            sys.stdout.flush()
        received += 1
        if len(expected) > 1 and received == expected[0]:
            break
    if refused:
        raise refused[0]
    if not ws.close_code:
        ws.close(1001 if fault == "closes-1001" else 1000)


# Following redirects is ours, so that it can be wrong.
reconnect.process_redirect = lambda _, error: error


def follow(headers, redirects, **how):
    url = options.url
    while True:
        try:
            return connect(url, additional_headers=headers, **how)
        except InvalidStatus as error:
            location = error.response.headers.get("Location")
            if not location or not redirects or fault == "no-redirects":
                raise
        if fault == "root-of-redirects":
            location = urljoin(location, "/")
        # urljoin knows `http`, but not `ws`.
        here = url.replace("ws:", "http:")
        there = urljoin(here, location.replace("ws:", "http:"))
        if urlsplit(there).netloc != urlsplit(here).netloc and fault != "keeps-credentials":
            headers = {}
        elif fault == "drops-credentials":
            headers = {}
        url = there.replace("http:", "ws:")
        redirects -= 1


def main():
    headers = dict(line.split(": ", 1) for line in options.header)
    if fault == "no-headers":
        headers = {}
    protocols = None if fault == "no-subprotocol" else options.subprotocol
    if fault == "hangs":
        time.sleep(60)
    deflate = options.deflate
    if deflate is not None:
        deflate = Settings(deflate).offers(fault)
    limit = {"max_size": 1 << 20} if fault == "small-limit" else {"max_size": None}
    proxy = options.proxy or (True if options.proxy_from_env else None)
    if fault == "no-proxy":
        proxy = None
    ws = follow(
        headers,
        options.redirects + (fault == "one-redirect-more"),
        subprotocols=protocols,
        proxy=proxy,
        open_timeout=8,
        close_timeout=2,
        compression=None,
        extensions=deflate,
        **limit,
    )
    if options.negotiated:
        answer = ws.response.headers.get("Sec-WebSocket-Extensions", "no extension")
        print("negotiated:", "anything" if fault == "wrong-word" else answer, file=sys.stderr)
    with ws:
        try:
            (check if options.check else talk)(ws)
        except ConnectionClosedOK:
            raise ValueError("closed too early") from None
    if ws.close_code != 1000 and fault != "closes-1001":
        raise ValueError(f"closed with {ws.close_code}")


try:
    main()
except Exception as error:
    if fault == "silent":
        os._exit(1)
    if fault == "talkative":
        print("Traceback:", file=sys.stderr)
    if fault == "always-0":
        os._exit(0)
    print(f"client: {type(error).__name__}: {error}".replace("\n", " "), file=sys.stderr)
    sys.stderr.flush()
    os._exit(3 if fault == "status-3" else 1)
os._exit(0)
