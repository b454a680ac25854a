"""The wire: I11 (feeders), I12 (nobody speaks for another), I13 (rubbish), I14 (bounded queues), orders done once.

I11 is held against the last word of the node that was heard, for the daemon cannot know better which lamps are off; one
that was overtaken on its way is not its last.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict, deque

from lightctl.control.reconcile import level_in_force
from lightctl.domain import events as ev
from lightctl.domain.orders import Order
from lightctl.domain.states import DesiredState, NodeAction, ReportedState
from tests.worlds.stories.scene import MINUTE, Scene

SECOND = dt.timedelta(seconds=1)
MOST_MESSAGES = 3
MOST_EVENTS = 400
MOST_A_MINUTE = 40
MOST_ORDERS_A_NODE = 8


class WireJudge:
    """Listens on the daemon's side of the wire.

    sent: documents and orders by node, since it was cleared. said: the last word of each node that the daemon may know.
    """

    def __init__(self, scene: Scene) -> None:
        self.sent: dict[str, int] = {}
        self._scene = scene
        self._speaks = ""
        self._is_rubbish = False
        self.said: dict[str, ReportedState] = {}
        self._turned_on: deque[tuple[dt.datetime, str]] = deque()
        self._sent_at: dict[str, deque[dt.datetime]] = defaultdict(lambda: deque(maxlen=MOST_A_MINUTE))
        self._orders: set[tuple[str, str]] = set()

    def hearing(self, node: str) -> None:
        """A message of this node is about to be read."""
        self._speaks = node

    def rubbish(self, *, now: bool) -> None:
        """What is read from now on is rubbish, or is not any more."""
        self._is_rubbish = now

    def heard(self, event: ev.Event) -> None:
        """I12, I13: look at what came of a message."""
        if isinstance(event, ev.MessageQuarantined | ev.NodeDiscovered):
            return
        if self._is_rubbish:
            self._scene.violate("I13", f"rubbish was taken for {event}")
        node = event.report.node if isinstance(event, ev.NodeReported) else getattr(event, "node", self._speaks)
        if node != self._speaks:
            self._scene.violate("I12", f"what {self._speaks} said counts for {node}")
        if isinstance(event, ev.NodeReported):
            known = self.said.get(node)
            same_boot = known is not None and bool(known.boot_id) and known.boot_id == event.report.boot_id
            if known is None or not same_boot or event.report.seq > known.seq:
                self.said[node] = event.report

    def published(self, order: Order, *, retained: bool) -> None:
        """Count a message, and look at what it may do."""
        node, content = order.node.id, order.content
        self.sent[node] = self.sent.get(node, 0) + 1
        self._judge_pace(node)
        if isinstance(content, NodeAction):
            if retained or (node, content.id) in self._orders:
                self._scene.violate("once", f"the order {content.id} to {node} is retained or sent again")
            self._orders.add((node, content.id))
        else:
            self._judge_turn(node, content)

    def _judge_pace(self, node: str) -> None:
        """I14: nothing a node says makes the two go on and on."""
        times = self._sent_at[node]
        times.append(self._scene.now)
        if len(times) == MOST_A_MINUTE and times[-1] - times[0] < MINUTE:
            self._scene.violate("I14", f"{MOST_A_MINUTE} messages to {node} within {times[-1] - times[0]}")
            times.clear()

    def _judge_turn(self, node: str, desired: DesiredState) -> None:
        per_s = self._scene.story.switch_ons_per_s
        if not per_s or not self._turns_on(node, desired):
            return
        now = self._scene.now
        self._turned_on.append((now, node))
        within = SECOND * max(1.0, 1.0 / per_s) - dt.timedelta(milliseconds=1)
        while self._turned_on[0][0] < now - within:
            self._turned_on.popleft()
        nodes = {each for _, each in self._turned_on}
        if len(nodes) > max(1.0, per_s):
            self._scene.violate("I11", f"{len(nodes)} nodes turned on within {within}, {per_s} a second may")

    def _turns_on(self, node: str, desired: DesiredState) -> bool:
        said = self.said.get(node)
        for channel, wanted in desired.channels.items():
            report = None if said is None else said.channels.get(channel)
            if wanted.level_at(self._scene.daemon.now) and not (report is not None and level_in_force(report)):
                return True
        return False

    def waiting(self, orders: int) -> None:
        """I14: look at how much waits."""
        most = MOST_ORDERS_A_NODE * len(self._scene.story.nodes)
        if orders > most:
            self._scene.violate("I14", f"{orders} orders wait for {len(self._scene.story.nodes)} nodes")
        if self._scene.daemon.most_waiting > MOST_EVENTS:
            self._scene.violate("I14", f"{self._scene.daemon.most_waiting} events waited")

    def judge_messages(self) -> None:
        """I7: at most three messages to a node since they were counted anew."""
        for node, count in self.sent.items():
            if count > MOST_MESSAGES:
                self._scene.violate("I7", f"{count} messages to {node}")
