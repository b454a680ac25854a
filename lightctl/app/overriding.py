"""Overriding: the levels people set by hand, as a whole: which there are, which of them counts, what comes after."""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, fields
from itertools import islice

from lightctl.app import switching
from lightctl.app.asking import Actor, Guard, Target
from lightctl.app.desk import Desk, new_id
from lightctl.app.override_views import DueView, OutcomeView, OverrideDetailView, OverrideView
from lightctl.app.views import ChangeView
from lightctl.domain.assets import LifeCycle, LightPoint
from lightctl.domain.errors import UnknownTarget
from lightctl.domain.selectors import Operator, Selector
from lightctl.domain.states import Override
from lightctl.planning.overrides import in_force
from lightctl.store.base import OverrideRecord

SAMPLE = 5
EVERY_OVERRIDE = "all"


@dataclass(frozen=True, slots=True)
class _Standing:
    """Which overrides count: at how many lamps each decides, and which outvote it at others."""

    deciding: Counter[str] = field(default_factory=Counter)
    outvoted_by: defaultdict[str, set[str]] = field(default_factory=lambda: defaultdict(set))


def overrides(desk: Desk, target: Target | None, *, ended: bool, limit: int) -> tuple[OverrideView, ...]:
    """Show overrides, the newest first: those open, or all there ever were; only those of a target's lamps, if any."""
    now = desk.now()
    records: Iterable[OverrideRecord] = desk.store.override_records(None if ended else now)
    if target is not None:
        chosen = {point.id for selector, _ in desk.select(target) for point in desk.fleet.select(selector)}
        records = (each for each in records if any(point.id in chosen for point in _lamps(desk, each.override)))
    standing = _standing(desk, now)
    return tuple(_view(desk, record, standing, now) for record in islice(records, limit))


def override(desk: Desk, override_id: str) -> OverrideDetailView:
    """Show one override with what it comes to at its lamps; raises UnknownTarget."""
    now = desk.now()
    record = _known(desk, override_id)
    view = _view(desk, record, _standing(desk, now), now)
    shared = {each.name: getattr(view, each.name) for each in fields(OverrideView)}
    return OverrideDetailView(**shared, outcomes=_outcomes(desk, record, now))


def clear(desk: Desk, actor: Actor, ids: Sequence[str] | None, guard: Guard) -> ChangeView:
    """End overrides by id, or all of them (None), those yet to begin too; one that is over already stays as it is.

    Raises UnknownTarget for an id that never was; then nothing is changed.
    """
    now = desk.now()
    named = desk.store.override_records(now) if ids is None else [_known(desk, each) for each in dict.fromkeys(ids)]
    ending = [each.override for each in named if each.over_at > now]
    held = tuple({point.id: point for each in ending for point in _lamps(desk, each)}.values())
    desk.check_reach(len(held), guard)
    change = new_id("change")
    if guard.dry_run or not ending:
        view = switching.dry_view(change, held, f"would end {len(ending)} overrides")
        return view if guard.dry_run else ChangeView(change, 0, 0, 0, 0, 0, ())
    target = EVERY_OVERRIDE if ids is None else ",".join(each.id for each in ending)
    audit = desk.audit(actor, "override clear", target, guard, f"{len(ending)} overrides ended")
    return switching.end(desk, "clear", change, now, held, [each.id for each in ending], audit)


def _known(desk: Desk, override_id: str) -> OverrideRecord:
    found = desk.store.override_record(override_id)
    if found is None:
        raise UnknownTarget(f"no override {override_id!r} is known. `lightctl override list` shows them.")
    return found


def _lamps(desk: Desk, held: Override) -> list[LightPoint]:
    return [point for point in desk.fleet.select(held.select) if point.state is LifeCycle.IN_USE]


def _standing(desk: Desk, now: dt.datetime) -> _Standing:
    found = _Standing()
    for light, concerning in desk.overrides_by_point(now).items():
        point = desk.fleet.points[light]
        if point.state is not LifeCycle.IN_USE:
            continue
        strongest = in_force(point, concerning, now)
        for winner in strongest[:1]:
            found.deciding[winner.id] += 1
        for weaker in strongest[1:]:
            found.outvoted_by[weaker.id].add(strongest[0].id)
    return found


def _view(desk: Desk, record: OverrideRecord, standing: _Standing, now: dt.datetime) -> OverrideView:
    held = record.override
    state = _state(record, now)
    outvoted_by = tuple(sorted(standing.outvoted_by.get(held.id, ())))
    if state == "in_force" and outvoted_by and not standing.deciding[held.id]:
        state = "outvoted"
    return OverrideView(
        id=held.id,
        scope=held.scope.name.lower(),
        target=_named(held.select),
        select=str(held.select),
        level=held.level,
        start=held.start,
        until=held.until,
        reason=held.reason,
        user=held.user,
        lamps=len(_lamps(desk, held)),
        state=state,
        deciding=standing.deciding[held.id],
        outvoted_by=outvoted_by,
        change=record.change,
        ended_at=record.ended_at,
        ended_by=record.ended_user if record.ended_at is not None else None,
    )


def _state(record: OverrideRecord, now: dt.datetime) -> str:
    if record.ended_at is not None:
        return "ended"
    if now >= record.override.until:
        return "expired"
    return "waiting" if now < record.override.start else "in_force"


def _named(select: Selector) -> str:
    """Say a selector as a target of the command line, where that is shorter than the selector."""
    match select.terms:
        case (term,) if term.operator is Operator.EQUALS and term.key == "id":
            return term.values[0]
        case (term,) if term.operator is Operator.EQUALS and term.key == "group":
            return f"group:{term.values[0]}"
        case _:
            return str(select)


def _outcomes(desk: Desk, record: OverrideRecord, now: dt.datetime) -> tuple[OutcomeView, ...]:
    by_point = desk.overrides_by_point(now)
    alike: dict[tuple[DueView, DueView | None], list[str]] = {}
    for point in _lamps(desk, record.override):
        concerning = by_point.get(point.id, ())
        after = _due(desk, point, concerning, record.override.until) if record.over_at > now else None
        alike.setdefault((_due(desk, point, concerning, now), after), []).append(point.id)
    groups = sorted(alike.items(), key=lambda group: -len(group[1]))
    return tuple(OutcomeView(len(lights), tuple(lights[:SAMPLE]), *outcome) for outcome, lights in groups)


def _due(desk: Desk, point: LightPoint, concerning: Sequence[Override], at: dt.datetime) -> DueView:
    level, reason, ref = desk.plan.due(point, concerning, at)
    return DueView(level, reason, ref)
