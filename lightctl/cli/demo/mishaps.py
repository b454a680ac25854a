"""Mishaps: what goes wrong in the demo's nights, and what lightctl is expected to say about it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from lightctl.cli.demo.town import CARRIES, LIVE
from lightctl.domain.assets import LightPoint
from lightctl.domain.states import FaultEvent

HOUR = 3600


@dataclass(frozen=True, slots=True)
class Mishap:
    """A fault of the simulators on some nodes; at and lasts in seconds (at from the clock's start, lasts 0: momentary).

    events: what lightctl shall raise, one of them for each node; empty where it shall not notice a thing.
    excused: whether the lamps concerned may show another light than planned while it lasts.
    """

    kind: str
    at_s: int
    lasts_s: int
    nodes: tuple[str, ...]
    events: frozenset[FaultEvent] = frozenset()
    excused: bool = False

    def scenario(self, start: dt.datetime) -> dict[str, object]:
        """Write the mishap as the simulators' scenario has it."""
        found: dict[str, object] = {
            "kind": self.kind,
            "at": (start + dt.timedelta(seconds=self.at_s)).isoformat(),
            "nodes": list(self.nodes),
        }
        return found | ({"for": f"{self.lasts_s}s"} if self.lasts_s else {})


def plan_mishaps(points: Sequence[LightPoint]) -> tuple[Mishap, ...]:
    """Choose the nodes of each mishap; a town too small for one of them goes without it."""
    carrying = [p.node for p in points if p.tags.get("make") == CARRIES and p.kind != "path"]
    live = [p.node for p in points if p.tags.get("make") == LIVE]
    planned = (
        Mishap("door_open", 1 * HOUR, 2 * HOUR, ("K1",), frozenset({FaultEvent.CABINET_DOOR_OPEN})),
        Mishap("lamp_failure", 3 * HOUR, 6 * HOUR, _some(carrying, 0, 3), frozenset({FaultEvent.LAMP_FAILURE}), True),
        Mishap("silent", 4 * HOUR, 5 * HOUR, _some(carrying, 3, 3), frozenset({FaultEvent.COMMUNICATION_FAILURE})),
        Mishap("unit_dead", 4 * HOUR, 3 * HOUR, ("W2",), frozenset({FaultEvent.COMMUNICATION_FAILURE}), True),
        Mishap("reboot", 6 * HOUR, 0, _some(carrying, 6, 5)),
        Mishap("reboot", 6 * HOUR, 0, _some(live, 0, 5), frozenset(), True),
        Mishap("breaker_trip", 8 * HOUR, 2 * HOUR, ("K2",), frozenset({FaultEvent.CIRCUIT_BREAKER_TRIPPED}), True),
    )
    return tuple(mishap for mishap in planned if mishap.nodes)


def excuses(
    mishaps: Sequence[Mishap], start: dt.datetime, recovery: dt.timedelta
) -> dict[str, list[tuple[dt.datetime, dt.datetime]]]:
    """Give by node the spans in which mishaps excuse its lamps, each until they had time to recover."""
    found: dict[str, list[tuple[dt.datetime, dt.datetime]]] = {}
    for mishap in mishaps:
        if mishap.excused:
            begin = start + dt.timedelta(seconds=mishap.at_s)
            over = begin + dt.timedelta(seconds=mishap.lasts_s) + recovery
            for node in mishap.nodes:
                found.setdefault(node, []).append((begin, over))
    return found


def _some(nodes: Sequence[str], first: int, count: int) -> tuple[str, ...]:
    return tuple(nodes[first : first + count])
