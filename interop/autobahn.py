#!/usr/bin/env python3
"""Runs the Autobahn test suite's cases, by kosoku, against our programs.

    interop/autobahn.py --echo target/release/examples/echo \\
                        --client target/release/examples/autobahn_client

Each case's verdict on the messages and on the closing handshake must be the
one in autobahn-expected.json, whatever the role and the runtime.
"""

import argparse
import collections
import contextlib
import json
import re
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit

from judges.environment import HOME, INTEROP, use_venv
from judges.processes import Server, end, first_line, last_words, words
from judges.report import shorten

KOSOKU = str(HOME / "venv" / "bin" / "kosoku")
EXPECTED = INTEROP / "autobahn-expected.json"
INDEX = "index.json"

# Groups 12 and 13 are about permessage-deflate: each kind of data and of
# parameters in a thousand messages of eighteen sizes, of which only the sixth
# and before, and the eleventh, are of up to 8 KiB.
COMPRESSED = ["12", "13"]
LARGE = [7, 8, 9, 10, *range(12, 19)]
LARGE_CASES = [f"{group}.*.{size}" for group in COMPRESSED for size in LARGE]
# Everything that can be is compressed: kosoku 0.1.0 reports an error of its own
# for a message that comes back uncompressed.
DEFLATE = "--deflate=threshold=0,takeover,peer-bits=15"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--echo", metavar="COMMAND", help="the echo server to judge")
    parser.add_argument("--client", metavar="COMMAND", help="the fuzzing client's client to judge")
    which = parser.add_mutually_exclusive_group()
    which.add_argument(
        "--all",
        action="store_true",
        help="also the compressed messages of more than 8 KiB: ten minutes instead of one",
    )
    which.add_argument(
        "--cases",
        action="append",
        metavar="CASE",
        help="only these cases (repeatable): an id, or a glob, which takes all that begin so, "
        "hence 12.*.1 has 12.1.10 in it, too",
    )
    parser.add_argument("--expected", type=Path, default=EXPECTED, metavar="FILE")
    parser.add_argument(
        "--record", type=Path, metavar="FOLDER", help="write the verdicts seen to ROLE.json there"
    )
    parser.add_argument(
        "--reports", type=Path, metavar="FOLDER", help="keep kosoku's reports there"
    )
    parser.add_argument(
        "--seconds", type=float, help="limit of each role's run (default: 300, with --all 2400)"
    )
    arguments = parser.parse_args()
    if not (arguments.echo or arguments.client):
        parser.error("neither --echo nor --client is given")

    exclude = [] if arguments.all or arguments.cases else LARGE_CASES
    cases = Cases(arguments.cases or ["*"], exclude)
    expected = {
        case: tuple(verdict)
        for case, verdict in json.loads(arguments.expected.read_text()).items()
        if case in cases
    }
    roles = [
        ("server", arguments.echo, judge_server),
        ("client", arguments.client, judge_client),
    ]
    seconds = arguments.seconds or (2400 if arguments.all else 300)
    passed = failed = 0
    with contextlib.ExitStack() as stack:
        folder = arguments.reports or Path(stack.enter_context(tempfile.TemporaryDirectory()))
        # In each run, mostly one side waits for the other: two share two cores well.
        pool = stack.enter_context(ThreadPoolExecutor())
        outcomes = {
            role: pool.submit(outcome, judge, command, cases, folder / role, seconds)
            for role, command, judge in roles
            if command
        }
        for role, future in outcomes.items():
            complaint, seen, took = future.result()
            if arguments.record:
                write_verdicts(arguments.record / f"{role}.json", seen)
            good, bad, differences = compare(seen, expected)
            passed += good
            failed += bad + bool(complaint)
            for line in [complaint] * bool(complaint) + differences:
                print(f"FAIL  {role}: {line}")
            tally = collections.Counter(behavior for behavior, _ in seen.values())
            summary = ", ".join(f"{count} {behavior}" for behavior, count in tally.most_common())
            print(f"{role}: {len(seen)} cases: {summary} ({took:.0f} s)")
    print(f"{passed} passed, {failed} failed")
    return 0 if passed and not failed else 1


