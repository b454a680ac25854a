"""Schedules: every version people put in force, and the plans that wait for a second person. Nothing here goes away."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, replace

from lightctl.store.base import AuditDraft, BrokenRule, Proposal, Schedules, ScheduleVersion
from lightctl.store.codec import pack, to_instant, to_instant_or_none, to_text, unpack
from lightctl.store.room import Room

_VERSIONS = "SELECT version, applied_at, user, cause, reason, affected, approved_by FROM schedule_versions"
_PROPOSALS = "SELECT plan, base_version, proposed_at, user, reason, doc, approved_at, approved_by FROM proposals"
_PUT_VERSION = (
    "INSERT INTO schedule_versions (version, applied_at, user, cause, reason, affected, approved_by) "
    "VALUES (?, ?, ?, ?, ?, ?, ?)"
)
_PROPOSE = (
    "INSERT INTO proposals (plan, base_version, proposed_at, user, reason, doc) VALUES (?, ?, ?, ?, ?, ?) "
    "ON CONFLICT (plan) DO NOTHING"
)
_APPROVE = "UPDATE proposals SET approved_at = ?, approved_by = ? WHERE plan = ?"


@dataclass(frozen=True, slots=True)
class _Content:
    """What a proposal holds beside its columns."""

    files: Mapping[str, str]
    broken: tuple[BrokenRule, ...]
    summary: tuple[str, ...]


class ScheduleRoom(Room):
    """What people want of their nights, version by version."""

    def put_schedules(
        self,
        files: Mapping[str, str],
        audit: AuditDraft,
        *,
        cause: str = "apply",
        affected: int | None = None,
        approved_by: str = "",
    ) -> int:
        """Make these files the whole current intent; earlier versions are kept. Gives the new version, from 1."""
        self.intent_edition += 1
        with self._changing(audit):
            version = self._version() + 1
            row = (version, to_text(audit.at), audit.user, cause, audit.reason, affected, approved_by)
            self._main.run(_PUT_VERSION, row)
            rows = [(version, name, content) for name, content in files.items()]
            self._main.run_many("INSERT INTO schedule_files VALUES (?, ?, ?)", rows)
        return version

    def schedules(self, version: int | None = None) -> Schedules:
        """Give a version of the schedules, the current one by default; without files and time when there is none."""
        chosen = self._version() if version is None else version
        made = self._main.row("SELECT applied_at, user FROM schedule_versions WHERE version = ?", (chosen,))
        if made is None:
            return Schedules(chosen, {})
        rows = self._main.rows("SELECT name, content FROM schedule_files WHERE version = ? ORDER BY name", (chosen,))
        return Schedules(chosen, dict(rows), to_instant(made[0]), made[1])

    def schedule_versions(self, limit: int | None = None) -> tuple[ScheduleVersion, ...]:
        """Give the versions, newest first."""
        rows = self._main.rows(_VERSIONS + " ORDER BY version DESC LIMIT ?", (-1 if limit is None else limit,))
        return tuple(ScheduleVersion(version, to_instant(at), *rest) for version, at, *rest in rows)

    def _version(self) -> int:
        return self._main.number("SELECT coalesce(max(version), 0) FROM schedule_versions")

    def propose(self, proposal: Proposal, audit: AuditDraft) -> None:
        """Keep a refused plan for a second person; one that is known stays as it is."""
        doc = pack(_Content(proposal.files, proposal.broken, proposal.summary))
        with self._changing(audit):
            at = to_text(proposal.proposed_at)
            row = (proposal.plan, proposal.base_version, at, proposal.user, proposal.reason, doc)
            self._main.run(_PROPOSE, row)

    def approve(self, plan: str, audit: AuditDraft) -> None:
        """Approve a plan as the user of the audit entry; StoreError for the one who proposed it, or a second time."""
        with self._changing(audit):
            self._main.run(_APPROVE, (to_text(audit.at), audit.user, plan))

    def proposal(self, plan: str) -> Proposal | None:
        """Give a proposed plan by its name."""
        row = self._main.row(_PROPOSALS + " WHERE plan = ?", (plan,))
        return None if row is None else _proposal(*row)

    def proposals(self, base_version: int) -> tuple[Proposal, ...]:
        """Give the plans proposed on a version of the schedules, newest first."""
        rows = self._main.rows(_PROPOSALS + " WHERE base_version = ? ORDER BY rowid DESC", (base_version,))
        return tuple(_proposal(*row) for row in rows)


def _proposal(
    plan: str, base: int, at: str, user: str, reason: str, doc: str, approved_at: str | None, approved_by: str | None
) -> Proposal:
    content = unpack(doc, _Content)
    found = Proposal(plan, base, to_instant(at), user, reason, content.files, content.broken, content.summary)
    approved: dt.datetime | None = to_instant_or_none(approved_at)
    return replace(found, approved_at=approved, approved_by=approved_by or "")
