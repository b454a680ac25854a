"""Which override a light point follows: the most specific scope wins, then the newest start, then the id."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from lightctl.domain.assets import LightPoint
from lightctl.domain.states import Override, Scope


def rank(override: Override) -> tuple[Scope, dt.datetime, str]:
    """Give the strength of an override; the greatest wins."""
    return override.scope, override.start, override.id


def in_force(point: LightPoint, overrides: Iterable[Override], now: dt.datetime) -> list[Override]:
    """Give the overrides in force on a light point, the winner first."""
    found = [each for each in overrides if each.start <= now < each.until and point.selected_by(each.select)]
    return sorted(found, key=rank, reverse=True)
