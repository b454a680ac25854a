"""A second reading of contracts 1 and 2, instant by instant, to hold the night compiler against.

It shares nothing with lightctl.planning but the sun's passages and altitude, so it is exact to the second; tests/oracle
has a sun of its own and is good to seconds. It never builds a list of switches: for each instant it asks the questions
of the contract anew.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from functools import cached_property
from zoneinfo import ZoneInfo

from lightctl.domain.assets import Place
from lightctl.domain.programs import ActivePeriod, ClockTime, ControlProgram, Moment
from lightctl.planning.sun import SunNight, solar_altitude_deg

DAY = dt.timedelta(days=1)


def wall(date: dt.date, seconds: int, zone: ZoneInfo) -> dt.datetime:
    """RFC 5545: the offset of the day before holds in a gap, the first of two is meant in a fold."""
    naive = dt.datetime.combine(date, dt.time()) + dt.timedelta(seconds=seconds)
    as_utc = naive.replace(tzinfo=dt.UTC)
    before, after = ((as_utc + day).astimezone(zone).utcoffset() for day in (-DAY, DAY))
    for offset in (before, after):
        if (as_utc - offset).astimezone(zone).replace(tzinfo=None) == naive:
            return as_utc - offset
    return as_utc - before


def bounds(date: dt.date, place: Place) -> tuple[dt.datetime, dt.datetime]:
    zone = ZoneInfo(place.time_zone)
    return wall(date, 43200, zone), wall(date + DAY, 43200, zone)


def falls(moment: Moment) -> bool:
    return not isinstance(moment.at, ClockTime) and moment.at.event.value in ("sunset", "dusk")


def rises(moment: Moment) -> bool:
    return not isinstance(moment.at, ClockTime) and moment.at.event.value in ("sunrise", "dawn")


@dataclass
class BruteForceNight:
    """A program on one date at one place, asked instant by instant."""

    program: ControlProgram
    date: dt.date
    place: Place

    def level_at(self, instant: dt.datetime) -> int:
        if not any(self._inside(opened, closed, instant) for opened, closed in self._edges):
            return 0
        past = [each for each in self._steps if each[0] <= instant]
        return max(past)[2] if past else self.program.start_level

    def instants(self) -> set[dt.datetime]:
        """Give every instant the program speaks of."""
        edges = {at for opened, closed in self._edges for at in (*opened, *closed)}
        return edges | {at for at, _, _ in self._steps}

    @staticmethod
    def _inside(opened: list[dt.datetime], closed: list[dt.datetime], instant: dt.datetime) -> bool:
        """Say whether an opening lies behind, no closing since, and one ahead."""
        return any(instant < each for each in closed) and any(
            start <= instant and not any(start < end <= instant for end in closed) for start in opened
        )

    @cached_property
    def _edges(self) -> list[tuple[list[dt.datetime], list[dt.datetime]]]:
        return [(self._openings(each), self._closings(each)) for each in self.program.active]

    @cached_property
    def _steps(self) -> list[tuple[dt.datetime, int, int]]:
        found = []
        for number, step in enumerate(self.program.steps):
            instants = self._instants(step.at)
            if instants:
                found.append((max(instants) if rises(step.at) else min(instants), number, step.level))
        return found

    def _openings(self, window: ActivePeriod) -> list[dt.datetime]:
        found, noon = self._instants(window.start), bounds(self.date, self.place)[0]
        down = self._down(window.start, noon) and (falls(window.start) or not found)
        return [*found, noon] if down else found

    def _closings(self, window: ActivePeriod) -> list[dt.datetime]:
        found, noon = self._instants(window.end), bounds(self.date, self.place)[1]
        down = self._down(window.end, noon) and (rises(window.end) or not found)
        return [*found, noon] if down else found

    def _down(self, moment: Moment, instant: dt.datetime) -> bool:
        altitude = solar_altitude_deg(self.place.latitude, self.place.longitude, instant)
        return not isinstance(moment.at, ClockTime) and altitude < moment.at.altitude_deg

    def _clock(self, value: ClockTime) -> dt.datetime:
        date = self.date if value.seconds >= 43200 else self.date + DAY
        return wall(date, value.seconds, ZoneInfo(self.place.time_zone))

    def _instants(self, moment: Moment) -> list[dt.datetime]:
        if isinstance(moment.at, ClockTime):
            found = [self._clock(moment.at)]
        else:
            shift = dt.timedelta(seconds=moment.at.offset_s)
            passages = SunNight.of(self.place, self.date).passages(moment.at.altitude_deg)
            found = [each.at + shift for each in passages if each.downwards is falls(moment)]
        if moment.earliest:
            found = [max(at, self._clock(moment.earliest)) for at in found]
        if moment.latest:
            found = [min(at, self._clock(moment.latest)) for at in found]
        return found
