"""The towns that cities under fire are made of: light points, their nodes as the simulators play them, their plan."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from lightctl.cli.demo.scenery import INVENTORY
from lightctl.domain.assets import LightPoint, Place

PLACE = Place(51.4344, 6.7623, "Europe/Berlin")
CARRIES, LIVE, DIMMER, DEAD = "carries", "live", "dimmer", "dead"
DEAD_OF = 20
PROGRAM = 80
LINE = "line"
WIRED_OF = 25
"""One node of so many is on the Modbus line of a whole town."""
WIRED = (("modbus-lamp", 1), ("modbus-night-controller", 2), ("cabinet", 4))
"""Kinds of Modbus units and the light points each switches."""


def schedules(level: int) -> dict[str, str]:
    """Give schedules with one level for all late hours."""
    text = f"""
version: 1
programs:
  street: {{steps: [{{at: "22:00", level: {level}}}]}}
calendars:
  street: {{default: street}}
assignments:
  - {{select: "*", calendar: street}}
"""
    return {"city.yaml": text}


@dataclass(frozen=True, slots=True)
class Town:
    """Light points, and the fleets and Modbus units of a scenario that play their nodes."""

    points: tuple[LightPoint, ...]
    fleets: tuple[Mapping[str, object], ...]
    units: tuple[Mapping[str, object], ...] = ()


def small_town(lamps: int) -> Town:
    """Give so many lamps of a native node each; half carry nights, half are live, the last of twenty plays dead."""
    return Town(
        tuple(
            _lamp(number, DEAD if _plays_dead(number) else LIVE if number % 2 else CARRIES) for number in range(lamps)
        ),
        _native_fleets(),
    )


def whole_town(nodes: int) -> Town:
    """Give so many nodes of all kinds: native ones as in a small town, dimmers of another make, and a Modbus line."""
    wired = nodes // WIRED_OF
    lamps = tuple(_lamp(number, _make(number)) for number in range(nodes - wired))
    units: list[Mapping[str, object]] = []
    points: list[LightPoint] = []
    for number in range(wired):
        profile, channels = WIRED[number % len(WIRED)]
        mine = [_wired(number, profile, channel) for channel in range(channels)]
        points += mine
        units.append({
            "unit": 1 + number, "profile": profile, "node": mine[0].node, "channels": channels,
            "rated_power_w": 50.0, "standby_power_w": 0.5, "points": [point.id for point in mine],
        })  # fmt: skip
    return Town((*lamps, *points), (*_native_fleets(), {"kind": "json-dimmer", "inventory": INVENTORY}), tuple(units))


def _plays_dead(number: int) -> bool:
    return number % DEAD_OF == DEAD_OF - 1


def _make(number: int) -> str:
    if _plays_dead(number):
        return DEAD
    return DIMMER if number % DEAD_OF == DEAD_OF // 2 else LIVE if number % 2 else CARRIES


def _native_fleets() -> tuple[Mapping[str, object], ...]:
    return tuple(
        {
            "kind": "native", "inventory": INVENTORY, "where": {"make": make}, "carries_nights": make == CARRIES,
            "persists": True,
        }
        for make in (CARRIES, LIVE)
    )  # fmt: skip


def _lamp(number: int, make: str) -> LightPoint:
    return LightPoint(
        id=f"L{number:05d}",
        latitude=round(PLACE.latitude + number // 25 * 0.0002, 6),
        longitude=round(PLACE.longitude + number % 25 * 0.0004, 6),
        kind="lamp",
        rated_power_w=50.0,
        standby_power_w=0.5,
        node=f"N{number:05d}",
        cabinet=f"K{number // 25:03d}",
        profile="json-dimmer" if make == DIMMER else "native",
        link="mqtt",
        address="" if make == DIMMER else "city",
        tags={"make": make},
    )


def _wired(number: int, profile: str, channel: int) -> LightPoint:
    return LightPoint(
        id=f"W{number:03d}-{channel}",
        latitude=PLACE.latitude,
        longitude=PLACE.longitude,
        kind="lamp",
        rated_power_w=50.0,
        standby_power_w=0.5,
        node=f"W{number:03d}",
        channel=channel,
        cabinet=f"W{number:03d}",
        profile=profile,
        link=LINE,
        address=str(1 + number),
        tags={"make": profile},
    )
