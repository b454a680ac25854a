"""The native contract from both ends: what goes out comes in, and nothing malformed comes in."""

from __future__ import annotations

import datetime as dt
from contextlib import suppress
from dataclasses import fields, replace

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lightctl.devices import topics
from lightctl.devices.codec import (
    NativeCodec,
    Outgoing,
    UnknownNode,
    decode_command,
    decode_desired,
    encode_hello,
    encode_presence,
    encode_reported,
    encode_result,
    node_subscriptions,
)
from lightctl.devices.fit import fit
from lightctl.devices.native_node import UnknownAction
from lightctl.domain.assets import Capabilities, Dates, Node
from lightctl.domain.errors import InvalidInput, NodeRefused
from lightctl.domain.events import ActionFinished, NodeAnnounced, NodePresence, NodeReported
from lightctl.domain.programs import SunEvent, SunTime
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

LATER = dt.datetime(2026, 12, 22, tzinfo=dt.UTC)
NOW = dt.datetime(2026, 11, 23, 17, 0, tzinfo=dt.UTC)
NODE = Node("n-1", "native", "mqtt", "", {0: "lp0", 3: "lp3"})
NODES = {"n-1": NODE}
CODEC = NativeCodec()

ids = st.from_regex(r"[A-Za-z0-9_-]{1,64}", fullmatch=True)
instants = st.integers(0, 4_102_444_800).map(lambda s: dt.datetime.fromtimestamp(s, dt.UTC))
levels = st.integers(0, 100)
switches = st.lists(
    st.builds(Switch, instants, levels, st.integers(0, 86_400)), max_size=20, unique_by=lambda switch: switch.at
).map(lambda found: tuple(sorted(found, key=lambda switch: switch.at)))
channels = st.builds(
    ChannelDesired, switches, st.none() | st.builds(HeldOverride, ids, levels, instants, st.integers(0, 86_400))
)
desired_states = st.builds(
    DesiredState,
    st.just("n-1"),
    st.integers(0, 2**53 - 1),
    instants,
    instants,
    st.dictionaries(st.integers(0, 31), channels, max_size=3),
)
quantities = st.none() | st.floats(-1e12, 1e12)
reports = st.builds(
    ChannelReport,
    level=st.none() | levels,
    commanded=st.none() | levels,
    reason=st.none() | st.sampled_from(Reason),
    faults=st.lists(ids, max_size=4).map(tuple),
    **{name: quantities for name in topics.ChannelReportDoc.__struct_fields__ if name.count("_") and name != "level"},
)
reported_states = st.builds(
    ReportedState,
    node=st.just("n-1"),
    received_at=st.just(NOW),
    channels=st.dictionaries(st.sampled_from([0, 3]), reports),
    boot_id=ids,
    seq=st.integers(0, 2**53 - 1),
    at=instants,
    applied_revision=st.integers(0, 2**53 - 1),
)
hellos = st.builds(
    NodeAnnounced,
    node=st.just("n-1"),
    boot_id=ids,
    capabilities=st.builds(
        Capabilities,
        nights=st.integers(0, 400),
        slots=st.integers(0, 100_000),
        resolution_s=st.integers(1, 3600),
        ramp=st.booleans(),
        min_level=levels,
        channels=st.integers(1, 32),
        persists=st.booleans(),
        levels=st.lists(levels, unique=True).map(sorted).map(tuple),
        dates=st.sampled_from(Dates),
        sun=st.booleans(),
    ),
    applied_revision=st.integers(0, 2**53 - 1),
    received_at=st.just(NOW),
    clock=instants,
    model=st.text(max_size=128),
    firmware=st.text(max_size=128),
)


def test_the_documents_have_the_fields_of_the_values_they_carry():
    assert list(topics.ChannelReportDoc.__struct_fields__) == [field.name for field in fields(ChannelReport)]
    assert sorted(topics.CapabilitiesDoc.__struct_fields__) == sorted(field.name for field in fields(Capabilities))


