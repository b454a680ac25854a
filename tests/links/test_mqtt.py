"""A real MqttLink against real brokers: each test runs on NATS and, where it is installed, on Mosquitto."""

from __future__ import annotations

import asyncio
import datetime as dt
import time

import pytest
from aiomqtt import ProtocolVersion

from lightctl.app.clock import RunClock
from lightctl.devices import codec
from lightctl.devices.profile import shipped_profiles
from lightctl.domain.assets import Capabilities, Node
from lightctl.domain.errors import LinkDown
from lightctl.domain.events import (
    ActionFinished,
    BrokerAcked,
    CommandSent,
    LinkChanged,
    MessageQuarantined,
    NodeAnnounced,
    NodeDiscovered,
    NodePresence,
    NodeReported,
    SendFailed,
    SensorRead,
)
from lightctl.domain.sensors import SensorKind, SensorReading
from lightctl.domain.states import ChannelReport, ReportedState
from lightctl.links import strict_mqtt
from lightctl.links.mqtt import MqttEndpoint, MqttLink
from lightctl.links.strict_mqtt import StrictClient
from tests.support.brokers import Broker
from tests.support.chaos_proxy import ChaosProxy
from tests.support.street import action, node, order, street
from tests.support.watching import Watcher, running

PROFILES = shipped_profiles()
NOW = dt.datetime(2026, 11, 23, 20, 0, tzinfo=dt.UTC)


def make_link(broker: Broker, watcher: Watcher, *nodes: Node, **settings: object) -> MqttLink:
    given = {"reconnect_cap_s": 0.3, **settings}
    endpoint = MqttEndpoint(broker.host, broker.port, **given)  # type: ignore[arg-type]
    link = MqttLink("street", endpoint, PROFILES, watcher, RunClock(), seed=7)
    link.attach({each.id: each for each in nodes})
    return link


def reported(name: str, revision: int = 3) -> codec.Outgoing:
    state = ReportedState(name, NOW, {0: ChannelReport(50, 50, None, 40.0)}, "b1", 1, NOW, revision)
    return codec.encode_reported("main", state)


def hello(name: str, model: str = "LC-1") -> codec.Outgoing:
    return codec.encode_hello("main", NodeAnnounced(name, "b1", Capabilities(7, 20), 3, NOW, NOW, model, "1.0"))


async def test_an_order_reaches_the_node_retained_and_is_followed_to_the_broker(broker: Broker) -> None:
    watcher, lamp = Watcher(), node("A")
    link = make_link(broker, watcher, lamp)
    async with running(link), street(broker.host, broker.port) as seen:
        link.submit(order(lamp, 4, 60))
        await watcher.until(BrokerAcked)
        (payload,) = await seen.until("lightctl/v1/main/A/desired")
        assert codec.decode_desired("A", payload).revision == 4
    assert [type(event) for event in watcher.events] == [LinkChanged, CommandSent, BrokerAcked]
    async with street(broker.host, broker.port) as later:
        (payload,) = await later.until("lightctl/v1/main/A/desired")
        assert later.seen[0][2], "a node that comes later finds its desired state"


async def test_a_node_has_one_document_on_a_wire_that_stalls_and_the_newest_waits(broker: Broker) -> None:
    watcher, lamp, other = Watcher(), node("A"), node("B")
    with ChaosProxy(broker.port, seed=1) as proxy:
        endpoint = MqttEndpoint(proxy.host, proxy.port, reconnect_cap_s=0.1)
        link = MqttLink("street", endpoint, PROFILES, watcher, RunClock(), seed=7)
        link.attach({"A": lamp, "B": other})
        async with running(link):
            await watcher.until(LinkChanged)
            proxy.mode = "half-open"
            for revision in range(1, 6):
                link.submit(order(lamp, revision))
            link.submit(order(other, 1))
            await watcher.until(CommandSent, lambda event: event.node == "B")
            link.submit(order(lamp, 6))
            link.submit(order(other, 2))
            link.submit(action(other))
            await asyncio.sleep(0.05)
            assert [(event.node, event.revision) for event in watcher.of(CommandSent)] == [("A", 5), ("B", 1)]


async def test_an_action_is_published_once_and_never_retained(broker: Broker) -> None:
    watcher, lamp = Watcher(), node("A")
    link = make_link(broker, watcher, lamp)
    async with running(link), street(broker.host, broker.port) as seen:
        await watcher.until(LinkChanged)
        link.submit(action(lamp))
        await seen.until("lightctl/v1/main/A/command")
        link.submit(order(lamp, 1))
        await watcher.until(BrokerAcked)
    async with street(broker.host, broker.port) as later:
        await later.until("lightctl/v1/main/A/desired")
        assert [topic for topic, _, _ in later.seen] == ["lightctl/v1/main/A/desired"]


