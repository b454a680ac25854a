"""The scene of a story: everything that plays in it, at hand for what goes wrong, for people and for judges."""

from __future__ import annotations

import datetime as dt
import random
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from lightctl.domain.assets import Place
from lightctl.store.base import AuditDraft
from tests.worlds.heap import Heap
from tests.worlds.stories.daemon import Daemon
from tests.worlds.stories.gateway import Gateway
from tests.worlds.stories.nodes import Nodes
from tests.worlds.stories.post import Post
from tests.worlds.stories.setting import PLACES
from tests.worlds.stories.story import Story
from tests.worlds.stories.wishes import Wishes

LONG_AGO = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
MINUTE = dt.timedelta(minutes=1)
EDGE = dt.timedelta(seconds=3)  # times cut to whole seconds on the wire
LONGEST_WAY_S = 25.0
CONVERGED_WITHIN = dt.timedelta(seconds=60)
UNITS_ASKED_WITHIN = dt.timedelta(seconds=150)


@dataclass(slots=True)
class Scene:
    """calm_since: since when nothing is wrong, None while something is. stirred_at: when people last changed a thing.

    violations: each broken rule, with its instant. log: what happened, for people. writes: audited changes so far.
    did: how often what was to go wrong really did, where a word alone does not say so. refused_at: when a node last
    said that it will never take what it was given, by node.
    """

    story: Story
    heap: Heap
    rng: random.Random
    nodes: Nodes
    post: Post
    daemon: Daemon
    wishes: Wishes
    gateways: Mapping[str, Gateway] = field(default_factory=dict)
    did: Counter[str] = field(default_factory=Counter)
    refused_at: dict[str, dt.datetime] = field(default_factory=dict)
    violations: list[str] = field(default_factory=list)
    log: list[str] = field(default_factory=list)
    calm_since: dt.datetime | None = None
    stirred_at: dt.datetime = LONG_AGO
    writes: int = 0

    @property
    def now(self) -> dt.datetime:
        """The true instant."""
        return self.heap.now

    @property
    def place(self) -> Place:
        """Where the street is."""
        return PLACES[self.story.place].place

    @property
    def asked_within(self) -> dt.timedelta:
        """How long it may take, once all is well, until every node can be heard and given what is on its way."""
        last = dt.timedelta(seconds=LONGEST_WAY_S)
        return max(last, UNITS_ASKED_WITHIN) if self.gateways else last

    def violate(self, rule: str, what: str) -> None:
        """Note a broken rule."""
        self.violations.append(f"{rule} at {self.now:%d. %H:%M:%S}: {what}")

    def note(self, what: str) -> None:
        """Tell what happens."""
        self.log.append(f"{self.now:%d. %H:%M:%S} {what}")

    def audit(self, verb: str) -> AuditDraft:
        """Say who did something."""
        return AuditDraft(self.daemon.now, "test", "test", verb, "")
