"""States: what was asked of a node, what is on its way, and what the node says is so.

Three numbers are never collapsed: the level asked for (DesiredState), the level in force at the node (`commanded`) and
the level the lamp measurably has (`level`). Instants are aware UTC; levels integer percent.
"""

from __future__ import annotations

import datetime as dt
from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import IntEnum, StrEnum
from itertools import islice
from operator import attrgetter
from types import MappingProxyType

from lightctl.domain.programs import SunTime
from lightctl.domain.selectors import Selector

BY_INSTANT = attrgetter("at")


class Reason(StrEnum):
    """Why a lamp has its level."""

    DEFAULT = "default"
    OVERRIDE = "override"
    SENSOR = "sensor"
    PROGRAM = "program"
    PROTECTION = "protection"
    LOCAL = "local"
    FALLBACK = "fallback"


@dataclass(frozen=True, slots=True)
class Switch:
    """From `at` on hold `level`, fading over `ramp_s`. What it comes from does not count in comparisons.

    cause: for people. sun: the sun event that `at` follows from night to night, None where it follows the clock.
    """

    at: dt.datetime
    level: int
    ramp_s: int = 0
    cause: str = field(default="", compare=False)
    sun: SunTime | None = field(default=None, compare=False)


class Scope(IntEnum):
    """How specific an override's target is; the greater wins. What a crew on site needs comes before all others."""

    SITE = 1
    GROUP = 2
    LIGHT_POINT = 3
    MAINTENANCE = 4


@dataclass(frozen=True, slots=True)
class Override:
    """A manual level with an end: most specific wins, then the newest. In force from start until (excluded) until.

    below_protection: somebody asked by name that no protection lifts it.
    """

    id: str
    scope: Scope
    select: Selector
    level: int
    start: dt.datetime
    until: dt.datetime
    reason: str = ""
    user: str = ""
    ramp_s: int = 0
    below_protection: bool = False


@dataclass(frozen=True, slots=True)
class HeldOverride:
    """The override a node holds on one channel and drops by itself at `until`."""

    id: str
    level: int
    until: dt.datetime
    ramp_s: int = 0


@dataclass(frozen=True, slots=True)
class ChannelDesired:
    """What one channel shall do: switches in time order (a live node gets just the one in force) and an override."""

    switches: tuple[Switch, ...]
    override: HeldOverride | None = None

    def level_at(self, instant: dt.datetime) -> int | None:
        """Give the level due at an instant, or None before the first switch."""
        if self.override is not None and instant < self.override.until:
            return self.override.level
        return self.switch_level(instant)

    def switch_level(self, instant: dt.datetime) -> int | None:
        """Give the level the switches alone give at an instant, or None before the first."""
        switch = self.switch_at(instant)
        return None if switch is None else switch.level

    def switch_at(self, instant: dt.datetime) -> Switch | None:
        """Give the latest switch at or before an instant, overrides aside."""
        index = bisect_right(self.switches, instant, key=BY_INSTANT)
        return self.switches[index - 1] if index else None

    def next_change(self, instant: dt.datetime) -> dt.datetime | None:
        """Give the next instant after this one at which the level due may change, or None."""
        if self.override is not None and self.override.until > instant:
            return self.override.until
        index = bisect_right(self.switches, instant, key=BY_INSTANT)
        return self.switches[index].at if index < len(self.switches) else None

    def lit_from(self, instant: dt.datetime) -> dt.datetime | None:
        """Give the first instant from this one on at which there is light, None where there is none to come."""
        if self.override is not None and instant < self.override.until:
            if self.override.level:
                return instant
            instant = self.override.until
        index = bisect_right(self.switches, instant, key=BY_INSTANT)
        if index and self.switches[index - 1].level:
            return instant
        return next((switch.at for switch in islice(self.switches, index, None) if switch.level), None)


@dataclass(frozen=True, slots=True)
class DesiredState:
    """The whole desired state of a node: one revision, valid until an instant, a document per channel."""

    node: str
    revision: int
    issued_at: dt.datetime
    valid_until: dt.datetime
    channels: Mapping[int, ChannelDesired]

    def without_ended(self, instant: dt.datetime) -> DesiredState:
        """Give it without the overrides that are over at an instant; itself where none is."""
        over = [
            number
            for number, channel in self.channels.items()
            if channel.override is not None and channel.override.until <= instant
        ]
        if not over:
            return self
        kept = {number: ChannelDesired(self.channels[number].switches) for number in over}
        return replace(self, channels={**self.channels, **kept})


class CommandState(StrEnum):
    """Where a command stands; the last four are terminal and never left."""

    QUEUED = "queued"
    SENT = "sent"
    CONFIRMED = "confirmed"
    FAILED = "failed"
    EXPIRED = "expired"
    SUPERSEDED = "superseded"

    terminal: bool
    """Whether the command has ended."""

    def __init__(self, value: str) -> None:
        self.terminal = value not in ("queued", "sent")