@settings(max_examples=50)
@given(desired_states)
def test_a_desired_state_reaches_the_node_as_it_was_meant(desired):
    try:
        (outgoing,) = CODEC.encode(NODE, desired, NOW)
    except NodeRefused:
        assert sum(len(channel.switches) for channel in desired.channels.values()) > 50
        return
    assert (outgoing.topic, outgoing.retain, outgoing.qos) == ("lightctl/v1/main/n-1/desired", True, 1)
    assert len(outgoing.payload) <= 8192
    assert decode_desired("n-1", outgoing.payload) == desired


@settings(max_examples=50)
@given(reported_states)
def test_a_report_reaches_the_daemon_as_the_node_meant_it(report):
    said = encode_reported("main", report)
    assert (said.topic, said.retain, said.qos) == ("lightctl/v1/main/n-1/reported", False, 1)
    assert CODEC.decode(said.topic, said.payload, NOW, NODES) == NodeReported(report)


@settings(max_examples=50)
@given(hellos)
def test_a_hello_reaches_the_daemon_as_the_node_meant_it(hello):
    said = encode_hello("main", hello)
    assert not said.retain
    assert CODEC.decode(said.topic, said.payload, NOW, NODES) == hello


@given(
    ids,
    st.sampled_from(sorted(topics.COMMAND_ACTIONS)),
    instants,
    st.dictionaries(ids, st.text(max_size=50), max_size=4),
)
def test_a_command_reaches_the_node_and_is_never_retained(action_id, kind, not_after, args):
    action = NodeAction(action_id, "n-1", kind, not_after, args)
    (outgoing,) = CODEC.encode(NODE, action, NOW)
    assert (outgoing.topic, outgoing.retain) == ("lightctl/v1/main/n-1/command", False)
    assert decode_command("n-1", outgoing.payload) == action


@given(ids, st.text(max_size=300).filter(lambda action: action not in set(topics.COMMAND_ACTIONS)))
def test_an_action_nobody_knows_can_be_answered_by_the_id_of_its_command(action_id, action):
    payload = msgspec.json.encode({"id": action_id, "action": action, "not_after": 1, "args": {"channel": "0"}})
    with pytest.raises(UnknownAction) as caught:
        decode_command("n-1", payload)
    said = encode_result("main", ActionFinished("n-1", caught.value.id, "rejected", NOW, caught.value.why))
    finished = CODEC.decode(said.topic, said.payload, NOW, NODES)
    assert isinstance(finished, ActionFinished)
    assert (finished.action_id, finished.status) == (action_id, "rejected")
    assert "identify, reboot, report" in finished.detail


@pytest.mark.parametrize("action", ["unheard-of", "reboot"])
@pytest.mark.parametrize("broken", [{"id": "a b"}, {"not_after": -1}, {"args": {"channel": 0}}, {"args": []}])
def test_a_malformed_command_is_refused_whatever_its_action(action, broken):
    payload = msgspec.json.encode({"id": "c1", "action": action, "not_after": 1, **broken})
    with pytest.raises(InvalidInput) as caught:
        decode_command("n-1", payload)
    assert not isinstance(caught.value, UnknownAction)


@pytest.mark.parametrize("status", ["done", "rejected", "failed"])
def test_a_result_reaches_the_daemon(status):
    result = ActionFinished("n-1", "c1", status, NOW, "because")
    said = encode_result("main", result)
    assert CODEC.decode(said.topic, said.payload, NOW, NODES) == result


def test_a_node_cannot_answer_with_a_status_of_its_own_making():
    with pytest.raises(InvalidInput, match="no status"):
        encode_result("main", ActionFinished("n-1", "c1", "perhaps", NOW))


@pytest.mark.parametrize("online", [True, False])
def test_presence_stays_on_the_broker_and_is_read_from_there(online):
    said = encode_presence("main", "n-1", online=online, boot_id="b1")
    assert said.retain
    assert CODEC.decode(said.topic, said.payload, NOW, NODES, retained=True) == NodePresence("n-1", online, NOW)


def test_an_emptied_presence_says_nothing():
    assert CODEC.decode("lightctl/v1/main/n-1/presence", b"", NOW, NODES) is None


