"""Real light points and their nights: fetched, planned as the daemon plans them, those that share nights put together.

In: light points of the inventory's export and an intent. Out: `Shown`, nights with the protections already applied, so
that they are what nodes are told. Must hold: in the exact form lamps stand together only when every switch is the same.
"""

from __future__ import annotations

import datetime as dt
import operator
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from lightctl.api.codes import Code
from lightctl.cli.failures import Failure
from lightctl.cli.nights import Lamps, PreviewedNight, Shown
from lightctl.cli.targets import one_id
from lightctl.domain.assets import LifeCycle, LightPoint, Place
from lightctl.domain.errors import InvalidInput
from lightctl.domain.programs import SUNSET_ALTITUDE_DEG
from lightctl.domain.selectors import parse_selector
from lightctl.files.inventory import read_inventory
from lightctl.planning.floors import raised
from lightctl.planning.resolve import Plan
from lightctl.planning.sun import sun_passes

if TYPE_CHECKING:
    from lightctl.cli.client import Client

MAX_NIGHTS_COMPILED = 40_000


def fetch(client: Client, lights: Sequence[str], group: str | None, select: str | None) -> tuple[LightPoint, ...]:
    """Fetch the light points named by id, by group or by selector; an unknown name is a Failure."""
    if lights:
        return tuple(point for light in dict.fromkeys(lights) for point in _one(client, one_id(light, "--light")))
    if group is not None:
        # Which lamps have a group at all can be asked with any name in it, also one no selector can spell.
        found = tuple(point for point in _exported(client, "group") if group in point.groups)
        asked = f"in a group {group!r}"
    else:
        assert select is not None
        parse_selector(select, where="-l")
        found = _exported(client, select)
        asked = f"selected by {select!r}"
    if not found:
        hint = "`lightctl inventory list` shows what there is."
        raise Failure(Code.UNKNOWN_TARGET, f"no light point is {asked}", hint=hint)
    return found


def shown_exactly(plan: Plan, points: Iterable[LightPoint], dates: Sequence[dt.date]) -> list[Shown]:
    """Give the nights of light points, together only where every switch is the same."""
    every = [cell for alike in _alike(plan, points, dates[0]) for cell in _cells(plan, alike).values()]
    _check_work(len(every), dates)
    return [_shown(plan, cell, cell[0], dates) for cell in every]


def shown_to_people(plan: Plan, points: Iterable[LightPoint], dates: Sequence[dt.date]) -> list[Shown]:
    """Give the nights of light points, together also where only the sun, a few seconds earlier or later, differs."""
    every = _alike(plan, points, dates[0])
    _check_work(len(every), dates)
    found = []
    for alike in every:
        cells = _cells(plan, alike)
        shown = _shown(plan, alike, max(cells.values(), key=len)[0], dates)
        assert shown.lamps is not None
        lamps = replace(shown.lamps, places=len(cells), apart=_apart(list(cells), dates))
        found.append(replace(shown, lamps=lamps))
    return found


def not_in_use(points: Iterable[LightPoint]) -> list[str]:
    """Name the light points that nobody commands, each with its state."""
    return [f"{point.id} ({point.state})" for point in points if point.state is not LifeCycle.IN_USE]


def _one(client: Client, light: str) -> tuple[LightPoint, ...]:
    found = _exported(client, f"id={light}")
    if not found:
        client.get(f"/v1/lights/{light}")  # fails, and says which names are near
    return found


def _exported(client: Client, select: str) -> tuple[LightPoint, ...]:
    read = read_inventory(client.text("/v1/inventory/export", format="csv", select=select), format="csv")
    if read.errors:
        first = read.errors[0]
        where = f"{client.where}, /v1/inventory/export"
        raise InvalidInput(where, f"row {first.row} cannot be read: {first.column}: {first.why}")
    return read.points


def _alike(plan: Plan, points: Iterable[LightPoint], date: dt.date) -> list[list[LightPoint]]:
    """Put light points of one calendar and floor together."""
    found: dict[object, list[LightPoint]] = {}
    for point in points:
        found.setdefault((plan.night(point, date).calendar, plan.floor(point)), []).append(point)
    return list(found.values())


def _cells(plan: Plan, points: Iterable[LightPoint]) -> dict[Place, list[LightPoint]]:
    """Put light points together that follow the sun of one place."""
    found: dict[Place, list[LightPoint]] = {}
    for point in points:
        found.setdefault(plan.place(point), []).append(point)
    return found


def _shown(plan: Plan, points: Sequence[LightPoint], at: LightPoint, dates: Sequence[dt.date]) -> Shown:
    """Show light points by the nights of one of them."""
    return Shown(_nights(plan, at, dates), Lamps(tuple(point.id for point in points), plan.floor(at), at.id))


def _nights(plan: Plan, point: LightPoint, dates: Sequence[dt.date]) -> tuple[PreviewedNight, ...]:
    floor, place = plan.floor(point), plan.place(point)
    found = []
    for date in dates:
        planned = plan.night(point, date)
        told = replace(planned.night, switches=raised(planned.night, floor), sources=())
        found.append(PreviewedNight(told, planned.calendar or None, planned.rule, place))
    return tuple(found)


def _apart(places: Sequence[Place], dates: Sequence[dt.date]) -> dt.timedelta:
    """Give by how much sunsets differ at most, over the outermost places."""
    by_latitude, by_longitude = operator.attrgetter("latitude"), operator.attrgetter("longitude")
    outermost = {most(places, key=key) for key in (by_latitude, by_longitude) for most in (min, max)}
    found = dt.timedelta(0)
    for date in dates if len(outermost) > 1 else ():
        passed = [sun_passes(place, date, SUNSET_ALTITUDE_DEG, downwards=True) for place in outermost]
        sunsets = [each for each in passed if isinstance(each, dt.datetime)]
        if sunsets:
            found = max(found, max(sunsets) - min(sunsets))
    return found


def _check_work(kinds: int, dates: Sequence[dt.date]) -> None:
    if kinds * len(dates) > MAX_NIGHTS_COMPILED:
        raise InvalidInput(
            "preview",
            f"these lamps have {kinds:,} different nights on each of {len(dates):,} dates: too many to show",
            hint="Choose fewer lamps, or a smaller --days.",
        )
