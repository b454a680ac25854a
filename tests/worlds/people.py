"""People of a scripted month: crews work on lamps that fail meanwhile, operators dim and light streets."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from lightctl.domain import events as ev
from lightctl.domain.crews import Maintenance
from lightctl.domain.selectors import parse_selector
from lightctl.domain.sensors import SensorKind, SensorReading
from lightctl.domain.states import FaultEvent, Override, Scope
from tests.worlds.pen import DAY, Pen
from tests.worlds.script import HOUR, LIT

if TYPE_CHECKING:
    from tests.worlds.kernel import World


def work(pen: Pen) -> None:
    """Let crews work: what happens meanwhile is no alarm, what is left at the end is one."""
    for number in range(pen.times):
        inside, outlasts, dead = pen.victim(), pen.victim(), pen.victim()
        at = pen.start + (1 + pen.rng.randrange(max(1, round(0.35 * pen.nights)))) * DAY + HOUR
        until = at + 34 * HOUR  # late in the second evening, when everybody has seen what is mended and what is not
        names = ",".join(point.id for point in (inside, outlasts, dead))
        crew = Maintenance(f"m{number + 1}", parse_selector(f"id in ({names})"), at, until)
        pen.people(at, f"maintenance {crew.id}", lambda world, crew=crew: _begin_maintenance(world, crew))
        pen.put("lamp_failure", [inside.node], at + HOUR, at + 22 * HOUR, noise=True)
        pen.put("silent", [dead.node], at + 2 * HOUR, at + 5 * HOUR, noise=True)
        left = replace(pen.of(FaultEvent.LAMP_FAILURE, outlasts, LIT, LIT), since=until)
        pen.put("lamp_failure", [outlasts.node], at + HOUR, None, left)


def operate(pen: Pen) -> None:
    """Let people dim and light streets, and a sensor count vehicles."""
    for number in range(4 * pen.times):
        at = pen.begin(last=0.9)
        select = pen.rng.choice(("kind=crossing", "zone=school", "district=hafen", "road_class=collector"))
        override = Override(
            f"o{number}", Scope.GROUP, parse_selector(select), pen.rng.choice((30, 60, 100)), at, at + HOUR
        )
        pen.people(at, f"dim {select}", lambda world, override=override: _override(world, override))
    for night in range(0, pen.nights, 3):
        for quarter in range(24):
            at = pen.start + night * DAY + 11 * HOUR + quarter * HOUR / 4
            count = pen.rng.choice((5, 30, 80))
            pen.people(at, f"{count} vehicles", lambda world, count=count: _count_vehicles(world, count))


def _begin_maintenance(world: World, crew: Maintenance) -> None:
    world.store.add_maintenance(crew, world.audit("maintenance"))
    world.daemon.tell(ev.MaintenanceSet(crew))


def _override(world: World, override: Override) -> None:
    world.store.add_overrides([override], override.id, world.audit("dim"))
    world.overrides.append(override)
    world.daemon.tell(ev.OverrideSet(override))


def _count_vehicles(world: World, count: int) -> None:
    reading = SensorReading("main", "", "traffic", SensorKind.VEHICLES, count, world.now, world.now)
    world.daemon.tell(ev.SensorRead(reading))
