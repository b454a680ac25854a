"""The night and the month of a street, as values: was there light, what was out and for how long, what did it cost.

Instants are aware UTC, dates those of nights (noon to noon), durations seconds, lamp-time lamp-seconds, energy kWh.
None is what is not known.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

from lightctl.domain.states import FaultEvent
from lightctl.reports.energy import EnergyRow
from lightctl.reports.light_time import LightTime

DARK_EVENTS = frozenset(
    {
        FaultEvent.LAMP_FAILURE,
        FaultEvent.SUPPLY_LOSS,
        FaultEvent.CIRCUIT_BREAKER_TRIPPED,
        FaultEvent.RELAY_FAILURE,
    }
)
"""Faults that take light from the street; each is an outage."""


@dataclass(frozen=True, slots=True)
class NightOfStreet:
    """One night: its light, and its energy where that was asked for night by night."""

    date: dt.date
    light: LightTime
    energy: EnergyRow | None = None


@dataclass(frozen=True, slots=True)
class Outage:
    """A fault that took light, by its number. lamps: how many it concerns. seconds: how long it was open so far.

    light_points: those concerned, the first few; address: of the first, "" where the inventory has none.
    """

    fault: int
    event: str
    subject_kind: str
    subject: str
    light_points: tuple[str, ...]
    address: str
    cabinet: str
    lamps: int
    opened_at: dt.datetime
    cleared_at: dt.datetime | None
    seconds: float
    detail: str


@dataclass(frozen=True, slots=True)
class OtherFaults:
    """Faults of one event that take no light, or not for sure."""

    event: str
    opened: int
    cleared: int
    open_at_end: int


@dataclass(frozen=True, slots=True)
class CabinetOfStreet:
    """The light behind one cabinet; `cabinet` "" for light points of no cabinet."""

    cabinet: str
    light_points: int
    lamps: int
    light: LightTime
    outages: int


@dataclass(frozen=True, slots=True)
class Burning:
    """Burning hours of single light points over the period, as their nodes said; those never heard of are left out.

    counts: how many light points by whole steps of `step_h` hours.
    """

    light_points: int = 0
    mean_h: float | None = None
    least_h: float | None = None
    least: str = ""
    most_h: float | None = None
    most: str = ""
    step_h: float = 1.0
    counts: tuple[tuple[float, int], ...] = ()


@dataclass(frozen=True, slots=True)
class BeyondPlan:
    """A light point that burnt longer than planned, by so many hours."""

    light_point: str
    cabinet: str
    hours: float


@dataclass(frozen=True, slots=True)
class EnergyOfStreet:
    """What the light used and cost, against its baseline, which `baseline` names; notes say what prices rest on."""

    total: EnergyRow
    baseline: str = ""
    currency: str = ""
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class StreetReport:
    """A night or a month of a city or a part of it.

    kind: `night` or `month`. first, last: the dates of its nights. until: its end, or now in a period that still runs
    (`complete` False). select: "*" for the whole city. light_points, lamps: those that take part; left_out: how many
    light points do not, by the reason. outages: opened before the end and not cleared before the beginning, the open
    ones first, then the longest. worst_beyond: those that burnt longest beyond the plan. repair_median_s,
    repair_longest_s: how long outages that are over were open.
    """

    site: str
    kind: str
    first: dt.date
    last: dt.date
    since: dt.datetime
    until: dt.datetime
    complete: bool
    time_zone: str
    select: str
    made_at: dt.datetime
    light_points: int
    lamps: int
    left_out: Mapping[str, int]
    light: LightTime
    nights: tuple[NightOfStreet, ...]
    outages: tuple[Outage, ...]
    others: tuple[OtherFaults, ...]
    cabinets: tuple[CabinetOfStreet, ...]
    burning: Burning
    beyond: int
    worst_beyond: tuple[BeyondPlan, ...]
    energy: EnergyOfStreet | None = None
    in_light_percent: float | None = None
    unknown_percent: float | None = None
    dark_percent: float | None = None
    open_outages: int = 0
    repair_median_s: float | None = None
    repair_longest_s: float | None = None
