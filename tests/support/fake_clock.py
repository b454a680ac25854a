"""A clock that can be set, for one process: libfaketime, where it is installed (Debian: apt install libfaketime)."""

from __future__ import annotations

import glob
import os
from collections.abc import Mapping
from pathlib import Path

PLACES = ("/usr/lib/*/faketime", "/usr/lib/faketime", "/usr/local/lib/faketime", "/usr/lib64/faketime")
MISSING = "libfaketime is not installed here (apt install libfaketime): no clock of a real process can be set"


def find_libfaketime() -> str:
    """Give the library's path, "" where it is not installed."""
    told = os.environ.get("LIBFAKETIME", "")
    found = [path for place in PLACES for path in sorted(glob.glob(f"{place}/libfaketimeMT.so.1"))]  # noqa: PTH207 - a pattern from the root
    return told or (found[0] if found else "")


class FakeClock:
    """Sets the wall clock of processes that get `environ`; what time has passed, and the times of files, are true."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "faketime"
        self.set_by(0.0)

    @property
    def environ(self) -> Mapping[str, str]:
        return {
            "LD_PRELOAD": find_libfaketime(),
            "FAKETIME_TIMESTAMP_FILE": str(self._file),
            "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            # With its "fix" a thread that waits for Python's lock wakes thousands of times a second.
            "FAKETIME_FORCE_MONOTONIC_FIX": "0",
            "NO_FAKE_STAT": "1",
        }

    def set_by(self, seconds: float) -> None:
        """Have it show so much more than the true time, from now on."""
        draft = self._file.with_suffix(".new")
        draft.write_text(f"{seconds:+.3f}")
        draft.replace(self._file)
