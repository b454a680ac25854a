"""What is odd about programs over a year: lamps lit by day or never, steps and windows that do not do what they say."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from lightctl.domain.assets import Place
from lightctl.domain.programs import ActivePeriod, ControlProgram, Source, Step
from lightctl.planning.lint.facts import NightFacts, day_spans
from lightctl.planning.lint.findings import Limits, LintCode, LintFinding, named
from lightctl.planning.lint.year import Sighting, dates_of
from lightctl.planning.night import night


@dataclass(frozen=True, slots=True)
class ProgramYear:
    """A program, what its nights show, and which calendar chooses it for each of them."""

    program: ControlProgram
    sightings: Sequence[Sighting]
    calendars: Mapping[dt.date, str]

    def where(self, test: Callable[[NightFacts], bool]) -> list[Sighting]:
        """Give the sightings that show something."""
        return [each for each in self.sightings if test(each.facts)]

    def finding(
        self, code: LintCode, message: str, seen: Iterable[Sighting], source: Source | None = None
    ) -> LintFinding:
        """Give a finding that shows in some sightings; the message is told where, when that is not everywhere."""
        seen = list(seen)
        nights, count = named(dates_of(seen))
        message += _where({each.place for each in seen}, {each.place for each in self.sightings})
        return LintFinding(
            code, message, source or self.program.source, self.program.id, self.calendars[nights[0]], nights, count
        )


def program_findings(year: ProgramYear, limits: Limits) -> Iterator[LintFinding]:
    """Give what is odd about one program in the nights it is chosen for."""
    places: dict[Place, list[NightFacts]] = {}
    for each in year.sightings:
        places.setdefault(each.place, []).append(each.facts)
    dark_places = {place for place, seen in places.items() if _never_on(seen)}
    lit_places = {place for place, seen in places.items() if _never_off(seen)}
    if dark_places:
        dark = [each for each in year.sightings if each.place in dark_places]
        yield year.finding(LintCode.NEVER_ON, f"program {year.program.id} is never on", dark)
    if lit_places:
        lit = [each for each in year.where(lambda facts: facts.has_day) if each.place in lit_places]
        yield year.finding(LintCode.NEVER_OFF, f"program {year.program.id} is never off, day and night", lit)
    by_day = [each for each in year.where(lambda facts: facts.daylight) if each.place not in lit_places]
    if by_day:
        yield year.finding(LintCode.DAYLIGHT, _daylight(year.program, by_day, limits), by_day)
    if places.keys() - dark_places:
        yield from _windows(year, dark_places)
        yield from _idle_steps(year)
        yield from _crossing_steps(year)
    busy = year.where(lambda facts: facts.switchings > limits.switchings)
    if busy:
        most = max(each.facts.switchings for each in busy)
        message = f"program {year.program.id} switches up to {most} times a night, more than {limits.switchings}"
        yield year.finding(LintCode.SWITCHINGS, message, busy)


def _never_on(seen: Sequence[NightFacts]) -> bool:
    return any(facts.has_dark for facts in seen) and not any(facts.lit for facts in seen)


def _never_off(seen: Sequence[NightFacts]) -> bool:
    by_day = [facts for facts in seen if facts.has_day]
    return bool(by_day) and not any(facts.unlit for facts in by_day)


def _windows(year: ProgramYear, dark_places: set[Place]) -> Iterator[LintFinding]:
    total = len(set(dates_of(year.sightings)))
    for index, period in enumerate(year.program.active):
        seen = [each for each in year.sightings if index in each.facts.shut and each.place not in dark_places]
        if seen:
            often = len(set(dates_of(seen)))
            nights = "every night" if often == total else f"{often} of {total} nights"
            message = f"the window {_window(period)} of program {year.program.id} is empty in {nights}"
            yield year.finding(LintCode.SHUT_WINDOW, message, seen, period.source)


def _idle_steps(year: ProgramYear) -> Iterator[LintFinding]:
    acting = frozenset().union(*(each.facts.acting for each in year.sightings))
    for index, step in enumerate(year.program.steps):
        if index not in acting:
            message = (
                f"{_step(step)} of program {year.program.id} never changes anything: the lamp is off then, "
                "another step overtakes it, or the level is there already"
            )
            yield year.finding(LintCode.IDLE_STEP, message, year.sightings, step.source)


def _crossing_steps(year: ProgramYear) -> Iterator[LintFinding]:
    often: Counter[tuple[int, int]] = Counter()
    for each in year.sightings:
        for pair in each.facts.before:
            often[pair] += len(each.nights)
    for (first, then), usual in sorted(often.items()):
        rare = often.get((then, first), 0)
        if rare and (usual, first) > (rare, then):
            one, two = year.program.steps[first], year.program.steps[then]
            seen = [each for each in year.sightings if (then, first) in each.facts.before]
            message = (
                f"steps of program {year.program.id} cross over: {_step(one)} comes before {_step(two)} on most "
                "nights, after it on these"
            )
            yield year.finding(LintCode.CROSSING_STEPS, message, seen, max(one, two, key=_line).source)


def _daylight(program: ControlProgram, seen: Sequence[Sighting], limits: Limits) -> str:
    """Tell the first such night by its clock."""
    first = min(seen, key=lambda each: each.nights[0])
    compiled = night(program, first.nights[0], first.place)
    zone = ZoneInfo(first.place.time_zone)
    day = day_spans(compiled.start, compiled.end, compiled.dark, dt.timedelta(seconds=limits.daylight_s))
    since, until = next(
        (max(since, start), min(until, end))
        for since, until, level in compiled.segments()
        for start, end in day
        if level and max(since, start) < min(until, end)
    )
    return (
        f"program {program.id} burns in daylight, more than {limits.daylight_s // 60} min before sunset or after "
        f"sunrise: first from {since.astimezone(zone):%H:%M:%S} to {until.astimezone(zone):%H:%M:%S}"
    )


def _where(seen: set[Place], asked: set[Place]) -> str:
    if seen == asked:
        return ""
    first = min(seen, key=lambda place: (place.latitude, place.longitude))
    others = f" and {len(seen) - 1} more" if len(seen) > 1 else ""
    return f" (at {first.latitude:g},{first.longitude:g}{others} of {len(asked)} places)"


def _window(period: ActivePeriod) -> str:
    return f"{period.start} .. {period.end}"


def _step(step: Step) -> str:
    return f"step {step.at} to {step.level} %"


def _line(step: Step) -> tuple[int, int]:
    return step.source.line, step.source.column
