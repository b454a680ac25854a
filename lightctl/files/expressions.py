"""Time expressions and durations, as people write them: "22:30", sunset-10m, dusk(-3)+1h30m, 90s."""

from __future__ import annotations

import re

from lightctl.domain.errors import InvalidInput
from lightctl.domain.programs import (
    DUSK_ALTITUDE_DEG,
    NOON_S,
    SUNSET_ALTITUDE_DEG,
    ClockTime,
    SunEvent,
    SunTime,
    TimeExpression,
)
from lightctl.files.findings import closest, quoted

MAX_DURATION_S = 12 * 3600
DAY_S = 24 * 3600
# Patterns that the schema for editors shares; regular expressions both of Python and of ECMAScript.
CLOCK_TIME = r"([01][0-9]|2[0-3]):([0-5][0-9])(?::([0-5][0-9]))?"
DURATION = r"(?:([0-9]{1,5})h)?(?:([0-9]{1,5})m)?(?:([0-9]{1,5})s)?"
ANGLE = r"[+-]?(?:[0-8]?[0-9](?:\.[0-9]{1,6})?|90(?:\.0{1,6})?)"
_CLOCK = re.compile(CLOCK_TIME)
_CLOCK_LIKE = re.compile(r"([0-9]{1,2})(?:[:.h]([0-9]{2}))? ?(am|pm|uhr|h)?", re.IGNORECASE)
_MIDNIGHT_AND_NOON = {"midnight": "00:00", "noon": "12:00"}
_ANY_TIME = 'Write "HH:MM" from "00:00" to "23:59", or sunset, sunrise, dusk, dawn with +10m or -10m.'
_HALF_A_DAY = 12
_DURATION_WORD = re.compile(r"(?<=[0-9]) *(h|m|s)[a-z]*[ .]*", re.IGNORECASE)
_DURATION = re.compile(DURATION)
_SUN = re.compile(
    r"(?P<event>[A-Za-z]+)(?: ?\( ?(?P<angle>[^()]*?) ?\))?(?: ?(?P<sign>[+-]) ?(?P<offset>[0-9a-z]+))?",
)
_ANGLE = re.compile(ANGLE)
_MAX_TEXT = 80
_EVENTS = {event.value: event for event in SunEvent}


def parse_duration(text: str, *, where: str = "", limit_s: int = MAX_DURATION_S) -> int:
    """Read 90s, 10m or 1h30m into seconds; raises InvalidInput, also above `limit_s`."""
    found = _DURATION.fullmatch(text) if text else None
    if found is None:
        raise InvalidInput(where, f"{quoted(text)} is not a duration", hint=_duration_hint(text))
    hours, minutes, seconds = (int(part or 0) for part in found.groups())
    total = hours * 3600 + minutes * 60 + seconds
    if total > limit_s:
        raise InvalidInput(
            where, f"the duration {quoted(text)} is too long", hint=f"At most {limit_s // 3600} hours are allowed."
        )
    return total


def parse_clock_time(text: str, *, where: str = "") -> ClockTime:
    """Read "HH:MM" or "HH:MM:SS"; raises InvalidInput."""
    found = _CLOCK.fullmatch(text)
    if found is None:
        hint = _clock_hint(text) or 'Write "HH:MM" from "00:00" to "23:59".'
        raise InvalidInput(where, f"{quoted(text)} is not a clock time", hint=hint)
    hours, minutes, seconds = (int(part or 0) for part in found.groups())
    return ClockTime(hours * 3600 + minutes * 60 + seconds)


