"""News of faults, and how far telling each target got. Written by the daemon; only its giving up is in the audit."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable

from lightctl.domain.notices import News, NewsKind, Standing
from lightctl.store.base import AuditDraft
from lightctl.store.codec import pack_faithfully, to_instant, to_text, unpack
from lightctl.store.faults import FaultRoom

_NEWS = "SELECT id, uid, kind, at, fault FROM fault_news WHERE id > ? ORDER BY id LIMIT ?"
_TELL = "INSERT INTO fault_news (kind, fault, at) SELECT ?, id, ? FROM faults WHERE id = ? AND cleared_at IS NULL"
_PUT_TARGET = (
    "INSERT INTO notice_targets (name, settled, doc) VALUES (?, ?, ?) "
    "ON CONFLICT (name) DO UPDATE SET settled = excluded.settled, doc = excluded.doc"
)
_LOOKED = "INSERT INTO notice_look (one, at) VALUES (1, ?) ON CONFLICT (one) DO UPDATE SET at = excluded.at"


class NoticeRoom(FaultRoom):
    """What happened to faults, in order, and who was told."""

    def news(self, after: int, limit: int) -> tuple[News, ...]:
        """Give news after a number, oldest first, each with its fault as it is now, without Silences."""
        rows = self._main.rows(_NEWS, (after, limit))
        records = {record.id: record for record in self.fault_records(ids={row[4] for row in rows})}
        return tuple(News(row[0], row[1], NewsKind(row[2]), to_instant(row[3]), records[row[4]]) for row in rows)

    def newest_news(self) -> int:
        """Give the number of the last news there ever was, 0 for none."""
        return self._main.number("SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = 'fault_news'")

    def tell_unsilenced(self, faults: Iterable[int], at: dt.datetime) -> None:
        """Take note that silences were looked at, and that these faults, where still there, are alarms again."""
        with self.transaction():
            self._main.run_many(_TELL, [(NewsKind.UNSILENCED.value, to_text(at), fault) for fault in faults])
            self._main.run(_LOOKED, (to_text(at),))

    def silences_looked_at(self) -> dt.datetime | None:
        """Give when silences were last looked at, None for never."""
        row = self._main.row("SELECT at FROM notice_look")
        return None if row is None else to_instant(row[0])

    def notice_target(self, name: str) -> Standing | None:
        """Give how far telling a target got, None for one that is new."""
        row = self._main.row("SELECT doc FROM notice_targets WHERE name = ?", (name,))
        return None if row is None else unpack(row[0], Standing)

    def put_notice_target(self, standing: Standing, audit: AuditDraft | None = None) -> None:
        """Keep how far telling a target got; with `audit` where something was given up."""
        row = (standing.target, standing.settled, pack_faithfully(standing))
        if audit is None:
            with self.transaction():
                self._main.run(_PUT_TARGET, row)
            return
        with self._changing(audit):
            self._main.run(_PUT_TARGET, row)

    def forget_notice_targets(self, known: Collection[str]) -> None:
        """Forget the targets that settings no longer name."""
        gone = [(name,) for (name,) in self._main.rows("SELECT name FROM notice_targets") if name not in known]
        if gone:
            with self.transaction():
                self._main.run_many("DELETE FROM notice_targets WHERE name = ?", gone)
