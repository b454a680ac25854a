"""Retention: what need not be kept for ever goes. Audit, schedules, roll-outs, people's wishes and revisions stay.

Measurements go in slices, each a transaction of its own, so that whoever shares the store's thread waits for one at
most. What nobody has added up yet never goes; neither does the newest measurement of a channel, from which the energy
of the next one counts. Quarters and nights stay 32 days longer than measurements at least: a late report may still
change the month they add up to.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass

from lightctl.domain.usage import Resolution
from lightctl.store import documents
from lightctl.store.codec import to_ms, to_text
from lightctl.store.rollup_sql import QUARTER_MS
from lightctl.store.room import Room
from lightctl.store.usage import CODE_OF

ROWS_A_SLICE, CHANNELS_A_SLICE = 5000, 100
MONTH_AND_MORE = dt.timedelta(days=32)

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
_WAITING = "SELECT 1 FROM touched WHERE since < ? LIMIT 1"
_KEPT_SINCE = "UPDATE rolled SET up_to = max(up_to, ?) WHERE source = 'kept_since'"
_CHANNELS = "SELECT max(id) FROM (SELECT id FROM channels WHERE id > ? ORDER BY id LIMIT ?)"
_OLD_USAGE = (
    "DELETE FROM usage WHERE (resolution, channel, start) IN (SELECT u.resolution, u.channel, u.start FROM channels c "
    "CROSS JOIN usage u ON u.resolution = ?1 AND u.channel = c.id AND u.start < ?2 WHERE c.id > ?3 AND c.id <= ?4)"
)


# The first row that nobody has looked at yet; the last row of the next few, and the time of the oldest of them.
_UNNOTED = """\
SELECT {time} FROM {table} WHERE id > (SELECT up_to FROM rolled WHERE source = '{table}') ORDER BY id LIMIT 1
"""
_WINDOW = """\
SELECT max(id), min({time}) FROM (SELECT id, {time} FROM {table} WHERE id > ? ORDER BY id LIMIT ?)
"""
# The last row of all stays, so that no later one is given its number.
_OLD_ROWS = """\
FROM {table} WHERE id > ?1 AND id <= ?2 AND {time} < ?3 AND id < (SELECT max(id) FROM {table})
AND EXISTS (
  SELECT 1 FROM {table} later WHERE later.node = {table}.node AND later.observed_at > {table}.observed_at {same_channel}
)
"""
_SOURCES = (
    {"table": "reports", "time": "received_at", "same_channel": "AND later.channel = reports.channel"},
    {"table": "readings", "time": "at", "same_channel": ""},
)


@dataclass(frozen=True, slots=True)
class Keep:
    """From which instant on measurements and usage are kept; None keeps all of it."""

    telemetry: dt.datetime
    quarters: dt.datetime | None = None
    nights: dt.datetime | None = None
    months: dt.datetime | None = None


_TOLD = "DELETE FROM fault_news WHERE id <= (SELECT coalesce(min(settled), 9223372036854775807) FROM notice_targets)"


class RetentionRoom(Room):
    """Housekeeping, when its owner asks for it."""

    def prune(self, journal_before: dt.datetime, telemetry_before: dt.datetime) -> int:
        """Delete ended commands, faults, actions, self-tests and measurements from before; gives how many rows went."""
        return self.prune_journal(journal_before) + sum(self.prune_telemetry(Keep(telemetry_before)))

    def prune_journal(self, before: dt.datetime) -> int:
        """Delete ended commands, faults, actions and self-tests from before; gives how many rows went."""
        removed = 0
        with self.transaction():
            for statement in _OLD_MAIN:
                removed += self._main.run(statement, (to_text(before),))
            removed += documents.forget_unused_plans(self._main)
            self._main.run(_TOLD)
        return removed

    def prune_telemetry(self, keep: Keep) -> Iterator[int]:
        """Delete older measurements and usage, a slice at a time; gives how many rows went with each."""
        if not self._is_waiting(keep.telemetry):
            for source in _SOURCES:
                yield from self._prune_source(source, keep.telemetry)
        latest = keep.telemetry - MONTH_AND_MORE
        quarters, nights = (None if at is None else min(at, latest) for at in (keep.quarters, keep.nights))
        yield from self._prune_usage(Resolution.QUARTER, quarters)
        yield from self._prune_usage(Resolution.NIGHT, nights)
        yield from self._prune_usage(Resolution.MONTH, keep.months)

    def _is_waiting(self, before: dt.datetime) -> bool:
        """Whether some of the measurements from before are still to be added up."""
        if self._telemetry.row(_WAITING, (to_ms(before),)) is not None:
            return True
        unnoted = [self._telemetry.row(_UNNOTED.format_map(source)) for source in _SOURCES]
        return any(row is not None and row[0] < to_text(before) for row in unnoted)

    def _prune_source(self, source: dict[str, str], before: dt.datetime) -> Iterator[int]:
        done = 0
        while (window := self._telemetry.rows(_WINDOW.format_map(source), (done, ROWS_A_SLICE))[0])[0] is not None:
            last, oldest = window
            if oldest >= to_text(before):
                return
            with self._telemetry.transaction():
                removed = self._forget(_OLD_ROWS.format_map(source), (done, last, to_text(before)))
            done = last
            yield removed

    def _forget(self, old_rows: str, parameters: tuple[object, ...]) -> int:
        """Delete rows, and remember up to which quarter they leave nothing to reckon with."""
        ((newest,),) = self._telemetry.rows("SELECT max(observed_at) " + old_rows, parameters)
        if newest is None:
            return 0
        self._telemetry.run(_KEPT_SINCE, ((newest // QUARTER_MS + 1) * QUARTER_MS,))
        return self._telemetry.run("DELETE " + old_rows, parameters)

    def _prune_usage(self, resolution: Resolution, before: dt.datetime | None) -> Iterator[int]:
        if before is None:
            return
        done = 0
        while (last := self._telemetry.rows(_CHANNELS, (done, CHANNELS_A_SLICE))[0][0]) is not None:
            with self._telemetry.transaction():
                removed = self._telemetry.run(_OLD_USAGE, (CODE_OF[resolution], to_ms(before), done, last))
            done = last
            yield removed
