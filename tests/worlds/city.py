"""A city for worlds: every kind of node there is, on feeders, with lamps of a few types that differ as specimens do.

The same number of lamps and seed give the same city. It follows the shipped schedules.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType

from lightctl.devices.profile import shipped_profiles
from lightctl.domain.assets import Capabilities, LightPoint, Place
from lightctl.domain.luminaires import LuminaireType
from simulators.fleet import build_unit
from simulators.lamp import LampType
from simulators.node import NodeSetup
from simulators.noise import Noise
from simulators.specs import UnitSpec
from tests.worlds.kernel import Stood, Town

ROOT = Path(__file__).resolve().parent.parent.parent
ZONE = "Europe/Berlin"
CENTRE = (51.4344, 6.7623)
CARRYING = Capabilities(nights=7, slots=96, ramp=True, persists=True)
LIVE = Capabilities(ramp=True)
DIMMER = Capabilities(ramp=True, min_level=1)
NOISE = Noise(power_percent=1.0, voltage_percent=0.4)
SPREAD = 0.03
SEGMENT, GATEWAY = 40, 120
CABINETS_TO_A_LINE = 2
TYPES = {
    "led-40": LuminaireType("led-40", 40.0, 0.4, ((10, 6.1), (50, 18.2), (70, 26.4)), 20.0, 0.85),
    "led-75": LuminaireType("led-75", 75.0, 0.5, ((10, 10.4), (50, 34.0), (80, 57.5)), 20.0, 0.85),
    "led-24": LuminaireType("led-24", 24.0, 0.3, (), 20.0, 0.85),
}
SEGMENT_TYPE, CABINET_TYPE = "led-75", "led-40"
SPOTS = (
    ({"kind": "street", "road_class": "local", "district": "altstadt"}, "led-40", 50),
    ({"kind": "street", "road_class": "collector", "district": "altstadt"}, "led-75", 15),
    ({"kind": "street", "road_class": "arterial"}, "led-75", 10),
    ({"kind": "street", "road_class": "local", "zone": "school"}, "led-40", 7),
    ({"kind": "street", "zone": "pedestrian"}, "led-24", 6),
    ({"kind": "crossing", "road_class": "local"}, "led-75", 5),
    ({"kind": "street", "district": "hafen"}, "led-75", 4),
    ({"kind": "park", "district": "stadtpark"}, "led-24", 2),
    ({"kind": "park", "district": "stadtpark", "sign_394": "yes"}, "led-24", 1),
)
FIELDS = ("kind", "road_class")
FAR_GATEWAY = "far"
NOTHING: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Shares:
    """How many nodes of each kind a city has."""

    feeding: int
    singles: int
    doubles: int
    live: int
    dimmers: int
    units: int
    segments: int
    cabinets: int

    @classmethod
    def of(cls, lamps: int) -> Shares:
        """Share so many lamps out; the rest after all other kinds are single lamps on feeders."""
        doubles, live = max(4, lamps // 40), max(6, lamps // 20)
        dimmers, units = max(4, lamps // 40), max(4, lamps // 100)
        segments, cabinets = max(1, lamps // 500), max(1, lamps // 500)
        singles = lamps - 2 * doubles - live - dimmers - units - 30 * segments - 30 * cabinets
        return cls(max(2, round(singles / SEGMENT)), singles, doubles, live, dimmers, units, segments, cabinets)


def build_city(lamps: int, seed: int, heartbeat_s: float) -> Town:
    """Give a city of so many lamps."""
    rng = random.Random(f"{seed}/city")
    shares = Shares.of(lamps)
    stood: list[Stood] = []
    points: list[LightPoint] = []
    for each, those in _nodes(shares, rng, heartbeat_s):
        stood.append(each)
        points += those
    files = sorted((ROOT / "schedules").glob("*.yaml"))
    return Town(ZONE, tuple(points), tuple(stood), {path.name: path.read_text("utf-8") for path in files}, TYPES)


def _nodes(shares: Shares, rng: random.Random, heartbeat_s: float) -> Iterator[tuple[Stood, list[LightPoint]]]:
    for number in range(shares.singles):
        segment = number * shares.feeding // shares.singles
        common = {"segment": "ab"[segment % 2], "gateway": f"G{number // GATEWAY + 1:02d}"}
        yield _native(f"n{number + 1:04d}", f"F{segment // 2 + 1:02d}", 1, CARRYING, rng, heartbeat_s, common=common)
    for number in range(shares.doubles):
        yield _native(f"d{number + 1:03d}", "", 2, CARRYING, rng, heartbeat_s, common={"gateway": FAR_GATEWAY})
    for number in range(shares.live):
        yield _native(f"l{number + 1:03d}", "", 1, LIVE, rng, heartbeat_s, common={"gateway": FAR_GATEWAY})
    for number in range(shares.dimmers):
        yield _native(f"j{number + 1:03d}", "", 1, DIMMER, rng, heartbeat_s, profile="json-dimmer")
    for number in range(shares.segments):
        yield _native(f"s{number + 1:02d}", f"S{number + 1:02d}", 3, CARRYING, rng, heartbeat_s, lamps=10)
    for number in range(shares.units):
        yield _unit(f"u{number + 1:03d}", "modbus-lamp", number + 1, f"line{number // 16 + 1}", 1, 1, rng)
    for number in range(shares.cabinets):
        line = f"pillar{number // CABINETS_TO_A_LINE + 1}"
        own, address = f"K{number + 1:02d}", 2 * (number % CABINETS_TO_A_LINE) + 1
        yield _unit(f"c{number + 1:02d}", "cabinet", address, line, 2, 15, rng, cabinet=own)
        yield _meter(f"m{number + 1:02d}", f"c{number + 1:02d}", address + 1, line, own)


def _native(
    node: str, feeder: str, channels: int, capabilities: Capabilities, rng: random.Random, heartbeat_s: float,
    *, lamps: int = 1, profile: str = "native", common: Mapping[str, str] = NOTHING,
) -> tuple[Stood, list[LightPoint]]:  # fmt: skip
    clock = (rng.uniform(-2, 2), rng.uniform(-5, 5))
    tags, luminaire = _spot(rng) if lamps == 1 else ({"kind": "street", "road_class": "local"}, SEGMENT_TYPE)
    tags = {**tags, **common}
    points = [_point(node, channel, tags, luminaire, feeder, lamps, profile, rng) for channel in range(channels)]
    setup = NodeSetup(
        node, replace(capabilities, channels=channels), {it.channel: _lamps(luminaire, lamps, rng) for it in points},
        {it.channel: it.id for it in points}, _place(points[0]), heartbeat_s,
        area="" if profile == "json-dimmer" else "main", noise=NOISE, diagnoses=lamps == 1 and rng.random() < 0.5,
    )  # fmt: skip
    return Stood(setup, profile, clock=clock), points


def _unit(
    node: str, profile: str, address: int, line: str, channels: int, lamps: int, rng: random.Random, cabinet: str = ""
) -> tuple[Stood, list[LightPoint]]:
    tags: dict[str, str] = {"kind": "street", "road_class": "local"}
    points = [
        _point(node, channel, tags, CABINET_TYPE, cabinet, lamps, profile, rng, line, address)
        for channel in range(channels)
    ]
    spec = UnitSpec(
        address, profile, node, channels, lamps, points=tuple(it.id for it in points), place=_place(points[0])
    )  # fmt: skip
    setup = build_unit(spec, shipped_profiles()[profile])
    kinds = {number: _lamps(CABINET_TYPE, lamps, rng) for number in setup.outputs}
    if lamps > 1:  # behind a contactor
        kinds = {number: replace(kind, standby_power_w=0.0) for number, kind in kinds.items()}
        points = [replace(point, standby_power_w=0.0) for point in points]
    setup = replace(setup, outputs=kinds, noise=NOISE, diagnoses=profile == "modbus-lamp")
    return Stood(setup, profile, line, str(address)), points


def _meter(node: str, metered: str, address: int, line: str, cabinet: str) -> tuple[Stood, list[LightPoint]]:
    setup = build_unit(UnitSpec(address, "sdm630", node), shipped_profiles()["sdm630"])
    point = LightPoint(
        f"M-{node}", *CENTRE, node=node, cabinet=cabinet, profile="sdm630", link=line, address=str(address)
    )  # fmt: skip
    return Stood(setup, "sdm630", line, str(address), meters=(metered,)), [point]


def _spot(rng: random.Random) -> tuple[dict[str, str], str]:
    tags, luminaire, _ = rng.choices(SPOTS, [weight for _, _, weight in SPOTS])[0]
    return dict(tags), luminaire


def _lamps(luminaire: str, lamps: int, rng: random.Random) -> LampType:
    kind = TYPES[luminaire]
    assert kind.rated_power_w is not None
    assert kind.standby_power_w is not None
    spread = SPREAD / lamps**0.5
    return LampType(
        kind.rated_power_w, kind.standby_power_w, lamps, kind.power_table, 1 + rng.uniform(-spread, spread)
    )  # fmt: skip


def _point(
    node: str, channel: int, tags: dict[str, str], luminaire: str, cabinet: str, lamps: int, profile: str,
    rng: random.Random, link: str = "mqtt", address: int = 0,
) -> LightPoint:  # fmt: skip
    kind = TYPES[luminaire]
    return LightPoint(
        f"{node}-{channel}",
        CENTRE[0] + rng.uniform(-0.02, 0.02),
        CENTRE[1] + rng.uniform(-0.03, 0.03),
        lamps=lamps,
        rated_power_w=kind.rated_power_w,
        standby_power_w=kind.standby_power_w or 0.0,
        node=node,
        channel=channel,
        cabinet=cabinet,
        profile=profile,
        link=link,
        address=str(address) if address else "",
        tags={"luminaire": luminaire, **{key: value for key, value in tags.items() if key not in FIELDS}},
        **{key: value for key, value in tags.items() if key in FIELDS},
    )


def _place(point: LightPoint) -> Place:
    return Place(point.latitude, point.longitude, ZONE)
