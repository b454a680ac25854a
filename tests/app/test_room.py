from __future__ import annotations

import platform
import subprocess
import sys

import pytest

from tests.support.city import ROOT

# Four threads that are there at one time and ask for a little: what the C library sets aside for them.
TAKEN = """
import threading
from pathlib import Path
from lightctl.app.running.collector import keep_little
{keep}
def taken_kb():
    (line,) = [each for each in Path("/proc/self/status").read_text().splitlines() if each.startswith("VmSize")]
    return int(line.split()[1])
threading.stack_size(256 * 1024)
before, met = taken_kb(), threading.Barrier(5)
def ask():
    piece = bytearray(50_000)
    met.wait()
    met.wait()
threads = [threading.Thread(target=ask) for _ in range(4)]
for each in threads:
    each.start()
met.wait()
print(taken_kb() - before)
met.wait()
"""


def taken_kb(keep: str) -> int:
    run = subprocess.run(
        [sys.executable, "-c", TAKEN.format(keep=keep)], check=True, capture_output=True, text=True, cwd=ROOT
    )
    return int(run.stdout)


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="speaks of glibc")
def test_threads_share_one_room_and_would_not_without_being_told():
    assert taken_kb("keep_little()") < 10_000
    assert taken_kb("") > 100_000
