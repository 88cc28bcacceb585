"""Where the tools that setup.sh installed are found."""

import os
import sys
from pathlib import Path

INTEROP = Path(__file__).resolve().parent.parent
HOME = Path(os.environ.get("MINIWS_INTEROP_HOME", INTEROP.parent / "target" / "interop"))
PYTHON = HOME / "venv" / "bin" / "python"


def use_venv():
    """Goes on in setup.sh's Python environment, whichever Python started us."""
    # Lets our .cjs files, which lie elsewhere, find the installed modules.
    os.environ["NODE_PATH"] = str((HOME / "node_modules").resolve())
    if Path(sys.prefix).resolve() == (HOME / "venv").resolve():
        return
    if not PYTHON.exists():
        sys.exit(f"no Python environment in {HOME}: run interop/setup.sh first")
    os.execv(PYTHON, [str(PYTHON), *sys.argv])


def daemon(name):
    """The path of a server program; Debian keeps those out of a user's PATH."""
    for folder in [*os.environ.get("PATH", "").split(os.pathsep), "/usr/sbin"]:
        path = Path(folder) / name
        if os.access(path, os.X_OK):
            return str(path)
    raise FileNotFoundError(f"{name} is not installed: run interop/setup.sh")
