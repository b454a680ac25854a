"""Foreign JSON dimmers: orders and states by the words of a profile, and nothing believed that is not plain."""

from __future__ import annotations

import datetime as dt

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lightctl.devices.codec import Outgoing, ProfileCodec, SetLevel, UnknownNode
from lightctl.devices.profile import parse_profile, shipped_profiles
from lightctl.domain.assets import Node
from lightctl.domain.errors import InvalidInput, NodeRefused
from lightctl.domain.events import NodePresence, NodeReported
from lightctl.domain.states import (
    ActionKind,
    ChannelDesired,
    ChannelReport,
    DesiredState,
    HeldOverride,
    NodeAction,
    Reason,
    ReportedState,
    Switch,
)

NOW = dt.datetime(2026, 11, 23, 17, 0, tzinfo=dt.UTC)
MINUTE = dt.timedelta(minutes=1)
NODE = Node("n1", "json-dimmer", "mqtt", "", {4: "lp1"})
NODES = {"n1": NODE}
CODEC = ProfileCodec(shipped_profiles()["json-dimmer"])
RICH = ProfileCodec(
    parse_profile(
        """
version: 1
title: A make with everything
kind: mqtt
mqtt:
  set: {topic: "site/{address}/cmnd/light", retain: true, qos: 0}
  state: {topic: "site/{address}/tele/light"}
  level: {field: light.dim, full: 1, integer: false}
  on: {field: light.power, "on": true, "off": false}
  transition: light.fade
  readings:
    energy_wh: {field: ENERGY.Total, scale: 1000}
  faults:
    lampFailure: {field: ENERGY.Fault, when: 1, otherwise: 0}
  local: {field: mode, when: manual, otherwise: auto}
  actions:
    identify: {payload: {effect: blink}}
""",
        "rich",
    )
)
LAMP = Node("n9", "rich", "mqtt", "pole-9", {0: "lp9"})


def desired(node: Node, level: int, ramp_s: int = 0, override: HeldOverride | None = None) -> DesiredState:
    channel = ChannelDesired((Switch(NOW - MINUTE, level, ramp_s),), override)
    return DesiredState(node.id, 3, NOW, NOW + MINUTE, dict.fromkeys(node.channels, channel))


def decoded(outgoing: Outgoing) -> object:
    return msgspec.json.decode(outgoing.payload)


def test_an_order_speaks_the_words_of_the_profile():
    (order,) = CODEC.encode(NODE, desired(NODE, 50, 30), NOW)
    assert (order.topic, order.retain, order.qos) == ("lights/n1/set", False, 1)
    assert decoded(order) == {"state": "ON", "brightness": 127, "transition": 30}
    assert decoded(CODEC.encode(NODE, desired(NODE, 0), NOW)[0]) == {"state": "OFF"}
    assert decoded(CODEC.encode(NODE, desired(NODE, 100), NOW)[0]) == {"state": "ON", "brightness": 254}


def test_an_order_goes_as_deep_into_objects_as_the_profile_says():
    (order,) = RICH.encode(LAMP, desired(LAMP, 25, 5), NOW)
    assert (order.topic, order.retain, order.qos) == ("site/pole-9/cmnd/light", True, 0)
    assert decoded(order) == {"light": {"power": True, "dim": 0.25, "fade": 5}}


def test_an_override_in_force_and_its_ramp_decide_the_order():
    held = HeldOverride("o1", 10, NOW + MINUTE, 7)
    (order,) = CODEC.encode(NODE, desired(NODE, 100, 60, held), NOW)
    assert CODEC.decode_set(order.payload) == SetLevel(10, 7)
    (later,) = CODEC.encode(NODE, desired(NODE, 100, 60, held), NOW + MINUTE)
    assert CODEC.decode_set(later.payload) == SetLevel(100, 60)


@given(st.integers(0, 100), st.integers(0, 3600))
def test_every_level_and_ramp_reaches_the_lamp(level, ramp_s):
    for codec, node in ((CODEC, NODE), (RICH, LAMP)):
        (order,) = codec.encode(node, desired(node, level, ramp_s), NOW)
        assert codec.decode_set(order.payload) == SetLevel(level, ramp_s)


