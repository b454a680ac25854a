"""What many nodes share: a feeder, a gateway, a link; one fault with members, and nothing beside it."""

import datetime as dt
from collections.abc import Iterable

import pytest

from lightctl.control.diagnosis.correlation import Correlation
from lightctl.control.diagnosis.thresholds import Thresholds
from lightctl.control.policy import Policy
from lightctl.domain import events as ev
from lightctl.domain.assets import Fleet, LightPoint
from lightctl.domain.crews import Maintenance
from lightctl.domain.selectors import parse_selector
from lightctl.domain.states import Reading, ReportedState
from tests.support.controlled import ZONE, Street, intent, lamp

EVENING = dt.datetime(2026, 12, 4, 18, 0, tzinfo=dt.UTC)
HEARTBEAT = dt.timedelta(seconds=300)
LEASE = 2.5 * HEARTBEAT
MINUTE = dt.timedelta(minutes=1)


def lamps(cabinet: str, count: int, **more: object) -> tuple[LightPoint, ...]:
    return tuple(
        lamp(f"{cabinet}.{number}".lower().replace(".", "-"), cabinet=cabinet, **more) for number in range(count)
    )


class Town(Street):
    """A street whose nodes report once a heartbeat, each at its own second, as long as they are not cut off."""

    def __init__(self, points: Iterable[LightPoint], **more: object) -> None:
        super().__init__(tuple(points), now=EVENING, **more)
        self.cut: set[str] = set()
        self.start()
        self.nodes = [point.node for point in self.points if point.link == "mqtt"]
        self.step(*(self.hello(node) for node in self.nodes))
        self.live(HEARTBEAT)
        assert not self.faults
        self.opened.clear()
        self.closed.clear()

    def live(self, span: dt.timedelta, *extra: ev.Event) -> None:
        """Let time pass, minute by minute, with every node that can heard in its turn."""
        until = self.now + span
        while self.now < until:
            minute = int(self.now.timestamp()) // 60 % 5
            heard = [node for turn, node in enumerate(self.nodes) if turn % 5 == minute and node not in self.cut]
            self.step(*(self.report(node) for node in heard), *extra)
            self.run_until(min(self.now + MINUTE, until))

    def silence(self, nodes: Iterable[str]) -> None:
        self.cut.update(nodes)

    def restore(self, nodes: Iterable[str]) -> None:
        for node in list(nodes):
            self.cut.discard(node)
            self.step(self.hello(node, revision=self.desired[node].revision), self.report(node))


def nodes_of(points: Iterable[LightPoint]) -> list[str]:
    return [point.node for point in points]


def told(town: Street) -> list[tuple[str, str, str]]:
    return [(str(fault.event), fault.subject_kind, fault.subject) for fault in town.opened]


K1, K2, K3 = lamps("K1", 30), lamps("K2", 30), lamps("K3", 40)


def test_thirty_lamps_of_a_cabinet_gone_at_once_are_one_supply_loss_with_thirty_members():
    town = Town((*K1, *K2))
    town.silence(nodes_of(K1))
    town.live(LEASE)
    assert told(town) == [("supplyLoss", "cabinet", "K1")]
    (fault,) = town.faults.values()
    assert sorted(fault.members) == sorted(point.id for point in K1)
    assert fault.detail == "30 of 30 nodes of cabinet K1 fell silent together, with 30 light points"
    assert fault.severity == "critical"
    town.live(dt.timedelta(hours=3))
    assert len(town.opened) == 1


def test_no_node_behind_a_feeder_is_shown_as_reachable_longer_than_its_lease():
    town = Town((*K1, *K2))
    town.silence(nodes_of(K1))
    town.live(LEASE)
    memories = town.controller._knowledge.memories
    assert all(memories[node].unreachable for node in nodes_of(K1))
    assert not any(memories[node].unreachable for node in nodes_of(K2))


def test_it_ends_once_all_are_back_and_no_single_fault_was_ever_told():
    town = Town((*K1, *K2))
    town.silence(nodes_of(K1))
    town.live(2 * LEASE)
    town.restore(nodes_of(K1))
    town.live(2 * LEASE)
    assert not town.faults
    assert len(town.opened) == len(town.closed) == 1


def test_a_member_that_is_still_out_when_the_feeder_is_back_becomes_a_fault_of_its_own():
    town = Town((*K1, *K2))
    town.silence(nodes_of(K1))
    town.live(2 * LEASE)
    town.restore(nodes_of(K1)[1:])
    town.live(2 * LEASE)
    assert told(town) == [("supplyLoss", "cabinet", "K1"), ("communicationFailure", "node", "n-k1-0")]
    assert [(fault.event, fault.subject) for fault in town.faults.values()] == [("communicationFailure", "n-k1-0")]


