"""The node's end of the native contract, for simulators and for whoever builds a node. area: `topics.area_of`."""

from __future__ import annotations

from functools import lru_cache
from typing import Annotated

import msgspec

from lightctl.devices import topics
from lightctl.devices.messages import Outgoing, read_json
from lightctl.devices.native import instant
from lightctl.domain.errors import InvalidInput
from lightctl.domain.events import ActionFinished, NodeAnnounced
from lightctl.domain.programs import SunTime
from lightctl.domain.states import (
    ActionKind,
    ChannelDesired,
    ChannelReport,
    DesiredState,
    HeldOverride,
    NodeAction,
    ReportedState,
    Switch,
)

SHOWN_CHARACTERS = 40
MOST_READ = 1024


class UnknownAction(InvalidInput):
    """A command is well formed, but nobody knows its action; answer its `id` with `rejected` and `why`."""

    def __init__(self, where: str, action_id: str, action: str) -> None:
        self.id = action_id
        known = ", ".join(topics.COMMAND_ACTIONS)
        super().__init__(where, f"action {action[:SHOWN_CHARACTERS]!r} is not known; there are: {known}")


class _DesiredDoc(msgspec.Struct, frozen=True):
    """A `DesiredDoc` whose channels are not read yet."""

    revision: topics.Count
    issued_at: topics.Epoch
    valid_until: topics.Epoch
    channels: Annotated[dict[topics.ChannelKey, msgspec.Raw], msgspec.Meta(max_length=topics.MAX_CHANNELS)]


class _AnyCommandDoc(msgspec.Struct, frozen=True):
    id: topics.Id
    action: str
    not_after: topics.Epoch
    args: dict[topics.Id, topics.Text] = {}


def node_subscriptions(area: str, node: str) -> tuple[str, ...]:
    """Give the topics a node listens on: `desired` and `command`."""
    return tuple(topics.topic(area, node, leaf) for leaf in topics.DAEMON_LEAVES)


def encode_hello(area: str, hello: NodeAnnounced) -> Outgoing:
    """Give a node's hello; `clock` defaults to received_at, which is not sent."""
    capabilities = {name: getattr(hello.capabilities, name) for name in topics.CapabilitiesDoc.__struct_fields__}
    document = topics.HelloDoc(
        boot_id=hello.boot_id,
        model=hello.model,
        firmware=hello.firmware,
        capabilities=topics.CapabilitiesDoc(**capabilities),
        applied_revision=hello.applied_revision,
        clock=(hello.clock or hello.received_at).timestamp(),
    )
    return Outgoing(topics.topic(area, hello.node, "hello"), msgspec.json.encode(document))


def encode_reported(area: str, report: ReportedState) -> Outgoing:
    """Give a node's report; `at` defaults to received_at, which is not sent, nor are `verified` and `flags`."""
    document = topics.ReportedDoc(
        boot_id=report.boot_id,
        seq=report.seq,
        at=(report.at or report.received_at).timestamp(),
        applied_revision=report.applied_revision or 0,
        channels={str(number): _channel_report(channel) for number, channel in report.channels.items()},
    )
    return Outgoing(topics.topic(area, report.node, "reported"), msgspec.json.encode(document))


def encode_result(area: str, result: ActionFinished) -> Outgoing:
    """Give a node's answer to a command: status `done`, `rejected` or `failed`; raises InvalidInput for others."""
    if result.status not in ("done", "rejected", "failed"):
        raise InvalidInput("result", f"{result.status!r} is no status: done, rejected or failed")
    document = {"id": result.action_id, "status": result.status, "detail": result.detail}
    return Outgoing(topics.topic(area, result.node, "result"), msgspec.json.encode(document))


def encode_presence(area: str, node: str, *, online: bool, boot_id: str) -> Outgoing:
    """Give a node's presence, retained; also its last will."""
    document = topics.PresenceDoc(online=online, boot_id=boot_id)
    return Outgoing(topics.topic(area, node, "presence"), msgspec.json.encode(document), retain=True)


def decode_desired(node: str, payload: bytes) -> DesiredState:
    """Read the desired state a node is given; raises InvalidInput, also for switches out of time order."""
    where = f"desired of node {node}"
    document = read_json(payload, _DesiredDoc, where)
    return DesiredState(
        node=node,
        revision=document.revision,
        issued_at=instant(document.issued_at),
        valid_until=instant(document.valid_until),
        channels={int(key): _channel(bytes(written), key, where) for key, written in document.channels.items()},
    )


def decode_command(node: str, payload: bytes) -> NodeAction:
    """Read the command a node is given; raises UnknownAction, which a node answers, and InvalidInput otherwise."""
    where = f"command of node {node}"
    try:
        document = read_json(payload, topics.CommandDoc, where)
    except InvalidInput:
        told = read_json(payload, _AnyCommandDoc, where)
        if told.action in topics.COMMAND_ACTIONS.values():
            raise
        raise UnknownAction(where, told.id, told.action) from None
    return NodeAction(document.id, node, ActionKind(document.action), instant(document.not_after), document.args)


def _channel_report(report: ChannelReport) -> topics.ChannelReportDoc:
    return topics.ChannelReportDoc(
        report.level,
        report.commanded,
        report.reason,
        report.power_w,
        report.energy_wh,
        report.voltage_v,
        report.current_a,
        report.power_factor,
        report.temperature_c,
        report.operating_h,
        report.faults,
    )


def _channel(written: bytes, key: str, where: str) -> ChannelDesired:
    try:
        return _read_channel(written)
    except InvalidInput as error:
        raise InvalidInput(where, f"channel {key}: {error.why}") from error


@lru_cache(maxsize=MOST_READ)
def _read_channel(written: bytes) -> ChannelDesired:
    """Read a channel; lamps that are told the very same, as most of a street are, share what was read."""
    channel = read_json(written, topics.ChannelDesiredDoc, "")
    instants = [entry[0] for entry in channel.nights]
    if instants != sorted(set(instants)):
        raise InvalidInput("", "its switches are not in time order")
    held = channel.override
    entries = () if isinstance(channel.sun, msgspec.UnsetType) else channel.sun
    sun = {place: SunTime(event, altitude, offset_s) for place, event, altitude, offset_s in entries}
    return ChannelDesired(
        tuple(
            Switch(instant(at), level, ramp_s, sun=sun.get(place))
            for place, (at, level, ramp_s) in enumerate(channel.nights)
        ),
        HeldOverride(held.id, held.level, instant(held.until), held.ramp_s) if held else None,
    )
