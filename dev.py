#!/usr/bin/env python3
"""Start lightctl from a clone, with nothing prepared.

python3 dev.py demo [OPTIONS]    a simulated town lives through one winter night; exit 0 when every check held
python3 dev.py test [OPTIONS]    the whole test suite; options go to pytest
python3 dev.py lint              formatter, linter, type checker, import floors
python3 dev.py lightctl [ARGS]   the lightctl command itself, in the folder you stand in
python3 dev.py lock              write the lock files again from pyproject.toml (needs uv)

Needs Python 3.11 or newer. The first start makes .venv beside this file from a hash-pinned lock file, with uv when it
is on PATH, else with venv and pip; later starts only compare a stamp. Nothing is written outside .venv and .lightctl.
"""

import fcntl
import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
STAMP = VENV / "lightctl-stamp"
RUNTIME, DEV = "requirements.lock", "requirements-dev.lock"
LINT = (("ruff", "format", "--check"), ("ruff", "check"), ("mypy",), ("lint-imports",))
# /bin/sh starts it and hands it to Python: a plain #! line breaks on spaces and on long paths.
LAUNCHER = """#!/bin/sh
'''exec' "{python}" "$0" "$@"
' '''
import sys

from lightctl.cli.main import main

sys.exit(main())
"""


def say(text: str) -> None:
    """Talk to the person on stderr; stdout belongs to what is started."""
    print(text, file=sys.stderr, flush=True)


def run(*command: str) -> None:
    """Run one command from the clone, its stdout on our stderr; CalledProcessError when it fails."""
    subprocess.run(command, check=True, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=sys.stderr)


def stamp(lock: str) -> str:
    """Name everything a finished environment depends on: the lock, this file, the interpreter, the place."""
    digest = hashlib.sha256((ROOT / lock).read_bytes() + Path(__file__).read_bytes()).hexdigest()
    return f"{lock} {digest} {sys.version_info[:2]} {VENV}\n"


def holds(*locks: str) -> bool:
    """Say whether .venv is finished, sound and made from one of these lock files."""
    return PYTHON.exists() and STAMP.exists() and STAMP.read_text() in [stamp(lock) for lock in locks]


def fill_with_uv(uv: str, lock: str) -> None:
    """Make .venv, or add to it, with uv."""
    if not PYTHON.exists():
        run(uv, "venv", "--quiet", "--python", sys.executable, str(VENV))
    run(uv, "pip", "install", "--quiet", "--python", str(PYTHON), "--require-hashes", "-r", lock)


def fill_with_pip(lock: str) -> None:
    """Make .venv, or add to it, with the standard library's venv and pip."""
    if not PYTHON.exists():
        if getattr(importlib.util.find_spec("ensurepip"), "origin", None) is None:
            major, minor = sys.version_info[:2]
            say("This Python cannot make virtual environments. Install the missing package, then start again:")
            sys.exit(f"    apt install python{major}.{minor}-venv")
        run(sys.executable, "-m", "venv", str(VENV))
    quiet = ("--quiet", "--disable-pip-version-check", "--no-input")
    run(str(PYTHON), "-m", "pip", "install", *quiet, "--require-hashes", "-r", lock)


def fill(lock: str) -> None:
    """Make .venv hold one lock file, the project itself and its command; the stamp comes last."""
    say(f"Preparing .venv from {lock}: once, up to a minute or two ...")
    if holds(RUNTIME):
        STAMP.unlink()  # a sound runtime environment is only added to
    elif VENV.exists():
        shutil.rmtree(VENV)
    uv = shutil.which("uv")
    try:
        if uv:
            fill_with_uv(uv, lock)
    except subprocess.CalledProcessError:
        say("uv could not do it; trying venv and pip.")
        shutil.rmtree(VENV, ignore_errors=True)
        uv = None
    if not uv:
        fill_with_pip(lock)
    next(VENV.glob("lib/python*/site-packages")).joinpath("lightctl.pth").write_text(f"{ROOT}\n")
    (VENV / "bin" / "lightctl").write_text(LAUNCHER.format(python=PYTHON))
    (VENV / "bin" / "lightctl").chmod(0o755)
    STAMP.write_text(stamp(lock))


def prepare(*locks: str) -> None:
    """Make sure .venv holds one of these lock files; the first is installed when it holds none of them."""
    with Path(__file__).open() as door:
        fcntl.flock(door, fcntl.LOCK_EX)  # of two starts at once the second waits for the first
        if not holds(*locks):
            fill(locks[0])


def lock() -> None:
    """Write both lock files: every version and hash, and no place to fetch from."""
    compile_ = ("uv", "pip", "compile", "--quiet", "--universal", "--python-version", "3.11", "--generate-hashes")
    bare = ("--no-header", "--no-annotate", "--no-emit-index-url", "--no-emit-find-links", "pyproject.toml")
    run(*compile_, *bare, "-o", RUNTIME)
    run(*compile_, *bare, "--group", "dev", "-c", RUNTIME, "-o", DEV)


def become(*command: str) -> None:
    """Turn into this command, so that its exit code and every signal are its own."""
    os.execv(command[0], command)


def main(verb: str = "", *options: str) -> None:
    """Do what one verb asks."""
    if sys.version_info < (3, 11):  # noqa: UP036 - people do start this file with an older Python
        version = ".".join(str(part) for part in sys.version_info[:3])
        sys.exit(f"lightctl needs Python 3.11 or newer; {sys.executable} is {version}. Try: python3.11 dev.py {verb}")
    if verb in ("demo", "lightctl"):
        prepare(RUNTIME, DEV)
        if verb == "demo":
            os.chdir(ROOT)
            options = ("demo", *options)
        become(str(PYTHON), str(VENV / "bin" / "lightctl"), *options)
    elif verb == "test":
        prepare(DEV)
        os.chdir(ROOT)
        # Much of the suite waits: three at once fill two cores. A file's tests stay together and share its city.
        become(str(PYTHON), "-m", "pytest", *(options or ("-n", "3", "--dist", "loadfile", "--no-loadscope-reorder")))
    elif verb == "lint":
        prepare(DEV)
        results = [subprocess.run((VENV / "bin" / name, *rest), check=False, cwd=ROOT) for name, *rest in LINT]
        sys.exit(int(any(result.returncode for result in results)))
    elif verb == "lock":
        lock()
    else:
        say(__doc__ or "")
        sys.exit(0 if verb in ("-h", "--help") else 2)


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except subprocess.CalledProcessError as problem:
        sys.exit(f"dev.py stopped: {' '.join(problem.cmd)} ended with {problem.returncode}; see above.")
    except KeyboardInterrupt:
        sys.exit(130)