def parse_time_expression(text: str, *, where: str = "") -> TimeExpression:
    """Read a clock time or a sun event with its offset; raises InvalidInput."""
    if _CLOCK.fullmatch(text):
        return parse_clock_time(text, where=where)
    # Runs of spaces are folded first: nothing hostile is left for the pattern to backtrack over.
    found = _SUN.fullmatch(" ".join(text.split())) if len(text) <= _MAX_TEXT else None
    if found is None or found["event"] not in _EVENTS:
        raise InvalidInput(where, f"{quoted(text)} is not a time", hint=_time_hint(text))
    event = _EVENTS[found["event"]]
    twilight = event in (SunEvent.DUSK, SunEvent.DAWN)
    if found["angle"] is not None and not twilight:
        twin = "dusk" if event.downwards else "dawn"
        raise InvalidInput(where, f"{event} takes no angle", hint=f"Write {twin}({found['angle']}) or {event}.")
    altitude = DUSK_ALTITUDE_DEG if twilight else SUNSET_ALTITUDE_DEG
    if found["angle"] is not None:
        altitude = _angle(found["angle"], where)
    offset = 0
    if found["offset"] is not None:
        if twilight and found["offset"].isdigit():
            angle = f"{event}({found['sign']}{found['offset']})"
            hint = f"An angle stands in brackets: {angle}; a duration has a unit: {found['offset']}m."
            raise InvalidInput(where, f"{quoted(text)} is not a time", hint=hint)
        offset = parse_duration(found["offset"], where=where)
    return SunTime(event, altitude, -offset if found["sign"] == "-" else offset)


def seconds_after_noon(clock: ClockTime) -> int:
    """Give where a clock time stands in the night, which runs from noon to noon: 12:00 is 0, 11:59 is last."""
    return (clock.seconds - NOON_S) % DAY_S


def _angle(text: str, where: str) -> float:
    if not _ANGLE.fullmatch(text):
        raise InvalidInput(
            where,
            f"{quoted(text)} is not an angle in degrees",
            hint="Write degrees from -90 to 90: dusk(-3), dawn(-4.5).",
        )
    return float(text)


def _time_hint(text: str) -> str:
    word = re.match(r"[A-Za-z]+", text)
    if word is None or word[0].lower() in _MIDNIGHT_AND_NOON:
        return _clock_hint(text) or _ANY_TIME
    if word[0].lower() in _EVENTS and word[0] not in _EVENTS:
        return f"Write {word[0].lower()} in small letters."
    if word[0] in _EVENTS:
        return f"Write {word[0]}, {word[0]}+10m or {word[0]}-1h30m."
    known = closest(word[0], _EVENTS)
    return f"Did you mean {known}?" if known else _ANY_TIME


def _clock_hint(text: str) -> str:
    """Say which clock time was meant; "" when nobody can tell."""
    if text in ("24:00", "24:00:00"):
        return 'Write "00:00"; it is the midnight after the evening.'
    if text.lower() in _MIDNIGHT_AND_NOON:
        return f'Write "{_MIDNIGHT_AND_NOON[text.lower()]}".'
    like = _CLOCK_LIKE.fullmatch(text.strip())
    if like is not None and (like[2] or like[3]):
        hours, minutes, half = int(like[1]), like[2] or "00", (like[3] or "").lower()
        if half in ("am", "pm") and 1 <= hours <= _HALF_A_DAY:
            hours = hours % _HALF_A_DAY + (_HALF_A_DAY if half == "pm" else 0)
        if _CLOCK.fullmatch(f"{hours:02}:{minutes}"):
            return f'Write "{hours:02}:{minutes}".'
    if text.isascii() and text.isdigit() and len(text) <= 4 and int(text) < DAY_S // 60:  # noqa: PLR2004 - as 22:30
        return f'Write "HH:MM"; if a tool turned it into minutes, it was "{int(text) // 60:02}:{int(text) % 60:02}".'
    return ""


def _duration_hint(text: str) -> str:
    if text.isascii() and text.isdigit() and len(text) < 6:  # noqa: PLR2004 - as many digits as a duration may have
        return f"Write the unit: {text}s or {text}m."
    short = _DURATION_WORD.sub(lambda unit: unit[1].lower(), text)
    return f"Write {short}." if short != text and _DURATION.fullmatch(short) else "Write 90s, 10m or 1h30m."
