"""Python's websockets: its threaded client and its asyncio client."""

import asyncio
import socket
import struct

import websockets.asyncio.client
import websockets.sync.client

from judges import wire
from judges.messages import BIG, BINARY, CLOSES, PIPELINED, TEXT, close_answered
from judges.report import expect, expect_true


def run(report, server, subprotocol):
    for name, check in SYNC.items():
        report.check(f"websockets (sync): {name}", check, server.url)
    report.check("websockets (sync): subprotocol", sync_subprotocol, server.url, subprotocol)
    for name, check in ASYNC.items():
        report.check(f"websockets (asyncio): {name}", run_async, check, server.url)
    report.check(
        "websockets (asyncio): subprotocol", run_async, async_subprotocol, server.url, subprotocol
    )


def sync_connect(url, **options):
    return websockets.sync.client.connect(url, max_size=None, **options)


def sync_echo(message):
    def check(url):
        with sync_connect(url) as ws:
            ws.send(message)
            expect(ws.recv(), message, "echo")

    return check


def sync_fragmented(url):
    with sync_connect(url) as ws:
        ws.send(["Grüße, ", "", "世", "界"])
        expect(ws.recv(), "Grüße, 世界", "echo")
        ws.send([b"\x00\x01", b"", b"\x02"])
        expect(ws.recv(), b"\x00\x01\x02", "echo")


def sync_pipelined(url):
    with sync_connect(url) as ws:
        for message in PIPELINED:
            ws.send(message)
        expect([ws.recv() for _ in PIPELINED], PIPELINED, "echoes")


def sync_close(url):
    for code, reason in CLOSES:
        with sync_connect(url) as ws:
            ws.close(code, reason)
            close_answered(code, reason, ws.close_code, ws.close_reason)


def sync_ping(url):
    with sync_connect(url) as ws:
        # The library sets the event only for a pong with the ping's payload.
        expect_true(ws.ping(b"payload").wait(5), "no pong came")


def sync_subprotocol(url, subprotocol):
    with sync_connect(url, subprotocols=["unknown.example", subprotocol]) as ws:
        expect(ws.subprotocol, subprotocol, "subprotocol")
    with sync_connect(url, subprotocols=["unknown.example"]) as ws:
        expect(ws.subprotocol, None, "subprotocol")


def sync_abrupt(url):
    ws = sync_connect(url)
    ws.socket.sendall(wire.frame(wire.TEXT, b"half of it", length=1000))
    ws.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    ws.socket.close()
    sync_echo("the next one")(url)


SYNC = {
    "text": sync_echo(TEXT),
    "binary": sync_echo(BINARY),
    "empty": lambda url: [sync_echo("")(url), sync_echo(b"")(url)],
    "16 MiB": sync_echo(BIG),
    "fragmented": sync_fragmented,
    "1000 pipelined": sync_pipelined,
    "close codes": sync_close,
    "ping": sync_ping,
    "abrupt end": sync_abrupt,
}


def run_async(check, *arguments):
    asyncio.run(check(*arguments))


def async_connect(url, **options):
    return websockets.asyncio.client.connect(url, max_size=None, **options)


def async_echo(*messages):
    async def check(url):
        async with async_connect(url) as ws:
            for message in messages:
                await ws.send(message)
                expect(await ws.recv(), message, "echo")

    return check


async def async_fragmented(url):
    async with async_connect(url) as ws:

        async def pieces():
            # Pauses, so that each fragment is a TCP segment of its own.
            for piece in ["Grüße, ", "", "世", "界"]:
                yield piece
                await asyncio.sleep(0.02)

        await ws.send(pieces())
        expect(await ws.recv(), "Grüße, 世界", "echo")


async def async_pipelined(url):
    async with async_connect(url) as ws:

        async def send():
            for message in PIPELINED:
                await ws.send(message)

        sending = asyncio.create_task(send())
        expect([await ws.recv() for _ in PIPELINED], PIPELINED, "echoes")
        await sending


async def async_close(url):
    for code, reason in CLOSES:
        async with async_connect(url) as ws:
            await ws.close(code, reason)
            close_answered(code, reason, ws.close_code, ws.close_reason)


async def async_ping(url):
    async with async_connect(url) as ws:
        await asyncio.wait_for(await ws.ping(b"payload"), 5)


async def async_subprotocol(url, subprotocol):
    async with async_connect(url, subprotocols=["unknown.example", subprotocol]) as ws:
        expect(ws.subprotocol, subprotocol, "subprotocol")


async def async_abrupt(url):
    async with async_connect(url) as ws:
        ws.transport.write(wire.frame(wire.TEXT, b"half of it", length=1000))
        ws.transport.abort()
    await async_echo("the next one")(url)


ASYNC = {
    "text": async_echo(TEXT),
    "binary": async_echo(BINARY),
    "empty": async_echo("", b""),
    "16 MiB": async_echo(BIG),
    "fragmented": async_fragmented,
    "1000 pipelined": async_pipelined,
    "close codes": async_close,
    "ping": async_ping,
    "abrupt end": async_abrupt,
}
