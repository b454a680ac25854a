"""A bystander of acceptance nights sees for how long a broker held up what goes through it, and no other."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

from lightctl.app.running.broker import NatsBroker
from tests.support.bystander import BEAT_S, Bystander

BEATS = 12
PATIENCE_S = 60.0


def until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def beats(folder: Path) -> int:
    written = folder / "bystander"
    return written.read_bytes().count(b"\n") if written.exists() else 0


def held_up_s(beside: Bystander, began: float, ended: float) -> float:
    return sum(max(0.0, min(last, ended) - max(first, began)) for first, last in beside.held_up())


def test_a_bystander_sees_for_how_long_its_broker_stood_still_and_the_one_beside_it_does_not(tmp_path):
    still, working = tmp_path / "still", tmp_path / "working"
    with (
        NatsBroker(still) as broker,
        NatsBroker(working) as other,
        Bystander(still, broker.host, broker.port) as beside,
        Bystander(working, other.host, other.port) as beside_other,
    ):
        until(lambda: beats(still) > 1 and beats(working) > 1)
        os.kill(broker.pid, signal.SIGSTOP)
        began, before, before_other = time.time(), beats(still), beats(working)
        until(lambda: beats(working) >= before_other + BEATS)
        ended = time.time()
        os.kill(broker.pid, signal.SIGCONT)
        assert beats(still) <= before + 1
        under_way = held_up_s(beside, began, ended)
        until(lambda: beats(still) > before + 2)
        seen, elsewhere = held_up_s(beside, began, ended), held_up_s(beside_other, began, ended)
    assert seen >= under_way > 0
    assert seen > elsewhere
    assert elsewhere <= ended - began - (BEATS - 1) * BEAT_S
