"""What operations answer, in the shapes that scripts rely on: the same over HTTP and on the command line.

Instants are aware UTC, levels integer percent, power W, durations seconds. Further fields may be added, none renamed.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field

from lightctl.domain.assets import Capabilities


@dataclass(frozen=True, slots=True)
class DesiredView:
    """The level due now and why; `until` is the next change."""

    level: int | None
    reason: str
    ref: str
    until: dt.datetime | None
    revision: int | None


@dataclass(frozen=True, slots=True)
class ReportedView:
    """What the node last said; `level` is measured, `commanded` is in force at the node."""

    level: int | None
    commanded: int | None
    reason: str | None
    revision: int | None
    at: dt.datetime | None
    power_w: float | None = None


@dataclass(frozen=True, slots=True)
class LightView:
    """One light point. `reachable` is a lease on reports; `settled` only when a fresh report equals what is due.

    `maintenance` names the one under which a crew works on it, or is empty; `faults` are then those from before it.
    """

    id: str
    lat: float
    lon: float
    state: str
    kind: str
    road_class: str
    lamps: int
    tags: Mapping[str, str]
    desired: DesiredView
    reported: ReportedView | None
    settled: bool
    reachable: bool
    node: str
    channel: int
    cabinet: str
    last_seen: dt.datetime | None
    faults: tuple[str, ...] = ()
    maintenance: str = ""


@dataclass(frozen=True, slots=True)
class NodeView:
    """One node; `claimed` is False for one that was heard of but is in no inventory.

    clock_offset_s: how far its clock was ahead of ours in its last report; None where it says no time.
    """

    id: str
    claimed: bool
    profile: str
    link: str
    address: str
    channels: Mapping[int, str]
    cabinet: str
    carries_nights: bool | None
    revision: int | None
    applied_revision: int | None
    model: str
    firmware: str
    reachable: bool
    last_seen: dt.datetime | None
    command: str | None = None
    flags: tuple[str, ...] = ()
    clock_offset_s: float | None = None


@dataclass(frozen=True, slots=True)
class LossView:
    """Something of the plan that a node cannot do: `count` switches or nights are concerned."""

    kind: str
    detail: str
    count: int


@dataclass(frozen=True, slots=True)
class NodeDetail(NodeView):
    """One node with what it can hold, and what the coming nights lose on it. `refused`: why it holds none, or empty."""

    capabilities: Capabilities | None = None
    losses: tuple[LossView, ...] = ()
    refused: str = ""


@dataclass(frozen=True, slots=True)
class PointResult:
    """How far a change got at one light point: `confirmed`, `failed`, `expired` or `pending`, and its chain.

    What has not happened is null. `level` is measured, and only by a report that came after the command left.
    """

    id: str
    state: str
    detail: str
    accepted_at: dt.datetime | None = None
    sent_at: dt.datetime | None = None
    broker_acked_at: dt.datetime | None = None
    confirmed_at: dt.datetime | None = None
    level: int | None = None


@dataclass(frozen=True, slots=True)
class ChangeView:
    """A lighting change and how far it got. `change` names it for asking again; `notes` are for people.

    A level set by hand also has start, until and the ids of its overrides.
    """

    change: str
    affected: int
    confirmed: int
    failed: int
    expired: int
    pending: int
    points: tuple[PointResult, ...]
    dry_run: bool = False
    level: int | None = None
    start: dt.datetime | None = None
    until: dt.datetime | None = None
    overrides: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RowErrorView:
    """One refused inventory row."""

    row: int
    column: str
    value: str
    why: str


@dataclass(frozen=True, slots=True)
class ImportView:
    """What an import changes or changed: `changed` maps ids to `field: old -> new`, `notes` are on odd good rows."""

    rows: int
    added: tuple[str, ...]
    changed: Mapping[str, tuple[str, ...]]
    unchanged: int
    skipped: tuple[RowErrorView, ...]
    errors: tuple[RowErrorView, ...]
    applied: bool
    dry_run: bool
    notes: tuple[RowErrorView, ...] = ()


@dataclass(frozen=True, slots=True)
class CommandView:
    """One command of the journal."""

    id: str
    node: str
    revision: int
    state: str
    cause: str
    created_at: dt.datetime
    deadline: dt.datetime
    sent_at: dt.datetime | None
    broker_acked_at: dt.datetime | None
    finished_at: dt.datetime | None
    attempts: int
    detail: str


@dataclass(frozen=True, slots=True)
class AuditView:
    """One entry of the audit; `hash` chains it to the one before."""

    seq: int
    at: dt.datetime
    user: str
    origin: str
    verb: str
    target: str
    reason: str
    detail: str
    hash: str


@dataclass(frozen=True, slots=True)
class AuditVerdict:
    """Whether the audit chain holds, how long it is, and where it first breaks."""

    ok: bool
    entries: int
    head: str
    broken_at: int | None = None
    detail: str = ""


@dataclass(frozen=True, slots=True)
class TokenView:
    """One token; its secret is shown once, when it is made."""

    name: str
    role: str
    created_at: dt.datetime
    expires_at: dt.datetime | None
    revoked_at: dt.datetime | None
    last_used_at: dt.datetime | None = None
    secret: str | None = None


@dataclass(frozen=True, slots=True)
class LinkView:
    """One link and whether it is up."""

    name: str
    up: bool
    since: dt.datetime | None
    detail: str = ""


@dataclass(frozen=True, slots=True)
class StatusView:
    """The city at a glance. `links`, `started_at` and `daemon` speak of the running daemon, empty without one.

    `open_faults` counts those that are alarms by event, `alarms` the same by severity, `acknowledged_faults` those of
    them that somebody took on; suppressed and silenced ones are no alarms.
    telemetry_dropped: reports and readings it could not keep since it started; telemetry_waiting: not yet written.
    """

    now: dt.datetime
    daemon: bool
    version: str
    site: str
    time_zone: str
    light_points: int
    in_use: int
    lit: int
    settled: int
    unsettled: int
    unreachable: int
    unknown: int
    nodes: int
    unclaimed_nodes: int
    open_faults: Mapping[str, int]
    open_commands: int
    overrides: int
    quarantined: int
    links: tuple[LinkView, ...] = ()
    started_at: dt.datetime | None = None
    notes: tuple[str, ...] = field(default=())
    maintenances: int = 0
    suppressed_faults: int = 0
    alarms: Mapping[str, int] = field(default_factory=dict)
    acknowledged_faults: int = 0
    silenced_faults: int = 0
    telemetry_dropped: int = 0
    telemetry_waiting: int = 0
