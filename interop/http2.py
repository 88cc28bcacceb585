#!/usr/bin/env python3
"""Lets headless browsers open WebSockets over TLS and HTTP/2, by extended CONNECT (RFC 8441).

interop/http2.py --echo target/debug/examples/https_echo --screenshots target
"""

import argparse
import json
import shutil
import sys
import tempfile
from pathlib import Path

from judges.environment import use_venv

use_venv()

from judges.bidi import PROGRAMS, chromium, firefox  # noqa: E402 (needs what the environment has)
from judges.page import EXERCISES, Page  # noqa: E402
from judges.processes import Server  # noqa: E402
from judges.report import Report, expect, expect_true  # noqa: E402

SOCKETS = 5

# What the server's settings allow, and how a WebSocket comes about then.
SETTINGS = {
    "extended CONNECT": ([], ("HTTP/2.0", "CONNECT")),
    "no extended CONNECT": (["--no-extended-connect"], ("HTTP/1.1", "GET")),
}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--echo", metavar="COMMAND", required=True, help="the server to judge")
    parser.add_argument(
        "--browser",
        action="append",
        choices=[*PROGRAMS],
        help="only this one (repeatable; default: chromium, and firefox if it is installed)",
    )
    parser.add_argument(
        "--screenshots", type=Path, metavar="FOLDER", help="save BROWSER-https.png of the used page"
    )
    parser.add_argument("--seconds", type=float, default=240, help="limit of the whole run")
    arguments = parser.parse_args()
    browsers = arguments.browser or [
        name for name in PROGRAMS if name == "chromium" or shutil.which(PROGRAMS[name])
    ]
    report = Report(arguments.seconds)
    for browser in browsers:
        for settings, (options, came_about) in SETTINGS.items():
            name = f"{browser}, {settings}"
            try:
                judge(report, name, browser, options, came_about, arguments)
            except Exception as error:
                # What drives the browser has its own time limits.
                report.record(f"{name}: starts and ends", f"{type(error).__name__}: {error}")
    return report.finish()


def judge(report, name, browser, options, came_about, arguments):
    with tempfile.TemporaryDirectory() as folder:
        net_log = Path(folder, "net-log.json")
        with Server(arguments.echo, "--subprotocol", "echo.example", *options) as server:
            with trusting(browser, net_log) as tab:
                page = Page(tab, "https://%s:%d/" % server.address)
                report.check(f"{name}: the page opens a connection", page.opens)
                report.check(f"{name}: {SOCKETS} at once", several, page, came_about)
                report.check(f"{name}: a typed message is echoed", page.echoes)
                report.check(f"{name}: the plot shows round trips", page.plots)
                if arguments.screenshots and not options:
                    file = arguments.screenshots / f"{browser}-https.png"
                    report.check(f"{name}: screenshot", page.photograph, file)
                for exercise in EXERCISES:
                    report.check(f"{name}: {exercise}", page.exercise, exercise, seconds=30)
                report.check(f"{name}: compression", compresses, page)
                report.check(f"{name}: closed with 1001 at the end", closes, page, server)
                report.check(f"{name}: no uncaught errors", lambda: expect(tab.errors, []))
        if browser == "chromium":
            report.check(f"{name}: Chromium's own log", logged, net_log, came_about)


def trusting(browser, net_log):
    """The browser, which takes any certificate."""
    if browser == "firefox":
        return firefox(trusting=True)
    return chromium("--ignore-certificate-errors", f"--log-net-log={net_log}")


def several(page, came_about):
    told = [json.loads(line) for line in page.run(f"return await how({SOCKETS});").splitlines()]
    expect({(how["version"], how["method"]) for how in told}, {came_about}, "how they came about")
    connections = {how["connection"] for how in told}
    expect(len(connections), 1 if came_about[1] == "CONNECT" else SOCKETS, "connections")


def compresses(page):
    extensions = page.run("return await compressed(url);")
    expect_true("permessage-deflate" in extensions, f"negotiated: {extensions!r}")


def closes(page, server):
    page.closes(server)
    expect_true("1001" in page.text("state"), f"the state is {page.text('state')!r}")


def logged(net_log, came_about):
    log = net_log.read_text(errors="replace")
    expect_true('":method: GET"' in log, "the log has not even the page")
    expect('":protocol: websocket"' in log, came_about[1] == "CONNECT", "an extended CONNECT")
    expect('"Upgrade: websocket"' in log, came_about[1] == "GET", "an upgrade of HTTP/1.1")


if __name__ == "__main__":
    sys.exit(main())
