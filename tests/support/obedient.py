"""Nodes that do as the contract says, whatever reaches them; what they say may come late, twice or never."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field, replace

from lightctl.domain.assets import Capabilities, LightPoint
from lightctl.domain.events import Event, NodeAnnounced, NodeReported
from lightctl.domain.states import ChannelReport, DesiredState, Reason, ReportedState


@dataclass
class Obedient:
    """One node: `held` is what it holds, `ever` every revision it ever held, `wire` what was sent to it at any time."""

    point: LightPoint
    capabilities: Capabilities
    reads_back: bool = False
    held: DesiredState | None = None
    revision: int = 0
    ever: set[int] = field(default_factory=set)
    boots: int = 1
    seq: int = 0
    wire: list[DesiredState] = field(default_factory=list)
    said: list[Event] = field(default_factory=list)

    @property
    def name(self) -> str:
        """The node's name."""
        return self.point.node

    def take(self, document: DesiredState) -> None:
        """Take a document, unless it holds a later one. A line without revisions takes what is written."""
        if document.revision > self.revision or self.reads_back:
            self.held, self.revision = document, document.revision
            self.ever.add(document.revision)

    def forget(self) -> None:
        """Boot with its memory lost."""
        self.held, self.revision, self.seq = None, 0, 0
        self.boots += 1

    def hold_foreign(self, revision: int) -> None:
        """Hold a revision somebody else gave it."""
        self.held, self.revision = None, revision
        self.ever.add(revision)

    def report(self, now: dt.datetime, *, verified: bool = True) -> None:
        """Say what it holds; where it is read back, the revision is the line's word for what it found there."""
        self.seq += 1
        level = self.held.channels[0].level_at(now) if self.held is not None else None
        shown = 100 if level is None else level
        channel = ChannelReport(shown, shown, Reason.PROGRAM, 0.5 + 49.5 * shown / 100)
        verified = verified and self.reads_back and self.held is not None
        revision = self.revision if verified or not self.reads_back else None
        boot = "" if self.reads_back else f"b{self.boots}"
        report = ReportedState(self.name, now, {0: channel}, boot, self.seq, now, revision, verified)
        self.said.append(NodeReported(report))

    def hello(self, now: dt.datetime) -> None:
        """Say who it is."""
        if not self.reads_back:
            self.said.append(NodeAnnounced(self.name, f"b{self.boots}", self.capabilities, self.revision, now, now))

    def heard(self, index: int, now: dt.datetime) -> Event:
        """Let something it said, in whatever order, be heard now."""
        event = self.said[index % len(self.said)]
        if isinstance(event, NodeReported):
            return NodeReported(replace(event.report, received_at=now))
        return replace(event, received_at=now)
