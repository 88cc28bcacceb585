#!/usr/bin/env python3
"""Lets other WebSocket implementations talk to our echo server and client.

    interop/peers.py --echo target/release/examples/echo \\
                     --client target/release/examples/client
"""

import argparse
import sys

from judges.environment import use_venv

use_venv()

from judges import (  # noqa: E402 (needs what the environment has)
    behind_proxies,
    client_check,
    client_proxies,
    client_redirects,
    client_stdin,
    deflate_client,
    deflate_peers,
    deflate_server,
    http2_client,
    libcurl,
    programs,
    python_aiohttp,
    python_websockets,
    raw_sockets,
    shutdown,
)
from judges.processes import Server  # noqa: E402
from judges.report import Report  # noqa: E402

SUBPROTOCOL = "echo.example"

# Each with a server of its own, so that a server that one of them brings down
# does not fail the others.
ECHO = {
    "websockets": python_websockets.run,
    "aiohttp": python_aiohttp.run,
    "libcurl": libcurl.run,
    "ws": programs.run_ws,
    "undici": programs.run_undici,
    "java": programs.run_java,
    "raw": raw_sockets.run,
    "proxies": behind_proxies.run,
}
# These start servers of their own.
SERVER = {
    "shutdown": shutdown.run,
    "deflate": deflate_server.run,
    "deflate-peers": deflate_peers.run_server,
}
CLIENT = {
    "check": client_check.run,
    "stdin": client_stdin.run,
    "proxies-of-clients": client_proxies.run,
    "redirects": client_redirects.run,
    "deflate-client": deflate_client.run,
    "deflate-check": deflate_peers.run_client,
}
# Not for every program: only when chosen.
ECHO_HTTP2 = {"http2-proxies": behind_proxies.run_http2}
CLIENT_HTTP2 = {"http2-client": http2_client.run}


def main():
    groups = [*ECHO, *SERVER, *CLIENT]
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--echo", metavar="COMMAND", help="the echo server to judge")
    parser.add_argument("--client", metavar="COMMAND", help="the client to judge")
    parser.add_argument(
        "--only",
        action="append",
        choices=[*groups, *ECHO_HTTP2, *CLIENT_HTTP2],
        help="only this part (repeatable)",
    )
    parser.add_argument("--seconds", type=float, default=400, help="limit of the whole run")
    arguments = parser.parse_args()
    if not (arguments.echo or arguments.client):
        parser.error("neither --echo nor --client is given")
    chosen = arguments.only or groups

    report = Report(arguments.seconds)
    for groups, command, start in [
        ({**ECHO, **ECHO_HTTP2}, arguments.echo, run_with_server),
        (SERVER, arguments.echo, run_alone),
        ({**CLIENT, **CLIENT_HTTP2}, arguments.client, run_alone),
    ]:
        for name, run in groups.items():
            if command and name in chosen:
                start(report, name, run, command)
    return report.finish()


def run_alone(report, _, run, command):
    run(report, command)


def run_with_server(report, name, run, command):
    try:
        with Server(
            command, "--subprotocol", "other.example", "--subprotocol", SUBPROTOCOL
        ) as server:
            run(report, server, SUBPROTOCOL)
            died = server.death()
    except (OSError, RuntimeError) as error:
        report.record(f"{name}: the server starts", str(error))
        return
    report.record(f"{name}: the server lives on", died)


if __name__ == "__main__":
    sys.exit(main())
