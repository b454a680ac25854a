"""What goes into the store and comes out of it, as values. Instants are aware UTC."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, replace

from lightctl.domain.assets import Capabilities, LightPoint
from lightctl.domain.crews import Maintenance
from lightctl.domain.events import ActionFinished, MessageQuarantined, NodeAnnounced, NodeDiscovered, NodeRestored
from lightctl.domain.rollouts import Rollout, Standing
from lightctl.domain.states import Command, DesiredState, Fault, NodeAction, Override, ReportedState


@dataclass(frozen=True, slots=True)
class AuditDraft:
    """Who did what to what, and why: one change by a person, to be chained into the audit."""

    at: dt.datetime
    user: str
    origin: str
    verb: str
    target: str
    reason: str = ""
    detail: str = ""


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One entry of the audit; `hash` covers everything here and the hash of the entry before."""

    seq: int
    at: dt.datetime
    user: str
    origin: str
    verb: str
    target: str
    reason: str
    detail: str
    prev_hash: str
    hash: str


@dataclass(frozen=True, slots=True)
class AuditCheck:
    """Whether the chain holds; `broken_at` is the first entry that does not, `head` the hash to keep elsewhere."""

    ok: bool
    entries: int
    head: str
    broken_at: int | None = None
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Recorded:
    """What a step of the controller decided and learned, to be kept in one transaction.

    commands: upserted by node and revision. reported: the last per node. faults: open ones are opened, cleared ones
    close the open one of the same key. seen: when nodes were last heard. rollouts: as the controller moved them on; one
    that people changed meanwhile stays as they left it, one that is done puts its schedules in force.
    """

    desired: tuple[DesiredState, ...] = ()
    commands: tuple[Command, ...] = ()
    reported: tuple[ReportedState, ...] = ()
    announced: tuple[NodeAnnounced, ...] = ()
    faults: tuple[Fault, ...] = ()
    quarantined: tuple[MessageQuarantined, ...] = ()
    discovered: tuple[NodeDiscovered, ...] = ()
    actions: tuple[NodeAction, ...] = ()
    action_results: tuple[ActionFinished, ...] = ()
    seen: tuple[tuple[str, dt.datetime], ...] = ()
    rollouts: tuple[Rollout, ...] = ()
    standings: tuple[Standing, ...] = ()


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Everything a daemon must know again at boot."""

    points: tuple[LightPoint, ...]
    schedule_files: dict[str, str]
    overrides: tuple[Override, ...]
    nodes: tuple[NodeRestored, ...]
    open_faults: tuple[Fault, ...]
    maintenances: tuple[Maintenance, ...] = ()
    rollout: Rollout | None = None


@dataclass(frozen=True, slots=True)
class Schedules:
    """The files of one version of the schedules by name, sorted; 0, without files, time and user: before the first."""

    version: int
    files: dict[str, str]
    applied_at: dt.datetime | None = None
    user: str = ""


@dataclass(frozen=True, slots=True)
class ScheduleVersion:
    """How one version of the schedules came to be, counted from 1.

    cause: `apply`, `undo of N`, `back to N` or `rollout N`. affected: light points that changed, where known.
    """

    version: int
    applied_at: dt.datetime
    user: str
    cause: str = "apply"
    reason: str = ""
    affected: int | None = None
    approved_by: str = ""


@dataclass(frozen=True, slots=True)
class BrokenRule:
    """A guard rail that a plan runs into: the limit, what the plan comes to, and the same in words."""

    rule: str
    limit: int
    value: int
    detail: str


@dataclass(frozen=True, slots=True)
class Proposal:
    """A plan that was refused and waits for a second person, or has been approved by one.

    plan: names base version, files and broken rules together. files: name -> text, in the order in which they count.
    """

    plan: str
    base_version: int
    proposed_at: dt.datetime
    user: str
    reason: str
    files: Mapping[str, str]
    broken: tuple[BrokenRule, ...]
    summary: tuple[str, ...] = ()
    approved_at: dt.datetime | None = None
    approved_by: str = ""


@dataclass(frozen=True, slots=True)
class ChangeRecord:
    """A lighting change: what was touched, so that its progress can be asked for; `overrides` it set, by id."""

    change: str
    kind: str
    at: dt.datetime
    light_points: tuple[str, ...]
    level: int | None
    until: dt.datetime | None
    overrides: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class MaintenanceRecord:
    """A maintenance as stored: `ended_at` and `ended_by` say when and by whom it was ended before its time."""

    maintenance: Maintenance
    ended_at: dt.datetime | None
    ended_by: str


@dataclass(frozen=True, slots=True)
class Mounting:
    """A node that switches (until None) or switched a light point; `since` is None where nobody noted it then."""

    light_point: str
    node: str
    channel: int
    since: dt.datetime | None
    until: dt.datetime | None


@dataclass(frozen=True, slots=True)
class OverrideRecord:
    """An override and its life: the change that set it, and when and by whom it was ended before its time.

    ended_by is the change that did, ended_user who made that change ("" where it was not kept).
    """

    override: Override
    change: str
    ended_at: dt.datetime | None = None
    ended_by: str | None = None
    ended_user: str = ""

    @property
    def began(self) -> bool:
        """Whether it was not taken back before its beginning."""
        return self.ended_at is None or self.ended_at >= self.override.start

    @property
    def over_at(self) -> dt.datetime:
        """When it ends or ended, by hand or by itself."""
        return self.override.until if self.ended_at is None else min(self.ended_at, self.override.until)

    @property
    def lived(self) -> Override | None:
        """The override as long as it really held; None where it never did."""
        return replace(self.override, until=self.over_at) if self.over_at > self.override.start else None


@dataclass(frozen=True, slots=True)
class NodeSeen:
    """What is known of a node from its own words; `highest_revision` was ever used or seen for it."""

    node: str
    highest_revision: int
    boot_id: str
    capabilities: Capabilities | None
    model: str
    firmware: str
    announced_at: dt.datetime | None
    last_seen: dt.datetime | None


@dataclass(frozen=True, slots=True)
class Make:
    """What a node said in its hello of what it is; one object for all that said the same."""

    capabilities: Capabilities | None
    model: str
    firmware: str


@dataclass(frozen=True, slots=True)
class UnclaimedNode:
    """A node that was heard of but is in no inventory."""

    node: str
    link: str
    source: str
    model: str
    first_seen: dt.datetime
    last_seen: dt.datetime
    times: int


@dataclass(frozen=True, slots=True)
class ActionRecord:
    """An action and the node's answer: status is empty until there is one."""

    action: NodeAction
    status: str
    detail: str
    finished_at: dt.datetime | None


@dataclass(frozen=True, slots=True)
class TokenRecord:
    """A token as the store keeps it: never its secret, only the hash of it."""

    name: str
    role: str
    secret_hash: str
    created_at: dt.datetime
    expires_at: dt.datetime | None
    revoked_at: dt.datetime | None
    last_used_at: dt.datetime | None


@dataclass(frozen=True, slots=True)
class Counts:
    """How much of everything there is; commands by state."""

    points: int
    nodes: int
    unclaimed: int
    open_faults: int
    quarantined: int
    audit_entries: int
    commands: Mapping[str, int]

    @property
    def open_commands(self) -> int:
        """The commands that have not ended."""
        return self.commands.get("queued", 0) + self.commands.get("sent", 0)
