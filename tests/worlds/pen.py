"""The pen that writes a script: it draws from a seed when things happen and to whom, and puts them down.

Victims come from pools that keep faults apart which would hide each other. The same calls in the same order write the
same script.
"""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, cast

from lightctl.domain.assets import LightPoint
from lightctl.domain.states import FaultEvent
from simulators.specs import FaultSpec
from tests.worlds.kernel import Town
from tests.worlds.script import HOUR, Expected, Injected, Script

if TYPE_CHECKING:
    from tests.worlds.kernel import World

POINT, NODE = "light point", "node"
DAY = dt.timedelta(days=1)
CYCLING_CLOSES = 4 * HOUR


class Pen:
    """Writes one script. times: how often each thing happens; lengths scale with the month."""

    def __init__(self, town: Town, seed: int, start: dt.datetime, nights: int) -> None:
        self.rng = random.Random(f"{seed}/script")
        self.script = Script()
        self.start, self.nights = start, nights
        self.end = start + nights * DAY
        self.times = max(1, sum(point.lamps for point in town.points) // 400)
        self.points = {point.id: point for point in town.points}
        self.nodes = {stood.setup.id: stood for stood in town.nodes}
        singles = [it for it in town.points if it.node.startswith("n")]
        self.segments: dict[str, list[LightPoint]] = {}
        for point in singles:
            self.segments.setdefault(f"{point.cabinet}/{point.tags['segment']}", []).append(point)
        reserved = max(1, len(self.segments) // 6)
        names = sorted(self.segments)
        self.silences: dict[str, list[tuple[dt.datetime, dt.datetime]]] = {}
        self.reserved, free = names[-reserved:], names[:-reserved]
        self.free = [it for name in free for it in self.segments[name] if it.kind != "park"]
        self.rng.shuffle(self.free)

    # -- when, and to whom ----------------------------------------------------------------------------------------

    def begin(self, *, last: float = 0.55) -> dt.datetime:
        """Give an instant from the second hour on, in the first so many parts of the month."""
        return self.start + dt.timedelta(seconds=self.rng.uniform(7200, last * self.nights * 86400))

    def until(self, at: dt.datetime, least: dt.timedelta = 26 * HOUR) -> dt.datetime | None:
        """Give an end that leaves a night before and after; some never end."""
        latest = self.end - 26 * HOUR
        if at + least > latest or self.rng.random() < 0.12:
            return None
        return at + least + self.rng.random() * min(latest - at - least, 5 * DAY)

    def victim(self) -> LightPoint:
        return self.free.pop()

    def some(self, prefix: str, most: int) -> list[str]:
        found = sorted(node for node in self.nodes if node.startswith(prefix))
        self.rng.shuffle(found)
        return found[:most]

    def quiet(self, minutes: int, *, alone: bool) -> tuple[str, dt.datetime]:
        """Give a node and an instant for noise; `alone`: silences must not add up to more than a lease."""
        while True:
            node, at = self.rng.choice(self.free).node, self.begin(last=0.9)
            around = (at - 2 * HOUR, at + dt.timedelta(minutes=minutes) + 2 * HOUR)
            spans = self.silences.setdefault(node, [])
            if not alone:
                return node, at
            if all(around[1] < begins or ends < around[0] for begins, ends in spans):
                spans.append(around)
                return node, at

    # -- what is written ------------------------------------------------------------------------------------------

    def put(
        self, kind: str, nodes: Sequence[str], at: dt.datetime, until: dt.datetime | None, *expected: Expected,
        noise: bool = False, **more: object,
    ) -> None:  # fmt: skip
        lasts_s = None if until is None else (until - at).total_seconds()
        fault = replace(FaultSpec(kind, at, lasts_s, tuple(nodes)), **more)  # type: ignore[arg-type]
        what = f"{kind} on {nodes[0]}" + (f" and {len(nodes) - 1} more" if len(nodes) > 1 else "")
        (self.script.noise if noise else self.script.injected).append(
            Injected(what, at, until, expected, (fault,))
        )  # fmt: skip

    def of(self, event: FaultEvent, point: LightPoint, opens: str, closes: str) -> Expected:
        slow = CYCLING_CLOSES if event is FaultEvent.CYCLING_FAILURE else HOUR
        return Expected(event, POINT, point.id, (point.node, point.channel), opens, closes, closes=slow)

    def people(self, at: dt.datetime, what: str, do: Callable[[World], None]) -> None:
        self.script.people.append((at, what, cast("Callable[[object], None]", do)))
