#!/usr/bin/env python3
"""Counts the crates that each feature of ours, and other libraries, have to be built with.

bench/dependencies.py           prints the tables
bench/dependencies.py --write   puts them into ARCHITECTURE.md
bench/dependencies.py --check   fails when what ARCHITECTURE.md says of our crates is not so, or when
                                miniws-tokio is not smaller than tokio-tungstenite, or when FEATURES.md
                                is about other versions than bench/ has

A count is that of `cargo tree -e normal --prefix none --no-dedupe | sort -u`, the crate itself and macros
included.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "ARCHITECTURE.md"
OURS = ["miniws-proto", "miniws-tokio", "miniws-async-std", "miniws-blocking"]
OTHERS = [
    "tokio-tungstenite",
    "fastwebsockets",
    "tokio-websockets",
    "sockudo-ws",
    "yawc",
    "wtx",
    "soketto",
]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    choice = parser.add_mutually_exclusive_group()
    choice.add_argument("--write", action="store_true", help="put the tables into ARCHITECTURE.md")
    choice.add_argument("--check", action="store_true", help="hold ARCHITECTURE.md against them")
    arguments = parser.parse_args()
    if arguments.check:
        return check()
    tables = {"ours": ours(), "others": others()}
    for name, lines in tables.items():
        if arguments.write:
            put(name, lines)
        else:
            print("\n".join(lines), end="\n\n")
    return 0


def check():
    failures = []
    if ours() != kept("ours"):
        failures.append("ARCHITECTURE.md is out of date: run bench/dependencies.py --write")
    # The smaller of theirs, so that a new release of something cannot spoil the comparison.
    mine, theirs = len(tree(ROOT, "miniws-tokio")), len(other("tokio-tungstenite"))
    print(f"miniws-tokio: {mine} crates, tokio-tungstenite: {theirs}")
    if mine >= theirs:
        failures.append("miniws-tokio is not smaller than tokio-tungstenite")
    for name, told in compared().items():
        if told != version(name):
            failures.append(f"FEATURES.md is about {name} {told}, and bench/ has {version(name)}: look again")
    for failure in failures:
        print(failure, file=sys.stderr)
    return 1 if failures else 0


def ours():
    """Our crates with none of their features, with the default ones, and with each alone."""
    lines = ["| crate | features | crates | new |", "|---|---|--:|---|"]
    for package in packages():
        name, features = package["name"], package["features"]
        default = features.pop("default")
        none = tree(ROOT, name, default=False)
        lines.append(row(name, "none", none, none))
        lines.append(row(name, "default: " + ", ".join(default), tree(ROOT, name), none))
        for feature in sorted(features):
            alone = tree(ROOT, name, feature, default=False)
            lines.append(row(name, feature, alone, none))
    return lines


def row(name, features, crates, none):
    names = sorted({crate.split()[0] for crate in crates - none})
    new = ", ".join(f"`{name}`" for name in names)
    return f"| `{name}` | {features} | {len(crates)} | {new} |"


def others():
    """Other libraries, with their default features and with those that bench/ needs."""
    lines = ["| | default features | with those of the bench |", "|---|--:|--:|"]
    lines.append("| **miniws-tokio** | **{0}** | **{0}** |".format(len(tree(ROOT, "miniws-tokio"))))
    wanted = tomllib.loads((ROOT / "bench/Cargo.toml").read_text())["dependencies"]
    for name in OTHERS:
        settings = wanted[name] if isinstance(wanted[name], dict) else {}
        counts = len(other(name)), len(other(name, **settings))
        lines.append("| {} {} | {} | {} |".format(name, version(name), *counts))
    return lines


def packages():
    command = ["cargo", "metadata", "--no-deps", "--format-version", "1"]
    found = json.loads(run(command, ROOT))["packages"]
    return sorted((p for p in found if p["name"] in OURS), key=lambda p: OURS.index(p["name"]))


def version(name):
    lock = tomllib.loads((ROOT / "bench/Cargo.lock").read_text())
    return next(package["version"] for package in lock["package"] if package["name"] == name)


def other(name, **settings):
    """The crates of another library in the version that is measured."""
    settings = {**settings, "version": "=" + version(name)}
    wanted = ", ".join(f"{key} = {json.dumps(value)}" for key, value in settings.items())
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "lib.rs").touch()
        Path(folder, "Cargo.toml").write_text(
            '[package]\nname = "only"\nedition = "2024"\n[lib]\npath = "lib.rs"\n'
            f"[dependencies]\n{name} = {{ {wanted} }}\n"
        )
        return tree(folder, "only") - {"only"}


def compared():
    """The versions that FEATURES.md is about."""
    lines = (ROOT / "FEATURES.md").read_text().splitlines()
    header = next(line for line in lines if line.startswith("| | miniws "))
    return dict(cell.split() for cell in header.strip("| ").split(" | ")[1:])


def tree(folder, package, *features, default=True):
    command = ["cargo", "tree", "-e", "normal", "--prefix", "none", "--no-dedupe", "-p", package]
    if features:
        command += ["--features", ",".join(features)]
    if not default:
        command.append("--no-default-features")
    lines = run(command, folder).splitlines()
    # A name and a version; what follows is a path or a remark.
    crates = {" ".join(line.split()[:2]) for line in lines if line}
    return {crate for crate in crates if not crate.startswith("only ")}


def run(command, folder):
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{' '.join(command)}: {done.stderr}")
    return done.stdout


def marks(name):
    return f"<!-- dependencies: {name} -->\n", f"<!-- end of dependencies: {name} -->\n"


def kept(name):
    begin, end = marks(name)
    return PAGE.read_text().partition(begin)[2].partition(end)[0].splitlines()


def put(name, lines):
    begin, end = marks(name)
    before, _, rest = PAGE.read_text().partition(begin)
    after = rest.partition(end)[2]
    PAGE.write_text(before + begin + "\n".join(lines) + "\n" + end + after)


if __name__ == "__main__":
    sys.exit(main())
