"""A night of a real register: brought in by the real command line over HTTP, played by simulated nodes, judged by them.

The daemon runs as a process all along: first on a clock of real speed, while an operator imports the register and
applies the schedules, then, started again where it stood, on a clock that lets the night pass in minutes.
"""

from __future__ import annotations

import datetime as dt
import json
import os
import subprocess
import sys
import time
import zlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from lightctl.cli.demo.night import GRACE_S
from lightctl.cli.demo.scenery import INVENTORY, Pace, Scenery, native_fleet
from lightctl.cli.demo.stage import Stage, instants
from lightctl.cli.demo.truth import TruthReader
from lightctl.cli.demo.verdict import LampVerdict, full_power_wh, judge
from lightctl.devices.profile import shipped_profiles
from lightctl.domain.assets import LightPoint, Place
from lightctl.domain.timescale import TimeScale
from lightctl.files.inventory import read_inventory, write_inventory
from lightctl.files.schedules import read_schedules
from lightctl.planning.resolve import Plan
from lightctl.store.sqlite import SqliteStore

HEARTBEAT_S = 3600.0
SEED = 7
BEGINS, ENDS = dt.time(15), dt.time(9)
PREPARATION_S, PREPARATION_S_PER_LIGHT = 12.0, 0.006
LIVE_TENTHS = 3
CARRIES, LIVE = "carries", "live"
LOOK_EVERY_S = 0.5
IMPATIENT_LIGHTS = 500
LIVE_PER_S = 200.0  # live lamps that switch at one instant wait their turn; fewer a second than this is a failure


@dataclass(frozen=True, slots=True)
class Register:
    """A city's register and what it shall be run with; `dim` selects the lamps that are dimmed by hand afterwards."""

    name: str
    inventory: Path
    mapping: Path
    schedules: Path
    place: Place
    night: dt.date
    dim: str


@dataclass(slots=True)
class Figures:
    """What came of it; times in seconds of the machine, which are seconds on the wire.

    followed: wrong for no longer than `allowed_s` of its kind of node. followed_within_2_s: by the demo's limit, for
    all alike.
    """

    rows: int = 0
    imported: int = 0
    row_errors: int = 0
    row_notes: list[str] = field(default_factory=list)
    dry_run_left_empty: bool = False
    lamps: int = 0
    nodes: dict[str, int] = field(default_factory=dict)
    speed: float = 0.0
    programs: dict[str, int] = field(default_factory=dict)
    followed: int = 0
    not_followed: list[str] = field(default_factory=list)
    late_s: dict[str, dict[str, float]] = field(default_factory=dict)
    allowed_s: dict[str, float] = field(default_factory=dict)
    followed_within_2_s: int = 0
    dark_s: float = 0.0
    commands: dict[str, int] = field(default_factory=dict)
    faults: dict[str, int] = field(default_factory=dict)
    messages: dict[str, int] = field(default_factory=dict)
    energy_kwh: float = 0.0
    full_power_kwh: float = 0.0
    saved_percent: float = 0.0
    daemon_cpu_s: float = 0.0
    daemon_cpu_percent: float = 0.0
    dimmed: dict[str, int] = field(default_factory=dict)
    wall_s: dict[str, float] = field(default_factory=dict)

    @property
    def every_lamp_followed(self) -> bool:
        """Whether all light points of the register were imported, judged and right."""
        return 0 < self.rows == self.imported == self.followed


def run_register(register: Register, folder: Path, *, seconds: float, say: Callable[[str], None]) -> Figures:
    """Run the night in about so many machine seconds, plus half a minute before and after it."""
    run = _Run(register, folder, seconds, say)
    with Stage(folder, run.scenery(), run.bring_in, run.start_clock) as stage:
        run.live(stage)
        stage.end("simulators")
        stage.end("daemon")
        run.count(stage)
    return run.figures


