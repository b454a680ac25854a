"""Overriding: the levels people set by hand, as a whole: which there are, which of them counts, what comes after."""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import fields, replace
from itertools import islice

from lightctl.app.asking import Actor, Guard, Target
from lightctl.app.desk import Desk, new_id
from lightctl.app.overrides import switching
from lightctl.app.overrides.views import DueView, OutcomeView, OverrideDetailView, OverrideView
from lightctl.app.views import ChangeView
from lightctl.domain.assets import LifeCycle, LightPoint
from lightctl.domain.errors import UnknownTarget
from lightctl.domain.selectors import Operator, Selector
from lightctl.domain.states import Override, Scope
from lightctl.planning.overrides import in_force
from lightctl.store.base import OverrideRecord

SAMPLE = 5
EVERY_OVERRIDE = "all"


class _Street:
    """The lamps of the moment: which an override selects, at how many it decides, and which outvote it at others."""

    def __init__(self, desk: Desk) -> None:
        self.now = desk.now()
        self.deciding: Counter[str] = Counter()
        self.outvoted_by: defaultdict[str, set[str]] = defaultdict(set)
        self.by_point = desk.overrides_by_point(self.now)
        self._desk = desk
        self._lamps: dict[Selector, list[LightPoint]] = {}
        for light, concerning in self.by_point.items():
            point = desk.fleet.points[light]
            strongest = in_force(point, concerning, self.now) if point.state is LifeCycle.IN_USE else []
            for winner in strongest[:1]:
                self.deciding[winner.id] += 1
            for weaker in strongest[1:]:
                self.outvoted_by[weaker.id].add(strongest[0].id)

    def lamps(self, select: Selector) -> list[LightPoint]:
        """Give the light points in use that a selector names; asking a city again and again would take long."""
        if select not in self._lamps:
            found = self._desk.fleet.select(select)
            self._lamps[select] = [point for point in found if point.state is LifeCycle.IN_USE]
        return self._lamps[select]


def overrides(desk: Desk, target: Target | None, *, ended: bool, limit: int) -> tuple[OverrideView, ...]:
    """Show overrides, the newest first: those open, or all there ever were; only those of a target's lamps, if any."""
    street = _Street(desk)
    records: Iterable[OverrideRecord] = desk.store.override_records(None if ended else street.now)
    if target is not None:
        chosen = {point.id for selector, _ in desk.select(target) for point in desk.fleet.select(selector)}
        records = (each for each in records if any(p.id in chosen for p in street.lamps(each.override.select)))
    return tuple(_view(record, street) for record in islice(records, limit))


def override(desk: Desk, override_id: str) -> OverrideDetailView:
    """Show one override with what it comes to at its lamps; raises UnknownTarget."""
    record = _known(desk, override_id)
    street = _Street(desk)
    view = _view(record, street)
    shared = {each.name: getattr(view, each.name) for each in fields(OverrideView)}
    return OverrideDetailView(**shared, outcomes=_outcomes(desk, record, street))


def clear(desk: Desk, actor: Actor, ids: Sequence[str] | None, guard: Guard) -> ChangeView:
    """End overrides by id, or all of them (None), those yet to begin too; one that is over already stays as it is.

    What a crew on site asked for is not among all, and refused by id. Raises UnknownTarget for an id that never was;
    then nothing is changed.
    """
    street = _Street(desk)
    now = street.now
    named = desk.store.override_records(now) if ids is None else [_known(desk, each) for each in dict.fromkeys(ids)]
    open_ones = [each.override for each in named if each.over_at > now]
    crews = [each for each in open_ones if each.scope is Scope.MAINTENANCE]
    if ids is not None:
        for each in crews:
            switching.leave_to_crew(each)
    ending = [each for each in open_ones if each.scope is not Scope.MAINTENANCE]
    notes = tuple(f"{each.id} stays: a crew on site asked for it" for each in crews)
    held = tuple({point.id: point for each in ending for point in street.lamps(each.select)}.values())
    desk.check_reach(len(held), guard)
    change = new_id("change")
    if guard.dry_run or not ending:
        view = switching.dry_view(change, held, f"would end {len(ending)} overrides")
        return replace(view if guard.dry_run else ChangeView(change, 0, 0, 0, 0, 0, ()), notes=notes)
    target = EVERY_OVERRIDE if ids is None else ",".join(each.id for each in ending)
    audit = desk.audit(actor, "override clear", target, guard, f"{len(ending)} overrides ended")
    done = switching.end(desk, "clear", change, now, held, [each.id for each in ending], audit)
    return replace(done, notes=notes)


def _known(desk: Desk, override_id: str) -> OverrideRecord:
    found = desk.store.override_record(override_id)
    if found is None:
        raise UnknownTarget(f"no override {override_id!r} is known. `lightctl override list` shows them.")
    return found


def _view(record: OverrideRecord, street: _Street) -> OverrideView:
    held = record.override
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
        lamps=len(street.lamps(held.select)),
        state=_state(record, street),
        deciding=street.deciding[held.id],
        outvoted_by=tuple(sorted(street.outvoted_by.get(held.id, ()))),
        change=record.change,
        ended_at=record.ended_at,
        ended_by=record.ended_user if record.ended_at is not None else None,
    )


def _state(record: OverrideRecord, street: _Street) -> str:
    held = record.override
    if record.ended_at is not None:
        return "ended"
    if street.now >= held.until:
        return "expired"
    if street.now < held.start:
        return "waiting"
    return "outvoted" if held.id in street.outvoted_by and not street.deciding[held.id] else "in_force"


def _named(select: Selector) -> str:
    """Say a selector as a target of the command line, where that is shorter than the selector."""
    match select.terms:
        case (term,) if term.operator is Operator.EQUALS and term.key == "id":
            return term.values[0]
        case (term,) if term.operator is Operator.EQUALS and term.key == "group":
            return f"group:{term.values[0]}"
        case _:
            return str(select)


def _outcomes(desk: Desk, record: OverrideRecord, street: _Street) -> tuple[OutcomeView, ...]:
    until = record.override.until if record.over_at > street.now else None
    alike: dict[tuple[DueView, DueView | None], list[str]] = {}
    for point in street.lamps(record.override.select):
        concerning = street.by_point.get(point.id, ())
        present = _due(desk, point, concerning, street.now)
        after = None if until is None else _due(desk, point, concerning, until)
        alike.setdefault((present, after), []).append(point.id)
    groups = sorted(alike.items(), key=lambda group: -len(group[1]))
    return tuple(OutcomeView(len(lights), tuple(lights[:SAMPLE]), *outcome) for outcome, lights in groups)


def _due(desk: Desk, point: LightPoint, concerning: Sequence[Override], at: dt.datetime) -> DueView:
    level, reason, ref = desk.plan_of(point).due(point, concerning, at)
    return DueView(level, reason, ref)
