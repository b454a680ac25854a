"""The chain of a change, lamp by lamp: who vouches for what, and how the whole of it ends as an exit code."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from lightctl.cli.failures import ExitCode
from lightctl.cli.output import Column, Json, percent

SMALL = 20
_STYLES = {"confirmed": "green", "pending": "yellow"}


def _clock(point: Json) -> str:
    at = point.get("accepted_at")
    return dt.datetime.fromisoformat(at).astimezone().strftime("%H:%M:%S") if at else ""


def _after(point: Json, key: str) -> str:
    """Show an instant as the time since the change was accepted."""
    at, begin = point.get(key), point.get("accepted_at")
    if not at or not begin:
        return ""
    return f"+{(dt.datetime.fromisoformat(at) - dt.datetime.fromisoformat(begin)).total_seconds():.1f} s"


_ID = Column("ID", lambda point: point["id"])
_STATE = Column("STATE", lambda point: point["state"], lambda point: _STYLES.get(point["state"], "red"))
_DETAIL = Column("DETAIL", lambda point: point["detail"])
VERDICTS = (_ID, _STATE, _DETAIL)
CHAIN = (
    _ID,
    _STATE,
    Column("ACCEPTED", _clock),
    Column("SENT", lambda point: _after(point, "sent_at"), right=True),
    Column("BROKER", lambda point: _after(point, "broker_acked_at"), right=True),
    Column("CONFIRMED", lambda point: _after(point, "confirmed_at"), right=True),
    Column("MEASURED", lambda point: percent(point.get("level")), right=True),
    _DETAIL,
)


def listed(change: dict[str, Any], *, waited: bool) -> Sequence[Json]:
    """Give the lamps that people are shown: of few that were waited for all, else those that did not follow."""
    if waited and change["affected"] <= SMALL:
        points: Sequence[Json] = change["points"]
        return points
    wrong = ("failed", "expired", "pending") if waited else ("failed", "expired")
    return [point for point in change["points"] if point["state"] in wrong]


def exit_code(change: dict[str, Any]) -> ExitCode:
    """Say how a change that was waited for ended: partly done when some lamps followed and some did not in time."""
    lost = change["failed"] + change["expired"] + change["pending"]
    if not lost:
        return ExitCode.OK
    if change["confirmed"]:
        return ExitCode.PARTLY
    return ExitCode.UNREACHABLE if change["pending"] else ExitCode.FAILED
