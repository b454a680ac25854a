"""What a simulated node is made of and what it puts out: plain values shared by firmware, flash and street."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

from lightctl.domain.assets import Capabilities, Place
from lightctl.domain.states import ChannelReport, DesiredState, FaultEvent, Reason
from simulators.lamp import FULL_LEVEL, Lamp, LampType

NEVER = dt.datetime(9000, 1, 1, tzinfo=dt.UTC)
MAINS_V = 230.0
AMBIENT_C = 10.0


@dataclass(frozen=True, slots=True)
class NodeSetup:
    """How a node is built and mounted: its outputs by channel and the light point on each; heartbeat in seconds."""

    id: str
    capabilities: Capabilities
    outputs: Mapping[int, LampType]
    points: Mapping[int, str]
    place: Place | None = None
    heartbeat_s: float = 300.0
    area: str = "main"
    model: str = "lightctl-simulated"
    firmware: str = "1"


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


@dataclass(frozen=True, slots=True)
class LampChanged:
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


@dataclass(slots=True)
class Channel:
    """One output of a node: its lamp, what the node has it do and why, and whether its circuit's breaker is open."""

    lamp: Lamp
    commanded: int = 0
    reason: Reason = Reason.DEFAULT
    tripped: bool = False

    def truth(self, number: int, now: dt.datetime) -> LampChanged:
        """Give what the lamp really does."""
        lamp = self.lamp
        fading = max(0.0, (lamp.ramp_end - now).total_seconds()) if lamp.burns and not lamp.shows else 0.0
        return LampChanged(
            number,
            now,
            lamp.level(now),
            self.commanded,
            self.reason,
            lamp.power_w(now),
            lamp.energy_wh(now),
            lamp.lit_h(now),
            lamp.target if fading else 0.0,
            fading,
        )

    def report(self, now: dt.datetime) -> ChannelReport:
        """Give what the node measures: a failed lamp and an open breaker show, a stuck driver only in its level.

        A blink is left out of level and power, as it would look like a fault.
        """
        lamp = self.lamp
        level, power = lamp.driven(now)
        factor = round(0.5 + 0.45 * level / FULL_LEVEL, 2)
        faults = [str(FaultEvent.LAMP_FAILURE)] if lamp.failed else []
        if self.tripped:
            faults.append(str(FaultEvent.CIRCUIT_BREAKER_TRIPPED))
        return ChannelReport(
            level=round(level),
            commanded=self.commanded,
            reason=self.reason,
            power_w=round(power, 2),
            energy_wh=round(lamp.energy_wh(now), 3),
            voltage_v=MAINS_V if lamp.supplied else 0.0,
            current_a=round(power / (MAINS_V * factor), 3),
            power_factor=factor,
            temperature_c=round(AMBIENT_C + 0.3 * level, 1),
            operating_h=round(lamp.lit_h(now), 3),
            faults=tuple(faults),
        )
