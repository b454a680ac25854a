"""Turns: which nodes a step attends to beside those its events name: whose time has come, and who waits for a slice.

Nodes that are to be looked at again at one instant wait for it together, and share what says when. What concerns a
whole city at once waits here, and a slice of it is taken in each step: first the nodes whose time has come, then those
for which something is new.
"""

from __future__ import annotations

import datetime as dt
import heapq
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

from lightctl.control.knowledge import Knowledge
from lightctl.control.memory import NodeMemory

SLICE = 1000  # nodes: so many keep everything else waiting for less than a tenth of a second


class Turns:
    """Nodes that wait to be attended to, by name."""

    def __init__(self, knowledge: Knowledge) -> None:
        """Begin with nobody."""
        self._knowledge = knowledge
        self._later: dict[dt.datetime, tuple[dt.datetime, list[str]]] = {}
        self._instants: list[dt.datetime] = []
        self._due: dict[str, None] = {}
        self._waiting: dict[str, None] = {}
        self._called = 0

    def call(self, nodes: Sequence[str], concerned: dict[str, None]) -> None:
        """Have nodes attended to in this step; those of events that name more than a slice together wait for theirs.

        One that is named alone, as by its own word, never waits.
        """
        if len(nodes) > max(1, SLICE - self._called):
            self.wait(nodes)
            return
        self._called += len(nodes) if len(nodes) > 1 else 0
        concerned.update(dict.fromkeys(nodes))

    def wait(self, nodes: Iterable[str]) -> None:
        """Let nodes wait for their slice."""
        self._waiting.update(dict.fromkeys(nodes))

    def forget_instants(self) -> None:
        """Take the clock being set back: no instant counts any more."""
        self._later.clear()
        self._instants.clear()
        self._due.clear()

    def look_again(self, memory: NodeMemory) -> None:
        """Be asked about a node when it is to be looked at; an entry that comes earlier is enough.

        Or every report would add one.
        """
        at = memory.review_at
        if at is None or (memory.queued_at is not None and memory.queued_at <= at):
            return
        instant, nodes = self._later.get(at) or self._begin(at)
        nodes.append(memory.node.id)
        memory.queued_at = memory.review_at = instant

    def _begin(self, at: dt.datetime) -> tuple[dt.datetime, list[str]]:
        heapq.heappush(self._instants, at)
        begun = self._later[at] = (at, [])
        return begun

    def take(self, concerned: dict[str, None], now: dt.datetime) -> None:
        """Add a slice of those that wait to the nodes of a step, half of one at least."""
        self._called = 0
        self._gather(now)
        room = max(SLICE // 2, SLICE - len(concerned))
        for waiting in (self._due, self._waiting):
            for node in tuple(islice(waiting, room)):
                del waiting[node]
                concerned[node] = None
                room -= 1
        self._due = self._due or {}  # emptied, they would keep the room they had
        self._waiting = self._waiting or {}

    def next_at(self, now: dt.datetime) -> dt.datetime | None:
        """Give when somebody's turn comes next."""
        if self._due or self._waiting:
            return now
        return self._instants[0] if self._instants else None

    def _gather(self, now: dt.datetime) -> None:
        """Let those whose time has come wait for their slice; street by street, where they are many."""
        due = list(self._come(now))
        if len(due) > SLICE:
            due.sort(key=lambda memory: memory.place)
        self._due.update((memory.node.id, None) for memory in due)

    def _come(self, now: dt.datetime) -> Iterator[NodeMemory]:
        while self._instants and self._instants[0] <= now:
            at, nodes = self._later.pop(heapq.heappop(self._instants))
            for node in sorted(nodes):
                memory = self._knowledge.memories.get(node)
                if memory is None or memory.queued_at != at:
                    continue
                memory.queued_at = None
                if memory.review_at is not None and memory.review_at > now:
                    self.look_again(memory)
                else:
                    yield memory
