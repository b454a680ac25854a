"""A roll-out in real processes: a city on a real broker takes a new plan in waves, judged by its lamps' own log.

Some of its nodes are dead from the start: nobody plays them. At the end every node has to be confirmed or named, and
every lamp that lives has to show the new plan's level.
"""

from __future__ import annotations

import datetime as dt
import json
import os
import subprocess
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

from lightctl.cli.demo.scenery import Pace, Scenery, native_fleet
from lightctl.cli.demo.stage import Stage
from lightctl.cli.demo.town_scenery import bring_town_in
from lightctl.cli.demo.truth import TruthReader
from lightctl.domain.assets import LightPoint, Place
from lightctl.domain.states import Command
from lightctl.domain.timescale import TimeScale
from lightctl.store.sqlite import SqliteStore
from tests.support.register_night import cpu_s

PLACE = Place(51.4344, 6.7623, "Europe/Berlin")
NIGHT = dt.datetime(2026, 12, 4, 22, 0, tzinfo=dt.UTC)
IN_STREET, IN_CABINET, DEAD_OF = 25, 50, 50
CARRIES, LIVE, DEAD = "carries", "live", "dead"
BEFORE, AFTER = 60, 40
SEED = 11
POLL_S = 0.25


def schedules(level: int) -> dict[str, str]:
    """Give the city's schedules with a level for the late hours, in which the run takes place."""
    return {
        "city.yaml": f"""
version: 1
programs:
  street: {{steps: [{{at: "22:00", level: {level}}}]}}
calendars:
  street: {{default: street}}
assignments:
  - {{select: "*", calendar: street}}
"""
    }


