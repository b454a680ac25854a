"""The daemon of a story: the real controller, inbound, codecs, outbox and store, stepped by the heap, killed at will.

It lives by its host's clock, which may be set at any time. A kill comes at once, or at a point of its next step: before
it records, after that and before it acts, after it acted; or when people's next write was stored and nobody told it; or
when a unit was written and its answer is on its way, or is just being read back.
What steps decide is written when somebody reads it: the transactions are the same, and a story takes half the time.
"""

from __future__ import annotations

import datetime as dt
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields

from lightctl.app.rollouts.steering import now_in_force
from lightctl.app.running.boot import boot_events, held_events
from lightctl.control.census import Census, Hearing
from lightctl.control.controller import SET_BACK, Controller
from lightctl.control.effects import Effects
from lightctl.control.policy import Policy
from lightctl.devices.codec import Outgoing
from lightctl.domain import events as ev
from lightctl.domain.assets import Node
from lightctl.domain.errors import StoreError
from lightctl.domain.rollouts import RolloutState
from lightctl.planning.wall import next_wall_time
from lightctl.store.base import Recorded
from lightctl.store.sqlite import SqliteStore
from tests.worlds.heap import Heap
from tests.worlds.stories import setting
from tests.worlds.stories.line_end import LineEnd
from tests.worlds.stories.link import HostClock, Link
from tests.worlds.stories.nodes import PROFILES
from tests.worlds.stories.parts import Parts
from tests.worlds.stories.post import Post
from tests.worlds.stories.setting import MQTT
from tests.worlds.stories.watching import Watching

NOTHING = Recorded()
RECORDED = tuple({field.name for field in fields(Recorded)} & {field.name for field in fields(Effects)})
NIGHTLY_S = 13 * 3600
CONNECTS_AFTER_S = 0.5
LOOKS_AT_LEAST_S = 10.0
BELIEVED_S = 300.0
MINUTE = dt.timedelta(minutes=1)
WRITTEN, READS_BACK = "a unit was written", "a unit is read back"
NewLine = Callable[[HostClock, Watching, Callable[[ev.Event], None]], LineEnd]


