"""Retention: what need not be kept for ever goes. Audit, schedules, roll-outs, people's wishes and revisions stay."""

from __future__ import annotations

import datetime as dt

from lightctl.store import documents
from lightctl.store.codec import to_text
from lightctl.store.room import Room

_OLD_MAIN = (
    # The latest command of a node stays, however old: it says how the node's present revision fared.
    (
        "DELETE FROM commands WHERE created_at < ? AND state NOT IN ('queued', 'sent') "
        "AND revision < (SELECT max(revision) FROM commands other WHERE other.node = commands.node)"
    ),
    "DELETE FROM faults WHERE cleared_at < ?",
    "DELETE FROM actions WHERE not_after < ?",
    "DELETE FROM unclaimed WHERE last_seen < ?",
    "DELETE FROM self_tests WHERE until < ?",
    "DELETE FROM silences WHERE until < ?",
)
_OLD_TELEMETRY = ("DELETE FROM reports WHERE received_at < ?", "DELETE FROM readings WHERE at < ?")


_TOLD = "DELETE FROM fault_news WHERE id <= (SELECT coalesce(min(settled), 9223372036854775807) FROM notice_targets)"


class RetentionRoom(Room):
    """Housekeeping, when its owner asks for it."""

    def prune(self, journal_before: dt.datetime, telemetry_before: dt.datetime) -> int:
        """Delete what ended before, and news that all were told; gives how many rows of the former went."""
        removed = 0
        with self.transaction():
            for statement in _OLD_MAIN:
                removed += self._main.run(statement, (to_text(journal_before),))
            removed += documents.forget_unused_plans(self._main)
            self._main.run(_TOLD)
        with self._telemetry.transaction():
            for statement in _OLD_TELEMETRY:
                removed += self._telemetry.run(statement, (to_text(telemetry_before),))
        return removed
