"""What a store remembers, told in plain dicts: the smallest thing that can be right."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field, replace

from lightctl.domain.assets import Capabilities, LightPoint
from lightctl.domain.events import NodeRestored
from lightctl.domain.moves import brief
from lightctl.domain.states import Command, Fault, Override
from lightctl.store.base import Recorded, Snapshot


@dataclass
class NodeModel:
    """What is known of one node."""

    used: int = 0
    seen: int = 0
    boot: str = ""
    capabilities: Capabilities | None = None


@dataclass
class StoreModel:
    """The same words as the store's; commands and overrides by id, faults by key, audit by verb and detail."""

    points: dict[str, LightPoint] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)
    overrides: dict[str, Override] = field(default_factory=dict)
    ended: set[str] = field(default_factory=set)
    nodes: dict[str, NodeModel] = field(default_factory=dict)
    desired: dict[str, object] = field(default_factory=dict)
    commands: dict[str, Command] = field(default_factory=dict)
    reported: dict[str, object] = field(default_factory=dict)
    faults: dict[tuple[str, str, str], Fault] = field(default_factory=dict)
    cleared: list[Fault] = field(default_factory=list)
    audit: list[tuple[str, str]] = field(default_factory=list)

    def commit(self, recorded: Recorded) -> None:
        """Take in what a step decided."""
        for desired in recorded.desired:
            self.desired[desired.node] = desired
            self._used(desired.node, desired.revision)
        for command in recorded.commands:
            self.commands[command.id] = command
            self._used(command.node, command.revision)
        for report in recorded.reported:
            self.reported[report.node] = report
            self._heard(report.node, report.applied_revision or 0, report.boot_id)
        for hello in recorded.announced:
            self._heard(hello.node, hello.applied_revision, hello.boot_id)
            self.nodes[hello.node].capabilities = hello.capabilities
        for fault in recorded.faults:
            known = self.faults.pop(fault.key, None) if fault.cleared_at else self.faults.get(fault.key)
            if fault.cleared_at is not None:
                opened_at = known.opened_at if known else fault.opened_at
                kept = {(each.key, each.opened_at) for each in self.cleared}
                if known is not None or (fault.key, opened_at) not in kept:  # one whose opening was lost is kept once
                    self.cleared.append(replace(fault, opened_at=opened_at))
            elif known is None:
                self.faults[fault.key] = fault

    def _used(self, node: str, revision: int) -> None:
        model = self.nodes.setdefault(node, NodeModel())
        model.used = max(model.used, revision)

    def _heard(self, node: str, revision: int, boot: str) -> None:
        model = self.nodes.setdefault(node, NodeModel())
        model.seen, model.boot = max(model.seen, revision), boot or model.boot

    def latest(self, node: str) -> Command | None:
        """Give a node's command of the highest revision."""
        return max((c for c in self.commands.values() if c.node == node), key=lambda c: c.revision, default=None)

    def prune(self, before: dt.datetime) -> int:
        """Forget ended commands that are not a node's latest, and cleared faults; gives how many."""
        kept = {
            name: command
            for name, command in self.commands.items()
            if command.created_at >= before or not command.state.terminal or command is self.latest(command.node)
        }
        cleared = [fault for fault in self.cleared if fault.cleared_at is None or fault.cleared_at >= before]
        gone = len(self.commands) - len(kept) + len(self.cleared) - len(cleared)
        self.commands, self.cleared = kept, cleared
        return gone

    def snapshot(self, now: dt.datetime) -> Snapshot:
        """Give what a daemon must know again at boot."""
        nodes = tuple(
            NodeRestored(
                name,
                max(node.used, node.seen),
                node.capabilities,
                self.desired.get(name),
                brief(self.latest(name)),
                self.reported.get(name),
                node.boot,
            )
            for name, node in sorted(self.nodes.items())
        )
        overrides = tuple(each for each in self.overrides.values() if each.id not in self.ended and each.until > now)
        points = tuple(self.points.values())
        return Snapshot(points, dict(sorted(self.files.items())), overrides, nodes, tuple(self.faults.values()))
