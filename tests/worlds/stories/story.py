"""A story as a value: a street, and what happens on it at known times. Told twice, it goes the same way twice.

A story is drawn from its seed once (`drawing`), and then stands for itself: entries may be taken out and what is left
still is a story, so a failing one can be made small, written down and told again.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import msgspec

Arguments = Mapping[str, bool | int | float | str]


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that happens, `at_s` seconds after the beginning; its arguments are those of its word."""

    at_s: float
    word: str
    of: Arguments = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Line:
    """The Modbus lines of a story, `count` of them. rtu: RTU framing, without transactions. echoes: its units know
    function 8. poll_s: seconds between two polls of a unit.
    """

    rtu: bool
    echoes: bool
    poll_s: float
    count: int = 1


@dataclass(frozen=True, slots=True)
class Story:
    """Where, when, with what, and what happens. `seed` throws the dice of the network and of nothing else.

    nodes: kinds of `setting.KINDS`, with a line also of `setting.UNITS`; clocks: (seconds ahead, drift in ppm) of each.
    shape, late, floor: the schedules at the beginning. switch_ons_per_s: what a feeder allows, 0 for anything. From
    `calm_at_s` on all is well; `gone_h` hours of it the daemon is not there.
    """

    seed: int
    place: str
    start: dt.datetime
    nodes: tuple[str, ...]
    clocks: tuple[tuple[float, float], ...]
    heartbeat_s: float
    switch_ons_per_s: float
    shape: str
    late: int
    floor: int
    entries: tuple[Entry, ...]
    calm_at_s: float
    gone_h: float
    line: Line | None = None

    def without(self, first: int, count: int = 1) -> Story:
        """Give the story without some of its entries."""
        return replace(self, entries=self.entries[:first] + self.entries[first + count :])


def write(story: Story) -> str:
    """Write a story as JSON."""
    return msgspec.json.format(msgspec.json.encode(story)).decode() + "\n"


def read(text: str | bytes) -> Story:
    """Read a story back."""
    return msgspec.json.decode(text, type=Story)
