"""The echo server behind nginx and behind haproxy, asked by websockets."""

from judges.messages import BIG, CLOSES, TEXT, close_answered
from judges.proxies import haproxy, nginx
from judges.python_websockets import sync_connect
from judges.report import expect


def run(report, server, subprotocol):
    for proxy in (nginx, haproxy):
        report.check(f"behind {proxy.__name__}", ask, proxy, server.address, subprotocol)


def ask(proxy, address, subprotocol):
    with proxy(address) as (host, port):
        with sync_connect(f"ws://{host}:{port}/", subprotocols=[subprotocol]) as ws:
            expect(ws.subprotocol, subprotocol, "subprotocol")
            for message in (TEXT, BIG, b""):
                ws.send(message)
                expect(ws.recv(), message, "echo")
            code, reason = CLOSES[1]
            ws.close(code, reason)
            close_answered(code, reason, ws.close_code, ws.close_reason)
