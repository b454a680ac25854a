"""A database of any earlier version becomes the same as a new one, and what it held is still there."""

from __future__ import annotations

import datetime as dt
import sqlite3
from pathlib import Path

import pytest
from sqlite_utils import Database, Migrations

from lightctl.domain.errors import StoreError
from lightctl.domain.usage import Resolution
from lightctl.store.connection import SqliteFile
from lightctl.store.migrations import MAIN, TELEMETRY, run_script
from lightctl.store.sqlite import SqliteStore
from tests.support.stores import draft, point

FROZEN = Path(__file__).parent / "frozen"
FIRST = {
    "lightctl.db": ("lightctl", "m0001_first", "main_0001.sql"),
    "telemetry.db": ("lightctl-telemetry", "t0001_first", "telemetry_0001.sql"),
}
POINT = (
    '{"id":"LP1","latitude":51.5,"longitude":7.4,"kind":"street","road_class":"","lamps":1,"rated_power_w":null,'
    '"standby_power_w":0.0,"min_level":0,"node":"N-LP1","channel":0,"cabinet":"","profile":"native","link":"mqtt",'
    '"address":"","state":"in_use","tags":{}}'
)


def schema_of(connection):
    rows = connection.execute("SELECT type, name, tbl_name, sql FROM sqlite_master ORDER BY type, name").fetchall()
    return [tuple(row) for row in rows]


def make_first_version(folder):
    """A store as the first release made it, from SQL written down then, not from today's code."""
    folder.mkdir()
    for name, (migration_set, migration, script) in FIRST.items():
        connection = sqlite3.connect(folder / name)
        connection.executescript((FROZEN / script).read_text())
        connection.executescript(
            'CREATE TABLE "_sqlite_migrations" ("id" INTEGER PRIMARY KEY, "migration_set" TEXT, "name" TEXT, '
            '"applied_at" TEXT);'
            'CREATE UNIQUE INDEX "idx__sqlite_migrations_migration_set_name" ON "_sqlite_migrations" '
            '("migration_set", "name");'
        )
        connection.execute(
            "INSERT INTO _sqlite_migrations (migration_set, name, applied_at) VALUES (?, ?, '2026-11-23')",
            (migration_set, migration),
        )
        if name == "lightctl.db":
            connection.execute("INSERT INTO points VALUES ('LP1', 'N-LP1', 'in_use', ?)", (POINT,))
        connection.commit()
        connection.close()


def test_the_first_version_migrates_to_what_a_fresh_store_is(folder, tmp_path):
    make_first_version(folder)
    old, fresh = SqliteStore(folder), SqliteStore(tmp_path / "fresh")
    try:
        for room in ("_main", "_telemetry"):
            migrated, new = (schema_of(getattr(s, room).db.conn) for s in (old, fresh))
            assert [row[:3] for row in migrated] == [row[:3] for row in new]
            assert [row for row in migrated if "_sqlite_migrations" not in row[2]] == [
                row for row in new if "_sqlite_migrations" not in row[2]
            ]
        assert old.points() == (point("LP1"),)
        old.put_points([point("LP2")], draft())
        assert old.verify_audit().ok
    finally:
        old.close()
        fresh.close()


@pytest.mark.parametrize(("migrations", "script"), [(MAIN, "main_0001.sql"), (TELEMETRY, "telemetry_0001.sql")])
def test_the_first_migration_is_what_it_was_when_it_was_released(migrations, script):
    with Database(memory=True) as today, Database(memory=True) as then:
        names = [m.name for m in migrations.pending(today)]
        migrations.apply(today, stop_before=names[1:])
        then.conn.executescript((FROZEN / script).read_text())
        made = [row for row in schema_of(today.conn) if "_sqlite_migrations" not in row[2]]
        assert made == schema_of(then.conn)
        assert len(made) > 3


def test_migrating_twice_changes_nothing(folder):
    SqliteStore(folder).close()
    with_first = (folder / "lightctl.db").read_bytes()
    SqliteStore(folder).close()
    assert (folder / "lightctl.db").read_bytes()[100:] == with_first[100:]


