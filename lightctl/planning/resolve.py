"""An intent read for light points and instants: which program, which night, which level, and why.

A `Plan` is a value from outside (same intent, same answers) and remembers inside what many lamps share: light points
with the same assignment, protections and place cell share one `Standing`, so a city's lamps share a handful of compiled
nights and the very same tuples of switches.

The rule: the strongest override in force, else what a sensor makes of the night's program, else the program; then the
floor of the protections while the sun is down. A light point nobody assigned, or whose program is missing, has full
light from sunset to sunrise.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence

from lightctl.domain.assets import LightPoint, Place
from lightctl.domain.programs import DEFAULT_PROGRAM, Assignment, Intent, Protection
from lightctl.domain.sensors import SILENT, Readings
from lightctl.domain.states import Override, Reason, Switch
from lightctl.planning import dynamics
from lightctl.planning.calendars import choose
from lightctl.planning.cells import place_cell
from lightctl.planning.explain import PlannedNight, Resolution, Verdict, chain
from lightctl.planning.floors import Floor, merged, raised
from lightctl.planning.memo import DatedMemo
from lightctl.planning.night import Night, Script, compile_night
from lightctl.planning.overrides import in_force
from lightctl.planning.reading import Reader
from lightctl.planning.standing import Standing, Standings
from lightctl.planning.wall import ONE_DAY, night_bounds, night_date

__all__ = ["Plan", "PlannedNight", "Resolution", "Verdict", "place_cell"]

UNASSIGNED = ""
NIGHTS_IN_SIGHT = 3
DEFAULT_SCRIPT = Script.of(DEFAULT_PROGRAM)


class Plan:
    """An intent read for a city's clock. Pure from outside; memoises nights inside."""

    def __init__(self, intent: Intent, time_zone: str) -> None:
        self.intent = intent
        self.time_zone = time_zone
        self._standings = Standings(intent, time_zone)
        self._scripts = {name: Script.of(program) for name, program in intent.programs.items()}
        self._clocks: DatedMemo[str, Reader] = DatedMemo()
        self._readers: DatedMemo[Place, Reader] = DatedMemo()
        self._nights: DatedMemo[tuple[str, bool, Place], Night] = DatedMemo()
        self._planned: DatedMemo[Standing, PlannedNight] = DatedMemo()
        self._switches: DatedMemo[tuple[Place, Floor, tuple[tuple[str, bool], ...]], tuple[Switch, ...]] = DatedMemo()
        self._of_standing: DatedMemo[tuple[Standing, int], tuple[Switch, ...]] = DatedMemo()
        epoch = dt.datetime.fromtimestamp(0, dt.UTC)
        self._today = (epoch.date(), epoch, epoch)

    def forget_points(self) -> None:
        """Keep nothing of the light points asked for so far; the nights they share stay."""
        self._standings = Standings(self.intent, self.time_zone)

    def assignment(self, point: LightPoint) -> Assignment | None:
        """Give the first assignment that selects a light point, None when nobody assigned it."""
        return self._standings.of(point).lot.assignment

    def protections(self, point: LightPoint) -> tuple[Protection, ...]:
        """Give the protections of a light point, in file order."""
        return self._standings.of(point).lot.protections

    def place(self, point: LightPoint) -> Place:
        """Give the place whose sun a light point follows."""
        return self._standings.of(point).place

    def floor(self, point: LightPoint) -> Floor:
        """Give the floor its protections put under a light point."""
        return self._standings.of(point).lot.floor

    def night(self, point: LightPoint, date: dt.date) -> PlannedNight:
        """Give the compiled night of a light point, protections not yet applied."""
        return self._planned_night(self._standings.of(point), date)

    def switches(self, point: LightPoint, first_date: dt.date, nights: int) -> tuple[Switch, ...]:
        """Give what a node carries: so many nights' changes of level, protections applied, the first at their start.

        Light points of one cell, floor and sequence of programs get the very same tuple.
        """
        standing = self._standings.of(point)
        return self._of_standing.get(
            (standing, nights), first_date, lambda: self._carried(standing, first_date, nights)
        )

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
        standing = self._standings.of(point)
        planned = self._planned_night(standing, self._date(now))
        strongest = in_force(point, overrides, now) if overrides else ()
        if strongest:
            level, reason = strongest[0].level, Reason.OVERRIDE
            if strongest[0].below_protection:
                return level, reason
        else:
            level = planned.night.level_at(now)
            reason = Reason.PROGRAM if planned.assigned else Reason.DEFAULT
            if sensor_level is not None and sensor_level != level:
                level, reason = sensor_level, Reason.SENSOR
        if level < standing.lot.floor.level and planned.night.is_dark(now):
            return standing.lot.floor.level, Reason.PROTECTION
        return level, reason

    def sensed(self, point: LightPoint, readings: Readings, now: dt.datetime) -> dynamics.Sensed | None:
        """Give the dynamic rule in force on a light point and its level, also where it changes nothing."""
        if not readings:
            return None
        compiled = self._planned_night(self._standings.of(point), self._date(now)).night
        return dynamics.sensed(compiled.level_at(now), compiled.dynamics, readings, now)

    def follows(self, point: LightPoint, sensor: str, now: dt.datetime) -> bool:
        """Say whether the program of a light point's present night names a sensor."""
        compiled = self._planned_night(self._standings.of(point), self._date(now)).night
        return any(timed.rule.sensor == sensor for timed in compiled.dynamics)

    def floor_within(self, point: LightPoint, start: dt.datetime, until: dt.datetime) -> int:
        """Give the highest protection that applies at any instant of a period: a held level must satisfy all of it."""
        standing = self._standings.of(point)
        if standing.lot.floor.level == 0:
            return 0
        date, last = night_date(start, self.time_zone), night_date(until, self.time_zone)
        while date <= last:
            dark = self._planned_night(standing, date).night.dark
            if any(begins < until and ends > start for begins, ends in dark):
                return standing.lot.floor.level
            date += ONE_DAY
        return 0

    def next_change(
        self, point: LightPoint, overrides: Sequence[Override], now: dt.datetime, readings: Readings = SILENT
    ) -> dt.datetime:
        """Give the next instant after `now` at which level or reason changes, at most the end of the night."""
        standing = self._standings.of(point)
        compiled = self._planned_night(standing, self._date(now)).night
        if overrides or standing.lot.floor.level or readings:
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
                ref = self._standings.of(point).lot.floor.reason
            case _:
                ref = self.night(point, self._date(now)).night.program
        return level, reason, ref

    def resolve(
        self, point: LightPoint, overrides: Sequence[Override], now: dt.datetime, readings: Readings = SILENT
    ) -> Resolution:
        """Give the level due at an instant with everything that led to it."""
        standing = self._standings.of(point)
        planned = self.night(point, self._date(now))
        level, reason, ref = self.due(point, overrides, now, readings)
        verdicts = chain(
            planned,
            standing.lot.assignment,
            standing.lot.calendar,
            standing.lot.protections,
            in_force(point, overrides, now),
            reason,
            now,
            self.time_zone,
            readings,
        )
        until = next(self.changes(point, overrides, now, NIGHTS_IN_SIGHT, readings), None)
        return Resolution(level, reason, ref, until, verdicts)

    def _date(self, now: dt.datetime) -> dt.date:
        date, start, end = self._today
        if not start <= now < end:
            date = night_date(now, self.time_zone)
            self._today = (date, *night_bounds(date, self.time_zone))
        return date

    def _planned_night(self, standing: Standing, date: dt.date) -> PlannedNight:
        return self._planned.get(standing, date, lambda: self._plan_night(standing, date))

    def _plan_night(self, standing: Standing, date: dt.date) -> PlannedNight:
        calendar, place = standing.lot.calendar, standing.place
        chosen, rule = choose(calendar, date) if calendar else (UNASSIGNED, None)
        assigned = chosen in self._scripts
        script = self._scripts.get(chosen, DEFAULT_SCRIPT)
        name = script.program.id
        # A program of people's own may be called "default" too.
        compiled = self._nights.get(
            (name, assigned, place), date, lambda: compile_night(script, self._reader(place, date))
        )
        return PlannedNight(compiled, calendar.id if calendar else UNASSIGNED, rule, name, assigned)

    def _reader(self, place: Place, date: dt.date) -> Reader:
        """Give the reader of a night at a place; all places share what the city's clock says that night."""
        clocks = self._clocks.get(self.time_zone, date, lambda: Reader.of(place, date))
        return self._readers.get(place, date, lambda: clocks.elsewhere(place))

    def _carried(self, standing: Standing, first_date: dt.date, nights: int) -> tuple[Switch, ...]:
        planned = [self._planned_night(standing, first_date + ONE_DAY * ahead) for ahead in range(nights)]
        floor = standing.lot.floor
        key = (standing.place, floor, tuple([(each.program, each.assigned) for each in planned]))
        return self._switches.get(key, first_date, lambda: merged([raised(each.night, floor) for each in planned]))

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
        standing = self._standings.of(point)
        marks.update(self._marks(standing, self._date(now), nights))
        marks.update(dynamics.marks(self._planned_night(standing, self._date(now)).night.dynamics, readings))
        present = self.level_at(point, relevant, now, readings)
        for mark in sorted(mark for mark in marks if mark > now):
            then = self.level_at(point, relevant, mark, readings)
            if then != present:
                yield mark
                present = then

    def _marks(self, standing: Standing, first_date: dt.date, nights: int) -> Iterator[dt.datetime]:
        for ahead in range(nights):
            compiled = self._planned_night(standing, first_date + ONE_DAY * ahead).night
            yield from (switch.at for switch in compiled.switches)
            if standing.lot.floor.level:
                yield from (edge for span in compiled.dark for edge in span)
