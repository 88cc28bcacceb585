"""The echo server with --deflate, asked on a socket: what it agrees to and what it then sends."""

import contextlib
import re
import zlib
from pathlib import Path

from judges.deflate import MESSAGES, OURS, TAIL, THEIRS, TOKEN, Codec, Parameters, is_allowed, parse
from judges.processes import Server
from judges.report import expect, expect_true
from judges.wire import (
    BINARY,
    CONTINUATION,
    PING,
    PONG,
    RSV1,
    TEXT,
    Connection,
    frame,
    handshake_request,
    new_key,
)


def run(report, command):
    for name in OURS:
        report.check(f"deflate: {name}, every offer on a socket", every_offer, command, name)
    for name, answers in ANSWERS.items():
        report.check(f"deflate: {name}, answers", expected_answers, command, name, answers)
    report.check("deflate: the limit counts what comes out", limit, command)
    report.check("deflate: a bomb", bomb, command)


@contextlib.contextmanager
def compressing(command, name, *options):
    with Server(command, f"--deflate={OURS[name]}".removesuffix("="), *options) as server:
        yield server


def connect(address, *offers):
    """A connection and the answer to the offers, each of which is a header of its own."""
    connection, key = Connection.to(address), new_key()
    extra = [f"Sec-WebSocket-Extensions: {offer}" for offer in offers]
    connection.send(handshake_request(address, key, extra=extra))
    return connection, connection.read_handshake(key).get("sec-websocket-extensions")


def every_offer(command, name):
    with compressing(command, name) as server:
        for offer in [*THEIRS, Parameters(client_max_window_bits=True)]:
            connection, answer = connect(server.address, offer)
            with connection:
                agreed = parse(answer or "nothing")
                expect_true(is_allowed(offer, agreed), f"offered {offer}, answered {answer}")
                try:
                    exchange(connection, agreed, everything="threshold=0" in OURS[name])
                except (AssertionError, EOFError, zlib.error) as error:
                    raise AssertionError(f"offered {offer}, answered {answer}: {error}") from None


def exchange(connection, agreed, everything):
    """Sends all messages compressed, every second one in fragments with a ping between them."""
    codec = Codec(agreed, is_server=False)
    sizes = {}
    for number, message in enumerate(MESSAGES):
        opcode, data = (TEXT, message.encode()) if isinstance(message, str) else (BINARY, message)
        payload = codec.compress(data)
        if number % 2:
            third = len(payload) // 3
            connection.send(frame(opcode | RSV1, payload[:third], fin=False) + frame(PING, b"now"))
            connection.send(frame(CONTINUATION, payload[third:-third or None], fin=not third))
            if third:
                connection.send(frame(CONTINUATION, payload[-third:]))
            expect(connection.read_message(), (PONG, b"now"), "answer to a ping in a message")
        else:
            connection.send(frame(opcode | RSV1, payload))
        got, payload = connection.read_message()
        # The threshold is 256 unless it is set; the message of just as many does not shrink.
        compressed = everything or len(data) > 256
        expect(got, opcode | RSV1 if compressed else opcode, "opcode of the echo")
        expect(codec.decompress(payload) if compressed else payload, data, "echo")
        sizes.setdefault(message, []).append(len(payload))
    if everything:
        first, second = sizes[TOKEN]
        taken_over = second < first // 4
        expect(taken_over, not agreed.server_no_context_takeover, "the echoes' context takeover")


