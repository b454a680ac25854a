"""lightctl in a process of its own: in a pipe, or on a terminal."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).parents[2]
LAUNCH = "import sys; sys.argv[0] = 'lightctl'; from lightctl.cli.main import main; main()"


def lightctl(*argv: str, cwd: Path, environ: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """Run a command in a pipe."""
    return subprocess.run(
        [sys.executable, "-c", LAUNCH, *argv],
        cwd=cwd,
        env=_base(cwd) | dict(environ or {}),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def on_a_terminal(*argv: str, cwd: Path, keys: str = "", environ: Mapping[str, str] | None = None) -> tuple[int, str]:
    """Run a command on a terminal of 80 columns; gives its exit code and everything on the screen."""
    ours, theirs = pty.openpty()
    with os.fdopen(ours, "wb", buffering=0) as keyboard:
        process = subprocess.Popen(
            [sys.executable, "-c", LAUNCH, *argv],
            cwd=cwd,
            env=_base(cwd) | {"TERM": "xterm-256color", "COLUMNS": "80"} | dict(environ or {}),
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
        )
        os.close(theirs)
        if keys:
            keyboard.write(keys.encode())
        screen = b""
        while True:
            try:
                piece = os.read(ours, 4096)
            except OSError:  # the other end is closed: the process has ended
                break
            if not piece:
                break
            screen += piece
        return process.wait(60), screen.decode()


def _base(cwd: Path) -> dict[str, str]:
    return {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "HOME": str(cwd), "LANG": "C.UTF-8"}
