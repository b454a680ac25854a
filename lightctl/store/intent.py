"""What people asked for: light points, overrides, lighting changes. Each change with its audit entry."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from lightctl.domain.assets import LightPoint
from lightctl.domain.states import Override
from lightctl.store import mountings
from lightctl.store.base import AuditDraft, ChangeRecord, OverrideRecord
from lightctl.store.codec import pack, pack_faithfully, to_instant, to_instant_or_none, to_text, unpack
from lightctl.store.room import Room
from lightctl.store.sharing import Shared

_PUT_POINT = (
    "INSERT INTO points (id, node, state, doc) VALUES (?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET "
    "node = excluded.node, state = excluded.state, doc = excluded.doc"
)
_PUT_OVERRIDE = "INSERT INTO overrides (id, until, change, doc) VALUES (?, ?, ?, ?)"
_END_OVERRIDE = "UPDATE overrides SET ended_at = ?, ended_by = ? WHERE id = ? AND ended_at IS NULL"
_OVERRIDES = (
    "SELECT o.doc, o.change, o.ended_at, o.ended_by, coalesce(c.user, '') FROM overrides o "
    "LEFT JOIN changes c ON c.change = o.ended_by"
)
_NEWEST_FIRST = " ORDER BY o.rowid DESC"
_PUT_CHANGE = "INSERT INTO changes (change, kind, at, level, until, light_points, user) VALUES (?, ?, ?, ?, ?, ?, ?)"


class IntentRoom(Room):
    """Intent, by the people who change it."""

    def put_points(self, points: Sequence[LightPoint], audit: AuditDraft) -> None:
        """Add light points or replace those of the same id; the order of first arrival stays."""
        with self._changing(audit):
            rows = ((point.id, point.node, str(point.state), pack_faithfully(point)) for point in points)
            self._main.run_many(_PUT_POINT, rows)
            mountings.follow(self._main, [point.id for point in points], audit.at)

    def points(self, shared: Shared | None = None) -> tuple[LightPoint, ...]:
        """Give all light points, in order of first arrival; equal words in them are one object, as in `shared`."""
        shared = shared or Shared()
        rows = self._main.each("SELECT doc FROM points ORDER BY rowid")
        return tuple(shared.point(unpack(doc, LightPoint)) for (doc,) in rows)

    def add_overrides(self, overrides: Sequence[Override], change: str, audit: AuditDraft | None) -> None:
        """Add overrides under the name of a lighting change; StoreError where an id was used before."""
        with self._changing(audit):
            rows = ((o.id, to_text(o.until), change, pack_faithfully(o)) for o in overrides)
            self._main.run_many(_PUT_OVERRIDE, rows)

    def end_overrides(self, ids: Sequence[str], at: dt.datetime, change: str, audit: AuditDraft | None) -> None:
        """End overrides before their time; those unknown or ended already stay as they are."""
        with self._changing(audit):
            self._main.run_many(_END_OVERRIDE, [(to_text(at), change, override) for override in ids])

    def overrides(self, at: dt.datetime) -> tuple[Override, ...]:
        """Give the overrides not ended by hand whose end is still to come at an instant, oldest first."""
        rows = self._main.rows(
            "SELECT doc FROM overrides WHERE ended_at IS NULL AND until > ? ORDER BY rowid", (to_text(at),)
        )
        return tuple(unpack(doc, Override) for (doc,) in rows)

    def override_records(self, open_at: dt.datetime | None = None) -> tuple[OverrideRecord, ...]:
        """Give every override ever set, the newest first; only those neither ended nor over at an instant, if given."""
        if open_at is None:
            return self._records("")
        return self._records(" WHERE o.ended_at IS NULL AND o.until > ?", to_text(open_at))

    def override_record(self, override: str) -> OverrideRecord | None:
        """Give an override by its id."""
        return next(iter(self._records(" WHERE o.id = ?", override)), None)

    def overrides_of_change(self, change: str) -> tuple[OverrideRecord, ...]:
        """Give the overrides a lighting change set or ended."""
        return self._records(" WHERE o.change = ? OR o.ended_by = ?", change, change)

    def overrides_since(self, at: dt.datetime) -> tuple[OverrideRecord, ...]:
        """Give every override that could hold at an instant, past or not, or after it; as it is known today."""
        return self._records(" WHERE o.until > ? AND (o.ended_at IS NULL OR o.ended_at > ?)", to_text(at), to_text(at))

    def _records(self, which: str, *values: str) -> tuple[OverrideRecord, ...]:
        rows = self._main.rows(_OVERRIDES + which + _NEWEST_FIRST, values)
        return tuple(
            OverrideRecord(unpack(doc, Override), change, to_instant_or_none(ended_at), ended_by, user)
            for doc, change, ended_at, ended_by, user in rows
        )

    def record_change(
        self,
        change: str,
        kind: str,
        at: dt.datetime,
        light_points: Sequence[str],
        level: int | None,
        until: dt.datetime | None,
        audit: AuditDraft | None,
    ) -> None:
        """Keep what a lighting change touched and, with `audit`, who made it, so that people can ask about it."""
        with self._changing(audit):
            user = "" if audit is None else audit.user
            row = (change, kind, to_text(at), level, to_text(until), pack(list(light_points)), user)
            self._main.run(_PUT_CHANGE, row)

    def change(self, change: str) -> ChangeRecord | None:
        """Give a lighting change by its name."""
        row = self._main.row("SELECT kind, at, light_points, level, until FROM changes WHERE change = ?", (change,))
        if row is None:
            return None
        kind, at, light_points, level, until = row
        ids = self._main.rows("SELECT id FROM overrides WHERE change = ? ORDER BY rowid", (change,))
        points = unpack(light_points, tuple[str, ...])
        overrides = tuple(override for (override,) in ids)
        return ChangeRecord(change, kind, to_instant(at), points, level, to_instant_or_none(until), overrides)
