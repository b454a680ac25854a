"""Node clocks: what one that is off is called, and when a node is sent the time."""

import datetime as dt
import itertools
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lightctl.control.node_time import UNKNOWN_TIME
from lightctl.domain import events as ev
from lightctl.domain.selectors import EVERYTHING
from lightctl.domain.states import (
    ActionKind,
    ChannelReport,
    DesiredState,
    FaultEvent,
    NodeAction,
    Override,
    ReportedState,
    Scope,
)
from tests.support.controlled import AFTERNOON, CARRYING, LIVE, Street, lamp

WARNED, UNTRUSTED = FaultEvent.CLOCK_OFFSET, FaultEvent.CLOCK_UNTRUSTED
MINUTE = 60.0
HOUR = 3600.0
KEEPER = "modbus-night-controller"
UNIT = lamp("a", profile=KEEPER, link="line", address="5")


class Watched(Street):
    """A street that keeps what was sent to set clocks, and whose one node says what its clock shows."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.times: list[NodeAction] = []

    def take(self, effects):
        self.times += [it.content for it in effects.submissions if isinstance(it.content, NodeAction)]
        return super().take(effects)

    def says(self, off_s: float, after: float = MINUTE) -> None:
        """Let the node report that its clock is off by so much."""
        self.now += dt.timedelta(seconds=after)
        report = self.report().report
        self.step(ev.NodeReported(replace(report, at=self.now + dt.timedelta(seconds=off_s))))

    @property
    def named(self) -> set[FaultEvent]:
        return {fault.event for fault in self.faults.values()}

    def detail(self, event: FaultEvent) -> str:
        return next(fault.detail for fault in self.faults.values() if fault.event is event)


def native(capabilities=CARRYING) -> Watched:
    street = Watched()
    street.start()
    street.step(street.hello(capabilities=capabilities))
    street.step(ev.CommandSent("n-a", street.command().revision, street.now), after=0.1)
    street.says(0.0)
    return street


def keeper() -> Watched:
    """A unit on a Modbus line that takes the time, just connected and in step."""
    street = Watched(points=(UNIT,))
    street.start()
    street.step(ev.LinkChanged("line", up=True, at=street.now))
    street.says(0.0)
    return street


@pytest.mark.parametrize(
    ("off_s", "named", "severity"),
    [
        (0, None, ""),
        (29, None, ""),
        (-29, None, ""),
        (31, WARNED, "minor"),
        (-299, WARNED, "minor"),
        (301, UNTRUSTED, "major"),
        (-7200, UNTRUSTED, "major"),
    ],
)
def test_a_clock_that_is_off_has_one_name_by_how_far(off_s, named, severity):
    street = native()
    street.says(off_s)
    street.says(off_s)
    assert street.named == ({named} if named else set())
    assert [fault.severity for fault in street.faults.values()] == ([severity] if named else [])


@pytest.mark.parametrize(
    ("capabilities", "off_s", "detail"),
    [
        (CARRYING, 420, "the node's clock is 420 s ahead: the nights it runs alone switch 420 s early"),
        (CARRYING, -45, "the node's clock is 45 s behind: the nights it runs alone switch 45 s late"),
        (LIVE, -45, "the node's clock is 45 s behind"),
    ],
)
def test_the_fault_says_seconds_direction_and_what_that_does_to_stored_nights(capabilities, off_s, detail):
    street = native(capabilities)
    street.says(off_s)
    street.says(off_s)
    assert [fault.detail for fault in street.faults.values()] == [detail]


def test_one_late_word_makes_no_clock_wrong():
    street = native()
    street.says(-240)
    assert street.named == set()
    street.says(0)
    street.says(-60)
    assert street.named == set()


def test_two_words_that_contradict_each_other_make_no_clock_wrong():
    street = native()
    street.says(50)
    street.says(-50)
    assert street.named == set()


def test_a_clock_near_the_limit_is_called_wrong_once():
    street = native()
    for off_s in (29.9, 30.1, 30.2, 29.9, 30.1, 29.8, 30.3, 16):
        street.says(off_s)
    assert street.named == {WARNED}
    opened = {fault.opened_at for fault in street.faults.values()}
    assert len(opened) == 1
    street.says(14)
    assert street.named == set()


def test_a_clock_that_drifts_further_changes_its_name_and_never_has_two():
    street, seen = native(), []
    for off_s in (*range(0, 400, 20), *range(400, -1, -20)):
        street.says(off_s)
        assert len(street.faults) <= 1
        names = sorted(street.named)
        if seen[-1:] != [names]:
            seen.append(names)
    assert seen == [[], [WARNED], [UNTRUSTED], [WARNED], []]


def test_a_restart_does_not_close_and_open_the_fault_anew():
    street = native()
    street.says(400)
    street.says(400)
    before = Watched(now=street.now)
    restored = ev.NodeRestored(
        "n-a", 1, CARRYING, street.desired["n-a"], street.command(), street.last.reported[0], "b1",
        tuple(street.faults.values()),
    )  # fmt: skip
    before.faults = dict(street.faults)
    before.desired, before.seq = dict(street.desired), street.seq
    before.step(restored)
    before.start()
    before.step(restored)
    before.says(401)
    assert before.named == {UNTRUSTED}


offsets = st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=12)


@given(offsets)
def test_how_far_off_a_clock_is_said_to_be_is_never_more_than_its_last_two_words(said):
    time = UNKNOWN_TIME
    for off_s in said:
        time = time.heard(AFTERNOON + dt.timedelta(seconds=off_s), AFTERNOON)
    assert all(abs(time.off_s) <= abs(off_s) + 1e-5 for off_s in said[-2:])


def test_a_node_is_sent_the_time_when_it_connects_and_then_once_a_day():
    street = keeper()
    assert [(it.kind, it.node) for it in street.times] == [(ActionKind.SET_CLOCK, "n-a")]
    for _ in range(47):
        street.says(0.0, after=HOUR / 2)
    assert len(street.times) == 1
    street.says(0.0, after=HOUR / 2)
    assert len(street.times) == 2


def test_a_node_whose_clock_is_off_is_sent_the_time_and_the_fault_is_over_when_it_has_it():
    street = keeper()
    street.says(45, after=2 * HOUR)
    assert len(street.times) == 1, "one word alone proves nothing"
    street.says(45)
    assert (len(street.times), street.named) == (2, {WARNED})
    street.says(0)
    assert (len(street.times), street.named) == (2, set())


def test_what_a_node_is_told_in_one_step_begins_with_the_time_by_which_it_takes_the_rest():
    street = keeper()
    for _ in range(47):
        street.says(0.0, after=HOUR / 2)
    street.now += dt.timedelta(hours=1)
    asked = Override("o1", Scope.SITE, EVERYTHING, 0, street.now, street.now + dt.timedelta(hours=2))
    street.step(ev.OverrideSet(asked), street.report())
    assert [type(each.content) for each in street.last.submissions] == [NodeAction, DesiredState]


def test_a_clock_that_takes_no_time_is_sent_it_no_oftener_than_once_an_hour():
    street = keeper()
    sent_at = [street.now]
    for _ in range(300):
        known = len(street.times)
        street.says(500)
        if len(street.times) > known:
            sent_at.append(street.now)
    gaps = [(later - sooner).total_seconds() for sooner, later in itertools.pairwise(sent_at)]
    assert gaps == [HOUR] * 5


def test_a_line_that_comes_and_goes_does_not_send_the_time_each_time():
    street = keeper()
    for _ in range(10):
        street.step(ev.LinkChanged("line", up=True, at=street.now), after=MINUTE)
        street.says(0.0)
    assert len(street.times) == 1
    street.says(0.0, after=HOUR)
    assert len(street.times) == 2


def test_a_node_that_is_not_heard_is_not_sent_the_time_before_it_is_heard_again():
    street = keeper()
    street.step(ev.NodeUnreachable("n-a", street.now, "it does not answer"), after=2 * HOUR)
    street.step(ev.LinkChanged("line", up=True, at=street.now), after=MINUTE)
    assert len(street.times) == 1
    street.says(0.0)
    assert len(street.times) == 2


def test_the_time_is_worthless_before_it_could_make_a_clock_wrong():
    street = keeper()
    (sent,) = street.times
    assert dt.timedelta() < sent.not_after - street.now <= dt.timedelta(seconds=street.policy.clock_warn_s)


def test_a_native_node_is_never_sent_the_time():
    street = native()
    street.says(500)
    street.says(500)
    assert street.named == {UNTRUSTED}
    assert street.times == []


def test_a_clock_of_ours_that_is_set_back_does_not_keep_the_time_from_nodes():
    street = keeper()
    street.now -= dt.timedelta(hours=6)
    street.step(ev.LinkChanged("line", up=True, at=street.now))
    street.step(ev.NodeReported(ReportedState("n-a", street.now, at=street.now)), after=MINUTE)
    assert len(street.times) == 2


def test_a_meter_is_never_told_a_level_whatever_its_row_says():
    street = Watched(points=(lamp("m", profile="sdm630", link="line", address="9"),))
    street.start()
    street.step(ev.LinkChanged("line", up=True, at=street.now))
    street.run_until(street.now + dt.timedelta(days=2))
    assert (street.commands, street.sent) == ({}, [])


def test_a_report_without_a_clock_says_nothing_about_one():
    street = native()
    street.step(ev.NodeReported(ReportedState("n-a", street.now, {0: ChannelReport(level=0)}, "b1", 99)), after=1)
    assert street.named & {WARNED, UNTRUSTED} == set()
