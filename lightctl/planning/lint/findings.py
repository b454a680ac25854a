"""What the lint can find: stable codes that docs/errors.md explains, and one finding with its nights and its place."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from lightctl.domain.programs import NOWHERE, Source

NIGHTS_NAMED = 5


class LintCode(StrEnum):
    """Stable names of what can be odd about schedules that read without errors."""

    DAYLIGHT = "LC-L001"
    NEVER_ON = "LC-L002"
    NEVER_OFF = "LC-L003"
    IDLE_STEP = "LC-L004"
    SHUT_WINDOW = "LC-L005"
    CROSSING_STEPS = "LC-L006"
    IDLE_RULE = "LC-L007"
    SHADOWED_RULE = "LC-L008"
    BELOW_PROTECTION = "LC-L009"
    IDLE_ASSIGNMENT = "LC-L010"
    UNASSIGNED = "LC-L011"
    SWITCHINGS = "LC-L012"
    UNKNOWN_HOLIDAYS = "LC-L013"
    TIME_ZONE = "LC-L014"


@dataclass(frozen=True, slots=True)
class LintFinding:
    """One odd thing. `source` is where to look in people's files, NOWHERE when it stands in none.

    program, calendar: "" where the finding speaks of none. nights: the first nights it shows in, at most NIGHTS_NAMED.
    count: in how many nights it does; of LC-L011 how many light points; 0 where nights do not matter.
    """

    code: LintCode
    message: str
    source: Source = NOWHERE
    program: str = ""
    calendar: str = ""
    nights: tuple[dt.date, ...] = ()
    count: int = 0


@dataclass(frozen=True, slots=True)
class Limits:
    """From where on something is odd.

    daylight_s: seconds a lamp may burn before sunset and after sunrise. switchings: changes of level in one night.
    """

    daylight_s: int = 30 * 60
    switchings: int = 12


USUAL_LIMITS = Limits()


def named(nights: Iterable[dt.date]) -> tuple[tuple[dt.date, ...], int]:
    """Give the first nights by date, and how many there are."""
    found = sorted(set(nights))
    return tuple(found[:NIGHTS_NAMED]), len(found)
