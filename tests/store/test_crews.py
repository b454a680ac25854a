"""What crews asked for, the faults they keep back, and which node switched a light point when."""

import json
import sqlite3

import pytest

from lightctl.domain.crews import Maintenance, SelfTest, Trial
from lightctl.domain.errors import StoreError
from lightctl.domain.selectors import parse_selector
from lightctl.store.base import Mounting, Recorded
from lightctl.store.sqlite import SqliteStore
from tests.store.test_migrations import make_first_version
from tests.support.stores import HOUR, NOW, draft, fault, point

CABLE = Maintenance("M1", parse_selector("id in (LP1,LP2)"), NOW, NOW + HOUR, 0, True, "cable", "timo")
TEST = SelfTest("T1", "N1", NOW, NOW + HOUR, (Trial("LP1", "on", 100, NOW, NOW + HOUR, "why not"),))


@pytest.fixture
def store():
    store = SqliteStore(None)
    yield store
    store.close()


def test_a_maintenance_runs_until_its_end_and_comes_back_as_it_was(store):
    store.add_maintenance(CABLE, draft())
    assert store.running_maintenances(NOW + HOUR * 0.99) == (CABLE,)
    assert store.running_maintenances(NOW + HOUR) == ()
    assert store.maintenance("M1").maintenance == CABLE
    assert store.maintenance("M2") is None


def test_a_maintenance_that_was_ended_stays_ended(store):
    store.add_maintenance(CABLE, draft())
    store.end_maintenances(["M1", "M9"], NOW, "ada", draft())
    store.end_maintenances(["M1"], NOW + HOUR, "eve", draft())
    assert store.running_maintenances(NOW) == ()
    (record,) = store.maintenances()
    assert (record.ended_at, record.ended_by) == (NOW, "ada")
    with pytest.raises(StoreError, match="stays ended"), store.transaction():
        store._main.run("UPDATE maintenances SET ended_at = NULL")


def test_maintenances_and_the_faults_they_keep_back_are_known_again_at_boot(store):
    store.add_maintenance(CABLE, draft())
    kept = fault(suppressed_by="M1")
    store.commit(Recorded(faults=(kept,)))
    snapshot = store.replay(NOW)
    assert (snapshot.maintenances, snapshot.open_faults) == ((CABLE,), (kept,))


def test_faults_that_are_no_alarms_are_left_out_where_only_alarms_are_asked_for(store):
    store.commit(Recorded(faults=(fault(suppressed_by="M1"), fault("LP2"))))
    assert [each.subject for _, each in store.faults(alarms_only=True)] == ["LP2"]
    assert [each.subject for _, each in store.faults(open_only=True)] == ["LP2", "LP1"]
    store.commit(Recorded(faults=(fault(suppressed_by="M1", cleared_at=NOW + HOUR), fault(opened_at=NOW + HOUR))))
    assert {(f.subject, f.suppressed_by) for _, f in store.faults(open_only=True, alarms_only=True)} == {
        ("LP1", ""), ("LP2", ""),
    }  # fmt: skip


def test_a_self_test_comes_back_as_it_was_and_runs_until_its_end(store):
    store.add_self_test(TEST, draft())
    assert store.self_test("T1") == TEST
    assert store.self_test("T2") is None
    assert store.running_self_test("N1", NOW) == TEST
    assert store.running_self_test("N1", NOW + HOUR) is None
    assert store.running_self_test("N2", NOW) is None
    store.prune(NOW + 2 * HOUR, NOW)
    assert store.self_test("T1") is None


def test_a_change_of_a_crew_without_an_audit_entry_is_refused(store):
    with pytest.raises(StoreError, match="audit entry"):
        store.add_maintenance(CABLE, None)
    assert store.maintenances() == ()


def test_every_node_of_a_light_point_is_kept_with_its_time(store):
    store.put_points([point(), point("LP2")], draft())
    store.put_points([point()], draft())
    store.put_points([point(node="N-B", channel=3)], draft(at=NOW + HOUR))
    store.put_points([point(node="", channel=0)], draft(at=NOW + 2 * HOUR))
    store.put_points([point(node="N-B", channel=0)], draft(at=NOW + 3 * HOUR))
    assert store.mountings("LP1") == (
        Mounting("LP1", "N-LP1", 0, NOW, NOW + HOUR),
        Mounting("LP1", "N-B", 3, NOW + HOUR, NOW + 2 * HOUR),
        Mounting("LP1", "N-B", 0, NOW + 3 * HOUR, None),
    )
    assert store.mountings("LP2") == (Mounting("LP2", "N-LP2", 0, NOW, None),)


def test_a_store_from_before_knows_its_nodes_but_not_since_when(tmp_path):
    make_first_version(tmp_path / "old")
    store = SqliteStore(tmp_path / "old")
    try:
        assert store.mountings("LP1") == (Mounting("LP1", "N-LP1", 0, None, None),)
    finally:
        store.close()


def test_a_fault_and_an_override_from_before_are_read_as_they_were_meant(tmp_path):
    make_first_version(tmp_path / "old")
    connection = sqlite3.connect(tmp_path / "old" / "lightctl.db")
    doc = {
        "id": "O1", "scope": 3, "select": {"terms": []}, "level": 0, "start": "2026-11-23T16:00:00Z",
        "until": "2026-11-23T17:00:00Z", "reason": "", "user": "", "ramp_s": 0,
    }  # fmt: skip
    connection.execute(
        "INSERT INTO overrides VALUES ('O1', '2026-11-23T17:00:00.000000Z', 'c', NULL, NULL, ?)", (json.dumps(doc),)
    )
    connection.execute(
        "INSERT INTO faults VALUES (1, 'lampFailure', 'light point', 'LP1', 'major', '2026-11-23T16:00:00.000000Z', "
        "NULL, '')"
    )
    connection.commit()
    connection.close()
    store = SqliteStore(tmp_path / "old")
    try:
        assert [each.below_protection for each in store.overrides(NOW)] == [False]
        assert [each.suppressed_by for _, each in store.faults()] == [""]
    finally:
        store.close()
