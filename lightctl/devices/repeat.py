"""Repeat: nights for a node that keeps no dates but goes through the same night, or the same week, again and again.

In go the switches of several nights, out come those the lamp will really have: every round of the node's table alike,
and at each instant of it the highest level that any of the rounds was planned to have then (light is the duty). Where
the node holds switches by its own sun clock, rounds that differ only as the sun does are alike already.

The node keeps what lies within its first round, counted from the first switch, and adds whole rounds of 24 hours (or
moves with the sun); `Repetition.held` is how many switches that is.
"""

from __future__ import annotations

import datetime as dt
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from operator import attrgetter

from lightctl.domain.assets import Capabilities
from lightctl.domain.programs import SunTime
from lightctl.domain.states import Switch

DAY = dt.timedelta(days=1)
SECOND = dt.timedelta(seconds=1)
EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_Night = list[tuple[dt.timedelta, Switch]]


@dataclass(frozen=True, slots=True)
class Repetition:
    """What the lamp will do until the end: `held` switches stand in the node's table, `differing` nights are lighter.

    Where the table follows the sun, its switches name the event they follow.
    """

    switches: tuple[Switch, ...]
    held: int
    differing: int


def repeated(
    switches: Sequence[Switch], capabilities: Capabilities, start: dt.datetime, until: dt.datetime
) -> Repetition:
    """Give what a node with a weekly or daily table does with the switches of start..until, already fitted to it."""
    anchor = EPOCH + (start - EPOCH) // SECOND // capabilities.resolution_s * capabilities.resolution_s * SECOND
    planned = _from(switches, start, anchor)
    days = capabilities.dates.days
    nights = [_night(planned, anchor, number, until) for number in range(-((anchor - until) // DAY))]
    if capabilities.sun and all(
        _follows(night, nights[number % days], until - anchor - number * DAY) for number, night in enumerate(nights)
    ):
        return Repetition(planned, sum(switch.at < anchor + days * DAY for switch in planned), 0)
    table = tuple(_lightest(planned, days * DAY, anchor, until))
    rounds = range(-((anchor - until) // (days * DAY)))
    moved = (replace(switch, at=switch.at + turn * days * DAY, sun=None) for turn in rounds for switch in table)
    done = merged(switch for switch in moved if switch.at < until)
    differing = sum(
        _changes(_night(done, anchor, number, until)) != _changes(night) for number, night in enumerate(nights)
    )
    return Repetition(done, len(table), differing)


def merged(switches: Iterator[Switch]) -> tuple[Switch, ...]:
    """Drop every switch to the level that is in force already."""
    kept: list[Switch] = []
    for switch in switches:
        if not kept or kept[-1].level != switch.level:
            kept.append(switch)
    return tuple(kept)


def _from(switches: Sequence[Switch], start: dt.datetime, anchor: dt.datetime) -> tuple[Switch, ...]:
    """Give the switches with the one in force at the start put on the anchor, where rounds are counted from."""
    first = max(0, bisect_right(switches, start, key=attrgetter("at")) - 1)
    now = switches[first]
    return (replace(now, at=anchor, ramp_s=now.ramp_s if now.at >= anchor else 0, sun=None), *switches[first + 1 :])


def _night(switches: Sequence[Switch], anchor: dt.datetime, number: int, until: dt.datetime) -> _Night:
    """Give one night's switches by the time since its begin; the first is the one in force at the begin."""
    begin = anchor + number * DAY
    end = min(begin + DAY, until)
    inside = [(switch.at - begin, switch) for switch in switches if begin < switch.at < end]
    return [(dt.timedelta(0), _in_force(switches, begin)), *inside]


def _changes(night: _Night) -> list[tuple[dt.timedelta, int, int]]:
    return [(since, switch.level, switch.ramp_s if since else 0) for since, switch in night]


def _follows(night: _Night, table: _Night, length: dt.timedelta) -> bool:
    """Say whether a night is that of the table, each switch at the same sun event or at the same time of the day.

    Of the table counts what falls into the night's length; what follows the sun is missing only where the sun is late.
    """
    expected = _anchored(table)
    if length < DAY:
        expected = [at for at in expected if isinstance(at[0], SunTime) or at[0] < length][: len(night)]
    return _anchored(night) == expected


def _anchored(night: _Night) -> list[tuple[dt.timedelta | SunTime, int, int]]:
    (_, begin), *rest = night
    changes = ((switch.sun or since, switch.level, switch.ramp_s) for since, switch in rest)
    return [(dt.timedelta(0), begin.level, 0), *changes]


def _in_force(switches: Sequence[Switch], at: dt.datetime) -> Switch:
    return switches[max(0, bisect_right(switches, at, key=attrgetter("at")) - 1)]


def _lightest(
    switches: Sequence[Switch], period: dt.timedelta, anchor: dt.datetime, until: dt.datetime
) -> Iterator[Switch]:
    """Give one round with the highest level of all rounds at each of its instants, in the round that begins at anchor.

    A rise takes the quickest ramp among those that fall on it, a drop the slowest: never darker than any of them.
    """
    rounds = -((anchor - until) // period)
    level = -1
    for since in sorted({(switch.at - anchor) % period for switch in switches}):
        instants = [at for turn in range(rounds) if (at := anchor + turn * period + since) < until]
        due = [_in_force(switches, at) for at in instants]
        winner = max(due, key=attrgetter("level"))
        if winner.level == level:
            continue
        here = [switch for switch, at in zip(due, instants, strict=True) if switch.at == at]
        if winner.level > level:
            ramp_s = min((switch.ramp_s for switch in here if switch.level == winner.level), default=0)
        else:
            ramp_s = max((switch.ramp_s for switch in here), default=0)
        level = winner.level
        yield replace(winner, at=anchor + since, ramp_s=ramp_s)
