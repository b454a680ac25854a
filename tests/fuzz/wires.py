"""The wires as targets: messages of a broker, the node's end of them, and the answers of a Modbus unit."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterable
from functools import cache
from itertools import product

from lightctl.app.clock import ManualClock
from lightctl.control.controller import Controller
from lightctl.control.policy import Policy
from lightctl.devices.blocks import Block, plan_reads
from lightctl.devices.codec import mqtt_codec
from lightctl.devices.meter import Meter
from lightctl.devices.native_node import decode_command, decode_desired
from lightctl.devices.profile import shipped_profiles
from lightctl.devices.registers import decode_state
from lightctl.domain.assets import Fleet, LightPoint, Node
from lightctl.domain.errors import InvalidInput
from lightctl.domain.events import Event, FleetChanged, MessageQuarantined
from lightctl.links.inbound import Inbound
from tests.fuzz.judging import must

NOW = dt.datetime(2026, 11, 25, 20, tzinfo=dt.UTC)
ZONE = "Europe/Berlin"
PROFILES = shipped_profiles()
MQTT = {name: mqtt_codec(profile) for name, profile in PROFILES.items() if profile.kind != "modbus"}
MODBUS = {name: profile.modbus for name, profile in PROFILES.items() if profile.modbus is not None}
SAID = {
    "n1/hello": b"""{"boot_id":"b1","model":"m","firmware":"1","capabilities":{"nights":7,"slots":64,"resolution_s":60,
        "ramp":true,"min_level":10,"channels":2,"persists":true},"applied_revision":3,"clock":"2026-11-25T20:00:00Z"}""",
    "n1/reported": b"""{"boot_id":"b1","seq":4,"at":"2026-11-25T20:00:00Z","applied_revision":3,"channels":{"0":
        {"level":70,"commanded":70,"reason":"program","power_w":41.5,"energy_wh":1234.5,"voltage_v":230.1,
        "current_a":0.2,"power_factor":0.95,"temperature_c":31.0,"operating_h":20000.0,"faults":["lampFailure"]},
        "1":{"level":0}}}""",
    "n1/result": b'{"id":"a-1","status":"done","detail":"ok"}',
    "n1/presence": b'{"online":true,"boot_id":"b1"}',
    "n1/sensor/traffic": b'{"at":"2026-11-25T20:00:00Z","value":12}',
    "other/hello": b"{}",
}


@cache
def _points() -> tuple[LightPoint, ...]:
    nodes = {name: "n1" if name == "native" else f"n-{name}" for name in MQTT}
    first = [LightPoint(f"{name}-1", 51.4, 6.7, node=node, profile=name) for name, node in nodes.items()]
    return (*first, LightPoint("two", 51.4, 6.7, node="n1", channel=1))


def mqtt(data: bytes) -> None:
    """A message as a broker hands it over: the topic, a zero byte, the payload."""
    topic, _, payload = data.partition(b"\0")
    said: list[Event] = []
    inbound = Inbound("mqtt", MQTT, frozenset({"native"}), said.append, ManualClock(NOW))
    fleet = Fleet.of(_points(), ZONE)
    inbound.attach(fleet.nodes)
    inbound.receive(topic.decode("utf-8", "replace"), payload, bool(data[:1] == b"!"))
    must(len(said) <= 2, f"{len(said)} events of one message")
    for event in said:
        must(not isinstance(event, MessageQuarantined) or event.why, "refused without a reason")
    controller = Controller(Policy(), PROFILES, ZONE)
    controller.step([FleetChanged(fleet)], NOW)
    for moment in (NOW, NOW + dt.timedelta(hours=1)):
        effects = controller.step(said if moment == NOW else (), moment)
        failed = [fault.detail for fault in effects.faults if fault.detail.startswith("lightctl failed")]
        must(not failed, str(failed))


def mqtt_seeds() -> Iterable[bytes]:
    """Real messages of every make."""
    for word, payload in SAID.items():
        yield f"lightctl/v1/main/{word}".encode() + b"\0" + payload
    for name, codec in MQTT.items():
        for pattern in codec.subscriptions():
            topic = pattern.replace("+", f"n-{name}").replace("#", "x")
            yield topic.encode() + b'\0{"level": 50, "power": 20.5, "state": "ON", "online": true}'


def node_end(data: bytes) -> None:
    """What a node is told, as a simulated node or a maker's firmware reads it."""
    for read in (decode_desired, decode_command):
        try:
            read("n1", data)
        except InvalidInput as error:
            must(str(error), "refused without a reason")


def node_end_seeds() -> Iterable[bytes]:
    """A desired state and a command."""
    yield (
        b'{"revision":5,"issued_at":"2026-11-25T20:00:00Z","valid_until":"2026-12-02T12:00:00Z","channels":{"0":'
        b'{"nights":[[1764090000,100,0],[1764104400,50,30]],"override":{"id":"o-1","level":30,"until":'
        b'"2026-11-25T21:00:00Z","ramp_s":0}}}}'
    )
    yield b'{"id":"a-1","action":"identify","args":{},"not_after":"2026-11-25T20:01:00Z"}'


def registers(data: bytes) -> None:
    """The words a Modbus unit answers with: the first byte chooses the map, the second what is cut or left out."""
    names = sorted(MODBUS)
    name = names[(data[0] if data else 0) % len(names)]
    how = data[1] if len(data) > 1 else 0
    words = [int.from_bytes(data[at : at + 2].ljust(2, b"\0")) for at in range(2, len(data), 2)] or [0]
    known = MODBUS[name]
    count = known.channels.count if known.channels else 1
    node = Node("u1", name, "line", "7", {channel: f"L{channel}" for channel in range(count)})
    answers: dict[Block, list[int]] = {}
    for number, block in enumerate(plan_reads(known)):
        if how & 1 << (number % 7) and how & 128:
            continue
        length = max(0, block.count + (number % 3 - 1 if how & 64 else 0))
        answers[block] = [words[(number + at) % len(words)] for at in range(length)]
    try:
        report = decode_state(known, node, answers, NOW, verified=bool(how & 32))
        values = Meter(known, plan_reads(known)).read(answers)
    except InvalidInput as error:
        must(str(error), "refused without a reason")
        return
    must(all(math.isfinite(value) for value in values.values()), f"a reading of {values}")
    for channel in report.channels.values():
        for level in (channel.level, channel.commanded):
            must(level is None or 0 <= level <= 100, f"a level of {level}")


def register_seeds() -> Iterable[bytes]:
    """Every map with plausible, extreme and odd words."""
    odd = (b"\0\0", b"\0\x64", b"\xff\xff", b"\x7f\xff\0\1\x80\0", b"\x41\xc8\0\0")
    for number, words in product(range(len(MODBUS)), odd):
        yield bytes([number, 0]) + words
        yield bytes([number, 0b11010101]) + words
