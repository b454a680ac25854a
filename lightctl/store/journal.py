"""The journal: what the controller decided and what nodes said, kept before anybody acts on it."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Collection, Iterable, Iterator
from itertools import islice

from lightctl.domain.assets import Capabilities
from lightctl.domain.events import ActionFinished, NodeAnnounced, NodeRestored
from lightctl.domain.moves import ENDS, ended
from lightctl.domain.states import Command, CommandState, DesiredState, Ended, NodeAction, ReportedState
from lightctl.store import documents, faults, strangers
from lightctl.store.base import ActionRecord, Make, NodeSeen, Recorded
from lightctl.store.codec import pack, to_instant_or_none, to_text, unpack
from lightctl.store.connection import Row, SqliteFile
from lightctl.store.rollouts import RolloutRoom
from lightctl.store.sharing import Shared

MAX_STORED_REVISION = 2**63 - 1
PAGE = 250

_COLUMNS = (
    "c.node, c.revision, c.state, c.cause, c.created_at, c.deadline, c.priority, c.attempts, c.sent_at, "
    "c.broker_acked_at, c.finished_at, c.detail"
)
_COMMANDS = f"SELECT {_COLUMNS} FROM commands c"  # noqa: S608 - a constant
_NUMBERED = f"SELECT c.id, {_COLUMNS} FROM commands c"  # noqa: S608 - a constant
_LATEST = _COMMANDS + (  # noqa: S608 - two constants
    " WHERE c.id IN (SELECT (SELECT id FROM commands WHERE node = n.node ORDER BY revision DESC LIMIT 1) FROM nodes n)"
)
_LATEST_OF = _COMMANDS + (  # noqa: S608 - two constants
    " WHERE c.id IN (SELECT (SELECT id FROM commands WHERE node = n.value ORDER BY revision DESC LIMIT 1) "
    "FROM json_each(?) n)"
)
_RESTORED = (
    "SELECT n.node, max(n.used_revision, n.seen_revision), n.boot_id, n.capabilities, r.doc, d.revision, d.doc, "
    "c.revision, c.state, c.cause, c.created_at, c.deadline, c.priority, c.attempts, c.sent_at, c.broker_acked_at, "
    "c.finished_at, c.detail FROM nodes n "
    "LEFT JOIN last_reports r ON r.node = n.node LEFT JOIN desired d ON d.node = n.node LEFT JOIN commands c "
    "ON c.id = (SELECT id FROM commands WHERE node = n.node ORDER BY revision DESC LIMIT 1) ORDER BY n.node"
)
_OF_NODES = " WHERE node IN (SELECT value FROM json_each(?))"
_REPORTS = "SELECT node, doc FROM last_reports"
_PUT_COMMAND = (
    "INSERT INTO commands (node, revision, state, cause, created_at, deadline, priority, attempts, sent_at, "
    "broker_acked_at, finished_at, detail) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) "
    "ON CONFLICT (node, revision) DO UPDATE SET state = excluded.state, cause = excluded.cause, "
    "created_at = excluded.created_at, deadline = excluded.deadline, priority = excluded.priority, "
    "attempts = excluded.attempts, sent_at = excluded.sent_at, broker_acked_at = excluded.broker_acked_at, "
    "finished_at = excluded.finished_at, detail = excluded.detail"
)
_MOVE_COMMAND = (  # column1, column2: how SQLite calls what stands in a row of values
    "UPDATE commands SET state = column3, cause = column4, created_at = column5, deadline = column6, "
    "priority = column7, attempts = column8, sent_at = column9, broker_acked_at = column10, finished_at = column11, "
    "detail = column12 FROM (VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)) WHERE node = column1 AND revision = column2"
)
_PUT_REPORT = "INSERT INTO last_reports (node, doc) VALUES (?, ?) ON CONFLICT (node) DO UPDATE SET doc = excluded.doc"
_PUT_ANNOUNCED = (
    "INSERT INTO nodes (node, capabilities, model, firmware, announced_at) VALUES (?, ?, ?, ?, ?) "
    "ON CONFLICT (node) DO UPDATE SET capabilities = excluded.capabilities, model = excluded.model, "
    "firmware = excluded.firmware, announced_at = excluded.announced_at"
)
_PUT_SIGHTING = (
    "INSERT INTO nodes (node, seen_revision, boot_id, last_seen) VALUES (?, ?, ?, ?) ON CONFLICT (node) DO UPDATE SET "
    "seen_revision = max(seen_revision, excluded.seen_revision), "
    "boot_id = CASE WHEN excluded.boot_id = '' THEN boot_id ELSE excluded.boot_id END, "
    "last_seen = max(coalesce(last_seen, ''), excluded.last_seen)"
)
_NODES = (
    "SELECT node, max(used_revision, seen_revision), boot_id, capabilities, model, firmware, announced_at, last_seen "
    "FROM nodes"
)
_MAKES = "SELECT node, capabilities, model, firmware FROM nodes WHERE capabilities IS NOT NULL"
_PUT_ACTION = "INSERT OR IGNORE INTO actions (id, node, not_after, doc) VALUES (?, ?, ?, ?)"
_ANSWER_ACTION = "UPDATE actions SET status = ?, detail = ?, finished_at = ? WHERE id = ? AND node = ? AND status = ''"


class JournalRoom(RolloutRoom):
    """Decisions and what nodes said, by node."""

    def commit(self, effects: Recorded) -> None:
        """Keep what a step decided and learned, all or nothing; StoreError also where it would break a rule."""
        with self.transaction():
            documents.put(self._main, effects.desired)
            _put_commands(self._main, effects.commands)
            rows = {report.node: (report.node, pack(report)) for report in effects.reported}
            self._main.run_many(_PUT_REPORT, rows.values())
            _put_nodes(self._main, effects)
            faults.put(self._main, effects.faults)
            strangers.put(self._main, effects.quarantined, effects.discovered)
            _put_actions(self._main, effects.actions, effects.action_results)
            self._advance(effects.rollouts, effects.standings)

    def last_reports(self, nodes: Collection[str] | None = None) -> dict[str, ReportedState]:
        """Give the last recorded report of every node, or of some."""
        return {node: unpack(doc, ReportedState) for node, doc in self._of(nodes, _REPORTS)}

    def restored(self, shared: Shared) -> Iterator[NodeRestored]:
        """Give what is remembered of every node that was ever heard of or addressed, by name."""
        reader = documents.Reader(self._main, shared)
        capabilities: dict[str | None, Capabilities | None] = {None: None}
        for name, highest, boot_id, can, report, revision, document, *command in self._main.each(_RESTORED):
            node = shared.word(name)
            if can not in capabilities:
                capabilities[can] = unpack(can, Capabilities)
            yield NodeRestored(
                node,
                shared.number(highest),
                capabilities[can],
                None if document is None else reader.read(node, revision, document),
                None if command[0] is None else _latest((node, *command), shared),
                None if report is None else shared.report(unpack(report, ReportedState)),
                shared.word(boot_id),
            )

    def desired_of(self, node: str) -> DesiredState | None:
        """Give what a node was last asked to be."""
        row = self._main.row("SELECT revision, doc FROM desired WHERE node = ?", (node,))
        return None if row is None else documents.Reader(self._main, Shared()).read(node, *row)

    def nodes_seen(self, nodes: Collection[str] | None = None) -> dict[str, NodeSeen]:
        """Give what is known of every node that was ever heard of or addressed, or of some, by name."""
        capabilities: dict[str | None, Capabilities | None] = {None: None}
        return {row[0]: _node(row, capabilities) for row in self._of(nodes, _NODES, " ORDER BY node")}

    def makes(self) -> dict[str, Make]:
        """Give what every node said it is, by name; of nodes without a hello nothing is known."""
        found: dict[str, Make] = {}
        known: dict[Row, Make] = {}
        for node, *said in self._main.each(_MAKES):
            make = known.get(tuple(said))
            if make is None:
                can, model, firmware = said
                make = known[tuple(said)] = Make(unpack(can, Capabilities), model, firmware)
            found[node] = make
        return found

    def commands(
        self, state: str | None = None, node: str | None = None, limit: int | None = None
    ) -> tuple[Command, ...]:
        """Give commands, newest first: all, in a state, of a node."""
        return tuple(islice(self.each_command(state, node), limit))

    def each_command(self, state: str | None = None, node: str | None = None) -> Iterator[Command]:
        """Give commands as `commands` does, read page by page: what is written meanwhile may be among them or not."""
        conditions: list[str] = []
        parameters: list[object] = []
        if state is not None:
            conditions.append("c.state = ?")
            parameters.append(str(state))
        if node is not None:
            conditions.append("c.node = ?")
            parameters.append(node)
        where = " AND ".join((*conditions, "c.id < ?"))
        page = f"{_NUMBERED} WHERE {where} ORDER BY c.id DESC LIMIT {PAGE}"
        before = MAX_STORED_REVISION
        while rows := self._main.rows(page, (*parameters, before)):
            shared = Shared()
            yield from (_command(row[1:], shared) for row in rows)
            before = rows[-1][0]

    def open_commands(self) -> int:
        """Count the commands that have not ended."""
        return self._main.number("SELECT count(*) FROM commands WHERE state IN ('queued', 'sent')")

    def latest_commands(self, nodes: Collection[str] | None = None) -> dict[str, Command]:
        """Give the command of the highest revision of every node that has one, or of some."""
        rows = self._main.rows(_LATEST) if nodes is None else self._main.rows(_LATEST_OF, (_names(nodes),))
        shared = Shared()
        return {row[0]: _command(row, shared) for row in rows}

    def _of(self, nodes: Collection[str] | None, select: str, order: str = "") -> list[Row]:
        if nodes is None:
            return self._main.rows(select + order)
        return self._main.rows(select + _OF_NODES + order, (_names(nodes),))

    def action(self, action_id: str) -> ActionRecord | None:
        """Give an action and how it ended."""
        row = self._main.row("SELECT doc, status, detail, finished_at FROM actions WHERE id = ?", (action_id,))
        if row is None:
            return None
        doc, status, detail, finished_at = row
        return ActionRecord(unpack(doc, NodeAction), status, detail, to_instant_or_none(finished_at))


def _names(nodes: Collection[str]) -> str:
    return json.dumps(sorted(nodes))


def _put_commands(db: SqliteFile, commands: Iterable[Command]) -> None:
    newest: dict[tuple[str, int], Command] = {}
    for command in commands:
        key = (command.node, command.revision)
        before = newest.get(key)
        if before is not None and before.state.terminal:
            db.run_many(_PUT_COMMAND, [_command_row(before)])  # so that the database sees an end being left
        newest[key] = command
    rows = [_command_row(command) for command in newest.values()]
    # Of many at once an update costs three quarters of an upsert, and a command that has moved is nearly always known.
    moved = [row for row in rows if row[2] != CommandState.QUEUED or row[7]]
    if moved and db.run_many(_MOVE_COMMAND, moved) == len(moved):
        rows = [row for row in rows if row[2] == CommandState.QUEUED and not row[7]]
    db.run_many(_PUT_COMMAND, rows)


def _put_nodes(db: SqliteFile, effects: Recorded) -> None:
    announced = {hello.node: hello for hello in effects.announced}
    db.run_many(_PUT_ANNOUNCED, [_announced_row(hello) for hello in announced.values()])
    heard: list[tuple[dt.datetime, str, int, str]] = [
        (hello.received_at, hello.node, hello.applied_revision, hello.boot_id) for hello in effects.announced
    ]
    heard.extend((r.received_at, r.node, r.applied_revision or 0, r.boot_id) for r in effects.reported)
    heard.extend((at, node, 0, "") for node, at in effects.seen)
    heard.sort(key=lambda sighting: sighting[0])
    merged: dict[str, tuple[int, str, dt.datetime]] = {}
    for at, node, revision, boot_id in heard:
        known = merged.get(node)
        seen = revision if 0 <= revision <= MAX_STORED_REVISION else 0
        if known is None:
            merged[node] = (seen, boot_id, at)
        else:
            merged[node] = (max(seen, known[0]), boot_id or known[1], at)
    db.run_many(_PUT_SIGHTING, [(node, seen, boot_id, to_text(at)) for node, (seen, boot_id, at) in merged.items()])


def _put_actions(db: SqliteFile, actions: Iterable[NodeAction], results: Iterable[ActionFinished]) -> None:
    db.run_many(_PUT_ACTION, [(a.id, a.node, to_text(a.not_after), pack(a)) for a in actions])
    # A result that names no action of this node answers nothing and is dropped.
    db.run_many(_ANSWER_ACTION, [(r.status, r.detail, to_text(r.at), r.action_id, r.node) for r in results])


def _announced_row(hello: NodeAnnounced) -> Row:
    return hello.node, pack(hello.capabilities), hello.model, hello.firmware, to_text(hello.received_at)


def _command_row(command: Command) -> Row:
    return (
        command.node,
        command.revision,
        str(command.state),
        command.cause,
        to_text(command.created_at),
        to_text(command.deadline),
        command.priority,
        command.attempts,
        to_text(command.sent_at),
        to_text(command.broker_acked_at),
        to_text(command.finished_at),
        command.detail,
    )


def _latest(row: Row, shared: Shared) -> Command | Ended:
    """Read of a command what still counts of it."""
    _, revision, state, _, _, _, priority, *_, detail = row
    return ended(revision, CommandState(state), priority, detail) if state in ENDS else _command(row, shared)


def _command(row: Row, shared: Shared) -> Command:
    node, revision, state, cause, created_at, deadline, priority, attempts, sent_at, acked_at, finished_at, detail = row
    return Command(
        node,
        shared.number(revision),
        CommandState(state),
        shared.word(cause),
        shared.instant(created_at),
        shared.instant(deadline),
        priority,
        attempts,
        shared.instant_or_none(sent_at),
        shared.instant_or_none(acked_at),
        shared.instant_or_none(finished_at),
        shared.word(detail),
    )


def _node(row: Row, capabilities: dict[str | None, Capabilities | None]) -> NodeSeen:
    """Read a row; what is written alike, as most nodes' capabilities are, is read once."""
    node, highest, boot_id, can, model, firmware, announced_at, last_seen = row
    if can not in capabilities:
        capabilities[can] = unpack(can, Capabilities)
    announced = to_instant_or_none(announced_at)
    return NodeSeen(
        node, highest, boot_id, capabilities[can], model, firmware, announced, to_instant_or_none(last_seen)
    )
