"""Dynamic rules: what sensors make of the program's level, on top of it and below overrides and protections.

Comes in: a night's base level, its rules with their spans, and what the sensors said lately. Goes out: the first rule
in force and its level. A rule is in force from a reading that meets its condition until its hold after the last one
that did. Must hold: with the sensor silent the program rules; what makes the street darker ends with the first reading
that no longer asks for it, so that an old word never keeps light away; and no rule lights a lamp outside its program's
windows or switches one off inside them.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from lightctl.domain.programs import ControlProgram, DynamicRule
from lightctl.domain.sensors import Readings, SensorReading
from lightctl.planning.reading import Reader, Window

Span = tuple[dt.datetime, dt.datetime]


@dataclass(frozen=True, slots=True)
class TimedRule:
    """A dynamic rule and the spans of one night in which it counts, in order and apart."""

    rule: DynamicRule
    spans: tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class Sensed:
    """The rule in force, the level (percent) it makes of the program's, until when by itself, and the reading.

    ends: where the span in which the rule counts ends, whatever the sensor says.
    """

    level: int
    until: dt.datetime
    ends: dt.datetime
    rule: DynamicRule
    reading: SensorReading


def timed_rules(program: ControlProgram, reader: Reader, windows: Sequence[Window]) -> tuple[TimedRule, ...]:
    """Give a program's rules with the spans of a night in which they count: its windows, within each rule's period."""
    if not program.dynamics:
        return ()
    lit = _joined((each.opens.at, each.closes.at) for each in windows)
    night = (reader.sun.start, reader.sun.end)
    found = []
    for rule in program.dynamics:
        period = [(each.opens.at, each.closes.at) for each in reader.periods(rule.period)] if rule.period else [night]
        shared = [
            (max(opens, start, night[0]), min(closes, end, night[1])) for opens, closes in lit for start, end in period
        ]
        found.append(TimedRule(rule, _joined(shared)))
    return tuple(found)


def sensed(base: int, rules: Iterable[TimedRule], readings: Readings, now: dt.datetime) -> Sensed | None:
    """Give the first rule in force at an instant, also one that changes nothing; None while the program rules."""
    for timed in rules:
        end = next((end for start, end in timed.spans if start <= now < end), None)
        said = [each for each in readings.get(timed.rule.sensor, ()) if each.received_at <= now]
        if end is None or not said:
            continue
        rule = timed.rule
        met = next((each for each in reversed(said) if rule.when.met_by(each.value)), None)
        if met is None or now >= _held_until(rule, met):
            continue
        level = rule.operation.apply(base, rule.level)
        if level < base and met is not said[-1]:
            continue
        return Sensed(level, min(_held_until(rule, met), end), end, rule, met)
    return None


def marks(rules: Iterable[TimedRule], readings: Readings) -> Iterator[dt.datetime]:
    """Give the instants at which readings that came already may begin or cease to count."""
    for timed in rules:
        for reading in readings.get(timed.rule.sensor, ()):
            yield _held_until(timed.rule, reading)
        if timed.rule.sensor in readings:
            yield from (edge for span in timed.spans for edge in span)


def _held_until(rule: DynamicRule, reading: SensorReading) -> dt.datetime:
    return reading.received_at + dt.timedelta(seconds=rule.hold_s)


def _joined(spans: Iterable[Span]) -> tuple[Span, ...]:
    found: list[Span] = []
    for start, end in sorted(span for span in spans if span[0] < span[1]):
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], end))
        else:
            found.append((start, end))
    return tuple(found)
