"""Lamps: I1, I6, I7 and I15 on the lamps' own truth.

At every change of a lamp, and again and again between: it does what its document says that people asked for (I1; with
the daemon gone I15; an override that ended is I6), or what the sun says outside of the time its document covers. And
whenever all has been well for a while, it does what people want now (I7), whatever its document says.

A node is held against its document by its own clock, as nobody could ask more of it while that is wrong; a document
that was made while the daemon's clock was wrong covers other times, and outside of those the sun counts. When all is
well all clocks are right, and I7 knows no such excuse; but a node that said it will never take what it was given is
believed, and asked again after a pause.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from itertools import takewhile

from lightctl.control.policy import Policy
from lightctl.devices.fit import fit_level
from lightctl.domain.assets import LifeCycle, LightPoint
from lightctl.planning.overrides import in_force
from tests.worlds.stories import setting
from tests.worlds.stories.documents import Asked, Documents
from tests.worlds.stories.scene import CONVERGED_WITHIN, EDGE, LONG_AGO, Scene

LOOK_EVERY = dt.timedelta(minutes=40)
LIVE_LEFT_DARK = dt.timedelta(minutes=65)
ASKED_AGAIN_WITHIN = dt.timedelta(seconds=Policy().rest_cap_s) + CONVERGED_WITHIN
FADING = dt.timedelta(seconds=35)
SETTLED = CONVERGED_WITHIN + dt.timedelta(seconds=5)


class LampJudge:
    """Looks at lamps."""

    def __init__(self, scene: Scene, documents: Documents) -> None:
        self.looks = 0
        self._scene = scene
        self._documents = documents
        self._reached: dict[tuple[str, int], dt.datetime] = {}
        self._sun = setting.sun(scene.place.time_zone)

    def changed(self, node: str, at: dt.datetime) -> None:
        """Look at a node soon after something changed at its lamps."""
        self._scene.heap.at(at + 2 * EDGE, lambda: self.look(node))

    def arrived(self, node: str) -> None:
        """Take note that a document was applied: what is over by the node's clock of that instant, it has ended."""
        firmware = self._scene.nodes.firmware(node)
        self._reached[node, firmware.applied_revision] = firmware.shows(self._scene.now)

    def look_around(self) -> bool:
        """Look at all lamps; says whether all has been well for so long that everything must be settled."""
        for node in self._scene.nodes:
            self.look(node)
        scene = self._scene
        calm = scene.daemon.alive and scene.calm_since is not None
        settled = calm and (
            scene.now - max(scene.calm_since or scene.now, scene.stirred_at) > SETTLED + scene.asked_within
        )
        if settled:
            self.judge_due()
        return settled

    # -- held against their documents -----------------------------------------------------------------------------

    def look(self, node: str) -> None:
        """Hold the lamps of a node against its document."""
        firmware = self._scene.nodes.firmware(node)
        if not firmware.powered or not self._scene.nodes.by_revision(node) or node in self._scene.nodes.local:
            return
        asked = self._documents.asked(node)
        now = firmware.shows(self._scene.now)
        held = node, firmware.applied_revision
        reached = self._reached[held] = max(self._reached.get(held, now), now)
        for channel in range(self._scene.nodes.kinds[node].channels):
            shown, _ = firmware.lamp(channel).driven(self._scene.now)  # what it blinks is not asked after
            self.looks += 1
            wanted, point = asked.get(channel), self._scene.wishes.points[f"{node}-{channel}"]
            allowed: set[int] = set()
            for at in self._instants(node, wanted, now):
                allowed |= self._allowed(wanted, point, at)
                if wanted is not None and reached > now:
                    allowed |= self._allowed(wanted.over(reached), point, at)
            fading = self._scene.nodes.kinds[node].capabilities.ramp and min(allowed) <= shown <= max(allowed)
            if round(shown) not in allowed and not fading and not self._at_an_edge(wanted, now):
                self._scene.violate(self._rule(wanted, shown, now), f"{point.id} shows {shown:.0f} %, not {allowed}")
            if round(shown) == 0 and wanted is not None and self._left_dark(wanted.over(reached), now):
                self._scene.violate("I1", f"{point.id} is left dark while its plan has had light for an hour")

    def _instants(self, node: str, wanted: Asked | None, now: dt.datetime) -> tuple[dt.datetime, ...]:
        """Give the instants whose level a lamp may have now, or be on its way from."""
        first = now - (FADING if self._scene.nodes.kinds[node].capabilities.ramp else EDGE)
        changes = () if wanted is None else wanted.changes(first, now + EDGE)
        return (first, now - EDGE, now, now + EDGE, *changes)

    def _allowed(self, wanted: Asked | None, point: LightPoint, at: dt.datetime) -> set[int]:
        inside, outside = (False, True) if wanted is None else wanted.counts_at(at)
        allowed = {self._sun.level_at(point, (), at)[0]} if outside else set()
        return allowed | wanted.level_at(at) if inside and wanted is not None else allowed

    def _rule(self, wanted: Asked | None, shown: float, now: dt.datetime) -> str:
        held = None if wanted is None else wanted.held
        if held is not None and wanted is not None and not wanted.holds_at(now) and round(shown) == held.level:
            return "I6"
        return "I1" if self._scene.daemon.alive else "I15"

    def _left_dark(self, wanted: Asked, now: dt.datetime) -> bool:
        """Say whether a plan has had light for an hour, by the node's clock and, if live, the true one."""
        if self._scene.now - wanted.given_at < LIVE_LEFT_DARK:
            return False
        clocks = {now, now + EDGE} if wanted.capabilities.carries_nights else {now, self._scene.now}
        return all(
            0 not in wanted.due_at(at) and self._sun.level_at(wanted.point, (), at)[0]
            for clock in clocks
            for at in (clock - step * LIVE_LEFT_DARK / 10 for step in range(11))
        )

    @staticmethod
    def _at_an_edge(wanted: Asked | None, now: dt.datetime) -> bool:
        """Say whether a coarse grid of the node may bring light earlier or leave it longer just now.

        Behind an override, too: a moment ago it may have hidden the edge, or have ended by a clock that was wrong.
        """
        if wanted is None or wanted.capabilities.resolution_s == 1:
            return False
        grid = dt.timedelta(seconds=wanted.capabilities.resolution_s) + EDGE
        instants = (now - grid, now, now + grid)
        return any(
            len({level for at in instants for level in each.level_at(at)}) > 1
            for each in (wanted, replace(wanted, begun=wanted.begun[1:]))
        )

    # -- held against what people want ----------------------------------------------------------------------------

    def judge_due(self) -> None:
        """I7: every lamp has what is due now, its node the newest document."""
        scene = self._scene
        for point in scene.wishes.points.values():
            refused_at = scene.refused_at.get(point.node, LONG_AGO)
            if point.state is not LifeCycle.IN_USE or scene.now - refused_at < ASKED_AGAIN_WITHIN:
                continue
            firmware = scene.nodes.firmware(point.node)
            shown, _ = firmware.lamp(point.channel).driven(scene.now)
            due = self._due(point, firmware.shows(scene.now)) | self._newly_alone(point)
            fading = scene.nodes.kinds[point.node].capabilities.ramp and min(due) <= shown <= max(due)
            if round(shown) not in due and not fading:
                scene.violate("I7", f"{point.id} shows {shown:.0f} % and {sorted(due)} is due")
            revision, newest = firmware.applied_revision, self._documents.current[point.node]
            fresh = scene.now - self._documents.given_at[point.node] < CONVERGED_WITHIN
            if scene.nodes.by_revision(point.node) and revision != newest and not fresh:
                scene.violate("I7", f"{point.node} holds revision {revision}, the newest is {newest}")

    def _newly_alone(self, point: LightPoint) -> set[int]:
        """Give what the sun says to one that was told nothing since it started, until it is asked what it does now."""
        scene, firmware = self._scene, self._scene.nodes.firmware(point.node)
        if firmware.document is not None:
            return set()
        shows = firmware.shows(scene.now)
        instants = (scene.now - SETTLED - scene.asked_within, *self._instants(point.node, None, shows))
        before, *now = ({self._sun.level_at(point, (), at)[0]} for at in instants)
        return set().union(*now) - before

    def _due(self, point: LightPoint, shows: dt.datetime) -> set[int]:
        wishes, now, kind = self._scene.wishes, self._scene.now, self._scene.nodes.kinds[point.node]
        plan, overrides = wishes.plan_of(point), list(wishes.overrides.values())
        grid = dt.timedelta(seconds=kind.capabilities.resolution_s)
        instants = [now - CONVERGED_WITHIN - EDGE, now, now + EDGE, shows - grid - EDGE, shows, shows + grid + EDGE]
        # What was due for less than a minute may still be shown.
        instants += takewhile(lambda at: at < now, plan.changes(point, overrides, instants[0], 1))
        due = {plan.level_at(point, overrides, at)[0] for at in instants}
        held = in_force(point, overrides, now)
        if held:
            due.add(max(held[0].level, max((each.min_level for each in plan.protections(point)), default=0)))
        return {fit_level(level, kind.capabilities, point.min_level) for level in due}