def city(nodes: int) -> tuple[LightPoint, ...]:
    """Give so many lamps in streets behind cabinets; two of a hundred are dead, one of five is live."""
    return tuple(
        LightPoint(
            id=f"L{number:05d}",
            latitude=round(PLACE.latitude + number // IN_STREET * 0.0002, 6),
            longitude=round(PLACE.longitude + number % IN_STREET * 0.0004, 6),
            kind="lamp",
            rated_power_w=50.0,
            standby_power_w=0.5,
            node=f"N{number:05d}",
            cabinet=f"K{number // IN_CABINET:04d}",
            link="mqtt",
            address="city",
            tags={"group": f"street-{number // IN_STREET:04d}", "make": _make(number)},
        )
        for number in range(nodes)
    )


def _make(number: int) -> str:
    if number % DEAD_OF == DEAD_OF - 1:
        return DEAD
    return LIVE if number % 5 == 0 else CARRIES


@dataclass(frozen=True, slots=True)
class Patience(Pace):
    """A pace whose commands have so many machine seconds to be answered."""

    deadline_s: float = 20.0

    def delivery(self) -> dict[str, float]:
        return Pace.delivery(self) | {"deadline_s": self.on_the_wire(self.deadline_s)}


@dataclass(frozen=True, slots=True)
class Wishes:
    """How large, how fast (seconds of the run in one of the machine) and how patient; soak_s is of the run."""

    nodes: int
    speed: float = 1.0
    deadline_s: float = 60.0
    patience: float = 3.0
    soak_s: float = 5.0
    pace: int = 10
    waves: str = "10%,50%,100%"
    kill: bool = False


@dataclass(slots=True)
class Figures:
    """What came of it, times in seconds of the machine."""

    nodes: int
    light_points_dead: int
    state: str = ""
    version: int | None = None
    seconds_until_settled: float = 0.0
    seconds: float = 0.0
    confirmed: int = 0
    failed: int = 0
    unaccounted: int = 0
    failed_are_the_dead: bool = False
    failed_named: list[str] = field(default_factory=list)
    waves: list[dict[str, object]] = field(default_factory=list)
    lamps_at_new_level: int = 0
    lamps_elsewhere: list[str] = field(default_factory=list)
    most_of_one_feeder_in_a_second: int = 0
    commands: dict[str, int] = field(default_factory=dict)
    documents_sent: int = 0
    daemon_killed_at_moved: int | None = None
    daemon_cpu_s: float = 0.0

    @property
    def as_promised(self) -> bool:
        """Whether all moved, everyone is confirmed or named, the dead alone are named, and the lamps agree."""
        alive = self.nodes - self.light_points_dead
        return (
            self.state == "done"
            and self.unaccounted == 0
            and self.failed_are_the_dead
            and self.confirmed == self.lamps_at_new_level == alive
        )


def run_rollout(wishes: Wishes, folder: Path, say: Callable[[str], None]) -> Figures:
    """Play it from the start of the daemon to the last confirmation."""
    points = city(wishes.nodes)
    dead = {point.node for point in points if point.tags["make"] == DEAD}
    figures = Figures(wishes.nodes, len(dead))
    fleets = tuple(native_fleet(carries_nights=make == CARRIES, where={"make": make}) for make in (CARRIES, LIVE))
    scenery = Scenery("Roll-out", PLACE, fleets)

    def start_clock() -> Pace:
        clock = TimeScale(NIGHT, time.time(), wishes.speed)
        return Patience(clock, 300.0, SEED, patience=wishes.patience, deadline_s=wishes.deadline_s)

    with Stage(folder, scenery, bring_town_in(points, schedules(BEFORE)), start_clock) as stage:
        begun = time.monotonic()
        _await(stage, lambda: _settled(stage) >= wishes.nodes - len(dead), "the city takes its first plan", say)
        figures.seconds_until_settled = round(time.monotonic() - begun, 1)
        say(f"{wishes.nodes - len(dead)} of {wishes.nodes} nodes settled in {figures.seconds_until_settled} s")
        begun, before = time.monotonic(), cpu_s(stage.pid("daemon"))
        _start(stage, wishes)
        if wishes.kill:
            figures.daemon_killed_at_moved = _kill(stage)
            before = cpu_s(stage.pid("daemon"))
        _await(stage, lambda: _view(stage)["state"] != "running", "the roll-out runs", say)
        figures.seconds = round(time.monotonic() - begun, 1)
        figures.daemon_cpu_s = round(cpu_s(stage.pid("daemon")) - before, 1)
        view = _view(stage)
        truth = TruthReader(stage.truth_log)
        truth.read_on()
        stage.end("daemon")
        _count(figures, view, dead)
        _hold_against_lamps(figures, points, dead, truth)
        _hold_against_journal(figures, view, points, stage, wishes.speed)
    return figures


def _start(stage: Stage, wishes: Wishes) -> None:
    """Start it as an operator does, on the command line over HTTP."""
    for name, text in schedules(AFTER).items():
        (stage.folder / name).write_text(text, encoding="utf-8")
    environ = {key: value for key, value in os.environ.items() if not key.startswith("LIGHTCTL_")}
    told = {
        "LIGHTCTL_URL": str(stage.client.base_url),
        "LIGHTCTL_TOKEN": (stage.store / "operator.token").read_text(encoding="utf-8").strip(),
        "PYTHONPATH": os.pathsep.join(each for each in sys.path if each),
    }
    order = [
        "rollout", "start", *schedules(AFTER), "--canary", "1%", "--waves", wishes.waves, "--soak",
        f"{wishes.soak_s:.0f}s", "--pace", str(wishes.pace), "--max-failures", "10%", "--max-affected",
        str(wishes.nodes), "--yes", "--reason", "acceptance", "-o", "json",
    ]  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-m", "lightctl", *order],
        check=False, capture_output=True, text=True, timeout=300, cwd=stage.folder, env=environ | told,
    )  # fmt: skip
    assert done.returncode == 0, f"lightctl {' '.join(order)} ended with {done.returncode}: {done.stderr}"


def _kill(stage: Stage) -> int:
    """End the daemon as a power cut would, in the middle of a wave, and start it again."""
    while _view(stage)["wave"] < 1 or not _view(stage)["waves"][1]["moved"]:
        time.sleep(0.05)
    moved: int = _view(stage)["moved"]
    stage.kill("daemon")
    stage.start_daemon()
    return moved


def _view(stage: Stage) -> Any:
    return stage.client.get("/v1/rollouts/1").raise_for_status().json()


