"""The judge lets nothing pass: late, early, double, missed and invented records each cost what they should."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest

from lightctl.domain.assets import Capabilities
from lightctl.domain.states import Fault, FaultEvent, Reason
from simulators.lamp import LampType
from simulators.node import LampChanged, NodeSetup
from tests.worlds.lamps import Lamps
from tests.worlds.score import Score, judge
from tests.worlds.script import DARK, LIT, Expected, Injected

START = dt.datetime(2026, 10, 5, 12, 0, tzinfo=dt.UTC)
END = START + dt.timedelta(days=3)
SETUP = NodeSetup("n", Capabilities(), {0: LampType()}, {0: "n-0"})
EXPECTED = Expected("lampFailure", "light point", "n-0", ("n", 0), LIT, LIT)


def after(hours: float) -> dt.datetime:
    return START + dt.timedelta(hours=hours)


def lamps() -> Lamps:
    """A lamp that is to be lit from the 6th to the 18th hour of each day."""
    told = Lamps()
    for day in range(3):
        for hour, level in ((0, 0), (6, 100), (10, 50), (18, 0)):
            at = after(24 * day + hour)
            told.lamp(SETUP, LampChanged(0, at, level, level, Reason.PROGRAM, 0.0, 0.0, 0.0))
    return told


def record(opened: float, cleared: float | None = None, **more: object) -> Fault:
    at = None if cleared is None else after(cleared)
    return replace(Fault(FaultEvent.LAMP_FAILURE, "light point", "n-0", after(opened), cleared_at=at), **more)


def score(*records: Fault, until: float | None = 27, expected: Expected = EXPECTED) -> Score:
    end = None if until is None else after(until)
    return judge([Injected("a fault", after(2), end, (expected,))], records, lamps(), END)


def test_what_shows_at_dusk_and_goes_with_the_next_light_is_right():
    found = score(record(6.5, 30.5))
    assert (found.precision, found.recall, found.found) == (1.0, 1.0, 1)
    assert found.opened_s["lampFailure"] == 1800
    assert found.closed_s["lampFailure"] == 1800


@pytest.mark.parametrize(
    ("records", "why"),
    [
        ((), "not found"),
        ((record(7.5, 30.5),), "after it could be seen"),
        ((record(6.5, 26),), "before its end"),
        ((record(6.5),), "never cleared"),
        ((record(6.5, 31.5),), "too late"),
    ],
)
def test_what_is_late_early_or_never_is_missed(records, why):
    found = score(*records)
    assert found.found == 0
    assert why in found.missed[0]


def test_a_second_record_of_the_same_fault_is_false():
    found = score(record(6.5, 30.5), record(40))
    assert (found.found, len(found.false)) == (1, 1)
    assert found.precision == 0.5


@pytest.mark.parametrize("more", [{"event": FaultEvent.DIMMING_FAILURE}, {"subject": "n-1"}, {"subject_kind": "node"}])
def test_a_record_of_another_event_or_subject_is_false_and_the_expected_one_missed(more):
    found = score(record(6.5, 30.5, **more))
    assert (found.found, len(found.false), len(found.missed)) == (0, 1, 1)


def test_a_record_before_the_fault_is_no_finding():
    found = score(record(1, 30.5))
    assert (found.found, len(found.false)) == (0, 1)


def test_what_never_ends_must_stay_open():
    assert score(record(6.5), until=None).found == 1
    assert "though it never ended" in score(record(6.5, 50), until=None).missed[0]


def test_what_a_maintenance_keeps_back_is_no_alarm():
    found = score(record(6.5, 30.5), record(40, suppressed_by="m1"))
    assert (found.precision, found.suppressed) == (1.0, 1)


def test_a_fault_that_cannot_be_seen_for_long_enough_is_said_to_be_none_to_score():
    found = score(until=6.5)
    assert (found.found, len(found.unseen)) == (0, 1)


def test_a_day_burner_is_looked_for_in_the_dark():
    expected = replace(EXPECTED, opens_when=DARK, closes_when=DARK)
    assert score(record(2.5, 27.5), until=27, expected=expected).found == 1
    assert score(record(7.5, 27.5), until=27, expected=expected).found == 0


def test_spans_of_light_are_joined_over_changes_of_level():
    assert list(lamps().spans("n", 0, after(7), after(60), lambda level: level > 0)) == [
        (after(7), after(18)), (after(30), after(42)), (after(54), after(60)),
    ]  # fmt: skip
