"""A street report laid out: what is out and what it cost first, then how the nights went, then where to look.

Paper has room for what calls for action; the rest is counted, and said where it can be read in full.
"""

from __future__ import annotations

from collections.abc import Iterator

from lightctl.reports.charts.values import Bars, Chart, Lines, Mark, Ranking, Series, Tone
from lightctl.reports.document import Block, Column, Document, Figure, Figures, Heading, Table, Words
from lightctl.reports.energy import EnergyRow, estimated
from lightctl.reports.light_time import IN_LIGHT_THRESHOLD
from lightctl.reports.numbers import duration, hours, local, number, percent, plural, with_unit
from lightctl.reports.street import CabinetOfStreet, EnergyOfStreet, Outage, StreetReport

MOST_OUTAGES = 40
MOST_CABINETS = 10
_HOUR_S = 3600.0
_PLANNED_FOR = "program, protections and people's overrides of that time, as `lightctl why` tells them"


def document(report: StreetReport) -> Document:
    """Lay a report out."""
    name = "Night report" if report.kind == "night" else "Monthly report"
    blocks: list[Block] = [Figures(tuple(_figures(report)))]
    for part in (_outages, _light, _cabinets, _burning, _energy, _others, _rests_on):
        blocks += part(report)
    made = f"Made by lightctl on {local(report.made_at, report.time_zone)} ({report.time_zone})."
    return Document(report.site, name, period_of(report), tuple(blocks), made)


def period_of(report: StreetReport) -> str:
    """Say which time and which light points a report speaks of."""
    when = f"night of {report.first}" if report.kind == "night" else f"nights of {report.first} to {report.last}"
    so_far = "" if report.complete else f", so far (to {local(report.until, report.time_zone)})"
    where = "" if report.select == "*" else f", light points {report.select}"
    return f"{when}{so_far}{where}"


def _figures(report: StreetReport) -> Iterator[Figure]:
    share, light = report.in_light_percent, report.light
    notes = [f"known dark {percent(report.dark_percent)}"] if light.dark_s else []
    notes += [f"not known {percent(report.unknown_percent)}"] if light.unknown_s else []
    below = share is not None and share < IN_LIGHT_THRESHOLD
    yield Figure("Lamps in light", percent(share), ", ".join(notes) or _none(light.planned_s), bad=below)
    still = report.open_outages
    out = sum(each.lamps for each in report.outages if each.cleared_at is None)
    yield Figure(
        "Outages open", number(still), f"{plural(out, 'lamp')} out" if still else "nothing is out", bad=still > 0
    )
    cleared = len(report.outages) - still
    took = report.repair_median_s
    within = "none in this time" if took is None else f"half of them within {duration(took)}"
    yield Figure("Outages cleared", number(cleared), within)
    mean = report.burning.mean_h
    yield Figure("Burning hours", with_unit(mean, "h", 1), "mean of a light point")
    if report.energy is not None:
        total = report.energy.total
        yield Figure("Energy", with_unit(total.kwh, "kWh"), _against(total))
        yield Figure("Cost", with_unit(total.cost, report.energy.currency, 2), _of_co2(total))


def _none(planned_s: float) -> str:
    return "all that was planned" if planned_s else "no light was planned"


def _against(total: EnergyRow) -> str:
    if total.saving_percent is None:
        return "no baseline"
    word = "below" if total.saving_percent >= 0 else "above"
    return f"{percent(abs(total.saving_percent))} {word} the baseline"


def _of_co2(total: EnergyRow) -> str:
    if total.cost is None:
        return "no price in settings"
    return f"{with_unit(total.co2_kg, 'kg')} of CO2" if total.co2_kg is not None else ""


def _outages(report: StreetReport) -> list[Block]:
    shown = report.outages[:MOST_OUTAGES]
    columns = (
        Column("Light point", share=2.9),
        Column("Fault", share=1.7),
        Column("Lamps", right=True, share=0.7),
        Column("Opened", share=1.6),
        Column("Cleared", share=1.6),
        Column("Took", right=True, share=1.2),
    )
    rows = tuple(_outage(report, each) for each in shown)
    blocks: list[Block] = [Heading("Outages"), Table("", columns, rows, "Nothing was out.")]
    rest = len(report.outages) - len(shown)
    if rest:
        blocks.append(
            Words(f"And {plural(rest, 'other')}, all shorter or closed; `lightctl report ... -o json` has them.")
        )
    return blocks