async def test_an_action_that_expired_while_the_link_was_down_is_not_sent(broker: Broker) -> None:
    watcher, lamp = Watcher(), node("A")
    link = make_link(broker, watcher, lamp)
    link.submit(action(lamp, seconds=-1))
    link.submit(order(lamp, 1))
    async with running(link), street(broker.host, broker.port) as seen:
        await watcher.until(BrokerAcked)
        await seen.until("lightctl/v1/main/A/desired")
        assert [topic for topic, _, _ in seen.seen if topic.endswith("command")] == []
    assert [event.status for event in watcher.of(ActionFinished)] == ["failed"]


async def test_what_nodes_say_becomes_events(broker: Broker) -> None:
    watcher, lamp = Watcher(), node("A")
    link = make_link(broker, watcher, lamp)
    async with running(link), street(broker.host, broker.port) as seen:
        await watcher.until(LinkChanged)
        result = codec.encode_result("main", ActionFinished("A", "a1", "done", NOW, "blinked"))
        for message in (hello("A"), reported("A"), result):
            await seen.say(message.topic, message.payload)
        presence = codec.encode_presence("main", "A", online=False, boot_id="b1")
        await seen.say(presence.topic, presence.payload, retain=True)
        await watcher.until(NodePresence, lambda event: not event.online)
    assert watcher.of(NodeAnnounced)[0].model == "LC-1"
    assert watcher.of(NodeReported)[0].report.applied_revision == 3
    assert watcher.of(ActionFinished)[0].detail == "blinked"


async def test_what_sensors_say_becomes_events_and_what_is_no_reading_is_quarantined(broker: Broker) -> None:
    watcher, lamp = Watcher(), node("A")
    link = make_link(broker, watcher, lamp)
    async with running(link), street(broker.host, broker.port) as seen:
        await watcher.until(LinkChanged)
        for of, value in (("A", 1.0), ("", 30.0)):
            kind = SensorKind.PRESENCE if of else SensorKind.VEHICLES
            said = codec.encode_sensor(SensorReading("main", of, "yard", kind, value, NOW, NOW))
            await seen.say(said.topic, said.payload)
            await seen.say(said.topic, said.payload[:-1])
        await watcher.until(MessageQuarantined, lambda event: event.source == "lightctl/v1/main/sensor/yard")
    heard = [(event.reading.node, event.reading.value) for event in watcher.of(SensorRead)]
    assert heard == [("A", 1), ("", 30)]
    assert len(watcher.of(MessageQuarantined)) == 2


async def test_a_retained_report_is_no_evidence_but_retained_presence_is_a_hint(broker: Broker) -> None:
    watcher, lamp = Watcher(), node("A")
    async with street(broker.host, broker.port) as seen:
        presence = codec.encode_presence("main", "A", online=True, boot_id="b1")
        await seen.say(reported("A").topic, reported("A").payload, retain=True)
        await seen.say(presence.topic, presence.payload, retain=True)
        async with running(make_link(broker, watcher, lamp)):
            await watcher.until(NodePresence)
            await seen.say(reported("A", 9).topic, reported("A", 9).payload)
            await watcher.until(NodeReported)
    assert [event.report.applied_revision for event in watcher.of(NodeReported)] == [9]


async def test_unusable_messages_are_quarantined_cut_and_change_nothing(broker: Broker) -> None:
    watcher, lamp = Watcher(), node("A")
    async with running(make_link(broker, watcher, lamp)), street(broker.host, broker.port) as seen:
        await watcher.until(LinkChanged)
        topic = reported("A").topic
        for payload in (b"\xff\x00" * 300, b'{"boot_id":1}', b"x" * 9000, reported("A").payload[:-7]):
            await seen.say(topic, payload)
        await seen.say("lightctl/v1/elsewhere/A/reported", reported("A").payload)
        await seen.say(topic, reported("A").payload)
        await watcher.until(NodeReported)
    refused = watcher.of(MessageQuarantined)
    assert len(refused) == 5
    assert all(len(each.payload) <= 256 and each.why for each in refused)
    assert "9000 bytes" in refused[2].why
    assert len(watcher.of(NodeReported)) == 1


async def test_a_flood_of_rubbish_is_counted_not_passed_on(broker: Broker) -> None:
    watcher, lamp = Watcher(), node("A")
    async with running(make_link(broker, watcher, lamp)), street(broker.host, broker.port) as seen:
        await watcher.until(LinkChanged)
        for _ in range(500):
            await seen.say(reported("A").topic, b"rubbish")
        await seen.say(reported("A").topic, reported("A").payload)
        await watcher.until(NodeReported)
    assert 1 <= len(watcher.of(MessageQuarantined)) <= 120


