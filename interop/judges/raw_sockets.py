"""What the echo server does with bytes that no proper client would send so."""

import contextlib
import socket
import time

from judges.processes import Server
from judges.report import expect, expect_true
from judges.wire import (
    BINARY,
    CLOSE,
    CONTINUATION,
    PING,
    PONG,
    TEXT,
    Connection,
    close_payload,
    frame,
    handshake_request,
    new_key,
)


def run(report, server, subprotocol):
    for name, check in CHECKS.items():
        report.check(f"raw: {name}", check, server.address)
    report.check("raw: subprotocol", subprotocols, server.address, subprotocol)
    report.check("raw: too large a message gets 1009", too_large, server.command)


def echo(address, payload=b"the next one"):
    with Connection.upgraded(address) as connection:
        connection.send(frame(TEXT, payload))
        expect(connection.read_message(), (TEXT, payload), "echo")


def byte_by_byte(address):
    key = new_key()
    with Connection.to(address) as connection:
        for byte in handshake_request(address, key) + frame(TEXT, b"slow"):
            connection.send(bytes([byte]))
            time.sleep(0.001)
        connection.read_handshake(key)
        expect(connection.read_message(), (TEXT, b"slow"), "echo")


def frames_with_the_handshake(address):
    key = new_key()
    with Connection.to(address) as connection:
        first = frame(TEXT, b"one") + frame(BINARY, b"two") + frame(TEXT, b"three")[:4]
        connection.send(handshake_request(address, key) + first)
        connection.read_handshake(key)
        expect(connection.read_message(), (TEXT, b"one"), "first echo")
        expect(connection.read_message(), (BINARY, b"two"), "second echo")


def ping_inside_a_message(address):
    with Connection.upgraded(address) as connection:
        connection.send(frame(TEXT, b"Hel", fin=False) + frame(PING, b"now"))
        expect(connection.read_frame(), (True, PONG, b"now"), "answer before the message ends")
        connection.send(frame(CONTINUATION, b"lo"))
        expect(connection.read_message(), (TEXT, b"Hello"), "echo")


def reset_in_a_message(address):
    connection = Connection.upgraded(address)
    connection.send(frame(BINARY, b"x" * 1000, length=100_000))
    connection.reset()
    echo(address)


def reset_in_the_handshake(address):
    connection = Connection.to(address)
    connection.send(handshake_request(address, new_key())[:40])
    connection.reset()
    echo(address)


def end_without_close(address):
    with Connection.upgraded(address) as connection:
        connection.send(frame(TEXT, b"x" * 10, length=1000))
        connection.socket.shutdown(socket.SHUT_WR)
        # The server may say goodbye or not, but it must not keep the connection.
        connection.socket.settimeout(3)
        with contextlib.suppress(ConnectionResetError):
            while connection.socket.recv(1 << 16):
                pass
    echo(address)


def server_ends_tcp_first(address):
    with Connection.upgraded(address) as connection:
        connection.socket.settimeout(2)
        connection.send(frame(CLOSE, close_payload(1000, "bye")))
        expect(connection.read_close(), 1000, "close code")
        connection.read_end()


def close_without_a_code(address):
    with Connection.upgraded(address) as connection:
        connection.send(frame(CLOSE))
        expect(connection.read_close() in (None, 1000), True, "no code or 1000 in the answer")
        connection.read_end()


def nothing_after_close(address):
    with Connection.upgraded(address) as connection:
        connection.send(frame(CLOSE, close_payload(1000)) + frame(TEXT, b"too late"))
        expect(connection.read_close(), 1000, "close code")
        # A reset is the kernel's word that the late frame was never read.
        with contextlib.suppress(ConnectionResetError):
            connection.read_end()


def failed_with(code, *frames):
    def check(address):
        with Connection.upgraded(address) as connection:
            connection.send(b"".join(frames))
            expect(connection.read_close(), code, "close code")

    return check


