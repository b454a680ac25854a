"""Roster: which nodes there are: a memory for each of the fleet, and what is kept of a node that left for its return.

Must hold: no revision of a node is given twice, however often it leaves and comes back; nothing stays open about a node
that is in no inventory.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import replace

from lightctl.control.collected import Collected
from lightctl.control.diagnosis.history import relamped
from lightctl.control.memory import NodeMemory
from lightctl.devices.profile import Profile
from lightctl.domain.assets import Capabilities, Fleet, LifeCycle, LightPoint, Node
from lightctl.domain.events import FleetChanged, NodeRestored
from lightctl.domain.moves import moved
from lightctl.domain.single import lean
from lightctl.domain.states import Command, CommandState


class Roster:
    """Makes memories for nodes that come, and keeps what is to be known should one that left come back."""

    def __init__(self, profiles: Mapping[str, Profile], revision_floor: int) -> None:
        """Know of no node; the memories it makes give no revision below the floor."""
        self._profiles = profiles
        self._revision_floor = revision_floor
        self._laid_aside: dict[str, NodeRestored] = {}

    def lay_aside(self, restored: NodeRestored) -> None:
        """Keep what the store remembers of a node until it is in a fleet."""
        self._laid_aside[restored.node] = restored

    def enrol(
        self, event: FleetChanged, before: Mapping[str, NodeMemory], now: dt.datetime, out: Collected
    ) -> dict[str, NodeMemory]:
        """Give the memories of a fleet's nodes, those there were before kept on, and end what the others left open."""
        fleet = event.fleet
        self._laid_aside |= {name: known.laid_aside() for name, known in before.items() if name not in fleet.nodes}
        memories = {node.id: self._memory_of(node, fleet, before.get(node.id), now) for node in fleet.nodes.values()}
        # Made anew, as one that was emptied would keep the room it had.
        self._laid_aside = {
            name: _close(left, now, out, event.replaced.get(name, "")) for name, left in self._laid_aside.items()
        }
        return memories

    def _memory_of(self, node: Node, fleet: Fleet, known: NodeMemory | None, now: dt.datetime) -> NodeMemory:
        profile, points = self._profiles.get(node.profile), _used_points(node, fleet)
        if profile is None:  # nobody knows how to speak to it: it is shown as faulty, and the others go on
            profile = Profile(node.profile, "unknown", "native", Capabilities(), announces=False, confirmation="level")
            points = {}
        elif not profile.capabilities.channels:  # a meter, whatever stands in its row: it has nothing to switch
            points = {}
        # A register too small for the floor counts from 1; its blueprint says what that costs.
        floor = self._revision_floor if self._revision_floor < profile.highest_revision else 0
        if known is None:
            known = NodeMemory(node, profile, points, profile.capabilities, known_since=now)
            left = self._laid_aside.pop(node.id, None)
            if left is not None:
                known.take(left)
            known.begin_revisions(floor)
        if known.node.profile != node.profile:
            known.change_make(profile)
        if relamped(known.points, points):
            known.history.forget_lamps()
        known.node, known.points = node, points
        known.revision_floor = floor
        known.refusal = "" if node.profile in self._profiles else f"no profile {node.profile!r} is known"
        return known


def _used_points(node: Node, fleet: Fleet) -> Mapping[int, LightPoint]:
    wired = ((channel, fleet.points[point]) for channel, point in node.channels.items())
    return lean({channel: point for channel, point in wired if point.state is LifeCycle.IN_USE})


def _close(left: NodeRestored, now: dt.datetime, out: Collected, successor: str) -> NodeRestored:
    """End what is open about a node that is in no inventory; its revisions are kept, should it come back.

    What it last said is not: its traces on the broker are cleared, and nobody listens to it until then.
    """
    command = left.command
    if isinstance(command, Command) and not command.state.terminal:
        detail = f"the node was replaced by {successor}" if successor else "the node left the inventory"
        command = moved(command, CommandState.FAILED, now, detail)
        out.commands[command.id] = command
    out.faults += [replace(fault, cleared_at=now) for fault in left.faults]
    return replace(left, command=command, reported=None, faults=())
