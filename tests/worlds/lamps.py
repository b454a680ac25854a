"""What the lamps of a world truly did: the judge's memory, fed by the street and by nothing else."""

from __future__ import annotations

import datetime as dt
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Sequence

from simulators.node import LampChanged, NodeSetup
from simulators.truth import CHANGE, TruthLog

Span = tuple[dt.datetime, dt.datetime]


class Lamps(TruthLog):
    """Takes the truth as it happens: what each output was commanded to by its node and when, and every fault put in."""

    def __init__(self) -> None:
        super().__init__(None)
        self.changes = 0
        self.faults: list[tuple[dt.datetime, str, tuple[str, ...], bool]] = []
        self._commanded: dict[tuple[str, int], tuple[list[dt.datetime], list[int]]] = {}

    def lamp(self, setup: NodeSetup, change: LampChanged, what: str = CHANGE) -> None:  # noqa: ARG002 - as the street says it
        """Note what a lamp does from now on."""
        self.changes += 1
        instants, levels = self._commanded.setdefault((setup.id, change.channel), ([], []))
        if not levels or levels[-1] != change.commanded:
            instants.append(change.at)
            levels.append(change.commanded)

    def fault(self, kind: str, nodes: Sequence[str], at: dt.datetime, *, on: bool) -> None:
        """Note a fault put in or taken back."""
        self.faults.append((at, kind, tuple(nodes), on))

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
