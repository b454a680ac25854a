"""What operations answer about field work, in the shapes that scripts rely on."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class MaintenanceView:
    """A crew's work on some light points; `level` is what they are held at, null where the light is left as it is.

    `running` until it is over by itself or was ended (`ended_at`, `ended_by`). `light_points` counts them today.
    """

    id: str
    target: str
    light_points: int
    start: dt.datetime
    until: dt.datetime
    level: int | None
    below_protection: bool
    reason: str
    user: str
    running: bool
    ended_at: dt.datetime | None
    ended_by: str


@dataclass(frozen=True, slots=True)
class CheckView:
    """One check of a self-test (delivery, on, dimmed, off, restored); `ok` is null when skipped or not over."""

    name: str
    light_point: str
    ok: bool | None
    detail: str
    skipped: bool = False


@dataclass(frozen=True, slots=True)
class SelfTestView:
    """A self-test of a node and what came of it; `ok` is null until it is `finished`. `test` names it."""

    test: str
    node: str
    at: dt.datetime
    until: dt.datetime
    finished: bool
    ok: bool | None
    checks: tuple[CheckView, ...]
    dry_run: bool = False


@dataclass(frozen=True, slots=True)
class MountingView:
    """A node that switches or switched a light point; `since` is null where nobody noted it then."""

    light_point: str
    node: str
    channel: int
    since: dt.datetime | None
    until: dt.datetime | None
