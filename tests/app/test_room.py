from __future__ import annotations

import platform
import subprocess
import sys

import pytest

from tests.support.city import ROOT

# 20 MB in large pieces, a small one that stays between every two of them: what is left when the large ones are freed.
LEFT = """
from pathlib import Path
from lightctl.app.running.collector import keep_little
{keep}
def held_kb():
    (line,) = [each for each in Path("/proc/self/status").read_text().splitlines() if each.startswith("VmRSS")]
    return int(line.split()[1])
[bytearray(4_000_000) for _ in range(3)]
before, large, small = held_kb(), [], []
for _ in range(10):
    large.append(bytearray(2_000_000))
    small.append(bytes(2_000))
large.clear()
print(held_kb() - before)
"""


def left_kb(keep: str) -> int:
    run = subprocess.run(
        [sys.executable, "-c", LEFT.format(keep=keep)], check=True, capture_output=True, text=True, cwd=ROOT
    )
    return int(run.stdout)


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="speaks of glibc")
def test_what_large_pieces_held_goes_back_to_the_system_and_would_not_without_being_told():
    assert left_kb("keep_little()") < 2_000
    assert left_kb("") > 10_000
