"""Scripts: what is put into a world and when, and what an honest fault list must make of it. Values, no action.

An injected fault says which fault records it must give, each exactly once, and at which levels of the lamp it can be
seen at all: that a lamp which is off would not burn nobody can know. `noise` must give none.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, field

from simulators.specs import FaultSpec

HOUR = dt.timedelta(hours=1)
ALWAYS, LIT, DARK, BRIGHT = "always", "lit", "dark", "bright"
BRIGHT_FROM = 60


@dataclass(frozen=True, slots=True)
class Expected:
    """One fault record: its event and subject, by which lamp (node, channel) and when it can be seen, and how soon.

    since: when it begins to be due, None with the fault itself. opens, closes: how long it may take of one span in
    which it can be seen.
    """

    event: str
    subject_kind: str
    subject: str
    lamp: tuple[str, int] | None = None
    opens_when: str = ALWAYS
    closes_when: str = ALWAYS
    since: dt.datetime | None = None
    opens: dt.timedelta = HOUR
    closes: dt.timedelta = HOUR


@dataclass(frozen=True, slots=True)
class Injected:
    """Something done to the street: a simulated fault, or what a line does; `expected` is empty for mere noise.

    until None: it never ends.
    """

    what: str
    at: dt.datetime
    until: dt.datetime | None
    expected: tuple[Expected, ...] = ()
    faults: tuple[FaultSpec, ...] = ()
    line: str = ""


@dataclass(slots=True)
class Script:
    """Everything that happens: faults, noise, and what people do at instants."""

    injected: list[Injected] = field(default_factory=list)
    noise: list[Injected] = field(default_factory=list)
    people: list[tuple[dt.datetime, str, Callable[[object], None]]] = field(default_factory=list)


def shows(when: str, level: int) -> bool:
    """Say whether something can be seen at a level in force (percent)."""
    return {ALWAYS: True, LIT: level > 0, DARK: level == 0, BRIGHT: level >= BRIGHT_FROM}[when]
