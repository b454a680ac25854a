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
from lightctl.store.sharing import Shared

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


class _Stored(msgspec.Struct):
    """The same, neither its instants nor its channels read yet."""

    issued_at: str
    valid_until: str
    channels: msgspec.Raw


def put(db: SqliteFile, states: tuple[DesiredState, ...]) -> None:
    """Keep desired states; the database refuses a revision that was used before."""
    writer = _Writer()
    rows = [(state.node, state.revision, writer.write(state)) for state in states]
    db.run_many("INSERT OR IGNORE INTO plans (hash, doc) VALUES (?, ?)", writer.plans.items())
    db.run_many(_PUT, rows)


class _Writer:
    """Writes documents; what lamps share is written once. It goes by identity: what it is given lives until it is done.

    plans: the plans that documents name, by hash.
    """

    def __init__(self) -> None:
        self.plans: dict[str, str] = {}
        self._names: dict[int, str] = {}
        self._written: dict[tuple[int, dt.datetime, dt.datetime], str] = {}

    def write(self, state: DesiredState) -> str:
        key = (id(state.channels), state.issued_at, state.valid_until)
        known = self._written.get(key)
        if known is None:
            channels = {number: self._channel(channel) for number, channel in state.channels.items()}
            known = self._written[key] = pack(_Document(state.issued_at, state.valid_until, channels))
        return known

    def _channel(self, channel: ChannelDesired) -> _Channel:
        if len(channel.switches) <= _INLINE:
            return _Channel("", channel.switches, channel.override)
        return _Channel(self._plan(channel.switches), (), channel.override)

    def _plan(self, switches: Switches) -> str:
        name = self._names.get(id(switches))
        if name is None:
            text = pack(switches)
            name = self._names[id(switches)] = hashlib.sha256(text.encode()).hexdigest()
            self.plans[name] = text
        return name


class Reader:
    """Reads documents back; nodes with equal channels get the very same, as lamps share their nights."""

    def __init__(self, db: SqliteFile, shared: Shared) -> None:
        self._db = db
        self._instant, self._number = shared.instant, shared.number
        self._plans: dict[str, Switches] = {}
        self._channels: dict[bytes, dict[int, ChannelDesired]] = {}

    def read(self, node: str, revision: int, doc: str) -> DesiredState:
        """Give the desired state of a row."""
        document = unpack(doc, _Stored)
        written = bytes(document.channels)
        channels = self._channels.get(written)
        if channels is None:
            channels = self._channels[written] = {
                number: ChannelDesired(self._switches(channel), channel.override)
                for number, channel in unpack(written, dict[int, _Channel]).items()
            }
        issued_at, valid_until = self._instant(document.issued_at), self._instant(document.valid_until)
        return DesiredState(node, self._number(revision), issued_at, valid_until, channels)

    def _switches(self, channel: _Channel) -> Switches:
        if not channel.plan:
            return channel.switches
        known = self._plans.get(channel.plan)
        if known is None:
            ((text,),) = self._db.rows("SELECT doc FROM plans WHERE hash = ?", (channel.plan,))
            known = self._plans[channel.plan] = unpack(text, Switches)
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
