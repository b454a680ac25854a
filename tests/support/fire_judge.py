"""What must be true of a city under fire, whatever was done to it; the numbers are those of the invariants."""

from __future__ import annotations

import contextlib
import datetime as dt
import shutil
import sqlite3
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from lightctl.store.sqlite import SqliteStore
from tests.support.fire_city import FireCity, naps
from tests.support.fire_load import Load
from tests.support.wire_log import WireLog

BOUND_S = 60.0
MESSAGES = 3
OVERDUE = dt.timedelta(seconds=60)
OPEN = "state IN ('queued', 'sent')"
Ends = dict[tuple[str, int], str]


@dataclass(slots=True)
class Judge:
    """Judges one city through its rounds; `wrong` is what it found, `ends` how each command ended."""

    city: FireCity
    load: Load
    wire: WireLog
    bound_s: float = BOUND_S
    wrong: list[str] = field(default_factory=list)
    ends: Ends = field(default_factory=dict)
    settled_s: list[float] = field(default_factory=list)
    most_messages: int = 0

    def hold_store_to_account(self) -> None:
        """Open a copy of the store as the kill left it: whole, chained, and everything answered 2xx is in it."""
        # The wire first: what it shows now was sent before the copy is made, so the copy must know it.
        documents, _ = self.wire.known()
        with tempfile.TemporaryDirectory(prefix="lightctl-fire-") as folder:
            place = Path(folder) / "store"
            shutil.copytree(self.city.store, place)
            store = SqliteStore(place)
            try:
                check = store.verify_audit()
                if not check.ok:
                    self.wrong.append(f"I8: the audit is broken at {check.broken_at}: {check.detail}")
                self.wrong += self.load.settle_accounts(entry.reason for entry in store.audit())
                known = {(command.node, command.revision) for command in store.commands()}
            finally:
                store.close()
        self.wrong += [
            f"act before recording: revision {revision} of {node} is on the wire and not in the store"
            for node, revision in sorted(set(documents) - known)
        ]

    def await_peace(self, *, first: bool = False) -> None:
        """Wait until every lamp does what it shall and the daemon knows it; I7 says how long that may take.

        first: a city that was never settled; its nodes introduce themselves, so messages are not counted.
        """
        began, off = time.monotonic(), dict[str, tuple[float, float | None]]()
        for _ in naps(self.bound_s):
            expected, levels = self.load.expected(), self.city.levels()
            off = {lamp: (level, levels.get(lamp)) for lamp, level in expected.items() if levels.get(lamp) != level}
            if not off and self._all_settled():
                break
        else:
            named = [
                f"{lamp} shall be at {level} and is at {found}" for lamp, (level, found) in sorted(off.items())[:5]
            ]
            self.wrong.append(f"I7: not settled within {self.bound_s:.0f} s: {named or self.city.status()}")
            return
        self.settled_s.append(round(time.monotonic() - began, 2))
        given = {} if first else self.wire.take_given()
        given = {node: number for node, number in given.items() if node not in self.city.dead}
        self.most_messages = max(self.most_messages, *given.values(), 0)
        much = {node: number for node, number in given.items() if number > MESSAGES}
        if much:
            self.wrong.append(f"I7: more than {MESSAGES} messages to a node: {much}")

    def judge_commands(self) -> None:
        """In peace: each command ended once and stays as it ended, and what is confirmed is what a node holds."""
        rows = self._read("SELECT node, revision, state FROM commands ORDER BY revision")
        native = self.city.native  # other makes know no revisions: I7 and other campaigns look at those
        living = {node: revision for node, revision, state in rows if state == "confirmed" and node in native}
        holds = self._held({node: revision for node, revision in living.items() if node not in self.city.dead})
        for node, revision, state in rows:
            before = self.ends.get((node, revision), state)
            if state not in ("queued", "sent"):
                self.ends[node, revision] = state
            if before != state:
                self.wrong.append(f"I2: {node}/{revision} was {before} and became {state}")
            if state == "confirmed" and node in native and revision > holds.get(node, 0):
                self.wrong.append(f"I3: {node}/{revision} is confirmed and the node holds {holds.get(node)}")
        late = (self.city.now() - OVERDUE).isoformat()
        overdue = self._read(f"SELECT node, revision FROM commands WHERE {OPEN} AND deadline < ?", late)
        self.wrong += [f"I2: {node}/{revision} is open after its deadline" for node, revision in overdue]
        self.wrong += self.wire.wrong
        self.wire.wrong.clear()

    def hold_daemon_to_account(self) -> None:
        """As `hold_store_to_account`, of a daemon that runs."""
        assert self.city.client is not None
        check = self.city.client.get("/v1/audit/verify").raise_for_status().json()
        if not check["ok"]:
            self.wrong.append(f"I8: the audit is broken: {check}")
        self.wrong += self.load.settle_accounts(
            (reason for (reason,) in self._read("SELECT reason FROM audit")), living=True
        )

    def _held(self, confirmed: dict[str, int]) -> dict[str, int]:
        """Give what nodes hold: by their flash, or as they said on the wire; who was not heard speaks again soon."""
        holds: dict[str, int] = {}
        for _ in naps(2 * self.city.heartbeat_s):
            said, flash = self.wire.known()[1], self.city.applied()
            holds = {node: max(said.get(node, 0), flash.get(node, 0)) for node in {*said, *flash}}
            if all(holds.get(node, 0) >= revision for node, revision in confirmed.items()):
                break
        return holds

    def _all_settled(self) -> bool:
        try:
            found = self.city.status()
        except httpx.HTTPError:
            return False
        open_ones = {node for (node,) in self._read(f"SELECT node FROM commands WHERE {OPEN}")}
        return found["settled"] == len(self.city.lamps) and not open_ones - self.city.dead

    def _read(self, sql: str, *parameters: object, of: str = "lightctl.db") -> list[tuple[Any, ...]]:
        path = self.city.store / of
        with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=10)) as db:
            return db.execute(sql, parameters).fetchall()
