"""`client --deflate` with a server by hand: what it offers, what it accepts, and what it sends."""

import zlib

from judges.broken_servers import BrokenServer, switching_protocols
from judges.client_check import expect_one_line
from judges.deflate import OURS, TEXTS, TOKEN, Codec, is_allowed, parse
from judges.processes import run_program, words
from judges.report import expect, expect_true
from judges.wire import CLOSE, RSV1, TEXT, frame


def run(report, command):
    for name in OURS:
        report.check(f"deflate: {name}, every answer on a socket", every_answer, command, name)
    for name, answers in REFUSED.items():
        report.check(f"deflate: {name}, wrong answers", wrong_answers, command, name, answers)


def client(command, url, name, *options, stdin=b""):
    deflate = f"--deflate={OURS[name]}".removesuffix("=")
    command = [*words(command), url, deflate, "--negotiated", *options]
    status, out, errors = run_program(command, stdin, seconds=15)
    return status, out.decode(), errors.decode()


def every_answer(command, name):
    # As it was offered; with no context takeover at all; and with the least windows.
    for change in (
        {},
        {"server_no_context_takeover": True, "client_no_context_takeover": True},
        {"server_max_window_bits": 9, "client_max_window_bits": 9},
    ):
        witness = Compressing(change)
        with BrokenServer(witness) as server:
            stdin = "".join(text + "\n" for text in TEXTS).encode()
            status, out, errors = client(command, server.url, name, stdin=stdin)
        about = f"answered {witness.agreed}"
        expect(witness.complaint, None, about)
        expect((status, errors), (0, f"negotiated: {witness.agreed}\n"), about)
        expect(out.splitlines(), TEXTS, f"{about}: what was printed")
        witness.judge(everything="threshold=0" in OURS[name])


def agreement(headers, answer):
    return switching_protocols(headers, extra=f"Sec-WebSocket-Extensions: {answer}\r\n")


class Compressing:
    """Agrees to the first offer, changed a little, and echoes compressed."""

    def __init__(self, change):
        self.change = change
        self.agreed = None
        self.complaint = "the client did not come"
        self.seen = []

    def __call__(self, connection):
        _, headers = connection.read_head()
        offer = parse(headers["sec-websocket-extensions"].split(",")[0])
        if offer.client_max_window_bits is True:
            agreed = offer._replace(client_max_window_bits=None)
        else:
            agreed = offer
        self.agreed = agreed._replace(**self.change)
        connection.send(agreement(headers, self.agreed))
        try:
            expect_true(is_allowed(offer, self.agreed), f"a wrong answer to {offer}")
            self.echo(connection, Codec(self.agreed, is_server=True))
            self.complaint = None
        except (AssertionError, OSError, EOFError, zlib.error) as error:
            self.complaint = f"{type(error).__name__}: {error}"

    def echo(self, connection, codec):
        while True:
            opcode, payload = connection.read_message()
            if opcode == CLOSE:
                connection.send(frame(CLOSE, payload, masked=False))
                return
            text = codec.decompress(payload) if opcode & RSV1 else payload
            expect(opcode & ~RSV1, TEXT, "opcode")
            self.seen.append((text.decode(), bool(opcode & RSV1), len(payload)))
            connection.send(frame(TEXT | RSV1, codec.compress(text), masked=False))

    def judge(self, everything):
        expect([text for text, *_ in self.seen], TEXTS, "messages")
        compressed = [text for text, rsv1, _ in self.seen if rsv1]
        # The threshold is 256 unless it is set.
        want = [text for text in TEXTS if everything or len(text) >= 256]
        expect(compressed, want, "messages with RSV1")
        if everything:
            first, second = (size for text, _, size in self.seen if text == TOKEN)
            taken_over = second < first // 4
            expect(taken_over, not self.agreed.client_no_context_takeover, "context takeover")


# By the name of our settings: answers that the client must not take for what it has offered.
REFUSED = {
    "default": [
        "x-webkit-deflate-frame",
        "permessage-deflate; unknown",
        "permessage-deflate, permessage-deflate",
        "permessage-deflate; client_max_window_bits",
        "permessage-deflate; client_no_context_takeover; client_no_context_takeover",
        "permessage-deflate; client_no_context_takeover; server_max_window_bits=16",
        "permessage-deflate; client_no_context_takeover; server_max_window_bits=7",
        # Neither of its offers: the server's window has 12 bits, or is not kept.
        "permessage-deflate; server_max_window_bits=13",
        "permessage-deflate",
    ],
    "no takeover": ["permessage-deflate", "permessage-deflate; client_no_context_takeover"],
    "9 bits": ["permessage-deflate; server_max_window_bits=9; client_max_window_bits=10"],
}


def wrong_answers(command, name, answers):
    for answer in answers:

        def behave(connection):
            _, headers = connection.read_head()
            connection.send(agreement(headers, answer))
            # The client says why it ends, or nothing.
            connection.more()

        with BrokenServer(behave) as server:
            status, _, errors = client(command, server.url, name, "--check")
        expect(status, 1, f"exit status after {answer!r}")
        expect_one_line(errors)
