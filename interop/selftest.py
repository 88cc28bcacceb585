#!/usr/bin/env python3
"""Judges the judges: good stand-ins must pass, and for each check there must be
a fault that makes it fail. Takes some minutes; run it after changing a check.
"""

import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

from judges.environment import INTEROP, use_venv

ECHO = f"{sys.executable} {INTEROP}/standins/echo.py"
CLIENT = f"{sys.executable} {INTEROP}/standins/client.py"
AUTOBAHN_CLIENT = f"node {INTEROP}/standins/autobahn_client.cjs"
PEERS = ["websockets", "aiohttp", "libcurl", "ws", "undici", "java"]


# A fault of the echo stand-in and the parts of peers.py that are to notice it.
ECHO_FAULTS = {
    "wrong-byte": [*PEERS, "raw", "proxies", "deflate", "deflate-peers"],
    "wrong-kind": PEERS,
    "drop-empty": PEERS,
    "small-limit": PEERS,
    "echo-fragments": ["websockets", "libcurl", "ws", "java"],
    "drop-some": PEERS,
    "always-1000": PEERS,
    "no-close": ["raw"],
    "no-pong": PEERS,
    "empty-pong": PEERS,
    "late-pong": ["raw", "java"],
    "no-subprotocol": PEERS,
    "any-subprotocol": [*PEERS, "raw"],
    "server-order": ["raw"],
    "die-on-abrupt": [*PEERS, "raw"],
    "keep-half-closed": ["raw"],
    "keep-tcp": ["raw"],
    "read-after-close": ["raw"],
    "any-mask": ["raw"],
    "any-opcode": ["raw"],
    "any-text": ["raw"],
    "no-limit": ["raw"],
    "any-key": ["raw"],
    "version-400": ["raw"],
    "no-page": ["raw"],
    "endless": ["raw"],
    "one-read": ["raw"],
    "lose-first-segment": ["raw"],
    "no-rsv1": ["deflate"],
    "wide-window": ["deflate", "deflate-peers"],
    "keeps-context": ["deflate", "deflate-peers"],
    "any-answer": ["deflate", "deflate-peers"],
    "late-limit": ["deflate"],
    "sigint-dies": ["shutdown"],
    "sigint-1000": ["shutdown"],
    "sigint-exit-1": ["shutdown"],
    "sigint-ignored": ["shutdown"],
}
CLIENT_FAULTS = {
    "always-0": ["check", "proxies-of-clients", "redirects"],
    "status-3": ["check", "stdin"],
    "no-proxy": ["proxies-of-clients"],
    "no-redirects": ["redirects"],
    "one-redirect-more": ["redirects"],
    "root-of-redirects": ["redirects"],
    "keeps-credentials": ["redirects"],
    "drops-credentials": ["redirects"],
    "silent": ["check", "stdin"],
    "talkative": ["check"],
    "hangs": ["check"],
    "believes-anything": ["check"],
    "small-limit": ["check", "proxies-of-clients"],
    "no-rsv1": ["deflate-client"],
    "wide-window": ["deflate-client", "deflate-check"],
    "keeps-context": ["deflate-client", "deflate-check"],
    "any-answer": ["deflate-client"],
    "wrong-word": ["deflate-client", "deflate-check"],
    "prints-nothing": ["stdin"],
    "always-text": ["stdin"],
    "text-only": ["stdin"],
    "closes-early": ["stdin"],
    "closes-1001": ["stdin"],
    "no-headers": ["stdin"],
    "no-subprotocol": ["stdin"],
}
AUTOBAHN_FAULTS = ["no-reports", "wrong-bytes", "stops-early", "status-1", "hangs"]


def run(script, *options):
    """The exit status, the names of the checks, and those that failed."""
    done = subprocess.run(
        [sys.executable, str(INTEROP / script), *options],
        capture_output=True,
        text=True,
        timeout=900,
    )
    lines = re.findall(r"^(ok  |FAIL)  (.+?)(?: \([\d.]+ s\))?$", done.stdout, re.M)
    names = {name for _, name in lines}
    failed = {name for word, name in lines if word == "FAIL"}
    return done.returncode, names, failed


class Tally:
    def __init__(self):
        self.passed = self.failed = 0

    def add(self, good, line):
        self.passed += good
        self.failed += not good
        print("ok   " if good else "FAIL ", line, flush=True)


def peers(tally):
    status, names, failed = run("peers.py", "--echo", ECHO, "--client", CLIENT)
    tally.add(status == 0 and len(names) > 100, f"good stand-ins pass {len(names)} checks")
    never = set(names)
    faults = [("--echo", ECHO, *item) for item in ECHO_FAULTS.items()]
    faults += [("--client", CLIENT, *item) for item in CLIENT_FAULTS.items()]
    # Most of the time is waiting for what a faulty program does not do.
    with ThreadPoolExecutor(6) as pool:
        for fault, (status, _, failed) in pool.map(lambda item: run_fault(*item), faults):
            tally.add(status == 1 and bool(failed), f"{fault}: {', '.join(sorted(failed))}")
            never -= failed
    # Whether a server lives on is asked once for each peer; one peer will do.
    never = {name for name in never if "lives on" not in name}
    tally.add(not never, f"never failed: {', '.join(sorted(never)) or 'none'}")


def run_fault(option, command, fault, groups):
    only = [word for group in groups for word in ("--only", group)]
    return fault, run("peers.py", option, f"{command} --fault {fault}", *only)


def autobahn(tally):
    few = ["--cases", "1.1.2", "--cases", "2.2", "--seconds", "10"]
    for fault in ["none", *AUTOBAHN_FAULTS]:
        status, _, _ = run("autobahn.py", "--client", f"{AUTOBAHN_CLIENT} {fault}", *few)
        tally.add(status == (fault != "none"), f"autobahn client {fault}: status {status}")
    for fault in ["none", "no-pong", "wrong-byte", "any-opcode", "any-text"]:
        cases = [*few, "--cases", "3.2", "--cases", "6.3.1"]
        status, _, _ = run("autobahn.py", "--echo", f"{ECHO} --fault {fault}", *cases)
        tally.add(status == (fault != "none"), f"autobahn server {fault}: status {status}")


def main():
    tally = Tally()
    autobahn(tally)
    peers(tally)
    print(f"{tally.passed} passed, {tally.failed} failed")
    return 0 if not tally.failed else 1


if __name__ == "__main__":
    use_venv()
    sys.exit(main())
