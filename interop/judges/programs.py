"""The peers that are programs of their own: Node's ws and undici, and Java."""

from judges.environment import INTEROP
from judges.processes import run_program

COMMON = {
    "text",
    "binary",
    "empty",
    "16 MiB",
    "1000 pipelined",
    "close codes",
    "ping",
    "subprotocol",
    "abrupt end",
}


def run_ws(report, server, subprotocol):
    command = ["node", str(INTEROP / "node" / "ws_client.cjs"), server.url, subprotocol]
    run_peer(report, "ws", command, COMMON | {"fragmented"})


def run_undici(report, server, subprotocol):
    command = ["node", str(INTEROP / "node" / "undici_client.cjs"), server.url, subprotocol]
    run_peer(report, "undici", command, COMMON)


def run_java(report, server, subprotocol):
    source = str(INTEROP / "java" / "Peer.java")
    command = ["java", source, server.url, subprotocol]
    run_peer(report, "java", command, COMMON | {"fragmented"})


def run_peer(report, peer, command, expected):
    """Records each check's line. One that printed no line has failed, too."""
    missing = set(expected)
    complaint = "the program ended without a word about it"
    try:
        _, out, errors = run_program(command, seconds=60)
        complaint += f": {errors.decode(errors='replace').strip()[-400:]}" if errors else ""
    except (OSError, TimeoutError) as error:
        out, complaint = b"", str(error)
    for line in out.decode().splitlines():
        name, _, reason = line.removeprefix("not ").removeprefix("ok ").partition(": ")
        missing.discard(name)
        report.record(f"{peer}: {name}", reason if line.startswith("not ") else None)
    for name in sorted(missing):
        report.record(f"{peer}: {name}", complaint)
