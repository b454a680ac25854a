"""Documents: what each revision of each node meant when it was given, worked out from people's wishes alone."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import takewhile

from lightctl.devices.fit import fit_level
from lightctl.domain.assets import Capabilities, LightPoint
from lightctl.domain.states import DesiredState, Override
from lightctl.planning.overrides import in_force
from lightctl.planning.resolve import Plan
from simulators.duty import BEHIND
from tests.worlds.stories.nodes import PROFILES
from tests.worlds.stories.scene import EDGE, Scene

NEVER = dt.datetime.max.replace(tzinfo=dt.UTC)


@dataclass(frozen=True, slots=True)
class Asked:
    """What stood in a document of one channel: the plan of that moment and the overrides begun, from when until when.

    begun: the strongest first; a node that carries nights drops that one by itself, and has the others among its
    nights. Instants are those of the clock of
    whoever made it, and of whoever follows it; given_at is the true one. fits: what it may have been fitted to: what
    its make usually can as well, as long as the node's own word may not be known.
    """

    plan: Plan
    point: LightPoint
    capabilities: Capabilities
    fits: tuple[Capabilities, ...]
    begun: tuple[Override, ...]
    given_at: dt.datetime
    issued_at: dt.datetime
    begins_at: dt.datetime
    valid_until: dt.datetime

    @property
    def held(self) -> Override | None:
        """The override that ruled when it was given."""
        return next(iter(self.begun), None)

    def over(self, reached: dt.datetime) -> Asked:
        """Give it as it is once the node's clock has reached an instant: what has ended stays ended.

        What stands among its nights is there to follow what it held: only what lasts longer.
        """
        held = self.held
        if held is None or not self.holds_at(self.issued_at) or self.holds_at(reached):
            return self
        return replace(self, begun=tuple(each for each in self.begun[1:] if each.until > held.until))

    def level_at(self, at: dt.datetime) -> set[int]:
        """Give the levels that follow from it at an instant; a held level may be raised to the point's floor."""
        # One made for a live node knows no later level, nor when an override ends.
        instants = {max(at, self.begins_at) if each.carries_nights else self.issued_at for each in self.fits}
        return {level for instant in instants for level in self.due_at(instant)}

    def due_at(self, at: dt.datetime) -> set[int]:
        """Give the levels that plan and override have for an instant."""
        held = next((each for each in self.begun if at < each.until), None)
        if held is not None:
            if held.below_protection:
                return self._fitted(held.level)
            floor = max((each.min_level for each in self.plan.protections(self.point)), default=0)
            return self._fitted(held.level) | self._fitted(max(held.level, floor))
        return self._fitted(self.plan.level_at(self.point, (), at)[0])

    def changes(self, first: dt.datetime, last: dt.datetime) -> Iterator[dt.datetime]:
        """Give the instants between two others at which the level may change, however short one of them lasts."""
        if self.held is not None and first < self.held.until <= last:
            yield self.held.until
        yield from takewhile(lambda at: at <= last, self.plan.changes(self.point, self.begun[1:], first, 1))

    def holds_at(self, at: dt.datetime) -> bool:
        """Say whether the node holds an override at an instant, and will end it by itself."""
        return self.capabilities.carries_nights and self.held is not None and at < self.held.until

    def counts_at(self, at: dt.datetime) -> tuple[bool, bool]:
        """Say whether the document may count at an instant, and whether it may not; both close to its edges."""
        if self.holds_at(at) and at < self.valid_until:
            return True, at >= self.valid_until - EDGE
        early = dt.timedelta(0) if self.capabilities.carries_nights else BEHIND  # a live node may do it at once
        inside = self.begins_at - early - EDGE <= at <= self.valid_until + EDGE
        outside = at <= self.begins_at + EDGE or at >= self.valid_until - EDGE
        return inside, outside

    def _fitted(self, level: int) -> set[int]:
        least = self.capabilities.min_level
        fitted = (fit_level(level, each, self.point.min_level) for each in self.fits)
        return {max(each, least) if each else 0 for each in fitted}


class Documents:
    """By node and revision.

    newest: the highest ever given; current: the one that counts, also if a backup was restored since. applied: all that
    a node ever had or claimed to have. announced: nodes of which the store knows what they say of themselves.
    """

    def __init__(self, scene: Scene) -> None:
        self.newest: dict[str, int] = defaultdict(int)
        self.current: dict[str, int] = {}
        self.given_at: dict[str, dt.datetime] = {}
        self.applied: dict[str, set[int]] = defaultdict(set)
        self.announced: set[str] = set()
        self._asked: dict[tuple[str, int], dict[int, Asked]] = {}
        self._scene = scene

    def give(self, desired: DesiredState) -> None:
        """Take note of a new document; I5: no revision means two things, nor goes back behind one the store knows."""
        name = f"revision {desired.revision} of {desired.node}"
        if (desired.node, desired.revision) in self._asked:
            self._scene.violate("I5", f"{name} is used again")
        elif desired.revision < self.current.get(desired.node, 0):
            self._scene.violate("I5", f"{name} is lower than {self.current[desired.node]} was")
        self.current[desired.node] = desired.revision
        self.given_at[desired.node] = self._scene.now
        self.newest[desired.node] = max(desired.revision, self.newest[desired.node])
        self._asked[desired.node, desired.revision] = {
            channel: self._ask(desired, channel) for channel in desired.channels
        }

    def arrive(self, node: str, before: int, after: int) -> None:
        """Take note of what a message did to a node; I5: an older one does nothing."""
        if after < before:
            self._scene.violate("I5", f"{node} went from revision {before} back to {after}")
        self.applied[node].add(after)

    def asked(self, node: str) -> dict[int, Asked]:
        """Give what the document meant that a node has now, by channel; empty where it has none of ours."""
        return self._asked.get((node, self._scene.nodes.firmware(node).applied_revision), {})

    def _ask(self, desired: DesiredState, channel: int) -> Asked:
        wishes, now = self._scene.wishes, self._scene.daemon.now
        point = wishes.points[f"{desired.node}-{channel}"]
        begun = tuple(in_force(point, wishes.overrides.values(), now))
        switches, kind = desired.channels[channel].switches, self._scene.nodes.kinds[desired.node]
        usual = () if desired.node in self.announced else (PROFILES[kind.profile].capabilities,)
        return Asked(
            wishes.plan_of(point), point, kind.capabilities, (kind.capabilities, *usual),
            begun, self._scene.now, now, switches[0].at if switches else NEVER,
            desired.valid_until,
        )  # fmt: skip
