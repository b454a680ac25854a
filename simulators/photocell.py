"""A node's own idea of night: its computed photocell. Pure, from planning's sun."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from functools import lru_cache

from lightctl.domain.assets import Place
from lightctl.domain.programs import DEFAULT_PROGRAM
from lightctl.planning.night import Night, night, night_date

CELL_DIGITS = 2  # a hundredth of a degree of longitude is 2.4 s of sun
A_DAY = dt.timedelta(days=1)


class Photocell:
    """Says when it is night at a place: from sunset to sunrise (upper limb); with no place it is always night."""

    __slots__ = ("_place",)

    def __init__(self, place: Place | None) -> None:
        self._place = None if place is None else _cell(place)

    def is_night(self, instant: dt.datetime) -> bool:
        """Say whether the sun is down."""
        return self._place is None or _tonight(instant, self._place).level_at(instant) > 0

    def next_change(self, instant: dt.datetime) -> dt.datetime:
        """Give the next instant after this one at which the answer may change."""
        if self._place is None:
            return instant + A_DAY
        tonight = _tonight(instant, self._place)
        return next((switch.at for switch in tonight.switches if switch.at > instant), tonight.end)


def _cell(place: Place) -> Place:
    return replace(place, latitude=round(place.latitude, CELL_DIGITS), longitude=round(place.longitude, CELL_DIGITS))


def _tonight(instant: dt.datetime, place: Place) -> Night:
    return _night(night_date(instant, place.time_zone), place)


@lru_cache(maxsize=4096)
def _night(date: dt.date, place: Place) -> Night:
    return night(DEFAULT_PROGRAM, date, place)
