"""The echo server behind nginx and behind haproxy, asked by websockets.

By its asyncio client: the threaded one reads and writes one TLS session at the same
time, which OpenSSL forbids. One run in some hundreds hangs of it, whatever the server.
"""

import json
import ssl

from judges.messages import BIG, CLOSES, TEXT, close_answered
from judges.proxies import certificate, haproxy, nginx
from judges.python_websockets import async_connect, run_async
from judges.report import expect


def run(report, server, subprotocol):
    for proxy in (nginx, haproxy):
        report.check(f"behind {proxy.__name__}", ask, proxy(server.address), subprotocol)
        what = f"behind {proxy.__name__}, which ends TLS"
        report.check(what, ask_over_tls, proxy, server.address, subprotocol)


def run_http2(report, server, subprotocol):
    """For a server that tells at /how how a WebSocket came about."""
    proxy = haproxy(server.address, server="http2")
    report.check("behind haproxy, by extended CONNECT", ask_by_connect, proxy, subprotocol)


def ask_over_tls(proxy, address, subprotocol):
    with certificate() as file:
        trust = ssl.create_default_context(cafile=file)
        ask(proxy(address, certificate=file), subprotocol, ssl=trust)


def ask(proxy, subprotocol, **options):
    scheme = "wss" if options else "ws"
    with proxy as (host, port):
        run_async(talk, f"{scheme}://{host}:{port}/", subprotocol, options)


async def talk(url, subprotocol, options):
    async with async_connect(url, subprotocols=[subprotocol], **options) as ws:
        await exchange(ws, subprotocol)


def ask_by_connect(proxy, subprotocol):
    with proxy as (host, port):
        run_async(talk_by_connect, f"ws://{host}:{port}/how", subprotocol)


async def talk_by_connect(url, subprotocol):
    async with async_connect(url, subprotocols=[subprotocol]) as ws:
        how = json.loads(await ws.recv())
        expect((how["version"], how["method"]), ("HTTP/2.0", "CONNECT"), "how it came about")
        await exchange(ws, subprotocol)


async def exchange(ws, subprotocol):
    expect(ws.subprotocol, subprotocol, "subprotocol")
    for message in (TEXT, BIG, b""):
        await ws.send(message)
        expect(await ws.recv(), message, "echo")
    code, reason = CLOSES[1]
    await ws.close(code, reason)
    close_answered(code, reason, ws.close_code, ws.close_reason)