class _Run:
    def __init__(self, register: Register, folder: Path, seconds: float, say: Callable[[str], None]) -> None:
        self.figures = Figures()
        self._register = register
        self._folder = folder
        self._say = say
        self._zone = ZoneInfo(register.place.time_zone)
        self._begin = dt.datetime.combine(register.night, BEGINS, self._zone).astimezone(dt.UTC)
        morning = register.night + dt.timedelta(days=1)
        self._end = dt.datetime.combine(morning, ENDS, self._zone).astimezone(dt.UTC)
        lights = len(register.inventory.read_text(encoding="utf-8").splitlines()) - 1
        self._patience = max(1.0, lights / IMPATIENT_LIGHTS)
        self._preparation_s = PREPARATION_S + PREPARATION_S_PER_LIGHT * lights
        self._speed = (self._end - self._begin).total_seconds() / seconds
        self._files = {register.schedules.name: register.schedules.read_text(encoding="utf-8")}
        self._plan = Plan(read_schedules(self._files).intent, register.place.time_zone)
        self._points: tuple[LightPoint, ...] = ()
        self._clock: TimeScale | None = None
        self.figures.speed = round(self._speed, 1)

    def scenery(self) -> Scenery:
        fleets = (
            native_fleet(carries_nights=True, where={"make": CARRIES}),
            native_fleet(carries_nights=False, where={"make": LIVE}),
        )
        return Scenery(self._register.name, self._register.place, fleets)

    def start_clock(self) -> Pace:
        """Go on where the slow clock stands."""
        assert self._clock is not None
        now = time.time()
        return Pace(TimeScale(self._clock.instant(now), now, self._speed), HEARTBEAT_S, SEED, patience=self._patience)

    # -- before the night: an operator at a daemon that lives in real time ------------------------------------------

    def bring_in(self, stage: Stage) -> None:
        start = self._begin - dt.timedelta(seconds=self._preparation_s * self._speed)
        self._clock = TimeScale(start, time.time(), 1.0)
        stage.start_daemon(Pace(self._clock, HEARTBEAT_S, SEED, self._speed, self._patience))
        register = self._register
        order = ("inventory", "import", str(register.inventory), "--map", str(register.mapping), "-o", "json")
        dry = self._json(stage, "inventory import --dry-run", *order, "--dry-run")
        self.figures.dry_run_left_empty = not dry["applied"] and not self._json(stage, "", "light", "list")
        taken = self._json(stage, "inventory import", *order, "--reason", "first import")
        assert (dry["rows"], dry["added"], dry["notes"]) == (taken["rows"], taken["added"], taken["notes"])
        self.figures.rows, self.figures.imported = taken["rows"], len(taken["added"])
        self.figures.row_errors = len(taken["errors"])
        self.figures.row_notes = [f"row {note['row']}: {note['why']}" for note in taken["notes"]]
        every = ("--max-affected", str(taken["rows"]), "-o", "json")
        self._json(stage, "schedule apply", "schedule", "apply", str(register.schedules), *every)
        exported = self._order(stage, "inventory export", "inventory", "export")
        self._points = read_inventory(exported, format="csv").points
        street = [replace(p, tags={**p.tags, "make": make_of(p)}) for p in self._points]
        (stage.folder / INVENTORY).write_text(write_inventory(street, "csv"), encoding="utf-8")
        stage.end("daemon")
        self._say(f"imported {self.figures.imported} of {self.figures.rows} rows; the night runs at x{self._speed:.0f}")

    def _json(self, stage: Stage, name: str, *arguments: str) -> Any:
        shape = () if "-o" in arguments else ("-o", "json")
        return json.loads(self._order(stage, name, *arguments, *shape))

    def _order(self, stage: Stage, name: str, *arguments: str) -> str:
        token = (stage.store / "operator.token").read_text(encoding="utf-8").strip()
        environ = {key: value for key, value in os.environ.items() if not key.startswith("LIGHTCTL_")}
        path = os.pathsep.join(each for each in sys.path if each)
        told = {"LIGHTCTL_URL": str(stage.client.base_url), "LIGHTCTL_TOKEN": token, "PYTHONPATH": path}
        begun = time.monotonic()
        done = subprocess.run(
            [sys.executable, "-m", "lightctl", *arguments],
            check=False, capture_output=True, text=True, timeout=300, cwd=stage.folder, env=environ | told,
        )  # fmt: skip
        assert done.returncode == 0, f"lightctl {' '.join(arguments)} ended with {done.returncode}: {done.stderr}"
        if name:
            self.figures.wall_s[name] = round(time.monotonic() - begun, 2)
        return done.stdout

    # -- the night ------------------------------------------------------------------------------------------------

    def live(self, stage: Stage) -> None:
        """Let the night pass, ask in the middle of it, judge it, then dim by hand."""
        truth = TruthReader(stage.truth_log)
        assert instants(stage.pace.clock) < self._begin, "the machine is too slow for this speed: the night has begun"
        with self._cpu(stage):
            self._wait(stage, truth, self._begin + (self._end - self._begin) / 2)
            self._ask(stage)
            self._wait(stage, truth, self._end)
        truth.read_on()
        self._judge(truth)
        order = ("dim", "-l", self._register.dim, "60", "--for", "10h", "--wait", "-o", "json")
        dimmed = self._json(stage, "dim --wait", *order, "--max-affected", str(len(self._points)))
        states = ("affected", "confirmed", "pending", "failed", "expired")
        self.figures.dimmed = {state: dimmed[state] for state in states}

    def _wait(self, stage: Stage, truth: TruthReader, until: dt.datetime) -> None:
        hour = -1
        while (now := instants(stage.pace.clock)) < until:
            assert not stage.dead(), stage.dead()
            truth.read_on()
            local = now.astimezone(self._zone)
            if local.hour != hour:
                hour = local.hour
                self._say(f"{local:%a %H:%M}  {truth.lit()} lit, mean level {truth.mean_level():.0f} %")
            time.sleep(LOOK_EVERY_S)

    def _ask(self, stage: Stage) -> None:
        light = self._points[0].id
        self._json(stage, "status", "status")
        self._json(stage, "light list", "light", "list")
        self._json(stage, "light show", "light", "show", light)
        self._json(stage, "why", "why", light)

    @contextmanager
    def _cpu(self, stage: Stage) -> Iterator[None]:
        pid, begun = stage.pid("daemon"), time.monotonic()
        before = cpu_s(pid)
        yield
        self.figures.daemon_cpu_s = round(cpu_s(pid) - before, 1)
        self.figures.daemon_cpu_percent = round(100 * (cpu_s(pid) - before) / (time.monotonic() - begun), 1)

    # -- the judgement --------------------------------------------------------------------------------------------

    def _judge(self, truth: TruthReader) -> None:
        figures, span = self.figures, (self._begin, self._end)
        verdicts = judge(self._points, self._plan, shipped_profiles(), truth.lamps, span, excused={})
        makes = {point.id: make_of(point) for point in self._points}
        figures.nodes = dict(Counter(makes.values()))
        allowed = {CARRIES: GRACE_S, LIVE: GRACE_S + figures.nodes.get(LIVE, 0) / LIVE_PER_S}
        figures.allowed_s = {make: round(seconds, 2) for make, seconds in allowed.items()}
        wrong = [v for v in verdicts if v.id not in truth.lamps or v.wrong_s > allowed[makes[v.id]] * self._speed]
        wrong.sort(key=lambda v: -v.wrong_s)
        figures.followed = len(verdicts) - len(wrong)
        strict = GRACE_S * self._speed
        figures.followed_within_2_s = sum(1 for v in verdicts if v.id in truth.lamps and v.wrong_s <= strict)
        figures.not_followed = [f"{v.id} ({makes[v.id]}) {v.wrong_s / self._speed:.2f} s" for v in wrong[:10]]
        figures.late_s = {"all": self._lateness(verdicts)} | {
            make: self._lateness([verdict for verdict in verdicts if makes[verdict.id] == make])
            for make in sorted(set(makes.values()))
        }
        figures.dark_s = round(max(verdict.dark_s for verdict in verdicts) / self._speed, 2)
        figures.lamps = sum(point.lamps for point in self._points)
        figures.programs = dict(Counter(self._plan.night(p, self._register.night).night.program for p in self._points))
        figures.energy_kwh = round(sum(lamp.energy_wh for lamp in truth.lamps.values()) / 1000, 1)
        figures.full_power_kwh = round(full_power_wh(self._points, self._plan, span) / 1000, 1)
        figures.saved_percent = round(100 * (1 - figures.energy_kwh / figures.full_power_kwh), 1)

    def _lateness(self, verdicts: Sequence[LampVerdict]) -> dict[str, float]:
        late = sorted(verdict.wrong_s / self._speed for verdict in verdicts)
        p99 = late[min(len(late) - 1, int(len(late) * 0.99))]
        return {"median": round(late[len(late) // 2], 3), "p99": round(p99, 3), "max": round(late[-1], 3)}

    def count(self, stage: Stage) -> None:
        """Count what the closed store has."""
        store = SqliteStore(stage.store)
        try:
            counts = store.counts()
            commands = store.commands()
            faults = [fault for _, fault in store.faults()]
            far = (dt.datetime(2000, 1, 1, tzinfo=dt.UTC), dt.datetime(2100, 1, 1, tzinfo=dt.UTC))
            reports = sum(len(store.reports(point.node, *far)) for point in self._points)
        finally:
            store.close()
        self.figures.commands = dict(counts.commands)
        self.figures.faults = dict(Counter(str(fault.event) for fault in faults))
        self.figures.messages = {
            "documents_sent": sum(command.attempts for command in commands),
            "reports_received": reports,
            "refused": counts.quarantined,
        }


def make_of(point: LightPoint) -> str:
    """Give the kind of node a light point gets: three of ten are live, always the same ones."""
    return LIVE if zlib.crc32(point.id.encode()) % 10 < LIVE_TENTHS else CARRIES


def cpu_s(pid: int) -> float:
    """Give the processor time a process has used."""
    spent = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(spent[11]) + int(spent[12])) / os.sysconf("SC_CLK_TCK")


def shown(figures: Mapping[str, object]) -> str:
    """Give figures as lines for people."""
    return "\n".join(f"{name:>20}  {_one(value)}" for name, value in figures.items())


def _one(value: object) -> str:
    match value:
        case dict():
            return ", ".join(f"{key} {_one(each)}" if key else _one(each) for key, each in value.items()) or "none"
        case list():
            return "; ".join(map(_one, value)) or "none"
        case float():
            return f"{value:g}"
        case _:
            return str(value)
