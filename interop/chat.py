#!/usr/bin/env python3
"""Lets several processes of our chat be one room by Redis, and takes both away from them.

interop/chat.py --chat target/debug/examples/chat
"""

import argparse
import sys

from judges.environment import use_venv

use_venv()

from judges import scale_out  # noqa: E402 (needs what the environment has)
from judges.report import Report  # noqa: E402


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--chat", metavar="COMMAND", required=True, help="the chat to judge")
    parser.add_argument("--seconds", type=float, default=180, help="limit of the whole run")
    arguments = parser.parse_args()
    report = Report(arguments.seconds)
    scale_out.run(report, arguments.chat)
    return report.finish()


if __name__ == "__main__":
    sys.exit(main())
