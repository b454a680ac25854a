"""Beneath an override: the nights of a lamp, and over them what still counts when the strongest override has ended.

A node holds one override and drops it by itself. If a weaker one lasts longer, the node can follow that one alone, with
nobody to tell it, only if it stands among its switches.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import takewhile

from lightctl.domain.assets import LightPoint
from lightctl.domain.states import Override, Reason, Switch
from lightctl.planning.floors import merged
from lightctl.planning.resolve import Plan


def laid_over(
    plan: Plan, point: LightPoint, switches: tuple[Switch, ...], overrides: Sequence[Override]
) -> tuple[Switch, ...]:
    """Give a light point's switches with overrides laid over them, each from its start to its end, floors kept.

    switches: what `plan` has the node carry. Outside of the overrides' time they stay as they are.
    """
    if not switches or not overrides:
        return switches
    first = max(switches[0].at, min(each.start for each in overrides))
    last = max(each.until for each in overrides)
    planned = {switch.at: switch for switch in switches}
    within = (first, *takewhile(lambda at: at < last, plan.changes(point, overrides, first, 1)), last)
    laid: list[Switch] = []
    for at in within:
        level, reason, ref = plan.due(point, overrides, at)
        own = planned.get(at)
        if own is None or own.level != level:
            own = Switch(at, level, 0, f"override {ref}" if reason is Reason.OVERRIDE else ref)
        laid.append(own)
    before = tuple(switch for switch in switches if switch.at < first)
    after = tuple(switch for switch in switches if switch.at > last)
    return merged((before, tuple(laid), after))
