"""The native MQTT node contract, v1: its topics and the documents on them (docs: asyncapi.yaml beside this file).

    lightctl/v1/{area}/{node}/  hello, reported, result, presence   node -> daemon
                                desired, command                    daemon -> node

Unknown keys are ignored, everything else is strict. Times are seconds since 1970 (UTC), levels integer percent.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Literal

from msgspec import UNSET, Meta, Struct, UnsetType, field

from lightctl.domain.assets import ID_PATTERN, Dates, Node
from lightctl.domain.errors import InvalidInput
from lightctl.domain.programs import SunEvent
from lightctl.domain.states import ActionKind, Reason

ROOT = "lightctl/v1"
UNDER_ROOT = f"{ROOT}/"
MAIN_AREA = "main"
PAYLOAD_CAP = 8192
NODE_LEAVES = ("hello", "reported", "result", "presence")
DAEMON_LEAVES = ("desired", "command")
RETAINED_LEAVES = ("desired", "presence")
_TOPIC = re.compile(
    rf"{UNDER_ROOT}({ID_PATTERN.pattern})/({ID_PATTERN.pattern})/({'|'.join(NODE_LEAVES + DAEMON_LEAVES)})"
)
QOS = 1
MAX_CHANNELS = 32
LAST_INSTANT_S = 4_294_967_295
MOST_ENTRIES = 4095

# A bare `$` would let a line feed at the end pass.
Id = Annotated[str, Meta(pattern=r"^[A-Za-z0-9_-]{1,64}$(?!\n)")]
ChannelKey = Annotated[str, Meta(pattern=r"^(0|[1-9]|[12][0-9]|3[01])$(?!\n)")]
Level = Annotated[int, Meta(ge=0, le=100)]
Epoch = Annotated[int, Meta(ge=0, le=LAST_INSTANT_S)]
NodeClock = Annotated[float, Meta(ge=0, le=LAST_INSTANT_S)]
RampS = Annotated[int, Meta(ge=0, le=86_400)]
Count = Annotated[int, Meta(ge=0, le=2**53 - 1)]
Number = Annotated[float, Meta(ge=-1e12, le=1e12)]
Text = Annotated[str, Meta(max_length=512)]
NightEntry = tuple[Epoch, Level, RampS]
EntryIndex = Annotated[int, Meta(ge=0, le=MOST_ENTRIES)]
Altitude = Annotated[float, Meta(ge=-90, le=90)]
OffsetS = Annotated[int, Meta(ge=-43_200, le=43_200)]
SunEntry = tuple[EntryIndex, SunEvent, Altitude, OffsetS]
CommandAction = Literal["identify", "reboot", "report"]
COMMAND_ACTIONS: Mapping[ActionKind, CommandAction] = MappingProxyType({
    ActionKind.IDENTIFY: "identify", ActionKind.REBOOT: "reboot", ActionKind.REPORT: "report",
})  # fmt: skip


class CapabilitiesDoc(Struct, frozen=True):
    """What a node says it can hold and do.

    Optional: `levels`, the only levels it knows; `dates`, whether it holds dates or repeats a week or a night; `sun`,
    whether it can hold a switch by its own sun clock.
    """

    nights: Annotated[int, Meta(ge=0, le=400)]
    slots: Annotated[int, Meta(ge=0, le=100_000)]
    resolution_s: Annotated[int, Meta(ge=1, le=3600)]
    ramp: bool
    min_level: Level
    channels: Annotated[int, Meta(ge=1, le=MAX_CHANNELS)]
    persists: bool
    levels: Annotated[tuple[Level, ...], Meta(max_length=101)] = ()
    dates: Dates = Dates.ABSOLUTE
    sun: bool = False


class HelloDoc(Struct, frozen=True):
    """On every (re)connect of a node."""

    boot_id: Id
    model: Annotated[str, Meta(max_length=128)]
    firmware: Annotated[str, Meta(max_length=128)]
    capabilities: CapabilitiesDoc
    applied_revision: Count
    clock: NodeClock


class OverrideDoc(Struct, frozen=True):
    """An override the node drops by itself at `until`."""

    id: Id
    level: Level
    until: Epoch
    ramp_s: RampS = 0


class ChannelDesiredDoc(Struct, frozen=True):
    """What one channel shall do: [instant, level, ramp] in time order, and an override or null.

    sun, only for nodes that asked for it: [place in nights, event, altitude, offset] of the switches that follow the
    sun when the node repeats its table; a place without a switch says nothing.
    """

    nights: tuple[NightEntry, ...]
    override: OverrideDoc | None = None
    sun: Annotated[tuple[SunEntry, ...], Meta(max_length=MOST_ENTRIES)] | UnsetType = UNSET


class DesiredDoc(Struct, frozen=True):
    """The whole desired state of a node."""

    revision: Count
    issued_at: Epoch
    valid_until: Epoch
    channels: Annotated[dict[ChannelKey, ChannelDesiredDoc], Meta(max_length=MAX_CHANNELS)]


class ChannelReportDoc(Struct, frozen=True, omit_defaults=True):
    """What a node says of one channel; a quantity it cannot measure is absent or null."""

    level: Level | None = None
    commanded: Level | None = None
    reason: Reason | None = None
    power_w: Number | None = None
    energy_wh: Number | None = None
    voltage_v: Number | None = None
    current_a: Number | None = None
    power_factor: Number | None = None
    temperature_c: Number | None = None
    operating_h: Number | None = None
    faults: Annotated[tuple[Id, ...], Meta(max_length=32)] = ()


class ReportedDoc(Struct, frozen=True):
    """On every change and each heartbeat of a node; `seq` grows by one with each report of a boot."""

    boot_id: Id
    seq: Count
    at: NodeClock
    applied_revision: Count
    channels: Annotated[dict[ChannelKey, ChannelReportDoc], Meta(max_length=MAX_CHANNELS)]


class CommandDoc(Struct, frozen=True):
    """A one-shot action, worthless after `not_after`."""

    id: Id
    action: CommandAction
    not_after: Epoch
    args: Annotated[dict[Id, Text], Meta(max_length=16)] = field(default_factory=dict)


class ResultDoc(Struct, frozen=True):
    """What became of a command."""

    id: Id
    status: Literal["done", "rejected", "failed"]
    detail: Text = ""


class PresenceDoc(Struct, frozen=True):
    """A node's last will and its return: a hint only."""

    online: bool
    boot_id: Id


