"""What operations on roll-outs answer, in the shapes that scripts rely on. Instants are aware UTC."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class WaveView:
    """One wave, 0 is the canary: its nodes, how many moved, and of those how many followed, failed or are pending.

    gone: nodes that switch no light point in use any more.
    """

    wave: int
    nodes: int
    moved: int
    followed: int
    failed: int
    pending: int
    gone: int


@dataclass(frozen=True, slots=True)
class FailureView:
    """A node that moved and does not follow, the light points it switches, its wave and why."""

    node: str
    light_points: tuple[str, ...]
    wave: int
    detail: str


@dataclass(frozen=True, slots=True)
class RolloutView:
    """A roll-out: state is `running`, `paused`, `done`, `undone`, or `planned` where it was only tried.

    plan, base_version: the schedule plan it brings and the version in force until it is done; version: the one it then
    became. light_points: those whose nights change; nodes and the counts after it: of all waves. wave: the one at work,
    0 is the canary. waits_for, next_at: what the next move waits for, and until when if that is known. failures: only
    where one roll-out is asked for.
    """

    id: str
    state: str
    detail: str
    plan: str
    base_version: int
    version: int | None
    user: str
    reason: str
    approved_by: str
    started_at: dt.datetime
    changed_at: dt.datetime
    light_points: int
    nodes: int
    moved: int
    followed: int
    failed: int
    pending: int
    gone: int
    wave: int
    waits_for: str
    next_at: dt.datetime | None
    window: str | None
    max_failures_percent: float
    on_failure: str
    soak_s: float
    pace: int
    waves: tuple[WaveView, ...]
    failures: tuple[FailureView, ...] = ()
    dry_run: bool = False
