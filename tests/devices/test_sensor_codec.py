"""Sensors from both ends: what one says comes in as it was meant, and nothing malformed comes in."""

from __future__ import annotations

import datetime as dt

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lightctl.devices.codec import NativeCodec, UnknownNode, encode_sensor
from lightctl.devices.sensor_codec import is_sensor_topic, sensor_topic
from lightctl.domain.assets import Node
from lightctl.domain.errors import InvalidInput
from lightctl.domain.events import NodePresence, SensorRead
from lightctl.domain.sensors import SensorKind, SensorReading

NOW = dt.datetime(2026, 11, 23, 17, 0, tzinfo=dt.UTC)
NODES = {"n-1": Node("n-1", "native", "mqtt", "", {0: "lp0"}), "sensor": Node("sensor", "native", "mqtt", "", {})}
CODEC = NativeCodec()
READING = SensorReading("main", "n-1", "yard", SensorKind.VEHICLES, 17, NOW, NOW)
readings = st.builds(
    SensorReading,
    st.just("main"),
    st.sampled_from(["", "n-1"]),
    st.from_regex(r"[A-Za-z0-9_-]{1,64}", fullmatch=True).filter(lambda name: is_sensor_topic(f"a/b/c/sensor/{name}")),
    st.sampled_from([SensorKind.LUX, SensorKind.VEHICLES]),
    st.floats(0, 1e9),
    st.just(NOW),
    st.just(NOW),
)


@given(readings)
def test_what_a_sensor_says_reaches_the_daemon_as_it_was_meant(reading):
    said = encode_sensor(reading)
    assert (said.qos, said.retain) == (1, False)
    assert CODEC.speaks(said.topic)
    assert CODEC.decode(said.topic, said.payload, NOW, NODES) == SensorRead(reading)


def test_what_a_sensor_says_cut_at_any_byte_is_refused():
    said = encode_sensor(READING)
    for end in range(len(said.payload)):
        with pytest.raises(InvalidInput):
            CODEC.decode(said.topic, said.payload[:end], NOW, NODES)


def test_a_reading_a_broker_kept_is_refused():
    said = encode_sensor(READING)
    with pytest.raises(InvalidInput, match="how old"):
        CODEC.decode(said.topic, said.payload, NOW, NODES, retained=True)


def test_a_sensor_of_a_node_nobody_knows_or_in_another_area_is_not_believed():
    payload = encode_sensor(READING).payload
    with pytest.raises(UnknownNode):
        CODEC.decode(sensor_topic("main", "n-2", "yard"), payload, NOW, NODES)
    with pytest.raises(InvalidInput, match="area"):
        CODEC.decode(sensor_topic("north", "n-1", "yard"), payload, NOW, NODES)


def test_somebody_is_there_or_not_and_nothing_between():
    payload = msgspec.json.encode({"at": 0, "kind": "presence", "value": 2})
    with pytest.raises(InvalidInput, match="1 or 0"):
        CODEC.decode(sensor_topic("main", "", "walker"), payload, NOW, NODES)


@pytest.mark.parametrize(
    "topic", ["lightctl/v1/a b/sensor/x", "lightctl/v1/main/sensor/ä", "lightctl/v1//n-1/sensor/x"]
)
def test_a_topic_with_odd_names_is_refused(topic):
    with pytest.raises(InvalidInput):
        CODEC.decode(topic, encode_sensor(READING).payload, NOW, NODES)


def test_a_node_that_is_called_sensor_is_still_heard_as_a_node():
    said = CODEC.decode("lightctl/v1/main/sensor/presence", b'{"online":true,"boot_id":"b"}', NOW, NODES)
    assert said == NodePresence("sensor", True, NOW)
