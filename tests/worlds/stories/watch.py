"""All judges of a story, told of everything, and looking around again and again."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection

from lightctl.control.effects import Effects
from lightctl.devices.codec import Outgoing
from lightctl.domain import events as ev
from lightctl.domain.orders import Order
from tests.worlds.stories.documents import Documents
from tests.worlds.stories.judge_commands import CommandJudge
from tests.worlds.stories.judge_lamps import LOOK_EVERY, LampJudge
from tests.worlds.stories.judge_line import LineJudge
from tests.worlds.stories.judge_silence import SilenceJudge
from tests.worlds.stories.judge_store import StoreJudge
from tests.worlds.stories.judge_switching import SwitchingJudge
from tests.worlds.stories.judge_wire import WireJudge
from tests.worlds.stories.scene import Scene

SET_ASIDE = "lightctl failed on this node"


class Watch:
    """The judges of a scene."""

    def __init__(self, scene: Scene) -> None:
        self.documents = Documents(scene)
        self.lamps = LampJudge(scene, self.documents)
        self.wire = WireJudge(scene)
        self.line = LineJudge(scene, self.wire.sent)
        self.switching = SwitchingJudge(scene)
        self.commands = CommandJudge(scene, self.documents, self.line)
        self.store = StoreJudge(scene, self.commands)
        self.silence = SilenceJudge(scene)
        self._scene = scene
        scene.nodes.applied = self._applied
        scene.nodes.changed = self._changed
        self._look_around()

    def _applied(self, node: str, before: int, after: int) -> None:
        self.documents.arrive(node, before, after)
        if after != before:
            self.lamps.arrived(node)

    def _changed(self, node: str, at: dt.datetime) -> None:
        self.lamps.changed(node, at)
        self.switching.changed(node, at)

    def violate(self, rule: str, what: str) -> None:
        """Note that a rule was broken."""
        self._scene.violate(rule, what)

    def attached(self, nodes: Collection[str]) -> None:
        """These are the nodes of the inventory."""
        self.silence.attached(nodes)
        self.line.attached(nodes)

    def hearing(self, node: str) -> None:
        """A message of this node is about to be read."""
        self.wire.hearing(node)

    def heard(self, event: ev.Event) -> None:
        """Look at what came of a message; what a node claims to have, it may be confirmed to have."""
        self.wire.heard(event)
        self.silence.heard(event)
        if isinstance(event, ev.NodeReported) and event.report.applied_revision is not None:
            self.documents.applied[event.report.node].add(event.report.applied_revision)

    def on_line(self, event: ev.Event) -> None:
        """Look at what comes of a line; what a unit says it has, it is not believed to have."""
        self.line.heard(event)
        self.switching.heard(event)
        self.silence.heard(event)

    def decided(self, effects: Effects) -> None:
        """Look at what a step decided."""
        if effects.rollouts:
            self._scene.writes += self._scene.wishes.moved(effects.rollouts)
            self._scene.stirred_at = self._scene.now
        self.documents.announced |= {hello.node for hello in effects.announced}
        for desired in effects.desired:
            self.documents.give(desired)
            self.line.give(desired)
        self.commands.decided(effects)
        for fault in effects.faults:
            if fault.detail.startswith(SET_ASIDE) and fault.cleared_at is None:
                self._scene.violate("step", fault.detail)

    def published(self, order: Order, message: Outgoing) -> None:
        """Look at what goes out."""
        self.wire.published(order, retained=message.retain)

    def waiting(self, orders: int) -> None:
        """Look at what waits."""
        self.wire.waiting(orders)

    def _look_around(self) -> None:
        if self.lamps.look_around():
            self.line.judge_asked()
            self.line.judge_clocks()
        self.commands.judge_open()
        self.line.judge_tasks()
        self._scene.heap.after(LOOK_EVERY.total_seconds(), self._look_around)

    def finish(self) -> None:
        """Look once more at all that should be settled."""
        self.commands.judge_open()
        self.store.compare()
        self.store.judge_audit()
        self.line.judge_tasks()
