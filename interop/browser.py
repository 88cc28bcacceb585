#!/usr/bin/env python3
"""Opens our echo server's page in headless browsers and uses it as a person would.

interop/browser.py --echo target/release/examples/echo --screenshots target
"""

import argparse
import json
import shutil
import sys
from pathlib import Path

from judges.environment import use_venv

use_venv()

from judges.bidi import BROWSERS, PROGRAMS  # noqa: E402 (needs what the environment has)
from judges.deflate import OURS, Parameters, parse  # noqa: E402
from judges.deflate_server import ANSWERS, LIMITED, compressing  # noqa: E402
from judges.page import EXERCISES, Page  # noqa: E402
from judges.processes import Server  # noqa: E402
from judges.report import Report, expect  # noqa: E402

# What a page is told of what was negotiated; Firefox keeps the parameters to itself.
TOLD = {"chromium": lambda ours: ANSWERS[ours][LIMITED], "firefox": lambda _: Parameters()}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--echo", metavar="COMMAND", required=True, help="the echo server to judge")
    parser.add_argument(
        "--browser",
        action="append",
        choices=[*BROWSERS],
        help="only this one (repeatable; default: chromium, and firefox if it is installed)",
    )
    parser.add_argument(
        "--screenshots", type=Path, metavar="FOLDER", help="save BROWSER.png of the used page there"
    )
    parser.add_argument("--path", default="/", help="path of the page (default: /)")
    parser.add_argument("--seconds", type=float, default=180, help="limit of the whole run")
    arguments = parser.parse_args()
    browsers = arguments.browser or [
        name for name in BROWSERS if name == "chromium" or shutil.which(PROGRAMS[name])
    ]
    report = Report(arguments.seconds)
    for name in browsers:
        try:
            judge(report, name, arguments)
        except Exception as error:
            # What drives the browser has its own time limits.
            report.record(f"{name}: starts and ends", f"{type(error).__name__}: {error}")
    return report.finish()


def judge(report, name, arguments):
    with Server(arguments.echo, "--subprotocol", "echo.example") as server:
        with BROWSERS[name]() as browser:
            page = Page(browser, "http://%s:%d%s" % (*server.address, arguments.path))
            report.check(f"{name}: the page opens a connection", page.opens)
            report.check(f"{name}: a typed message is echoed", page.echoes)
            report.check(f"{name}: the plot shows round trips", page.plots)
            if arguments.screenshots:
                file = arguments.screenshots / f"{name}.png"
                report.check(f"{name}: screenshot", page.photograph, file)
            for exercise in EXERCISES:
                report.check(f"{name}: {exercise}", page.exercise, exercise, seconds=30)
            for ours in OURS:
                what = f"{name}: compression, {ours}"
                report.check(what, compresses, page, arguments.echo, ours, TOLD[name](ours))
            report.check(f"{name}: the page says closed at the end", page.closes, server)
            report.check(f"{name}: no uncaught errors", lambda: expect(browser.errors, []))


def compresses(page, command, ours, told):
    with compressing(command, ours) as server:
        call = f"return await compressed({json.dumps(server.url)});"
        expect(parse(page.run(call)), told, "what was negotiated")


if __name__ == "__main__":
    sys.exit(main())
