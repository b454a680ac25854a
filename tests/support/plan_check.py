"""A plan against the oracle: every lamp of a case, every minute of its nights.

Asked of the plan: which program a night has, and through which rule; the noons, sunset and sunrise; the level and its
reason at every minute, and at every clock time and end of an override with the second before it; the switches a node
carries; and at some instants the whole of `resolve` and `next_change`.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from random import Random

import numpy as np

from lightctl.domain.assets import LightPoint
from lightctl.domain.states import Switch
from lightctl.planning.resolve import Plan
from tests.oracle.lamp import HORIZON_DEG, LampNight, Possible
from tests.oracle.sun import Floats, Sky, When
from tests.oracle.wall import DAY_S, night_of
from tests.support.plan_cases import Case

RESOLVED = 2  # instants of a night at which everything is asked


@dataclass(frozen=True)
class Disagreement:
    """What the plan says of one lamp in one night, and what the oracle says it may be."""

    light_point: str
    date: dt.date
    what: str
    got: str
    allowed: str


@dataclass
class Tally:
    """What was compared, counted.

    plan_nights; grazing: those left out because the sun grazes an angle that matters; instants; open_instants: those
    at which more than one level is within the tolerance; and plan-nights of special kinds.
    """

    counts: Counter[str] = field(default_factory=Counter)
    disagreements: list[Disagreement] = field(default_factory=list)


def check(case: Case) -> Tally:
    """Compare every lamp and night of a case; at most one disagreement of each."""
    plan, tally = Plan(case.intent, case.zone), Tally()
    for date in case.dates:
        start, end = night_of(date, case.zone)
        if start >= end:
            continue  # a date the zone skipped owns no instant
        sky = Sky(start, end)
        for point in case.points:
            lamp = LampNight(case.intent, case.zone, point, date, case.overrides, sky)
            if lamp.is_undecided():
                tally.counts["grazing"] += 1
                continue
            tally.counts.update(["plan_nights", *_kinds(lamp)])
            try:
                found = next(_differences(plan, case, point, lamp, tally), None)
            except Exception as error:  # noqa: BLE001 - whatever it is, planning must not raise
                found = ("raised", f"{type(error).__name__}: {error}", "an answer")
            if found:
                tally.disagreements.append(Disagreement(point.id, date, *found))
    return tally


def _kinds(lamp: LampNight) -> Iterator[str]:
    start, end = lamp.bounds
    if end - start != DAY_S:
        yield "shorter" if end - start < DAY_S else "longer"
    if (lamp.date.month, lamp.date.day) == (2, 29):
        yield "leap_day"
    if not lamp.sun.crossings(HORIZON_DEG):
        yield "sun_never_rises" if lamp.sun.is_below(HORIZON_DEG, at_end=False) else "sun_never_sets"


Difference = tuple[str, str, str]


def _differences(plan: Plan, case: Case, point: LightPoint, lamp: LampNight, tally: Tally) -> Iterator[Difference]:
    yield from _choices(plan, point, lamp)
    instants = lamp.instants()
    moments = [dt.datetime.fromtimestamp(each, dt.UTC) for each in instants.tolist()]
    answers = [plan.level_at(point, case.overrides, now) for now in moments]
    levels, reasons = np.array([level for level, _ in answers]), np.array([str(reason) for _, reason in answers])
    possible = lamp.possible(instants)
    tally.counts.update(instants=len(instants), open_instants=int(_is_open(possible, instants).sum()))
    for index in _wrong(possible, levels, reasons):
        yield "level", f"{levels[index]} % ({reasons[index]})", _told(possible, index, moments[index])
    carried = lamp.possible(instants, overrides=False)
    levels = _levels(plan.switches(point, case.dates[0], len(case.dates)), instants)
    for index in _wrong(carried, levels, None):
        yield "switches", f"{levels[index]} %", _told(carried, index, moments[index])
    dice = Random(f"{point.id} {lamp.date}")
    for index in (dice.randrange(len(moments)) for _ in range(RESOLVED)):
        yield from _resolved(plan, case, point, moments, answers, index)


def _choices(plan: Plan, point: LightPoint, lamp: LampNight) -> Iterator[Difference]:
    planned = plan.night(point, lamp.date)
    if (planned.calendar, planned.program, planned.rule) != lamp.choice:
        yield "program", f"{planned.calendar} {planned.program} {planned.rule}", f"{lamp.choice}"
    night = planned.night
    if (night.start.timestamp(), night.end.timestamp()) != lamp.bounds:
        yield "noons", f"{night.start} {night.end}", f"{lamp.bounds}"
    if not lamp.sun.grazes(HORIZON_DEG):
        for name, at, when in (
            ("sunset", night.sunset, lamp.way(down=True)),
            ("sunrise", night.sunrise, lamp.way(down=False)),
        ):
            if not _agree(at, when):
                yield name, f"{at}", f"{when}"


def _agree(at: dt.datetime | None, when: When | None) -> bool:
    if at is None or when is None:
        return at is when
    return when.first <= at.timestamp() <= when.last


def _resolved(
    plan: Plan, case: Case, point: LightPoint, moments: list[dt.datetime], answers: list[tuple[int, object]], index: int
) -> Iterator[Difference]:
    now, present = moments[index], answers[index]
    resolution = plan.resolve(point, case.overrides, now)
    if (resolution.level, resolution.reason) != present:
        yield "resolve", f"{resolution.level} % ({resolution.reason})", f"{present} as level_at has it, at {now}"
    change = plan.next_change(point, case.overrides, now)
    for name, until in (("until", resolution.until), ("next_change", change)):
        held = [at for at, answer in zip(moments[index:], answers[index:], strict=True) if answer != present]
        if held and (until is None or until > held[0]):
            yield name, f"{until}", f"{held[0]} at the latest, asked at {now}"
    if resolution.until is not None and plan.level_at(point, case.overrides, resolution.until) == present:
        yield "until", f"{resolution.until}", f"an instant at which {present} changes, asked at {now}"
    if change <= now:
        yield "next_change", f"{change}", f"later than {now}"


def _levels(switches: tuple[Switch, ...], instants: Floats) -> np.ndarray:
    times = np.array([each.at.timestamp() for each in switches])
    levels = np.array([each.level for each in switches])
    if (np.diff(times) <= 0).any():
        return np.full(len(instants), -1)
    before = np.searchsorted(times, instants, side="right") - 1
    return np.where(before < 0, -1, levels[before])


def _wrong(possible: list[Possible], levels: np.ndarray, reasons: np.ndarray | None) -> list[int]:
    fine = np.zeros(len(levels), bool)
    for each in possible:
        fine |= each.at & (levels == each.level) & (True if reasons is None else reasons == each.reason)
    return np.flatnonzero(~fine).tolist()


def _is_open(possible: list[Possible], instants: Floats) -> np.ndarray:
    lowest, highest = np.full(len(instants), 101), np.full(len(instants), -1)
    for each in possible:
        lowest[each.at] = np.minimum(lowest[each.at], each.level)
        highest[each.at] = np.maximum(highest[each.at], each.level)
    return lowest < highest


def _told(possible: list[Possible], index: int, moment: dt.datetime) -> str:
    found = sorted({f"{each.level} % ({each.reason})" for each in possible if each.at[index]})
    return f"{' or '.join(found) or 'nothing'} at {moment:%Y-%m-%dT%H:%M:%SZ}"
