"""A store that is read while its pages are still being checked: nothing is written before the check is through."""

from __future__ import annotations

import datetime as dt
import os
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from lightctl.domain.assets import LightPoint
from lightctl.domain.errors import StoreError
from lightctl.store.base import AuditDraft
from lightctl.store.inspection import Inspection
from lightctl.store.sqlite import SqliteStore
from tests.support.large_city import fill

NOW = dt.datetime(2026, 11, 25, 19, tzinfo=dt.UTC)
AUDIT = AuditDraft(NOW, "olga", "cli", "inventory import", "city")


def filled(folder: Path) -> Path:
    store = SqliteStore(folder)
    store.put_points([LightPoint(f"L{number}", 51.4, 6.7, node=f"n{number}") for number in range(2000)], AUDIT)
    store.close()
    return folder / "lightctl.db"


@pytest.fixture(scope="module")
def journal(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store in which 60 nodes were asked for a night, said that they hold it, and did so for two nights before."""
    folder = tmp_path_factory.mktemp("journal")
    fill(folder, 60, nights=2)
    return folder / "lightctl.db"


def damaged(folder: Path) -> Path:
    """A store whose table of mountings, which nobody reads at the start, has a page of rubbish."""
    path = filled(folder)
    damage(path)
    return path


def asked(path: Path, sql: str) -> list[tuple]:
    connection = sqlite3.connect(path)
    try:
        return connection.execute(sql).fetchall()
    finally:
        connection.close()


def damage(path: Path) -> None:
    ((page,),) = asked(path, "SELECT rootpage FROM sqlite_master WHERE name = 'mountings'")
    ((size,),) = asked(path, "PRAGMA page_size")
    content = bytearray(path.read_bytes())
    content[(page - 1) * size : page * size] = b"\x5a" * size
    path.write_bytes(content)


def write_at(path: Path, place: int, content: bytes) -> None:
    with path.open("r+b") as file:
        file.seek(place)
        file.write(content)


def is_refused(path: Path) -> bool:
    try:
        Inspection(path).insist()
    except StoreError as error:
        return "damaged" in str(error)
    return False


def test_a_sound_store_is_read_at_once_and_written_after_its_check(tmp_path):
    filled(tmp_path)
    store = SqliteStore(tmp_path, check_beside=True)
    assert len(store.replay(NOW).points) == 2000
    store.put_points([LightPoint("L-new", 51.4, 6.7)], AUDIT)
    store.insist_on_soundness()
    assert len(store.points()) == 2001
    store.close()


def test_damage_that_no_reading_meets_is_found_before_anything_is_written(tmp_path):
    path = damaged(tmp_path)
    before = path.read_bytes()
    store = SqliteStore(tmp_path, check_beside=True)
    assert len(store.points()) == 2000, "the reading was not to meet the damage"
    with pytest.raises(StoreError, match="damaged"):
        store.put_schedules({"city.yaml": "version: 1"}, AUDIT)
    with pytest.raises(StoreError, match="damaged"):
        store.insist_on_soundness()
    store.close()
    assert path.read_bytes() == before


def test_without_the_check_it_would_have_been_written(tmp_path, monkeypatch):
    path = damaged(tmp_path)
    before = path.read_bytes()
    monkeypatch.setattr(Inspection, "insist", lambda _self: None)
    store = SqliteStore(tmp_path, check_beside=True)
    store.put_schedules({"city.yaml": "version: 1"}, AUDIT)
    store.close()
    assert path.read_bytes() != before


def test_a_damaged_page_is_found_wherever_it_is(tmp_path, journal):
    """The first page of each table and index, and one with its rows."""
    sound, ((size,),) = journal.read_bytes(), asked(journal, "PRAGMA page_size")
    pages = asked(journal, "SELECT name, rootpage FROM sqlite_master WHERE rootpage > 0")
    rows = {name: page for page, name in asked(journal, "SELECT pageno, name FROM dbstat WHERE pagetype = 'leaf'")}
    assert {"points", "desired", "commands", "commands_by_state"} <= rows.keys()
    path = Path(shutil.copy(journal, tmp_path))
    missed = []
    for name, page in sorted({*pages, *rows.items()}):
        write_at(path, (page - 1) * size, b"\x5a" * size)
        missed += [] if is_refused(path) else [f"page {page}, of {name}"]
        write_at(path, (page - 1) * size, sound[(page - 1) * size : page * size])
    assert not missed
    assert not is_refused(path)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("UPDATE commands SET state = 'confirmeg'", "confirmeg"),
        ("UPDATE commands SET state = 'sent', deadline = '2O26-11-25T19:00:00.000000Z'", "2O26"),
        ("UPDATE last_reports SET doc = replace(doc, 'received_at', 'received_bt')", "received_at"),
        ("UPDATE desired SET doc = replace(doc, 'plan', 'plam') || '}'", "malformed"),
    ],
)
def test_a_value_that_cannot_be_understood_keeps_a_daemon_from_starting_and_is_named(tmp_path, journal, change, said):
    shutil.copy(journal, tmp_path)
    connection = sqlite3.connect(tmp_path / "lightctl.db")
    triggers = connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall()
    for (name,) in triggers:
        connection.execute(f"DROP TRIGGER {name}")
    connection.execute("PRAGMA ignore_check_constraints = ON")
    connection.execute(change)
    connection.commit()
    connection.close()
    store = SqliteStore(tmp_path, check_beside=True)
    store.insist_on_soundness()
    with pytest.raises(StoreError, match=rf"lightctl\.db: a stored value cannot be read .*{said}.*backup"):
        store.replay(NOW)
    store.close()


def test_a_store_may_be_closed_while_its_check_still_reads(tmp_path):
    filled(tmp_path)
    SqliteStore(tmp_path, check_beside=True).close()
    SqliteStore(tmp_path).close()


def test_an_inspection_can_be_ended_twice(tmp_path):
    inspection = Inspection(filled(tmp_path))
    inspection.end()
    inspection.end()


def test_a_store_that_ended_well_is_written_at_once_and_read_through_when_there_is_time(tmp_path):
    filled(tmp_path)
    store = SqliteStore(tmp_path, check_beside=True)
    assert store._main._inspection is None
    store.put_points([LightPoint("L-new", 51.4, 6.7)], AUDIT)
    store.inspect()
    store.close()
    again = SqliteStore(tmp_path, check_beside=True)
    assert again._main._inspection is None
    again.close()


def test_damage_of_a_store_that_ended_well_comes_out_when_it_is_read_through(tmp_path):
    path = filled(tmp_path)
    before = path.stat()
    damage(path)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))  # as a disk that forgets leaves it
    store = SqliteStore(tmp_path, check_beside=True)
    with pytest.raises(StoreError, match="damaged"):
        store.inspect()
    store.close()
    with pytest.raises(StoreError, match="damaged"):
        SqliteStore(tmp_path)


def _was_killed(folder: Path) -> None:
    code = "import os, sys; from pathlib import Path; from lightctl.store.sqlite import SqliteStore\n"
    code += "SqliteStore(Path(sys.argv[1])); os._exit(9)"
    subprocess.run([sys.executable, "-c", code, str(folder)], check=False)


def _was_never_read_through(folder: Path) -> None:
    SqliteStore(folder, check_beside=True).close()


def _was_written_to(folder: Path) -> None:
    with sqlite3.connect(folder / "lightctl.db") as connection:
        connection.execute("UPDATE points SET state = 'retired'")
    connection.close()


def _was_restored(folder: Path) -> None:
    for name in ("lightctl.db", "lightctl.db-sound"):
        shutil.copy2(folder / name, folder / "copy")
        (folder / "copy").replace(folder / name)


@pytest.mark.parametrize("what", [_was_killed, _was_never_read_through, _was_written_to, _was_restored, damage])
def test_any_other_store_is_read_through_before_it_is_written(tmp_path, what):
    filled(tmp_path)
    what(tmp_path / "lightctl.db" if what is damage else tmp_path)
    store = SqliteStore(tmp_path, check_beside=True)
    assert store._main._inspection is not None
    store.close()