def test_a_failing_migration_leaves_the_database_as_it_was(tmp_path):
    path = tmp_path / "lightctl.db"
    SqliteFile(path, MAIN, synchronous="FULL").close()
    broken = Migrations("lightctl")
    with Database(memory=True) as empty:
        for known in MAIN.pending(empty):
            broken(name=known.name)(known.fn)

    @broken()
    def m9999_broken(db):
        db.execute("CREATE TABLE half (done INTEGER)")
        db.execute("INSERT INTO nowhere VALUES (1)")

    with pytest.raises(StoreError, match="nowhere"):
        SqliteFile(path, broken, synchronous="FULL")
    again = SqliteFile(path, MAIN, synchronous="FULL")
    assert again.rows("SELECT 1 FROM sqlite_master WHERE name = 'half'") == []
    again.close()


@pytest.mark.parametrize("name", ["lightctl.db", "telemetry.db"])
def test_a_store_of_a_newer_version_is_refused_and_left_alone(folder, name):
    store = SqliteStore(folder)
    store.put_points([point()], draft())
    store.close()
    connection = sqlite3.connect(folder / name)
    connection.execute(
        "INSERT INTO _sqlite_migrations (migration_set, name, applied_at) VALUES (?, 'm9999_future', '2030')",
        (FIRST[name][0],),
    )
    connection.commit()
    connection.close()
    before = (folder / name).read_bytes()
    with pytest.raises(StoreError, match=r"newer lightctl.*m9999_future"):
        SqliteStore(folder)
    assert (folder / name).read_bytes() == before


def test_statements_are_run_one_by_one_inside_the_transaction():
    with Database(memory=True) as db:
        with pytest.raises(ZeroDivisionError):
            _create_and_fail(db)
        assert schema_of(db.conn) == []


def _create_and_fail(db):
    with db.atomic():
        run_script(db, "CREATE TABLE a (x);\nCREATE TRIGGER t AFTER INSERT ON a\nBEGIN\n  SELECT 1;\nEND;\n")
        assert len(schema_of(db.conn)) == 2
        raise ZeroDivisionError


def test_measurements_of_the_first_version_are_placed_in_time_and_added_up(folder):
    make_first_version(folder)
    connection = sqlite3.connect(folder / "telemetry.db")
    put = (
        "INSERT INTO reports (node, boot_id, seq, channel, received_at, at, level, energy_wh, faults) "
        "VALUES ('N-LP1', 'b', ?, 0, ?, ?, 70, ?, '')"
    )
    times = (
        ("2026-11-23T16:00:01.250000Z", "2026-11-23T16:00:00.125999Z"),
        ("2026-11-23T16:05:00.000000Z", None),
        ("2026-11-23T16:10:00.000000Z", "2026-11-23T16:11:00.000000Z"),
        ("2026-11-23T16:15:00.000000Z", "2001-01-01T00:00:00.000000Z"),
    )
    for seq, (received_at, at) in enumerate(times):
        connection.execute(put, (seq, received_at, at, 100.0 + 5 * seq))
    doc = '{"energy_kwh":%s,"power_w":840.0}'
    for minute, count in ((0, 7.0), (10, 7.5)):
        row = ("M1", f"2026-11-23T16:{minute:02}:00.000000Z", doc % count)
        connection.execute("INSERT INTO readings VALUES (?, ?, ?)", row)
    connection.commit()
    connection.close()
    store = SqliteStore(folder)
    assert [ms for (ms,) in store._telemetry.rows("SELECT observed_at FROM reports ORDER BY id")] == [
        round(dt.datetime.fromisoformat(text).timestamp() * 1000)
        for text in ("2026-11-23T16:00:00.126Z", "2026-11-23T16:05Z", "2026-11-23T16:10Z", "2026-11-23T16:15Z")
    ]
    store.roll_up("Europe/Berlin")
    since, until = dt.datetime(2026, 11, 1, tzinfo=dt.UTC), dt.datetime(2026, 12, 1, tzinfo=dt.UTC)
    (night,) = store.usage(Resolution.NIGHT, since, until)
    assert (night.energy_wh, night.reports) == (pytest.approx(15.0), 4)
    (metered,) = store.meter_usage(Resolution.NIGHT, since, until)
    assert metered.energy_wh == pytest.approx(500.0)
    store.close()
