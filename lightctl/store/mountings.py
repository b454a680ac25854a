"""Mountings: which node switched a light point, and when: a node is replaced, the light point keeps what it did."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from lightctl.store.base import Mounting
from lightctl.store.codec import pack, to_instant_or_none, to_text
from lightctl.store.connection import SqliteFile
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


class MountingRoom(Room):
    """The nodes of a light point."""

    def mountings(self, light_point: str) -> tuple[Mounting, ...]:
        """Give the nodes that switched a light point, the present one last."""
        rows = self._main.rows(
            "SELECT light_point, node, channel, since, until FROM mountings WHERE light_point = ? ORDER BY rowid",
            (light_point,),
        )
        return tuple(
            Mounting(light, node, channel, to_instant_or_none(since), to_instant_or_none(until))
            for light, node, channel, since, until in rows
        )


def follow(db: SqliteFile, light_points: Sequence[str], at: dt.datetime) -> None:
    """Note which nodes these light points left and got, once they are written, inside the same transaction."""
    ids = pack(light_points)
    db.run(_CLOSE, (to_text(at), ids))
    db.run(_OPEN, (to_text(at), ids))
