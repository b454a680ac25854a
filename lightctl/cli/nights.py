"""Nights without any lamp: the program a calendar chooses, compiled for a place, in the shape of a preview."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from lightctl.domain.assets import Place
from lightctl.domain.errors import InvalidInput
from lightctl.domain.programs import Calendar, ControlProgram, Intent
from lightctl.domain.selectors import EVERYTHING
from lightctl.planning.calendars import choose
from lightctl.planning.night import Night, night


@dataclass(frozen=True, slots=True)
class Chosen:
    """What to preview: a calendar's choice each night, or one program for all."""

    intent: Intent
    calendar: Calendar | None
    program: ControlProgram | None


@dataclass(frozen=True, slots=True)
class PreviewedNight:
    """A compiled night, and the calendar and rule that chose its program (None: no calendar, its default)."""

    night: Night
    calendar: str | None
    rule: int | None
    place: Place


def chosen(intent: Intent, calendar: str | None, program: str | None) -> Chosen:
    """Find what to preview; without a name the calendar of `*`, or the only one there is. Raises InvalidInput."""
    if calendar is not None and program is not None:
        raise InvalidInput("--calendar, --program", "both choose what to preview", hint="Give one of them.")
    if program is None and calendar is None:
        usual = [each.calendar for each in intent.assignments if each.select == EVERYTHING]
        if usual or len(intent.calendars) == 1:
            calendar = next(iter(usual or intent.calendars))
        elif not intent.calendars and len(intent.programs) == 1:
            program = next(iter(intent.programs))
        else:
            raise InvalidInput("preview", "say what to preview", hint=f"Give --calendar or --program. {_known(intent)}")
    if calendar is not None:
        if calendar not in intent.calendars:
            raise InvalidInput("--calendar", f"no calendar {calendar!r} in these files", hint=_known(intent))
        return Chosen(intent, intent.calendars[calendar], None)
    if program is None or program not in intent.programs:
        raise InvalidInput("--program", f"no program {program!r} in these files", hint=_known(intent))
    return Chosen(intent, None, intent.programs[program])


def compiled(what: Chosen, date: dt.date, place: Place) -> PreviewedNight:
    """Compile one night."""
    if what.program is not None:
        return PreviewedNight(night(what.program, date, place), None, None, place)
    assert what.calendar is not None
    name, rule = choose(what.calendar, date)
    return PreviewedNight(night(what.intent.programs[name], date, place), what.calendar.id, rule, place)


def shape(previewed: PreviewedNight) -> dict[str, Any]:
    """Give a night as scripts rely on it (contracts 6)."""
    zone = ZoneInfo(previewed.place.time_zone)
    found = previewed.night
    return {
        "date": found.date.isoformat(),
        "calendar": previewed.calendar,
        "program": found.program,
        "rule": previewed.rule,
        "sunset": _utc(found.sunset),
        "sunrise": _utc(found.sunrise),
        "switches": [
            {
                "at": _utc(switch.at),
                "local": switch.at.astimezone(zone).isoformat(timespec="seconds"),
                "level": switch.level,
                "ramp_s": switch.ramp_s,
                "cause": switch.cause,
            }
            for switch in found.switches
        ],
    }


def rows(previewed: PreviewedNight) -> list[dict[str, Any]]:
    """Give a night as one row a switch."""
    whole = shape(previewed)
    night_of = {key: whole[key] for key in ("date", "calendar", "program", "rule")}
    return [night_of | switch for switch in whole["switches"]]


def _utc(instant: dt.datetime | None) -> str | None:
    if instant is None:
        return None
    return instant.astimezone(dt.UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def _known(intent: Intent) -> str:
    calendars = ", ".join(sorted(intent.calendars)) or "none"
    return f"Calendars: {calendars}; programs: {', '.join(sorted(intent.programs)) or 'none'}."
