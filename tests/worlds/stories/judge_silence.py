"""Silence: I16, a silent node is shown as unreachable within its lease, and one that speaks is not.

The lease runs anew when the daemon starts and when its clock is set. That nobody is called silent who spoke is asked
only where all has been well for longer than the lease, as a word that was overtaken on its way counts for nothing, and
of nodes that spoke since they are in the inventory, as nobody can know of another one that it is there.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection

from lightctl.domain import events as ev
from tests.worlds.stories.nodes import PROFILES
from tests.worlds.stories.scene import Scene

SLACK = dt.timedelta(seconds=90)  # a clock that is set back by less than a minute is not noticed


class SilenceJudge:
    """Knows when each node was last heard."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self._heard_at: dict[str, dt.datetime] = dict.fromkeys(scene.nodes, scene.now)
        self._known_at: dict[str, dt.datetime] = {}
        for node in scene.nodes:
            self._look_later(node)

    def attached(self, nodes: Collection[str]) -> None:
        """These are the nodes of the inventory; one that was not in it begins anew."""
        self._known_at = {node: self._known_at.get(node, self._scene.now) for node in nodes}

    def heard(self, event: ev.Event) -> None:
        """Take note of a word."""
        match event:
            case ev.NodeReported(report) if report.node in self._heard_at:
                self._heard_at[report.node] = self._scene.now
            case ev.NodeAnnounced(node) if node in self._heard_at:
                self._heard_at[node] = self._scene.now
            case _:
                pass

    def _lease(self, node: str) -> dt.timedelta:
        profile = PROFILES[self._scene.nodes.kinds[node].profile]
        return dt.timedelta(seconds=2.5 * max(profile.heartbeat_s, self._scene.story.heartbeat_s))

    def _runs_from(self, node: str) -> dt.datetime:
        known_at = self._known_at.get(node, self._scene.now)
        return max(self._heard_at[node], known_at, self._scene.daemon.started_at, self._scene.daemon.clock_set_at)

    def _look_later(self, node: str) -> None:
        lease = self._lease(node)
        at = max(self._runs_from(node) + lease + SLACK, self._scene.now + lease / 2)
        self._scene.heap.at(at, lambda: self._look(node))

    def _look(self, node: str) -> None:
        scene, lease = self._scene, self._lease(node)
        if scene.daemon.alive and node in self._known_at:
            silent = scene.now - self._runs_from(node)
            shown = scene.daemon.reachable(node)
            if silent >= lease + SLACK and shown:
                scene.violate("I16", f"{node} is shown as reachable after {silent} of silence")
            calm = scene.calm_since is not None and scene.now - scene.calm_since > lease + SLACK
            spoke = self._heard_at[node] >= self._known_at[node]
            if calm and spoke and silent < lease - SLACK and not shown:
                scene.violate("I16", f"{node} is shown as unreachable, {silent} after its last word")
        self._look_later(node)
