"""`client --proxy URL` and `--proxy-from-env`: through tinyproxy and microsocks, which want a password."""

import contextlib
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from judges.client_check import expect_one_line
from judges.environment import INTEROP, daemon
from judges.processes import Server, end, free_port, run_program, wait_for_port, words
from judges.report import expect, expect_true

SERVER = [sys.executable, str(INTEROP / "servers" / "websockets_echo.py")]

TINYPROXY = """
Port {port}
Listen 127.0.0.1
Allow 127.0.0.1
Timeout 30
LogFile "{folder}/log"
LogLevel Warning
PidFile "{folder}/pid"
BasicAuth ada s3cret
"""


def run(report, command):
    for proxy, scheme in [(tinyproxy, "http"), (microsocks, "socks5h")]:
        for what, check in CHECKS.items():
            name = f"{proxy.__name__}: {what}"
            report.check(name, check, words(command), proxy, scheme)


@contextlib.contextmanager
def tinyproxy():
    with tempfile.TemporaryDirectory() as folder:
        port = free_port()
        file = Path(folder) / "tinyproxy.conf"
        file.write_text(TINYPROXY.format(port=port, folder=folder))
        with running([daemon("tinyproxy"), "-d", "-c", str(file)], port):
            yield port


@contextlib.contextmanager
def microsocks():
    port = free_port()
    who = ["-u", "ada", "-P", "s3cret"]
    with running([daemon("microsocks"), "-i", "127.0.0.1", "-p", str(port), *who], port):
        yield port


@contextlib.contextmanager
def running(command, port):
    quiet = subprocess.DEVNULL
    process = subprocess.Popen(command, stdin=quiet, stdout=quiet, stderr=quiet)
    try:
        wait_for_port(port, process)
        yield
    finally:
        end(process)


def content(command, proxy, scheme):
    with Server(SERVER) as server, proxy() as port:
        succeeds([*command, server.url, "--proxy", f"{scheme}://ada:s3cret@127.0.0.1:{port}"])


def by_name(command, proxy, scheme):
    """The proxy resolves the name."""
    with Server(SERVER) as server, proxy() as port:
        url = server.url.replace("127.0.0.1", "localhost")
        succeeds([*command, url, "--proxy", f"{scheme}://ada:s3cret@127.0.0.1:{port}"])


def from_the_environment(command, proxy, scheme):
    command = [*command, "--proxy-from-env"]
    with Server(SERVER) as server, proxy() as port:
        variables = {"http_proxy": f"{scheme}://ada:s3cret@127.0.0.1:{port}"}
        succeeds([*command, server.url], variables)
        # Who does not go through the proxy gets nothing wrong from it.
        variables = {"http_proxy": f"{scheme}://ada:wrong@127.0.0.1:{port}"}
        fails([*command, server.url], "", variables)
        succeeds([*command, server.url], variables | {"no_proxy": "example.org,127.0.0.1"})


def wrong_password(command, proxy, scheme):
    said = {"http": "40", "socks5h": ""}[scheme]
    with Server(SERVER) as server, proxy() as port:
        for who in ["", "ada:wrong@"]:
            fails([*command, server.url, "--proxy", f"{scheme}://{who}127.0.0.1:{port}"], said)


def nobody_behind_it(command, proxy, scheme):
    with proxy() as port:
        url = f"ws://127.0.0.1:{free_port()}"
        fails([*command, url, "--proxy", f"{scheme}://ada:s3cret@127.0.0.1:{port}"], "")


def succeeds(command, variables=None):
    status, _, errors = run_program([*command, "--check"], seconds=15, env=environment(variables))
    complaint = errors.decode().strip()
    expect_true(status == 0, f"exit status {status}, it said: {complaint}")
    expect(complaint, "", "standard error")


def fails(command, word, variables=None):
    status, _, errors = run_program([*command, "--check"], seconds=15, env=environment(variables))
    expect(status, 1, "exit status")
    expect_one_line(errors.decode())
    expect_true(word in errors.decode(), f"no word of {word!r} in {errors!r}")


def environment(variables):
    """Ours, without what it says of proxies."""
    ours = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
    return ours | (variables or {})


CHECKS = {
    "content": content,
    "a server by its name": by_name,
    "from the environment, with exceptions": from_the_environment,
    "no password, and a wrong one": wrong_password,
    "nobody behind it": nobody_behind_it,
}
