"""Timing: when a target is told, and when it is tried again. Pure; `now` and chance are arguments.

Outside its hours a target is told nothing, and what comes then is not lost: it is one digest when they begin. A storm
is a digest too: when more waits than may be told in a minute, all of it is told at once.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from lightctl.control.rollout import opens_at
from lightctl.domain.notices import Standing
from lightctl.domain.rollouts import Window

MINUTE = dt.timedelta(minutes=1)
FIRST_PAUSE_S = 5.0
REFUSED_PAUSE_S = 60.0
MOST_DOUBLINGS = 32


@dataclass(frozen=True, slots=True)
class Manner:
    """How a target wants to be told: gathered for `digest`, so many messages a minute, in hours of the city's clock."""

    digest: dt.timedelta
    per_minute: int
    window: Window | None
    time_zone: str


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a message is tried: the longest pause in seconds, and how long before it is given up."""

    cap_s: float
    give_up: dt.timedelta


@dataclass(frozen=True, slots=True)
class Wait:
    """Tell nothing before an instant; None: before there is news."""

    until: dt.datetime | None


@dataclass(frozen=True, slots=True)
class Tell:
    """Tell the oldest that waits, or with `digest` all of it at once."""

    digest: bool


def next_move(
    waiting: Sequence[dt.datetime], manner: Manner, sent: Sequence[dt.datetime], now: dt.datetime
) -> Wait | Tell:
    """Say what to do about what waits (the instants of it, oldest first); `sent`: when was told before."""
    if not waiting:
        return Wait(None)
    opens = opens_at(manner.window, now, manner.time_zone)
    if opens > now:
        return Wait(opens)
    if manner.digest:
        due = min(waiting[0], now) + manner.digest
        return Wait(due) if due > now else Tell(digest=True)
    held = any(opens_at(manner.window, at, manner.time_zone) > at for at in waiting)
    if len(waiting) > 1 and (held or len(waiting) > manner.per_minute):
        return Tell(digest=True)
    lately = [at for at in sent if now - MINUTE < at <= now]
    if len(lately) >= manner.per_minute:
        return Wait(lately[-manner.per_minute] + MINUTE)
    return Tell(digest=False)


def pause_s(
    failures: int, patience: Patience, chance: float, *, refused: bool = False, asked_s: float | None = None
) -> float:
    """Give the pause after so many failures in a row (from 1): doubling, capped, jittered by chance (0..1).

    One who refused for good is not asked again within a minute, one who asked for a pause gets it.
    """
    bound = min(patience.cap_s, FIRST_PAUSE_S * 2.0 ** min(failures - 1, MOST_DOUBLINGS))
    pause = bound * (0.5 + 0.5 * chance)
    if refused:
        pause = max(pause, min(patience.cap_s, REFUSED_PAUSE_S))
    return pause if asked_s is None else max(pause, asked_s)


def taken(standing: Standing, now: dt.datetime) -> Standing:
    """Give how things stand after the parcel in hand was taken."""
    assert standing.parcel is not None
    return Standing(standing.target, standing.parcel.up_to, last_success_at=now, given_up=standing.given_up)


def failed(
    standing: Standing, now: dt.datetime, why: str, pause: float, patience: Patience, *, refused: bool
) -> Standing:
    """Give how things stand after an attempt that failed: tried again after a pause (seconds), or given up."""
    parcel = standing.parcel
    assert parcel is not None
    over = now - parcel.since >= patience.give_up
    return Standing(
        standing.target,
        parcel.up_to if over else standing.settled,
        None if over else parcel,
        now + dt.timedelta(seconds=pause),
        standing.failures + 1,
        refused and not over,
        standing.failing_since or now,
        why,
        standing.last_success_at,
        standing.given_up + over,
    )
