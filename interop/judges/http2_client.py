"""`http2_client`: many WebSockets over one connection of HTTP/2, which haproxy passes on."""

import sys

from judges.environment import INTEROP
from judges.processes import Server, run_program, words
from judges.proxies import certificate, haproxy
from judges.report import expect_true

COUNT = 20
SERVER = [sys.executable, str(INTEROP / "servers" / "websockets_echo.py")]


def run(report, command):
    report.check("http2-client: websockets behind haproxy", plain, command)
    report.check("http2-client: websockets behind haproxy, over TLS", over_tls, command)
    report.check("http2-client: a server of HTTP/1.1", refused, command)


def plain(command):
    with Server(SERVER) as server:
        with haproxy(server.address, clients="http2") as address:
            succeeds(command, "ws://%s:%d/" % address)


def over_tls(command):
    with Server(SERVER) as server, certificate() as file:
        with haproxy(server.address, certificate=file, clients="http2") as address:
            succeeds(command, "wss://%s:%d/" % address, "--root", str(file))


def succeeds(command, url, *options):
    status, out, errors = run_program([*words(command), url, "--count", str(COUNT), *options])
    expect_true(status == 0, f"exit status {status}, it said: {errors.decode().strip()}")
    expect_true(out.startswith(b"%d WebSockets" % COUNT), f"it said: {out!r}")


def refused(command):
    with Server(SERVER) as server:
        status, out, errors = run_program([*words(command), server.url])
    expect_true(status == 1, f"exit status {status}, it said: {out!r}")
    expect_true(len(errors.splitlines()) == 1, f"one line of error wanted, got {errors!r}")
