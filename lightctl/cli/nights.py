"""What a preview shows: compiled nights, of a calendar or program by name or of lamps, in the shape scripts rely on."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from lightctl.cli.output import count
from lightctl.domain.assets import Place
from lightctl.domain.errors import InvalidInput
from lightctl.domain.programs import Calendar, ControlProgram, Intent
from lightctl.domain.selectors import EVERYTHING
from lightctl.planning.calendars import choose
from lightctl.planning.floors import Floor
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

    @property
    def title(self) -> str:
        """The night in one line: its dates, its program, and who chose that."""
        first, last = self.night.date, self.night.date + dt.timedelta(days=1)
        by = "" if self.calendar is None else f" (calendar {self.calendar}, {self.chosen_by})"
        return f"night of {first:%a %Y-%m-%d} to {last:%a %Y-%m-%d}: program {self.night.program}{by}"

    @property
    def chosen_by(self) -> str:
        """What of the calendar chose the program, for people; empty where there is no calendar."""
        if self.calendar is None:
            return ""
        return "its default" if self.rule is None else f"rule {self.rule + 1}"


@dataclass(frozen=True, slots=True)
class Lamps:
    """Light points that share their nights, by id, with the floor under them.

    places: how many place cells they stand in; the nights are those of the cell most of them, `shown_at` among them,
    stand in. apart: by how much their sunsets differ at most.
    """

    ids: tuple[str, ...]
    floor: Floor
    shown_at: str
    places: int = 1
    apart: dt.timedelta = dt.timedelta(0)


@dataclass(frozen=True, slots=True)
class Shown:
    """Nights in a row that are shown once, and the lamps that have them (None: nights without lamps)."""

    nights: tuple[PreviewedNight, ...]
    lamps: Lamps | None = None

    @property
    def title(self) -> str:
        """The nights in one line: how many, from when to when, and of what."""
        first, last = self.nights[0], self.nights[-1]
        of = f"program {first.night.program}" if first.calendar is None else f"calendar {first.calendar}"
        return (
            f"{count(len(self.nights), 'night')}, {first.night.date:%a %Y-%m-%d} to {last.night.date:%a %Y-%m-%d}: {of}"
        )


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
            hint = f"Give --calendar or --program, or lamps by --light, --group or -l. {_known(intent)}"
            raise InvalidInput("preview", "say what to preview", hint=hint)
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


def where(place: Place) -> str:
    """Write a place for people."""
    north, east = place.latitude, place.longitude
    return (
        f"{abs(north):g}° {'N' if north >= 0 else 'S'}, {abs(east):g}° {'E' if east >= 0 else 'W'}, {place.time_zone}"
    )


def shapes(shown: Sequence[Shown]) -> list[dict[str, Any]]:
    """Give the nights of all that is shown as scripts rely on them (contracts 6)."""
    return [_shape(each) | _lamps(one.lamps) for one in shown for each in one.nights]


def rows(shapes: Sequence[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Give nights, in their shape, as one row a switch."""
    for shape in shapes:
        night_of = {key: shape[key] for key in ("date", "calendar", "program", "rule")}
        lamps = {key: shape[key] for key in ("count", "lights") if key in shape}
        for switch in shape["switches"]:
            yield night_of | switch | lamps


def _shape(previewed: PreviewedNight) -> dict[str, Any]:
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


def _lamps(lamps: Lamps | None) -> dict[str, Any]:
    return {} if lamps is None else {"count": len(lamps.ids), "lights": list(lamps.ids)}


def _utc(instant: dt.datetime | None) -> str | None:
    if instant is None:
        return None
    return instant.astimezone(dt.UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def _known(intent: Intent) -> str:
    calendars = ", ".join(sorted(intent.calendars)) or "none"
    return f"Calendars: {calendars}; programs: {', '.join(sorted(intent.programs)) or 'none'}."