def area_of(node: Node) -> str:
    """Give the area a node lives in: its address, or `main`; raises InvalidInput when it is no id."""
    area = node.address
    if not area:
        return MAIN_AREA
    if not ID_PATTERN.fullmatch(area):
        raise InvalidInput(
            f"node {node.id}",
            f"its address {area!r} is no area name",
            hint="An area has 1 to 64 letters, digits, _ or -; leave the address empty for the area main.",
        )
    return area


def topic(area: str, node: str, leaf: str) -> str:
    """Give the topic of a node's leaf (`hello`, `desired`, ...)."""
    return f"{ROOT}/{area}/{node}/{leaf}"


def split_topic(text: str) -> tuple[str, str, str]:
    """Give area, node and leaf of a topic; raises InvalidInput for a topic that is none of the contract's."""
    found = _TOPIC.fullmatch(text)
    if found is None:
        why = "it is no topic of the native contract v1; area and node have 1 to 64 letters, digits, _ or -"
        raise InvalidInput(f"topic {text[:200]!r}", why)
    area, node, leaf = found.groups()
    return area, node, leaf


def slots_limit(channels: int, *, sun: bool = False) -> int:
    """Give how many switches per channel surely fit into one `desired` of 8 kB on a node with so many channels.

    sun: each of them may also name the sun event it follows.
    """
    switch = _SWITCH_BYTES + (_SUN_BYTES if sun else 0)
    return max(0, ((PAYLOAD_CAP - _DOCUMENT_BYTES) // max(1, channels) - _CHANNEL_BYTES) // switch)


_SWITCH_BYTES = len("[4294967295,100,86400],")
_SUN_BYTES = len('[371,"sunrise",-89.123456,-43200],')
_CHANNEL_BYTES = len('"31":{"nights":[],"override":{"id":"","level":100,"until":4294967295,"ramp_s":86400}},') + 64
_DOCUMENT_BYTES = len('{"revision":,"issued_at":4294967295,"valid_until":4294967295,"channels":{}}') + 16