def test_a_feeder_of_which_a_part_comes_back_goes_on_being_one_fault():
    town = Town((*K1, *K2))
    town.silence(nodes_of(K1))
    town.live(2 * LEASE)
    town.restore(nodes_of(K1)[:10])
    town.live(3 * LEASE)
    assert len(town.opened) == 1
    assert len(town.faults) == 1


def test_two_lamps_of_a_cabinet_are_two_faults_and_so_are_many_that_fail_one_after_the_other():
    town = Town((*K1, *K2))
    town.silence(nodes_of(K1)[:2])
    town.live(2 * LEASE)
    for node in nodes_of(K2)[:12]:
        town.silence([node])
        town.live(2 * HEARTBEAT)
    town.live(LEASE)
    assert {kind for _, kind, _ in told(town)} == {"node"}
    assert len(town.opened) == 14


def test_a_single_lamp_long_out_keeps_its_own_fault_when_its_feeder_goes():
    town = Town((*K1, *K2))
    town.silence(["n-k1-0"])
    town.live(2 * LEASE)
    town.silence(nodes_of(K1))
    town.live(2 * LEASE)
    assert told(town) == [("communicationFailure", "node", "n-k1-0"), ("supplyLoss", "cabinet", "K1")]
    assert "k1-0" not in town.faults["supplyLoss", "cabinet", "K1"].members
    assert len(town.faults) == 2


def test_a_segment_is_blamed_where_it_explains_all_and_its_cabinet_does_not():
    left, right = lamps("K1", 10, tags={"segment": "left"}), lamps("K1b", 20, tags={"segment": "right"})
    right = tuple(lamp(point.id, cabinet="K1", tags={"segment": "right"}) for point in right)
    town = Town((*left, *right, *K2))
    town.silence(nodes_of(left))
    town.live(2 * LEASE)
    assert told(town) == [("supplyLoss", "segment", "K1/left")]
    town.silence(nodes_of(right))
    town.live(2 * LEASE)
    assert told(town)[1:] == [("supplyLoss", "segment", "K1/right")]


def test_a_lost_gateway_is_one_communication_failure_with_all_it_carries():
    behind = [*lamps("K1", 12, tags={"gateway": "GW1"}), *lamps("K2", 12, tags={"gateway": "GW1"})]
    town = Town((*behind, *K3))
    town.silence(nodes_of(behind))
    town.live(2 * LEASE)
    assert told(town) == [("communicationFailure", "gateway", "GW1")]
    (fault,) = town.faults.values()
    assert len(fault.members) == 24


def test_a_link_that_is_down_explains_the_silence_of_all_its_nodes():
    town = Town((*K1, *K2, *K3))
    town.silence(town.nodes)
    town.step(ev.LinkChanged("mqtt", up=False, at=town.now, detail="connection refused"))
    town.live(dt.timedelta(hours=1))
    assert told(town) == [("communicationFailure", "link", "mqtt")]
    (fault,) = town.faults.values()
    assert fault.detail == "link mqtt is down (connection refused): 100 nodes with 100 light points"
    town.step(ev.LinkChanged("mqtt", up=True, at=town.now))
    town.restore(town.nodes[1:])
    town.live(2 * LEASE)
    assert told(town)[1:] == [("communicationFailure", "node", town.nodes[0])]


def test_a_link_that_is_down_for_a_moment_is_no_fault():
    town = Town(K1)
    town.step(ev.LinkChanged("mqtt", up=False, at=town.now))
    town.step(after=30)
    town.step(ev.LinkChanged("mqtt", up=True, at=town.now))
    town.live(LEASE)
    assert town.opened == []


def test_a_broker_that_is_gone_without_a_word_is_one_fault_of_its_link():
    town = Town((*K1, *K2, *K3))
    town.silence(town.nodes)
    town.live(2 * LEASE)
    assert told(town) == [("communicationFailure", "link", "mqtt")]


METER = lamp("meter", node="meter", cabinet="K1", profile="sdm630", link="bus", address="9")


def meter(town: Street, **values: float) -> ev.Event:
    return ev.MeterRead(Reading("meter", town.now, {"voltage_l1_v": 230.0, "power_w": 1550.0} | values))


