"""Settings of stories: places with dates that are odd there, kinds of nodes, and schedules of several shapes."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache

from lightctl.devices.profile import shipped_profiles
from lightctl.domain.assets import Capabilities, LightPoint, Place
from lightctl.domain.programs import NO_INTENT, Intent
from lightctl.files.schedules import ScheduleSet, read_schedules
from lightctl.planning.resolve import Plan


@dataclass(frozen=True, slots=True)
class Somewhere:
    """A place, and local dates on which a story may begin at noon: changes of clocks, leap days, the longest nights."""

    place: Place
    dates: tuple[dt.date, ...]


def _somewhere(latitude: float, longitude: float, zone: str, *dates: str) -> Somewhere:
    return Somewhere(Place(latitude, longitude, zone), tuple(map(dt.date.fromisoformat, dates)))


PLACES = {
    "Duisburg": _somewhere(
        51.4344, 6.7623, "Europe/Berlin", "2026-12-04", "2027-03-27", "2027-10-30", "2028-02-28", "2027-06-20"
    ),
    "Los Angeles": _somewhere(34.05, -118.24, "America/Los_Angeles", "2027-03-13", "2027-11-06", "2026-12-31"),
    "Quito": _somewhere(-0.18, -78.47, "America/Guayaquil", "2027-03-20", "2028-02-28"),
    "Sydney": _somewhere(-33.87, 151.21, "Australia/Sydney", "2027-04-03", "2027-10-02", "2026-12-21"),
    "Lord Howe": _somewhere(-31.55, 159.08, "Australia/Lord_Howe", "2027-04-03", "2027-10-02"),
    "Chatham": _somewhere(-43.95, -176.56, "Pacific/Chatham", "2027-04-03", "2027-09-25"),
    "Kathmandu": _somewhere(27.72, 85.32, "Asia/Kathmandu", "2027-06-20", "2026-12-31"),
    "Kiritimati": _somewhere(1.87, -157.4, "Pacific/Kiritimati", "2027-01-01"),
    "Tromso": _somewhere(69.65, 18.96, "Europe/Oslo", "2026-12-21", "2027-05-17", "2027-06-20", "2027-03-27"),
    "McMurdo": _somewhere(-77.85, 166.67, "Antarctica/McMurdo", "2027-06-21", "2026-12-21", "2027-04-03"),
}

CARRYING = Capabilities(nights=7, slots=96, persists=True)
NATIVE, DIMMER = "native", "json-dimmer"
MQTT, LINE = "mqtt", "line"
LINES = (LINE, "line-2")
PROFILES = shipped_profiles()


@dataclass(frozen=True, slots=True)
class Kind:
    """How a node is made."""

    capabilities: Capabilities = CARRYING
    channels: int = 1
    profile: str = NATIVE

    @property
    def by_revision(self) -> bool:
        """Whether it knows revisions."""
        return PROFILES[self.profile].confirmation in ("revision", "stored")

    @property
    def is_unit(self) -> bool:
        """Whether it hangs on a Modbus line."""
        return PROFILES[self.profile].modbus is not None


KINDS = {
    "carrying": Kind(),
    "double": Kind(channels=2),
    "short": Kind(replace(CARRYING, nights=2, resolution_s=60)),
    "stepped": Kind(replace(CARRYING, levels=(0, 50, 100))),
    "fading": Kind(replace(CARRYING, ramp=True, min_level=10)),
    "forgetful": Kind(replace(CARRYING, persists=False)),
    "live": Kind(Capabilities()),
    "dimmer": Kind(Capabilities(), profile=DIMMER),
}


def _unit(profile: str, channels: int) -> Kind:
    return Kind(PROFILES[profile].capabilities, channels, profile)


UNITS = {
    "lamp": _unit("modbus-lamp", 1),
    "pillar": _unit("cabinet", 3),
    "half-night": _unit("half-night-cabinet", 2),
    "nights": _unit("modbus-night-controller", 2),
}

STREET = """
  street:
    active: sunset .. sunrise
    steps:
      - {{at: "20:00", level: 80}}
      - {{at: "22:00", level: {late}}}
      - {{at: "05:00", level: 100}}
