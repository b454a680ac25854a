"""What a scenario asks for, as values: brokers, fleets, units, faults.

`docs/simulators.md` explains each field under the key of its name. All times are instants (aware UTC), all durations
seconds.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from lightctl.domain.assets import Dates, Place
from lightctl.domain.timescale import TimeScale
from simulators.sensors import SensorSpec

NATIVE, DIMMER = "native", "json-dimmer"
ALL_CHANNELS = -1
FAULT_KINDS = frozenset({
    "silent", "stuck", "lamp_failure", "supply_loss", "slow", "flapping", "reboot", "flash_lost", "wrong_clock",
    "door_open", "breaker_trip", "unit_dead", "local_override", "gateway_lost", "leakage", "supply_voltage",
    "wrong_power", "low_power_factor", "dimmer_stuck", "day_burner", "cycling", "relay_open", "relay_closed",
})  # fmt: skip
MOMENTARY_FAULTS = frozenset({"reboot", "flash_lost"})


@dataclass(frozen=True, slots=True)
class Broker:
    """A broker and how many connections the simulated nodes share."""

    host: str
    port: int
    tls: bool = False
    username: str = ""
    password: str = ""
    ca_file: str = ""
    connections: int = 4


@dataclass(frozen=True, slots=True)
class FleetSpec:
    """A fleet of nodes of one kind on the broker: counted, named, or the rows of an inventory."""

    kind: str
    ids: tuple[str, ...] = ()
    inventory: Path | None = None
    where: Mapping[str, str] = field(default_factory=dict)
    area: str = "main"
    profile: str = NATIVE
    carries_nights: bool = True
    nights: int = 7
    slots: int = 64
    resolution_s: int = 1
    ramp: bool = True
    min_level: int = 0
    levels: tuple[int, ...] = ()
    persists: bool = True
    dates: Dates = Dates.ABSOLUTE
    sun: bool = False
    place: Place | None = None
    rated_power_w: float = 60.0
    standby_power_w: float = 0.5
    power_table: tuple[tuple[int, float], ...] = ()
    power_spread_percent: float = 0.0
    power_noise_percent: float = 0.0
    voltage_noise_percent: float = 0.0
    diagnoses: bool = True
    heartbeat_s: float = 300.0
    clock_drift_ppm: tuple[float, float] = (0.0, 0.0)
    clock_offset_s: tuple[float, float] = (0.0, 0.0)


@dataclass(frozen=True, slots=True)
class UnitSpec:
    """A unit on a Modbus line; a meter counts the lamps of the nodes in `meters`, or of the whole line."""

    unit: int
    profile: str
    node: str
    channels: int = 1
    lamps_per_channel: int = 1
    rated_power_w: float = 60.0
    standby_power_w: float = 0.5
    points: tuple[str, ...] = ()
    meters: tuple[str, ...] = ()
    place: Place | None = None
    clock_drift_ppm: tuple[float, float] = (0.0, 0.0)
    clock_offset_s: tuple[float, float] = (0.0, 0.0)


@dataclass(frozen=True, slots=True)
class LineSpec:
    """A Modbus TCP line; port 0 takes a free one."""

    host: str
    port: int
    units: tuple[UnitSpec, ...]


@dataclass(frozen=True, slots=True)
class FaultSpec:
    """Something that goes wrong: on these nodes, or on `count` of those whose id starts with `prefix`, by the seed.

    lasts_s None: it never ends. within_s: nodes are hit one by one within this long, and mended so. share: of power or
    power factor. delay_s is wire time (machine seconds), the rest the run's clock.
    """

    kind: str
    at: dt.datetime
    lasts_s: float | None = None
    nodes: tuple[str, ...] = ()
    count: int = 0
    prefix: str = ""
    channel: int = ALL_CHANNELS
    lamps: int = 0
    level: int = 100
    delay_s: float = 2.0
    period_s: float = 60.0
    offset_s: float = 7200.0
    within_s: float = 0.0
    share: float = 0.6
    volts: float = 190.0

    def pending(self, now: dt.datetime) -> FaultSpec | None:
        """Give what is left of it when a run starts at an instant: all, the rest, or nothing when it is over."""
        if self.at >= now:
            return self
        if self.kind in MOMENTARY_FAULTS:
            return None
        if self.lasts_s is None:
            return replace(self, at=now)
        left = self.lasts_s - (now - self.at).total_seconds()
        return replace(self, at=now, lasts_s=left) if left > 0 else None


@dataclass(frozen=True, slots=True)
class Scenario:
    """Everything a run of the simulators is told."""

    clock: TimeScale | None = None
    seed: int = 0
    truth: Path | None = None
    flash: Path | None = None
    mqtt: Broker | None = None
    fleets: tuple[FleetSpec, ...] = ()
    lines: tuple[LineSpec, ...] = ()
    faults: tuple[FaultSpec, ...] = ()
    sensors: tuple[SensorSpec, ...] = ()
    ends: dt.datetime | None = None
