"""What is read of the store shares equal words and numbers, and nothing becomes another by it."""

from __future__ import annotations

from lightctl.domain.assets import LightPoint
from lightctl.domain.states import ChannelReport, ReportedState
from lightctl.store.sharing import Shared
from tests.support.stores import NOW


def test_a_revision_that_a_measurement_equals_stays_a_whole_number():
    shared = Shared()
    shared.point(LightPoint("LP1", 51.0, 7.0, rated_power_w=50.0))
    said = shared.report(ReportedState("N1", NOW, {0: ChannelReport(power_w=50.0)}, applied_revision=50))
    found = [shared.number(50), said.applied_revision, said.channels[0].power_w]
    assert [type(number) for number in found] == [int, int, float]


def test_equal_measurements_of_two_nodes_are_one_object_and_what_counters_show_is_left_alone():
    shared = Shared()
    one, other = (
        shared.report(ReportedState(name, NOW, {0: ChannelReport(voltage_v=float(text), energy_wh=7.5)})).channels[0]
        for name, text in (("N1", "231.2"), ("N2", "231.2"))
    )
    assert one.voltage_v is other.voltage_v
    assert (one.energy_wh, other.energy_wh) == (7.5, 7.5)
