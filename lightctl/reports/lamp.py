"""One light point over some nights: when it was lit, hour by hour, and what was wrong. Levels percent, energy kWh."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from lightctl.reports.charts.values import Bars, HeatMap, Series, Tone, Values
from lightctl.reports.document import Block, Column, Document, Figure, Figures, Heading, Table, Words
from lightctl.reports.light_time import LightTime
from lightctl.reports.numbers import duration, hours, local, percent, plural, with_unit

COLUMNS_PER_HOUR = 4


@dataclass(frozen=True, slots=True)
class NightOfLamp:
    """One night. cells: the level of each quarter of an hour from noon to noon by the wall clock, None not known.

    kwh: what its counter counted, None where it has none.
    """

    date: dt.date
    cells: Values
    light: LightTime
    lit_s: float
    kwh: float | None


@dataclass(frozen=True, slots=True)
class FaultOfLamp:
    """A fault of the light point or of its node."""

    fault: int
    event: str
    opened_at: dt.datetime
    cleared_at: dt.datetime | None
    seconds: float
    detail: str


@dataclass(frozen=True, slots=True)
class LampReport:
    """One light point over some nights; node: the present one, "" for none."""

    site: str
    light_point: str
    address: str
    kind: str
    cabinet: str
    node: str
    lamps: int
    time_zone: str
    made_at: dt.datetime
    light: LightTime
    nights: tuple[NightOfLamp, ...]
    faults: tuple[FaultOfLamp, ...]


def heat_map(report: LampReport) -> HeatMap:
    """Draw its nights."""
    title = f"Levels of {report.light_point}, night by night"
    dates = tuple(night.date for night in report.nights)
    return HeatMap(title, dates, tuple(night.cells for night in report.nights), COLUMNS_PER_HOUR)


def document(report: LampReport) -> Document:
    """Lay a report out."""
    blocks: list[Block] = [Figures(_figures(report)), Heading("Light"), heat_map(report), *_counted(report)]
    columns = (
        Column("Fault", share=1.6),
        Column("Opened", share=1.6),
        Column("Cleared", share=1.6),
        Column("Took", right=True),
        Column("Detail", share=3),
    )
    rows = tuple(
        (
            each.event,
            local(each.opened_at, report.time_zone),
            "open" if each.cleared_at is None else local(each.cleared_at, report.time_zone),
            duration(each.seconds),
            each.detail,
        )
        for each in report.faults
    )
    blocks += [Heading("Faults"), Table("", columns, rows, "No fault of it or of its node.")]
    if all(cell is None for night in report.nights for cell in night.cells):
        blocks.append(Words("Its node said nothing of these nights, or so long ago that quarters of an hour are gone."))
    first, last = report.nights[0].date, report.nights[-1].date
    made = f"Made by lightctl on {local(report.made_at, report.time_zone)} ({report.time_zone})."
    return Document(
        report.site, f"Light point {report.light_point}", f"nights of {first} to {last}", tuple(blocks), made
    )


def _figures(report: LampReport) -> tuple[Figure, ...]:
    light, lit_s = report.light, sum(night.lit_s for night in report.nights)
    still = sum(1 for each in report.faults if each.cleared_at is None)
    known = [night.kwh for night in report.nights if night.kwh is not None]
    where = ", ".join(filter(None, (report.address, report.kind, report.cabinet and f"cabinet {report.cabinet}")))
    return (
        Figure(
            "In light",
            percent(light.in_light_percent),
            f"known dark {hours(light.dark_s)}, not known {hours(light.unknown_s)}",
        ),
        Figure("Burning hours", hours(lit_s), f"in {plural(len(report.nights), 'night')}"),
        Figure("Faults open", str(still), f"{len(report.faults)} in these nights", bad=still > 0),
        Figure("Energy counted", with_unit(sum(known), "kWh") if known else "-", "by its node"),
        *((Figure("Where", report.light_point, where),) if where else ()),
    )


def _counted(report: LampReport) -> list[Block]:
    values = tuple(night.kwh for night in report.nights)
    if all(value is None for value in values):
        return []
    labels = tuple(f"{night.date:%m-%d}" for night in report.nights)
    return [Bars("Energy counted by its node", "kWh", labels, (Series("counted", values, Tone.METERED),), "night")]
