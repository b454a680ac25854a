"""Settlement: unmetered supplies of the UK, where a control file says what there is and switching says what it drew.

The words are Elexon's (BSCP520): a sub-meter is a part of an inventory, a unit is what the CMS switches and names by a
reference of 12 characters, a charge code stands for circuit watts. Instants are aware UTC; levels percent, W, kWh.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

SUB_METER = re.compile(r"[a-z0-9]{7}", re.ASCII)
UNIT = re.compile(r"[A-Za-z0-9]{12}", re.ASCII)
CHARGE_CODE = re.compile(r"[0-9]{13}", re.ASCII)
REGIMES = ("998", "999")
MAX_ITEMS = 999_999
MAX_VERSION = 999


@dataclass(frozen=True, slots=True)
class ControlUnit:
    """One line of a control file: how many items of which charge code a unit switches, under which switch regime."""

    unit: str
    items: int
    regime: str
    charge_code: str


@dataclass(frozen=True, slots=True)
class ControlFile:
    """A control file: all units of a sub-meter from a day on.

    line_end, ended: how its lines end, and whether the last one does too, so that it is written as it was read.
    """

    sub_meter: str
    effective: dt.date
    version: int
    units: tuple[ControlUnit, ...]
    line_end: str = "\n"
    ended: bool = True

    @property
    def name(self) -> str:
        """The name its file must have."""
        return f"control{self.sub_meter}{self.day}.log"

    @property
    def day(self) -> str:
        """The day it counts from, as the file writes it."""
        return self.effective.isoformat().replace("-", "")


class Information(StrEnum):
    """How a level is known: the node reported it; it held it when the day began; nobody knows since then."""

    REPORTED = "reported"
    CARRIED = "carried"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class SwitchingEvent:
    """From `at` on a unit held a level; level and circuit_w are None while nobody knows.

    circuit_w: what all its items draw at that level by their power curve, None where no wattage is known.
    """

    unit: str
    at: dt.datetime
    level: int | None
    circuit_w: float | None
    information: Information


@dataclass(frozen=True, slots=True)
class UnitDay:
    """One unit's day: the light point that has its reference, and its events in order; none where nothing was heard."""

    unit: str
    light_point: str
    events: tuple[SwitchingEvent, ...]


@dataclass(frozen=True, slots=True)
class SettlementDay:
    """What an event log is of: a sub-meter and a local day, from start until (excluded) end; units: its references."""

    sub_meter: str
    date: dt.date
    start: dt.datetime
    end: dt.datetime
    units: Mapping[str, str]
