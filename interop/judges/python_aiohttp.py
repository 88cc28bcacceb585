"""Python's aiohttp client. It has no way to send a fragmented message."""

import asyncio

import aiohttp

from judges import wire
from judges.messages import BIG, BINARY, CLOSES, PIPELINED, TEXT, close_answered
from judges.report import expect


def run(report, server, subprotocol):
    for name, check in CHECKS.items():
        report.check(f"aiohttp: {name}", asyncio_run, check, server.url, subprotocol)


def asyncio_run(check, url, subprotocol):
    async def main():
        async with aiohttp.ClientSession() as session:
            await check(session, url, subprotocol)

    asyncio.run(main())


def connect(session, url, **options):
    return session.ws_connect(url, max_msg_size=0, **options)


async def text(session, url, _):
    async with connect(session, url) as ws:
        await ws.send_str(TEXT)
        expect(await ws.receive_str(), TEXT, "echo")


async def binary(session, url, _):
    async with connect(session, url) as ws:
        await ws.send_bytes(BINARY)
        expect(await ws.receive_bytes(), BINARY, "echo")


async def empty(session, url, _):
    async with connect(session, url) as ws:
        await ws.send_str("")
        expect(await ws.receive_str(), "", "echo")
        await ws.send_bytes(b"")
        expect(await ws.receive_bytes(), b"", "echo")


async def big(session, url, _):
    async with connect(session, url) as ws:
        await ws.send_bytes(BIG)
        expect(await ws.receive_bytes(), BIG, "echo")


async def pipelined(session, url, _):
    async with connect(session, url) as ws:
        for message in PIPELINED:
            await ws.send_str(message)
        expect([await ws.receive_str() for _ in PIPELINED], PIPELINED, "echoes")


async def close_codes(session, url, _):
    for code, reason in CLOSES:
        async with connect(session, url, autoclose=False) as ws:
            await ws.close(code=code, message=reason.encode())
            # aiohttp keeps the answer's code and drops its reason.
            close_answered(code, reason, ws.close_code, "")


async def ping(session, url, _):
    async with connect(session, url, autoping=False) as ws:
        await ws.ping(b"payload")
        answer = await ws.receive()
        expect((answer.type, bytes(answer.data)), (aiohttp.WSMsgType.PONG, b"payload"), "answer")


async def subprotocol_chosen(session, url, subprotocol):
    async with connect(session, url, protocols=["unknown.example", subprotocol]) as ws:
        expect(ws.protocol, subprotocol, "subprotocol")


async def abrupt(session, url, _):
    ws = await connect(session, url)
    transport = ws._response.connection.transport
    transport.write(wire.frame(wire.TEXT, b"half of it", length=1000))
    transport.abort()
    await text(session, url, _)


CHECKS = {
    "text": text,
    "binary": binary,
    "empty": empty,
    "16 MiB": big,
    "1000 pipelined": pipelined,
    "close codes": close_codes,
    "ping": ping,
    "subprotocol": subprotocol_chosen,
    "abrupt end": abrupt,
}
