"""Strangers: refused messages and unclaimed nodes. Anybody on the wire can make them, so both are capped."""

from __future__ import annotations

from collections.abc import Sequence

from lightctl.domain.events import MessageQuarantined, NodeDiscovered
from lightctl.store.base import UnclaimedNode
from lightctl.store.codec import to_instant, to_text
from lightctl.store.connection import SqliteFile
from lightctl.store.room import Room

QUARANTINE_ROWS = 10_000
UNCLAIMED_ROWS = 10_000

_DISCOVER = (
    "INSERT INTO unclaimed (node, link, source, model, first_seen, last_seen, times) VALUES (?, ?, ?, ?, ?, ?, 1) "
    "ON CONFLICT (node, link) DO UPDATE SET source = excluded.source, "
    "model = CASE WHEN excluded.model = '' THEN model ELSE excluded.model END, "
    "last_seen = max(last_seen, excluded.last_seen), times = times + 1"
)
_UNCLAIMED = (
    "SELECT node, link, source, model, first_seen, last_seen, times FROM unclaimed WHERE node NOT IN "
    "(SELECT node FROM points WHERE node <> '' AND state NOT IN ('planned', 'retired')) ORDER BY node, link"
)


class StrangerRoom(Room):
    """What was heard but belongs to nobody."""

    def unclaimed(self) -> tuple[UnclaimedNode, ...]:
        """Give the nodes that were heard of and are in no inventory; one that is imported disappears from here."""
        rows = self._main.rows(_UNCLAIMED)
        return tuple(
            UnclaimedNode(node, link, source, model, to_instant(first), to_instant(last), times)
            for node, link, source, model, first, last, times in rows
        )

    def quarantine(self, limit: int | None = None) -> tuple[MessageQuarantined, ...]:
        """Give the refused messages that are still kept, newest first."""
        rows = self._main.rows(
            "SELECT link, source, why, at, payload FROM quarantine ORDER BY id DESC LIMIT ?",
            (-1 if limit is None else limit,),
        )
        return tuple(
            MessageQuarantined(link, source, why, to_instant(at), bytes(payload))
            for link, source, why, at, payload in rows
        )

    def quarantined_total(self) -> int:
        """Give how many messages were ever refused, those no longer kept included."""
        return self._main.number("SELECT coalesce(max(id), 0) FROM quarantine")


def put(db: SqliteFile, refused: Sequence[MessageQuarantined], discovered: Sequence[NodeDiscovered]) -> None:
    """Keep refused messages and unclaimed nodes, the newest of each up to the cap."""
    if refused:
        rows = [(m.link, m.source, m.why, to_text(m.at), m.payload) for m in refused]
        db.run_many("INSERT INTO quarantine (link, source, why, at, payload) VALUES (?, ?, ?, ?, ?)", rows)
        db.run("DELETE FROM quarantine WHERE id <= (SELECT max(id) FROM quarantine) - ?", (QUARANTINE_ROWS,))
    if discovered:
        db.run_many(_DISCOVER, [(d.node, d.link, d.source, d.model, to_text(d.at), to_text(d.at)) for d in discovered])
        excess = db.number("SELECT count(*) FROM unclaimed") - UNCLAIMED_ROWS
        if excess > 0:
            db.run(
                "DELETE FROM unclaimed WHERE rowid IN (SELECT rowid FROM unclaimed ORDER BY last_seen LIMIT ?)",
                (excess,),
            )
