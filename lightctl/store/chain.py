"""The audit's chain of entries, in which each covers the hash of the one before.

hash = sha256(prev_hash || canonical JSON of the entry); canonical means keys sorted, no spaces, ASCII. The chain shows
every change of a past entry; that somebody rewrote all of it shows only against a head kept elsewhere.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

from lightctl.store.base import AuditCheck, AuditDraft, AuditEntry
from lightctl.store.codec import to_instant, to_text
from lightctl.store.connection import Row, SqliteFile

_ENTRIES = "SELECT seq, at, user, origin, verb, target, reason, detail, prev_hash, hash FROM audit"
_INSERT = "INSERT INTO audit VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
GENESIS = "0" * 64
_KEYS = ("seq", "at", "user", "origin", "verb", "target", "reason", "detail")


def append(db: SqliteFile, draft: AuditDraft) -> None:
    """Chain one entry onto the audit, inside the transaction of the change it speaks of."""
    ((last, prev_hash),) = db.rows("SELECT seq, hash FROM audit_head")
    fields = (
        last + 1,
        to_text(draft.at),
        draft.user,
        draft.origin,
        draft.verb,
        draft.target,
        draft.reason,
        draft.detail,
    )
    db.run(_INSERT, (*fields, prev_hash, entry_hash(prev_hash, fields)))


def entry_hash(prev_hash: str, fields: tuple[Any, ...]) -> str:
    """Give the hash of an entry: its eight fields as stored, `seq` first, after the hash of the one before."""
    entry = dict(zip(_KEYS, fields, strict=True))
    canonical = json.dumps(entry, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256((prev_hash + canonical).encode("ascii")).hexdigest()


def verify(db: SqliteFile) -> AuditCheck:
    """Check every entry and the head; the first that does not hold is named."""
    seq, head = 0, GENESIS
    for row in db.each(_ENTRIES + " ORDER BY seq"):
        problem = _problem(row, seq, head)
        if problem:
            entries = db.number("SELECT count(*) FROM audit")
            return AuditCheck(ok=False, entries=entries, head=head, broken_at=seq + 1, detail=problem)
        seq, head = row[0], row[9]
    ((head_seq, head_hash),) = db.rows("SELECT seq, hash FROM audit_head")
    if head_seq > seq:
        missing = (
            f"entry {seq + 1} is missing" if head_seq == seq + 1 else f"entries {seq + 1} to {head_seq} are missing"
        )
        return AuditCheck(ok=False, entries=seq, head=head, broken_at=seq + 1, detail=missing)
    if (head_seq, head_hash) != (seq, head):
        detail = f"the recorded head is entry {head_seq}, the last entry is {seq}: entries were added or rewritten"
        return AuditCheck(ok=False, entries=seq, head=head, broken_at=min(seq, head_seq + 1), detail=detail)
    return AuditCheck(ok=True, entries=seq, head=head)


def _problem(row: Row, last: int, head: str) -> str:
    seq, prev_hash, found = row[0], row[8], row[9]
    if seq != last + 1:
        return f"entry {last + 1} is missing"
    if prev_hash != head:
        return f"entry {seq} does not follow on entry {last}: one of the two was rewritten"
    if found != entry_hash(prev_hash, row[:8]):
        return f"entry {seq} was changed after it was written"
    return ""


def read(db: SqliteFile, limit: int | None) -> tuple[AuditEntry, ...]:
    """Give the entries, newest first."""
    rows = db.rows(_ENTRIES + " ORDER BY seq DESC LIMIT ?", (-1 if limit is None else limit,))
    return tuple(_entry(row) for row in rows)


def _entry(row: Row) -> AuditEntry:
    seq, at, *texts = row
    return AuditEntry(seq, to_instant(at), *texts)
