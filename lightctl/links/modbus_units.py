"""The units of a Modbus line and when each is asked next. Pure: the instants come in as arguments.

A unit that fails once is tried again after its neighbours' turn; one that fails twice running goes to the slow lane.
Polls follow the run's clock; a floor on the machine's clock keeps a fast run from polling without end.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

from lightctl.devices.blocks import Answers
from lightctl.devices.maps import RegisterMap
from lightctl.devices.meter import Meter
from lightctl.devices.registers import Block, plan_reads, unit_of
from lightctl.devices.stored_schedule import Kept
from lightctl.domain.assets import Node
from lightctl.domain.errors import InvalidInput
from lightctl.domain.states import ReportedState

FAILURES_TO_SLOW_LANE = 2
ROUND_S = 0.02
DEAD_ROUND_TIMEOUTS = 10
APPLYING_POLLS, APPLYING = 5, dt.timedelta(seconds=2)


@dataclass(frozen=True, slots=True)
class Known:
    """A register whose content is known, checked before a unit is trusted again."""

    block: Block
    word: int


@dataclass(frozen=True, slots=True)
class Said:
    """What the words of a unit's last poll mean: the same words mean the same, only at another instant."""

    words: Answers
    state: ReportedState


@dataclass(slots=True)
class Unit:
    """One node on the line. due: when it is polled next; not_before_s: a floor for that on the machine's clock.

    failures: how often running it gave no usable answer. slow: whether it is in the slow lane for that.
    proven: what it keeps and was read back whole. applying: polls for which it is asked again soon, as it may need a
    moment to take what was committed. said: what it said last.
    """

    node: Node
    number: int
    registers: RegisterMap
    blocks: tuple[Block, ...]
    meter: Meter
    due: dt.datetime
    not_before_s: float = 0.0
    failures: int = 0
    slow: bool = False
    proven: Kept | None = None
    applying: int = 0
    said: Said | None = None

    @property
    def has_state(self) -> bool:
        """Whether it says more than a meter's numbers."""
        known = self.registers
        return bool(known.channels or known.flags or known.local or known.clock)

    @property
    def known(self) -> Known | None:
        """What is read to know that it is really this unit that answers, where its profile names something."""
        sentinel = self.registers.sentinel
        if sentinel is None:
            return None
        word = self.number if isinstance(sentinel.expect, str) else sentinel.expect
        return Known(Block(sentinel.table, sentinel.address, 1), word)

    def answered(self, now_s: float) -> None:
        """Take note that it answered; what it was told to do does not put off its poll."""
        self.failures, self.slow = 0, False
        self.not_before_s = now_s + ROUND_S

    def was_polled(self, now: dt.datetime, poll: dt.timedelta) -> None:
        """Take note of a poll: the next one is due a while later."""
        self.due = now + poll

    def live_from(self, now: dt.datetime, longest: dt.timedelta) -> None:
        """Take the clock being set back to `now`: it is polled within `longest`, as if nothing had happened."""
        self.due = min(self.due, now + longest)

    def ask_at_once(self, now: dt.datetime) -> None:
        """Poll it next."""
        self.due, self.not_before_s = now, 0.0

    def was_given(self, now: dt.datetime) -> None:
        """Take note of a document written: what the lamp makes of it is read as soon as no order waits."""
        self.due = now
        self.applying = APPLYING_POLLS if self.registers.schedule is not None else 0

    def heard(self, now: dt.datetime, *, verified: bool) -> None:
        """Take note of a poll after a document was written: a unit may need a moment to run what was committed."""
        self.applying = 0 if verified else max(0, self.applying - 1)
        if self.applying:
            self.due = now + APPLYING

    def failed(self, now: dt.datetime, now_s: float, dead_poll_s: float, timeout_s: float) -> None:
        """Take note that it gave no usable answer."""
        self.failures += 1
        self.slow = self.failures >= FAILURES_TO_SLOW_LANE
        self.due = now + dt.timedelta(seconds=dead_poll_s if self.slow else 0.0)
        self.not_before_s = now_s + (DEAD_ROUND_TIMEOUTS * timeout_s if self.slow else ROUND_S)


def units_of(
    nodes: Mapping[str, Node],
    maps: Mapping[str, RegisterMap],
    before: Mapping[str, Unit],
    now: dt.datetime,
    line: str,
) -> tuple[dict[str, Unit], list[tuple[str, str]]]:
    """Give the units of a line by node, keeping what is known of them, and the nodes that cannot be one with why."""
    units: dict[str, Unit] = {}
    refused: list[tuple[str, str]] = []
    taken: dict[int, str] = {}
    for node in nodes.values():
        registers = maps.get(node.profile)
        if registers is None:
            refused.append((node.id, f"line {line} knows no Modbus profile {node.profile!r}. Correct the inventory."))
            continue
        try:
            number = unit_of(node)
        except InvalidInput as error:
            refused.append((node.id, str(error)))
            continue
        if number in taken:
            refused.append((node.id, f"unit {number} of line {line} is node {taken[number]} already. Correct one."))
            continue
        taken[number] = node.id
        blocks = plan_reads(registers, tuple(node.channels))
        unit = Unit(node, number, registers, blocks, Meter(registers, blocks), now)
        known = before.get(node.id)
        if known is not None and known.number == number:
            unit.due, unit.not_before_s = known.due, known.not_before_s
            unit.failures, unit.slow = known.failures, known.slow
            unit.proven, unit.applying = known.proven, known.applying
        units[node.id] = unit
    return units, refused
