"""Energy on paper: what lamps would use in a year, without a fleet, a store or a daemon. Pure.

By a program at a place, or by a number of hours at full level; off is standby, day and night. The baseline is full
light from the program's first opening in the night to its last closing, of the same lamps or of former ones, which drew
nothing when off.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from lightctl.app.energy.views import EstimateView
from lightctl.app.energy.weighing import SECONDS_PER_HOUR
from lightctl.domain.assets import FULL_LEVEL, Place
from lightctl.domain.errors import InvalidInput
from lightctl.domain.luminaires import PowerCurve
from lightctl.domain.programs import ActivePeriod, ControlProgram
from lightctl.planning.forecast import WATT_SECONDS, NightSum, added, night_sum
from lightctl.planning.night import Script, compile_night
from lightctl.planning.reading import Reader
from lightctl.planning.wall import ONE_DAY, wall_instant


@dataclass(frozen=True, slots=True)
class PaperLamps:
    """So many lamps alike. baseline_w: what a former lamp drew with its gear; None to compare with the same lamp."""

    number: int
    rated_w: float
    standby_w: float = 0.0
    baseline_w: float | None = None
    price: float | None = None
    co2: float | None = None


def by_program(lamps: PaperLamps, program: ControlProgram, place: Place, year: int) -> EstimateView:
    """Estimate a calendar year (local) of a program."""
    span = _year(year, place.time_zone)
    script, periods = Script.of(program), _whole_nights(program)
    held: list[NightSum] = []
    full_s = 0.0
    date = dt.date(year, 1, 1) - ONE_DAY
    while date.year <= year:
        reader = Reader.of(place, date)
        held.append(night_sum(compile_night(script, reader), (), span))
        full_s += _longest_s(reader, periods, span)
        date += ONE_DAY
    year_sum = added(held)
    curve = PowerCurve(((0, lamps.standby_w), (FULL_LEVEL, lamps.rated_w)))
    return _view(lamps, year_sum.curve_kwh(curve), full_s, year_sum.length_s, year_sum.lit_s / SECONDS_PER_HOUR)


def by_hours(lamps: PaperLamps, hours: float, year: int, time_zone: str) -> EstimateView:
    """Estimate a calendar year of so many hours at full level; raises InvalidInput for more than it has."""
    since, until = _year(year, time_zone)
    length_s = (until - since).total_seconds()
    lit_s = hours * SECONDS_PER_HOUR
    if lit_s > length_s:
        raise InvalidInput("--hours", f"{year} has no more than {length_s / SECONDS_PER_HOUR:g} hours")
    kwh = (lamps.rated_w * lit_s + lamps.standby_w * (length_s - lit_s)) / WATT_SECONDS
    return _view(lamps, kwh, lit_s, length_s, hours)


def _year(year: int, time_zone: str) -> tuple[dt.datetime, dt.datetime]:
    zone = ZoneInfo(time_zone)
    return wall_instant(dt.date(year, 1, 1), 0, zone), wall_instant(dt.date(year + 1, 1, 1), 0, zone)


def _whole_nights(program: ControlProgram) -> list[ActivePeriod]:
    """Give the windows from any opening of a program to any closing: the longest of them in a night is all of it."""
    return [ActivePeriod(one.start, other.end) for one in program.active for other in program.active]


def _longest_s(reader: Reader, periods: Sequence[ActivePeriod], span: tuple[dt.datetime, dt.datetime]) -> float:
    """Give the seconds of the longest of some periods in a night, as far as they lie in a span."""
    since, until = max(reader.sun.start, span[0]), min(reader.sun.end, span[1])
    lengths = [
        sum(
            max(0.0, (min(each.closes.at, until) - max(each.opens.at, since)).total_seconds())
            for each in reader.periods([period])
        )
        for period in periods
    ]
    return max(lengths, default=0.0)


def _view(lamps: PaperLamps, kwh_each: float, full_s: float, length_s: float, hours: float) -> EstimateView:
    if lamps.baseline_w is None:
        baseline_each = (lamps.rated_w * full_s + lamps.standby_w * (length_s - full_s)) / WATT_SECONDS
    else:
        baseline_each = lamps.baseline_w * full_s / WATT_SECONDS
    kwh, baseline = kwh_each * lamps.number, baseline_each * lamps.number
    saving = baseline - kwh
    return EstimateView(
        kwh=round(kwh, 3),
        baseline_kwh=round(baseline, 3),
        saving_percent=round(100 * saving / baseline, 3) if baseline else None,
        cost=None if lamps.price is None else round(kwh * lamps.price, 2),
        co2_kg=None if lamps.co2 is None else round(kwh * lamps.co2, 3),
        hours=round(hours, 2),
        saving_kwh=round(saving, 3),
        saving_cost=None if lamps.price is None else round(saving * lamps.price, 2),
        saving_co2_kg=None if lamps.co2 is None else round(saving * lamps.co2, 3),
    )
