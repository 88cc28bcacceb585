"""`client URL --check`: content with real servers, not with broken ones."""

import contextlib
import sys
import time
from concurrent.futures import ThreadPoolExecutor

from judges.broken_servers import BROKEN, BrokenServer
from judges.environment import INTEROP
from judges.processes import Server, free_port, run_program, words
from judges.proxies import haproxy, nginx
from judges.report import expect, expect_true

SERVERS = {
    "ws": ["node", str(INTEROP / "node" / "ws_echo.cjs")],
    "websockets": [sys.executable, str(INTEROP / "servers" / "websockets_echo.py")],
}
# What a client may take to notice, and what a busy machine may add to it.
LIMIT = 15 + 3


def run(report, command):
    with ThreadPoolExecutor() as pool:
        # Most of the broken servers are waited for, so they are begun first
        # and judged while the real ones keep the machine busy.
        outcomes = {name: pool.submit(against_broken, command, name) for name in BROKEN}
        outcomes["nobody listens"] = pool.submit(against_nobody, command)
        for name, server in SERVERS.items():
            report.check(f"check: {name}", against_real, command, server)
            for proxy in (nginx, haproxy):
                what = f"check: {name} behind {proxy.__name__}"
                report.check(what, against_real, command, server, proxy)
        for name, outcome in outcomes.items():
            report.check(f"check: {name}", judge, outcome, seconds=LIMIT + 5)


def against_real(command, server, proxy=None):
    with Server(server) as server, contextlib.ExitStack() as stack:
        url = server.url
        if proxy:
            url = "ws://%s:%d" % stack.enter_context(proxy(server.address))
        status, _, errors = run_program([*words(command), url, "--check"], seconds=15)
        complaint = errors.decode().strip()
        expect_true(status == 0, f"exit status {status}, it said: {complaint}")
        expect(complaint, "", "standard error")


def against_broken(command, name):
    with BrokenServer(BROKEN[name]) as server:
        return outcome(command, server.url)


def against_nobody(command):
    return outcome(command, f"ws://127.0.0.1:{free_port()}")


def outcome(command, url):
    start = time.monotonic()
    status, _, errors = run_program([*words(command), url, "--check"], seconds=LIMIT)
    return status, errors.decode(), time.monotonic() - start


def judge(outcome):
    status, errors, took = outcome.result()
    expect(status, 1, "exit status")
    expect_one_line(errors)
    expect_true(took < LIMIT, f"took {took:.1f} s")


def expect_one_line(errors):
    lines = [line for line in errors.splitlines() if line.strip()]
    expect_true(len(lines) == 1, f"one line on standard error wanted, got {lines!r}")
    expect_true("panicked" not in errors, f"a panic: {errors!r}")
