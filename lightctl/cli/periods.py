"""Periods as operators type them: --from and --to as days or months of the city's calendar, or as instants."""

from __future__ import annotations

import datetime as dt
import re
from typing import TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo

import typer

from lightctl.cli.times import city_clock, parse_instant, rfc_3339
from lightctl.domain.errors import InvalidInput

if TYPE_CHECKING:
    from lightctl.cli.client import Client

From = Annotated[
    str | None,
    typer.Option(
        "--from", metavar="TIME", help="First day (YYYY-MM-DD) or month (YYYY-MM), or an instant; default this month."
    ),
]
To = Annotated[
    str | None,
    typer.Option("--to", metavar="TIME", help="Last day or month, all of it, or an instant; default now."),
]
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_MONTH = re.compile(r"\d{4}-\d{2}", re.ASCII)
_A_MONTH = dt.timedelta(days=31)


def period(
    client: Client, since: str | None, until: str | None, *, usual: tuple[dt.datetime, dt.datetime] | None = None
) -> tuple[str, str]:
    """Give a period as the API takes it; where nothing is said `usual`, else this month so far. Raises InvalidInput."""
    if since is None and until is None and usual is not None:
        return rfc_3339(usual[0]), rfc_3339(usual[1])
    now, zone = city_clock(client)
    if since is None:
        first = now.astimezone(zone).date().replace(day=1)
        begin = dt.datetime.combine(first, dt.time(), zone).astimezone(dt.UTC)
    else:
        begin = beginning(since, zone, where="--from")
    end = now if until is None else ending(until, zone, where="--to")
    if begin >= end:
        raise InvalidInput("--from, --to", "the period is empty", hint="Give a --from that is before --to.")
    return rfc_3339(begin), rfc_3339(end)


def beginning(text: str, zone: ZoneInfo, *, where: str) -> dt.datetime:
    """Read the beginning of a period: of a day or month its first instant. UTC; raises InvalidInput."""
    return _days(text, zone, where)[0]


def ending(text: str, zone: ZoneInfo, *, where: str) -> dt.datetime:
    """Read the end of a period: of a day or month its last instant. UTC; raises InvalidInput."""
    return _days(text, zone, where)[1]


def _days(text: str, zone: ZoneInfo, where: str) -> tuple[dt.datetime, dt.datetime]:
    text = text.strip()
    try:
        if _DAY.fullmatch(text):
            first = dt.date.fromisoformat(text)
            last = first + dt.timedelta(days=1)
        elif _MONTH.fullmatch(text):
            first = dt.date.fromisoformat(f"{text}-01")
            last = (first + _A_MONTH).replace(day=1)
        else:
            instant = parse_instant(text, zone, where=where)
            if instant is None:
                raise _not_a_day(text, where)
            return instant, instant
        begin, end = (dt.datetime.combine(each, dt.time(), zone).astimezone(dt.UTC) for each in (first, last))
    except (ValueError, OverflowError, InvalidInput):
        raise _not_a_day(text, where) from None
    return begin, end


def _not_a_day(text: str, where: str) -> InvalidInput:
    return InvalidInput(where, f"{text!r} is no day", hint="Write 2026-11-23, 2026-11, or 2026-11-23T12:00+01:00.")
