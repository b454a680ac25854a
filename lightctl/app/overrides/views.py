"""What operations answer about overrides, in the shapes that scripts rely on."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class OverrideView:
    """One level set by hand. `target` is how people name it, `select` the selector it stands for.

    `state` is `waiting` (begins later), `in_force` (decides at one lamp at least), `outvoted` (at none: `outvoted_by`
    names those that do), `expired` (came to its end) or `ended` (before it, at `ended_at`, by `ended_by`). `lamps`
    counts the light points in use that it selects, `deciding` those of them at which no other override is stronger now.
    """

    id: str
    scope: str
    target: str
    select: str
    level: int
    start: dt.datetime
    until: dt.datetime
    reason: str
    user: str
    lamps: int
    state: str
    deciding: int
    outvoted_by: tuple[str, ...]
    change: str
    ended_at: dt.datetime | None
    ended_by: str | None


@dataclass(frozen=True, slots=True)
class DueView:
    """A level due, its reason, and what gives it: an override's id, a program's or a protection's reason."""

    level: int
    reason: str
    ref: str


@dataclass(frozen=True, slots=True)
class OutcomeView:
    """What an override comes to at some of its lamps: what is due now, and what comes back at its end (null: over).

    `count` lamps are alike in this; `sample` names the first of them.
    """

    count: int
    sample: tuple[str, ...]
    now: DueView
    after: DueView | None


@dataclass(frozen=True, slots=True)
class OverrideDetailView(OverrideView):
    """One level set by hand, and what it comes to at its lamps, those alike together, the largest group first."""

    outcomes: tuple[OutcomeView, ...]
