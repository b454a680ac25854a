"""Simulated nodes that repeat a night or a week do what their document says, night after night, by what they keep."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest

from lightctl.devices.codec import NativeCodec, decode_desired
from lightctl.devices.fit import fit
from lightctl.domain.assets import Capabilities, Dates, LightPoint, Node, Place
from lightctl.domain.states import ChannelDesired, DesiredState
from lightctl.planning.resolve import Plan
from lightctl.planning.wall import noons_from
from simulators.firmware import Firmware
from simulators.lamp import LampType
from simulators.node import NodeSetup
from tests.support.controlled import intent

ESSEN = Place(51.45, 7.01, "Europe/Berlin")
POINT = LightPoint("LP1", ESSEN.latitude, ESSEN.longitude, node="n1")
NODE = Node("n1", "native", "mqtt", "", {0: "LP1"})
FIRST = dt.date(2026, 11, 20)
SECOND = dt.timedelta(seconds=1)
DAILY = Capabilities(nights=7, slots=8, ramp=True, persists=True, dates=Dates.DAILY)
SCHEDULE = """
version: 1
programs:
  street:
    active: sunset-10m .. sunrise+10m
    steps:
      - {at: "22:00", level: 50}
      - {at: dawn-20m, level: 80}
calendars:
  street: {default: street}
assignments:
  - {select: "*", calendar: street}
"""


@pytest.mark.parametrize(
    ("capabilities", "nights", "lost"),
    [
        (DAILY, 7, {"dates"}),
        (replace(DAILY, sun=True), 7, set()),
        (replace(DAILY, sun=True, resolution_s=60), 7, {"resolution"}),
        (replace(DAILY, nights=14, slots=42, dates=Dates.WEEKLY), 14, {"dates"}),
        (replace(DAILY, nights=14, slots=42, dates=Dates.WEEKLY, sun=True), 14, set()),
    ],
)
def test_a_node_that_repeats_does_in_each_night_what_its_document_says(capabilities, nights, lost):
    plan = Plan(intent(SCHEDULE), ESSEN.time_zone)
    noons = noons_from(FIRST, nights, ESSEN.time_zone)
    start, planned = noons[0], plan.switches(POINT, FIRST, nights)
    fitted = fit(planned, capabilities, min_level=0, noons=noons)
    assert {loss.kind for loss in fitted.losses} == lost
    document = ChannelDesired(fitted.switches)
    desired = DesiredState("n1", 1, start, fitted.valid_until, {0: document})
    (message,) = NativeCodec().encode(NODE, desired, start)
    setup = NodeSetup("n1", capabilities, {0: LampType()}, {0: "LP1"}, ESSEN, heartbeat_s=1e7)
    firmware = Firmware(setup, start)
    firmware.boot(None, start)
    firmware.receive(decode_desired("n1", message.payload), start)
    assert (firmware.applied_revision, firmware.rejected) == (1, 0)
    grid = SECOND * (capabilities.resolution_s if capabilities.sun else 1)
    switches = {each.at for each in (*fitted.switches, *planned) if each.at > start}
    probes = {at + side * (grid + SECOND) for at in switches for side in (-1, 1)}
    for at in sorted(at for at in probes if start < at < fitted.valid_until):
        firmware.advance(at)
        assert firmware.report(at).channels[0].commanded == document.level_at(at), f"at {at}"
        assert document.level_at(at) >= ChannelDesired(planned).level_at(at)


def test_a_table_survives_a_reboot_and_ends_with_its_document():
    noons = noons_from(FIRST, 7, ESSEN.time_zone)
    start, plan = noons[0], Plan(intent(SCHEDULE), ESSEN.time_zone).switches(POINT, FIRST, 7)
    fitted = fit(plan, DAILY, min_level=0, noons=noons)
    firmware = Firmware(NodeSetup("n1", DAILY, {0: LampType()}, {0: "LP1"}, ESSEN, heartbeat_s=1e7), start)
    firmware.boot(None, start)
    firmware.receive(DesiredState("n1", 1, start, fitted.valid_until, {0: ChannelDesired(fitted.switches)}), start)
    third = start + dt.timedelta(days=3, hours=11)
    firmware.boot(firmware.memory(third), third)
    assert firmware.report(third).channels[0].commanded == 50
    over = fitted.valid_until + dt.timedelta(hours=11)
    firmware.advance(over)
    assert firmware.report(over).channels[0].commanded == 100, "by its own photocell"
