"""Mountings: which node switched a light point, and when: a node is replaced, the light point keeps what it did."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from lightctl.store.base import Mounting
from lightctl.store.codec import pack, to_instant_or_none, to_text
from lightctl.store.connection import Row, SqliteFile
from lightctl.store.room import Room

_CLOSE = (
    "UPDATE mountings SET until = ? WHERE until IS NULL AND light_point IN (SELECT value FROM json_each(?)) "
    "AND NOT EXISTS (SELECT 1 FROM points WHERE points.id = mountings.light_point AND points.node = mountings.node "
    "AND json_extract(points.doc, '$.channel') = mountings.channel)"
)
_OPEN = (
    "INSERT INTO mountings (light_point, node, channel, since) "
    "SELECT id, node, json_extract(doc, '$.channel'), ? FROM points WHERE id IN (SELECT value FROM json_each(?)) "
    "AND node <> '' AND NOT EXISTS (SELECT 1 FROM mountings WHERE light_point = points.id AND until IS NULL)"
)
_ALL = "SELECT light_point, node, channel, since, until FROM mountings ORDER BY rowid"


class MountingRoom(Room):
    """The nodes of a light point."""

    def mountings(self, light_point: str) -> tuple[Mounting, ...]:
        """Give the nodes that switched a light point, the present one last."""
        rows = self._main.rows(
            "SELECT light_point, node, channel, since, until FROM mountings WHERE light_point = ? ORDER BY rowid",
            (light_point,),
        )
        return tuple(map(_mounting, rows))

    def all_mountings(self) -> tuple[Mounting, ...]:
        """Give every node that switches or switched any light point; of each light point the present one last."""
        return tuple(map(_mounting, self._main.rows(_ALL)))


def _mounting(row: Row) -> Mounting:
    light, node, channel, since, until = row
    return Mounting(light, node, channel, to_instant_or_none(since), to_instant_or_none(until))


def follow(db: SqliteFile, light_points: Sequence[str], at: dt.datetime) -> None:
    """Note which nodes these light points left and got, once they are written, inside the same transaction."""
    ids = pack(light_points)
    db.run(_CLOSE, (to_text(at), ids))
    db.run(_OPEN, (to_text(at), ids))
