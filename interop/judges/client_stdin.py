"""`client URL`: lines of standard input are sent, what arrives is printed."""

import contextlib
import subprocess
import threading
import time

from websockets.sync.server import serve

from judges import wire
from judges.broken_servers import BrokenServer, closing, drop_after_one, switching_protocols
from judges.client_check import expect_one_line
from judges.processes import end, run_program, words
from judges.report import expect, expect_true


def run(report, command):
    for name, check in CHECKS.items():
        report.check(f"stdin: {name}", check, words(command))


class Witness:
    """What an echo server saw of one connection."""

    def __init__(self):
        self.messages = []
        self.headers = None
        self.subprotocol = None
        self.close_code = None
        self.ended = threading.Event()

    def handle(self, ws):
        self.headers = ws.request.headers
        self.subprotocol = ws.subprotocol
        for message in ws:
            self.messages.append(message)
            ws.send(message)
        self.close_code = ws.close_code
        self.ended.set()


@contextlib.contextmanager
def witnessing_server(**options):
    witness = Witness()
    with serve(witness.handle, "127.0.0.1", 0, **options) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield witness, "ws://127.0.0.1:%d" % server.socket.getsockname()[1]
        server.shutdown()


def talk(command, *options, lines=("one", "Grüße, 世界", "", "three"), **server_options):
    """Has the client send the lines: what the server saw, what was printed."""
    with witnessing_server(**server_options) as (witness, url):
        lines = [line if isinstance(line, bytes) else line.encode() for line in lines]
        text = b"".join(line + b"\n" for line in lines)
        status, out, errors = run_program([*command, url, *options], text, seconds=10)
        expect_true(status == 0, f"exit status {status}, it said: {errors.decode()}")
        expect_true(witness.ended.wait(5), "the server saw no end of the connection")
    return witness, out


def echoed_and_printed(command):
    witness, out = talk(command)
    expect(witness.messages, ["one", "Grüße, 世界", "", "three"], "messages")
    # How a line is set off on the screen is the client's own affair.
    rest = out.decode()
    for line in ("one", "Grüße, 世界", "three"):
        before, found, rest = rest.partition(line)
        expect_true(found, f"{line!r} is not printed, or out of order, in {out!r}")


def many_lines(command):
    lines = [f"line {number}" for number in range(1000)]
    witness, out = talk(command, lines=lines)
    expect(witness.messages, lines, "messages")
    expect_true(b"line 999" in out, "the last echo is not printed before the close")


def closes_with_1000(command):
    witness, _ = talk(command)
    expect(witness.close_code, 1000, "close code")


def no_input(command):
    witness, _ = talk(command, lines=())
    expect((witness.messages, witness.close_code), ([], 1000), "messages and close code")


def binary(command):
    lines = [b"one", b"", b"\xff\xfe\x00\r", b"two"]
    witness, out = talk(command, "--binary", lines=lines)
    expect(witness.messages, lines, "messages")
    printed = all(line in out for line in lines)
    expect_true(printed, f"the echoes are not printed in {out!r}")


def not_utf8(command):
    with witnessing_server() as (_, url):
        status, _, errors = run_program([*command, url], b"one\n\xff\xfe\n", seconds=8)
    expect(status, 1, "exit status")
    expect_one_line(errors.decode())


def subprotocol(command):
    witness, _ = talk(
        command, "--subprotocol", "chat.example", subprotocols=["other.example", "chat.example"]
    )
    expect(witness.subprotocol, "chat.example", "subprotocol")


def header(command):
    witness, _ = talk(command, "--header", "X-Interop: a value", "--header", "X-Second: 2")
    expect(witness.headers.get("X-Interop"), "a value", "first header")
    expect(witness.headers.get("X-Second"), "2", "second header")


def with_server(behave):
    """The client's exit status, output and errors. Its standard input stays open and silent."""

    def run(command):
        with BrokenServer(behave) as server:
            process = subprocess.Popen(
                [*command, server.url],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
            )
            try:
                status = process.wait(8)
                return status, process.stdout.read().decode(), process.stderr.read().decode()
            finally:
                end(process)

    return run


def server_closes_1000(command):
    outcome = with_server(closing(1000, "done"))(command)
    expect(outcome, (0, "", ""), "exit status, output and errors")


def server_closes_1011(command):
    status, _, errors = with_server(closing(1011, "broken"))(command)
    expect(status, 1, "exit status")
    expect_one_line(errors)
    expect_true("1011" in errors, f"no word of the code 1011 in {errors!r}")
    expect_true("broken" in errors, f"no word of the reason in {errors!r}")


def server_drops(command):
    with BrokenServer(drop_after_one) as server:
        status, out, errors = run_program([*command, server.url], b"one\ntwo\n", seconds=8)
    expect(status, 1, "exit status")
    expect(out.split(), [b"one"], "what is printed of what came before the end")
    expect_one_line(errors.decode())


def greeting(connection):
    """The answer to the handshake, and two messages and a close behind it."""
    _, headers = connection.read_head()
    frames = [(wire.TEXT, b"one"), (wire.TEXT, b"two"), (wire.CLOSE, wire.close_payload(1000))]
    frames = [wire.frame(opcode, payload, masked=False) for opcode, payload in frames]
    return switching_protocols(headers) + b"".join(frames)


def in_one_segment(connection):
    connection.send(greeting(connection))
    connection.read_close()


def byte_by_byte(connection):
    for byte in greeting(connection):
        connection.send(bytes([byte]))
        time.sleep(0.001)
    connection.read_close()


def greeted(behave):
    def check(command):
        status, out, errors = with_server(behave)(command)
        expect((status, errors), (0, ""), "exit status and errors")
        expect(out.split(), ["one", "two"], "what is printed")

    return check


CHECKS = {
    "echoed and printed": echoed_and_printed,
    "1000 lines": many_lines,
    "closes with 1000": closes_with_1000,
    "no input": no_input,
    "--binary": binary,
    "not UTF-8": not_utf8,
    "--subprotocol": subprotocol,
    "--header": header,
    "server closes with 1000": server_closes_1000,
    "server closes with 1011": server_closes_1011,
    "server drops the connection": server_drops,
    "frames in the handshake's segment": greeted(in_one_segment),
    "handshake byte by byte": greeted(byte_by_byte),
}
