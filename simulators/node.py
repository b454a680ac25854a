"""What a simulated node is made of and what it puts out: plain values shared by firmware, flash and street."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from functools import lru_cache
from typing import NamedTuple

from lightctl.domain.assets import Capabilities, Place
from lightctl.domain.luminaires import PowerCurve
from lightctl.domain.states import ChannelReport, DesiredState, FaultEvent, Reason
from simulators.lamp import FULL_LEVEL, Lamp, LampType
from simulators.noise import EXACT, Noise

NEVER = dt.datetime(9000, 1, 1, tzinfo=dt.UTC)
MAINS_V = 230.0
AMBIENT_C = 10.0
MOST_MEASURED = 4096
POWER_FACTORS = PowerCurve(((0, 0.5), (10, 0.65), (20, 0.76), (50, 0.9), (FULL_LEVEL, 0.96)))  # of usual LED drivers


@dataclass(frozen=True, slots=True)
class NodeSetup:
    """How a node is built and mounted: its outputs by channel and the light point on each; heartbeat in seconds.

    noise: how exactly it measures. diagnoses: whether it notices by itself that a lamp has failed.
    """

    id: str
    capabilities: Capabilities
    outputs: Mapping[int, LampType]
    points: Mapping[int, str]
    place: Place | None = None
    heartbeat_s: float = 300.0
    area: str = "main"
    model: str = "lightctl-simulated"
    firmware: str = "1"
    noise: Noise = EXACT
    diagnoses: bool = True


@dataclass(frozen=True, slots=True)
class Memory:
    """What the flash holds: the applied document (of nodes that persist it), and counters by channel (Wh, h)."""

    boots: int = 0
    desired: DesiredState | None = None
    energy_wh: Mapping[int, float] = field(default_factory=dict)
    lit_h: Mapping[int, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Persist:
    """Write this to the flash before anything that follows."""

    memory: Memory


class Say(Enum):
    """What to tell the network; the content is read from the node when it is sent."""

    HELLO = "hello"
    REPORT = "report"


@dataclass(frozen=True, slots=True)
class ActionAnswer:
    """The node's answer to an action: status `done`, `rejected` or `failed`."""

    id: str
    status: str
    detail: str = ""


class LampChanged(NamedTuple):
    """The truth about one lamp from an instant on; while `ramp_s` > 0 the light is on its way to `ramp_to`."""

    channel: int
    at: dt.datetime
    level: float
    commanded: int
    reason: Reason
    power_w: float
    energy_wh: float
    lit_h: float
    ramp_to: float = 0.0
    ramp_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Restart:
    """Boot again, from what the flash holds."""

    at: dt.datetime


Output = Persist | Restart | Say | ActionAnswer | LampChanged


class Measured(NamedTuple):
    """What a meter shows, rounded as meters do."""

    level: int
    power_w: float
    voltage_v: float
    current_a: float
    power_factor: float
    temperature_c: float


@lru_cache(maxsize=MOST_MEASURED)
def measured(light: float, draw: float, mains: float, ill: float) -> Measured:
    """Measure light (percent), draw (W), mains (V) and a share of power factor; most lamps of a street burn alike."""
    factor = round(POWER_FACTORS.watts(light) * ill, 2)
    current_a = round(draw / (mains * factor), 3) if mains and factor else 0.0
    return Measured(
        round(light), round(draw, 2), round(mains, 1), current_a, factor, round(AMBIENT_C + 0.3 * light, 1)
    )  # fmt: skip


@dataclass(slots=True)
class Channel:
    """One output of a node: its lamp, what the node has it do and why, and how its circuit is.

    tripped: the breaker is open. relay: where its contact is stuck, closed (True) or open, None if it follows; noticed:
    the node has seen that it does not. supply_v: what the mains has there. flags: what the node says of itself besides.
    """

    lamp: Lamp
    commanded: int = 0
    reason: Reason = Reason.DEFAULT
    tripped: bool = False
    relay: bool | None = None
    noticed: bool = False
    supply_v: float = MAINS_V
    flags: frozenset[str] = frozenset()

    @property
    def live(self) -> bool:
        """Whether mains gets through to the lamp, if there is any."""
        return not self.tripped and self.relay is not False

    def truth(self, number: int, now: dt.datetime) -> LampChanged:
        """Give what the lamp really does."""
        lamp = self.lamp
        fading = 0.0
        if now < lamp.ramp_end and lamp.burns and not lamp.shows:
            fading = (lamp.ramp_end - now).total_seconds()
        level, power_w = lamp.gives(now)
        energy_wh, lit_h = lamp.counters(now)
        return LampChanged(
            number,
            now,
            level,
            self.commanded,
            self.reason,
            power_w,
            energy_wh,
            lit_h,
            lamp.target if fading else 0.0,
            fading,
        )

    def report(self, now: dt.datetime, setup: NodeSetup, salt: int) -> ChannelReport:
        """Give what the node measures: a failed lamp and an open breaker show, a stuck driver only in its level.

        A blink is left out of level and power, as it would look like a fault. salt: another one, another measurement.
        """
        lamp = self.lamp
        level, power = lamp.driven(now)
        volts = self.supply_v if lamp.supplied else 0.0
        if setup.noise is not EXACT:
            power, volts = setup.noise.watts(power, salt), setup.noise.volts(volts, salt)
        shown = measured(level, power, volts, lamp.ills.power_factor)
        energy_wh, lit_h = lamp.counters(now)
        return ChannelReport(
            shown.level,
            self.commanded,
            self.reason,
            shown.power_w,
            round(energy_wh, 3),
            shown.voltage_v,
            shown.current_a,
            shown.power_factor,
            shown.temperature_c,
            round(lit_h, 3),
            self._faults(diagnoses=setup.diagnoses),
        )

    def _faults(self, *, diagnoses: bool) -> tuple[str, ...]:
        if not (self.lamp.failed or self.tripped or self.relay is not None or self.flags):
            self.noticed = False
            return ()
        faults = []
        if self.lamp.failed and diagnoses:
            faults.append(str(FaultEvent.LAMP_FAILURE))
        if self.tripped:
            faults.append(str(FaultEvent.CIRCUIT_BREAKER_TRIPPED))
        # The node reads the contact back: a stuck one shows once it should be the other way, and is remembered.
        self.noticed = self.relay is not None and (self.noticed or self.relay is not (self.commanded > 0))
        if self.noticed:
            faults.append(str(FaultEvent.RELAY_FAILURE))
        return (*faults, *sorted(self.flags))
