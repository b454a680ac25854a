"""The energy report: what the street used, by whatever it is asked by, with baseline, cost and carbon dioxide.

A light point in two groups counts in both rows and once in the total. Each part of the period is priced with what was
in force then. Saving compares only light points whose baseline is known.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

from lightctl.app.desk import Desk
from lightctl.app.energy.accounts import Accounts, Entry
from lightctl.app.energy.lamps import WH_PER_KWH, Lamp, lamps_of
from lightctl.app.energy.parts import Part, nights_of, parts_of
from lightctl.app.energy.tariffs import Tariffs
from lightctl.app.energy.views import EnergyRow, EnergyView, FigureView, Label
from lightctl.app.energy.weighing import SECONDS_PER_HOUR
from lightctl.app.steps import Steps, finish
from lightctl.app.usage import rolled_up
from lightctl.domain.assets import LightPoint
from lightctl.domain.errors import InvalidInput
from lightctl.planning.wall import night_date

BY_TIME = ("month", "night")
BY_FIELD = ("group", "cabinet", "road_class", "kind", "luminaire", "id")
TAG = "tag:"
TOTAL = "total"
ALL_NIGHT, BEFORE_RETROFIT = "all_night", "before_retrofit"
BASELINES = (ALL_NIGHT, BEFORE_RETROFIT)


@dataclass(slots=True)
class _Sum:
    """A row as parts are added; cost and carbon dioxide are None for good once a part has no figure."""

    metered_wh: float = 0.0
    estimated_wh: float = 0.0
    compared_wh: float = 0.0
    baseline_wh: float = 0.0
    lit_s: float = 0.0
    cost: float | None = 0.0
    co2_kg: float | None = 0.0
    ids: int = 0

    def add(self, entry: Entry) -> None:
        """Add one lamp's entry."""
        weighed = entry.weighed
        self.metered_wh += weighed.metered_wh
        self.estimated_wh += weighed.estimated_wh
        self.lit_s += weighed.lit_s
        self.ids += 1
        if entry.baseline_wh is not None:
            self.baseline_wh += entry.baseline_wh
            self.compared_wh += weighed.metered_wh + weighed.estimated_wh

    def take(self, part: _Sum, price: FigureView | None, factor: FigureView | None) -> None:
        """Add a part of the period at its own price and factor."""
        kwh = (part.metered_wh + part.estimated_wh) / WH_PER_KWH
        self.metered_wh += part.metered_wh
        self.estimated_wh += part.estimated_wh
        self.compared_wh += part.compared_wh
        self.baseline_wh += part.baseline_wh
        self.lit_s += part.lit_s
        self.ids = max(self.ids, part.ids)
        self.cost = None if price is None or self.cost is None else self.cost + kwh * price.value
        self.co2_kg = None if factor is None or self.co2_kg is None else self.co2_kg + kwh * factor.value


@dataclass(slots=True)
class _Book:
    """The rows of a report as they grow."""

    rows: dict[str, _Sum] = field(default_factory=dict)
    total: _Sum = field(default_factory=_Sum)
    figures: dict[FigureView, None] = field(default_factory=dict)


def report(
    desk: Desk,
    since: dt.datetime,
    until: dt.datetime,
    by: str,
    *,
    baseline: str | None = None,
    points: Iterable[LightPoint] | None = None,
) -> EnergyView:
    """Report the energy of light points (None: all) from one instant to another, now at most; raises InvalidInput.

    by: group, cabinet, road_class, kind, luminaire, id, tag:KEY, month or night. By night the period is that of the
    lighting days that begin in it. baseline: all_night or before_retrofit, None for what settings say.
    """
    return finish(report_steps(desk, since, until, by, baseline=baseline, points=points))


def report_steps(
    desk: Desk,
    since: dt.datetime,
    until: dt.datetime,
    by: str,
    *,
    baseline: str | None = None,
    points: Iterable[LightPoint] | None = None,
) -> Steps[EnergyView]:
    """Do what `report` does, part by part."""
    now = desk.now()
    until = ended(since, until, now)
    yield from rolled_up(desk)
    check_by(by)
    measured = desk.settings.energy.baseline if baseline is None else check_baseline(baseline)
    lamps = lamps_of(desk, desk.fleet.points.values() if points is None else points)
    keys = {lamp.point.id: keys_of(lamp.point, by) for lamp in lamps} if by not in BY_TIME else {}
    yield
    tariffs = Tariffs(desk.settings.tariffs)
    zone = ZoneInfo(desk.settings.site.time_zone)
    parts = (
        nights_of(since, until, now, zone.key)
        if by == "night"
        else parts_of(since, until, now, zone.key, tariffs.beginnings)
    )
    book = _Book()
    accounts = Accounts(desk, lamps, since, now, measured)
    yield
    for part in parts:
        sums: dict[str, _Sum] = {}
        whole = _Sum()
        for entries in accounts.entries(part):
            _add(entries, keys, sums, whole)
            yield
        if by in BY_TIME:
            sums = {_when(part, by, zone): whole}
        date = part.since.astimezone(zone).date()
        price, factor = tariffs.price(date), tariffs.factor(date)
        book.figures.update(dict.fromkeys(each for each in (price, factor) if each is not None))
        for key, each in sums.items():
            book.rows.setdefault(key, _Sum()).take(each, price, factor)
        book.total.take(whole, price, factor)
    return EnergyView(
        site=desk.settings.site.name,
        time_zone=zone.key,
        made_at=now,
        since=parts[0].since if parts else since,
        until=parts[-1].until if parts else until,
        by=by,
        baseline=measured,
        currency=desk.settings.energy.currency,
        figures=tuple(book.figures),
        rows=_rows(book, lamps, keys),
        total=_row(TOTAL, book.total, *_counts([lamp for lamp in lamps if lamp.present])),
    )


