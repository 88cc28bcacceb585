"""Drives a browser over WebDriver BiDi, which Chromium and Firefox both speak.

Firefox speaks it itself; for Chromium, chromedriver does.
"""

import base64
import contextlib
import json
import re
import subprocess
import tempfile
import time
import urllib.request
from pathlib import Path

from websockets.sync.client import connect

from judges.processes import end

CHROMIUM_FLAGS = [
    "--headless",
    "--no-sandbox",  # root, as in CI, cannot have one
    "--disable-dev-shm-usage",
    "--disable-gpu",
    "--no-first-run",
    # It would look for the outside world at every start.
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-quic",
    "--window-size=1000,800",
]
FIREFOX_PREFERENCES = {
    "app.update.disabledForTesting": True,
    "browser.safebrowsing.update.enabled": False,
    "browser.shell.checkDefaultBrowser": False,
    "datareporting.policy.dataSubmissionEnabled": False,
    "extensions.update.enabled": False,
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
    "services.settings.server": "data:,#off",
    "toolkit.telemetry.server": "data:,",
}


class Browser:
    """One tab of a browser."""

    def __init__(self, ws):
        self.ws = ws
        self.count = 0
        self.errors = []

    def open_session(self, trusting):
        self.command(
            "session.new", capabilities={"alwaysMatch": {"acceptInsecureCerts": trusting}}
        )

    def start(self):
        self.command("session.subscribe", events=["log.entryAdded"])
        self.context = self.command("browsingContext.getTree")["contexts"][0]["context"]

    def command(self, method, **parameters):
        self.count += 1
        self.ws.send(json.dumps({"id": self.count, "method": method, "params": parameters}))
        while True:
            answer = json.loads(self.ws.recv(timeout=30))
            if answer.get("method") == "log.entryAdded":
                self._logged(answer["params"])
            elif answer.get("id") == self.count:
                if answer["type"] == "error":
                    raise RuntimeError(f"{method}: {answer['error']}: {answer['message']}")
                return answer["result"]

    def _logged(self, entry):
        # "javascript" is what no script caught; a missing favicon is not.
        if entry["type"] == "javascript" and entry["level"] == "error":
            self.errors.append(entry["text"])

    def visit(self, url):
        self.command("browsingContext.navigate", context=self.context, url=url, wait="complete")

    def evaluate(self, expression):
        """The expression's value, awaited; strings and other plain values only."""
        answer = self.command(
            "script.evaluate",
            expression=expression,
            target={"context": self.context},
            awaitPromise=True,
        )
        if answer["type"] == "exception":
            raise AssertionError(answer["exceptionDetails"]["text"])
        return answer["result"].get("value", answer["result"])

    def element(self, element_id):
        script = f"document.getElementById({json.dumps(element_id)})"
        answer = self.command(
            "script.evaluate",
            expression=script,
            target={"context": self.context},
            awaitPromise=False,
        )
        node = answer.get("result", {})
        if node.get("type") != "node":
            raise AssertionError(f"the page has no element {element_id}")
        return {"type": "element", "element": {"sharedId": node["sharedId"]}}

    def click(self, element_id):
        origin = self.element(element_id)
        # As a person: scroll there first, else the pointer may miss the window.
        self.evaluate(f"document.getElementById({json.dumps(element_id)}).scrollIntoView()")
        self._act(
            type="pointer",
            id="mouse",
            actions=[
                {"type": "pointerMove", "x": 0, "y": 0, "origin": origin},
                {"type": "pointerDown", "button": 0},
                {"type": "pointerUp", "button": 0},
            ],
        )

    def type(self, text):
        keys = [
            {"type": kind, "value": character}
            for character in text
            for kind in ("keyDown", "keyUp")
        ]
        self._act(type="key", id="keyboard", actions=keys)

    def _act(self, **source):
        self.command("input.performActions", context=self.context, actions=[source])

    def screenshot(self):
        answer = self.command("browsingContext.captureScreenshot", context=self.context)
        return base64.b64decode(answer["data"])


@contextlib.contextmanager
def chromium(*more_flags):
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        flags = [*CHROMIUM_FLAGS, f"--user-data-dir={folder}/profile", *more_flags]
        with program(["chromedriver", "--port=0"], folder) as log:
            port = wait_for_line(log, r"started successfully on port (\d+)")
            wanted = {"webSocketUrl": True, "goog:chromeOptions": {"args": flags}}
            body = {"capabilities": {"alwaysMatch": wanted}}
            session = http("POST", f"http://127.0.0.1:{port}/session", body)["value"]
            try:
                url = session["capabilities"]["webSocketUrl"]
                with connect(url, max_size=None, open_timeout=20) as ws:
                    browser = Browser(ws)
                    browser.start()
                    yield browser
            finally:
                # Ends the browser itself, which is no child of ours.
                http("DELETE", f"http://127.0.0.1:{port}/session/{session['sessionId']}")


@contextlib.contextmanager
def firefox(trusting=False):
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        lines = (
            f"user_pref({json.dumps(name)}, {json.dumps(value)});\n"
            for name, value in FIREFOX_PREFERENCES.items()
        )
        Path(folder, "user.js").write_text("".join(lines))
        command = ["firefox-esr", "--headless", "--no-remote", "--profile", folder]
        command += ["--width=1000", "--height=800", "--remote-debugging-port=0"]
        with program(command, folder) as log:
            address = wait_for_line(log, r"BiDi listening on (ws://\S+)")
            with connect(f"{address}/session", max_size=None, open_timeout=20) as ws:
                browser = Browser(ws)
                browser.open_session(trusting)
                browser.start()
                yield browser
                browser.command("browser.close")


BROWSERS = {"chromium": chromium, "firefox": firefox}
PROGRAMS = {"chromium": "chromedriver", "firefox": "firefox-esr"}


@contextlib.contextmanager
def program(command, folder):
    """Runs a program that writes to a file, for it may write at any time."""
    log = Path(folder, "log")
    with log.open("wb") as file:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=file, stderr=subprocess.STDOUT
        )
    try:
        yield log
    finally:
        end(process, 5)


def wait_for_line(log, pattern, seconds=30):
    limit = time.monotonic() + seconds
    while time.monotonic() < limit:
        found = re.search(pattern, log.read_text(errors="replace"))
        if found:
            return found[1]
        time.sleep(0.05)
    raise TimeoutError(f"no {pattern!r} within {seconds} s: {log.read_text()[-300:]}")


def http(method, url, body=None):
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"Content-Type": "application/json"}, method=method)
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.load(answer)
