"""Marking: people acknowledge and silence faults, some by number, or an event at a target for a while.

A fault may clear by itself while somebody types its number: it is then left out and named, and the others are marked.
Only when none of them can be is the whole refused. Each word is one entry of the audit.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace

from lightctl.app.asking import Actor, Guard, Target
from lightctl.app.desk import Desk, new_id
from lightctl.app.faults import listing
from lightctl.app.faults.pricing import off_s, price_per_kwh
from lightctl.app.faults.views import MarkedView, UnmarkedView
from lightctl.app.faults.whereabouts import Whereabouts
from lightctl.app.overrides.progress import instant
from lightctl.domain.errors import InvalidInput, UnknownTarget
from lightctl.domain.faults import MOVES, FaultMark, FaultRecord, FaultState, MarkKind, Silence


def acknowledge(desk: Desk, actor: Actor, ids: Sequence[int], guard: Guard) -> MarkedView:
    """Say that somebody has taken faults on; raises UnknownTarget, and InvalidInput where none can be marked."""
    mark = FaultMark(MarkKind.ACKNOWLEDGED, desk.now(), actor.user, guard.reason)
    return _mark(desk, actor, ids, mark, guard)


def silence(desk: Desk, actor: Actor, ids: Sequence[int], until: dt.datetime, guard: Guard) -> MarkedView:
    """Keep faults from being alarms until an instant, or until they clear; raises as `acknowledge` does."""
    _check_end(desk, until)
    mark = FaultMark(MarkKind.SILENCED, desk.now(), actor.user, guard.reason, until)
    return _mark(desk, actor, ids, mark, guard)


def unsilence(desk: Desk, actor: Actor, ids: Sequence[int], silences: Sequence[str], guard: Guard) -> MarkedView:
    """Let faults be alarms again, by number, or by the Silence that keeps them quiet; raises UnknownTarget."""
    now = desk.now()
    running = _running(desk, silences, now)
    if silences and not running and not ids:
        raise InvalidInput("silences", "each of them is over already; nothing was changed")
    names = [each.id for each in running]
    marked = MarkedView((), dry_run=guard.dry_run)
    with desk.store.transaction():
        if ids:
            marked = _mark(desk, actor, ids, FaultMark(MarkKind.UNSILENCED, now, actor.user, guard.reason), guard)
        if names and not guard.dry_run:
            audit = desk.audit(actor, "fault unsilence", ", ".join(names), guard, "; ".join(map(_said, running)))
            desk.store.end_silences(names, now, actor.user, audit)
            running = [each for name in names if (each := desk.store.silence(name)) is not None]
    return replace(marked, ended=tuple(listing.silence_view(desk, each, now) for each in running))


def silence_event(desk: Desk, actor: Actor, event: str, target: Target, until: dt.datetime, guard: Guard) -> MarkedView:
    """Keep an event from being an alarm at a target until an instant, also where it opens meanwhile."""
    named = listing.event_named(event)
    _check_end(desk, until)
    select = desk.selector(target)
    points = desk.fleet.select(select)
    if not points:
        raise UnknownTarget(f"no light point is selected by {select}. `lightctl light list -l` shows what is.")
    now = desk.now()
    made = Silence(new_id("silence"), named, select, now, until, guard.reason, actor.user)
    if not guard.dry_run:
        desk.store.add_silence(made, desk.audit(actor, "fault silence", made.id, guard, _said(made)))
    places, price = Whereabouts(desk.fleet), price_per_kwh(desk.settings, now.date())
    records = [record for record in listing.open_now(desk) if places.silenced(record.fault, made)]
    quiet = [replace(record, silences=(*record.silences, made)) for record in records]
    return MarkedView(
        tuple(listing.shown(record, now, price, off_s(desk, record.fault, now)) for record in quiet),
        silence=listing.silence_view(desk, made, now, tuple(record.id for record in quiet)),
        dry_run=guard.dry_run,
    )


def _mark(desk: Desk, actor: Actor, ids: Sequence[int], mark: FaultMark, guard: Guard) -> MarkedView:
    now = mark.at
    found = [listing.one(desk, fault) for fault in dict.fromkeys(ids)]
    refused = {record.id: why for record in found if (why := _why_not(record, mark, now))}
    taken = [record for record in found if record.id not in refused]
    if not taken:
        why = "; ".join(f"fault {fault} {why}" for fault, why in refused.items())
        raise InvalidInput(
            "ids", f"{why}; nothing was changed", hint="`lightctl fault list --open` shows what is open."
        )
    if not guard.dry_run:
        names = ", ".join(str(record.id) for record in taken)
        until = f" until {instant(mark.until)}" if mark.until is not None else ""
        said = "; ".join(f"{record.id}: {record.fault.event} at {record.fault.subject}" for record in taken)
        audit = desk.audit(actor, f"fault {_VERBS[mark.kind]}", names, guard, f"{mark.kind}{until}: {said}")
        desk.store.mark_faults([record.id for record in taken], mark, audit)
        taken = [listing.one(desk, record.id) for record in taken]
    price = price_per_kwh(desk.settings, now.date())
    return MarkedView(
        tuple(listing.shown(record, now, price, off_s(desk, record.fault, now)) for record in taken),
        tuple(UnmarkedView(fault, why) for fault, why in refused.items()),
        dry_run=guard.dry_run,
    )


_VERBS = {MarkKind.ACKNOWLEDGED: "ack", MarkKind.SILENCED: "silence", MarkKind.UNSILENCED: "unsilence"}


def _why_not(record: FaultRecord, mark: FaultMark, now: dt.datetime) -> str:
    """Say why a fault takes no such mark, or ""."""
    state = record.state(now)
    if mark.kind is MarkKind.UNSILENCED and state is FaultState.SILENCED and record.silenced(now) is None:
        names = ", ".join(each.id for each in record.silences if each.holds(now))
        return f"is kept quiet by {names}: end that"
    if mark.kind in MOVES[state]:
        return ""
    match state:
        case FaultState.CLEARED:
            return "has cleared"
        case FaultState.SUPPRESSED:
            return f"is kept back by {record.fault.suppressed_by}, whose end makes an alarm of what is still wrong"
        case _:
            return "is not silenced"


def _check_end(desk: Desk, until: dt.datetime) -> None:
    now, longest = desk.now(), desk.settings.safety.max_silence_h
    if until <= now:
        raise InvalidInput("until", f"{instant(until)} has passed", hint="Give an instant to come.")
    if until - now > dt.timedelta(hours=longest):
        raise InvalidInput(
            "until",
            f"a silence ends within {longest:g} h (safety.max_silence_h)",
            hint="Silence it anew when it is over, or take the light points out of use.",
        )


def _running(desk: Desk, names: Sequence[str], now: dt.datetime) -> list[Silence]:
    found: list[Silence] = []
    for name in dict.fromkeys(names):
        each = desk.store.silence(name)
        if each is None:
            raise UnknownTarget(f"no silence {name!r} is known. `lightctl fault silences` shows them.")
        found.append(each)
    return [each for each in found if each.holds(now)]


def _said(silence: Silence) -> str:
    return f"{silence.event} at {silence.select} until {instant(silence.until)}"