async def test_an_unknown_node_is_announced_as_discovered_once_and_never_becomes_one(broker: Broker) -> None:
    watcher, lamp = Watcher(), node("A")
    link = make_link(broker, watcher, lamp)
    async with running(link), street(broker.host, broker.port) as seen:
        await watcher.until(LinkChanged)
        for _ in range(3):
            await seen.say(hello("B", "LC-9").topic, hello("B", "LC-9").payload)
            await seen.say(reported("B").topic, reported("B").payload)
        await seen.say(reported("A").topic, reported("A").payload)
        await watcher.until(NodeReported)
    *before, found = watcher.of(NodeDiscovered)
    assert (found.node, found.model, found.link) == ("B", "LC-9", "street")
    # No broker keeps the order of two topics: a report may come before the hello, and then it is named once more.
    assert [(each.node, each.model) for each in before] in ([], [("B", "")])
    assert watcher.of(NodeAnnounced) == []
    assert [event.report.node for event in watcher.of(NodeReported)] == ["A"]


async def test_an_unknown_node_is_known_by_its_model_though_its_presence_comes_first(broker: Broker) -> None:
    watcher = Watcher()
    async with running(make_link(broker, watcher, node("A"))), street(broker.host, broker.port) as seen:
        await watcher.until(LinkChanged)
        presence = ("lightctl/v1/main/B/presence", b'{"online":true,"boot_id":"b"}')
        await seen.say(*presence)
        await watcher.until(NodeDiscovered)  # no broker keeps the order of two topics
        for _ in range(3):
            await seen.say(hello("B", "LC-9").topic, hello("B", "LC-9").payload)
            await seen.say(*presence)
        await seen.say(reported("A").topic, reported("A").payload)
        await watcher.until(NodeReported)
    assert [found.model for found in watcher.of(NodeDiscovered)] == ["", "LC-9"]
    assert len(watcher.of(MessageQuarantined)) == 1


async def test_a_node_is_heard_only_through_its_own_profile(broker: Broker) -> None:
    watcher, foreign = Watcher(), node("A", profile="json-dimmer")
    async with running(make_link(broker, watcher, foreign)), street(broker.host, broker.port) as seen:
        await watcher.until(LinkChanged)
        await seen.say(reported("A").topic, reported("A").payload)
        await seen.say("lights/A/state", b'{"state":"ON","brightness":127}')
        await watcher.until(NodeReported)
    assert len(watcher.of(NodeReported)) == 1
    assert watcher.of(NodeReported)[0].report.applied_revision is None


async def test_nodes_attached_while_running_are_heard_and_retired_ones_are_cleared(broker: Broker) -> None:
    watcher, old, new = Watcher(), node("A"), node("N", profile="json-dimmer")
    link = make_link(broker, watcher, old)
    async with running(link), street(broker.host, broker.port) as seen:
        link.submit(order(old, 1))
        await watcher.until(BrokerAcked)
        link.attach({new.id: new})
        assert (await seen.until("lightctl/v1/main/A/desired", 2))[-1] == b""
        for _ in range(100):
            await seen.say("lights/N/state", b'{"state":"ON","brightness":254}')
            if watcher.of(NodeReported):
                break
        await watcher.until(NodeReported)
    async with street(broker.host, broker.port, "lightctl/#", "lights/#") as later:
        await later.say("lights/x/marker", b"end")
        await later.until("lights/x/marker")
        assert [topic for topic, _, _ in later.seen if topic.startswith("lightctl/v1/main/A")] == []


async def test_a_broker_killed_and_restarted_empty_is_found_again(broker: Broker) -> None:
    watcher, lamp = Watcher(), node("A")
    link = make_link(broker, watcher, lamp)
    async with running(link):
        await watcher.until(LinkChanged, lambda event: event.up)
        broker.kill()
        await watcher.until(LinkChanged, lambda event: not event.up)
        watcher.forget()
        link.submit(order(lamp, 7))
        await asyncio.to_thread(broker.restart, empty=True)
        await watcher.until(LinkChanged, lambda event: event.up)
        await watcher.until(BrokerAcked, lambda event: event.revision == 7)
        async with street(broker.host, broker.port) as seen:
            await seen.until("lightctl/v1/main/A/desired")
            await seen.say(reported("A", 7).topic, reported("A", 7).payload)
            await watcher.until(NodeReported)


async def test_a_broker_that_is_not_there_is_said_once_and_tried_without_hurry(broker: Broker) -> None:
    watcher = Watcher()
    broker.stop()
    async with running(make_link(broker, watcher, node("A"))):
        await asyncio.sleep(1.0)
    assert [event.up for event in watcher.of(LinkChanged)] == [False]


