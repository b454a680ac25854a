"""The audit as people read it; how its entries hang together is `chain`'s."""

from __future__ import annotations

from lightctl.store import chain
from lightctl.store.base import AuditCheck, AuditDraft, AuditEntry
from lightctl.store.room import Room


class AuditRoom(Room):
    """Who changed what, and the proof that nobody rewrote it."""

    def audit(self, limit: int | None = None) -> tuple[AuditEntry, ...]:
        """Give the entries, newest first."""
        return chain.read(self._main, limit)

    def note(self, audit: AuditDraft) -> None:
        """Add an entry for what changed nothing in the store: a test message that went out, say."""
        with self._changing(audit):
            pass

    def verify_audit(self) -> AuditCheck:
        """Walk the whole chain and say whether it holds, or where it first breaks."""
        return chain.verify(self._main)
