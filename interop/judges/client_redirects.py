"""`client --redirects N`: servers that redirect, by Python's websockets."""

import contextlib
import http
import threading

from websockets.sync.server import serve

from judges.client_check import expect_one_line
from judges.processes import run_program, words
from judges.report import expect, expect_true

STATUSES = [301, 302, 303, 307, 308]


def run(report, command):
    for name, check in CHECKS.items():
        report.check(f"redirects: {name}", check, words(command))


@contextlib.contextmanager
def server(locations):
    """An echo server that redirects from these paths, and the requests that it got."""
    requests = []

    def redirect(connection, request):
        requests.append(request)
        if request.path not in locations:
            return None
        status, location = locations[request.path]
        response = connection.respond(http.HTTPStatus(status), "it has moved\n")
        response.headers["Location"] = location
        return response

    def echo(ws):
        for message in ws:
            ws.send(message)

    with serve(echo, "127.0.0.1", 0, process_request=redirect, max_size=None) as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        yield "ws://127.0.0.1:%d" % running.socket.getsockname()[1], requests
        running.shutdown()


def each_status(command):
    for status in STATUSES:
        with server({}) as (new, seen):
            location = new.replace("ws:", "http:") + "/new?a=b"
            with server({"/old": (status, location)}) as (old, _):
                outcome = ask(command, f"{old}/old", 1)
                expect(outcome[0], 0, f"exit status after {status}, it said {outcome[1]!r}")
                expect([request.path for request in seen], ["/new?a=b"], "requests")


def within_a_server(command):
    locations = {"/a/b": (302, "c?d"), "/a/c?d": (307, "/e"), "/e": (308, "?f")}
    with server(locations) as (url, seen):
        outcome = ask(command, f"{url}/a/b", 3, "--header", "Cookie: id=1")
        expect(outcome[0], 0, f"exit status, it said {outcome[1]!r}")
        expect([request.path for request in seen], ["/a/b", "/a/c?d", "/e", "/e?f"], "requests")
        cookies = [request.headers.get("Cookie") for request in seen]
        expect(cookies, ["id=1"] * 4, "cookies")


def credentials(command):
    with server({}) as (new, seen), server({"/": (302, f"{new}/")}) as (old, before):
        secrets = ["Cookie: id=1", "Authorization: Bearer x", "Proxy-Authorization: y"]
        options = [word for secret in secrets for word in ("--header", secret)]
        expect(ask(command, f"{old}/", 1, *options)[0], 0, "exit status")
        for secret in secrets:
            name, _, value = secret.partition(": ")
            expect(before[0].headers.get(name), value, f"{name} at first")
            expect(seen[0].headers.get(name), None, f"{name} at the other server")


def no_more_than_asked(command):
    with server({"/": (302, "/")}) as (url, seen):
        for most in [0, 1, 3]:
            seen.clear()
            status, errors = ask(command, f"{url}/", most)
            expect(status, 1, "exit status")
            expect_one_line(errors)
            expect(len(seen), most + 1, f"requests with at most {most} redirects")


def nowhere(command):
    with server({"/a": (302, "ws+unix:/run/x:/"), "/b": (302, "http://[")}) as (url, _):
        for path in ["/a", "/b"]:
            status, errors = ask(command, url + path, 3)
            expect(status, 1, "exit status")
            expect_one_line(errors)


def ask(command, url, redirects, *options):
    """The exit status, and what it said."""
    option = ["--redirects", str(redirects)]
    status, _, errors = run_program([*command, url, "--check", *option, *options], seconds=10)
    expect_true(b"panicked" not in errors, f"a panic: {errors!r}")
    return status, errors.decode()


CHECKS = {
    "each status": each_status,
    "within a server": within_a_server,
    "credentials stay with their server": credentials,
    "no more than asked for": no_more_than_asked,
    "to where no WebSocket is": nowhere,
}
