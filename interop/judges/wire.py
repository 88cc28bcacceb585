"""RFC 6455 by hand on a socket, for what no library would send or tolerate."""

import base64
import hashlib
import os
import socket
import struct

TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10
CONTINUATION = 0
# Set in the opcode of a message's first frame: the message is compressed.
RSV1 = 0x40


def accept_for(key):
    digest = hashlib.sha1(key.encode() + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11")
    return base64.b64encode(digest.digest()).decode()


def handshake_request(address, key, version=13, extra=()):
    lines = [
        "GET / HTTP/1.1",
        f"Host: {address[0]}:{address[1]}",
        "Upgrade: websocket",
        "Connection: Upgrade",
        f"Sec-WebSocket-Key: {key}",
        f"Sec-WebSocket-Version: {version}",
        *extra,
    ]
    return "".join(line + "\r\n" for line in [*lines, ""]).encode()


def new_key():
    return base64.b64encode(os.urandom(16)).decode()


def xor(payload, mask):
    """Masks with one big number: a loop over 16 MiB would take minutes."""
    key = (mask * (len(payload) // 4 + 1))[: len(payload)]
    number = int.from_bytes(payload, "big") ^ int.from_bytes(key, "big")
    return number.to_bytes(len(payload), "big")


def frame(opcode, payload=b"", fin=True, masked=True, length=None):
    """One frame; `length` lets the header promise more than the payload has."""
    length = len(payload) if length is None else length
    head = bytes([(0x80 if fin else 0) | opcode])
    bit = 0x80 if masked else 0
    if length < 126:
        head += bytes([bit | length])
    elif length < 65536:
        head += struct.pack("!BH", bit | 126, length)
    else:
        head += struct.pack("!BQ", bit | 127, length)
    if not masked:
        return head + payload
    mask = os.urandom(4)
    return head + mask + xor(payload, mask)


def close_payload(code, reason=""):
    return struct.pack("!H", code) + reason.encode()


class Connection:
    """A TCP connection and what was read from it but not yet used."""

    def __init__(self, sock):
        self.socket = sock
        self.buffer = b""

    @classmethod
    def to(cls, address, seconds=5):
        sock = socket.create_connection(address, timeout=seconds)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return cls(sock)

    @classmethod
    def upgraded(cls, address, extra=()):
        connection = cls.to(address)
        key = new_key()
        connection.send(handshake_request(address, key, extra=extra))
        connection.read_handshake(key)
        return connection

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send(self, data):
        self.socket.sendall(data)

    def reset(self):
        """Ends the connection with a TCP reset instead of a proper close."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()

    def more(self):
        data = self.socket.recv(1 << 20)
        if not data:
            raise EOFError("the peer ended the TCP connection")
        self.buffer += data

    def take(self, count):
        while len(self.buffer) < count:
            self.more()
        data, self.buffer = self.buffer[:count], self.buffer[count:]
        return data

    def read_head(self):
        """The first line of an HTTP message and its headers, in lower case."""
        while b"\r\n\r\n" not in self.buffer:
            self.more()
        head, _, self.buffer = self.buffer.partition(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        pairs = (line.partition(":") for line in lines)
        return first, {name.strip().lower(): value.strip() for name, _, value in pairs}

    def read_handshake(self, key):
        status, headers = self.read_head()
        if status.split(" ")[:2] != ["HTTP/1.1", "101"]:
            raise AssertionError(f"handshake answered with {status!r}")
        if headers.get("sec-websocket-accept") != accept_for(key):
            raise AssertionError(f"wrong Sec-WebSocket-Accept in {headers!r}")
        return headers

    def read_frame(self):
        """One frame as (fin, opcode with RSV bits, payload), unmasked where it was masked."""
        first, second = self.take(2)
        length = second & 127
        if length == 126:
            (length,) = struct.unpack("!H", self.take(2))
        elif length == 127:
            (length,) = struct.unpack("!Q", self.take(8))
        mask = self.take(4) if second & 128 else None
        payload = self.take(length)
        return bool(first & 128), first & 127, xor(payload, mask) if mask else payload

    def read_message(self):
        """The next whole message as (opcode, payload); control frames too."""
        fin, opcode, payload = self.read_frame()
        while not fin:
            fin, _, more = self.read_frame()
            payload += more
        return opcode, payload

    def read_close(self):
        """The code of the close frame that must come now; None if it has none."""
        opcode, payload = self.read_message()
        if opcode != CLOSE:
            raise AssertionError(f"got opcode {opcode} instead of a close frame")
        return struct.unpack("!H", payload[:2])[0] if payload else None

    def read_end(self):
        """Waits for the peer to end the TCP connection properly."""
        if self.buffer:
            raise AssertionError(f"unexpected bytes {self.buffer[:40]!r}")
        data = self.socket.recv(1 << 16)
        if data:
            raise AssertionError(f"unexpected bytes {data[:40]!r}")
