"""The town: streets of light points on all kinds of nodes, the same for the same seed."""

from __future__ import annotations

import random
from dataclasses import dataclass

from lightctl.domain.assets import LightPoint

TIME_ZONE = "Europe/Berlin"
MIDDLE = (51.4344, 6.7623)
CABINETS, WIRED_LAMPS = (1, 2), (1, 2, 3)
LAMPS_IN_STREET = 25
POLE_SPACING_DEG = 0.0003
STREET_SPACING_DEG = 0.0009
SEGMENTS, SEGMENT_LAMPS, SEGMENT_LAMP_W = 4, 42, 70.0
MODBUS_LINK = "cabinets"


@dataclass(frozen=True, slots=True)
class Quarter:
    """A kind of street: its share of the town and what its lamps are."""

    share: float
    kind: str
    road_class: str
    rated_power_w: float
    tags: tuple[tuple[str, str], ...] = ()


QUARTERS = (
    Quarter(0.15, "lamp", "arterial", 110.0),
    Quarter(0.04, "crossing", "collector", 60.0),
    Quarter(0.06, "lamp", "pedestrian", 40.0, (("zone", "pedestrian"),)),
    Quarter(0.05, "lamp", "local", 45.0, (("zone", "school"),)),
    Quarter(0.07, "path", "path", 28.0, (("district", "stadtpark"),)),
    Quarter(0.10, "lamp", "collector", 80.0, (("district", "hafen"),)),
    Quarter(0.53, "lamp", "local", 45.0),
)
CARRIES, LIVE, DIMMER = "carries", "live", "dimmer"
NODE_SHARES = {CARRIES: 0.70, LIVE: 0.25, DIMMER: 0.05}


def build_town(lamps: int, seed: int) -> tuple[LightPoint, ...]:
    """Give so many lamps on the broker, in streets, and beside them two cabinets and three lamps on a Modbus line."""
    rng = random.Random(seed)  # noqa: S311 - a town need not be unguessable
    points: list[LightPoint] = []
    street = 0
    while len(points) < lamps:
        street += 1
        quarter = rng.choices(QUARTERS, [each.share for each in QUARTERS])[0]
        count = min(LAMPS_IN_STREET, lamps - len(points))
        points += [_lamp(len(points) + number + 1, street, number, quarter, rng) for number in range(count)]
    return (*points, *_cabinets(), *_wired_lamps())


def _lamp(number: int, street: int, pole: int, quarter: Quarter, rng: random.Random) -> LightPoint:
    make = rng.choices(list(NODE_SHARES), list(NODE_SHARES.values()))[0]
    row, column = divmod(street, 20)
    return LightPoint(
        id=f"L{number:05d}",
        latitude=round(MIDDLE[0] + row * STREET_SPACING_DEG * 2 + pole * POLE_SPACING_DEG / 10, 6),
        longitude=round(MIDDLE[1] + column * STREET_SPACING_DEG + pole * POLE_SPACING_DEG, 6),
        kind=quarter.kind,
        road_class=quarter.road_class,
        rated_power_w=quarter.rated_power_w,
        standby_power_w=0.5,
        node=f"N{number:05d}",
        profile="json-dimmer" if make == DIMMER else "native",
        link="mqtt",
        address="" if make == DIMMER else "demo",
        tags={"group": f"street-{street:03d}", "make": make, **dict(quarter.tags)},
    )


def _cabinets() -> list[LightPoint]:
    return [
        LightPoint(
            id=f"K{cabinet}-S{segment + 1}",
            latitude=MIDDLE[0],
            longitude=round(MIDDLE[1] + cabinet * STREET_SPACING_DEG, 6),
            kind="lamp",
            road_class="local",
            lamps=SEGMENT_LAMPS,
            rated_power_w=SEGMENT_LAMP_W,
            node=f"K{cabinet}",
            channel=segment,
            cabinet=f"K{cabinet}",
            profile="cabinet",
            link=MODBUS_LINK,
            address=str(cabinet),
            tags={"group": "cabinets"},
        )
        for cabinet in CABINETS
        for segment in range(SEGMENTS)
    ]


def _wired_lamps() -> list[LightPoint]:
    return [
        LightPoint(
            id=f"W{number}",
            latitude=MIDDLE[0],
            longitude=MIDDLE[1],
            kind="lamp",
            road_class="local",
            rated_power_w=60.0,
            standby_power_w=0.5,
            node=f"W{number}",
            cabinet="K1",
            profile="modbus-lamp",
            link=MODBUS_LINK,
            address=str(10 + number),
            tags={"group": "wired"},
        )
        for number in WIRED_LAMPS
    ]