@pytest.mark.parametrize(
    ("values", "event", "words"),
    [
        ({"voltage_l1_v": 0.0, "power_w": 0.0}, "supplyLoss", "meter meter has no voltage"),
        ({"power_w": 10.0}, "supplyLoss", "meter meter measures 10 W, and theirs would be 1500 W"),
        ({}, "communicationFailure", "meter meter still measures 1550 W, so they have power"),
    ],
)
def test_the_meter_of_a_cabinet_says_whether_its_lamps_lost_their_supply(values, event, words):
    town = Town((*K1, METER, *K2))
    town.step(meter(town))
    town.silence(nodes_of(K1))
    until = town.now + 2 * LEASE
    while town.now < until:
        town.live(MINUTE)
        town.step(meter(town, **values))
    shared = [fault for fault in town.opened if fault.subject_kind == "cabinet"]
    if "voltage_l1_v" in values:  # the meter's own fault came first, and is the one
        assert told(town) == [("supplyLoss", "node", "meter")]
        assert len(town.faults["supplyLoss", "node", "meter"].members) == 30
        return
    assert [(str(fault.event), fault.subject) for fault in shared] == [(event, "K1")]
    assert shared[0].detail.endswith(f"; {words}")


def test_a_cabinet_whose_unit_says_what_is_wrong_explains_the_nodes_behind_it():
    unit = lamp("u", node="unit", cabinet="K1", profile="cabinet", link="bus", address="1")
    town = Town((*K1, unit, *K2))
    town.silence(nodes_of(K1))
    for _ in range(30):
        town.live(MINUTE)
        town.step(ev.NodeReported(ReportedState("unit", town.now, {}, flags=("breaker_tripped",))))
    assert told(town) == [("circuitBreakerTripped", "node", "unit")]
    assert len(town.faults["circuitBreakerTripped", "node", "unit"].members) == 31
    town.restore(nodes_of(K1))
    town.step(ev.NodeReported(ReportedState("unit", town.now, {})))
    assert not town.faults


def test_units_of_a_bus_given_up_one_by_one_are_one_fault_when_there_are_enough():
    units = tuple(lamp(f"u{number}", profile="modbus-lamp", link="bus", address=str(number + 1)) for number in range(6))
    town = Street(units)
    town.start()
    town.step(*(ev.NodeReported(ReportedState(f"n-u{number}", town.now)) for number in range(6)))
    for number in range(6):
        town.step(ev.NodeUnreachable(f"n-u{number}", town.now, "no answer"), after=5)
    assert told(town) == [("communicationFailure", "link", "bus")]


def test_one_unit_of_a_bus_is_waited_for_no_longer_than_a_minute():
    units = tuple(lamp(f"u{number}", profile="modbus-lamp", link="bus", address=str(number + 1)) for number in range(6))
    town = Street(units)
    town.start()
    town.step(*(ev.NodeReported(ReportedState(f"n-u{number}", town.now)) for number in range(6)))
    town.step(ev.NodeUnreachable("n-u3", town.now, "no answer"), after=5)
    assert told(town) == []
    town.run_until(town.now + MINUTE)
    assert told(town) == [("communicationFailure", "node", "n-u3")]


def test_an_outage_under_maintenance_is_no_alarm_and_becomes_one_when_the_crew_is_gone():
    town = Town((*K1, *K2))
    until = town.now + dt.timedelta(hours=2)
    town.step(ev.MaintenanceSet(Maintenance("m1", parse_selector("cabinet=K1"), town.now, until)))
    town.silence(nodes_of(K1))
    town.live(2 * LEASE)
    assert [fault.suppressed_by for fault in town.faults.values()] == ["m1"]
    town.live(dt.timedelta(hours=2))
    assert [(str(fault.event), fault.suppressed_by) for fault in town.faults.values()] == [("supplyLoss", "")]


def test_an_outage_goes_on_over_a_restart_and_ends_when_its_members_are_back():
    town = Town((*K1, *K2))
    town.silence(nodes_of(K1))
    town.live(LEASE)
    memories = town.controller._knowledge.memories
    again = Street((*K1, *K2), now=town.now + MINUTE)
    again.faults = dict(town.faults)
    again.desired = dict(town.desired)
    again.seq = 10_000
    (fault,) = town.faults.values()
    known = [
        ev.NodeRestored(node, memory.highest_revision, reported=memory.reported, desired=memory.desired, boot_id="b1")
        for node, memory in memories.items()
    ]
    again.step(ev.NodeRestored("K1", 0, faults=(fault,)), *known, ev.FleetChanged(Fleet.of(again.points, ZONE)))
    again.step(ev.IntentChanged(intent()))
    for _ in range(4):
        again.step(*(again.report(node) for node in nodes_of(K2)), after=240)
    assert again.opened == []
    assert list(again.faults.values()) == [fault]
    again.step(*(again.report(node) for node in (*nodes_of(K1), *nodes_of(K2))), after=60)
    again.step()
    assert not again.faults


