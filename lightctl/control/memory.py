"""NodeMemory: what the controller knows of one node. The only mutable thing on this floor, owned by the controller."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field

from lightctl.control.policy import Policy
from lightctl.domain.assets import Capabilities, LightPoint, Node
from lightctl.domain.events import NodeRestored
from lightctl.domain.states import Command, DesiredState, Fault, Override, ReportedState


@dataclass(slots=True)
class NodeMemory:
    """A node, what is wanted of it, what is on its way, and what it last said.

    points and overrides are by channel. stale: the desired state must be worked out again. assert_now: send even if
    the report already agrees (an operator asked). on_its_way: handed to the link, which has not answered yet.
    answer_hello: the node just (re)connected and is owed its document. topup_at: when its nights are to be renewed.
    next_change: when the level due next changes. failures: commands failed or expired in a row. unreachable: why, or
    "". refusal: why the node cannot hold what is wanted, or "".
    """

    node: Node
    points: dict[int, LightPoint]
    capabilities: Capabilities
    known_since: dt.datetime
    overrides: dict[int, list[Override]] = field(default_factory=dict)
    desired: DesiredState | None = None
    command: Command | None = None
    reported: ReportedState | None = None
    boot_id: str = ""
    heard_at: dt.datetime | None = None
    highest_revision: int = 0
    stale: bool = True
    assert_now: bool = False
    on_its_way: bool = False
    answer_hello: bool = False
    cause: str = "schedule"
    topup_at: dt.datetime | None = None
    next_change: dt.datetime | None = None
    rest_until: dt.datetime | None = None
    failures: int = 0
    unreachable: str = ""
    refusal: str = ""
    faults: dict[tuple[str, str, str], Fault] = field(default_factory=dict)
    review_at: dt.datetime | None = None

    @property
    def open_command(self) -> Command | None:
        """The command on its way, if there is one."""
        return self.command if self.command is not None and not self.command.state.terminal else None

    def next_revision(self) -> int:
        """Give a revision above every one ever used or seen for this node."""
        self.highest_revision += 1
        return self.highest_revision

    def see_revision(self, revision: int) -> None:
        """Take note of a revision the node names; one that was never given makes us start above it."""
        if revision > self.highest_revision:
            self.highest_revision = revision
            self.stale = self.assert_now = True
            self.cause = f"the node held foreign revision {revision}"

    def rest(self, now: dt.datetime, policy: Policy) -> None:
        """Pause after a command that failed or expired, longer each time."""
        self.failures += 1
        self.rest_until = now + dt.timedelta(seconds=policy.rest_after(self.failures))

    def stop_resting(self) -> None:
        """Something changed: trying again makes sense."""
        self.failures = 0
        self.rest_until = None

    def take(self, restored: NodeRestored) -> None:
        """Take over what the store remembers."""
        self.highest_revision = max(self.highest_revision, restored.highest_revision)
        self.capabilities = restored.capabilities or self.capabilities
        self.desired = restored.desired
        self.command = restored.command
        self.reported = restored.reported
        self.boot_id = restored.boot_id
        self.heard_at = restored.reported.received_at if restored.reported is not None else None
        self.faults = {fault.key: fault for fault in restored.faults}
