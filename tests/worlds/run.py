"""A month lived through and judged: town, script, world, score of the fault list, energy against the lamps' truth."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from zoneinfo import ZoneInfo

from lightctl.app.desk import Desk
from lightctl.app.energy.report import report
from lightctl.control.diagnosis.thresholds import Thresholds
from lightctl.control.policy import Policy
from lightctl.domain.luminaires import LuminaireType
from lightctl.files.settings_luminaires import LuminaireSettings
from lightctl.files.settings_model import DeliverySettings, Settings, SiteSettings
from tests.worlds.city import ZONE, build_city
from tests.worlds.invariants import Watch
from tests.worlds.kernel import Town, World
from tests.worlds.month import write_script
from tests.worlds.score import Score, judge
from tests.worlds.script import Injected, Script

FIRST_NIGHT = dt.date(2026, 10, 5)
NOON = dt.time(12)
HEARTBEAT_S = 900.0
KEPT = dt.timedelta(days=2)
JOURNAL = dt.timedelta(days=3650)
WH = 1000.0
LEAST_KWH = 0.5
# A lamp that goes out for four minutes and comes back is to be one cycling lamp, not a failed one in between.
CITY = Thresholds(confirm_s=300.0)


@dataclass(frozen=True, slots=True)
class Plan:
    """What to live through. breaking: rules broken on purpose, see BREAKS."""

    seed: int = 1
    lamps: int = 2000
    nights: int = 30
    first: dt.date = FIRST_NIGHT
    heartbeat_s: float = HEARTBEAT_S
    breaking: str = ""


@dataclass(slots=True)
class Energy:
    """Energy by the report of lightctl against the lamps' own counters (kWh, percent of the truth)."""

    kwh: float = 0.0
    truth_kwh: float = 0.0
    metered_kwh: float = 0.0
    worst_percent: float = 0.0
    worst_lamp: str = ""

    @property
    def error_percent(self) -> float:
        """How far the whole is off."""
        return (self.kwh / self.truth_kwh - 1) * 100 if self.truth_kwh else 0.0


@dataclass(slots=True)
class Lived:
    """What came of a month."""

    plan: Plan
    script: Script
    score: Score
    energy: Energy
    counts: Mapping[str, int]
    cpu_s: float
    refused: list[str] = field(default_factory=list)
    violations: list[str] = field(default_factory=list)

    @property
    def passed(self) -> bool:
        """Whether every fault was found once and no other, and energy is within a percent."""
        clean = not (self.score.missed or self.score.false or self.score.unseen or self.refused or self.violations)
        return clean and abs(self.energy.error_percent) < 1


def _no_correlation(town: Town, policy: Policy) -> tuple[Town, Policy]:
    return town, replace(policy, diagnosis=replace(policy.diagnosis, least_nodes=10**9))


def _power_unjudged(town: Town, policy: Policy) -> tuple[Town, Policy]:
    types = {name: replace(each, power_tolerance_percent=99.0) for name, each in town.luminaires.items()}
    return replace(town, luminaires=types), policy


def _hasty(town: Town, policy: Policy) -> tuple[Town, Policy]:
    return town, replace(policy, lease_factor=1.0)


BREAKS: Mapping[str, Callable[[Town, Policy], tuple[Town, Policy]]] = {
    "no-correlation": _no_correlation,
    "power-unjudged": _power_unjudged,
    "short-lease": _hasty,
}


