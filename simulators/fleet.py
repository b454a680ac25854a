"""From a scenario to nodes: how each one is built and mounted, and its own clock, drawn from the seed."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Iterator
from dataclasses import dataclass, replace

from lightctl.devices.levels import known_levels
from lightctl.devices.profile import Profile
from lightctl.domain.assets import ID_PATTERN, Capabilities, Place
from lightctl.domain.errors import InvalidInput
from simulators.inventory import Mounted, read_mounted
from simulators.lamp import LampType
from simulators.node import NodeSetup
from simulators.node_clock import NodeClock
from simulators.noise import EXACT, Noise
from simulators.specs import FleetSpec, UnitSpec


@dataclass(frozen=True, slots=True)
class Built:
    """A node ready to be switched on."""

    setup: NodeSetup
    clock: NodeClock


def build_fleet(spec: FleetSpec, now: dt.datetime, seed: int) -> Iterator[Built]:
    """Give the nodes of a fleet; a node's clock depends on the seed and its id alone. Raises InvalidInput."""
    for each in _from_inventory(spec) if spec.inventory is not None else _from_ids(spec):
        setup = _as_specimens(each, spec, seed)
        rng = random.Random(f"{seed}/clock/{setup.id}")
        yield Built(setup, NodeClock(now, rng.uniform(*spec.clock_offset_s), rng.uniform(*spec.clock_drift_ppm)))


def unit_clock(spec: UnitSpec, now: dt.datetime, seed: int) -> NodeClock:
    """Give the clock of a Modbus unit, by the seed and its id alone."""
    rng = random.Random(f"{seed}/clock/{spec.node}")
    return NodeClock(now, rng.uniform(*spec.clock_offset_s), rng.uniform(*spec.clock_drift_ppm))


def build_unit(spec: UnitSpec, profile: Profile) -> NodeSetup:
    """Give the node behind a Modbus unit, whose outputs are the channels of its map; it keeps nights if that does."""
    registers = profile.modbus
    channel_map = None if registers is None else registers.channels
    channels = 0 if channel_map is None else spec.channels
    if channel_map is not None and spec.channels > channel_map.count:
        why = f"{spec.channels} channels are asked for, profile {profile.name} has {channel_map.count}"
        raise InvalidInput(f"unit {spec.node}", why)
    behind_contactor = registers is not None and bool(known_levels(registers))
    standby_power_w = 0.0 if behind_contactor else spec.standby_power_w
    kind = LampType(spec.rated_power_w, standby_power_w, spec.lamps_per_channel)
    schedule = None if registers is None else registers.schedule
    capabilities = Capabilities(
        nights=profile.capabilities.nights if schedule else 0,
        slots=schedule.slots if schedule else 0,
        channels=channels,
        min_level=profile.capabilities.min_level,
        persists=schedule is not None and profile.capabilities.persists,
    )
    points = dict(enumerate(spec.points))
    outputs = dict.fromkeys(range(channels), kind)
    return NodeSetup(spec.node, capabilities, outputs, points, spec.place, area="", model=profile.name)


def _as_specimens(setup: NodeSetup, spec: FleetSpec, seed: int) -> NodeSetup:
    """Give a node with lamps that differ as lamps of one type do, and measures as it does."""
    rng = random.Random(f"{seed}/spread/{setup.id}")
    share = spec.power_spread_percent / 100
    outputs = {
        number: replace(kind, power_table=spec.power_table, spread=1 + rng.uniform(-share, share))
        for number, kind in setup.outputs.items()
    }
    noise = Noise(spec.power_noise_percent, spec.voltage_noise_percent)
    return replace(setup, outputs=outputs, noise=EXACT if noise == EXACT else noise, diagnoses=spec.diagnoses)


def _from_ids(spec: FleetSpec) -> Iterator[NodeSetup]:
    kind = LampType(spec.rated_power_w, spec.standby_power_w)
    for node in spec.ids:
        yield _setup(spec, node, spec.area, {0: kind}, {}, spec.place)


def _from_inventory(spec: FleetSpec) -> Iterator[NodeSetup]:
    path = spec.inventory
    assert path is not None
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise InvalidInput(str(path), f"the inventory cannot be read: {error.strerror}") from error
    rows = read_mounted(text, str(path), profile=spec.profile, where=spec.where)
    by_node: dict[str, list[Mounted]] = {}
    for row in rows:
        by_node.setdefault(row.node, []).append(row)
    zone = "UTC" if spec.place is None else spec.place.time_zone
    for node, mounted in by_node.items():
        if not ID_PATTERN.fullmatch(node):
            raise InvalidInput(str(path), f"node {node!r} is not an id")
        outputs = {
            row.channel: LampType(
                spec.rated_power_w if row.rated_power_w is None else row.rated_power_w,
                spec.standby_power_w if row.standby_power_w is None else row.standby_power_w,
                row.lamps,
            )
            for row in mounted
        }
        place = Place(mounted[0].latitude, mounted[0].longitude, zone)
        yield _setup(spec, node, mounted[0].area, outputs, {row.channel: row.id for row in mounted}, place)


def _setup(
    spec: FleetSpec,
    node: str,
    area: str,
    outputs: dict[int, LampType],
    points: dict[int, str],
    place: Place | None,
) -> NodeSetup:
    capabilities = Capabilities(
        nights=spec.nights if spec.carries_nights else 0,
        slots=spec.slots if spec.carries_nights else 0,
        resolution_s=spec.resolution_s,
        ramp=spec.ramp,
        min_level=spec.min_level,
        channels=max(outputs) + 1,
        persists=spec.carries_nights and spec.persists,
        levels=spec.levels,
        dates=spec.dates,
        sun=spec.sun,
    )
    return NodeSetup(node, capabilities, outputs, points, place, spec.heartbeat_s, area)
