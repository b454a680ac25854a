"""Words: what people are told, as plain text: a digest by area and severity, with the command that shows more."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Sequence
from zoneinfo import ZoneInfo

from lightctl.app.faults.remedies import remedy
from lightctl.app.notices.cloudevents import Told
from lightctl.domain.notices import NewsKind

MOST_LISTED = 300
MOST_NAMED = 10
SEVERITIES = ("critical", "major", "minor")
ENDED = "over by now"


def title_of_one(told: Told, site: str) -> str:
    """Give the subject line of one piece of news."""
    fault = told.last.record.fault
    return f"{_site(site)}{fault.severity} {fault.event} at {fault.subject}: {_happened(told.last.kind)}"


def text_of_one(told: Told, time_zone: str, now: dt.datetime) -> str:
    """Tell one piece of news in full."""
    record = told.last.record
    fault, zone = record.fault, ZoneInfo(time_zone)
    acknowledged = record.acknowledged(now)
    lines = [
        f"{fault.severity} {fault.event} at {fault.subject_kind} {fault.subject}: {_happened(told.last.kind)}",
        "",
        f"opened   {_clock(fault.opened_at, zone)}",
        f"cleared  {_clock(fault.cleared_at, zone)}" if fault.cleared_at is not None else "",
        f"taken on by {acknowledged.user}: {acknowledged.note}".rstrip(": ") if acknowledged is not None else "",
        f"it says  {fault.detail}" if fault.detail else "",
        f"where    {told.area}: {_named([point.id for point in told.lamps])}" if told.lamps else "",
        f"explains {_named(fault.members)}" if fault.members else "",
        f"draws    {fault.watts:.0f} W for nothing" if fault.watts is not None else "",
        f"to do    {remedy(fault)}" if fault.cleared_at is None else "",
    ]
    kept = [line for number, line in enumerate(lines) if line or number == 1]
    return "\n".join((*map(_clean, kept), "", f"lightctl fault show {record.id}", ""))


def title_of_digest(told: Sequence[Told], site: str) -> str:
    """Give the subject line of several at once."""
    return f"{_site(site)}{len(told):,} faults: {_counts(told)}" if len(told) > 1 else f"{_site(site)}1 fault"


def text_of_digest(told: Sequence[Told], time_zone: str) -> str:
    """Tell several at once: what is there by area and severity, then what is over."""
    zone = ZoneInfo(time_zone)
    instants = [news.at for each in told for news in each.news]
    lines = [
        f"{len(told):,} fault{'' if len(told) == 1 else 's'}: {_counts(told)}",
        f"{_clock(min(instants), zone)} to {_clock(max(instants), zone)} ({time_zone})",
    ]
    ordered = sorted(told, key=order)
    area = None
    for each in ordered[:MOST_LISTED]:
        heading = ENDED if each.last.record.fault.cleared_at is not None else each.area
        if heading != area:
            lines += ["", heading]
            area = heading
        lines.append(_line(each, zone))
    if len(ordered) > MOST_LISTED:
        lines += ["", f"and {len(ordered) - MOST_LISTED:,} more: lightctl fault list --limit {len(ordered)}"]
    return "\n".join((*map(_clean, lines), "", "`lightctl fault show ID` tells more of each.", ""))


def _line(told: Told, zone: ZoneInfo) -> str:
    record = told.last.record
    fault = record.fault
    members = f", explains {len(fault.members):,}" if fault.members else ""
    since = f"since {_clock(fault.opened_at, zone)}"
    if fault.cleared_at is not None:
        since = f"from {_clock(fault.opened_at, zone)} to {_clock(fault.cleared_at, zone)}, {told.area}"
    said = f": {fault.detail}" if fault.detail else ""
    return (
        f"  {fault.severity:<9} {fault.event} at {fault.subject_kind} {fault.subject}, {since}{members}{said}"
        f"  (fault {record.id})"
    )


def order(told: Told) -> tuple[bool, str, int, dt.datetime]:
    """Give the place of a fault in a digest: what is there first, by area, severity and age."""
    fault = told.last.record.fault
    rank = SEVERITIES.index(fault.severity) if fault.severity in SEVERITIES else len(SEVERITIES)
    over = fault.cleared_at is not None
    return (over, "" if over else told.area, rank, fault.opened_at)


def _counts(told: Sequence[Told]) -> str:
    there = [each.last.record.fault for each in told]
    counts = Counter(fault.severity for fault in there if fault.cleared_at is None)
    ended = sum(1 for fault in there if fault.cleared_at is not None)
    words = [f"{counts[name]:,} {name}" for name in (*SEVERITIES, *sorted(set(counts) - set(SEVERITIES)))]
    return ", ".join(word for word in (*words, f"{ended:,} {ENDED}") if not word.startswith("0 "))


def _happened(kind: NewsKind) -> str:
    match kind:
        case NewsKind.CHANGED:
            return "its severity changed"
        case NewsKind.UNSILENCED:
            return "its silence is over and it is still there"
        case _:
            return kind.value


def _named(ids: Sequence[str]) -> str:
    more = len(ids) - MOST_NAMED
    return ", ".join(ids[:MOST_NAMED]) + (f" and {more:,} more" if more > 0 else "")


def _site(site: str) -> str:
    return f"{site}: " if site else ""


def _clock(at: dt.datetime, zone: ZoneInfo) -> str:
    return f"{at.astimezone(zone):%Y-%m-%d %H:%M}"


def _clean(line: str) -> str:
    """Keep what nodes say from making lines of its own."""
    return "".join(each if each.isprintable() else " " for each in line)