def subprotocols(address, subprotocol):
    # The server was given other.example first: the client's order counts.
    offered = f"unknown.example, {subprotocol}, other.example"
    for offer, want in [(offered, subprotocol), ("unknown.example", None)]:
        key = new_key()
        with Connection.to(address) as connection:
            extra = [f"Sec-WebSocket-Protocol: {offer}"]
            connection.send(handshake_request(address, key, extra=extra))
            headers = connection.read_handshake(key)
            expect(headers.get("sec-websocket-protocol"), want, f"agreed of {offer}")


def wrong_version(address):
    with Connection.to(address) as connection:
        connection.send(handshake_request(address, new_key(), version=12))
        status, headers = connection.read_head()
        expect(status.split(" ")[1], "426", "status")
        expect(headers.get("sec-websocket-version"), "13", "Sec-WebSocket-Version")


def bad_key(address):
    with Connection.to(address) as connection:
        connection.send(handshake_request(address, "too short"))
        status, _ = connection.read_head()
        expect(status.split(" ")[1], "400", "status")


def endless_request(address):
    with Connection.to(address) as connection:
        connection.socket.settimeout(10)
        # Hanging up on us without an answer is as good as refusing.
        with contextlib.suppress(ConnectionError, EOFError):
            connection.send(b"GET / HTTP/1.1\r\n")
            for _ in range(1000):
                connection.send(b"X-Filler: " + b"x" * 10_000 + b"\r\n")
            status, _ = connection.read_head()
            expect(status.split(" ")[1][0], "4", "first digit of the status")
    echo(address)


def plain_get(address):
    with Connection.to(address) as connection:
        connection.send(f"GET / HTTP/1.1\r\nHost: {address[0]}:{address[1]}\r\n\r\n".encode())
        status, headers = connection.read_head()
        expect(status.split(" ")[1], "200", "status")
        expect_true(
            headers.get("content-type", "").startswith("text/html"),
            f"content type {headers.get('content-type')!r}",
        )
        page = connection.take(int(headers["content-length"])).decode()
        for element in ("message", "send", "log", "plot", "state"):
            expect_true(f'id="{element}"' in page, f"no element {element} in the page")


def too_large(command):
    # The same server with a small limit; the address options come anew.
    with Server(command[: command.index("--addr")], "--max-message", "1000") as server:
        echo(server.address, b"x" * 1000)
        with Connection.upgraded(server.address) as connection:
            connection.send(frame(TEXT, b"x" * 1001))
            expect(connection.read_close(), 1009, "close code")
        with Connection.upgraded(server.address) as connection:
            connection.send(frame(TEXT, b"x" * 600, fin=False))
            connection.send(frame(CONTINUATION, b"x" * 600))
            expect(connection.read_close(), 1009, "close code of a fragmented message")
        with Connection.upgraded(server.address) as connection:
            # Judged by what the header promises: the payload never comes.
            connection.send(frame(BINARY, length=1 << 40))
            expect(connection.read_close(), 1009, "close code of a promised terabyte")


CHECKS = {
    "handshake byte by byte": byte_by_byte,
    "frames in the handshake's segment": frames_with_the_handshake,
    "ping inside a message": ping_inside_a_message,
    "reset in a message": reset_in_a_message,
    "reset in the handshake": reset_in_the_handshake,
    "end without close": end_without_close,
    "server ends TCP first": server_ends_tcp_first,
    "close without a code": close_without_a_code,
    "nothing after close": nothing_after_close,
    "unmasked frame gets 1002": failed_with(1002, frame(TEXT, b"bare", masked=False)),
    "unknown opcode gets 1002": failed_with(1002, frame(3, b"what")),
    "bad UTF-8 gets 1007": failed_with(1007, frame(TEXT, b"\xff\xfe")),
    "wrong version gets 426": wrong_version,
    "bad key gets 400": bad_key,
    "endless request": endless_request,
    "plain GET gets the page": plain_get,
}
