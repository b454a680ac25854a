"""Census: how many light points and nodes are how, counted from what the controller knows of them, some at a time.

What is due stands in each node's document, so nothing is planned here and nothing is asked. A caller goes through the
nodes in slices, so that counting a city never keeps the loop; a census is therefore of a span of seconds, not of an
instant. Must hold: a lamp nobody has heard of within its lease counts as unreachable, never as what it last was.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from dataclasses import dataclass, field
from enum import StrEnum

from lightctl.control.diagnosis.expected import Expectations, Expected
from lightctl.control.diagnosis.measured import burns, is_dark
from lightctl.control.memory import NodeMemory
from lightctl.control.policy import Policy
from lightctl.control.reconcile import channel_follows, holds_revision, is_fresh, level_in_force
from lightctl.domain.assets import FULL_LEVEL
from lightctl.domain.states import ChannelDesired, ChannelReport, ReportedState


class Hearing(StrEnum):
    """How a node is heard."""

    REACHABLE = "reachable"
    UNREACHABLE = "unreachable"
    NEVER_HEARD = "never_heard"


class Standing(StrEnum):
    """How a light point in use stands to the plan; `unreachable` and `never_heard` are its node's."""

    FOLLOWING = "following"
    NOT_FOLLOWING = "not_following"
    UNREACHABLE = "unreachable"
    NEVER_HEARD = "never_heard"


@dataclass(slots=True)
class Census:
    """Counts of one round.

    nodes: by link and hearing. points: light points in use that a node switches, by standing. lit, due_lit, dark,
    burning: of the reachable ones, those that measurably are lit, are to be lit, are to be and are not, and are not to
    be and are. power_w: what the reachable ones say they draw. open_commands: by state.
    """

    nodes: Counter[tuple[str, Hearing]] = field(default_factory=Counter)
    points: Counter[Standing] = field(default_factory=Counter)
    open_commands: Counter[str] = field(default_factory=Counter)
    lit: int = 0
    due_lit: int = 0
    dark: int = 0
    burning: int = 0
    power_w: float = 0.0

    def add(self, memory: NodeMemory, now: dt.datetime, policy: Policy, expectations: Expectations) -> None:
        """Count one node and its light points."""
        hearing = _hearing(memory)
        self.nodes[memory.node.link, hearing] += 1
        command = memory.open_command
        if command is not None:
            self.open_commands[command.state] += 1
        if not memory.points:
            return
        report = memory.reported
        if hearing is not Hearing.REACHABLE or report is None:
            # Heard, but without a report yet: as little is known of its lamps as if it had never spoken.
            standing = Standing.UNREACHABLE if hearing is Hearing.UNREACHABLE else Standing.NEVER_HEARD
            self.points[standing] += len(memory.points)
            return
        holds = _holds(memory, report, now, policy)
        for channel, point in memory.points.items():
            wanted = memory.desired.channels.get(channel) if memory.desired is not None else None
            said, expected = report.channels.get(channel), expectations.of(point)
            follows = self._add_point(expected, wanted, said, report.received_at, policy)
            self.points[Standing.FOLLOWING if holds and follows else Standing.NOT_FOLLOWING] += 1

    def _add_point(
        self,
        expected: Expected,
        wanted: ChannelDesired | None,
        said: ChannelReport | None,
        received_at: dt.datetime,
        policy: Policy,
    ) -> bool:
        """Count what a light point does, and say whether it has the level due when its report came."""
        if said is None:
            return False
        self.lit += bool(said.level)
        self.power_w += said.power_w or 0.0
        due = wanted.level_at(received_at) if wanted is not None else None
        if wanted is None or due is None:
            return False
        in_force = level_in_force(said)
        level = due if in_force is None else in_force
        follows = in_force is not None and abs(in_force - due) <= policy.level_tolerance
        follows = follows or channel_follows(wanted, said, received_at, policy)
        if due:
            self.due_lit += 1
            # One that still holds what was due a moment ago is late, not dark.
            self.dark += is_dark(expected, said, min(level or due, FULL_LEVEL)) and not (follows and not level)
        else:
            self.burning += burns(expected, said) and not (follows and bool(level))
        return follows


def _hearing(memory: NodeMemory) -> Hearing:
    if memory.unreachable:
        return Hearing.UNREACHABLE if memory.heard_at is not None else Hearing.NEVER_HEARD
    return Hearing.REACHABLE if memory.heard_at is not None else Hearing.NEVER_HEARD


def _holds(memory: NodeMemory, report: ReportedState, now: dt.datetime, policy: Policy) -> bool:
    """Say whether a node holds the newest document, and nothing was due to change since it said so."""
    desired = memory.desired
    return (
        desired is not None
        and memory.open_command is None
        and holds_revision(desired, report, memory.profile.confirmation)
        and is_fresh(desired, report, now, policy)
    )
