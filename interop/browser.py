#!/usr/bin/env python3
"""Opens our echo server's page in headless browsers and uses it as a person would.

interop/browser.py --echo target/release/examples/echo --screenshots target
"""

import argparse
import json
import re
import shutil
import sys
import time
from pathlib import Path

from judges.environment import INTEROP, use_venv

use_venv()

from judges.bidi import BROWSERS, PROGRAMS  # noqa: E402 (needs what the environment has)
from judges.deflate import OURS, Parameters, parse  # noqa: E402
from judges.deflate_server import ANSWERS, LIMITED, compressing  # noqa: E402
from judges.processes import Server  # noqa: E402
from judges.report import Report, expect, expect_true  # noqa: E402

EXERCISES = (INTEROP / "judges" / "exercises.js").read_text()
NAMES = re.findall(r'^  async "?(.+?)"?\(\) {$', EXERCISES, re.M)

# What a page is told of what was negotiated; Firefox keeps the parameters to itself.
TOLD = {"chromium": lambda ours: ANSWERS[ours][LIMITED], "firefox": lambda _: Parameters()}

# What the plot shows, whichever way it is drawn.
PLOT = """(() => {
    const plot = document.getElementById("plot");
    return plot instanceof HTMLCanvasElement ? plot.toDataURL() : plot.outerHTML;
})()"""
# Of a canvas that has anything on it, not all pixels are the same.
PLOT_IS_DRAWN = """(() => {
    const plot = document.getElementById("plot");
    if (!(plot instanceof HTMLCanvasElement)) return plot.childElementCount > 0;
    const pixels = new Uint32Array(
        plot.getContext("2d").getImageData(0, 0, plot.width, plot.height).data.buffer);
    return pixels.some((pixel) => pixel !== pixels[0]);
})()"""


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
            for exercise in NAMES:
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


class Page:
    """The echo page in a browser; the order of the calls is a visit's."""

    def __init__(self, browser, url):
        self.browser = browser
        self.url = url

    def text(self, element_id):
        self.browser.element(element_id)
        return self.browser.evaluate(
            f"document.getElementById({json.dumps(element_id)}).textContent"
        )

    def wait(self, complaint, condition, seconds=5):
        end = time.monotonic() + seconds
        while not condition():
            expect_true(time.monotonic() < end, complaint)
            time.sleep(0.05)

    def opens(self):
        self.browser.visit(self.url)
        self.wait("the state does not say open", lambda: "open" in self.text("state").lower())

    def send(self, message):
        self.browser.evaluate("document.getElementById('message').value = ''")
        self.browser.click("message")
        self.browser.type(message)
        self.browser.click("send")

    def echoes(self):
        before = self.text("log")
        expect_true("Grüße" not in before, "the log has the message before it is sent")
        self.send("Grüße, world")
        self.wait(
            "the log does not show the echo",
            lambda: "Grüße, world" in self.text("log"),
        )

    def plots(self):
        for number in range(5):
            before = self.browser.evaluate(PLOT)
            self.send(f"round trip {number}")
            self.wait(
                "the plot does not change with a round trip",
                lambda: self.browser.evaluate(PLOT) != before,
            )
        expect_true(self.browser.evaluate(PLOT_IS_DRAWN), "nothing is drawn on the plot")

    def photograph(self, file):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(self.browser.screenshot())
        expect(file.read_bytes()[:8], b"\x89PNG\r\n\x1a\n", "start of the file")

    def exercise(self, name):
        self.run(f"await exercises[{json.dumps(name)}]();")

    def run(self, code):
        return self.browser.evaluate(f"(async () => {{ {EXERCISES}\n{code} }})()")

    def closes(self, server):
        server.interrupt()
        self.wait("the state does not say closed", lambda: "closed" in self.text("state").lower())


if __name__ == "__main__":
    sys.exit(main())
