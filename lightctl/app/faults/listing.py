"""Listing: faults with their marks and Silences, found by what people look for, with what they cost so far."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import islice

from lightctl.app.asking import Target
from lightctl.app.desk import Desk
from lightctl.app.faults.pricing import off_s, price_per_kwh
from lightctl.app.faults.remedies import remedy
from lightctl.app.faults.views import FaultDetailView, FaultView, MarkView, SilenceView
from lightctl.app.faults.whereabouts import Whereabouts
from lightctl.domain.errors import InvalidInput, UnknownTarget
from lightctl.domain.faults import FaultRecord, FaultState, Silence
from lightctl.domain.selectors import Selector
from lightctl.domain.states import FaultEvent


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which faults somebody looks for; those a maintenance keeps back only with `suppressed` or by their state."""

    open_only: bool = False
    suppressed: bool = False
    state: str | None = None
    event: str | None = None
    target: Target | None = None
    since: dt.datetime | None = None


def listed(desk: Desk, wanted: Wanted, limit: int) -> Iterator[FaultView]:
    """Show the newest faults of those wanted; raises InvalidInput for a state or event there is not."""
    now = desk.now()
    price = price_per_kwh(desk.settings, now.date())
    found = islice(_found(desk, wanted, now), limit)
    return (shown(record, now, price, off_s(desk, record.fault, now)) for record in found)


def detail(desk: Desk, fault_id: int) -> FaultDetailView:
    """Show one fault with all that is known of it; raises UnknownTarget."""
    now = desk.now()
    record = one(desk, fault_id)
    fault = record.fault
    price = price_per_kwh(desk.settings, now.date())
    order = desk.store.work_under_way(fault.event, fault.subject_kind, fault.subject, record.id)
    holding = tuple(silence_view(desk, each, now) for each in record.silences if each.holds(now))
    return FaultDetailView(
        **asdict(shown(record, now, price, off_s(desk, fault, now))),
        explains=record.fault.members,
        light_points=tuple(point.id for point in Whereabouts(desk.fleet).lamps(record.fault)),
        marks=tuple(MarkView(mark.kind, mark.at, mark.user, mark.note, mark.until) for mark in record.marks),
        silences=holding,
        remedy=remedy(record.fault),
        work_order=None if order is None else order.id,
    )


def one(desk: Desk, fault_id: int) -> FaultRecord:
    """Give a fault with marks and Silences; raises UnknownTarget."""
    found = desk.store.fault_record(fault_id)
    if found is None:
        raise UnknownTarget(f"no fault {fault_id} is known. `lightctl fault list` shows them.")
    return next(with_silences(desk, iter((found,))))


def open_now(desk: Desk) -> Iterator[FaultRecord]:
    """Give every fault that has not cleared, newest first."""
    return with_silences(desk, desk.store.fault_records(is_open=True))


def with_silences(desk: Desk, records: Iterator[FaultRecord]) -> Iterator[FaultRecord]:
    """Put the Silences in force now, or to be, that are about each fault beside it."""
    silences = desk.store.silences(after=desk.now())
    places = Whereabouts(desk.fleet)
    for record in records:
        about = tuple(each for each in silences if places.silenced(record.fault, each))
        yield replace(record, silences=about) if about else record


def _found(desk: Desk, wanted: Wanted, now: dt.datetime) -> Iterator[FaultRecord]:
    state = _state(wanted.state)
    is_open = True if wanted.open_only else None
    if state is not None:
        if wanted.open_only and state is FaultState.CLEARED:
            return
        is_open = state is not FaultState.CLEARED
    suppressed = None if wanted.suppressed or state is FaultState.CLEARED else False
    if state is FaultState.SUPPRESSED:
        suppressed = True
    records = desk.store.fault_records(
        is_open=is_open, suppressed=suppressed, event=_event(wanted.event), since=wanted.since
    )
    places = Whereabouts(desk.fleet)
    selectors = None if wanted.target is None else [selector for selector, _ in desk.select(wanted.target)]
    for record in with_silences(desk, records):
        if state is not None and record.state(now) is not state:
            continue
        if selectors is not None and not _concerned(places, record, selectors):
            continue
        yield record


def _concerned(places: Whereabouts, record: FaultRecord, selectors: Sequence[Selector]) -> bool:
    return any(places.concerns(record.fault, selector) for selector in selectors)


def _state(text: str | None) -> FaultState | None:
    if text is not None and text not in set(FaultState):
        raise InvalidInput("state", f"{text!r} is no state of a fault", hint=f"Known: {', '.join(FaultState)}.")
    return None if text is None else FaultState(text)


def _event(text: str | None) -> FaultEvent | None:
    return None if text is None else event_named(text)


def event_named(text: str) -> FaultEvent:
    """Give an event by its name; raises InvalidInput with those there are."""
    known: Mapping[str, FaultEvent] = {event.value.casefold(): event for event in FaultEvent}
    found = known.get(text.casefold())
    if found is None:
        raise InvalidInput("event", f"{text!r} is no fault event", hint=f"Known: {', '.join(FaultEvent)}.")
    return found


def shown(record: FaultRecord, now: dt.datetime, price: float | None, off_s: float | None = None) -> FaultView:
    """Show a fault; `price` is that of a kWh, None where nobody said one; off_s as `wasted_kwh` takes it."""
    fault = record.fault
    kwh = record.wasted_kwh(now, off_s)
    acknowledged = record.acknowledged(now)
    state = record.state(now)
    return FaultView(
        id=record.id,
        event=fault.event,
        subject_kind=fault.subject_kind,
        subject=fault.subject,
        severity=fault.severity,
        opened_at=fault.opened_at,
        cleared_at=fault.cleared_at,
        detail=fault.detail,
        suppressed_by=fault.suppressed_by,
        state=state,
        members=len(fault.members),
        age_s=round(record.lasted(now).total_seconds()),
        watts=None if fault.watts is None else round(fault.watts, 1),
        kwh=None if kwh is None else round(kwh, 3),
        cost=None if kwh is None or price is None else round(kwh * price, 2),
        acknowledged_by="" if acknowledged is None else acknowledged.user,
        silenced_until=record.silenced_until(now) if state is FaultState.SILENCED else None,
    )


def silences(desk: Desk, *, ended: bool, limit: int) -> tuple[SilenceView, ...]:
    """Show the newest Silences: those that hold, and those that are over if asked."""
    now = desk.now()
    found = desk.store.silences(after=None if ended else now, limit=limit)
    quiet: dict[str, list[int]] = {}
    for record in open_now(desk):
        for each in record.silences:
            quiet.setdefault(each.id, []).append(record.id)
    return tuple(silence_view(desk, each, now, tuple(quiet.get(each.id, ()))) for each in found)


def silence_view(desk: Desk, silence: Silence, now: dt.datetime, faults: tuple[int, ...] = ()) -> SilenceView:
    """Show a Silence with the faults it keeps quiet."""
    return SilenceView(
        id=silence.id,
        event=silence.event,
        target=str(silence.select),
        light_points=len(desk.fleet.select(silence.select)),
        start=silence.start,
        until=silence.until,
        reason=silence.reason,
        user=silence.user,
        running=silence.holds(now),
        ended_at=silence.ended_at,
        ended_by=silence.ended_by,
        faults=faults,
    )
