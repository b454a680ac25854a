"""What a light point last said is one look-up, however much it has said before."""

from __future__ import annotations

import datetime as dt

import pytest

from lightctl.store import journal, telemetry, usage
from lightctl.store.base import Recorded
from lightctl.store.sqlite import SqliteStore
from tests.support.stores import NOW, report


def steps_of(store, work) -> int:
    """Count the steps of SQLite's machine that some work takes."""
    steps = 0

    def step() -> int:
        nonlocal steps
        steps += 1
        return 0

    store._main.db.conn.set_progress_handler(step, 1)
    work()
    store._main.db.conn.set_progress_handler(None, 0)
    return steps


def filled(nodes: int, reports_each: int) -> SqliteStore:
    store = SqliteStore(None)
    for seq in range(reports_each):
        at = NOW + dt.timedelta(minutes=5 * seq)
        said = tuple(report(f"N{number:05}", seq, received_at=at) for number in range(nodes))
        store.commit(Recorded(reported=said))
        store.add_reports(said)
    return store


def test_the_last_state_of_a_node_costs_the_same_in_a_large_fleet_with_a_long_past():
    small, large = filled(10, 1), filled(1000, 20)
    costs = [steps_of(store, lambda store=store: store.last_reports(["N00007"])) for store in (small, large)]
    assert costs[0] == costs[1]
    assert steps_of(large, large.last_reports) > 100 * costs[1], "the control: reading all costs more"
    assert large._main.number("SELECT count(*) FROM last_reports") == 1000
    assert large.last_reports(["N00007"])["N00007"].seq == 19
    for store in (small, large):
        store.close()


def test_the_last_state_is_found_by_its_key():
    store = SqliteStore(None)
    select = "EXPLAIN QUERY PLAN " + journal._REPORTS + journal._OF_NODES
    plan = [row[3] for row in store._main.rows(select, ('["N1"]',))]
    assert any("last_reports" in step and "(node=?)" in step for step in plan), plan
    assert not any(step.startswith("SCAN last_reports") for step in plan), plan
    store.close()


@pytest.mark.parametrize(
    ("table", "select"),
    [
        ("reports", telemetry._REPORTS),
        ("usage", usage._USAGE.format(which=usage._LAMPS, nodes="")),
        ("usage", usage._USAGE.format(which=usage._METERS, nodes=usage._SOME)),
    ],
)
def test_what_is_read_of_telemetry_is_found_by_an_index_and_comes_in_its_order(table, select):
    store = SqliteStore(None)
    parameters = {"?1": "0", "?2": "1", "?3": "2", "?4": "'[]'"}
    for name, value in parameters.items():
        select = select.replace(name, value)
    plan = [row[3] for row in store._telemetry.rows("EXPLAIN QUERY PLAN " + select, ("N1", 1, 2)[: select.count("?")])]
    assert not any(step.startswith(f"SCAN {table}") or "B-TREE" in step for step in plan), plan
    store.close()
