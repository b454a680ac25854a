"""Node clocks on real wires: they drift, are noticed, are set where the profile can, and are right again."""

from __future__ import annotations

import datetime as dt
from importlib import resources

import pytest

from lightctl.app.clock import RunClock
from lightctl.devices.profile import Profile, parse_profile, shipped_profiles
from lightctl.domain.assets import Capabilities
from lightctl.domain.events import ActionFinished, LinkChanged, NodeReported
from lightctl.domain.orders import Order
from lightctl.domain.states import ActionKind, FaultEvent, NodeAction
from lightctl.links.mqtt import MqttEndpoint, MqttLink
from simulators.faces import DimmerFace
from simulators.firmware import Firmware
from simulators.lamp import LampType
from simulators.node import NodeSetup, Say
from simulators.node_clock import NodeClock
from tests.support.brokers import Broker
from tests.support.street import action, node, street
from tests.support.watching import Watcher, running
from tests.support.wired import unit, wired

CONTROLLER = "modbus-night-controller"
FOLDER = resources.files("lightctl.devices") / "profiles"
CALENDAR = parse_profile(
    (FOLDER / f"{CONTROLLER}.yaml").read_text("utf-8").replace("format: epoch_s", "format: calendar"), CONTROLLER
)


def off_s(line) -> float:
    return (line.firmware("ctl").shows(line.clock.now()) - line.clock.now()).total_seconds()


@pytest.mark.parametrize("profile", [shipped_profiles()[CONTROLLER], CALENDAR], ids=["epoch", "calendar"])
async def test_a_clock_that_drifts_is_warned_of_set_and_right_again(profile: Profile) -> None:
    drifting = unit(5, CONTROLLER, "ctl", channels=2, clock_drift_ppm=(50e3, 50e3), clock_offset_s=(20.0, 20.0))
    async with wired(drifting, profiles={**shipped_profiles(), CONTROLLER: profile}) as line:
        await line.confirmed("ctl")
        await line.until(lambda: abs(off_s(line)) < 1.5)  # set when it connected
        for tens in range(1, 6):
            line.pass_by(minutes=10)
            await line.heard("ctl")
            assert off_s(line) == pytest.approx(30 * tens, abs=5)
        assert set(line.faults) == {FaultEvent.CLOCK_OFFSET}
        warned = line.faults[FaultEvent.CLOCK_OFFSET]
        assert ("ahead: the nights it runs alone switch" in warned.detail, warned.severity) == (True, "minor")
        line.pass_by(minutes=10)  # an hour since it was sent the time
        await line.until(lambda: not line.faults)
        assert abs(off_s(line)) < 1.5
        assert [answer.status for answer in line.answers] == ["done", "done"]


async def test_a_clock_far_off_is_untrusted_until_the_hour_in_which_it_was_sent_the_time_is_over() -> None:
    async with wired(unit(5, CONTROLLER, "ctl", channels=2)) as line:
        await line.confirmed("ctl")
        await line.until(lambda: bool(line.answers))  # it has taken the time that it is sent when it connects
        line.fault("wrong_clock", "ctl", offset_s=-600.0)
        for _ in range(2):
            line.pass_by(seconds=30)
            await line.heard("ctl")
        await line.until(lambda: FaultEvent.CLOCK_UNTRUSTED in line.faults)
        assert "600 s behind: the nights it runs alone switch 600 s late" in str(line.faults)
        assert off_s(line) == pytest.approx(-600, abs=1.5)
        line.pass_by(hours=1)
        await line.until(lambda: not line.faults)
        assert abs(off_s(line)) < 1.5


TIMED = parse_profile(
    (FOLDER / "json-dimmer.yaml").read_text("utf-8")
    + """  clock: {topic: "lights/{node}/time", field: time, format: rfc3339, reported: now}
""",
    "timed-dimmer",
)


async def test_a_json_node_is_set_by_a_message_on_its_own_topic_that_no_broker_keeps(broker: Broker) -> None:
    now = dt.datetime.now(dt.UTC)
    setup = NodeSetup("d1", Capabilities(), {0: LampType()}, {0: "LP-d1-0"})
    firmware = Firmware(setup, now, NodeClock(now, offset_s=-500.0))
    firmware.boot(None, now)
    face = DimmerFace(firmware, TIMED)
    watcher, one = Watcher(), node("d1", "timed-dimmer")
    endpoint = MqttEndpoint(host=broker.host, port=broker.port)
    link = MqttLink("mqtt", endpoint, {"timed-dimmer": TIMED}, watcher, RunClock(), seed=1)
    link.attach({one.id: one})

    async def offset_reported() -> float:
        watcher.forget()
        (said,) = face.say(Say.REPORT, dt.datetime.now(dt.UTC))
        await at_pole.say(said.topic, said.payload)
        report = (await watcher.until(NodeReported)).report
        assert report.at is not None
        return (report.at - report.received_at).total_seconds()

    async with street(broker.host, broker.port, *face.topics) as at_pole, running(link):
        await watcher.until(LinkChanged, lambda event: event.up)
        assert await offset_reported() == pytest.approx(-500, abs=2)
        link.submit(action(one, ActionKind.SET_CLOCK, "time-1"))
        (payload,) = await at_pole.until("lights/d1/time")
        face.hear("lights/d1/time", payload, dt.datetime.now(dt.UTC))
        assert await offset_reported() == pytest.approx(0, abs=2)
        assert watcher.of(ActionFinished) == []
    async with street(broker.host, broker.port, "lights/d1/time") as later:
        await later.say("lights/d1/time", b"marker")
        await later.until("lights/d1/time")
        assert [payload for _, payload, _ in later.seen] == [b"marker"]


async def test_a_unit_without_a_clock_refuses_the_time_with_the_next_step() -> None:
    async with wired(unit(1, "modbus-lamp", "lamp")) as line:
        await line.confirmed("lamp")
        until = line.clock.now() + dt.timedelta(seconds=30)
        told = NodeAction("time-1", "lamp", ActionKind.SET_CLOCK, until)
        line.link.submit(Order(node("lamp", "modbus-lamp", "line", "1"), told))
        await line.until(lambda: bool(line.answers))
        assert (line.answers[0].status, "modbus.clock" in line.answers[0].detail) == ("rejected", True)