@given(st.integers(0, 100), st.booleans(), st.booleans())
def test_every_state_reaches_the_daemon(level, failed, local):
    report = ChannelReport(
        level=level,
        reason=Reason.LOCAL if local else None,
        energy_wh=1500.0,
        faults=("lampFailure",) if failed else (),
    )
    said = RICH.encode_state(LAMP, report)
    assert said.topic == "site/pole-9/tele/light"
    event = RICH.decode(said.topic, said.payload, NOW, {"n9": LAMP})
    assert event == NodeReported(ReportedState("n9", NOW, {0: report}))
    assert event.report.applied_revision is None


def test_an_action_the_profile_describes_is_sent_and_any_other_is_refused_with_a_next_step():
    (sent,) = RICH.encode(LAMP, NodeAction("a", "n9", ActionKind.IDENTIFY, NOW), NOW)
    assert sent == Outgoing("site/pole-9/cmnd/light", b'{"effect":"blink"}', retain=False, qos=0)
    with pytest.raises(NodeRefused, match=r"mqtt\.actions"):
        CODEC.encode(NODE, NodeAction("a", "n1", ActionKind.IDENTIFY, NOW), NOW)


def test_what_was_retained_is_cleared_and_nothing_else():
    assert CODEC.clear(NODE) == ()
    assert RICH.clear(LAMP) == (Outgoing("site/pole-9/cmnd/light", b"", retain=True),)


def test_it_listens_to_all_nodes_of_the_make():
    assert CODEC.subscriptions() == ("lights/+/state", "lights/+/availability")
    assert RICH.subscriptions() == ("site/+/tele/light",)
    assert CODEC.speaks("lights/n1/state")
    for topic in ("lights/n1/set", "lights/n1/x/state", "lights//state", "lights/state", "x/lights/n1/state"):
        assert not CODEC.speaks(topic)


@pytest.mark.parametrize(
    ("state", "level"),
    [
        (b'{"state":"ON","brightness":254}', 100),
        (b'{"state":"ON","brightness":1}', 1),
        (b'{"state":"OFF","brightness":254}', 0),
        (b'{"state":"ON","brightness":0}', 0),
        (b'{"brightness":127}', 50),
        (b'{"state":"OFF"}', 0),
        (b'{"state":"ON","brightness":63.5,"color":{"x":1}}', 25),
    ],
)
def test_a_level_is_read_as_the_make_means_it(state, level):
    event = CODEC.decode("lights/n1/state", state, NOW, NODES)
    assert event.report.channels == {4: ChannelReport(level=level)}


@pytest.mark.parametrize(
    "state", [b'{"state":"ON"}', b'{"linkquality":70}', b"{}", b'{"brightness":null}', b'{"power":12}']
)
def test_a_state_that_names_no_level_is_no_report(state):
    assert CODEC.decode("lights/n1/state", state, NOW, NODES) is None


def test_a_state_kept_by_the_broker_is_no_report_as_nobody_knows_its_age():
    assert CODEC.decode("lights/n1/state", b'{"brightness":254}', NOW, NODES, retained=True) is None


@pytest.mark.parametrize(
    "state",
    [
        b"", b"ON", b"[]", b'"ON"', b"null", b'{"brightness":255}', b'{"brightness":-1}', b'{"brightness":true}',
        b'{"brightness":"200"}', b'{"brightness":[1]}', b'{"state":"TOGGLE"}', b'{"state":true,"brightness":1}',
        b'{"brightness":1e400}', b'{"brightness":NaN}', b'{"brightness":1,"power":"12 W"}',
        b'{"brightness":1,"power":1e13}', b'{"state":{"state":"ON"}}', b'{"x":' * 1500, b'{"brightness":\xff}',
        b'{"brightness":1}' + b" " * 8192,
    ],
    ids=range(20),
)  # fmt: skip
def test_a_state_that_is_not_plain_is_refused(state):
    with pytest.raises(InvalidInput):
        CODEC.decode("lights/n1/state", state, NOW, NODES)


def test_a_state_or_order_cut_at_any_byte_is_refused():
    said = CODEC.encode_state(NODE, ChannelReport(level=40, power_w=12.5, faults=("lampFailure",)))
    (order,) = CODEC.encode(NODE, desired(NODE, 40, 5), NOW)
    for length in range(len(said.payload)):
        with pytest.raises(InvalidInput):
            CODEC.decode(said.topic, said.payload[:length], NOW, NODES)
    for length in range(len(order.payload)):
        with pytest.raises(InvalidInput):
            CODEC.decode_set(order.payload[:length])


