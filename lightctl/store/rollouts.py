"""Roll-outs: what each brings, how far it got, and how every node that moved stands. Nothing here goes away."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import replace

from lightctl.domain.rollouts import MemberState, Rollout, RolloutState, Standing
from lightctl.store.base import AuditDraft
from lightctl.store.codec import pack, to_instant, to_instant_or_none, to_text, unpack
from lightctl.store.connection import Row
from lightctl.store.schedules import ScheduleRoom

DAEMON = "daemon"
_ROLLOUTS = (
    "SELECT id, state, edition, wave, batches, moved_at, soaks_from, changed_at, max_failures_percent, detail, "
    "version, doc FROM rollouts"
)
_START = (
    "INSERT INTO rollouts (state, edition, wave, batches, moved_at, soaks_from, changed_at, max_failures_percent, "
    "detail, version, id, doc) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
_MOVE = (
    "UPDATE rollouts SET state = ?, edition = ?, wave = ?, batches = ?, moved_at = ?, soaks_from = ?, "
    "changed_at = ?, max_failures_percent = ?, detail = ?, version = ? WHERE id = ?"
)
_UNDER_WAY = " WHERE state IN ('running', 'paused')"
_STAND = (
    "INSERT INTO rollout_standings (rollout, node, state, detail) VALUES (?, ?, ?, ?) "
    "ON CONFLICT (rollout, node) DO UPDATE SET state = excluded.state, detail = excluded.detail"
)
_RELEASE = "INSERT OR IGNORE INTO rollout_batches (rollout, wave, batches, at) VALUES (?, ?, ?, ?)"
_VERBS = {RolloutState.DONE: "rollout done", RolloutState.PAUSED: "rollout pause", RolloutState.UNDONE: "rollout undo"}


class RolloutRoom(ScheduleRoom):
    """Schedules on their way to the street."""

    def next_rollout(self) -> str:
        """Give the id of a roll-out to be started; they are counted from 1."""
        return str(self._main.number("SELECT coalesce(max(id), 0) + 1 FROM rollouts"))

    def start_rollout(self, rollout: Rollout, audit: AuditDraft) -> None:
        """Keep a new roll-out; StoreError while another one is under way."""
        self.intent_edition += 1
        with self._changing(audit):
            self._main.run(_START, (*_row(rollout), pack(rollout)))

    def tell_rollout(self, rollout: Rollout, audit: AuditDraft) -> None:
        """Keep what people said of a roll-out: paused, resumed or undone, in a later edition."""
        self.intent_edition += 1
        with self._changing(audit):
            self._main.run(_MOVE, _row(rollout))

    def rollout(self, rollout_id: str) -> Rollout | None:
        """Give a roll-out."""
        if not (rollout_id.isascii() and rollout_id.isdigit()):
            return None
        row = self._main.row(_ROLLOUTS + " WHERE CAST(id AS TEXT) = ?", (rollout_id,))
        return None if row is None else _rollout(row)

    def rollout_under_way(self) -> Rollout | None:
        """Give the roll-out that runs or is paused; there is one at most."""
        row = self._main.row(_ROLLOUTS + _UNDER_WAY)
        return None if row is None else _rollout(row)

    def rollouts(self, limit: int | None = None) -> tuple[Rollout, ...]:
        """Give roll-outs, newest first."""
        rows = self._main.rows(_ROLLOUTS + " ORDER BY id DESC LIMIT ?", (-1 if limit is None else limit,))
        return tuple(map(_rollout, rows))

    def rollouts_since(self, instant: dt.datetime) -> tuple[Rollout, ...]:
        """Give the roll-outs that had not ended by an instant, oldest first."""
        rows = self._main.rows(_ROLLOUTS + _UNDER_WAY + " OR changed_at > ? ORDER BY id", (to_text(instant),))
        return tuple(map(_rollout, rows))

    def released_at(self, rollout_id: str, place: tuple[int, int]) -> dt.datetime | None:
        """Give when a roll-out had got as far as a place (a wave and a batch of it), None if it never has."""
        row = self._main.row(
            "SELECT at FROM rollout_batches WHERE rollout = ? AND (wave, batches) >= (?, ?) "
            "ORDER BY wave, batches LIMIT 1",
            (rollout_id, *place),
        )
        return None if row is None else to_instant(row[0])

    def standings(self, rollout_id: str) -> dict[str, Standing]:
        """Give how the nodes of a roll-out stand, by node; those that are not there are pending or yet to move."""
        rows = self._main.rows("SELECT node, state, detail FROM rollout_standings WHERE rollout = ?", (rollout_id,))
        return {node: Standing(rollout_id, node, MemberState(state), detail) for node, state, detail in rows}

    def _advance(self, rollouts: Iterable[Rollout], standings: Iterable[Standing]) -> None:
        """Keep how far the controller got with roll-outs, inside its transaction."""
        for rollout in rollouts:
            before = self._main.row("SELECT state, edition FROM rollouts WHERE id = ?", (rollout.id,))
            # Where people said something since, the controller hears of it and comes again.
            if before is not None and before[1] == rollout.edition and not RolloutState(before[0]).ended:
                self.intent_edition += 1
                self._move(rollout, RolloutState(before[0]))
        rows = [(each.rollout, each.node, str(each.state), each.detail) for each in standings]
        self._main.run_many(_STAND, rows)

    def _move(self, rollout: Rollout, before: RolloutState) -> None:
        if rollout.moved_at is not None and rollout.batches:
            self._main.run(_RELEASE, (int(rollout.id), *rollout.place, to_text(rollout.moved_at)))
        if rollout.state is before:
            self._main.run(_MOVE, _row(rollout))
        elif rollout.state is RolloutState.DONE:
            self._main.run(_MOVE, _row(replace(rollout, version=self._put_in_force(rollout))))
        else:
            with self._changing(_audit("lightctl", rollout)):
                self._main.run(_MOVE, _row(rollout))

    def _put_in_force(self, rollout: Rollout) -> int:
        return self.put_schedules(
            rollout.files,
            _audit(rollout.user, rollout),
            cause=f"rollout {rollout.id}",
            affected=rollout.light_points,
            approved_by=rollout.approved_by,
        )


def _audit(user: str, rollout: Rollout) -> AuditDraft:
    verb = _VERBS[rollout.state]
    return AuditDraft(rollout.changed_at, user, DAEMON, verb, f"rollout {rollout.id}", rollout.reason, rollout.detail)


def _row(rollout: Rollout) -> Row:
    return (
        str(rollout.state),
        rollout.edition,
        rollout.wave,
        rollout.batches,
        to_text(rollout.moved_at),
        to_text(rollout.soaks_from),
        to_text(rollout.changed_at),
        rollout.max_failures_percent,
        rollout.detail,
        rollout.version,
        int(rollout.id),
    )


def _rollout(row: Row) -> Rollout:
    number, state, edition, wave, batches, moved_at, soaks_from, changed_at, percent, detail, version, doc = row
    return replace(
        unpack(doc, Rollout),
        id=str(number),
        state=RolloutState(state),
        edition=edition,
        wave=wave,
        batches=batches,
        moved_at=to_instant_or_none(moved_at),
        soaks_from=to_instant_or_none(soaks_from),
        changed_at=to_instant(changed_at),
        max_failures_percent=percent,
        detail=detail,
        version=version,
    )