@pytest.mark.parametrize("leaf", ["hello", "reported", "result"])
def test_old_news_kept_by_a_broker_is_refused(leaf):
    with pytest.raises(InvalidInput, match="how old"):
        CODEC.decode(topics.topic("main", "n-1", leaf), PAYLOADS[leaf], NOW, NODES, retained=True)


def test_a_retired_node_leaves_nothing_on_the_broker():
    assert CODEC.clear(NODE) == (
        Outgoing("lightctl/v1/main/n-1/desired", b"", retain=True),
        Outgoing("lightctl/v1/main/n-1/presence", b"", retain=True),
    )


def test_each_end_listens_where_the_other_speaks():
    leaves = ("hello", "reported", "result", "presence")
    sensors = ("lightctl/v1/+/sensor/+", "lightctl/v1/+/+/sensor/+")
    assert CODEC.subscriptions() == (*(f"lightctl/v1/+/+/{leaf}" for leaf in leaves), *sensors)
    assert node_subscriptions("main", "n-1") == ("lightctl/v1/main/n-1/desired", "lightctl/v1/main/n-1/command")
    assert CODEC.speaks("lightctl/v1/main/n-1/hello")
    assert not CODEC.speaks("lights/n-1/state")


def test_the_area_is_the_nodes_address():
    north = replace(NODE, address="north")
    action = NodeAction("c1", "n-1", ActionKind.REPORT, NOW)
    assert CODEC.encode(north, action, NOW)[0].topic == "lightctl/v1/north/n-1/command"
    with pytest.raises(InvalidInput, match="no area name"):
        CODEC.encode(replace(NODE, address="a/b"), action, NOW)


def test_a_node_nobody_knows_is_named_with_its_model():
    hello = encode_hello("main", NodeAnnounced("stranger", "b1", Capabilities(), 0, NOW, NOW, "Model 7", "1"))
    with pytest.raises(UnknownNode) as unknown:
        CODEC.decode(hello.topic, hello.payload, NOW, NODES)
    assert (unknown.value.node, unknown.value.model) == ("stranger", "Model 7")


@pytest.mark.parametrize("leaf", ["hello", "reported", "result", "presence"])
def test_a_node_that_speaks_in_another_area_is_not_believed(leaf):
    with pytest.raises(InvalidInput, match="speaks in area south"):
        CODEC.decode(topics.topic("south", "n-1", leaf), PAYLOADS[leaf], NOW, NODES)


def test_channels_without_a_light_point_are_left_out():
    said = encode_reported("main", ReportedState("n-1", NOW, {0: ChannelReport(level=5), 1: ChannelReport(level=6)}))
    event = CODEC.decode(said.topic, said.payload.replace(b'"boot_id":""', b'"boot_id":"b"'), NOW, NODES)
    assert list(event.report.channels) == [0]


@pytest.mark.parametrize(
    "topic",
    [
        "", "lightctl/v1/main/n-1", "lightctl/v1/main/n-1/hello/x", "lightctl/v2/main/n-1/hello",
        "lightctl/v1/main/n-1/x", "lightctl/v1/main/n 1/hello", "lightctl/v1//n-1/hello",
        "lightctl/v1/main/n-1\n/hello", "/lightctl/v1/main/n-1/hello", "lightctl/v1/main/+/hello",
        "lightctl/v1/main/" + "x" * 65 + "/hello",
    ],
)  # fmt: skip
def test_a_topic_that_is_none_of_the_contracts_is_refused(topic):
    with pytest.raises(InvalidInput):
        CODEC.decode(topic, b"{}", NOW, NODES)


@pytest.mark.parametrize("leaf", ["desired", "command"])
def test_nobody_but_the_daemon_writes_orders(leaf):
    with pytest.raises(InvalidInput, match="no node writes"):
        CODEC.decode(topics.topic("main", "n-1", leaf), b"{}", NOW, NODES)