class Cases:
    """A choice of cases by ids and by globs, each of which takes every case that begins so."""

    def __init__(self, include, exclude):
        self.include = include
        self.exclude = exclude

    def __contains__(self, case):
        return is_among(case, self.include) and not is_among(case, self.exclude)

    def options(self):
        include = [word for glob in self.include for word in ("--include", glob)]
        return include + [word for glob in self.exclude for word in ("--exclude", glob)]


def is_among(case, choices):
    return any(case == choice or begins(case, choice) for choice in choices)


def begins(case, glob):
    return "*" in glob and re.match(".*".join(map(re.escape, glob.split("*"))), case)


def outcome(judge, command, cases, folder, seconds):
    """A complaint or None, the verdicts, and the seconds that it took."""
    start = time.monotonic()
    (folder / INDEX).unlink(missing_ok=True)  # of an earlier run
    options = [*cases.options(), "--outdir", str(folder)]
    try:
        complaint = judge(command, options, seconds)
    except subprocess.TimeoutExpired:
        complaint = f"the run was not done after {seconds:.0f} s"
    except (OSError, RuntimeError) as error:
        complaint = str(error)
    return complaint, verdicts(folder), time.monotonic() - start


def judge_server(command, options, seconds):
    """Has kosoku fuzz the echo server. Returns a complaint or None."""
    with Server(command, DEFLATE) as server:
        fuzzer = [KOSOKU, "-m", "fuzzingclient", server.url, *options]
        # Its exit status is of no use: it fails for any verdict it dislikes,
        # and our file of expectations has the last word on those.
        done = subprocess.run(fuzzer, capture_output=True, timeout=seconds)
        if server.death():
            return f"the server does not live on: {server.death()}"
        if b"wrote reports" not in done.stdout:
            return f"kosoku wrote no report: {last_words(done.stderr)}"
    return None


def judge_client(command, options, seconds):
    """Has the client visit kosoku's fuzzing server. Returns a complaint or None."""
    stop = time.monotonic() + seconds
    fuzzer = [KOSOKU, "-m", "fuzzingserver", "127.0.0.1:0", *options]
    server = subprocess.Popen(fuzzer, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    try:
        url = first_line(server.stderr, 10).rpartition(" ")[2]
        # Its list of failed cases must not fill the pipe.
        threading.Thread(target=server.stderr.read, daemon=True).start()
        client = subprocess.run(
            [*words(command), with_address(url)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            timeout=seconds,
        )
        try:
            # It ends when a client has asked for the reports; else never.
            patience = 5 if client.returncode else 15
            server.wait(min(patience, max(1, stop - time.monotonic())))
        except subprocess.TimeoutExpired:
            return (
                f"the client ended with {client.returncode} before the reports "
                f"were written: {last_words(client.stderr)}"
            )
        if client.returncode != 0:
            return f"the client ended with {client.returncode}: {last_words(client.stderr)}"
    finally:
        end(server)
    return None


def with_address(url):
    parts = urlsplit(url)
    return f"ws://{parts.hostname}:{parts.port}"


def verdicts(folder):
    """{case: (behavior, closing behavior)} from the index of kosoku's reports."""
    index = folder / INDEX
    if not index.exists():
        return {}
    agents = json.loads(index.read_text()).values()
    return {
        case: (result["behavior"], result["behaviorClose"])
        for results in agents
        for case, result in results.items()
    }


def numbers(case):
    return [int(part) for part in case.split(".")]


def compare(seen, wanted):
    """How many cases are as wanted, how many not, and lines on the latter."""
    good, lines = 0, []
    missing = sorted(wanted.keys() - seen.keys(), key=numbers)
    if missing:
        lines.append(f"{len(missing)} cases did not run: {shorten(' '.join(missing))}")
    for case in sorted(seen, key=numbers):
        got, want = seen[case], wanted.get(case)
        if case not in wanted:
            lines.append(f"case {case}: {got[0]} / close {got[1]}, and no expectation")
        elif got != want:
            lines.append(
                f"case {case}: {got[0]} / close {got[1]}, expected {want[0]} / close {want[1]}"
            )
        else:
            good += 1
    return good, len(seen) + len(missing) - good, lines


def write_verdicts(file, seen):
    file.parent.mkdir(parents=True, exist_ok=True)
    lines = [f'  "{case}": {json.dumps(seen[case])}' for case in sorted(seen, key=numbers)]
    file.write_text("{\n" + ",\n".join(lines) + "\n}\n")


if __name__ == "__main__":
    use_venv()
    sys.exit(main())
