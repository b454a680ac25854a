"""Why: the whole chain of reasons for one lamp's level at one instant."""

from __future__ import annotations

import datetime as dt

from lightctl.app.desk import Desk
from lightctl.app.rollout_words import verdict_on
from lightctl.app.views import VerdictView, WhyView


def why(desk: Desk, light_id: str, at: dt.datetime | None) -> WhyView:
    """Explain a level; overrides are those the store knows to be in force then."""
    point = desk.point(light_id)
    instant = at or desk.now()
    overrides = [o for o in desk.store.overrides(instant) if point.selected_by(o.select) and o.start <= instant]
    found = desk.plan_of(point).resolve(point, overrides, instant)
    chain = tuple(VerdictView(v.layer, v.verdict, v.detail, str(v.source)) for v in found.chain)
    return WhyView(
        point.id, instant, found.level, found.reason, found.until, (*chain, *verdict_on(desk.plans.rollout, point))
    )
