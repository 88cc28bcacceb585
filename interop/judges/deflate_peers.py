"""Compression with Python's websockets and with Node's ws, in every set of parameters."""

import base64
import contextlib
import json
import threading
import urllib.request
from concurrent.futures import ThreadPoolExecutor

from websockets.extensions.permessage_deflate import (
    ClientPerMessageDeflateFactory,
    ServerPerMessageDeflateFactory,
)
from websockets.sync.server import serve

from judges.deflate import MESSAGES, OURS, THEIRS, Parameters, pairs, parse
from judges.deflate_client import client
from judges.deflate_server import compressing
from judges.environment import INTEROP
from judges.processes import Server, run_program
from judges.python_websockets import sync_connect
from judges.report import expect, expect_true

# What libraries offer unless they are told otherwise comes first.
OFFERS = [Parameters(client_max_window_bits=True), *THEIRS]
ANSWERS = THEIRS


def run_server(report, command):
    """The peers as clients of the echo server."""
    for peer, ask in [("websockets", websockets_client), ("ws", ws_client)]:
        for name in OURS:
            offers = [offer for ours, offer in pairs(OFFERS) if ours == name]
            what = f"deflate: {name}, {len(offers)} offers of {peer}"
            report.check(what, offer_all, ask, command, name, offers, seconds=60)


def offer_all(ask, command, name, offers):
    with compressing(command, name) as server:
        ask(server.url, offers)


def websockets_client(url, offers):
    for offer in offers:
        extensions = [ClientPerMessageDeflateFactory(*offer)]
        with sync_connect(url, compression=None, extensions=extensions) as ws:
            answer = ws.response.headers.get("Sec-WebSocket-Extensions")
            # The library has made sure that it may be answered so.
            expect_true(answer, f"nothing agreed to {offer}")
            for message in MESSAGES:
                ws.send(message)
                expect(ws.recv(10), message, f"offered {offer}, answered {answer}: echo")
            ws.send(["in", "", "pieces " * 100])
            expect(ws.recv(10), "in" + "pieces " * 100, f"offered {offer}: echo of fragments")


def ws_client(url, offers):
    messages = [
        {"text": message}
        if isinstance(message, str)
        else {"base64": base64.b64encode(message).decode()}
        for message in MESSAGES
    ]
    task = {"offers": [ws_options(offer, is_client=True) for offer in offers], "messages": messages}
    command = ["node", str(INTEROP / "node" / "ws_deflate_client.cjs"), url]
    status, _, errors = run_program(command, json.dumps(task).encode(), seconds=50)
    expect((status, errors.decode().strip()), (0, ""), "exit status and complaint of ws")


def ws_options(parameters, is_client=False):
    """What is not among them is left to ws, but for what a client offers of itself."""
    client_bits = parameters.client_max_window_bits
    options = {
        "serverNoContextTakeover": parameters.server_no_context_takeover or None,
        "clientNoContextTakeover": parameters.client_no_context_takeover or None,
        "serverMaxWindowBits": parameters.server_max_window_bits,
        "clientMaxWindowBits": False if is_client and not client_bits else client_bits,
        "threshold": 0,
    }
    return {name: value for name, value in options.items() if value is not None}


def run_client(report, command):
    """The peers as servers of the client, two checks at a time: it mostly waits."""
    for peer, serving in [("websockets", websockets_servers), ("ws", ws_servers)]:
        report.check(f"deflate: --check with {peer}", check_all, command, serving, seconds=200)


def check_all(command, serving):
    with serving(ANSWERS) as servers, ThreadPoolExecutor(2) as pool:
        checks = [
            pool.submit(check_one, command, name, parameters, *servers[parameters])
            for name, parameters in pairs(ANSWERS)
        ]
        for check in checks:
            check.result()


def check_one(command, name, parameters, url, answered):
    status, _, errors = client(command, url, name, "--check")
    about = f"{name} against {parameters}"
    negotiated, _, complaint = errors.partition("\n")
    expect((status, complaint), (0, ""), f"{about}: exit status and complaint")
    negotiated = negotiated.removeprefix("negotiated: ")
    expect(parse(negotiated), parse(answered()), f"{about}: what was negotiated")


@contextlib.contextmanager
def websockets_servers(answers):
    """{parameters: (url, how to learn what its last answer was)}"""
    with contextlib.ExitStack() as stack:
        servers = [stack.enter_context(websockets_server(parameters)) for parameters in answers]
        yield dict(zip(answers, servers))


@contextlib.contextmanager
def websockets_server(parameters):
    answers = []

    def handle(ws):
        answers.append(ws.response.headers.get("Sec-WebSocket-Extensions", "nothing"))
        for message in ws:
            ws.send(message)

    extensions = [ServerPerMessageDeflateFactory(*parameters)]
    options = {"compression": None, "extensions": extensions, "max_size": None}
    with serve(handle, "127.0.0.1", 0, **options) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        port = server.socket.getsockname()[1]
        yield f"ws://127.0.0.1:{port}", lambda: answers[-1]
        server.shutdown()


@contextlib.contextmanager
def ws_servers(answers):
    settings = json.dumps([ws_options(parameters) for parameters in answers])
    command = ["node", str(INTEROP / "node" / "ws_deflate_echo.cjs"), settings]
    with Server(command) as server:

        def answered(number):
            url = server.url.replace("ws:", "http:")
            with urllib.request.urlopen(f"{url}/{number}", timeout=5) as answer:
                return answer.read().decode()

        yield {
            parameters: (f"{server.url}/{number}", lambda number=number: answered(number))
            for number, parameters in enumerate(answers)
        }