PAYLOADS = {
    "hello": encode_hello(
        "main", NodeAnnounced("n-1", "b1", Capabilities(nights=7, slots=9), 3, NOW, NOW, "M")
    ).payload,
    "reported": encode_reported(
        "main",
        ReportedState("n-1", NOW, {0: ChannelReport(70, 70, Reason.PROGRAM, 41.5, faults=("lampFailure",))}, "b1", 1),
    ).payload,
    "result": encode_result("main", ActionFinished("n-1", "c1", "done", NOW, "ä")).payload,
    "presence": encode_presence("main", "n-1", online=True, boot_id="b1").payload,
}
ORDERS = {
    "desired": CODEC.encode(
        NODE,
        DesiredState("n-1", 3, NOW, NOW, {0: ChannelDesired((Switch(NOW, 70, 5),), HeldOverride("o", 5, NOW))}),
        NOW,
    )[0].payload,
    "command": CODEC.encode(NODE, NodeAction("c1", "n-1", ActionKind.IDENTIFY, NOW, {"a": "ö"}), NOW)[0].payload,
}
READERS = {"desired": decode_desired, "command": decode_command}


@pytest.mark.parametrize("leaf", list(PAYLOADS))
def test_what_a_node_says_cut_at_any_byte_is_refused_and_nothing_else_happens(leaf):
    topic, payload = topics.topic("main", "n-1", leaf), PAYLOADS[leaf]
    assert CODEC.decode(topic, payload, NOW, NODES) is not None
    for length in range(1 if leaf == "presence" else 0, len(payload)):
        with pytest.raises(InvalidInput):
            CODEC.decode(topic, payload[:length], NOW, NODES)


@pytest.mark.parametrize("leaf", list(ORDERS))
def test_what_the_daemon_says_cut_at_any_byte_is_refused_by_the_node(leaf):
    assert READERS[leaf]("n-1", ORDERS[leaf])
    for length in range(len(ORDERS[leaf])):
        with pytest.raises(InvalidInput):
            READERS[leaf]("n-1", ORDERS[leaf][:length])


HOSTILE = (
    b"", b"null", b"[]", b"{}", b"NaN", b'"\\ud800"', b"\xff\xfe", b"\x00", b"[" * 8000, b'{"x":' * 1300, b"1" * 8000,
    b'{"boot_id":"b\xff1"}', b'{"a":1}' * 3,
)  # fmt: skip


def read(leaf: str, payload: bytes) -> object:
    if leaf in READERS:
        return READERS[leaf]("n-1", payload)
    return CODEC.decode(topics.topic("main", "n-1", leaf), payload, NOW, NODES)


@pytest.mark.parametrize("payload", HOSTILE, ids=range(len(HOSTILE)))
@pytest.mark.parametrize("leaf", [*PAYLOADS, *ORDERS])
def test_hostile_bytes_are_refused(leaf, payload):
    if leaf == "presence" and not payload:
        payload = b" "
    with pytest.raises(InvalidInput):
        read(leaf, payload)


@given(leaf=st.sampled_from(list(PAYLOADS)), data=st.data())
def test_a_flipped_byte_gives_an_event_of_the_same_node_or_is_refused(leaf, data):
    payload = bytearray(PAYLOADS[leaf])
    payload[data.draw(st.integers(0, len(payload) - 1))] = data.draw(st.integers(0, 255))
    try:
        event = CODEC.decode(topics.topic("main", "n-1", leaf), bytes(payload), NOW, NODES)
    except InvalidInput:
        return
    assert (event.report.node if isinstance(event, NodeReported) else event.node) == "n-1"


def test_unknown_keys_are_ignored_however_deep():
    deep = b'{"online":true,"boot_id":"b1","later":{"x":[1,{"y":null}]}}'
    assert CODEC.decode("lightctl/v1/main/n-1/presence", deep, NOW, NODES) == NodePresence("n-1", True, NOW)
    deepest = b'{"online":true,"boot_id":"b1","later":' + b"[" * 4000 + b"]" * 4000 + b"}"
    with suppress(InvalidInput):  # how deep is too deep is the interpreter's to say
        assert CODEC.decode("lightctl/v1/main/n-1/presence", deepest, NOW, NODES) == NodePresence("n-1", True, NOW)