# The usual offers; the second is Chromium's.
PLAIN = "permessage-deflate"
LIMITED = "permessage-deflate; client_max_window_bits"
# By the name of our settings: what is offered, in one header or several, and what is to come of it.
ANSWERS = {
    "default": {
        # A client whose window cannot be limited to 12 bits is not to keep it.
        PLAIN: Parameters(True, True),
        LIMITED: Parameters(True, False, None, 12),
        "permessage-deflate; client_max_window_bits=15": Parameters(True, False, None, 12),
        "permessage-deflate; client_max_window_bits=9": Parameters(True, False, None, 9),
        "permessage-deflate; server_max_window_bits=15": Parameters(True, True, 15),
        'permessage-deflate; server_max_window_bits="10"': Parameters(True, True, 10),
        # The compressor cannot do it.
        "permessage-deflate; server_max_window_bits=8": None,
        "permessage-deflate; server_max_window_bits=8, permessage-deflate": Parameters(True, True),
        "permessage-deflate; server_max_window_bits=8\npermessage-deflate": Parameters(True, True),
        "mux; max-channels=4, permessage-deflate": Parameters(True, True),
        "x-webkit-deflate-frame": None,
        "permessage-deflate; server_max_window_bits": None,
        "permessage-deflate; server_max_window_bits=16": None,
        "permessage-deflate; server_max_window_bits=09": None,
        "permessage-deflate; client_max_window_bits=7": None,
        "permessage-deflate; client_no_context_takeover=1": None,
        "permessage-deflate; client_no_context_takeover; client_no_context_takeover": None,
        "permessage-deflate; unknown, permessage-deflate; client_max_window_bits": Parameters(
            True, False, None, 12
        ),
    },
    "takeover": {
        PLAIN: Parameters(),
        LIMITED: Parameters(),
        "permessage-deflate; client_max_window_bits=10": Parameters(False, False, None, 10),
        "permessage-deflate; server_no_context_takeover": Parameters(True),
        "permessage-deflate; client_no_context_takeover": Parameters(False, True),
        "permessage-deflate; server_max_window_bits=9": Parameters(False, False, 9),
    },
    "no takeover": {PLAIN: Parameters(True, True), LIMITED: Parameters(True, True)},
    **{
        f"{bits} bits": {
            # Neither window to be kept beyond what was set, and never more than was asked for.
            PLAIN: Parameters(False, True, bits),
            LIMITED: Parameters(False, False, bits, bits),
            f"{PLAIN}; server_max_window_bits=15": Parameters(False, True, bits),
            f"{PLAIN}; server_max_window_bits=9": Parameters(False, True, 9),
            f"{PLAIN}; client_max_window_bits=9": Parameters(False, False, bits, 9),
        }
        for bits in range(9, 15)
    },
    "15 bits": {PLAIN: Parameters(), LIMITED: Parameters()},
}


def expected_answers(command, name, answers):
    with compressing(command, name) as server:
        for offers, want in answers.items():
            connection, answer = connect(server.address, *offers.split("\n"))
            with connection:
                expect(answer and parse(answer), want, f"answer to {offers!r}")


LIMIT = 1 << 20


def limit(command):
    with compressing(command, "takeover", "--max-message", str(LIMIT)) as server:
        connection, answer = connect(server.address, Parameters())
        with connection:
            codec = Codec(parse(answer), is_server=False)
            connection.send(frame(BINARY | RSV1, codec.compress(bytes(LIMIT))))
            opcode, payload = connection.read_message()
            expect(opcode, BINARY | RSV1, "opcode of the echo")
            expect(codec.decompress(payload), bytes(LIMIT), "echo at the limit")
            connection.send(frame(BINARY | RSV1, codec.compress(bytes(LIMIT + 1))))
            expect(connection.read_close(), 1009, "close code of one byte more")


def bomb(command):
    """256 MiB in 256 KiB: stopped at the limit, whole and in fragments, and nothing is kept."""
    compressor = zlib.compressobj(9, wbits=-15)
    mebibyte = compressor.compress(bytes(1 << 20)) + compressor.flush(zlib.Z_FULL_FLUSH)
    payload = (256 * mebibyte).removesuffix(TAIL)
    with compressing(command, "takeover", "--max-message", str(LIMIT)) as server:
        before = peak_memory(server)
        for _ in range(8):
            explode(server.address, [frame(BINARY | RSV1, payload)])
            pieces = [frame(CONTINUATION, mebibyte, fin=False)] * 255
            explode(server.address, [frame(BINARY | RSV1, mebibyte, fin=False), *pieces])
        grown = peak_memory(server) - before
        # The message up to the limit, what was read of the frame, and room to grow into.
        expect_true(grown < 32 << 20, f"the server's peak memory grew by {grown >> 10} KiB")


def explode(address, frames):
    connection, answer = connect(address, Parameters())
    with connection:
        parse(answer or "nothing")
        # It need not read all of it.
        with contextlib.suppress(ConnectionError):
            connection.send(b"".join(frames))
        expect(connection.read_close(), 1009, "close code")


def peak_memory(server):
    status = Path(f"/proc/{server.process.pid}/status").read_text()
    return int(re.search(r"^VmHWM:\s+(\d+) kB", status, re.M)[1]) << 10