def _settled(stage: Stage) -> int:
    settled: int = stage.client.get("/v1/status").raise_for_status().json()["settled"]
    return settled


def _await(stage: Stage, holds: Callable[[], bool], what: str, say: Callable[[str], None]) -> None:
    told = time.monotonic()
    while not holds():
        assert not stage.dead(), stage.dead()
        time.sleep(POLL_S)
        if time.monotonic() > told + 10:
            told = time.monotonic()
            found = stage.client.get("/v1/rollouts", params={"limit": 1}).json()
            where = f"{found[0]['moved']} moved, {found[0]['waits_for']}" if found else f"{_settled(stage)} settled"
            say(f"{what}: {where}")


def _count(figures: Figures, view: Mapping[str, Any], dead: set[str]) -> None:
    figures.state, figures.version = view["state"], view["version"]
    figures.confirmed, figures.failed = view["followed"], view["failed"]
    figures.unaccounted = view["nodes"] - view["followed"] - len(view["failures"])
    figures.failed_are_the_dead = {failure["node"] for failure in view["failures"]} == dead
    figures.failed_named = [f"{failure['node']}: {failure['detail']}" for failure in view["failures"][:5]]


def _hold_against_lamps(figures: Figures, points: Iterable[LightPoint], dead: set[str], truth: TruthReader) -> None:
    alive = [point.id for point in points if point.node not in dead]
    levels = {light: truth.lamps[light].levels[-1] if light in truth.lamps else None for light in alive}
    figures.lamps_at_new_level = sum(level == AFTER for level in levels.values())
    figures.lamps_elsewhere = [f"{light}: {level}" for light, level in levels.items() if level != AFTER][:10]


def _hold_against_journal(
    figures: Figures, view: Mapping[str, Any], points: Iterable[LightPoint], stage: Stage, speed: float
) -> None:
    store = SqliteStore(stage.store)
    try:
        commands = [command for command in store.commands() if command.cause.startswith("rollout")]
    finally:
        store.close()
    feeders = {point.node: point.cabinet for point in points}
    figures.commands = dict(Counter(str(command.state) for command in commands))
    figures.documents_sent = sum(command.attempts for command in commands)
    figures.most_of_one_feeder_in_a_second = _most_in_a_second(commands, feeders)
    by_wave: defaultdict[str, list[Command]] = defaultdict(list)
    for command in commands:
        by_wave[command.cause].append(command)
    for wave in view["waves"]:
        name = "the canary" if wave["wave"] == 0 else f"wave {wave['wave']} of {len(view['waves']) - 1}"
        figures.waves.append({"name": name, **wave, **_times(by_wave[f"rollout 1, {name}"], speed)})


def _times(commands: list[Command], speed: float) -> dict[str, float]:
    """Give how long it took until all were told, and until the last that answered had confirmed."""
    if not commands:
        return {}
    first = min(command.created_at for command in commands)
    last = max(command.created_at for command in commands)
    confirmed = [c.finished_at for c in commands if c.state == "confirmed" and c.finished_at is not None]
    took = {"told_in_s": (last - first).total_seconds() / speed}
    took["confirmed_in_s"] = (max(confirmed, default=last) - first).total_seconds() / speed
    return {name: round(seconds, 1) for name, seconds in took.items()}


def _most_in_a_second(commands: Iterable[Command], feeders: Mapping[str, str]) -> int:
    batches: defaultdict[str, Counter[dt.datetime]] = defaultdict(Counter)
    for command in commands:
        batches[feeders[command.node]][command.created_at] += 1
    most = 0
    for counts in batches.values():
        instants = sorted(counts)
        close = any(b - a < dt.timedelta(seconds=1) for a, b in pairwise(instants))
        most = max(most, sum(counts.values()) if close else max(counts.values()))
    return most


def as_json(figures: Figures) -> str:
    """Write figures as JSON."""
    shape = {name: getattr(figures, name) for name in Figures.__dataclass_fields__}
    return json.dumps({"as_promised": figures.as_promised, **shape}, indent=2)
