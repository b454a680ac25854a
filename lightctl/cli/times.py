"""Times as operators type them, read for a city's own clock."""

from __future__ import annotations

import datetime as dt
import re
import zoneinfo
from typing import TYPE_CHECKING

from lightctl.domain.errors import InvalidInput

if TYPE_CHECKING:
    from lightctl.cli.client import Client

_DURATION = re.compile(r"(?:(\d{1,4})d)?(?:(\d{1,5})h)?(?:(\d{1,6})m)?(?:(\d{1,7})s)?", re.ASCII)
_CLOCK = re.compile(r"(\d{1,2}):(\d\d)(?::(\d\d))?", re.ASCII)
_NOON = dt.time(12)


def zone_of(name: str) -> zoneinfo.ZoneInfo:
    """Give a time zone by its IANA name; raises InvalidInput."""
    try:
        return zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        raise InvalidInput("--tz", f"{name!r} is not a time zone", hint="Write one such as Europe/Berlin.") from None


def parse_duration(text: str, *, where: str) -> dt.timedelta:
    """Read 90s, 10m, 1h30m or 2d; more than nothing. Raises InvalidInput."""
    found = _DURATION.fullmatch(text.strip())
    parts = [int(part or 0) for part in found.groups()] if found else [0]
    if not any(parts):
        raise InvalidInput(where, f"{text!r} is not a duration", hint="Write one such as 90s, 10m, 1h30m or 2d.")
    days, hours, minutes, seconds = parts
    return dt.timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)


def parse_lasting(duration: str | None, until: str | None) -> dt.timedelta | None:
    """Read --for, None where it is not given; raises InvalidInput where --until says the end as well."""
    if duration is not None and until is not None:
        raise InvalidInput("--for, --until", "both say when it ends", hint="Give one of them.")
    return None if duration is None else parse_duration(duration, where="--for")


def city_clock(client: Client) -> tuple[dt.datetime, zoneinfo.ZoneInfo]:
    """Ask what time it is in the city, and by which clock."""
    city = client.get("/v1/status")
    return dt.datetime.fromisoformat(city["now"]), zone_of(city["time_zone"])


def parse_instant(text: str, zone: zoneinfo.ZoneInfo, *, where: str) -> dt.datetime | None:
    """Read a date and time, RFC 3339 or local without an offset; None when it is only a clock time. UTC.

    A local time that clocks skip is read with the offset before the gap, one they show twice is the first.
    """
    if _CLOCK.fullmatch(text.strip()):
        return None
    try:
        instant = dt.datetime.fromisoformat(text.strip())
    except ValueError:
        raise _not_a_time(text, where) from None
    if instant.tzinfo is None:
        instant = instant.replace(tzinfo=zone)
    try:
        return instant.astimezone(dt.UTC)
    except OverflowError:
        raise _not_a_time(text, where) from None


def parse_coming(text: str, now: dt.datetime, zone: zoneinfo.ZoneInfo, *, where: str) -> dt.datetime:
    """Read a time to come: RFC 3339, local date and time, or the next HH:MM of the city's clock. UTC."""
    instant = parse_instant(text, zone, where=where)
    if instant is not None:
        return instant
    clock = _clock(text, where)
    today = now.astimezone(zone).date()
    coming = [_at(today + dt.timedelta(days=days), clock, zone) for days in (0, 1)]
    return next(found for found in (*coming, coming[-1]) if found > now or found == coming[-1])


def parse_of_night(text: str, now: dt.datetime, zone: zoneinfo.ZoneInfo, *, where: str) -> dt.datetime:
    """Read an instant, where HH:MM means the present lighting day's, from noon to noon. UTC."""
    instant = parse_instant(text, zone, where=where)
    if instant is not None:
        return instant
    clock = _clock(text, where)
    local = now.astimezone(zone)
    first = local.date() if local.time() >= _NOON else local.date() - dt.timedelta(days=1)
    return _at(first if clock >= _NOON else first + dt.timedelta(days=1), clock, zone)


def parse_past(text: str, now: dt.datetime, zone: zoneinfo.ZoneInfo, *, where: str) -> dt.datetime:
    """Read how long ago (2d), a date and time, or the last HH:MM of the city's clock. UTC."""
    ago = text.strip().removesuffix(" ago")
    if _DURATION.fullmatch(ago):
        return now - parse_duration(ago, where=where)
    instant = parse_instant(text, zone, where=where)
    if instant is not None:
        return instant
    today = _at(now.astimezone(zone).date(), _clock(text, where), zone)
    return today if today <= now else today - dt.timedelta(days=1)


def said_s(seconds: int) -> str:
    """Say how long something lasts, in its two greatest parts: 3d 4h, 2h 15m, 40s."""
    parts = ((86_400, "d"), (3600, "h"), (60, "m"), (1, "s"))
    left, said = seconds, []
    for size, unit in parts:
        if left >= size:
            said.append(f"{left // size}{unit}")
        left %= size
    return " ".join(said[:2]) or "0s"


def rfc_3339(instant: dt.datetime) -> str:
    """Write an instant as the API takes it."""
    return instant.astimezone(dt.UTC).isoformat().replace("+00:00", "Z")


def _clock(text: str, where: str) -> dt.time:
    found = _CLOCK.fullmatch(text.strip())
    assert found is not None
    try:
        return dt.time(int(found[1]), int(found[2]), int(found[3] or 0))
    except ValueError:
        raise _not_a_time(text, where) from None


def _at(date: dt.date, clock: dt.time, zone: zoneinfo.ZoneInfo) -> dt.datetime:
    return dt.datetime.combine(date, clock, zone).astimezone(dt.UTC)


def _not_a_time(text: str, where: str) -> InvalidInput:
    return InvalidInput(
        where,
        f"{text!r} is not a time",
        hint="Write HH:MM or 2026-11-23T22:30 of the city's clock, or 2026-11-23T22:30:00+01:00.",
    )
