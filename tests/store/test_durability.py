"""What was acknowledged survives SIGKILL and a full disk; what was not is gone without a trace."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from lightctl.domain.errors import StoreError
from lightctl.domain.states import CommandState
from lightctl.store.base import Recorded, Schedules
from lightctl.store.sqlite import SqliteStore
from tests.support.stores import NOW, command, desired, draft, fault, point, report

ROOT = Path(__file__).parents[2]
WRITER = ROOT / "tests" / "support" / "store_writer.py"


def write_until_killed(folder, first, acknowledgements, *flags):
    """Give the last number the writer acknowledged before it was killed; it is killed in the midst of writing."""
    environ = {**os.environ, "PYTHONPATH": str(ROOT)}
    started = [sys.executable, WRITER, folder, str(first), *flags]
    with subprocess.Popen(started, stdout=subprocess.PIPE, env=environ) as writer:
        for _ in range(acknowledgements):
            assert writer.stdout.readline().strip().isdigit()
        writer.kill()
        rest = writer.stdout.read().split(b"\n")
        last = first + acknowledgements
        return max([last, *(int(line) for line in rest[:-1])])


def test_everything_acknowledged_survives_sigkill(folder):
    last = 0
    for acknowledgements in (1, 60, 137):
        acknowledged = write_until_killed(folder, last, acknowledgements)
        store = SqliteStore(folder)
        try:
            found = store.schedules()
            version = found.version
            (node,) = store.replay(NOW).nodes
            # One commit may have been durable and its word not out yet.
            assert acknowledged <= version <= acknowledged + 1
            assert found.files == {"number.yaml": str(version)}
            assert (node.highest_revision, node.desired) == (version, desired(revision=version))
            assert node.reported == report(seq=version, applied_revision=version)
            assert [c.revision for c in store.commands()] == list(range(version, 0, -1))
            assert [c.revision for c in store.commands(state=CommandState.QUEUED)] == [version]
            assert [e.detail for e in store.audit()] == [str(n) for n in range(version, 0, -1)]
            assert store.verify_audit().ok
            assert store._main.rows("PRAGMA integrity_check") == [("ok",)]
        finally:
            store.close()
        last = found.version
    assert last >= 198


def test_a_word_given_before_the_commit_is_found_out(folder):
    acknowledged = write_until_killed(folder, 0, 5, "early")
    store = SqliteStore(folder)
    assert (acknowledged, store.schedules().version, store.verify_audit().entries) == (5, 4, 4)
    store.close()


def full(store, *, room=0):
    """Make the disk as full as it is, but for some pages."""
    pages = store._main.number("PRAGMA page_count")
    store._main.db.execute(f"PRAGMA max_page_count = {pages + room}")


def test_a_full_disk_is_named_and_costs_nothing_that_was_recorded(store):
    store.put_points([point("A")], draft())
    store.commit(Recorded(desired=(desired(),), commands=(command(),)))
    before = store.replay(NOW)
    full(store, room=2)
    many = Recorded(commands=tuple(command(f"N{i}", 2) for i in range(2000)), faults=(fault(),))
    for _ in range(3):
        with pytest.raises(StoreError, match=r"disk is full.*Free some space"):
            store.commit(many)
    with pytest.raises(StoreError, match="disk is full"):
        store.put_points([point(f"P{i}", address="x" * 200) for i in range(500)], draft())
    assert store.replay(NOW) == before
    assert store.verify_audit().entries == 1
    store._main.db.execute("PRAGMA max_page_count = 1073741823")
    store.commit(many)
    assert len(store.commands()) == 2001


def test_the_rest_of_a_transaction_survives_an_inner_part_that_found_no_room(store):
    full(store, room=2)
    with store.transaction():
        store.put_schedules({"before.yaml": ""}, draft())
        with pytest.raises(StoreError, match="disk is full"):
            store.commit(Recorded(commands=tuple(command(f"N{i}") for i in range(2000))))
        store.put_schedules({"after.yaml": ""}, draft())
    assert store.schedules().files == {"after.yaml": ""}
    assert store.commands() == ()
    assert len(store.audit()) == 2


def go_on_after_the_database_undid_everything(store):
    with store.transaction():
        store.put_schedules({"before.yaml": ""}, draft())
        store._main.db.conn.execute("ROLLBACK")  # as SQLite itself does on some disk errors
        store.put_schedules({"after.yaml": ""}, draft())


def end_after_the_database_undid_everything(store):
    with store.transaction():
        store.put_schedules({"before.yaml": ""}, draft())
        store._main.db.conn.execute("ROLLBACK")


@pytest.mark.parametrize(
    "attempt", [go_on_after_the_database_undid_everything, end_after_the_database_undid_everything]
)
def test_a_transaction_that_the_database_undid_is_never_half_kept(store, attempt):
    with pytest.raises(StoreError, match="undone"):
        attempt(store)
    assert (store.schedules(), store.audit()) == (Schedules(0, {}), ())
    store.put_schedules({"later.yaml": ""}, draft())
    assert len(store.audit()) == 1


def test_a_real_file_size_limit_is_survived(folder):
    script = (
        "import pathlib, resource, sys\n"
        "from lightctl.domain.errors import StoreError\n"
        "from lightctl.store.sqlite import SqliteStore\n"
        "from tests.support.stores import NOW, draft, point\n"
        "store = SqliteStore(pathlib.Path(sys.argv[1]))\n"
        "store.put_points([point('A')], draft())\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (400_000, 400_000))\n"
        "try:\n"
        "    store.put_points([point(f'P{i}', address='x' * 500) for i in range(5000)], draft())\n"
        "except StoreError as error:\n"
        "    print(error)\n"
        "assert [p.id for p in store.points()] == ['A']\n"
        "store.close()\n"
    )
    environ = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", script, folder], capture_output=True, text=True, env=environ, check=True, timeout=60
    )
    assert "the disk" in done.stdout
    store = SqliteStore(folder)
    assert (store.points(), store.verify_audit().entries) == ((point("A"),), 1)
    store.close()
