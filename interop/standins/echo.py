"""A small echo server that can be told to get one thing wrong.

It stands in for our own in selftest.py, to see that the checks let a good
server pass and notice a bad one: echo.py --addr 127.0.0.1:0 --fault NAME
"""

import argparse
import os
import signal
import socket
import sys
import threading
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from judges import wire  # noqa: E402
from standins.deflate import Deflate, Parameters, Settings  # noqa: E402

PAGE = (Path(__file__).resolve().parent / "page.html").read_bytes()

parser = argparse.ArgumentParser()
parser.add_argument("--addr", default="127.0.0.1:9001")
parser.add_argument("--max-message", type=int, default=32 << 20)
parser.add_argument("--subprotocol", action="append", default=[])
parser.add_argument("--deflate", nargs="?", const="")
parser.add_argument("--fault", default="none")
options = parser.parse_args()
fault = options.fault
settings = None if options.deflate is None else Settings(options.deflate)
connections = set()
stopping = threading.Event()


class Fail(Exception):
    """Close the connection with this code."""


class Served(wire.Connection):
    deflate = None

    def respond(self, status, headers="", body=b""):
        head = f"HTTP/1.1 {status}\r\n{headers}Content-Length: {len(body)}\r\n\r\n"
        self.send(head.encode() + body)

    def handshake(self):
        if fault == "one-read":
            self.more()
            if b"\r\n\r\n" not in self.buffer:
                return self.respond("400 Bad Request")
        while b"\r\n\r\n" not in self.buffer:
            if len(self.buffer) > 65536 and fault != "endless":
                return self.respond("431 Request Header Fields Too Large")
            self.more()
        _, headers = self.read_head()
        key = headers.get("sec-websocket-key", "")
        if "upgrade" not in headers:
            if fault == "no-page":
                return self.respond("404 Not Found")
            return self.respond("200 OK", "Content-Type: text/html\r\n", PAGE)
        if headers.get("sec-websocket-version") != "13":
            if fault == "version-400":
                return self.respond("400 Bad Request")
            return self.respond("426 Upgrade Required", "Sec-WebSocket-Version: 13\r\n")
        if len(key) != 24 and fault != "any-key":
            return self.respond("400 Bad Request")
        offered = headers.get("sec-websocket-protocol", "").replace(" ", "").split(",")
        agreed = [name for name in offered if name in options.subprotocol]
        if fault == "server-order":
            agreed = [name for name in options.subprotocol if name in offered]
        if fault == "no-subprotocol":
            agreed = []
        if fault == "any-subprotocol":
            agreed = [name for name in offered if name]
        extra = f"Sec-WebSocket-Protocol: {agreed[0]}\r\n" if agreed else ""
        if settings and "sec-websocket-extensions" in headers:
            answer = settings.select(headers["sec-websocket-extensions"])
            if fault == "any-answer":
                answer = Parameters(True, True, 9)
            if answer:
                self.deflate = Deflate(answer, settings.threshold, fault)
                extra += f"Sec-WebSocket-Extensions: {answer}\r\n"
        self.send(
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Accept: {wire.accept_for(key)}\r\n{extra}\r\n".encode()
        )
        if fault == "lose-first-segment":
            self.buffer = b""
        return True

    def read_frame(self):
        """As a server must: refuses what is not masked or too large."""
        while len(self.buffer) < 2:
            self.more()
        if not self.buffer[1] & 128 and fault != "any-mask":
            raise Fail(1002)
        known = self.buffer[0] & 0x7F in (0, 1, 2, 8, 9, 10)
        known |= self.deflate is not None and self.buffer[0] & 0x7F in (0x41, 0x42)
        if not known and fault != "any-opcode":
            raise Fail(1002)
        if fault != "no-limit":
            size = self.buffer[1] & 127
            while len(self.buffer) < 10 and size > 125:
                self.more()
            size = {126: 2, 127: 8}.get(size) and int.from_bytes(
                self.buffer[2 : 4 if size == 126 else 10], "big"
            )
            if size and size > (1 << 20 if fault == "small-limit" else options.max_message):
                raise Fail(1009)
        return super().read_frame()

    def echo(self, opcode, payload):
        if opcode == wire.TEXT and fault != "any-text":
            try:
                payload.decode()
            except UnicodeDecodeError:
                raise Fail(1007) from None
        if len(payload) > options.max_message and fault != "no-limit":
            raise Fail(1009)
        if fault == "wrong-byte" and len(payload) > 1:
            payload = payload[:-1] + b"?"
        if fault == "wrong-kind":
            opcode = 3 - opcode
        if fault == "drop-empty" and not payload:
            return
        if fault == "drop-some" and b"777" in payload:
            return
        packed = self.deflate and self.deflate.deflate(payload)
        if packed:
            opcode, payload = opcode | wire.RSV1, packed
        self.send(wire.frame(opcode, payload, masked=False))

    def serve(self):
        kind, message = None, b""
        while True:
            fin, opcode, payload = self.read_frame()
            if opcode == wire.CLOSE:
                return self.answer_close(payload)
            if opcode == wire.PING:
                if fault == "late-pong" and kind:
                    continue
                if fault == "empty-pong":
                    payload = b""
                if fault != "no-pong":
                    self.send(wire.frame(wire.PONG, payload, masked=False))
            elif opcode != wire.PONG:
                kind = opcode or kind
                if kind & wire.RSV1:
                    room = options.max_message - len(message)
                    payload = self.deflate.inflate(payload, bool(opcode), fin, room)
                    if payload is None:
                        raise Fail(1009)
                message += payload
                if fin or fault == "echo-fragments":
                    self.echo(kind & ~wire.RSV1, message)
                    message = b""
                    kind = None if fin else kind

    def answer_close(self, payload):
        if stopping.is_set():
            return
        if fault == "always-1000":
            payload = wire.close_payload(1000)
        if fault == "other-reason":
            payload = payload[:2] + b"because"
        if fault != "no-close":
            self.send(wire.frame(wire.CLOSE, payload, masked=False))
        if fault == "keep-tcp":
            time.sleep(30)
        if fault == "read-after-close":
            self.serve()

    def run(self):
        try:
            if self.handshake():
                connections.add(self)
                self.serve()
        except Fail as failure:
            self.send(wire.frame(wire.CLOSE, wire.close_payload(*failure.args), masked=False))
            self.socket.shutdown(socket.SHUT_WR)
            time.sleep(0.2)  # a close with bytes unread would be a reset
        except (OSError, EOFError):
            if fault == "die-on-abrupt":
                os._exit(3)
            if fault == "keep-half-closed":
                time.sleep(30)
        finally:
            connections.discard(self)
            self.socket.close()


def interrupted(*_):
    if fault == "sigint-dies":
        os._exit(0)
    if fault == "sigint-ignored":
        return
    stopping.set()
    code = 1000 if fault == "sigint-1000" else 1001
    for connection in list(connections):
        connection.send(wire.frame(wire.CLOSE, wire.close_payload(code), masked=False))
    time.sleep(0.3)
    os._exit(1 if fault == "sigint-exit-1" else 0)


signal.signal(signal.SIGINT, interrupted)
host, _, port = options.addr.rpartition(":")
listener = socket.create_server((host, int(port)))
print(f"listening on ws://{host}:{listener.getsockname()[1]}", flush=True)
while True:
    accepted, _ = listener.accept()
    accepted.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    threading.Thread(target=Served(accepted).run, daemon=True).start()