def test_a_payload_over_8_kb_is_refused_even_when_it_is_otherwise_right():
    padded = PAYLOADS["presence"] + b" " * (8192 - len(PAYLOADS["presence"]))
    assert CODEC.decode("lightctl/v1/main/n-1/presence", padded, NOW, NODES)
    with pytest.raises(InvalidInput, match="8193 bytes"):
        CODEC.decode("lightctl/v1/main/n-1/presence", padded + b" ", NOW, NODES)


@pytest.mark.parametrize("level", [b"50.0", b"true", b"-1", b"101", b'"50"', b"5e1", b"NaN"])
def test_a_level_is_a_whole_percentage_and_nothing_that_looks_like_one(level):
    payload = PAYLOADS["reported"].replace(b'"level":70', b'"level":' + level)
    assert payload != PAYLOADS["reported"]
    with pytest.raises(InvalidInput):
        CODEC.decode("lightctl/v1/main/n-1/reported", payload, NOW, NODES)


def test_switches_out_of_time_order_are_refused_by_the_node():
    wrong = DesiredState("n-1", 3, NOW, NOW, {0: ChannelDesired((Switch(NOW, 70), Switch(NOW, 50)))})
    (outgoing,) = CODEC.encode(NODE, wrong, NOW)
    with pytest.raises(InvalidInput, match="time order"):
        decode_desired("n-1", outgoing.payload)


def test_a_desired_state_over_8_kb_is_refused_with_its_size():
    many = tuple(Switch(NOW + dt.timedelta(seconds=n), n % 101, 30) for n in range(600))
    with pytest.raises(NodeRefused, match=r"n-1 has \d{5} bytes and the contract allows 8192"):
        CODEC.encode(NODE, DesiredState("n-1", 1, NOW, NOW, {0: ChannelDesired(many)}), NOW)


@pytest.mark.parametrize("channels", [1, 2, 4, 8, 16, 32])
def test_what_fit_lets_through_always_fits_into_one_message(channels):
    able = Capabilities(nights=1, slots=100_000, ramp=True, channels=channels)
    late = dt.datetime(2099, 12, 1, 12, 0, tzinfo=dt.UTC)
    most = topics.slots_limit(channels)
    plan = [Switch(late + dt.timedelta(seconds=n), 100 - n % 2, 86_400) for n in range(most)]
    fitted = fit(plan, able, min_level=0, noons=(late, late + dt.timedelta(days=1)))
    assert len(fitted.switches) == most > 0
    held = HeldOverride("o" * 64, 100, late, 86_400)
    state = DesiredState(
        "n-1", 2**53 - 1, late, late, dict.fromkeys(range(channels), ChannelDesired(fitted.switches, held))
    )
    (outgoing,) = CODEC.encode(NODE, state, NOW)
    assert decode_desired("n-1", outgoing.payload) == state
    one_more = [*plan, Switch(late + dt.timedelta(seconds=most), 50 + most % 2, 0)]
    with pytest.raises(NodeRefused, match=f"holds {most} switches"):
        fit(one_more, able, min_level=0, noons=(late, late + dt.timedelta(days=1)))


def test_a_switch_that_follows_the_sun_reaches_the_node_with_the_event_it_follows():
    dusk = SunTime(SunEvent.DUSK, -3.5, -600)
    switches = (Switch(NOW, 0), Switch(NOW + dt.timedelta(hours=1), 100, sun=dusk))
    (outgoing,) = CODEC.encode(NODE, DesiredState("n-1", 4, NOW, NOW, {0: ChannelDesired(switches)}), NOW)
    assert msgspec.json.decode(outgoing.payload)["channels"]["0"]["sun"] == [[1, "dusk", -3.5, -600]]
    read = decode_desired("n-1", outgoing.payload).channels[0].switches
    assert [switch.sun for switch in read] == [None, dusk]
    stray = outgoing.payload.replace(b"[[1,", b"[[7,")
    assert [switch.sun for switch in decode_desired("n-1", stray).channels[0].switches] == [None, None]


