"""Guard rails of schedules: what one person alone may not put in force (exit code 8).

A plan that breaks one is refused and kept; a second person may approve it. `max_affected` can also be raised by name.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace

from lightctl.app.asking import Guard
from lightctl.files.settings_model import SafetySettings
from lightctl.planning.impact import Below, Impact
from lightctl.store.base import BrokenRule

MAX_AFFECTED, DARK_MINUTES, PROTECTION = "max_affected", "dark_minutes", "protection"


def broken_rules(found: Impact, safety: SafetySettings, guard: Guard) -> tuple[BrokenRule, ...]:
    """Give the guard rails that a change runs into."""
    return tuple(_broken(found, safety, guard))


def naming_rules(found: Impact, safety: SafetySettings, guard: Guard) -> tuple[BrokenRule, ...]:
    """Give the guard rails that a plan's name stands for: a limit that somebody raised counts as it was before."""
    if guard.max_affected is None:
        return broken_rules(found, safety, guard)
    return broken_rules(found, safety, replace(guard, max_affected=min(guard.max_affected, safety.max_affected)))


def _broken(found: Impact, safety: SafetySettings, guard: Guard) -> Iterator[BrokenRule]:
    limit = safety.max_affected if guard.max_affected is None else guard.max_affected
    if found.touched > limit:
        how = "safety.max_affected" if guard.max_affected is None else "--max-affected"
        detail = f"it touches {found.touched:,} light points and {how} allows {limit:,}"
        yield BrokenRule(MAX_AFFECTED, limit, found.touched, detail)
    most = math.ceil(found.most_added_s / 60)
    if most > safety.max_dark_minutes:
        yield BrokenRule(DARK_MINUTES, safety.max_dark_minutes, most, _darker(found, most, safety.max_dark_minutes))
    for below in found.below:
        if not below.asked or not safety.allow_below_protection:
            yield BrokenRule(PROTECTION, 0, below.light_points, _under(below))


def _darker(found: Impact, most: int, limit: int) -> str:
    worst = max(found.changes, key=lambda each: each.most_added_s)
    group = f" of group {worst.group}" if worst.group else ""
    return (
        f"program {worst.after} leaves {_points(worst.light_points)}{group} off for up to {most} minutes of darkness a "
        f"night more than now, and safety.max_dark_minutes allows {limit}"
    )


def _under(below: Below) -> str:
    reason = f" ({below.floor.reason})" if below.floor.reason else ""
    nights = f"{len(below.nights)} nights from {below.nights[0]} on"
    if below.asked:
        return (
            f"program {below.program} asks for less than the {below.floor.level} % that a protection keeps{reason} at "
            f"{_points(below.light_points)}, in {nights}; the lamps stay at {below.floor.level} %"
        )
    return (
        f"a protection of {below.floor.level} %{reason} is taken away and program {below.program} goes below it at "
        f"{_points(below.light_points)}, in {nights}"
    )


def _points(number: int) -> str:
    return f"{number:,} light point" + ("" if number == 1 else "s")