def _outage(report: StreetReport, outage: Outage) -> tuple[str, ...]:
    names = ", ".join(outage.light_points)
    more = "" if outage.lamps <= len(outage.light_points) or len(outage.light_points) == 1 else " and others"
    subject = "" if outage.subject_kind == "light point" else f"{outage.subject_kind} {outage.subject}: "
    place = f" ({outage.address})" if outage.address else ""
    cleared = "open" if outage.cleared_at is None else local(outage.cleared_at, report.time_zone)
    took = duration(outage.seconds)
    return (
        f"{subject}{names}{more}{place}",
        outage.event,
        number(outage.lamps),
        local(outage.opened_at, report.time_zone),
        cleared,
        f"{took} so far" if outage.cleared_at is None else took,
    )


def _light(report: StreetReport) -> list[Block]:
    if len(report.nights) < 2:  # noqa: PLR2004 - one night is told by the figures
        return []
    labels = tuple(f"{night.date:%m-%d}" for night in report.nights)
    shares = tuple(night.light.in_light_percent for night in report.nights)
    mark = Mark(f"{IN_LIGHT_THRESHOLD:.0f} %: least of the UK's model contract", IN_LIGHT_THRESHOLD)
    in_light = Lines(
        "Lamps in light, night by night", "%", labels, (Series("in light", shares, Tone.GOOD),), "night", mark, 100.0
    )
    blocks: list[Block] = [Heading("Light"), in_light]
    if report.light.dark_s or report.light.unknown_s:
        dark = tuple(night.light.dark_s / _HOUR_S for night in report.nights)
        unknown = tuple(night.light.unknown_s / _HOUR_S for night in report.nights)
        series = (Series("known dark", dark, Tone.BAD), Series("not known", unknown, Tone.UNKNOWN))
        blocks.append(Bars("Lamp-hours that were planned and not seen lit", "lamp-hours", labels, series, "night"))
    return blocks


def _cabinets(report: StreetReport) -> list[Block]:
    lost = [each for each in report.cabinets if each.light.dark_s or each.light.unknown_s]
    if not lost:
        return []
    worst = lost[:MOST_CABINETS]
    names = tuple(_cabinet(each) for each in worst)
    dark = tuple(each.light.dark_s / _HOUR_S for each in worst)
    unknown = tuple(each.light.unknown_s / _HOUR_S for each in worst)
    title = "Worst cabinets by lamp-hours lost"
    if len(lost) > len(worst):
        title += f": {len(worst)} of {plural(len(lost), 'cabinet')} that lost any"
    series = (Series("known dark", dark, Tone.BAD), Series("not known", unknown, Tone.UNKNOWN))
    columns = (
        Column("Cabinet", share=2.0),
        Column("Lamps", right=True),
        Column("In light", right=True),
        Column("Known dark", right=True),
        Column("Not known", right=True),
        Column("Outages", right=True),
    )
    rows = tuple(
        (
            _cabinet(each),
            number(each.lamps),
            percent(each.light.in_light_percent),
            hours(each.light.dark_s),
            hours(each.light.unknown_s),
            number(each.outages),
        )
        for each in worst
    )
    return [Heading("Cabinets"), Ranking(title, "lamp-hours", names, series), Table("", columns, rows)]


def _cabinet(cabinet: CabinetOfStreet) -> str:
    return cabinet.cabinet or "(no cabinet)"


