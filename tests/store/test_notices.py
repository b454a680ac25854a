"""What happens to a fault is news in the same transaction, exactly once, in order, and named for good."""

from __future__ import annotations

from dataclasses import replace

from lightctl.domain.faults import FaultMark, MarkKind
from lightctl.domain.notices import NewsKind, Parcel, Standing
from lightctl.store.base import Recorded
from tests.support.stores import HOUR, NOW, draft, fault


def told(store, after=0):
    return [(news.kind.value, news.record.fault.subject) for news in store.news(after, 100)]


def test_opening_changing_acknowledging_and_clearing_are_news_and_nothing_else_is(store):
    store.commit(Recorded(faults=(fault(),)))
    store.commit(Recorded(faults=(fault(detail="still"),)))
    store.commit(Recorded(faults=(fault(severity="critical", members=("a",)),)))
    store.mark_faults([1], FaultMark(MarkKind.ACKNOWLEDGED, NOW, "t"), draft())
    store.mark_faults([1], FaultMark(MarkKind.SILENCED, NOW, "t", "", NOW + HOUR), draft())
    store.commit(Recorded(faults=(fault(severity="critical", cleared_at=NOW + HOUR),)))
    store.commit(Recorded(faults=(fault(severity="critical", cleared_at=NOW + HOUR),)))
    assert [kind for kind, _ in told(store)] == ["opened", "changed", "acknowledged", "cleared"]


def test_a_fault_that_was_recorded_only_when_it_was_over_is_news_twice(store):
    store.commit(Recorded(faults=(fault("store", subject_kind="site", cleared_at=NOW + HOUR),)))
    assert told(store) == [("opened", "store"), ("cleared", "store")]


def test_news_has_a_name_of_its_own_that_stays(store):
    store.commit(Recorded(faults=tuple(fault(f"LP{number}") for number in range(50))))
    names = [news.uid for news in store.news(0, 100)]
    assert len(set(names)) == 50
    assert {len(name) for name in names} == {24}
    assert names == [news.uid for news in store.news(0, 100)]


def test_the_newest_number_is_known_when_all_news_has_gone(store):
    assert store.newest_news() == 0
    store.commit(Recorded(faults=(fault(), fault("LP2"))))
    store.prune(NOW, NOW)
    assert (store.news(0, 9), store.newest_news()) == ((), 2)


def test_news_of_a_fault_that_is_forgotten_goes_with_it(store):
    store.put_notice_target(Standing("ops", 0))
    store.commit(Recorded(faults=(fault(),)))
    store.commit(Recorded(faults=(fault(cleared_at=NOW),)))
    store.prune(NOW + HOUR, NOW)
    assert store.news(0, 9) == ()


def test_how_far_telling_got_comes_back_as_it_was(store):
    parcel = Parcel("id", "t", "s", 3, NOW, NOW, "title", "text", "{}", 2, digest=True)
    standing = Standing("ops", 2, parcel, NOW, 4, True, NOW, "why", NOW, 5)
    store.put_notice_target(standing)
    assert store.notice_target("ops") == standing
    store.put_notice_target(replace(standing, settled=3, parcel=None))
    assert store.notice_target("ops").settled == 3
    assert store.notice_target("other") is None


def test_only_faults_that_are_still_there_become_alarms_again(store):
    store.commit(Recorded(faults=(fault("LP1"), fault("LP2"))))
    store.commit(Recorded(faults=(fault("LP2", cleared_at=NOW),)))
    assert store.silences_looked_at() is None
    store.tell_unsilenced([1, 2], NOW)
    assert store.silences_looked_at() == NOW
    assert [news.record.id for news in store.news(0, 9) if news.kind is NewsKind.UNSILENCED] == [1]