class Daemon:
    """lightctl on its host: `alive` or not, over a store that outlives it."""

    def __init__(
        self, heap: Heap, store: SqliteStore, policy: Policy, time_zone: str, post: Post, parts: Parts,
        switch_ons_per_s: float, lines: Mapping[str, NewLine],
    ) -> None:  # fmt: skip
        self.watch: Watching
        self.link: Link
        self.lines: dict[str, LineEnd] = {}
        self.store = store
        self.started_at = heap.now
        self.clock_set_at = heap.now
        self.most_waiting = 0
        self._heap = heap
        self._policy = policy
        self._time_zone = time_zone
        self._post = post
        self._parts = parts
        self._switch_ons_per_s = switch_ons_per_s
        self._new_lines = lines
        self._controller: Controller | None = None
        self._clock = HostClock(heap)
        self._inbox: list[ev.Event] = []
        self._unsaved: list[Recorded] = []
        self._late: list[Callable[[], None]] = []
        self._review_at: dt.datetime | None = None
        self._looks = 0
        self._runs = 0
        self._latest = heap.now
        self._dies = ""
        self._then: Callable[[], None] = lambda: None
        post.hear, post.tell = self.hear, self.tell

    # -- its life -------------------------------------------------------------------------------------------------

    @property
    def alive(self) -> bool:
        """Whether it runs."""
        return self._controller is not None

    @property
    def doomed(self) -> bool:
        """Whether it will die at a point yet to come."""
        return bool(self._dies)

    @property
    def now(self) -> dt.datetime:
        """What its host's clock shows."""
        return self._clock.now()

    def start(self) -> None:
        """Begin anew from what the store remembers, unless it runs."""
        if self.alive:
            return
        self.save()
        self._dies = ""
        self._runs += 1
        self._latest = self.now
        self.started_at = self._heap.now
        self._controller = self._parts.controller(self._policy, PROFILES, self._time_zone, self._parts.floor(self.now))
        self.link = Link(
            self._heap, self._clock, self._post, self._parts, self.watch, self.tell, self._switch_ons_per_s
        )
        self.lines = {
            name: new_line(self._clock, self.watch, self.tell) for name, new_line in self._new_lines.items()
        }  # fmt: skip
        self._step(list(boot_events(self.store.replay(self.now), self._time_zone, setting.read)))
        self._heap.after(CONNECTS_AFTER_S, self.connect)
        self._set_nightly(self._runs)

    def kill(self, when: str = "at once", then: Callable[[], None] = lambda: None) -> None:
        """End it at once, or at a point yet to come; then something may happen."""
        if when != "at once":
            self._dies, self._then = when, then
            return
        self._dies = ""
        self._controller, self._review_at, self._inbox, self._late = None, None, [], []
        self._post.link_up = False
        self.link.closed = True
        for line in self.lines.values():
            line.close()
        then()

    def die_at(self, point: str) -> bool:
        """Die, if this is the point to do so."""
        if self._dies != point:
            return False
        self.kill(then=self._then)
        return True

    def set_clock(self, error_s: float) -> None:
        """Set its host's clock so much ahead; it looks at it some seconds later, as its loop does.

        Beyond what it believes at once (`control/own_time.py`) it lives by another time from the instant of a verdict.
        """
        moved = abs(error_s - self._clock.error_s) > BELIEVED_S
        self._clock.error_s = error_s
        if moved:
            self.tell(ev.ClockJudged(None, moved=True))
        self.clock_set_at = self._heap.now
        self.link.take_turns_anew()
        self._look_at(self._review_at)
        self._heap.after(LOOKS_AT_LEAST_S, lambda: self.tell(ev.ReviewDue()))

    def connect(self) -> None:
        """Reach the broker."""
        if self.alive and not self._post.link_up:
            self._post.link_up = True
            self.tell(ev.LinkChanged(MQTT, up=True, at=self.now))
            self.link.publish()

    def disconnect(self) -> None:
        """Lose the broker."""
        if self._post.link_up:
            self._post.link_up = False
            self.tell(ev.LinkChanged(MQTT, up=False, at=self.now))

    def _set_nightly(self, run: int) -> None:
        at = next_wall_time(self.now, NIGHTLY_S, self._time_zone)

        def ring() -> None:
            if self.alive and run == self._runs:
                if self.now >= at:
                    self.tell(ev.NightlyRun())
                self._set_nightly(run)

        self._heap.after((at - self.now).total_seconds(), ring)

    # -- what it hears --------------------------------------------------------------------------------------------

    def hear(self, node: str, message: Outgoing) -> None:
        """Take a message off the broker that a node sent."""
        if self.alive:
            self.watch.hearing(node)
            self.link.hear(message)

    def accept(self, write: Callable[[], None], event: ev.Event) -> None:
        """Take what people want: it is stored, then it is told."""
        self.save()
        if self._parts.stores_late and self.alive:
            self._late.append(write)
        else:
            write()
        self.die_at("upon a write")
        self.tell(event)

    def tell(self, event: ev.Event) -> None:
        """Put an event on the inbox."""
        if not self.alive:
            return
        if not self._inbox:
            self._heap.after(0.0, self._drain)
        self._inbox.append(event)
        self.most_waiting = max(self.most_waiting, len(self._inbox))

    def reachable(self, node: str) -> bool:
        """Say whether it shows a node as reachable."""
        assert self._controller is not None
        census = Census()
        self._controller.count([node], census, self.now)
        return any(census.nodes[link, Hearing.REACHABLE] for link in (MQTT, *self._new_lines))

    # -- what it does ---------------------------------------------------------------------------------------------

    def _drain(self) -> None:
        events, self._inbox = self._inbox, []
        for write in self._late:
            write()
        self._late = []
        if self.alive and events:
            self._step(events)

    def _step(self, events: Sequence[ev.Event]) -> None:
        assert self._controller is not None
        before, self._latest = self._latest, self.now
        if self.now < before - SET_BACK:
            held = held_events(self.store.overrides(self.now), self.store.running_maintenances(self.now))
            events = [*held, *events]
        for event in events:
            if isinstance(event, ev.FleetChanged):
                self._attach(event.fleet.nodes)
                self.watch.attached(event.fleet.nodes)
        try:
            effects = self._controller.step(events, self.now)
        except Exception as error:  # noqa: BLE001 - whatever leaves a step is what is looked for
            self.watch.violate("step", f"{error!r} in {traceback.extract_tb(error.__traceback__)[-1]}")
            return
        if self.die_at("before recording"):
            return
        self._record(effects)
        if self.die_at("before acting"):
            return
        for order in effects.submissions:
            (self.lines.get(order.node.link) or self.link).submit(order)
        self.link.publish()
        self._look_at(effects.review_at)
        self.die_at("after acting")

    def _attach(self, nodes: Mapping[str, Node]) -> None:
        self.link.attach({name: node for name, node in nodes.items() if node.link == MQTT})
        for link, line in self.lines.items():
            line.attach({name: node for name, node in nodes.items() if node.link == link})

    def _record(self, effects: Effects) -> None:
        recorded = Recorded(**{name: getattr(effects, name) for name in RECORDED})
        if recorded != NOTHING:
            self._unsaved.append(recorded)
        self.watch.decided(effects)
        if any(moved.state is RolloutState.DONE for moved in effects.rollouts):
            self.save()
            for event in now_in_force(self.store, effects.rollouts):
                self.tell(event)
        if effects.review_at is not None and effects.review_at < self.now:
            self.watch.violate("rest", "the controller asks to look again at an instant that has passed")

    def save(self) -> None:
        """Write what steps decided."""
        for recorded in self._unsaved:
            try:
                self.store.commit(recorded)
            except StoreError as error:
                self.watch.violate("I4", str(error))
        self._unsaved = []

    def forget_unsaved(self) -> None:
        """Lose the host, and with it what was written since its backup."""
        self._unsaved = []

    def _look_at(self, at: dt.datetime | None) -> None:
        """Be woken at an instant of its clock; an earlier call counts no more."""
        self._review_at = at
        self._looks += 1
        look = self._looks
        if at is None:
            return

        def wake() -> None:
            if look == self._looks:
                self.tell(ev.ReviewDue())

        self._heap.after(max(0.0, (at - self.now).total_seconds()), wake)
