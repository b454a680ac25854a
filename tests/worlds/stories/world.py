"""A world that tells a story: the real controller, inbound, outbox, codecs, store logic and node firmware on one heap.

No sockets and no sleeping; a story goes the same way whenever it is told. What each lamp truly does is compared with
what people asked for, never with what lightctl believes. A story has its troubles; then all is well, and within a
minute the street must be as it is wanted; then the daemon is gone for hours, comes back, and ends what is under way.
"""

from __future__ import annotations

import datetime as dt
import random
from collections import Counter
from collections.abc import Callable
from typing import Literal

from lightctl.control.policy import Policy
from lightctl.domain.events import Event
from lightctl.domain.rollouts import MemberState, RolloutState
from lightctl.links.modbus import ModbusEndpoint
from tests.worlds.heap import Heap
from tests.worlds.heap_loop import MOST_AT_ONCE, HeapLoop, NeverRestsError
from tests.worlds.stories.daemon import Daemon, NewLine
from tests.worlds.stories.gateway import Gateway
from tests.worlds.stories.line_end import LineEnd
from tests.worlds.stories.link import HostClock
from tests.worlds.stories.mishaps import Mishaps
from tests.worlds.stories.nodes import Nodes
from tests.worlds.stories.parts import WHOLE, Parts
from tests.worlds.stories.people import People
from tests.worlds.stories.post import Post
from tests.worlds.stories.scene import CONVERGED_WITHIN, MINUTE, Scene
from tests.worlds.stories.setting import LINES, PLACES, inventory
from tests.worlds.stories.shelf import SHELF
from tests.worlds.stories.story import Entry, Line, Story
from tests.worlds.stories.watch import Watch
from tests.worlds.stories.watching import Watching
from tests.worlds.stories.wishes import Wishes

AFTERWARDS = Entry(0.0, "dim", {
    "number": 0, "select": "light point", "below": False, "starts_min": 0, "for_min": 60, "level": 20,
})  # fmt: skip
ROLLED_OUT_WITHIN = dt.timedelta(hours=12)


