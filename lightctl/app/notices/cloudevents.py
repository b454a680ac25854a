"""CloudEvents: what machines are told, as CloudEvents 1.0 in structured JSON.

One event is `lightctl.fault.KIND.v1` with the fault as data, several are `lightctl.fault.digest.v1`. Keys are stable;
further ones may come. A body stays below what brokers carry: of a long digest the rest is counted.
"""

from __future__ import annotations

import datetime as dt
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from lightctl.app.faults.remedies import remedy
from lightctl.domain.assets import LightPoint
from lightctl.domain.faults import FaultState
from lightctl.domain.notices import News, NewsKind

MOST_BYTES = 48_000
MOST_LIGHT_POINTS = 20


@dataclass(frozen=True, slots=True)
class Told:
    """A fault that is told of, with everything that happened to it since, where it is, and where it stands."""

    news: tuple[News, ...]
    lamps: tuple[LightPoint, ...]
    area: str
    state: FaultState

    @property
    def last(self) -> News:
        """The newest of it."""
        return self.news[-1]


def one(told: Told, site: str, now: dt.datetime) -> str:
    """Write one piece of news."""
    news = told.last
    at = now if news.kind is NewsKind.CHANGED else news.at
    data = {"news": news.kind, **_fault(told, now)}
    return _dump(_envelope(news.uid, f"lightctl.fault.{news.kind}.v1", site, news.record.fault.subject, at, data))


def digest(digest_id: str, told: Sequence[Told], site: str, target: str, now: dt.datetime) -> str:
    """Write several at once: counts of all, and as many in full as fit."""
    instants = [news.at for each in told for news in each.news]
    counts = {
        "count": len(told),
        "since": _instant(min(instants)),
        "until": _instant(max(instants)),
        "severities": dict(Counter(each.last.record.fault.severity for each in told)),
        "states": dict(Counter(each.state.value for each in told)),
        "events": dict(Counter(each.last.record.fault.event.value for each in told)),
    }
    listed = len(told)
    while True:
        faults = [
            {"news": [news.kind for news in each.news], "area": each.area, **_fault(each, now)}
            for each in told[:listed]
        ]
        data = counts | {"faults": faults, "more": len(told) - listed}
        body = _dump(_envelope(digest_id, "lightctl.fault.digest.v1", site, target, now, data))
        size = len(body.encode())
        if size <= MOST_BYTES or not listed:
            return body
        listed = min(listed - 1, int(listed * MOST_BYTES / size))


def trial(trial_id: str, site: str, target: str, user: str, now: dt.datetime) -> str:
    """Write a message that tells of nothing but itself."""
    data = {"text": "This is a test. Nothing is wrong.", "user": user}
    return _dump(_envelope(trial_id, "lightctl.notification.test.v1", site, target, now, data))


def _envelope(
    event_id: str, kind: str, site: str, subject: str, at: dt.datetime, data: dict[str, Any]
) -> dict[str, Any]:
    return {
        "specversion": "1.0",
        "id": event_id,
        "source": f"/lightctl/{quote(site or 'city', safe='')}",
        "type": kind,
        "subject": subject,
        "time": _instant(at),
        "datacontenttype": "application/json",
        "data": data,
    }


def _fault(told: Told, now: dt.datetime) -> dict[str, Any]:
    record = told.last.record
    fault, acknowledged = record.fault, record.acknowledged(now)
    return {
        "id": record.id,
        "event": fault.event,
        "severity": fault.severity,
        "state": told.state,
        "subject_kind": fault.subject_kind,
        "subject": fault.subject,
        "opened_at": _instant(fault.opened_at),
        "cleared_at": None if fault.cleared_at is None else _instant(fault.cleared_at),
        "detail": fault.detail,
        "light_points": [point.id for point in told.lamps[:MOST_LIGHT_POINTS]],
        "light_point_count": len(told.lamps),
        "members": len(fault.members),
        "watts": fault.watts,
        "acknowledged_by": "" if acknowledged is None else acknowledged.user,
        "note": "" if acknowledged is None else acknowledged.note,
        "remedy": remedy(fault),
        "show": f"lightctl fault show {record.id}",
    }


def _instant(at: dt.datetime) -> str:
    return at.astimezone(dt.UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def _dump(event: dict[str, Any]) -> str:
    return json.dumps(event, ensure_ascii=False, separators=(",", ":"))
