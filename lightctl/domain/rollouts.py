"""Roll-outs: coming schedules brought to the street in waves, each watched before the next begins.

The members are nodes, and a node's light points move together. A wave is a sequence of batches: a batch is released in
one go, the next one no sooner than a second later, and no batch holds more nodes of one feeder than the pace allows. So
how far a roll-out got is two numbers, and who has moved follows from them.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from math import ceil

from lightctl.domain.errors import InvalidInput

Batch = tuple[str, ...]
Wave = tuple[Batch, ...]
_PORTION = re.compile(r"(\d{1,9})|(\d{1,3}(?:\.\d{1,3})?) ?%", re.ASCII)
_WALL_TIME = re.compile(r"([01]\d|2[0-3]):([0-5]\d)", re.ASCII)
_WHOLE = 100.0


class RolloutState(StrEnum):
    """Where a roll-out stands; the last two are its end and never left."""

    RUNNING = "running"
    PAUSED = "paused"
    DONE = "done"
    UNDONE = "undone"

    @property
    def ended(self) -> bool:
        """Whether it is over."""
        return self in (RolloutState.DONE, RolloutState.UNDONE)


class OnFailure(StrEnum):
    """What becomes of a roll-out by itself when too many nodes fail."""

    PAUSE = "pause"
    UNDO = "undo"


class MemberState(StrEnum):
    """How a node that has moved stands: `gone` is one that switches no light point in use any more."""

    PENDING = "pending"
    FOLLOWED = "followed"
    FAILED = "failed"
    GONE = "gone"


@dataclass(frozen=True, slots=True)
class Standing:
    """How one node of a roll-out stands, and why where it failed."""

    rollout: str
    node: str
    state: MemberState
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Figures:
    """How the nodes that have moved stand, together."""

    moved: int = 0
    followed: int = 0
    failed: int = 0
    gone: int = 0

    @property
    def pending(self) -> int:
        """Those of which nothing is known yet."""
        return self.moved - self.followed - self.failed - self.gone

    def fail(self, max_failures_percent: float) -> bool:
        """Say whether more nodes failed than allowed, as a share of those that have moved."""
        return self.failed * _WHOLE > max_failures_percent * self.moved


@dataclass(frozen=True, slots=True)
class Portion:
    """A share of all members (percent) or a number of them."""

    percent: float | None = None
    count: int | None = None

    def of(self, members: int) -> int:
        """Give how many that is, rounded up, never more than there are."""
        if self.count is not None:
            return min(self.count, members)
        assert self.percent is not None
        return min(ceil(self.percent * members / _WHOLE), members)


@dataclass(frozen=True, slots=True)
class Window:
    """The part of the day in which nodes may move: wall times in seconds since midnight, the end not included."""

    opens_s: int
    closes_s: int

    def __str__(self) -> str:
        return f"{_clock(self.opens_s)}-{_clock(self.closes_s)}"

    def holds(self, second: int) -> bool:
        """Say whether a second of the day lies in it; one that closes before it opens spans midnight."""
        if self.opens_s < self.closes_s:
            return self.opens_s <= second < self.closes_s
        return second >= self.opens_s or second < self.closes_s


@dataclass(frozen=True, slots=True)
class Rollout:
    """A roll-out and how far it got.

    plan, base_version: the schedule plan it brings and the version in force meanwhile. files: name -> text. waves: the
    first is the canary. light_points: those whose nights change. wave: index of the one at work; batches: how many of
    it were released; moved_at: when the newest was; soaks_from: since when the whole wave is watched. edition: grows
    with each word of people, so that an older decision never overwrites a newer one. changed_at: of the state.
    version: the one of the schedules that it became, once done.
    """

    id: str
    plan: str
    base_version: int
    files: Mapping[str, str]
    waves: tuple[Wave, ...]
    light_points: int
    started_at: dt.datetime
    changed_at: dt.datetime
    user: str
    reason: str = ""
    approved_by: str = ""
    window: Window | None = None
    on_failure: OnFailure = OnFailure.PAUSE
    soak_s: float = 600.0
    pace: int = 10
    max_failures_percent: float = 5.0
    state: RolloutState = RolloutState.RUNNING
    edition: int = 1
    wave: int = 0
    batches: int = 0
    moved_at: dt.datetime | None = None
    soaks_from: dt.datetime | None = None
    detail: str = ""
    version: int | None = None

    @property
    def nodes(self) -> int:
        """How many nodes it has."""
        return sum(len(batch) for wave in self.waves for batch in wave)

    @property
    def place(self) -> tuple[int, int]:
        """How far it got, to be compared."""
        return self.wave, self.batches

    @property
    def moved(self) -> frozenset[str]:
        """The nodes that follow the coming schedules."""
        if self.state is RolloutState.UNDONE:
            return frozenset()
        return frozenset(self.released())

    def released(self) -> Iterator[str]:
        """Give the nodes that were released so far, in order, whatever became of the roll-out."""
        for number, wave in enumerate(self.waves[: self.wave + 1]):
            for batch in wave if number < self.wave else wave[: self.batches]:
                yield from batch

    def place_of(self, node: str) -> tuple[int, int] | None:
        """Give how far it must get for a node to move, its wave first; None for one that is no member."""
        found = (
            (wave, batch)
            for wave, batches in enumerate(self.waves)
            for batch, nodes in enumerate(batches, start=1)
            if node in nodes
        )
        return next(found, None)

    def wave_name(self, number: int) -> str:
        """Name a wave by its index."""
        return "the canary" if number == 0 else f"wave {number} of {len(self.waves) - 1}"


def parse_portion(text: str, where: str) -> Portion:
    """Read `10%` or `250`; raises InvalidInput."""
    found = _PORTION.fullmatch(text.strip())
    if found is None or float(found[2] or 0) > _WHOLE or not float(found[1] or found[2]):
        raise InvalidInput(where, f"{text!r} is no share", hint="Write a percentage such as 10%, or a number of nodes.")
    return Portion(count=int(found[1])) if found[1] else Portion(percent=float(found[2]))


def parse_percent(text: str, where: str) -> float:
    """Read `5%`, 0 % included; raises InvalidInput."""
    found = _PORTION.fullmatch(text.strip())
    if found is None or not found[2] or float(found[2]) > _WHOLE:
        raise InvalidInput(where, f"{text!r} is no percentage", hint="Write one such as 5%.")
    return float(found[2])


def parse_window(text: str, where: str) -> Window:
    """Read `22:00-05:00`; raises InvalidInput."""
    ends = [_WALL_TIME.fullmatch(part.strip()) for part in text.split("-")]
    seconds = [int(end[1]) * 3600 + int(end[2]) * 60 for end in ends if end is not None]
    if len(ends) != 2 or len(seconds) != 2 or seconds[0] == seconds[1]:  # noqa: PLR2004 - from, to
        raise InvalidInput(where, f"{text!r} is no window", hint="Write two times of the city's clock: 22:00-05:00.")
    return Window(*seconds)


def _clock(seconds: int) -> str:
    return f"{seconds // 3600:02}:{seconds % 3600 // 60:02}"
