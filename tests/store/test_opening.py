"""Opening a store: one owner, nothing damaged or foreign touched, everything closed well."""

from __future__ import annotations

import os
import sqlite3
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from lightctl.domain.errors import StoreError
from lightctl.store.connection import WAL_LIMIT_BYTES
from lightctl.store.sqlite import SqliteStore
from tests.support.stores import NOW, draft, point

ROOT = Path(__file__).parents[2]


def holder(folder):
    """Another process that has the store open until its stdin closes."""
    script = (
        "import sys, pathlib\nfrom lightctl.store.sqlite import SqliteStore\n"
        "store = SqliteStore(pathlib.Path(sys.argv[1]))\nprint('open', flush=True)\nsys.stdin.read()\n"
    )
    environ = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.Popen(
        [sys.executable, "-c", script, str(folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environ
    )


def test_a_second_owner_is_told_who_the_first_one_is(folder):
    with holder(folder) as other:
        assert other.stdout.readline() == b"open\n"
        with pytest.raises(StoreError, match=rf"process {other.pid}\b.*HTTP.*kill {other.pid}"):
            SqliteStore(folder)
        other.kill()
    SqliteStore(folder).close()


def test_a_second_owner_in_the_same_process_is_refused_and_harms_nothing(folder):
    store = SqliteStore(folder)
    with pytest.raises(StoreError, match=rf"process {os.getpid()}\b"):
        SqliteStore(folder)
    store.put_points([point()], draft())
    store.close()
    again = SqliteStore(folder)
    assert again.points() == (point(),)
    again.close()


def test_two_stores_in_memory_know_nothing_of_each_other():
    one, two = SqliteStore(None), SqliteStore(None)
    one.put_points([point()], draft())
    assert two.points() == ()
    one.close()
    two.close()


@pytest.mark.parametrize("name", ["lightctl.db", "telemetry.db"])
def test_a_file_that_is_no_database_is_refused_and_left_alone(folder, name):
    SqliteStore(folder).close()
    (folder / name).write_bytes(b"this is not a database " * 100)
    before = (folder / name).read_bytes()
    for _ in range(2):  # the lock is given back each time
        with pytest.raises(StoreError, match=rf"{name}.*damaged.*backup"):
            SqliteStore(folder)
    assert (folder / name).read_bytes() == before


def test_a_damaged_page_is_found_at_the_start(folder):
    store = SqliteStore(folder)
    store.put_points([point(f"LP{i}") for i in range(2000)], draft())
    store.close()
    damaged = bytearray((folder / "lightctl.db").read_bytes())
    half = len(damaged) // 2 // 4096 * 4096
    damaged[half : half + 4096] = os.urandom(4096)
    (folder / "lightctl.db").write_bytes(damaged)
    with pytest.raises(StoreError, match=r"damaged.*backup"):
        SqliteStore(folder)
    assert (folder / "lightctl.db").read_bytes() == damaged


def test_a_database_cut_to_nothing_beside_its_log_is_refused(folder):
    folder.mkdir()
    (folder / "lightctl.db").touch()
    (folder / "lightctl.db-wal").write_bytes(b"what was recorded")
    with pytest.raises(StoreError, match="damaged"):
        SqliteStore(folder)
    assert (folder / "lightctl.db-wal").read_bytes() == b"what was recorded"


def test_another_programs_database_is_refused_and_left_alone(folder):
    folder.mkdir()
    connection = sqlite3.connect(folder / "lightctl.db")
    connection.execute("CREATE TABLE recipes (name TEXT)")
    connection.commit()
    connection.close()
    before = (folder / "lightctl.db").read_bytes()
    with pytest.raises(StoreError, match="not a store of lightctl"):
        SqliteStore(folder)
    assert (folder / "lightctl.db").read_bytes() == before


def test_a_folder_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(StoreError, match=r"file.*Choose a folder"):
        SqliteStore(tmp_path / "file" / "store")
    with pytest.raises(StoreError, match=r"file.*Choose a folder"):
        SqliteStore(tmp_path / "file")


def test_a_database_that_is_a_folder_is_named(folder):
    (folder / "lightctl.db").mkdir(parents=True)
    with pytest.raises(StoreError, match=r"lightctl\.db"):
        SqliteStore(folder)


def test_another_program_that_writes_is_waited_for_and_then_named(folder):
    store = SqliteStore(folder)
    store._main.db.execute("PRAGMA busy_timeout = 10")
    other = sqlite3.connect(folder / "lightctl.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreError, match="another process holds it"):
        store.put_points([point()], draft())
    other.execute("ROLLBACK")
    other.close()
    store.put_points([point()], draft())
    assert store.points() == (point(),)
    store.close()


def test_a_transaction_takes_the_write_lock_before_it_reads(folder):
    store = SqliteStore(folder)
    other = sqlite3.connect(folder / "lightctl.db", isolation_level=None, timeout=0)
    with store.transaction(), pytest.raises(sqlite3.OperationalError, match="locked"):
        other.execute("BEGIN IMMEDIATE")
    other.close()
    store.close()


def test_a_read_only_database_says_so(folder):
    store = SqliteStore(folder)
    store._main.db.execute("PRAGMA query_only = ON")
    with pytest.raises(StoreError, match=r"read-only.*write access"):
        store.put_points([point()], draft())
    assert store.points() == ()
    store.close()


def test_the_settings_that_make_a_commit_durable_are_in_force(folder):
    store = SqliteStore(folder)
    for room, synchronous in ((store._main, 2), (store._telemetry, 1)):
        assert room.rows("PRAGMA journal_mode") == [("wal",)]
        assert room.number("PRAGMA synchronous") == synchronous
        assert room.number("PRAGMA busy_timeout") == 5000
        assert room.number("PRAGMA journal_size_limit") == WAL_LIMIT_BYTES
    store.close()


def test_closing_leaves_no_log_behind(folder):
    store = SqliteStore(folder)
    store.put_points([point()], draft())
    assert (folder / "lightctl.db-wal").stat().st_size > 0
    store.close()
    left = ["lightctl.db", "lightctl.db-sound", "lightctl.lock", "telemetry.db"]
    assert sorted(path.name for path in folder.iterdir()) == left


def test_the_log_shrinks_again_after_a_big_change(folder):
    store = SqliteStore(folder)
    store.put_points([point(f"LP{i}", address="x" * 1500) for i in range(12_000)], draft())
    log = folder / "lightctl.db-wal"
    assert log.stat().st_size > WAL_LIMIT_BYTES
    store.put_points([point()], draft())
    assert log.stat().st_size <= WAL_LIMIT_BYTES
    store.close()


def test_nobody_else_may_read_the_store(folder):
    store = SqliteStore(folder)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    for path in folder.iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600, path
    store.close()


def test_what_was_written_is_there_after_reopening(folder):
    store = SqliteStore(folder)
    store.put_points([point()], draft())
    before = (store.replay(NOW), store.audit(), store.verify_audit())
    store.close()
    again = SqliteStore(folder)
    assert (again.replay(NOW), again.audit(), again.verify_audit()) == before
    again.close()
