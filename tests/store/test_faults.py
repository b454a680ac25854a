"""A fault keeps what it explains and what was said about it, and a cleared one takes no more words."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest

from lightctl.domain.errors import StoreError
from lightctl.domain.faults import FaultMark, MarkKind, Silence
from lightctl.domain.selectors import parse_selector
from lightctl.domain.states import FaultEvent
from lightctl.store.base import Recorded
from tests.support.stores import HOUR, NOW, draft, fault

ACK = FaultMark(MarkKind.ACKNOWLEDGED, NOW, "timo", "on my way")
QUIET = FaultMark(MarkKind.SILENCED, NOW, "olga", "known", NOW + HOUR)


def opened(store, *faults):
    store.commit(Recorded(faults=faults))
    return [number for number, _ in reversed(store.faults())]


def test_what_a_fault_explains_and_draws_comes_back_and_follows_the_street(store):
    first = fault(members=("LP1", "LP2"), watts=96.5)
    (number,) = opened(store, first)
    assert store.faults() == ((number, first),)
    more = replace(first, members=("LP1", "LP2", "LP3"), watts=None)
    assert opened(store, more) == [number]
    assert store.faults() == ((number, more),)
    over = replace(more, cleared_at=NOW + HOUR)
    store.commit(Recorded(faults=(over,)))
    assert store.faults() == ((number, over),)


def test_a_fault_that_clears_keeps_its_marks_and_one_that_opens_anew_has_none(store):
    (number,) = opened(store, fault())
    store.mark_faults([number], ACK, draft())
    store.mark_faults([number], QUIET, draft())
    store.commit(Recorded(faults=(fault(cleared_at=NOW + HOUR),)))
    store.commit(Recorded(faults=(fault(opened_at=NOW + 2 * HOUR),)))
    new, old = store.fault_records()
    assert (old.id, old.marks) == (number, (ACK, QUIET))
    assert new.marks == ()


def test_a_cleared_fault_takes_no_marks_and_then_none_of_the_others_does(store):
    first, second = opened(store, fault("LP1"), fault("LP2"))
    store.commit(Recorded(faults=(fault("LP1", cleared_at=NOW + HOUR),)))
    with pytest.raises(StoreError, match="takes no marks"):
        store.mark_faults([second, first], ACK, draft())
    assert [record.marks for record in store.fault_records()] == [(), ()]
    assert store.audit() == ()


def test_what_was_said_is_never_rewritten(store):
    (number,) = opened(store, fault())
    store.mark_faults([number], ACK, draft())
    with pytest.raises(StoreError, match="stays"), store.transaction():
        store._main.run("UPDATE fault_marks SET user = 'somebody else'")


def test_records_are_found_by_number_event_opening_and_whether_they_are_kept_back(store):
    opened(
        store,
        fault("LP1"),
        fault("LP2", event=FaultEvent.DIMMING_FAILURE, opened_at=NOW + HOUR),
        fault("LP3", suppressed_by="maintenance-1"),
    )
    store.commit(Recorded(faults=(fault("LP1", cleared_at=NOW + HOUR),)))

    def found(**wanted):
        return [record.fault.subject for record in store.fault_records(**wanted)]

    assert found() == ["LP3", "LP2", "LP1"]
    assert found(is_open=True) == ["LP3", "LP2"]
    assert found(is_open=False) == ["LP1"]
    assert found(suppressed=False) == ["LP2", "LP1"]
    assert found(event="dimmingFailure") == ["LP2"]
    assert found(since=NOW + HOUR) == ["LP2"]
    assert found(ids=[1, 3]) == ["LP3", "LP1"]
    assert store.fault_record(9) is None


def test_many_faults_are_read_page_by_page_and_none_twice(store):
    opened(store, *(fault(f"LP{number}") for number in range(1203)))
    found = [record.id for record in store.fault_records()]
    assert len(found) == len(set(found)) == 1203
    assert found == sorted(found, reverse=True)


def test_silences_come_back_as_they_were_and_end_once(store):
    select = parse_selector("group=centre")
    made = Silence("silence-1", FaultEvent.LAMP_FAILURE, select, NOW, NOW + HOUR, "painting", "olga")
    store.add_silence(made, draft())
    assert store.silences() == (made,) == store.silences(after=NOW)
    assert store.silences(after=NOW + HOUR) == ()
    later = NOW + dt.timedelta(minutes=5)
    store.end_silences(["silence-1", "silence-9"], later, "timo", draft())
    store.end_silences(["silence-1"], NOW + HOUR, "vera", draft())
    assert store.silence("silence-1") == replace(made, ended_at=later, ended_by="timo")
    assert store.silences(after=later) == ()
    assert store.silence("silence-9") is None


def test_marks_go_with_their_fault_when_it_is_old(store):
    (number,) = opened(store, fault())
    store.mark_faults([number], ACK, draft())
    store.commit(Recorded(faults=(fault(cleared_at=NOW + HOUR),)))
    store.prune(NOW + 2 * HOUR, NOW)
    assert list(store.fault_records()) == []
    assert store._main.number("SELECT count(*) FROM fault_marks") == 0