"""
SHAPES = {
    "street": STREET,
    "gap": """
  street:
    active: [sunset-10m .. 23:30, 05:00 .. sunrise+10m]
    steps:
      - {{at: "21:00", level: {late}, ramp: 30s}}
""",
    "twilight": """
  street:
    active: dusk(-3) .. dawn(-3)
    start_level: 70
    steps:
      - {{at: sunset+2h, level: {late}}}
      - {{at: sunrise-45m, level: 100, earliest: "04:30", latest: "06:30"}}
""",
    "clock": """
  street:
    active: 16:00 .. 08:00
    steps:
      - {{at: "01:30", level: {late}}}
      - {{at: "02:15", level: 60}}
      - {{at: "02:45", level: 30}}
      - {{at: "03:20", level: 100}}
""",
    "dark": """
  street:
    active: 12:30 .. 12:30
    start_level: {late}
""",
}


def schedule(shape: str, late: int, floor: int) -> str:
    """Write schedules in one of their versions: a level late at night, and a floor for the lamps of group `b`."""
    return (
        f"version: 1\nprograms:{SHAPES[shape].format(late=late)}"
        "calendars:\n  street: {default: street}\n"
        'assignments:\n  - {select: "*", calendar: street}\n'
        f"protections:\n  - {{select: group=b, min_level: {floor}, reason: a crossing}}\n"
    )


@cache
def intent(shape: str, late: int, floor: int) -> Intent:
    """Read the schedules; each of the few versions once, as reading is slow."""
    return read({"s.yaml": schedule(shape, late, floor)}).intent


def read(files: Mapping[str, str]) -> ScheduleSet:
    """Read schedule files as lightctl does, the same ones once."""
    return _read(tuple(files.items()))


@cache
def _read(files: tuple[tuple[str, str], ...]) -> ScheduleSet:
    found = read_schedules(dict(files))
    assert not found.errors, found.errors
    return found


@cache
def plan(shape: str, late: int, floor: int, time_zone: str) -> Plan:
    """Plan with the schedules, so that stories share the nights they have looked at."""
    return Plan(intent(shape, late, floor), time_zone)


@cache
def sun(time_zone: str) -> Plan:
    """Plan with no schedules at all: lit from sunset to sunrise."""
    return Plan(NO_INTENT, time_zone)


def kind_of(name: str) -> Kind:
    """Give a kind of node or unit by its name."""
    return UNITS.get(name) or KINDS[name]


def node_names(kinds: tuple[str, ...]) -> tuple[str, ...]:
    """Name the nodes of a story."""
    return tuple(f"{kind}-{number}" for number, kind in enumerate(kinds))


def units_of(kinds: tuple[str, ...], lines: int) -> dict[str, tuple[str, int]]:
    """Give line and number of each unit of a story; they go to its lines by turns, and each line counts from 1."""
    units = [name for name, kind in zip(node_names(kinds), kinds, strict=True) if kind_of(kind).is_unit]
    return {name: (LINES[place % lines], place // lines + 1) for place, name in enumerate(units)}


def inventory(place: Place, kinds: tuple[str, ...], lines: int = 1) -> tuple[LightPoint, ...]:
    """Give the light points: named after their node and channel, all on one feeder, those of a line on another."""
    units = units_of(kinds, lines)
    return tuple(
        _point(place, node, kind_of(kind), channel, units.get(node))
        for node, kind in zip(node_names(kinds), kinds, strict=True)
        for channel in range(kind_of(kind).channels)
    )


def _point(place: Place, node: str, kind: Kind, channel: int, unit: tuple[str, int] | None) -> LightPoint:
    link, address = (MQTT, "") if unit is None else (unit[0], str(unit[1]))
    return LightPoint(
        f"{node}-{channel}", place.latitude, place.longitude, node=node, channel=channel, profile=kind.profile,
        tags={"group": "a"}, rated_power_w=50.0, cabinet="cabinet" if unit is None else f"pillar of {link}", link=link,
        address=address,
    )  # fmt: skip
