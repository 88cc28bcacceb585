"""The echo server's page in a browser, used as a person would."""

import json
import re
import time

from judges.environment import INTEROP
from judges.report import expect, expect_true

CODE = (INTEROP / "judges" / "exercises.js").read_text()
EXERCISES = re.findall(r'^  async "?(.+?)"?\(\) {$', CODE, re.M)

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
        return self.browser.evaluate(f"(async () => {{ {CODE}\n{code} }})()")

    def closes(self, server):
        server.interrupt()
        self.wait("the state does not say closed", lambda: "closed" in self.text("state").lower())
