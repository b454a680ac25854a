"""Where a fault stands follows from what the street says and what people said, at any instant, by one table."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lightctl.domain.faults import MOVES, FaultMark, FaultRecord, FaultState, MarkKind, Silence
from lightctl.domain.selectors import EVERYTHING
from lightctl.domain.states import Fault, FaultEvent

NOW = dt.datetime(2026, 12, 4, 18, 0, tzinfo=dt.UTC)
MINUTE = dt.timedelta(minutes=1)
HOUR = dt.timedelta(hours=1)
FAULT = Fault(FaultEvent.LAMP_FAILURE, "light point", "LP1", NOW, "0 W at 70 %")


def acknowledged(at: dt.datetime = NOW, user: str = "timo") -> FaultMark:
    return FaultMark(MarkKind.ACKNOWLEDGED, at, user, "on my way")


def silenced(at: dt.datetime = NOW, until: dt.datetime = NOW + HOUR) -> FaultMark:
    return FaultMark(MarkKind.SILENCED, at, "olga", "known", until)


def record(*marks: FaultMark, silences: tuple[Silence, ...] = (), **changes: object) -> FaultRecord:
    return FaultRecord(7, replace(FAULT, **changes), marks, silences)


def silence(start: dt.datetime = NOW, until: dt.datetime = NOW + HOUR, **changes: object) -> Silence:
    return replace(Silence("silence-1", FaultEvent.LAMP_FAILURE, EVERYTHING, start, until), **changes)


def test_every_state_has_its_row():
    assert set(MOVES) == set(FaultState)
    assert {state for state in FaultState if state.alarm} == {FaultState.OPEN, FaultState.ACKNOWLEDGED}


def test_a_fault_that_cleared_or_that_a_maintenance_keeps_back_takes_no_word():
    assert MOVES[FaultState.CLEARED] == MOVES[FaultState.SUPPRESSED] == {}


@pytest.mark.parametrize(
    ("found", "state"),
    [
        (record(), FaultState.OPEN),
        (record(acknowledged()), FaultState.ACKNOWLEDGED),
        (record(silenced()), FaultState.SILENCED),
        (record(acknowledged(), silenced()), FaultState.SILENCED),
        (record(silenced(), FaultMark(MarkKind.UNSILENCED, NOW, "olga")), FaultState.OPEN),
        (record(acknowledged(), silenced(), FaultMark(MarkKind.UNSILENCED, NOW, "o")), FaultState.ACKNOWLEDGED),
        (record(silences=(silence(),)), FaultState.SILENCED),
        (record(silences=(silence(ended_at=NOW),)), FaultState.OPEN),
        (record(acknowledged(), suppressed_by="maintenance-1"), FaultState.SUPPRESSED),
        (record(silenced(), cleared_at=NOW), FaultState.CLEARED),
        (record(acknowledged(), suppressed_by="maintenance-1", cleared_at=NOW), FaultState.CLEARED),
    ],
)
def test_cleared_comes_before_suppressed_before_silenced_before_acknowledged(
    found: FaultRecord, state: FaultState
) -> None:
    assert found.state(NOW) is state


def test_a_silence_ends_by_itself_and_what_was_acknowledged_before_is_so_again():
    found = record(acknowledged(), silenced())
    assert found.state(NOW + HOUR - MINUTE) is FaultState.SILENCED
    assert found.state(NOW + HOUR) is FaultState.ACKNOWLEDGED
    assert found.silenced_until(NOW + HOUR) is None


def test_the_longest_of_several_silences_counts():
    found = record(silenced(), silences=(silence(until=NOW + 3 * HOUR), silence(until=NOW + 2 * HOUR)))
    assert found.silenced_until(NOW) == NOW + 3 * HOUR
    assert found.state(NOW + 3 * HOUR) is FaultState.OPEN


def test_the_last_who_took_it_on_is_named():
    last = record(acknowledged(), acknowledged(NOW + MINUTE, "tina")).acknowledged(NOW + HOUR)
    assert last is not None
    assert last.user == "tina"


def test_what_it_costs_is_counted_until_it_cleared_and_unknown_without_watts():
    assert record(watts=120.0).wasted_kwh(NOW + 10 * HOUR) == pytest.approx(1.2)
    assert record(watts=120.0, cleared_at=NOW + 5 * HOUR).wasted_kwh(NOW + 10 * HOUR) == pytest.approx(0.6)
    assert record().wasted_kwh(NOW + HOUR) is None
    assert record(watts=120.0).wasted_kwh(NOW - HOUR) == 0


marks = st.lists(
    st.tuples(st.sampled_from(MarkKind), st.integers(0, 300), st.integers(1, 200), st.booleans(), st.integers(0, 400)),
    max_size=8,
)


@given(marks, st.booleans())
def test_whatever_is_said_in_whatever_order_each_word_moves_as_the_table_says(said, suppressed):
    found = record(suppressed_by="maintenance-1" if suppressed else "")
    at = NOW
    for kind, later, lasting, _, _ in said:
        at += later * MINUTE
        before = found.state(at)
        if kind not in MOVES[before]:
            continue  # the table refuses it; app/faults says why
        until = at + lasting * MINUTE if kind is MarkKind.SILENCED else None
        found = replace(found, marks=(*found.marks, FaultMark(kind, at, "u", "", until)))
        assert found.state(at) in MOVES[before][kind]
    cleared = replace(found, fault=replace(found.fault, cleared_at=at))
    assert cleared.state(at) is FaultState.CLEARED
    assert cleared.marks == found.marks


@given(marks, st.integers(0, 2000))
def test_no_word_said_later_changes_what_was_so_before(said, minute):
    at, words = NOW, []
    for kind, later, lasting, _, _ in said:
        at += later * MINUTE
        until = at + lasting * MINUTE if kind is MarkKind.SILENCED else None
        words.append(FaultMark(kind, at, "u", "", until))
    instant = NOW + minute * MINUTE
    known_then = [word for word in words if word.at <= instant]
    assert record(*words).state(instant) is record(*known_then).state(instant)