def live(plan: Plan, folder: Path | None = None, say: Callable[[str], None] = lambda _text: None) -> Lived:
    """Live through a month; the store is in `folder`, or in memory."""
    town = build_city(plan.lamps, plan.seed, plan.heartbeat_s)
    policy = Policy(heartbeat_s=plan.heartbeat_s, diagnosis=CITY)
    if plan.breaking:
        town, policy = BREAKS[plan.breaking](town, policy)
    start = _noon(plan.first)
    world = World(town, plan.seed, start, policy, folder=folder)
    script = write_script(town, plan.seed, start, plan.nights)
    _play(world, script)
    watch = Watch(world)
    # Sensors move arterial lamps, and lamps that something was done to are not asked to follow.
    watch.left_out = _hit((*script.injected, *script.noise)) | _on_lines(world) | _sensed(town)
    began = time.process_time()
    for night in range(1, plan.nights + 1):
        world.run(_noon(plan.first + dt.timedelta(days=night)))
        world.daemon.write()
        world.store.roll_up(ZONE, plan.heartbeat_s * policy.lease_factor)
        world.store.prune(world.now - JOURNAL, world.now - KEPT)
        say(f"night {night} of {plan.nights}: {time.process_time() - began:.0f} s of CPU")
    cpu_s = time.process_time() - began
    score = judge(script.injected, [fault for _, fault in world.store.faults()], world.lamps, world.now)
    energy = weigh_energy(world, start)
    daemon = world.daemon
    counts = {
        "nodes": len(town.nodes),
        "lamps": sum(point.lamps for point in town.points if point.rated_power_w),
        "lamp_events": world.events,
        "events": world.events + world.heap.done,
        "messages": world.network.carried,
        "reports": daemon.heard + sum(line.polls for line in world.lines.values()),
        "steps": daemon.steps,
        "switches": world.lamps.changes,
    }
    watch.finish()
    counts["looks_at_lamps"] = watch.looks
    refused = list(daemon.refused)
    world.close()
    return Lived(plan, script, score, energy, counts, cpu_s, refused, watch.violations)


def _play(world: World, script: Script) -> None:
    """Put everything of a script on a world's heap."""
    for each in (*script.injected, *script.noise):
        for fault in each.faults:
            world.troubles.schedule(fault)
        if each.line:
            line = world.lines[each.line]
            world.heap.at(each.at, lambda line=line: line.go(up=False, detail="no answer from the gateway"))  # type: ignore[misc]
            if each.until is not None:
                world.heap.at(each.until, lambda line=line: line.go(up=True))  # type: ignore[misc]
    for at, _, do in script.people:
        world.heap.at(at, lambda do=do: do(world))  # type: ignore[misc]


def _hit(injected: Iterable[Injected]) -> set[str]:
    """Give every node that anything was done to."""
    return {node for each in injected for fault in each.faults for node in fault.nodes}


def _on_lines(world: World) -> set[str]:
    return {node for line in world.lines.values() for node in line.units}


def _sensed(town: Town) -> set[str]:
    return {point.node for point in town.points if point.road_class == "arterial"}


def weigh_energy(world: World, start: dt.datetime) -> Energy:
    """Compare the energy report of all lamps since the start with their own counters."""
    desk = Desk(world.store, settings_of(world.town, world.heartbeat_s), lambda: world.now, lambda _events: None, None)
    view = report(desk, start, world.now, "id")
    told = {row.key: row for row in view.rows}
    found = Energy(metered_kwh=view.total.kwh_metered)
    for point in world.town.points:
        if not point.rated_power_w:
            continue
        lamp = world.street.stations[point.node].firmware.lamp(point.channel)
        truth = lamp.energy_wh(world.now) / WH
        kwh = told[point.id].kwh if point.id in told else 0.0
        found.kwh += kwh
        found.truth_kwh += truth
        off = (kwh / truth - 1) * 100 if truth > LEAST_KWH else 0.0
        if point.profile != "cabinet" and abs(off) > abs(found.worst_percent):
            found.worst_percent, found.worst_lamp = off, point.id
    return found


def settings_of(town: Town, heartbeat_s: float) -> Settings:
    """Give the settings a daemon of this town would have."""
    return Settings(
        site=SiteSettings(name="World", time_zone=town.time_zone),
        delivery=DeliverySettings(heartbeat_s=heartbeat_s),
        luminaires={name: _settings(each) for name, each in town.luminaires.items()},
    )


def _settings(kind: LuminaireType) -> LuminaireSettings:
    return LuminaireSettings(
        rated_power_w=kind.rated_power_w,
        standby_power_w=kind.standby_power_w,
        power_table={str(level): watts for level, watts in kind.power_table},
        power_tolerance_percent=kind.power_tolerance_percent,
        power_factor_threshold=kind.power_factor_threshold,
    )


def _noon(date: dt.date) -> dt.datetime:
    return dt.datetime.combine(date, NOON, ZoneInfo(ZONE)).astimezone(dt.UTC)
