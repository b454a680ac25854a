"""Where light points stand in an intent: their assignment, calendar and protections, and the place of their sun.

Selectors look at a few keys, and of each only at the values they name. Light points that show the same there are alike,
and the selectors are read once for all of them: a million lamps need a few hundred readings. Those that share a place
cell too share one `Standing`, and with it their nights.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from lightctl.domain.assets import LightPoint, Place
from lightctl.domain.programs import Assignment, Calendar, ControlProgram, Intent, Protection, SunTime
from lightctl.domain.selectors import Selector
from lightctl.planning.cells import USUAL_DEPTH_DEG, Cell, cell_of, middle_of
from lightctl.planning.floors import Floor, floor_of

UNNAMED = " "  # stands for a value that no selector names; none can name a blank

Seen = tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True, eq=False)
class Lot:
    """What the selectors of an intent give to light points; one object for all that are given the same."""

    assignment: Assignment | None
    calendar: Calendar | None
    protections: tuple[Protection, ...]
    floor: Floor
    standings: dict[Cell, Standing] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False)
class Standing:
    """What makes light points alike; one object for all of them, so it is compared and hashed by identity."""

    lot: Lot
    place: Place


class Standings:
    """The standing of every light point asked for."""

    def __init__(self, intent: Intent, time_zone: str) -> None:
        self._intent = intent
        self._time_zone = time_zone
        self._depth = max([USUAL_DEPTH_DEG, *(abs(each) for one in intent.programs.values() for each in _angles(one))])
        selectors = [each.select for each in intent.assignments] + [each.select for each in intent.protections]
        self._named = _named(selectors)
        self._standings: dict[LightPoint, Standing] = {}
        self._seen: dict[Seen, Lot] = {}
        self._places: dict[Cell, Place] = {}
        self._lots: dict[tuple[int | None, tuple[int, ...]], Lot] = {}

    def of(self, point: LightPoint) -> Standing:
        """Give where a light point stands."""
        standing = self._standings.get(point)
        if standing is None:
            standing = self._standings[point] = self._read(point)
        return standing

    def lot(self, point: LightPoint) -> Lot:
        """Give what the selectors give a light point; nothing is kept of it, for those who look at each once."""
        seen = tuple([_seen(point.values_of(key), named) for key, named in self._named])
        lot = self._seen.get(seen)
        if lot is None:
            lot = self._seen[seen] = self._lot(point)
        return lot

    def _read(self, point: LightPoint) -> Standing:
        lot = self.lot(point)
        cell = cell_of(point, self._depth)
        standing = lot.standings.get(cell)
        if standing is None:
            place = self._places.setdefault(cell, middle_of(cell, self._time_zone))
            standing = lot.standings[cell] = Standing(lot, place)
        return standing

    def _lot(self, point: LightPoint) -> Lot:
        assignments, protections = self._intent.assignments, self._intent.protections
        first = next((n for n, each in enumerate(assignments) if point.selected_by(each.select)), None)
        protecting = tuple(n for n, each in enumerate(protections) if point.selected_by(each.select))
        known = self._lots.get((first, protecting))
        if known is None:
            assignment = None if first is None else assignments[first]
            calendar = self._intent.calendars.get(assignment.calendar) if assignment else None
            found = tuple(protections[number] for number in protecting)
            known = self._lots[first, protecting] = Lot(assignment, calendar, found, floor_of(found))
        return known


def _named(selectors: Iterable[Selector]) -> tuple[tuple[str, frozenset[str]], ...]:
    """Give every key that selectors look at, with the values they name."""
    found: dict[str, set[str]] = {}
    for selector in selectors:
        for term in selector.terms:
            found.setdefault(term.key, set()).update(term.values)
    return tuple((key, frozenset(values)) for key, values in found.items())


def _seen(values: tuple[str, ...], named: frozenset[str]) -> tuple[str, ...]:
    """Give values as selectors tell them apart: there or not, and which of those named."""
    return values if named.issuperset(values) else tuple([each if each in named else UNNAMED for each in values])


def _angles(program: ControlProgram) -> Iterator[float]:
    moments = [step.at for step in program.steps]
    periods = [*program.active, *(period for rule in program.dynamics for period in rule.period)]
    moments += [edge for period in periods for edge in (period.start, period.end)]
    for moment in moments:
        if isinstance(moment.at, SunTime):
            yield moment.at.altitude_deg