async def test_two_thousand_orders_leave_in_a_window_and_each_is_acknowledged_once(broker: Broker) -> None:
    watcher, lamps = Watcher(), [node(f"N{number}") for number in range(2_000)]
    link = make_link(broker, watcher, *lamps)
    async with running(link):
        await watcher.until(LinkChanged)
        began = time.monotonic()
        for lamp in lamps:
            link.submit(order(lamp, 1))
        await watcher.until(BrokerAcked, lambda event: event.node == lamps[-1].id)
        took = time.monotonic() - began
    assert {event.node for event in watcher.of(BrokerAcked)} == {lamp.id for lamp in lamps}
    assert len(watcher.of(CommandSent)) == len(lamps)
    assert watcher.of(SendFailed) == []
    assert took < 10, f"{len(lamps) / took:.0f} orders a second"


async def test_orders_that_wait_leave_newest_only_and_most_urgent_first(broker: Broker) -> None:
    watcher, one, two = Watcher(), node("A"), node("B")
    link = make_link(broker, watcher, one, two)
    link.submit(order(one, 1))
    link.submit(order(one, 2))
    link.submit(order(two, 5, priority=10))
    async with running(link):
        await watcher.until(BrokerAcked, lambda event: event.node == "A")
    assert [(event.node, event.revision) for event in watcher.of(CommandSent)] == [("B", 5), ("A", 2)]


async def test_a_paced_link_keeps_to_its_rate(broker: Broker) -> None:
    watcher, lamps = Watcher(), [node(f"N{number}") for number in range(30)]
    link = make_link(broker, watcher, *lamps, rate_per_s=20.0)
    async with running(link):
        await watcher.until(LinkChanged)
        began = time.monotonic()
        for lamp in lamps:
            link.submit(order(lamp, 1))
        await watcher.until(BrokerAcked, lambda event: event.node == "N29")
        assert time.monotonic() - began > 0.4  # 20 at once, 10 more at 20 a second


async def test_an_order_no_profile_can_carry_fails_for_good_and_the_link_lives(broker: Broker) -> None:
    watcher, lamp, stray = Watcher(), node("A"), node("S", profile="modbus-lamp")
    link = make_link(broker, watcher, lamp, stray)
    async with running(link):
        link.submit(order(stray, 1))
        link.submit(order(lamp, 1))
        await watcher.until(BrokerAcked)
    (failed,) = watcher.of(SendFailed)
    assert (failed.node, failed.permanent) == ("S", True)


async def test_a_cancelled_link_leaves_no_socket_open(broker: Broker) -> None:
    watcher = Watcher()
    async with running(make_link(broker, watcher, node("A"))):
        await watcher.until(LinkChanged)
    loop = asyncio.get_running_loop()
    assert [key.fd for key in loop._selector.get_map().values()] == [loop._ssock.fileno()]  # type: ignore[attr-defined]


async def test_a_socket_that_closes_before_its_turn_to_write_is_not_watched_any_more(broker: Broker) -> None:
    failed: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _loop, context: failed.append(context))
    client = StrictClient(broker.host, broker.port, lambda *_: None, ProtocolVersion.V311, "closes-early", 10, 30)
    await client.open()
    ended: list[object] = []
    client.send("lightctl/probe", b"x", qos=1, retain=False, expiry_s=None, ended=ended.append)
    client._client._sock_close()
    await asyncio.sleep(0.01)
    assert failed == []
    await client.close()
    assert [type(error) for error in ended] == [LinkDown]


async def test_a_broker_is_silent_when_many_looks_found_no_answer_and_not_while_the_loop_stood_still(
    broker: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(strict_mqtt, "LOOK_EVERY_S", 0.05)
    monkeypatch.setattr(strict_mqtt, "ACK_LOOKS", 4)
    with ChaosProxy(broker.port, seed=1) as proxy:
        client = StrictClient(proxy.host, proxy.port, lambda *_: None, ProtocolVersion.V311, "looks", 10, 30)
        await client.open()
        closed = asyncio.create_task(client.wait_closed())
        ended: asyncio.Queue[object] = asyncio.Queue()
        client.send("lightctl/probe", b"x", qos=1, retain=False, expiry_s=None, ended=ended.put_nowait)
        await asyncio.sleep(0)  # it leaves
        time.sleep(0.5)  # noqa: ASYNC251 - the loop stands still
        assert await ended.get() is None
        assert not closed.done()
        proxy.mode = "half-open"
        client.send("lightctl/probe", b"x", qos=1, retain=False, expiry_s=None, ended=ended.put_nowait)
        with pytest.raises(LinkDown, match="answered no publish"):
            await asyncio.wait_for(closed, 5)
        await client.close()
