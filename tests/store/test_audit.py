"""The audit shows every tampering, and where."""

from __future__ import annotations

import hashlib
import json

import pytest

from lightctl.store import chain
from tests.support.stores import draft

TRIGGERS = ("audit_follows", "audit_moves_head", "audit_stays", "audit_is_kept", "audit_head_advances")


@pytest.fixture
def tampered(store):
    """A store with ten entries and, as somebody with the file could do, without its rules."""
    for number in range(1, 11):
        store.put_schedules({}, draft(detail=f"number {number}"))
    with store._main.transaction():
        for trigger in TRIGGERS:
            store._main.run(f"DROP TRIGGER {trigger}")
    return store


def tamper(store, sql, *parameters):
    with store._main.transaction():
        assert store._main.run(sql, parameters) > 0
    return store.verify_audit()


def test_an_untouched_audit_verifies_and_gives_its_head(tampered):
    check = tampered.verify_audit()
    assert (check.ok, check.entries, check.broken_at) == (True, 10, None)
    assert check.head == tampered.audit(limit=1)[0].hash


def test_the_hash_can_be_computed_by_anybody(store):
    store.put_schedules({}, draft())
    (entry,) = store.audit()
    canonical = json.dumps(
        {
            "at": "2026-11-23T16:00:00.000000Z",
            "detail": "",
            "origin": "cli",
            "reason": "because",
            "seq": 1,
            "target": "id=LP1",
            "user": "ada",
            "verb": "light.on",
        },
        separators=(",", ":"),
    )
    assert entry.prev_hash == "0" * 64
    assert entry.hash == hashlib.sha256(("0" * 64 + canonical).encode()).hexdigest()


@pytest.mark.parametrize("column", ["at", "user", "origin", "verb", "target", "reason", "detail"])
@pytest.mark.parametrize("seq", [1, 5, 10])
def test_a_changed_entry_is_named(tampered, column, seq):
    check = tamper(tampered, f"UPDATE audit SET {column} = 'x' WHERE seq = ?", seq)
    assert (check.ok, check.broken_at) == (False, seq)
    assert f"entry {seq} was changed" in check.detail


def test_an_entry_rewritten_together_with_its_hash_is_found_at_the_next_one(tampered):
    entry = tampered.audit()[-5]
    row = (5, "2026-11-23T16:00:00.000000Z", "eve", entry.origin, entry.verb, entry.target, entry.reason, entry.detail)
    forged = chain.entry_hash(entry.prev_hash, row)
    check = tamper(tampered, "UPDATE audit SET user = 'eve', hash = ? WHERE seq = 5", forged)
    assert (check.ok, check.broken_at) == (False, 6)
    assert "entry 6 does not follow on entry 5" in check.detail


def test_a_missing_entry_is_named(tampered):
    check = tamper(tampered, "DELETE FROM audit WHERE seq = 4")
    assert (check.ok, check.broken_at, check.detail) == (False, 4, "entry 4 is missing")


def test_missing_last_entries_are_named(tampered):
    check = tamper(tampered, "DELETE FROM audit WHERE seq > 7")
    assert (check.ok, check.broken_at, check.detail) == (False, 8, "entries 8 to 10 are missing")


def test_a_whole_audit_gone_is_noticed(tampered):
    check = tamper(tampered, "DELETE FROM audit")
    assert (check.ok, check.entries, check.broken_at) == (False, 0, 1)


def test_an_entry_slipped_in_behind_the_head_is_noticed(tampered):
    head = tampered.audit(limit=1)[0]
    row = (11, "2026-11-23T16:00:00.000000Z", "eve", "cli", "light.off", "*", "", "")
    hashed = chain.entry_hash(head.hash, row)
    check = tamper(tampered, "INSERT INTO audit VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", *row, head.hash, hashed)
    assert (check.ok, check.broken_at) == (False, 11)
