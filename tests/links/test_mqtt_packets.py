from __future__ import annotations

import contextlib
import socket
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from paho.mqtt import _packet
from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from lightctl.links import mqtt_packets as packets

V311, V5 = MQTTProtocolVersion.MQTTv311, MQTTProtocolVersion.MQTTv5
TOPICS = st.text(st.characters(exclude_characters="+#\0", exclude_categories=["Cs"]), min_size=1, max_size=80)


class Paho(Client):
    """Writes into a list, as the oracle of what a publish looks like."""

    def __init__(self, protocol: MQTTProtocolVersion) -> None:
        super().__init__(CallbackAPIVersion.VERSION2, protocol=protocol)
        self.written: list[bytes] = []
        self._sock, self._other = socket.socketpair()

    def _packet_queue(self, command: int, packet: bytes | bytearray, *_: Any, **__: Any) -> MQTTErrorCode:
        del command
        self.written.append(bytes(packet))
        return MQTTErrorCode.MQTT_ERR_SUCCESS

    def close(self) -> None:
        self._sock_close()
        self._other.close()


@dataclass(frozen=True)
class Case:
    """A publish; expiry_s is of MQTT 5 alone."""

    topic: str
    payload: bytes
    qos: int
    retain: bool
    number: int
    expiry_s: int | None
    mqtt5: bool

    @property
    def protocol(self) -> MQTTProtocolVersion:
        return V5 if self.mqtt5 else V311

    @property
    def properties(self) -> Any:
        if self.expiry_s is None:
            return None
        made = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]
        made.MessageExpiryInterval = self.expiry_s
        return made

    def write(self) -> bytes:
        packed = packets.expiring(self.expiry_s) if self.mqtt5 else None
        number = self.number if self.qos else 0
        return packets.publish(
            self.topic, self.payload, qos=self.qos, retain=self.retain, number=number, properties=packed
        )


CASES = st.builds(
    Case, TOPICS, st.binary(max_size=300), st.sampled_from((0, 1)), st.booleans(), st.integers(1, 0xFFFF),
    st.none() | st.integers(1, 0xFFFF_FFFF), st.booleans(),
)  # fmt: skip
EXPIRING = Case("a/b", b"payload", 1, retain=True, number=3, expiry_s=60, mqtt5=True)


@given(CASES)
def test_a_publish_is_written_as_paho_writes_it(case: Case) -> None:
    with contextlib.closing(Paho(case.protocol)) as oracle:
        oracle._send_publish(
            case.number, case.topic.encode(), case.payload, case.qos, case.retain, properties=case.properties
        )
        assert [case.write()] == oracle.written


@given(CASES)
def test_a_publish_is_read_as_paho_reads_it(case: Case) -> None:
    ((first, body),) = packets.take_packets(bytearray(case.write()))
    oracle = _packet.decode_publish(first, body, case.protocol)
    found = packets.read_publish(first, body, mqtt5=case.mqtt5)
    assert found == (oracle.topic.decode(), oracle.payload, oracle.retain, oracle.mid)
    assert found == (case.topic, case.payload, case.retain, case.number if case.qos else 0)


def test_packets_that_come_in_any_pieces_are_the_same_packets() -> None:
    sent = [packets.publish("t", b"x" * size, qos=1, retain=False, number=7, properties=None) for size in (0, 5, 200)]
    wire = b"".join((*sent, packets.acknowledge(9), b"\xd0\x00"))
    whole = packets.take_packets(bytearray(wire))
    assert [first for first, _ in whole] == [0x32, 0x32, 0x32, 0x40, 0xD0]
    for cut in range(len(wire) + 1):
        unread = bytearray(wire[:cut])
        found = packets.take_packets(unread)
        unread += wire[cut:]
        assert found + packets.take_packets(unread) == whole, f"cut at {cut}"
        assert not unread


def test_a_publish_cut_at_any_byte_is_refused_or_only_shorter() -> None:
    wire = EXPIRING.write()
    body = wire[2:]
    for cut in range(len(body)):
        with contextlib.suppress(ValueError):
            assert b"payload".startswith(packets.read_publish(wire[0], body[:cut], mqtt5=True).payload)


@given(st.integers(0, 255), st.binary(max_size=40))
def test_whatever_a_broker_sends_is_read_or_refused(first: int, body: bytes) -> None:
    for mqtt5 in (False, True):
        with contextlib.suppress(ValueError):
            packets.read_publish(first, body, mqtt5=mqtt5)
    with contextlib.suppress(ValueError):
        packets.read_acknowledgement(body)
    with contextlib.suppress(ValueError):
        packets.take_packets(bytearray((first, *body)))


def test_a_publish_of_a_quality_nobody_asked_for_is_refused() -> None:
    with pytest.raises(ValueError, match="QoS 2"):
        packets.read_publish(0x34, b"\x00\x01t\x00\x01", mqtt5=False)


def test_an_acknowledgement_names_its_reason_or_none() -> None:
    assert packets.read_acknowledgement(packets.acknowledge(513)[2:]) == (513, 0)
    assert packets.read_acknowledgement(b"\x02\x01\x87\x00") == (513, 0x87)


def test_a_topic_that_is_no_text_is_empty() -> None:
    assert packets.read_publish(0x30, b"\x00\x01\xffx", mqtt5=False) == ("", b"x", False, 0)