def test_a_cabinet_that_leaves_the_inventory_leaves_no_open_fault():
    town = Town((*K1, *K2))
    town.silence(nodes_of(K1))
    town.live(LEASE)
    town.step(ev.FleetChanged(Fleet.of(K2, ZONE)))
    assert not town.faults


def test_no_more_members_are_named_than_settings_say_and_their_number_is_whole():
    town = Town((*K1, *K2), policy=Policy(topup_spread_s=60.0, diagnosis=Thresholds(most_members=7)))
    town.silence(nodes_of(K1))
    town.live(LEASE)
    (fault,) = town.faults.values()
    assert len(fault.members) == 7
    assert "30 of 30 nodes" in fault.detail


def test_nodes_never_heard_are_one_fault_of_their_link_and_no_loss_of_supply():
    town = Street(K1)
    town.start()
    town.run_until(town.now + LEASE)
    assert told(town) == [("communicationFailure", "link", "mqtt")]
    (fault,) = town.faults.values()
    assert fault.detail == "30 of 30 nodes of link mqtt were never heard, with 30 light points"


def sagging(town: Street, nodes: Iterable[str], volts: float, times: int = 8) -> None:
    for _ in range(times):
        for node in nodes:
            town.step(town.report(node, voltage_v=volts), after=2)


def test_a_voltage_that_a_whole_feeder_measures_is_one_fault_of_the_feeder():
    town = Town(K1)
    sagging(town, nodes_of(K1), 200.0)
    assert told(town) == [("supplyVoltageTooLow", "cabinet", "K1")]
    (fault,) = town.faults.values()
    assert len(fault.members) == 30
    assert fault.detail.startswith("30 of 30 nodes of cabinet K1: 200 V on the supply")
    sagging(town, nodes_of(K1), 230.0, times=1)
    assert not town.faults
    assert len(town.opened) == len(town.closed) == 1


def test_a_voltage_that_one_lamp_measures_is_its_own_fault():
    town = Town(K1)
    for _ in range(8):
        sagging(town, ["n-k1-0"], 200.0, times=1)
        sagging(town, nodes_of(K1)[1:], 230.0, times=1)
    assert told(town) == [("supplyVoltageTooLow", "node", "n-k1-0")]


def test_of_a_feeder_that_is_well_again_the_lamps_that_are_not_have_their_own_fault():
    town = Town(K1)
    sagging(town, nodes_of(K1), 200.0)
    for _ in range(8):
        sagging(town, nodes_of(K1)[1:], 230.0, times=1)
        sagging(town, ["n-k1-0"], 200.0, times=1)
    assert "supplyVoltageTooLow" in {event for event, _, subject in told(town) if subject == "n-k1-0"}
    assert set(town.faults) == {("supplyVoltageTooLow", "node", "n-k1-0")}


def test_a_supply_loss_that_every_node_says_itself_ends_as_one_fault():
    town = Town(K1)
    for node in nodes_of(K1):
        town.step(town.report(node, flags=["supply_loss"]), after=1)
    assert list(town.faults) == [("supplyLoss", "cabinet", "K1")]
    assert len(next(iter(town.faults.values())).members) == 30
    for node in nodes_of(K1):
        town.step(town.report(node), after=1)
    assert not town.faults


class Counting(Correlation):
    """A correlation that counts the nodes it looks at."""

    looked_at = 0

    def _gone(self, memory, others, now):
        nodes = list(others)
        Counting.looked_at += len(nodes)
        return super()._gone(memory, nodes, now)


def test_many_silent_nodes_of_a_large_link_do_not_cost_their_square():
    points = tuple(lamp(str(number)) for number in range(900))
    town = Street(points)
    town.controller._knowledge.correlation.__class__ = Counting
    town.start()
    town.step(*(town.hello(point.node) for point in points[:300]))
    town.run_until(town.now + LEASE)
    singles = sum(1 for fault in town.opened if fault.subject_kind == "node")
    assert singles >= 600, "too few for their link, which is why each of them has it looked at"
    assert Counting.looked_at < singles * 300
