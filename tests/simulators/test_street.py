"""The street over a kill of its process: what the truth log says at the next start, and what counters may lose."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from lightctl.domain.assets import Capabilities
from lightctl.domain.states import ChannelDesired, DesiredState, HeldOverride, Switch
from simulators.flash import Flash
from simulators.fleet import Built
from simulators.lamp import LampType
from simulators.node import NodeSetup
from simulators.node_clock import NodeClock
from simulators.street import COUNTERS_EVERY, Street
from simulators.truth import TruthLog

NIGHT = dt.datetime(2026, 12, 21, 20, 0, tzinfo=dt.UTC)
CARRIES = Capabilities(nights=7, slots=64, ramp=True, persists=True)
KIND = LampType(60.0, 0.5)


def after(minutes: float) -> dt.datetime:
    return NIGHT + dt.timedelta(minutes=minutes)


StreetAt = Callable[..., Street]


@pytest.fixture
def street(tmp_path: Path) -> Iterator[StreetAt]:
    """Give a maker of streets on the same files; none is closed before the test is over, as after a kill."""
    made: list[Street] = []

    def switched_on(now: dt.datetime, nodes: int = 1, capabilities: Capabilities = CARRIES) -> Street:
        made.append(one := Street(TruthLog(tmp_path / "truth.jsonl"), Flash(tmp_path / "flash")))
        for number in range(nodes):
            setup = NodeSetup(f"n{number}", capabilities, {0: KIND}, {0: f"LP{number}"}, heartbeat_s=1e6)
            one.switch_on(Built(setup, NodeClock(now)), "native", now, 1e6)
        one.take_said()
        return one

    yield switched_on
    for one in made:
        one.close()


def tell(made: Street, number: int, now: dt.datetime, level: int, override: HeldOverride | None = None) -> None:
    plan = ChannelDesired((Switch(after(-60), level), Switch(after(600), 0)), override)
    firmware = made.stations[f"n{number}"].firmware
    made.carry_out(f"n{number}", firmware.receive(DesiredState(f"n{number}", 1, NIGHT, after(1e5), {0: plan}), now))


def live_through(made: Street, begin: dt.datetime, end: dt.datetime) -> None:
    """Let a street live in rounds of ten seconds, as a run does."""
    now = begin
    while now < end:
        now = min(end, now + dt.timedelta(seconds=10))
        made.advance(now)
        made.take_said()


def starts(folder: Path) -> list[dict[str, object]]:
    lines = [json.loads(text) for text in (folder / "truth.jsonl").read_text().splitlines()]
    return [line for line in lines if line.get("start")]


def test_after_a_kill_the_next_start_writes_the_true_state_of_every_lamp_again(street, tmp_path):
    killed = street(NIGHT, nodes=4)
    tell(killed, 0, NIGHT, 70)
    tell(killed, 1, NIGHT, 70, HeldOverride("ov", 20, after(100)))
    tell(killed, 2, NIGHT, 70, HeldOverride("ov", 20, after(30)))
    live_through(killed, NIGHT, after(10))
    street(after(60), nodes=4)
    again = starts(tmp_path)[4:]
    assert [(line["id"], line["level"], line["commanded"], line["reason"]) for line in again] == [
        ("LP0", 70, 70, "program"), ("LP1", 20, 20, "override"), ("LP2", 70, 70, "program"),
        ("LP3", 100, 100, "fallback"),
    ]  # fmt: skip
    assert {line["at"] for line in again} == {"2026-12-21T21:00:00.000Z"}


@pytest.mark.parametrize("capabilities", [CARRIES, Capabilities(ramp=True)], ids=["carries nights", "live"])
@pytest.mark.parametrize("minutes", [5, 15, 16, 29.9, 30, 200])
def test_a_kill_loses_at_most_fifteen_minutes_of_the_counters(street, minutes, capabilities):
    killed = street(NIGHT, nodes=70, capabilities=capabilities)
    for number in range(70):
        tell(killed, number, NIGHT, 100)
    live_through(killed, NIGHT, after(minutes))
    reborn = street(after(minutes), nodes=70, capabilities=capabilities)
    for node, station in killed.stations.items():
        lamp, again = station.firmware.lamp(0), reborn.stations[node].firmware.lamp(0)
        now = after(minutes)
        assert 0 <= lamp.energy_wh(now) - again.energy_wh(now) <= 60 * COUNTERS_EVERY.total_seconds() / 3600 + 1e-9
        assert 0 <= lamp.lit_h(now) - again.lit_h(now) <= COUNTERS_EVERY.total_seconds() / 3600 + 1e-9
    live_through(reborn, after(minutes), after(minutes + 60))
    lamp = reborn.stations["n0"].firmware.lamp(0)
    assert lamp.energy_wh(after(minutes + 60)) >= max(0, minutes - 15) + 60 - 1e-9


def test_after_an_end_in_good_order_the_counters_lose_nothing(street):
    ended = street(NIGHT)
    live_through(ended, NIGHT, after(7))
    ended.finish(after(7))
    assert street(after(60)).stations["n0"].firmware.lamp(0).energy_wh(after(60)) == pytest.approx(7)
