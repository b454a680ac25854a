"""An intent read for light points and instants: which program, which night, which level, and why.

A `Plan` is a value from outside (same intent, same answers) and remembers inside what many lamps share: light points
with the same calendar, place cell and floor stand on one `_Site`, so a city's lamps share a handful of compiled nights
and the very same tuples of switches.

The rule: the strongest override in force, else what a sensor makes of the night's program, else the program; then the
floor of the protections while the sun is down. A light point nobody assigned, or whose program is missing, has full
light from sunset to sunrise.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from lightctl.domain.assets import LightPoint, Place
from lightctl.domain.programs import (
    DEFAULT_PROGRAM,
    Assignment,
    Calendar,
    ControlProgram,
    Intent,
    Protection,
    SunTime,
)
from lightctl.domain.sensors import SILENT, Readings
from lightctl.domain.states import Override, Reason, Switch
from lightctl.planning import dynamics
from lightctl.planning.calendars import choose
from lightctl.planning.cells import USUAL_DEPTH_DEG, place_cell
from lightctl.planning.explain import PlannedNight, Resolution, Verdict, chain
from lightctl.planning.floors import Floor, floor_of, merged, raised
from lightctl.planning.memo import DatedMemo
from lightctl.planning.night import Night, night
from lightctl.planning.overrides import in_force
from lightctl.planning.sun import SunNight
from lightctl.planning.wall import ONE_DAY, night_bounds, night_date

__all__ = ["Plan", "PlannedNight", "Resolution", "Verdict", "place_cell"]

UNASSIGNED = ""
NIGHTS_IN_SIGHT = 3


@dataclass(frozen=True, slots=True, eq=False)
class _Site:
    """What makes light points alike; one object for all of them, so it is compared and hashed by identity."""

    calendar: Calendar | None
    place: Place
    floor: Floor


@dataclass(frozen=True, slots=True)
class _Standing:
    """Where one light point stands in the intent."""

    point: LightPoint
    assignment: Assignment | None
    protections: tuple[Protection, ...]
    site: _Site


class Plan:
    """An intent read for a city's clock. Pure from outside; memoises nights inside."""

    def __init__(self, intent: Intent, time_zone: str) -> None:
        self.intent = intent
        self.time_zone = time_zone
        self._depth = max(
            [USUAL_DEPTH_DEG, *(abs(angle) for each in intent.programs.values() for angle in _angles(each))]
        )
        self._standings: dict[str, _Standing] = {}
        self._sites: dict[tuple[str, Place, Floor], _Site] = {}
        self._suns: DatedMemo[Place, SunNight] = DatedMemo()
        self._nights: DatedMemo[tuple[str, bool, Place], Night] = DatedMemo()
        self._planned: DatedMemo[_Site, PlannedNight] = DatedMemo()
        self._switches: DatedMemo[tuple[Place, Floor, tuple[tuple[str, bool], ...]], tuple[Switch, ...]] = DatedMemo()
        self._of_site: DatedMemo[tuple[_Site, int], tuple[Switch, ...]] = DatedMemo()
        epoch = dt.datetime.fromtimestamp(0, dt.UTC)
        self._today = (epoch.date(), epoch, epoch)

    def assignment(self, point: LightPoint) -> Assignment | None:
        """Give the first assignment that selects a light point, None when nobody assigned it."""
        return self._standing(point).assignment

    def protections(self, point: LightPoint) -> tuple[Protection, ...]:
        """Give the protections of a light point, in file order."""
        return self._standing(point).protections

    def place(self, point: LightPoint) -> Place:
        """Give the place whose sun a light point follows."""
        return self._standing(point).site.place

    def floor(self, point: LightPoint) -> Floor:
        """Give the floor its protections put under a light point."""
        return self._standing(point).site.floor

    def night(self, point: LightPoint, date: dt.date) -> PlannedNight:
        """Give the compiled night of a light point, protections not yet applied."""
        return self._planned_night(self._standing(point).site, date)

    def switches(self, point: LightPoint, first_date: dt.date, nights: int) -> tuple[Switch, ...]:
        """Give what a node carries: so many nights' changes of level, protections applied, the first at their start.

        Light points of one cell, floor and sequence of programs get the very same tuple.
        """
        site = self._standing(point).site
        return self._of_site.get((site, nights), first_date, lambda: self._carried(site, first_date, nights))

    def level_at(
        self, point: LightPoint, overrides: Sequence[Override], now: dt.datetime, readings: Readings = SILENT
    ) -> tuple[int, Reason]:
        """Give the level due and its reason: the same answer as `resolve`, without the explanation."""
        found = self.sensed(point, readings, now)
        return self.level_with(point, overrides, now, found.level if found else None)

    def level_with(
        self, point: LightPoint, overrides: Sequence[Override], now: dt.datetime, sensor_level: int | None
    ) -> tuple[int, Reason]:
        """Give the level due and its reason where a sensor makes the program's level `sensor_level`, if any does."""
        site = self._standing(point).site
        planned = self._planned_night(site, self._date(now))
        strongest = in_force(point, overrides, now) if overrides else ()
        if strongest:
            level, reason = strongest[0].level, Reason.OVERRIDE
        else:
            level = planned.night.level_at(now)
            reason = Reason.PROGRAM if planned.assigned else Reason.DEFAULT
            if sensor_level is not None and sensor_level != level:
                level, reason = sensor_level, Reason.SENSOR
        if level < site.floor.level and planned.night.is_dark(now):
            return site.floor.level, Reason.PROTECTION
        return level, reason

    def sensed(self, point: LightPoint, readings: Readings, now: dt.datetime) -> dynamics.Sensed | None:
        """Give the dynamic rule in force on a light point and its level, also where it changes nothing."""
        if not readings:
            return None
        compiled = self._planned_night(self._standing(point).site, self._date(now)).night
        return dynamics.sensed(compiled.level_at(now), compiled.dynamics, readings, now)

    def follows(self, point: LightPoint, sensor: str, now: dt.datetime) -> bool:
        """Say whether the program of a light point's present night names a sensor."""
        compiled = self._planned_night(self._standing(point).site, self._date(now)).night
        return any(timed.rule.sensor == sensor for timed in compiled.dynamics)

    def next_change(
        self, point: LightPoint, overrides: Sequence[Override], now: dt.datetime, readings: Readings = SILENT
    ) -> dt.datetime:
        """Give the next instant after `now` at which level or reason changes, at most the end of the night."""
        site = self._standing(point).site
        compiled = self._planned_night(site, self._date(now)).night
        if overrides or site.floor.level or readings:
            return min(compiled.end, next(self._changes(point, overrides, now, 1, readings), compiled.end))
        coming = compiled.index_at(now) + 1
        return compiled.switches[coming].at if coming < len(compiled.switches) else compiled.end

    def changes(
        self,
        point: LightPoint,
        overrides: Sequence[Override],
        now: dt.datetime,
        nights: int,
        readings: Readings = SILENT,
    ) -> Iterator[dt.datetime]:
        """Give the instants after `now` at which level or reason changes, in order.

        Looks so many nights ahead, further where an override lasts longer: what never changes comes to an end.
        """
        last = max((each.until for each in overrides), default=now)
        return self._changes(point, overrides, now, max(nights, (last - now).days + 2), readings)

    def due(
        self, point: LightPoint, overrides: Sequence[Override], now: dt.datetime, readings: Readings = SILENT
    ) -> tuple[int, Reason, str]:
        """Give level, reason and ref as `resolve` does, without the explanation."""
        found = self.sensed(point, readings, now)
        level, reason = self.level_with(point, overrides, now, found.level if found else None)
        match reason:
            case Reason.OVERRIDE:
                ref = in_force(point, overrides, now)[0].id
            case Reason.SENSOR:
                ref = found.rule.sensor if found else ""
            case Reason.PROTECTION:
                ref = self._standing(point).site.floor.reason
            case _:
                ref = self.night(point, self._date(now)).night.program
        return level, reason, ref

    def resolve(
        self, point: LightPoint, overrides: Sequence[Override], now: dt.datetime, readings: Readings = SILENT
    ) -> Resolution:
        """Give the level due at an instant with everything that led to it."""
        standing = self._standing(point)
        planned = self.night(point, self._date(now))
        level, reason, ref = self.due(point, overrides, now, readings)
        verdicts = chain(
            planned,
            standing.assignment,
            standing.site.calendar,
            standing.protections,
            in_force(point, overrides, now),
            reason,
            now,
            self.time_zone,
            readings,
        )
        until = next(self.changes(point, overrides, now, NIGHTS_IN_SIGHT, readings), None)
        return Resolution(level, reason, ref, until, verdicts)

    def _standing(self, point: LightPoint) -> _Standing:
        known = self._standings.get(point.id)
        if known is None or known.point is not point:
            known = self._standings[point.id] = self._stand(point)
        return known

    def _stand(self, point: LightPoint) -> _Standing:
        assignment = next((each for each in self.intent.assignments if point.selected_by(each.select)), None)
        calendar = self.intent.calendars.get(assignment.calendar) if assignment else None
        protections = tuple(each for each in self.intent.protections if point.selected_by(each.select))
        place, floor = place_cell(point, self.time_zone, self._depth), floor_of(protections)
        site = self._sites.setdefault(
            (calendar.id if calendar else UNASSIGNED, place, floor), _Site(calendar, place, floor)
        )
        return _Standing(point, assignment, protections, site)

    def _date(self, now: dt.datetime) -> dt.date:
        date, start, end = self._today
        if not start <= now < end:
            date = night_date(now, self.time_zone)
            self._today = (date, *night_bounds(date, self.time_zone))
        return date

    def _planned_night(self, site: _Site, date: dt.date) -> PlannedNight:
        return self._planned.get(site, date, lambda: self._plan_night(site, date))

    def _plan_night(self, site: _Site, date: dt.date) -> PlannedNight:
        chosen, rule = choose(site.calendar, date) if site.calendar else (UNASSIGNED, None)
        program = self.intent.programs.get(chosen, DEFAULT_PROGRAM)
        assigned = chosen in self.intent.programs
        sun = self._suns.get(site.place, date, lambda: SunNight.of(site.place, date))
        compiled = self._nights.get(
            (program.id, assigned, site.place), date, lambda: night(program, date, site.place, sun)
        )
        return PlannedNight(compiled, site.calendar.id if site.calendar else UNASSIGNED, rule, program.id, assigned)

    def _carried(self, site: _Site, first_date: dt.date, nights: int) -> tuple[Switch, ...]:
        planned = [self._planned_night(site, first_date + ONE_DAY * ahead) for ahead in range(nights)]
        # A program of people's own may be called "default" too.
        key = (site.place, site.floor, tuple((each.program, each.assigned) for each in planned))
        return self._switches.get(key, first_date, lambda: merged(raised(each.night, site.floor) for each in planned))

    def _changes(
        self,
        point: LightPoint,
        overrides: Sequence[Override],
        now: dt.datetime,
        nights: int,
        readings: Readings,
    ) -> Iterator[dt.datetime]:
        relevant = [each for each in overrides if each.until > now and point.selected_by(each.select)]
        marks = {bound for each in relevant for bound in (each.start, each.until)}
        site = self._standing(point).site
        marks.update(self._marks(site, self._date(now), nights))
        marks.update(dynamics.marks(self._planned_night(site, self._date(now)).night.dynamics, readings))
        present = self.level_at(point, relevant, now, readings)
        for mark in sorted(mark for mark in marks if mark > now):
            then = self.level_at(point, relevant, mark, readings)
            if then != present:
                yield mark
                present = then

    def _marks(self, site: _Site, first_date: dt.date, nights: int) -> Iterator[dt.datetime]:
        for ahead in range(nights):
            compiled = self._planned_night(site, first_date + ONE_DAY * ahead).night
            yield from (switch.at for switch in compiled.switches)
            if site.floor.level:
                yield from (edge for span in compiled.dark for edge in span)


def _angles(program: ControlProgram) -> Iterator[float]:
    moments = [step.at for step in program.steps]
    periods = [*program.active, *(period for rule in program.dynamics for period in rule.period)]
    moments += [edge for period in periods for edge in (period.start, period.end)]
    for moment in moments:
        if isinstance(moment.at, SunTime):
            yield moment.at.altitude_deg
