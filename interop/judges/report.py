"""Runs checks one after the other, each within its time, and counts them."""

import contextlib
import signal
import sys
import time


class TimeUp(KeyboardInterrupt):
    """A check took too long.

    A KeyboardInterrupt, because that is what event loops and libraries let
    pass where they would swallow an ordinary exception.
    """


@contextlib.contextmanager
def time_limit(seconds):
    def ring(_signal, _frame):
        raise TimeUp(f"not done after {seconds:.0f} s")

    previous = signal.signal(signal.SIGALRM, ring)
    # It rings again every second: somebody may have swallowed the first one.
    signal.setitimer(signal.ITIMER_REAL, seconds, 1)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, previous)


def expect(got, want, what="value"):
    if got != want:
        raise AssertionError(f"{what}: got {shorten(got)}, want {shorten(want)}")


def expect_true(condition, complaint):
    if not condition:
        raise AssertionError(complaint)


def shorten(value):
    text = repr(value if not isinstance(value, (str, bytes)) else value[:61])
    if isinstance(value, (str, bytes)) and len(value) > 61:
        return f"{text}... ({len(value)} long)"
    return text if len(text) < 400 else text[:400] + "..."


class Report:
    """The outcome of one run. `limit` bounds the whole run, in seconds."""

    def __init__(self, limit):
        self.passed = 0
        self.failed = 0
        self.end = time.monotonic() + limit
        # So that the servers we started are ended when somebody ends us.
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))

    def check(self, name, function, *arguments, seconds=15):
        seconds = max(0.1, min(seconds, self.end - time.monotonic()))
        start = time.monotonic()
        error = None
        try:
            with time_limit(seconds):
                function(*arguments)
        except (Exception, TimeUp) as caught:
            error = f"{type(caught).__name__}: {caught}"
        self.record(name, error, time.monotonic() - start)

    def record(self, name, error=None, seconds=None):
        took = "" if seconds is None else f" ({seconds:.1f} s)"
        if error is None:
            self.passed += 1
            print(f"ok    {name}{took}", flush=True)
        else:
            self.failed += 1
            print(f"FAIL  {name}{took}\n      {error[:1000]}", flush=True)

    def finish(self):
        """Prints the counts. A run that checked nothing has failed, too."""
        print(f"{self.passed} passed, {self.failed} failed", flush=True)
        return 0 if self.passed and not self.failed else 1