class World:
    """One story, told once."""

    def __init__(self, story: Story, parts: Parts = WHOLE) -> None:
        place = PLACES[story.place].place
        heap, rng = Heap(story.start), random.Random(f"story/{story.seed}/world")
        self._policy = Policy(heartbeat_s=story.heartbeat_s, topup_spread_s=120.0)
        nodes = Nodes(story, heap, rng, parts.firmware)
        post = Post(heap, rng, nodes, story.seed)
        self._store = SHELF.take()
        did: Counter[str] = Counter()
        gateways = {} if story.line is None else _gateways(story, story.line, heap, nodes, did)
        lines = {name: _line(story, gateway, parts) for name, gateway in gateways.items()}
        daemon = Daemon(
            heap, self._store, self._policy, place.time_zone, post, parts, story.switch_ons_per_s, lines
        )  # fmt: skip
        for gateway in gateways.values():
            gateway.passes = daemon.die_at
        count = 1 if story.line is None else story.line.count
        points = {point.id: point for point in inventory(place, story.nodes, count)}
        wishes = Wishes(place.time_zone, points, (story.shape, story.late, story.floor))
        self.scene = Scene(story, heap, rng, nodes, post, daemon, wishes, gateways, did)
        self._watch = daemon.watch = Watch(self.scene)
        self._people = People(self.scene, audits_twice=parts.audits_twice)
        self._people.settle()
        daemon.start()
        self._mishaps = Mishaps(self.scene, self._watch)

    @property
    def looks(self) -> int:
        """How often a lamp was looked at."""
        return self._watch.lamps.looks

    @property
    def busiest(self) -> int:
        """The most changes that a lamp had within an hour."""
        return self._watch.switching.busiest

    def tell(self) -> list[str]:
        """Live through the story and give what it broke."""
        try:
            self._troubles()
            self._peace()
            self._alone()
            self._roll_out()
            self._watch.finish()
        except NeverRestsError:
            self.scene.violate("rest", "the daemon never comes to rest")
        self.scene.daemon.kill()
        self._mishaps.close()
        SHELF.give_back(self._store)
        return self.scene.violations

    # -- its parts ------------------------------------------------------------------------------------------------

    def _troubles(self) -> None:
        story = self.scene.story
        for entry in story.entries:
            self._run(story.start + dt.timedelta(seconds=entry.at_s))
            self._happen(entry)
        self._run(story.start + dt.timedelta(seconds=story.calm_at_s))

    def _happen(self, entry: Entry) -> None:
        self.scene.note(f"{entry.word} {dict(entry.of)}")
        act = self._people.words.get(entry.word)
        if act is None:
            self._mishaps.begin(entry.word, entry.of)
        else:
            act(entry.of)

    def _peace(self) -> None:
        scene = self.scene
        scene.note("all is well")
        self._people.say_rollout(RolloutState.PAUSED)
        self._mishaps.end_all()
        self._pass(scene.asked_within)
        self._watch.wire.sent.clear()
        self._pass(CONVERGED_WITHIN)
        self._watch.lamps.judge_due()
        self._watch.wire.judge_messages()
        self._pass(20 * MINUTE)
        self._watch.store.judge_restart(self._policy)

    def _alone(self) -> None:
        scene = self.scene
        self._happen(AFTERWARDS)
        self._pass(2 * MINUTE)
        scene.daemon.kill()
        scene.calm_since = None
        self._pass(dt.timedelta(hours=scene.story.gone_h))
        self._watch.store.compare()
        scene.daemon.start()
        scene.calm_since = scene.now
        self._pass(20 * MINUTE)

    def _roll_out(self) -> None:
        """Let a roll-out that is under way come to its end, and hold what it says of each node against itself."""
        scene, wishes = self.scene, self.scene.wishes
        if wishes.rolling:
            self._people.say_rollout(RolloutState.RUNNING)
            self._pass(ROLLED_OUT_WITHIN)
        rollout = wishes.rollout
        if rollout is None:
            return
        if not rollout.state.ended:
            scene.violate("I2", f"roll-out {rollout.id} never ends: {rollout.state} {rollout.place} {rollout.detail}")
        if rollout.state is RolloutState.DONE:
            scene.daemon.save()
            standings = scene.daemon.store.standings(rollout.id)
            for node in rollout.moved:
                if node not in standings:
                    scene.violate("I2", f"roll-out {rollout.id} is done and says nothing of {node}")
                elif standings[node].state is MemberState.FAILED and not standings[node].detail:
                    scene.violate("I2", f"roll-out {rollout.id} does not say why {node} failed")

    # -- time -----------------------------------------------------------------------------------------------------

    def _pass(self, span: dt.timedelta) -> None:
        self._run(self.scene.now + span)

    def _run(self, until: dt.datetime) -> None:
        heap, street, nodes = self.scene.heap, self.scene.nodes.street, self.scene.nodes
        at_once, last = 0, heap.now
        while True:
            if street.said:
                nodes.listen()
            works, lives = heap.next_due, street.next_due()
            if works > until and lives > until:
                break
            if works <= lives:
                heap.step()
            else:
                heap.now = max(heap.now, lives)
                street.advance(lives, most=1)
            at_once, last = (at_once + 1 if heap.now == last else 0), heap.now
            if at_once > MOST_AT_ONCE:
                raise NeverRestsError
        heap.now = max(heap.now, until)


def _gateways(story: Story, of: Line, heap: Heap, nodes: Nodes, did: Counter[str]) -> dict[str, Gateway]:
    """Give the gateway of each line, with its units behind it and the daemon's event loop in front."""
    gateways: dict[str, Gateway] = {}
    for name in LINES[: of.count]:
        units = {nodes.numbers[node]: node for node, line in nodes.lines.items() if line == name}
        rng = random.Random(f"story/{story.seed}/{name}")
        gateways[name] = gateway = Gateway(name, heap, rng, nodes, units, did, rtu=of.rtu, echoes=of.echoes)
        gateway.loop = HeapLoop(heap, gateway.connect)
    return gateways


def _line(story: Story, gateway: Gateway, parts: Parts) -> NewLine:
    """Give what makes the daemon's end of a line anew."""
    assert story.line is not None
    framer: Literal["rtu", "socket"] = "rtu" if story.line.rtu else "socket"
    endpoint = ModbusEndpoint(framer=framer, poll_s=story.line.poll_s, switch_ons_per_s=story.switch_ons_per_s)

    def begin(clock: HostClock, watch: Watching, tell: Callable[[Event], None]) -> LineEnd:
        return LineEnd(gateway.name, gateway.loop, endpoint, clock, parts, watch, tell, story.seed)

    return begin
