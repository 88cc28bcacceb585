"""Servers that do one thing wrong, which a checking client must notice."""

import socket
import threading
import time

from judges import wire


def close_at_once(connection):
    connection.read_head()


def never_answer(connection):
    connection.read_head()
    time.sleep(60)


def answer_404(connection):
    connection.read_head()
    connection.send(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")
    time.sleep(60)


def answer_rubbish(connection):
    connection.read_head()
    connection.send(b"220 mail.example ESMTP\r\n" * 3)
    time.sleep(60)


def upgrade(connection, accept=None, extra=""):
    _, headers = connection.read_head()
    connection.send(switching_protocols(headers, accept, extra))


def switching_protocols(headers, accept=None, extra=""):
    accept = accept or wire.accept_for(headers["sec-websocket-key"])
    return (
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
        f"Connection: Upgrade\r\nSec-WebSocket-Accept: {accept}\r\n{extra}\r\n"
    ).encode()


def wrong_accept(connection):
    upgrade(connection, wire.accept_for("another key"))
    serve(connection)


def unasked_subprotocol(connection):
    upgrade(connection, extra="Sec-WebSocket-Protocol: unasked.example\r\n")
    serve(connection)


def unasked_extension(connection):
    upgrade(connection, extra="Sec-WebSocket-Extensions: permessage-deflate\r\n")
    serve(connection)


def unasked_compression(connection):
    upgrade(connection)
    connection.read_message()
    connection.send(wire.frame(wire.TEXT | wire.RSV1, b"\xcaH\xcd\xc9\xc9\x07\x00", masked=False))
    # The client says why it ends.
    connection.read_message()


def serve(connection, opcode=None, change=lambda payload: payload, masked=False):
    """Echoes properly, but for what the arguments change."""
    while True:
        kind, payload = connection.read_message()
        if kind == wire.CLOSE:
            connection.send(wire.frame(wire.CLOSE, payload, masked=False))
            return
        if kind in (wire.TEXT, wire.BINARY):
            answer = wire.frame(opcode or kind, change(payload), masked=masked)
            connection.send(answer)


def wrong_bytes(connection):
    upgrade(connection)
    serve(connection, change=lambda payload: payload[:-1] + b"?")


def wrong_kind(connection):
    upgrade(connection)
    serve(connection, opcode=wire.BINARY)


def never_echo(connection):
    upgrade(connection)
    while True:
        connection.more()
        connection.buffer = b""


def masked_frames(connection):
    upgrade(connection)
    serve(connection, masked=True)


def drop_after_one(connection):
    """Ends without a close frame after the first echo."""
    upgrade(connection)
    kind, payload = connection.read_message()
    connection.send(wire.frame(kind, payload, masked=False))


def closing(code, reason):
    def close(connection):
        upgrade(connection)
        connection.send(wire.frame(wire.CLOSE, wire.close_payload(code, reason), masked=False))
        while connection.read_message()[0] != wire.CLOSE:
            pass

    return close


BROKEN = {
    "closes at once": close_at_once,
    "never answers the handshake": never_answer,
    "answers 404": answer_404,
    "answers rubbish": answer_rubbish,
    "wrong Sec-WebSocket-Accept": wrong_accept,
    "unasked subprotocol": unasked_subprotocol,
    "unasked extension": unasked_extension,
    "compresses unasked": unasked_compression,
    "echoes wrong bytes": wrong_bytes,
    "echoes text as binary": wrong_kind,
    "never echoes": never_echo,
    "masks its frames": masked_frames,
    "drops after the first echo": drop_after_one,
    "closes with 1011": closing(1011, "broken"),
}


class BrokenServer:
    """Serves every connection in a thread of its own until it is left."""

    def __init__(self, behaviour):
        self.behaviour = behaviour

    def __enter__(self):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = "ws://127.0.0.1:%d" % self.listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_):
        # shutdown wakes the accepting thread; close alone would leave it there.
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()

    def _accept(self):
        while True:
            try:
                sock, _ = self.listener.accept()
            except OSError:
                return
            # What is sent in pieces is to arrive in pieces.
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=self._serve, args=[sock], daemon=True).start()

    def _serve(self, sock):
        with wire.Connection(sock) as connection:
            try:
                self.behaviour(connection)
            except (OSError, EOFError):
                pass
