"""Citizens: what people who walk the street can report of its lights, in the words of Open311 GeoReport v2.

A report is taken in, not believed: it is brought to a light point, laid beside others of the same kind, and shown with
the fault that explains it. No fault of ours begins with it. Who reported is kept apart from what was reported.
"""

from __future__ import annotations

import datetime as dt
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

MAX_DESCRIPTION = 4000
_KEPT_CONTROLS = "\n"
# Marks that turn the direction of text round: harmless in a letter, misleading in a table.
_TURNING = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_UNWANTED = frozenset({"Cc", "Cs", "Cn", "Co", "Zl", "Zp"})


@dataclass(frozen=True, slots=True)
class Service:
    """A kind of report. events: faults of ours it may be the sight of, the likeliest first; details: key -> name."""

    code: str
    name: str
    description: str
    keywords: str
    events: tuple[str, ...]
    details: Mapping[str, str]

    @property
    def event(self) -> str:
        """What a work order for such a report is opened for: the likeliest fault, or the damage that no node sees."""
        return self.code if self.code == "damaged" else self.events[0]


def _details(**details: str) -> Mapping[str, str]:
    return MappingProxyType(details)


_KINDS = (
    Service(
        "lamp_out",
        "Street light out",
        "A street light stays dark at night.",
        "dark, broken, defective, lamp, street light",
        ("lampFailure", "supplyLoss", "circuitBreakerTripped", "relayFailure", "communicationFailure"),
        _details(one="This light only", row="Several lights in a row", street="The whole street"),
    ),
    Service(
        "lamp_on_by_day",
        "Street light on by day",
        "A street light burns in daylight.",
        "daylight, day burner, lamp, street light",
        ("lampUnexpectedOn", "relayFailure"),
        _details(one="This light only", row="Several lights in a row", street="The whole street"),
    ),
    Service(
        "flickering",
        "Street light flickering",
        "A street light flickers, or goes on and off.",
        "flicker, blinking, on and off, lamp, street light",
        ("cyclingFailure", "lampFailure"),
        _details(flickers="It flickers", cycles="It goes out and comes back"),
    ),
    Service(
        "brightness",
        "Street light too bright or too dark",
        "A street light dazzles, shines into a window, or gives too little light.",
        "bright, dim, dark, glare, lamp, street light",
        ("dimmingFailure", "lampPowerTooLow", "lampPowerTooHigh"),
        _details(too_bright="Too bright", too_dark="Too dark"),
    ),
    Service(
        "damaged",
        "Street light damaged",
        "A pole was hit or leans, a door is open, a cable or broken glass can be seen. Where somebody may come to "
        "harm, call the emergency number instead.",
        "pole, mast, door, cable, accident, vandalism, street light",
        ("cabinetDoorOpen",),
        _details(pole="Pole hit or leaning", door="Door open", cable="Cable to be seen", glass="Glass or head broken"),
    ),
)
SERVICES: Mapping[str, Service] = MappingProxyType({each.code: each for each in _KINDS})


class Closing(StrEnum):
    """Why a report was closed: its fault cleared, its work order was done, or an operator said so."""

    FAULT = "fault"
    WORK = "work"
    OPERATOR = "operator"


@dataclass(frozen=True, slots=True)
class Contact:
    """Who reported: kept for questions, for a limited time, and never given out."""

    email: str = ""
    first_name: str = ""
    last_name: str = ""
    phone: str = ""

    @property
    def empty(self) -> bool:
        """Whether nothing of it was given."""
        return not (self.email or self.first_name or self.last_name or self.phone)


@dataclass(frozen=True, slots=True)
class CitizenReport:
    """One citizen's report. Degrees WGS84; instants aware UTC.

    light_point: where it belongs ("": not known yet), distance_m from the place given. parent: the first report of the
    same thing, whose end is this one's too. fault, work_order: numbers of what is linked. accepted_at: since when the
    public may see it. note: what an operator, or a work order's cause, says of its closing.
    """

    id: int
    service: str
    requested_at: dt.datetime
    updated_at: dt.datetime
    description: str = ""
    detail: str = ""
    plate: str = ""
    address: str = ""
    media_url: str = ""
    lat: float | None = None
    lon: float | None = None
    light_point: str = ""
    distance_m: float | None = None
    parent: int | None = None
    fault: int | None = None
    work_order: int | None = None
    token: str = ""
    accepted_at: dt.datetime | None = None
    closed_at: dt.datetime | None = None
    closing: Closing | None = None
    note: str = ""
    client: str = ""

    @property
    def open(self) -> bool:
        """Whether nobody has dealt with it yet."""
        return self.closed_at is None


def plain(text: str, *, lines: bool = False) -> str:
    """Give a stranger's text without what steers terminals, breaks XML or turns text round; trimmed.

    lines: whether line breaks stay; else all of it comes to one line.
    """
    unbroken = text.replace("\r\n", "\n").replace("\r", "\n").replace("\u2028", "\n").replace("\u2029", "\n")
    spaced = unbroken.replace("\t", " ")
    kept = "".join(
        each
        for each in spaced
        if each in _KEPT_CONTROLS or (unicodedata.category(each) not in _UNWANTED and each not in _TURNING)
    )
    return kept.strip() if lines else " ".join(kept.split())
