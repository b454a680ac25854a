"""What the lamps of a world truly did: the judge's memory, fed by the street and by nothing else."""

from __future__ import annotations

import datetime as dt
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Sequence

from simulators.node import LampChanged, NodeSetup
from simulators.truth import CHANGE, TruthLog

Span = tuple[dt.datetime, dt.datetime]
NEAR = 0.51  # percent: a driver may be anywhere within the whole percent it is told


class Lamps(TruthLog):
    """Takes the truth as it happens: what each output was commanded to by its node and when, and every fault put in."""

    def __init__(self) -> None:
        super().__init__(None)
        self.changes = 0
        self.switched = 0
        self.faded = 0
        self.odd: list[tuple[dt.datetime, str, int, float, int]] = []
        self.faults: list[tuple[dt.datetime, str, tuple[str, ...], bool]] = []
        self._fading: set[tuple[str, int]] = set()
        self._commanded: dict[tuple[str, int], tuple[list[dt.datetime], list[int]]] = {}

    def lamp(self, setup: NodeSetup, change: LampChanged, what: str = CHANGE) -> None:  # noqa: ARG002 - as the street says it
        """Note what a lamp does from now on.

        `changes` counts all that is said; `switched`, how often another level came into force; `faded`, how often a
        ramp came to its end. `odd` has what gives another light than is in force: instant, node, channel, light and
        level (percent).
        """
        self.changes += 1
        if not change.ramp_s and abs(change.level - change.commanded) > NEAR:
            self.odd.append((change.at, setup.id, change.channel, change.level, change.commanded))
        key = (setup.id, change.channel)
        told, fading = self._commanded.get(key), self._fading
        if told is None:
            told = self._commanded[key] = ([], [])
        instants, levels = told
        if not levels or levels[-1] != change.commanded:
            self.switched += 1
            instants.append(change.at)
            levels.append(change.commanded)
        elif key in fading and not change.ramp_s:
            self.faded += 1
        if change.ramp_s:
            fading.add(key)
        else:
            fading.discard(key)

    def fault(self, kind: str, nodes: Sequence[str], at: dt.datetime, *, on: bool) -> None:
        """Note a fault put in or taken back."""
        self.faults.append((at, kind, tuple(nodes), on))

    def within(
        self, node: str, channel: int, since: dt.datetime, until: dt.datetime
    ) -> tuple[tuple[dt.datetime, ...], tuple[int, ...]]:
        """Give the instants and levels from the last change at or before `since` to the last one before `until`."""
        instants, levels = self._commanded[node, channel]
        first, last = max(0, bisect_right(instants, since) - 1), bisect_left(instants, until)
        return tuple(instants[first:last]), tuple(levels[first:last])

    def forget(self, before: dt.datetime) -> None:
        """Forget what was over before an instant."""
        for instants, levels in self._commanded.values():
            over = bisect_right(instants, before) - 1
            if over > 0:
                del instants[:over], levels[:over]
        self.odd = [each for each in self.odd if each[0] >= before]

    def commanded(self, node: str, channel: int, at: dt.datetime) -> int:
        """Give the level in force at the node at an instant (percent)."""
        instants, levels = self._commanded[node, channel]
        found = bisect_right(instants, at) - 1
        return levels[found] if found >= 0 else 0

    def spans(
        self, node: str, channel: int, since: dt.datetime, until: dt.datetime, fits: Callable[[int], bool]
    ) -> Iterator[Span]:
        """Give the spans in which the level in force fits, joined, cut to what is asked about."""
        instants, levels = self._commanded[node, channel]
        first = max(0, bisect_left(instants, since) - 1)
        began: dt.datetime | None = None
        for index in range(first, len(instants)):
            begins = max(instants[index], since)
            if begins >= until:
                break
            if fits(levels[index]):
                began = began or begins
            elif began is not None:
                yield began, begins
                began = None
        if began is not None:
            yield began, until
