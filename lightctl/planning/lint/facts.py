"""What one program's night shows, read from the compiled night and from where windows and steps fall.

Must hold: every fact depends on nothing but the order, ties included, of the night's marks: its ends, the edges of the
time the sun is down, the same moved by the tolerance, and the program's own edges and steps. Nights with the same order
share their facts; that is what makes a year of many programs cheap.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from lightctl.domain.programs import ControlProgram
from lightctl.planning.night import Night, Script, Span, compile_night
from lightctl.planning.reading import Reader, TimedStep, Window

LAST = dt.datetime.max.replace(tzinfo=dt.UTC)


@dataclass(frozen=True, slots=True)
class NightFacts:
    """What a night shows.

    daylight: lit while the sun is up, beyond the tolerance. lit, unlit: lit, off at some time. has_dark, has_day: the
    sun is down, is up beyond the tolerance, at some time. shut: windows that do not open although the sun is down at
    some time. acting: steps that make a difference. before: pairs of steps (first, then) whose order shows.
    lowest_in_dark: the lowest level while the sun is down. Windows and steps by their index in the program.
    """

    daylight: bool
    lit: bool
    unlit: bool
    has_dark: bool
    has_day: bool
    shut: frozenset[int]
    acting: frozenset[int]
    before: frozenset[tuple[int, int]]
    switchings: int
    lowest_in_dark: int | None


def facts_of(program: ControlProgram, reader: Reader, tolerance: dt.timedelta) -> NightFacts:
    """Compile a night and say what it shows."""
    compiled = compile_night(Script.of(program), reader)
    parts = tuple(compiled.segments())
    day = day_spans(compiled.start, compiled.end, compiled.dark, tolerance)
    windows, steps = reader.windows(program), reader.steps(program)
    open_spans = [(max(each.opens.at, compiled.start), min(each.closes.at, compiled.end)) for each in windows]
    return NightFacts(
        daylight=any(level and _overlap((since, until), span) for since, until, level in parts for span in day),
        lit=any(level for *_, level in parts),
        unlit=any(not level for *_, level in parts),
        has_dark=bool(compiled.dark),
        has_day=bool(day),
        shut=frozenset(_shut(program, windows, compiled)) if compiled.dark else frozenset(),
        acting=frozenset(_acting(program, steps, open_spans)),
        before=frozenset(_before(program, steps, open_spans)),
        switchings=len(compiled.switches) - 1,
        lowest_in_dark=min(
            (level for since, until, level in parts if any(_overlap((since, until), span) for span in compiled.dark)),
            default=None,
        ),
    )


def day_spans(start: dt.datetime, end: dt.datetime, dark: Sequence[Span], tolerance: dt.timedelta) -> tuple[Span, ...]:
    """Give the spans of a night in which the sun is up and further than the tolerance from setting and rising."""
    edges = [start, *(edge for since, until in dark for edge in (since - tolerance, until + tolerance)), end]
    # A dark span that reaches an end of the night lets no day lie beyond it; two close ones leave none between them.
    return tuple((since, until) for since, until in zip(edges[::2], edges[1::2], strict=True) if since < until)


def _overlap(one: Span, two: Span) -> bool:
    return max(one[0], two[0]) < min(one[1], two[1])


def _shut(program: ControlProgram, windows: Iterable[Window], compiled: Night) -> Iterator[int]:
    opened = {
        id(each.period) for each in windows if _overlap((each.opens.at, each.closes.at), (compiled.start, compiled.end))
    }
    return (index for index, period in enumerate(program.active) if id(period) not in opened)


def _acting(program: ControlProgram, steps: Sequence[TimedStep], open_spans: Sequence[Span]) -> Iterator[int]:
    level = program.start_level
    for number, one in enumerate(steps):
        until = steps[number + 1].at if number + 1 < len(steps) else LAST
        if one.step.level != level and any(_overlap((one.at, until), span) for span in open_spans):
            yield _index(program, one)
        level = one.step.level


def _before(
    program: ControlProgram, steps: Sequence[TimedStep], open_spans: Sequence[Span]
) -> Iterator[tuple[int, int]]:
    """Give the pairs whose order shows: different levels, and a lamp that may be lit once both have passed."""
    closes = max((until for since, until in open_spans if since < until), default=None)
    for index, first in enumerate(steps):
        for then in steps[index + 1 :]:
            if first.at < then.at and first.step.level != then.step.level and closes is not None and then.at < closes:
                yield _index(program, first), _index(program, then)


def _index(program: ControlProgram, timed: TimedStep) -> int:
    return next(index for index, step in enumerate(program.steps) if step is timed.step)