def test_a_full_table_by_the_sun_fits_into_one_message():
    late = dt.datetime(2099, 12, 1, 12, 0, tzinfo=dt.UTC)
    dawn = SunTime(SunEvent.DAWN, -12.123456, -43_200)
    most = topics.slots_limit(1, sun=True)
    switches = tuple(Switch(late + dt.timedelta(seconds=n), 100 - n % 2, 86_400, sun=dawn) for n in range(most))
    held = HeldOverride("o" * 64, 100, late, 86_400)
    (outgoing,) = CODEC.encode(
        NODE, DesiredState("n-1", 2**53 - 1, late, late, {0: ChannelDesired(switches, held)}), NOW
    )
    assert most >= 14 * 8
    assert len(decode_desired("n-1", outgoing.payload).channels[0].switches) == most


def test_the_levels_a_node_knows_are_taken_in_ascending_order():
    hello = NodeAnnounced("n-1", "b1", Capabilities(levels=(100, 0, 50, 50)), 0, NOW, NOW)
    said = encode_hello("main", hello)
    assert CODEC.decode(said.topic, said.payload, NOW, NODES).capabilities.levels == (0, 50, 100)


def test_a_week_of_eight_steps_a_night_fits_a_node_of_one_channel():
    assert topics.slots_limit(1) >= 7 * 8
    assert topics.slots_limit(4) >= 7 * 8


def test_the_wire_carries_the_names_of_the_contract():
    said = msgspec.json.decode(ORDERS["desired"])
    assert said == {
        "revision": 3, "issued_at": 1795453200, "valid_until": 1795453200,
        "channels": {"0": {"nights": [[1795453200, 70, 5]],
                           "override": {"id": "o", "level": 5, "until": 1795453200, "ramp_s": 0}}},
    }  # fmt: skip
    assert msgspec.json.decode(PAYLOADS["reported"])["channels"]["0"] == {
        "level": 70, "commanded": 70, "reason": "program", "power_w": 41.5, "faults": ["lampFailure"],
    }  # fmt: skip


def test_lamps_that_share_their_nights_each_get_their_own_revision_and_override():
    switches = (Switch(NOW, 100), Switch(NOW + dt.timedelta(hours=1), 40))
    held = HeldOverride("o-1", 55, NOW + dt.timedelta(hours=2))
    until = NOW + dt.timedelta(days=1)
    for number, override in enumerate((None, held, None), start=1):
        desired = DesiredState("n-1", number, NOW, until, {0: ChannelDesired(switches, override)})
        (outgoing,) = CODEC.encode(NODE, desired, NOW)
        assert decode_desired("n-1", outgoing.payload) == desired


def test_lamps_that_were_given_the_very_same_channels_each_get_their_own_revision_and_instants():
    channels = {0: ChannelDesired((Switch(NOW, 100), Switch(LATER, 40)))}
    hour = dt.timedelta(hours=1)
    for revision, issued_at, valid_until in ((1, NOW, LATER), (2, NOW, LATER), (2, NOW + hour, LATER), (3, NOW, NOW)):
        desired = DesiredState("n-1", revision, issued_at, valid_until, channels)
        (outgoing,) = CODEC.encode(NODE, desired, NOW)
        assert decode_desired("n-1", outgoing.payload) == desired


def test_channels_that_are_told_the_same_share_what_is_read_and_each_other_one_is_read_for_itself():
    same, other = ChannelDesired((Switch(NOW, 70), Switch(LATER, 50))), ChannelDesired((Switch(NOW, 20),))
    wanted = DesiredState("n-1", 3, NOW, LATER, {0: same, 1: same, 2: other, 3: same})
    (outgoing,) = CODEC.encode(NODE, wanted, NOW)
    read = decode_desired("n-1", outgoing.payload)
    assert read == wanted
    assert read.channels[0] is read.channels[1]


def test_switches_out_of_time_order_are_refused_on_any_channel():
    right, wrong = ChannelDesired((Switch(NOW, 70),)), ChannelDesired((Switch(LATER, 70), Switch(NOW, 50)))
    (outgoing,) = CODEC.encode(NODE, DesiredState("n-1", 3, NOW, NOW, {0: right, 1: right, 2: wrong}), NOW)
    with pytest.raises(InvalidInput, match="channel 2"):
        decode_desired("n-1", outgoing.payload)
