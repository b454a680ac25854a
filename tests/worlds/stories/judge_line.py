"""The line: I3 (confirmed is only what the unit itself was read to hold), I12 and I14, by what its units were asked.

Each request that reaches a unit is seen, and after each read of it what it truly holds is compared with the documents
that it was given. A unit that is spoken for by another's answer was not read, whatever the link took it for.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict, deque
from collections.abc import Collection

from lightctl.devices.blocks import Write
from lightctl.devices.due import level_due
from lightctl.devices.levels import level_blocks, level_writes
from lightctl.domain import events as ev
from lightctl.domain.states import DesiredState
from tests.worlds.stories.scene import LONG_AGO, MINUTE, UNITS_ASKED_WITHIN, Scene

READ_WITHIN = dt.timedelta(seconds=10)
SET_WITHIN, MOST_OFF = dt.timedelta(minutes=75), dt.timedelta(seconds=35)
MOST_REQUESTS_A_MINUTE = 400
REFUSED = "refuses it"
Held = frozenset[int | Write]


class LineJudge:
    """Looks at the units of the line itself. sent: documents written to each, since it was cleared."""

    def __init__(self, scene: Scene, sent: dict[str, int]) -> None:
        self._scene = scene
        self._sent = sent
        self._given: dict[tuple[str, int], tuple[DesiredState, dt.datetime]] = {}
        self._read: dict[str, dict[Held, dt.datetime]] = defaultdict(dict)
        self._known_at: dict[str, dt.datetime] = {}
        self._read_at: dict[str, dt.datetime] = {}
        self._asked: dict[str, deque[dt.datetime]] = defaultdict(lambda: deque(maxlen=MOST_REQUESTS_A_MINUTE))
        scene.nodes.was_read = self._note_read
        for gateway in scene.gateways.values():
            gateway.asked = self._count

    def give(self, desired: DesiredState) -> None:
        """Take note of a new document."""
        self._given[desired.node, desired.revision] = desired, self._scene.now

    def held(self, node: str, revision: int) -> bool:
        """Say whether a unit was read, since it was given a document, while it held it."""
        desired, given_at = self._given[node, revision]
        shown = [held for held, at in self._read[node].items() if at >= given_at]
        return any(wanted <= held for wanted in self._as_held(desired) for held in shown)

    def heard(self, event: ev.Event) -> None:
        """Look at what the link says; what it tries to send counts, whatever becomes of it."""
        match event:
            case ev.NodeReported(report):
                read_at = self._read_at.get(report.node, LONG_AGO)
                if self._scene.now - read_at > READ_WITHIN:
                    self._scene.violate("I12", f"the report of {report.node} was not read at it")
            case ev.CommandSent(node) | ev.SendFailed(node):
                self._sent[node] = self._sent.get(node, 0) + 1
                if isinstance(event, ev.SendFailed) and REFUSED in event.detail:
                    self._scene.refused_at[node] = self._scene.now
            case _:
                pass

    def attached(self, nodes: Collection[str]) -> None:
        """These are the nodes of the inventory; one that was not in it begins anew."""
        units = self._scene.nodes.numbers.keys() & nodes
        self._known_at = {node: self._known_at.get(node, self._scene.now) for node in units}

    def judge_asked(self) -> None:
        """I16: with all well for long, each unit of the inventory is read again and again."""
        for node, known_at in self._known_at.items():
            silent = self._scene.now - max(known_at, self._read_at.get(node, LONG_AGO))
            if silent > UNITS_ASKED_WITHIN:
                self._scene.violate("I16", f"{node} has not been read for {silent}")

    def judge_clocks(self) -> None:
        """I7: with all well for longer than lightctl waits before it sets a clock again, those it sets are right."""
        scene = self._scene
        for node, known_at in self._known_at.items():
            well_since = max(scene.calm_since or scene.now, known_at)
            if not scene.nodes.by_revision(node) or scene.now - well_since < SET_WITHIN:
                continue
            off = scene.nodes.firmware(node).shows(scene.now) - scene.now
            if abs(off) > MOST_OFF:
                scene.violate("I7", f"the clock of {node} is {off.total_seconds():.0f} s off")

    def judge_tasks(self) -> None:
        """Nothing leaves a task or a callback of a link as an error."""
        for gateway in self._scene.gateways.values():
            failed, gateway.loop.failed = gateway.loop.failed, []
            for what in failed:
                self._scene.violate("task", f"of {gateway.name}: {what}")

    def _note_read(self, node: str) -> None:
        self._read_at[node] = self._read[node][self._holds(node)] = self._scene.now

    def _holds(self, node: str) -> Held:
        """Give what a unit holds: the revision it runs, or the words that make the levels of its channels."""
        nodes = self._scene.nodes
        if nodes.by_revision(node):
            return frozenset({nodes.firmware(node).applied_revision})
        return frozenset(
            Write(block.table, block.address, nodes.units[node].stands(block))
            for channel in range(nodes.kinds[node].channels)
            for block in level_blocks(nodes.registers(node), channel)
        )

    def _as_held(self, desired: DesiredState) -> list[Held]:
        """Give what a unit that took a document holds at least; a live one the level of the instant of writing."""
        nodes = self._scene.nodes
        if nodes.by_revision(desired.node):
            return [frozenset({desired.revision})]
        registers = nodes.registers(desired.node)
        return [
            frozenset(
                write
                for number in desired.channels
                for write in level_writes(registers, number, level_due(desired, number, at).level)
            )
            for at in (self._scene.daemon.now, desired.issued_at)
        ]

    def _count(self, node: str) -> None:
        """I14: nothing makes the line ask one unit on and on."""
        times = self._asked[node]
        times.append(self._scene.now)
        if len(times) == MOST_REQUESTS_A_MINUTE and times[-1] - times[0] < MINUTE:
            self._scene.violate("I14", f"{MOST_REQUESTS_A_MINUTE} requests to {node} within {times[-1] - times[0]}")
            times.clear()
