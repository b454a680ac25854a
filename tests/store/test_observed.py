"""Late words count for their own time; a clock that is wrong moves nothing."""

from __future__ import annotations

import datetime as dt

import pytest

from lightctl.domain.states import ChannelReport, ReportedState
from lightctl.store.observed import Word, heard
from lightctl.store.sqlite import SqliteStore

LIMIT = 300_000
MINUTE = 60_000
BEGIN = 1_795_000_000_000


def placed(*words: tuple[float | None, float], boot: str = "b") -> list[float]:
    """Give where words of one boot, each (the node's minute, ours) in order of their numbers, are placed (minutes)."""
    before: Word | None = None
    found = []
    for seq, (at, received) in enumerate(words):
        shown = None if at is None else BEGIN + int(at * MINUTE)
        before = heard(boot, seq, shown, BEGIN + int(received * MINUTE), before, LIMIT)
        found.append((before.observed - BEGIN) / MINUTE)
    return found


def test_a_word_in_time_counts_for_the_time_its_node_says():
    assert placed((0, 0.5), (5, 5.1), (10, 14.9)) == [0, 5, 10]


def test_a_word_without_a_time_counts_for_when_it_came():
    assert placed((None, 1), (None, 6)) == [1, 6]


@pytest.mark.parametrize("ahead", [0.1, 4.9, 5.1, 60, 500_000])
def test_no_word_counts_for_later_than_it_came(ahead):
    assert placed((0, 0), (5 + ahead, 5), (10 + ahead, 10)) == [0, 5, 10]


def test_words_that_waited_through_an_outage_count_for_when_they_were_said():
    outage = [(at, 120 + at / 1000) for at in range(5, 120, 5)]
    assert placed((0, 0), *outage, (120, 121)) == [0, *range(5, 125, 5)]


def test_a_word_that_waited_alone_counts_for_when_it_was_said():
    assert placed((0, 0), (3, 90), (90, 90)) == [0, 3, 90]


def test_words_of_an_outage_that_come_slowly_count_for_when_they_were_said():
    outage = [(at, 300 + at / 10) for at in range(5, 300, 5)]
    assert placed((0, 0), *outage, (335, 335)) == [0, *range(5, 300, 5), 335]


def test_several_words_of_one_second_that_waited_keep_their_time():
    assert placed((0, 0), (5, 90), (5, 90), (5.1, 90), (90, 90)) == [0, 5, 5, 5.1, 90]


@pytest.mark.parametrize("slow", [6, 60, 30_000_000])
def test_a_slow_clock_moves_nothing(slow):
    words = [(at - slow, at) for at in range(0, 60, 5)]
    assert placed(*words) == list(range(0, 60, 5))


def test_a_clock_that_was_set_back_moves_nothing():
    assert placed((0, 0), (5, 5), (-50, 10), (-45, 15), (-40, 20)) == [0, 5, 10, 15, 20]


def test_a_clock_that_stands_still_moves_nothing():
    assert placed((0, 0), *((0, received) for received in range(5, 60, 5))) == [0, 0, *range(10, 60, 5)]


def test_a_clock_that_drifts_away_moves_nothing_further_than_the_limit():
    words = [(at * 0.99, at) for at in range(0, 5000, 5)]
    assert all(-5 <= found - said[1] <= 0 for found, said in zip(placed(*words), words, strict=True))


def test_a_slow_clock_that_is_set_right_is_believed_from_then_on():
    assert placed((-60, 0), (-55, 5), (10, 10), (15, 15.2)) == [0, 5, 10, 15]


def test_after_a_boot_a_delay_is_not_believed_before_one_word_came_in_time():
    assert placed((0, 60), (5, 60), (60, 60), (61, 120), (120, 120)) == [60, 60, 60, 61, 120]


def test_a_word_that_comes_again_or_was_overtaken_counts_for_no_later_than_the_one_after_it():
    newest = heard("b", 9, BEGIN + 9 * MINUTE, BEGIN + 9 * MINUTE, None, LIMIT)
    late = heard("b", 4, BEGIN + 4 * MINUTE, BEGIN + 60 * MINUTE, newest, LIMIT)
    assert late.observed == BEGIN + 4 * MINUTE
    timeless = heard("b", 4, None, BEGIN + 60 * MINUTE, newest, LIMIT)
    assert timeless.observed == BEGIN + 9 * MINUTE


def report(minute: float, received: float, seq: int, boot: str = "b") -> ReportedState:
    at, came = (dt.datetime.fromtimestamp(BEGIN / 1000 + of * 60, dt.UTC) for of in (minute, received))
    return ReportedState("n-1", came, {0: ChannelReport(70)}, boot, seq, at, 1)


def observed(store) -> list[tuple[str, int, float]]:
    rows = store._telemetry.rows("SELECT boot_id, seq, observed_at FROM reports ORDER BY id")
    return [(boot, seq, (at - BEGIN) / MINUTE) for boot, seq, at in rows]


def test_the_store_remembers_over_a_restart_what_a_node_said_last(tmp_path):
    store = SqliteStore(tmp_path)
    store.add_reports([report(0, 0, 1), report(5, 5, 2)])
    store.close()
    store = SqliteStore(tmp_path)
    store.add_reports([report(10, 90, 3), report(90, 90, 4)])
    assert observed(store) == [("b", 1, 0), ("b", 2, 5), ("b", 3, 10), ("b", 4, 90)]
    store.close()


def test_a_late_word_of_the_boot_before_is_judged_by_that_boot(tmp_path):
    store = SqliteStore(None)
    store.add_reports([report(0, 0, 1), report(60, 60, 1, "c"), report(5, 61, 2), report(65, 65, 2, "c")])
    store.add_reports([report(70, 120, 3, "c"), report(120, 120, 4, "c")])
    assert [minute for _, _, minute in observed(store)] == [0, 60, 5, 65, 70, 120]
    store.close()


def test_what_a_node_said_costs_the_store_two_words_of_memory_however_often_it_boots():
    store = SqliteStore(None)
    for number in range(100):
        store.add_reports([report(number, number, 1, f"boot-{number}")])
    assert len(store._words["n-1"]) == 2
    store.close()