def _burning(report: StreetReport) -> list[Block]:
    burning = report.burning
    if burning.mean_h is None:
        return [Heading("Burning hours"), Words("No node said anything of this time.")]
    places = 1 if burning.step_h < 1 else 0
    labels = tuple(f"{start:.{places}f}-{start + burning.step_h:.{places}f}" for start, _ in burning.counts)
    counts = Series("light points", tuple(float(count) for _, count in burning.counts), Tone.GOOD)
    blocks: list[Block] = [
        Heading("Burning hours"),
        Words(
            f"A light point burnt {with_unit(burning.mean_h, 'h', 1)} on the mean, {burning.least} least "
            f"({with_unit(burning.least_h, 'h', 1)}) and {burning.most} longest ({with_unit(burning.most_h, 'h', 1)}). "
            f"{plural(burning.light_points, 'light point')} said so."
        ),
        Bars("Light points by burning hours", "light points", labels, (counts,), "burning hours"),
    ]
    if report.beyond:
        rows = tuple(
            (each.light_point, each.cabinet or "-", with_unit(each.hours, "h", 1)) for each in report.worst_beyond
        )
        columns = (Column("Light point", share=2), Column("Cabinet", share=2), Column("Beyond the plan", right=True))
        title = f"Burnt longer than planned, by day above all: {plural(report.beyond, 'light point')}"
        blocks.append(Table(title, columns, rows))
    return blocks


def _energy(report: StreetReport) -> list[Block]:
    energy = report.energy
    if energy is None:
        return []
    return [Heading("Energy"), _energy_chart(report, energy), *(Words(each) for each in _energy_words(energy))]


def _energy_chart(report: StreetReport, energy: EnergyOfStreet) -> Chart:
    rows = [(f"{night.date:%m-%d}", night.energy) for night in report.nights if night.energy is not None]
    if len(rows) > 1:
        labels = tuple(label for label, _ in rows)
        found = [row for _, row in rows]
        base = tuple(row.baseline_kwh for row in found)
        steps = Series("baseline", base, Tone.REFERENCE) if any(each is not None for each in base) else None
        by_night = (
            Series("metered", tuple(row.kwh_metered for row in found), Tone.METERED),
            Series("estimated", tuple(row.kwh_estimated for row in found), Tone.ESTIMATED),
        )
        return Bars("Energy against the baseline, night by night", "kWh", labels, by_night, "night", steps)
    total = energy.total
    series = (
        Series("metered", (total.kwh_metered, None), Tone.METERED),
        Series("estimated", (total.kwh_estimated, None), Tone.ESTIMATED),
        Series("baseline", (None, total.baseline_kwh), Tone.UNKNOWN),
    )
    return Ranking("Energy against the baseline", "kWh", ("used", "baseline"), series)


def _energy_words(energy: EnergyOfStreet) -> Iterator[str]:
    total = energy.total
    used = f"{with_unit(total.kwh, 'kWh')} were used"
    if total.baseline_kwh is not None:
        used += f"; the baseline ({energy.baseline or 'as settings say'}) is {with_unit(total.baseline_kwh, 'kWh')}"
    yield f"{used}. {estimated(total)}"
    yield from energy.notes


def _others(report: StreetReport) -> list[Block]:
    if not report.others:
        return []
    columns = (
        Column("Fault", share=3),
        Column("Opened", right=True),
        Column("Cleared", right=True),
        Column("Open at the end", right=True),
    )
    rows = tuple(
        (each.event, number(each.opened), number(each.cleared), number(each.open_at_end)) for each in report.others
    )
    return [Heading("Other faults"), Table("", columns, rows)]


def _rests_on(report: StreetReport) -> list[Block]:
    light = report.light
    told = [
        (
            f"Lamps in light is the share of {hours(light.planned_s, 0)} of planned lamp-time in which nodes reported "
            f"light and no fault says otherwise. Planned is what was due: {_PLANNED_FOR}. Time nobody reported counts "
            "as no light."
        )
    ]
    if light.maintenance_s:
        told.append(f"{hours(light.maintenance_s)} of lamp-time in maintenance are kept apart: in no share above.")
    takes_part = f"{plural(report.light_points, 'light point')} with {plural(report.lamps, 'lamp')} take part"
    left = ", ".join(f"{count:,} {why.replace('_', ' ')}" for why, count in sorted(report.left_out.items()))
    told.append(f"{takes_part}; left out: {left}." if left else f"{takes_part}.")
    if not report.complete:
        told.append("The time is not over: what nodes have not reported yet counts as not known.")
    return [Heading("What the figures rest on"), *(Words(each) for each in told)]
