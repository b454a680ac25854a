"""Scenery: what a run plays on, and the two files that say so: the simulators' scenario and the daemon's settings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lightctl.cli.demo.mishaps import Mishap
from lightctl.domain.assets import Place
from lightctl.domain.timescale import TimeScale

INVENTORY = "inventory.csv"
TRUTH = "truth.jsonl"
STORE = "store"
LONGEST_S = 86400.0
MQTT_CONNECTIONS = 4


@dataclass(frozen=True, slots=True)
class Pace:
    """How the run lives: its clock, how often nodes report (s of the run) and the seed of everything random.

    wire_speed: the speed that time-outs of the wire are set for, where the clock is to run faster later. patience: how
    much longer than in a small town the daemon waits for a node before it tries again or gives it up: on a sped-up
    clock a whole fleet's answers take as long as ever.
    """

    clock: TimeScale
    heartbeat_s: float
    seed: int
    wire_speed: float = 1.0
    patience: float = 1.0

    def delivery(self) -> dict[str, float]:
        """Give the settings of delivery: real seconds on the wire as seconds of the run."""
        waits = {"settle_s": 0.5, "retry_cap_s": 5.0, "deadline_s": 20.0, "clock_warn_s": 5.0, "clock_untrusted_s": 5.0}
        scaled = {name: min(self.on_the_wire(wait * self.patience), LONGEST_S) for name, wait in waits.items()}
        return {"heartbeat_s": self.heartbeat_s} | scaled

    def on_the_wire(self, machine_s: float) -> float:
        """Give how many seconds of the run pass in so many on the wire."""
        return machine_s * max(self.clock.speed, self.wire_speed)


@dataclass(frozen=True, slots=True)
class Scenery:
    """A street: where it is, its simulated fleets and Modbus units, and what goes wrong on it.

    place: where nodes without a position stand, and the site's time zone. fleets, units: as a scenario has them; the
    fleets read the file INVENTORY. modbus_link: the name of the link the units are on. poll_s: how often each is asked,
    in seconds of the machine; half as often while it is dead.
    """

    name: str
    place: Place
    fleets: Sequence[Mapping[str, object]]
    units: Sequence[Mapping[str, object]] = ()
    modbus_link: str = "modbus"
    mishaps: Sequence[Mishap] = ()
    poll_s: float = 0.25

    def scenario(self, pace: Pace, broker_url: str, modbus_port: int) -> dict[str, Any]:
        """Write the simulators' scenario."""
        place = self.place
        clock = pace.clock
        found: dict[str, Any] = {
            "clock": {"start": clock.start.isoformat(), "machine_epoch": clock.machine_epoch, "speed": clock.speed},
            "seed": pace.seed,
            "truth": TRUTH,
            "flash": "flash",
            "heartbeat_s": pace.heartbeat_s,
            "place": {"lat": place.latitude, "lon": place.longitude, "time_zone": place.time_zone},
            "mqtt": {"url": broker_url, "connections": MQTT_CONNECTIONS},
            "fleets": [dict(fleet) for fleet in self.fleets],
            "faults": [mishap.scenario(clock.start) for mishap in self.mishaps],
        }
        if self.units:
            found["modbus"] = [{"port": modbus_port, "units": [dict(unit) for unit in self.units]}]
        return found

    def settings(self, pace: Pace, broker_url: str, modbus_port: int) -> str:
        """Write the daemon's settings (TOML)."""
        clock = pace.clock
        delivery = "\n".join(f"{name} = {value}" for name, value in pace.delivery().items())
        units = f"""
[links.{self.modbus_link}]
type = "modbus_tcp"
port = {modbus_port}
poll_s = {pace.on_the_wire(self.poll_s)}
dead_poll_s = {pace.on_the_wire(2 * self.poll_s)}
"""
        return f"""
[site]
name = "{self.name}"
time_zone = "{self.place.time_zone}"
[store]
directory = "{STORE}"
[http]
port = 0
[links.mqtt]
type = "mqtt"
url = "{broker_url}"
{units if self.units else ""}
[delivery]
{delivery}
[clock]
start = "{clock.start.isoformat()}"
machine_epoch = {clock.machine_epoch!r}
speed = {clock.speed!r}
[log]
format = "json"
"""


def native_fleet(*, carries_nights: bool, where: Mapping[str, str]) -> dict[str, object]:
    """Give the native nodes of the inventory's rows whose columns equal `where`, with clocks as real ones are."""
    return {
        "kind": "native",
        "inventory": INVENTORY,
        "where": dict(where),
        "carries_nights": carries_nights,
        "clock_drift_ppm": [-20, 20],
        "clock_offset_s": [-2, 2],
    }
