"""A night in real processes for acceptance tests: broker, simulators and daemon, sped up, with things done to them."""

from __future__ import annotations

import datetime as dt
import time
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from lightctl.cli.demo.mishaps import Mishap, excuses
from lightctl.cli.demo.night import shipped_schedules
from lightctl.cli.demo.scenery import Pace
from lightctl.cli.demo.stage import Stage
from lightctl.cli.demo.town import TIME_ZONE, build_town
from lightctl.cli.demo.town_scenery import bring_town_in, town_scenery
from lightctl.cli.demo.truth import LampTruth, TruthReader
from lightctl.cli.demo.verdict import LampVerdict, judge
from lightctl.devices.profile import shipped_profiles
from lightctl.domain.assets import LightPoint
from lightctl.domain.timescale import TimeScale
from lightctl.files.schedules import read_schedules
from lightctl.planning.resolve import Plan
from tests.support.bystander import Bystander

SUNSET_FRIDAY = dt.datetime(2026, 12, 4, 15, 24, tzinfo=dt.UTC)
LOADED_S, PREPARATION_S = 4.0, 8.0


@dataclass
class Night:
    """A running night; `wait_until` lets it pass, `verdicts` judges every lamp by its own log."""

    stage: Stage
    begin: dt.datetime
    end: dt.datetime
    points: tuple[LightPoint, ...]
    mishaps: Sequence[Mishap]
    lamps: Mapping[str, LampTruth] = field(default_factory=dict)

    @property
    def now(self) -> dt.datetime:
        """The present instant of the run."""
        return self.stage.pace.clock.instant(time.time())

    def wait_until(self, instant: dt.datetime) -> None:
        assert self.now < instant, "the machine is too slow for this speed: the instant has passed"
        while self.now < instant:
            dead = self.stage.dead()
            assert not dead, dead
            time.sleep(0.05)

    def wait_for(self, holds: Callable[[], bool], by: Callable[[], dt.datetime]) -> None:
        """Let time pass until something holds; it must by an instant, which is asked for again and again."""
        while not holds():
            assert self.now < by(), "it never came to hold"
            time.sleep(0.05)

    def verdicts(self, held_up: Sequence[tuple[float, float]] = ()) -> list[LampVerdict]:
        """End the street and judge it from the first sunset on; `lamps` is what the lamps did.

        held_up: spans (machine's seconds since 1970) in which a bystander saw the machine stand still; none counts.
        """
        self.stage.end("simulators")
        truth = TruthReader(self.stage.truth_log)
        truth.read_on()
        self.lamps = truth.lamps
        assert set(truth.lamps) >= {point.id for point in self.points}
        plan = Plan(read_schedules(shipped_schedules()).intent, TIME_ZONE)
        recovery = dt.timedelta(seconds=self.stage.pace.on_the_wire(4.0))
        excused, stood_still = excuses(self.mishaps, self.begin, recovery), self._spans(held_up)
        excused = {point.node: [*excused.get(point.node, ()), *stood_still] for point in self.points}
        return judge(self.points, plan, shipped_profiles(), truth.lamps, (self.begin, self.end), excused)

    def by(self, since: dt.datetime, until: dt.datetime, held_up: Sequence[tuple[float, float]]) -> dt.datetime:
        """Give `until`, later by as much as a bystander saw the machine stand still from an instant up to then."""
        for began, ended in self._spans(held_up):
            if began < until and ended > since:
                until += ended - max(began, since)
        return until

    def _spans(self, held_up: Sequence[tuple[float, float]]) -> list[tuple[dt.datetime, dt.datetime]]:
        instant = self.stage.pace.clock.instant
        return [(instant(began), instant(ended)) for began, ended in held_up]

    def hold(self, lights: Sequence[str], level: int, until: dt.datetime, start: dt.datetime | None = None) -> str:
        """Hold lamps at a level, from now or later; gives the change."""
        body: dict[str, object] = {"target": {"ids": list(lights)}, "level": level, "until": until.isoformat()}
        body |= {"start": start.isoformat()} if start is not None else {}
        change: str = self.stage.client.post("/v1/lights/level", json=body).raise_for_status().json()["change"]
        return change

    def levels(self, light: str, start: dt.datetime, end: dt.datetime) -> set[float]:
        """Give every level a lamp had in a span, by its own log."""
        lamp = self.lamps[light]
        first, last = bisect_right(lamp.at, start), bisect_left(lamp.at, end)
        return set(lamp.levels[max(first - 1, 0) : last])

    def wire_s(self, seconds: float) -> float:
        """Give how many machine seconds so many of the run took."""
        return seconds / self.stage.pace.clock.speed


def bystander(run: Night) -> Bystander:
    """Give somebody who sees what holds up the broker of a night, or the disk it is on."""
    return Bystander(run.stage.folder, run.stage.broker.host, run.stage.broker.port)


def town(lamps: int) -> tuple[LightPoint, ...]:
    """Give the lamps of a night."""
    return build_town(lamps, seed=3)


@contextmanager
def night(
    folder: Path,
    *,
    lamps: int,
    hours: float,
    seconds: float,
    mishaps: Sequence[Mishap] = (),
    begin: dt.datetime = SUNSET_FRIDAY - dt.timedelta(minutes=84),
) -> Iterator[Night]:
    """Run so many hours from 15:00 local on, sunset included, in about so many machine seconds.

    A machine on which even loading takes long, as others keep it busy, gets a night that is as much slower.
    """
    end = begin + dt.timedelta(hours=hours)
    points = town(lamps)
    speed = hours * 3600 / seconds

    began = time.monotonic()

    def start_clock() -> Pace:
        slow = max(1.0, (time.monotonic() - began) / LOADED_S)
        return Pace(TimeScale(begin, time.time() + PREPARATION_S * slow, speed / slow), 3600.0, 3)

    bring_in = bring_town_in(points, shipped_schedules())
    with Stage(folder, town_scenery(mishaps), bring_in, start_clock) as stage:
        yield Night(stage, begin, end, points, mishaps)
