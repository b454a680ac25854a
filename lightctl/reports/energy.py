"""What the light used and cost, for paper: rows by group, cabinet, tag or time, as `energy report` has them.

Units: kWh, percent, kg, hours; money in `currency`. None is what is not known, and is shown as such, never as 0.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from lightctl.reports.charts.values import Bars, Chart, Ranking, Series, Tone
from lightctl.reports.document import Block, Column, Document, Figure, Figures, Heading, Table, Words
from lightctl.reports.numbers import local, number, percent, with_unit

MOST_BARS = 20
TIMES = frozenset({"month", "night", "day", "year"})


@dataclass(frozen=True, slots=True)
class EnergyRow:
    """Energy of one key (a group, a cabinet, a month, or all together).

    kwh = kwh_metered + kwh_estimated. baseline_kwh: what the baseline would have used. hours: burning hours.
    """

    key: str
    kwh: float
    kwh_metered: float
    kwh_estimated: float
    baseline_kwh: float | None = None
    saving_percent: float | None = None
    cost: float | None = None
    co2_kg: float | None = None
    hours: float | None = None


@dataclass(frozen=True, slots=True)
class EnergyReport:
    """An energy report or estimate.

    title: e.g. "Energy report". period: in words, e.g. "2026-10-01 to 2026-10-31". by: what a key is ("cabinet"), ""
    where there is only the total. currency: e.g. "EUR". notes: whole sentences on prices, factors, baselines with
    their year and source, and on what is not known; each becomes a paragraph.
    """

    site: str
    title: str
    period: str
    by: str
    rows: tuple[EnergyRow, ...]
    total: EnergyRow
    made_at: dt.datetime
    time_zone: str
    currency: str = ""
    notes: tuple[str, ...] = ()


def page(report: EnergyReport) -> str:
    """Write an energy report as one HTML page."""
    from lightctl.reports import page as pages  # noqa: PLC0415 - a daemon writes few reports or none

    return pages.page(document(report))


def pdf(report: EnergyReport) -> bytes:
    """Write an energy report as a PDF."""
    from lightctl.reports import pdf as pdfs  # noqa: PLC0415 - its library costs a start a third of a second

    return pdfs.pdf(document(report), report.made_at)


def document(report: EnergyReport) -> Document:
    """Lay an energy report out."""
    total = report.total
    blocks: list[Block] = [Figures(_figures(report))]
    if report.rows:
        blocks += [Heading(f"By {report.by}" if report.by else "In detail"), chart(report), _table(report)]
    if report.notes:
        blocks += [Heading("What the figures rest on"), *(Words(each) for each in report.notes)]
    if total.kwh_estimated > 0:
        blocks.append(Words(estimated(total)))
    made = f"Made by lightctl on {local(report.made_at, report.time_zone)} ({report.time_zone})."
    return Document(report.site, report.title, report.period, tuple(blocks), made, told=True)


def estimated(total: EnergyRow) -> str:
    """Say how much of the energy is estimated."""
    by = "from levels, times and the power of the luminaires"
    if total.kwh_metered <= 0:
        return f"All of the energy is estimated {by}; no meter counted it."
    return f"{percent(total.kwh_estimated / total.kwh * 100)} of the energy is estimated {by}, the rest is metered."


def _figures(report: EnergyReport) -> tuple[Figure, ...]:
    total = report.total
    found = [
        Figure("Energy", with_unit(total.kwh, "kWh"), f"{with_unit(total.kwh_metered, 'kWh')} of it metered"),
        Figure("Baseline", with_unit(total.baseline_kwh, "kWh"), "what it is compared with"),
        Figure("Saving", percent(total.saving_percent), "against the baseline"),
        Figure("Cost", with_unit(total.cost, report.currency, 2)),
        Figure("CO2", with_unit(total.co2_kg, "kg")),
        Figure("Burning hours", with_unit(total.hours, "h")),
    ]
    return tuple(each for each in found if each.value != "-")


def chart(report: EnergyReport) -> Chart:
    """Draw energy by key: upright bars over time, a ranking of anything else, the greatest first."""
    if report.by in TIMES and len(report.rows) <= 62:  # noqa: PLR2004 - two months of nights
        rows = report.rows
        base = tuple(row.baseline_kwh for row in rows)
        steps = Series("baseline", base, Tone.REFERENCE) if any(each is not None for each in base) else None
        return Bars(f"Energy by {report.by}", "kWh", _labels(rows), _series(rows), report.by, steps)
    rows = tuple(sorted(report.rows, key=lambda row: -row.kwh)[:MOST_BARS])
    title = f"Energy by {report.by}" if report.by else "Energy"
    if len(report.rows) > MOST_BARS:
        title += f": the {MOST_BARS} greatest of {len(report.rows):,}"
    return Ranking(title, "kWh", _labels(rows), _series(rows))


def _labels(rows: tuple[EnergyRow, ...]) -> tuple[str, ...]:
    return tuple(row.key or "(none)" for row in rows)


def _series(rows: tuple[EnergyRow, ...]) -> tuple[Series, ...]:
    return (
        Series("metered", tuple(row.kwh_metered for row in rows), Tone.METERED),
        Series("estimated", tuple(row.kwh_estimated for row in rows), Tone.ESTIMATED),
    )


def _table(report: EnergyReport) -> Table:
    money = f"Cost ({report.currency})" if report.currency else "Cost"
    columns = (
        Column(report.by.capitalize() or "Key", share=1.6),
        Column("kWh", right=True),
        Column("metered", right=True),
        Column("estimated", right=True),
        Column("baseline", right=True),
        Column("saving", right=True, share=0.8),
        Column(money, right=True),
        Column("CO2 (kg)", right=True),
        Column("hours", right=True),
    )
    rows = tuple(_cells(row) for row in report.rows)
    return Table("", columns, rows, last=_cells(report.total) if len(rows) != 1 else ())


def _cells(row: EnergyRow) -> tuple[str, ...]:
    return (
        row.key or "(none)",
        number(row.kwh),
        number(row.kwh_metered),
        number(row.kwh_estimated),
        number(row.baseline_kwh),
        percent(row.saving_percent),
        number(row.cost, 2),
        number(row.co2_kg),
        number(row.hours),
    )