@dataclass(frozen=True, slots=True)
class Command:
    """One revision on its way to one node. `broker_acked_at` is a time stamp, not a state."""

    node: str
    revision: int
    state: CommandState
    cause: str
    created_at: dt.datetime
    deadline: dt.datetime
    priority: int = 0
    attempts: int = 0
    sent_at: dt.datetime | None = None
    broker_acked_at: dt.datetime | None = None
    finished_at: dt.datetime | None = None
    detail: str = ""

    @property
    def id(self) -> str:
        """The command's name: its node and revision."""
        return f"{self.node}/{self.revision}"


@dataclass(frozen=True, slots=True)
class Ended:
    """What still counts of a command that ended; most of a city's are equal, so that one object may stand for many."""

    revision: int
    state: CommandState
    priority: int = 0
    detail: str = ""


@dataclass(frozen=True, slots=True)
class ChannelReport:
    """What a node says of one channel: level measured, level in force, why, and its readings (W, Wh, V, A, C, h)."""

    level: int | None = None
    commanded: int | None = None
    reason: Reason | None = None
    power_w: float | None = None
    energy_wh: float | None = None
    voltage_v: float | None = None
    current_a: float | None = None
    power_factor: float | None = None
    temperature_c: float | None = None
    operating_h: float | None = None
    faults: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ReportedState:
    """What a node says of itself. `at` is the node's own clock, `received_at` ours.

    applied_revision is None for makes that know no revisions. `verified` marks a separate read-back (Modbus) of the
    registers last written. `flags` are node-wide faults and states such as door_open.
    """

    node: str
    received_at: dt.datetime
    channels: Mapping[int, ChannelReport] = field(default_factory=lambda: MappingProxyType({}))
    boot_id: str = ""
    seq: int = 0
    at: dt.datetime | None = None
    applied_revision: int | None = None
    verified: bool = False
    flags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Reading:
    """Meter values by quantity name (power_w, energy_kwh, voltage_l1_v, ...) of one node at one instant."""

    node: str
    at: dt.datetime
    values: Mapping[str, float]


class FaultEvent(StrEnum):
    """TALQ's names of what can be wrong, and ours where it has none."""

    LAMP_FAILURE = "lampFailure"
    LAMP_UNEXPECTED_ON = "lampUnexpectedOn"
    DIMMING_FAILURE = "dimmingFailure"
    COMMUNICATION_FAILURE = "communicationFailure"
    SUPPLY_LOSS = "supplyLoss"
    CIRCUIT_BREAKER_TRIPPED = "circuitBreakerTripped"
    CABINET_DOOR_OPEN = "cabinetDoorOpen"
    RELAY_FAILURE = "relayFailure"
    LAMP_POWER_TOO_HIGH = "lampPowerTooHigh"
    LAMP_POWER_TOO_LOW = "lampPowerTooLow"
    POWER_FACTOR_TOO_LOW = "powerFactorTooLow"
    SUPPLY_VOLTAGE_TOO_HIGH = "supplyVoltageTooHigh"
    SUPPLY_VOLTAGE_TOO_LOW = "supplyVoltageTooLow"
    CYCLING_FAILURE = "cyclingFailure"
    LEAKAGE_DETECTED = "leakageDetected"
    CLOCK_OFFSET = "clockOffset"
    CLOCK_UNTRUSTED = "clockUntrusted"
    NODE_FAULT = "nodeFault"
    STORE_FAILURE = "storeFailure"


SHARED_KINDS = frozenset({"segment", "cabinet", "gateway", "link"})


@dataclass(frozen=True, slots=True)
class Fault:
    """A verdict on one subject, open until `cleared_at`.

    subject_kind: `light point`, `node` or `site`; or what many nodes have in common: `segment` (CABINET/SEGMENT),
    `cabinet`, `gateway` or `link`.

    suppressed_by: the maintenance that keeps it from being an alarm, or "". members: the light points or nodes it
    explains, where one cause takes many. watts: what it draws for nothing, where that is known.
    """

    event: FaultEvent
    subject_kind: str
    subject: str
    opened_at: dt.datetime
    detail: str = ""
    severity: str = "major"
    cleared_at: dt.datetime | None = None
    suppressed_by: str = ""
    members: tuple[str, ...] = ()
    watts: float | None = None

    @property
    def key(self) -> tuple[str, str, str]:
        """What makes two verdicts the same fault."""
        return (self.event, self.subject_kind, self.subject)


class ActionKind(StrEnum):
    """What a node can be told to do once; never a lighting level."""

    IDENTIFY = "identify"
    REBOOT = "reboot"
    REPORT = "report"
    SET_CLOCK = "set_clock"


@dataclass(frozen=True, slots=True)
class NodeAction:
    """A one-shot action on a node, worthless after `not_after`; never retained, never retried."""

    id: str
    node: str
    kind: ActionKind
    not_after: dt.datetime
    args: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
