"""A store that is read while its pages are still being checked: nothing is written before the check is through."""

from __future__ import annotations

import datetime as dt
import sqlite3
from pathlib import Path

import pytest

from lightctl.domain.assets import LightPoint
from lightctl.domain.errors import StoreError
from lightctl.store.base import AuditDraft
from lightctl.store.inspection import Inspection
from lightctl.store.sqlite import SqliteStore

NOW = dt.datetime(2026, 11, 25, 19, tzinfo=dt.UTC)
AUDIT = AuditDraft(NOW, "olga", "cli", "inventory import", "city")


def filled(folder: Path) -> Path:
    store = SqliteStore(folder)
    store.put_points([LightPoint(f"L{number}", 51.4, 6.7, node=f"n{number}") for number in range(2000)], AUDIT)
    store.close()
    return folder / "lightctl.db"


def damaged(folder: Path) -> Path:
    """A store whose table of mountings, which nobody reads at the start, has a page of rubbish."""
    path = filled(folder)
    with sqlite3.connect(path) as connection:
        (page,) = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = 'mountings'").fetchone()
        (size,) = connection.execute("PRAGMA page_size").fetchone()
    connection.close()
    content = bytearray(path.read_bytes())
    content[(page - 1) * size : page * size] = b"\x5a" * size
    path.write_bytes(content)
    return path


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


def test_a_store_may_be_closed_while_its_check_still_reads(tmp_path):
    filled(tmp_path)
    SqliteStore(tmp_path, check_beside=True).close()
    SqliteStore(tmp_path).close()


def test_an_inspection_can_be_ended_twice(tmp_path):
    inspection = Inspection(filled(tmp_path))
    inspection.end()
    inspection.end()