def ended(since: dt.datetime, until: dt.datetime, now: dt.datetime) -> dt.datetime:
    """Give the end of a period that has been, now at most; raises InvalidInput where none of it has."""
    if since >= min(until, now):
        raise InvalidInput("since", "the period is empty, or all of it is yet to come", hint="Give an earlier --from.")
    return min(until, now)


def check_by(by: str) -> str:
    """Give what a report can be asked by; raises InvalidInput."""
    if by in (*BY_FIELD, *BY_TIME) or (by.startswith(TAG) and by != TAG):
        return by
    known = ", ".join([*BY_FIELD, f"{TAG}KEY", *BY_TIME])
    raise InvalidInput("by", f"{by!r} is nothing to report by", hint=f"Write one of {known}.")


def check_baseline(baseline: str) -> str:
    """Give what savings can be measured against; raises InvalidInput."""
    if baseline in BASELINES:
        return baseline
    raise InvalidInput("baseline", f"{baseline!r} is no baseline", hint=f"Write {' or '.join(BASELINES)}.")


def keys_of(point: LightPoint, by: str) -> tuple[str, ...]:
    """Give the rows a light point belongs to; "" where it has no such value."""
    values = point.values_of(by.removeprefix(TAG))
    return tuple(dict.fromkeys(values)) or ("",)


def _when(part: Part, by: str, zone: ZoneInfo) -> str:
    if by == "night":
        return night_date(part.since, zone.key).isoformat()
    return part.since.astimezone(zone).strftime("%Y-%m")


def _add(entries: Sequence[Entry], keys: Mapping[str, Sequence[str]], sums: dict[str, _Sum], whole: _Sum) -> None:
    """Add entries to the rows they belong to, and to the whole."""
    for entry in entries:
        whole.add(entry)
        for key in keys.get(entry.lamp.point.id, ()):
            found = sums.get(key)
            if found is None:
                found = sums[key] = _Sum()
            found.add(entry)


def _rows(book: _Book, lamps: Sequence[Lamp], keys: dict[str, tuple[str, ...]]) -> tuple[EnergyRow, ...]:
    if not keys:
        return tuple(_row(key, each, each.ids, 0) for key, each in book.rows.items())
    members: dict[str, list[Lamp]] = {}
    for lamp in lamps:
        for key in keys[lamp.point.id] if lamp.present else ():
            members.setdefault(key, []).append(lamp)
    return tuple(_row(key, book.rows[key], *_counts(members[key])) for key in sorted(book.rows))


def _counts(lamps: Sequence[Lamp]) -> tuple[int, int]:
    found = Counter(lamp.watts is None and not lamp.counted for lamp in lamps)
    return len(lamps), found[True]


def _row(key: str, found: _Sum, light_points: int, without_power: int) -> EnergyRow:
    metered, estimated = found.metered_wh / WH_PER_KWH, found.estimated_wh / WH_PER_KWH
    baseline = found.baseline_wh / WH_PER_KWH
    return EnergyRow(
        key=key,
        kwh=round(metered + estimated, 3),
        kwh_metered=round(metered, 3),
        kwh_estimated=round(estimated, 3),
        baseline_kwh=round(baseline, 3) if baseline else None,
        saving_percent=_saving(found),
        cost=None if found.cost is None else round(found.cost, 2),
        co2_kg=None if found.co2_kg is None else round(found.co2_kg, 3),
        hours=round(found.lit_s / SECONDS_PER_HOUR, 2),
        label=label_of(metered, estimated),
        light_points=light_points,
        without_power=without_power,
    )


def _saving(found: _Sum) -> float | None:
    # Adding 0.0 makes the -0.0 of a rounded hair's breadth a plain 0.0.
    return round(100 * (1 - found.compared_wh / found.baseline_wh), 2) + 0.0 if found.baseline_wh else None


def label_of(metered: float, estimated: float) -> Label:
    """Say where energy comes from."""
    if metered and estimated:
        return Label.MIXED
    return Label.METERED if metered else Label.ESTIMATED if estimated else Label.NONE
