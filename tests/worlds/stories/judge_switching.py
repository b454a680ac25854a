"""Switching: I11 by the lamps' own truth: changes of a lamp in an hour, and units of a feeder turned on in a second.

A unit counts for its feeder when levels or nights that it is given light one of its lamps that was dark, and the daemon
had no word of it that says otherwise: it cannot know better which lamps are off. Nor can it space what it sent before
its clock was set, or before it was started anew. What a unit's own nights light, when its clock is set, is nobody's.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict, deque
from collections.abc import Mapping

from lightctl.control.reconcile import level_in_force
from lightctl.domain import events as ev
from lightctl.domain.states import ReportedState
from tests.worlds.stories.scene import Scene

HOUR = dt.timedelta(hours=1)
SECOND = dt.timedelta(seconds=1)
MOST_AN_HOUR = 16
BRIEF = dt.timedelta(milliseconds=20)
"""How much closer together two units may be turned on than asked for: a write is on its way for some milliseconds."""


class SwitchingJudge:
    """Counts. busiest: the most changes of a lamp within an hour; turned_on: units lit by what they were given.

    said: the last word of each unit that the daemon may know.
    """

    def __init__(self, scene: Scene) -> None:
        self.busiest = 0
        self.turned_on = 0
        self._scene = scene
        self._shown: dict[tuple[str, int], int] = {}
        self._changed_at: dict[tuple[str, int], deque[dt.datetime]] = defaultdict(deque)
        self.said: dict[str, ReportedState] = {}
        self._on: defaultdict[str, deque[tuple[dt.datetime, str]]] = defaultdict(deque)
        scene.nodes.was_given = self._was_given

    def changed(self, node: str, at: dt.datetime) -> None:
        """Take note that something changed at a node's lamps."""
        for channel, level in self._scene.nodes.levels(node, at).items():
            lamp = node, channel
            if self._shown.get(lamp, level) != level:
                self._count(lamp, at)
            self._shown[lamp] = level

    def _count(self, lamp: tuple[str, int], at: dt.datetime) -> None:
        times = self._changed_at[lamp]
        times.append(at)
        while times[0] <= at - HOUR:
            times.popleft()
        self.busiest = max(self.busiest, len(times))
        if len(times) > MOST_AN_HOUR:
            self._scene.violate("I11", f"{len(times)} changes of lamp {lamp[1]} of {lamp[0]} within an hour")
            times.clear()

    def heard(self, event: ev.Event) -> None:
        """Take note of what the link of a line says of its units."""
        if isinstance(event, ev.NodeReported):
            self.said[event.report.node] = event.report

    def _was_given(self, node: str, before: Mapping[int, int]) -> None:
        scene, per_s = self._scene, self._scene.story.switch_ons_per_s
        lit = scene.nodes.levels(node, scene.now)
        turned_on = (channel for channel, level in before.items() if lit[channel] and not level)
        if all(self._said_lit(node, channel) for channel in turned_on):
            return
        self.turned_on += 1
        if not per_s:
            return
        now, on = scene.now, self._on[scene.nodes.lines[node]]
        on.append((now, node))
        within = SECOND * max(1.0, 1.0 / per_s) - BRIEF
        since = max(now - within, scene.daemon.started_at, scene.daemon.clock_set_at)
        while on[0][0] < since:
            on.popleft()
        units = {each for _, each in on}
        if len(units) > max(1.0, per_s):
            scene.violate("I11", f"{sorted(units)} turned on within {now - on[0][0]}, {per_s} a second may")

    def _said_lit(self, node: str, channel: int) -> bool:
        said = self.said.get(node)
        report = None if said is None else said.channels.get(channel)
        return report is not None and bool(level_in_force(report))
