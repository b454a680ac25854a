"""The store: the memory of lightctl, one door with one owner, in two SQLite databases of one folder.

`lightctl.db` holds intent, decisions and audit, each write durable before it returns (WAL, synchronous=FULL);
`telemetry.db` holds measurements (NORMAL). Used by one thread at a time; its owner sees to that.
"""

from __future__ import annotations

import datetime as dt
from contextlib import ExitStack
from pathlib import Path

from lightctl.domain.errors import StoreError
from lightctl.store.audit import AuditRoom
from lightctl.store.base import Counts, Snapshot
from lightctl.store.citizens import CitizenRoom
from lightctl.store.connection import Check, SqliteFile
from lightctl.store.crews import CrewRoom
from lightctl.store.failures import understood
from lightctl.store.intent import IntentRoom
from lightctl.store.journal import JournalRoom
from lightctl.store.lock import StoreLock
from lightctl.store.migrations import MAIN, TELEMETRY
from lightctl.store.mountings import MountingRoom
from lightctl.store.notices import NoticeRoom
from lightctl.store.retention import RetentionRoom
from lightctl.store.rollup import RollUpRoom
from lightctl.store.sharing import Shared
from lightctl.store.strangers import StrangerRoom
from lightctl.store.tallies import TallyRoom
from lightctl.store.telemetry import TelemetryRoom
from lightctl.store.tokens import TokenRoom
from lightctl.store.usage import UsageRoom
from lightctl.store.work import WorkRoom

MAIN_NAME = "lightctl.db"
TELEMETRY_NAME = "telemetry.db"


class SqliteStore(
    IntentRoom,
    CrewRoom,
    MountingRoom,
    JournalRoom,
    NoticeRoom,
    WorkRoom,
    CitizenRoom,
    StrangerRoom,
    TokenRoom,
    TelemetryRoom,
    RollUpRoom,
    UsageRoom,
    AuditRoom,
    RetentionRoom,
    TallyRoom,
):
    """Everything lightctl remembers, in a folder, or in memory where `directory` is None."""

    def __init__(self, directory: Path | None, *, check_beside: bool = False) -> None:
        """Take the lock, check and migrate; StoreError names what is in the way and what to do about it.

        check_beside: what is here may be read while the check still reads; nothing is written before it is through.
        Where the last owner found all sound and ended well, the check waits until `inspect`.
        """
        with ExitStack() as undo:
            if directory is not None:
                try:
                    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
                except OSError as error:
                    raise StoreError(
                        f"{directory}: {error.strerror}. Choose a folder that can be written to."
                    ) from error
                undo.callback(StoreLock(directory).release)
            main = None if directory is None else directory / MAIN_NAME
            telemetry = None if directory is None else directory / TELEMETRY_NAME
            check = Check.BESIDE if check_beside else Check.FIRST
            self._main = SqliteFile(main, MAIN, synchronous="FULL", check=check)
            undo.callback(self._main.close)
            self._telemetry = SqliteFile(telemetry, TELEMETRY, synchronous="NORMAL")
            undo.callback(self._telemetry.close)
            self._words = {}
            self._closing = undo.pop_all()

    def close(self) -> None:
        """Fold the logs in and give the lock back; safe to call twice."""
        self._closing.close()

    def insist_on_soundness(self) -> None:
        """Wait until every page was read; StoreError where one is damaged."""
        self._main.insist_on_soundness()

    def inspect(self) -> None:
        """Read every page where that was put off, on any thread; StoreError where one is damaged."""
        self._main.inspect()

    def replay(self, now: dt.datetime) -> Snapshot:
        """Give everything a daemon must know again at boot; overrides and maintenances only if they end after `now`.

        StoreError where a value cannot be understood.
        """
        shared = Shared()
        with understood(self._main.name):
            snapshot = Snapshot(
                points=self.points(shared),
                schedule_files=self.schedules().files,
                overrides=self.overrides(now),
                nodes=tuple(self.restored(shared)),
                open_faults=tuple(fault for _, fault in reversed(self.faults(open_only=True))),
                maintenances=self.running_maintenances(now),
                rollout=self.rollout_under_way(),
            )
        self._main.forget_pages()
        return snapshot

    def counts(self) -> Counts:
        """Count everything there is."""
        by_state: dict[str, int] = dict(self._main.rows("SELECT state, count(*) FROM commands GROUP BY state"))
        return Counts(
            points=self._main.number("SELECT count(*) FROM points"),
            nodes=self._main.number("SELECT count(*) FROM nodes"),
            unclaimed=len(self.unclaimed()),
            open_faults=self._main.number("SELECT count(*) FROM faults WHERE cleared_at IS NULL"),
            quarantined=self.quarantined_total(),
            audit_entries=self._main.number("SELECT count(*) FROM audit"),
            commands=by_state,
        )
