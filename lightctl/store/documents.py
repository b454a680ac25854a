"""Documents: desired states as stored. Lamps share their nights, so a document names its plan instead of repeating it.

100,000 lamps with a week of switches each are 300 MB written out, and a handful of plans when named.
"""

from __future__ import annotations

import datetime as dt
import hashlib

import msgspec

from lightctl.domain.states import ChannelDesired, DesiredState, HeldOverride, Switch
from lightctl.store.codec import pack, unpack
from lightctl.store.connection import SqliteFile

_INLINE = 2
_PUT = (
    "INSERT INTO desired (node, revision, doc) VALUES (?, ?, ?) "
    "ON CONFLICT (node) DO UPDATE SET revision = excluded.revision, doc = excluded.doc"
)

Switches = tuple[Switch, ...]


class _Channel(msgspec.Struct, omit_defaults=True):
    """A channel: its few switches, or the hash of its plan."""

    plan: str = ""
    switches: Switches = ()
    override: HeldOverride | None = None


class _Document(msgspec.Struct):
    """A desired state without node and revision, which are columns."""

    issued_at: dt.datetime
    valid_until: dt.datetime
    channels: dict[int, _Channel]


def put(db: SqliteFile, states: tuple[DesiredState, ...]) -> None:
    """Keep desired states; the database refuses a revision that was used before."""
    named: dict[int, str] = {}  # by identity: the caller's tuples live until we are done
    plans: dict[str, str] = {}
    rows: list[tuple[str, int, str]] = []
    for state in states:
        channels: dict[int, _Channel] = {}
        for number, channel in state.channels.items():
            switches = channel.switches
            if len(switches) <= _INLINE:
                channels[number] = _Channel("", switches, channel.override)
                continue
            plan = named.get(id(switches))
            if plan is None:
                text = pack(switches)
                plan = named[id(switches)] = hashlib.sha256(text.encode()).hexdigest()
                plans[plan] = text
            channels[number] = _Channel(plan, (), channel.override)
        rows.append((state.node, state.revision, pack(_Document(state.issued_at, state.valid_until, channels))))
    db.run_many("INSERT OR IGNORE INTO plans (hash, doc) VALUES (?, ?)", plans.items())
    db.run_many(_PUT, rows)


def read(db: SqliteFile, node: str | None = None) -> dict[str, DesiredState]:
    """Give desired states by node: of all, or of one."""
    if node is None:
        rows = db.rows("SELECT node, revision, doc FROM desired")
    else:
        rows = db.rows("SELECT node, revision, doc FROM desired WHERE node = ?", (node,))
    plans: dict[str, Switches] = {}
    found: dict[str, DesiredState] = {}
    for name, revision, doc in rows:
        document = unpack(doc, _Document)
        channels = {
            number: ChannelDesired(_switches(db, channel, plans), channel.override)
            for number, channel in document.channels.items()
        }
        found[name] = DesiredState(name, revision, document.issued_at, document.valid_until, channels)
    return found


def _switches(db: SqliteFile, channel: _Channel, plans: dict[str, Switches]) -> Switches:
    if not channel.plan:
        return channel.switches
    known = plans.get(channel.plan)
    if known is None:
        ((text,),) = db.rows("SELECT doc FROM plans WHERE hash = ?", (channel.plan,))
        known = plans[channel.plan] = unpack(text, Switches)
    return known


def forget_unused_plans(db: SqliteFile) -> int:
    """Delete the plans that no document names any more, inside a transaction; gives how many."""
    used = {
        channel.plan
        for (doc,) in db.each("SELECT doc FROM desired")
        for channel in unpack(doc, _Document).channels.values()
    }
    unused = [(plan,) for (plan,) in db.rows("SELECT hash FROM plans") if plan not in used]
    db.run_many("DELETE FROM plans WHERE hash = ?", unused)
    return len(unused)
