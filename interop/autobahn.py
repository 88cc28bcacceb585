#!/usr/bin/env python3
"""Runs the Autobahn test suite's cases, by kosoku, against our programs.

    interop/autobahn.py --echo target/release/examples/echo
    interop/autobahn.py --client target/release/examples/autobahn_client

Each case's verdict on the messages and on the closing handshake must be the
one in autobahn-expected.json.
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
from pathlib import Path
from urllib.parse import urlsplit

from judges.environment import HOME, INTEROP, use_venv
from judges.processes import Server, end, first_line, last_words, words
from judges.report import shorten

KOSOKU = str(HOME / "venv" / "bin" / "kosoku")
EXPECTED = INTEROP / "autobahn-expected.json"
INDEX = "index.json"
# All but 12 and 13, which need permessage-deflate and take long.
CASES = ["1.*", "2.*", "3.*", "4.*", "5.*", "6.*", "7.*", "9.*", "10.*"]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--echo", metavar="COMMAND", help="the echo server to judge")
    parser.add_argument("--client", metavar="COMMAND", help="the fuzzing client's client to judge")
    parser.add_argument(
        "--cases",
        action="append",
        metavar="GLOB",
        help="cases to run (repeatable); a glob takes all that begin so, "
        "hence 12.*.1 has 12.1.10 in it, too (default: all but 12 and 13)",
    )
    parser.add_argument("--expected", type=Path, default=EXPECTED, metavar="FILE")
    parser.add_argument("--record", type=Path, metavar="FILE", help="write the verdicts seen there")
    parser.add_argument(
        "--reports", type=Path, metavar="FOLDER", help="keep kosoku's reports there"
    )
    parser.add_argument("--seconds", type=float, default=120, help="limit of each role's run")
    arguments = parser.parse_args()
    if not (arguments.echo or arguments.client):
        parser.error("neither --echo nor --client is given")

    cases = arguments.cases or CASES
    passed = failed = 0
    for role, command, run in [
        ("server", arguments.echo, judge_server),
        ("client", arguments.client, judge_client),
    ]:
        if not command:
            continue
        start = time.monotonic()
        with contextlib.ExitStack() as stack:
            folder = arguments.reports or Path(stack.enter_context(tempfile.TemporaryDirectory()))
            folder = folder / role
            (folder / INDEX).unlink(missing_ok=True)  # of an earlier run
            complaint = run(command, cases, folder, arguments.seconds)
            seen = verdicts(folder)
        if arguments.record:
            write_verdicts(arguments.record, seen)
        wanted = {
            case: verdict
            for case, verdict in json.loads(arguments.expected.read_text()).items()
            if selected(case, cases)
        }
        good, bad, differences = compare(seen, wanted)
        passed += good
        failed += bad + bool(complaint)
        for line in [complaint] * bool(complaint) + differences:
            print(f"FAIL  {role}: {line}")
        tally = collections.Counter(behavior for behavior, _ in seen.values())
        summary = ", ".join(f"{count} {behavior}" for behavior, count in tally.most_common())
        print(f"{role}: {len(seen)} cases: {summary} ({time.monotonic() - start:.0f} s)")
    print(f"{passed} passed, {failed} failed")
    return 0 if passed and not failed else 1


def options(cases, folder):
    include = [word for case in cases for word in ("--include", case)]
    return [*include, "--outdir", str(folder)]


def judge_server(command, cases, folder, seconds):
    """Has kosoku fuzz the echo server. Returns a complaint or None."""
    try:
        with Server(command) as server:
            fuzzer = [KOSOKU, "-m", "fuzzingclient", server.url, *options(cases, folder)]
            # Its exit status is of no use: it fails for any verdict it dislikes,
            # and our file of expectations has the last word on those.
            done = subprocess.run(fuzzer, capture_output=True, timeout=seconds)
            if server.death():
                return f"the server does not live on: {server.death()}"
            if not (folder / INDEX).exists():
                return f"kosoku wrote no report: {last_words(done.stderr)}"
    except subprocess.TimeoutExpired:
        return f"the run was not done after {seconds:.0f} s"
    except (OSError, RuntimeError) as error:
        return str(error)
    return None


def judge_client(command, cases, folder, seconds):
    """Has the client visit kosoku's fuzzing server. Returns a complaint or None."""
    stop = time.monotonic() + seconds
    fuzzer = [KOSOKU, "-m", "fuzzingserver", "127.0.0.1:0", *options(cases, folder)]
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
    except subprocess.TimeoutExpired:
        return f"the client was not done after {seconds:.0f} s"
    except (OSError, RuntimeError) as error:
        return str(error)
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


def selected(case, globs):
    return any(re.match(".*".join(map(re.escape, glob.split("*"))), case) for glob in globs)


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
        elif list(got) != list(want):
            lines.append(
                f"case {case}: {got[0]} / close {got[1]}, expected {want[0]} / close {want[1]}"
            )
        else:
            good += 1
    return good, len(seen) + len(missing) - good, lines


def write_verdicts(file, seen):
    lines = [f'  "{case}": {json.dumps(seen[case])}' for case in sorted(seen, key=numbers)]
    file.write_text("{\n" + ",\n".join(lines) + "\n}\n")


if __name__ == "__main__":
    use_venv()
    sys.exit(main())