@given(st.binary(max_size=60))
def test_any_bytes_give_a_report_of_that_node_or_are_refused(payload):
    for topic in ("lights/n1/state", "lights/n1/availability"):
        try:
            event = CODEC.decode(topic, payload, NOW, NODES)
        except InvalidInput:
            continue
        assert event is None or isinstance(event, NodeReported | NodePresence)


def test_an_order_without_a_level_is_no_order():
    with pytest.raises(InvalidInput, match="no level"):
        CODEC.decode_set(b'{"state":"ON"}')


def test_availability_is_one_of_two_words():
    assert CODEC.decode("lights/n1/availability", b"online", NOW, NODES) == NodePresence("n1", True, NOW)
    assert CODEC.decode("lights/n1/availability", b"offline", NOW, NODES) == NodePresence("n1", False, NOW)
    assert CODEC.decode("lights/n1/availability", b"", NOW, NODES) is None
    with pytest.raises(InvalidInput, match="neither online nor offline"):
        CODEC.decode("lights/n1/availability", b"ONLINE", NOW, NODES)
    assert RICH.encode_availability(LAMP, online=True) is None


def test_a_node_nobody_knows_is_named():
    for codec, topic in ((CODEC, "lights/stranger/state"), (RICH, "site/stranger/tele/light")):
        with pytest.raises(UnknownNode) as unknown:
            codec.decode(topic, b"{}", NOW, NODES)
        assert unknown.value.node == "stranger"


@pytest.mark.parametrize("place", ["a b", "x" * 65, "+", "a\n"])
def test_a_name_no_node_can_have_is_refused_and_not_listed(place):
    with pytest.raises(InvalidInput) as refused:
        CODEC.decode(f"lights/{place}/state", b"{}", NOW, NODES)
    assert not isinstance(refused.value, UnknownNode)


@pytest.mark.parametrize("topic", ["", "lights/n1/set", "other/n1/state", "lights/n1/state/x"])
def test_a_topic_of_somebody_else_is_refused(topic):
    with pytest.raises(InvalidInput, match="no topic of profile json-dimmer"):
        CODEC.decode(topic, b"{}", NOW, NODES)


def test_a_node_of_another_make_is_not_believed():
    other = Node("n1", "native", "mqtt", "", {0: "lp1"})
    with pytest.raises(InvalidInput, match="the inventory says native"):
        CODEC.decode("lights/n1/state", b'{"brightness":1}', NOW, {"n1": other})


def test_addresses_are_looked_up_anew_when_the_nodes_change():
    said = RICH.encode_state(LAMP, ChannelReport(level=5))
    moved = Node("n7", "rich", "mqtt", "pole-9", {0: "lp7"})
    assert RICH.decode(said.topic, said.payload, NOW, {"n9": LAMP}).report.node == "n9"
    assert RICH.decode(said.topic, said.payload, NOW, {"n7": moved}).report.node == "n7"


@pytest.mark.parametrize("address", ["", "a/b", "+", "a b", "#"])
def test_an_address_that_cannot_stand_in_a_topic_is_refused(address):
    with pytest.raises(InvalidInput, match="cannot stand in the topic"):
        RICH.encode(Node("n9", "rich", "mqtt", address, {0: "lp9"}), desired(LAMP, 5), NOW)


def test_a_node_with_two_lamps_does_not_suit_a_make_with_one():
    two = Node("n1", "json-dimmer", "mqtt", "", {0: "lp1", 1: "lp2"})
    with pytest.raises(InvalidInput, match="2 channels"):
        CODEC.encode(two, desired(two, 5), NOW)
    with pytest.raises(InvalidInput, match="2 channels"):
        CODEC.decode("lights/n1/state", b'{"brightness":1}', NOW, {"n1": two})


def test_an_order_for_a_channel_nobody_planned_is_refused():
    with pytest.raises(NodeRefused, match="says nothing for channel 4"):
        CODEC.encode(NODE, DesiredState("n1", 1, NOW, NOW, {}), NOW)
