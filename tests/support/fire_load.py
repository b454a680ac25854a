"""An operator that never rests: levels set and resumed, schedules applied, each answer of 2xx noted.

Every write carries a reason of its own, by which its one audit entry is found. A write whose answer never came may have
been taken or not; the store says which, and the levels that lamps shall have are reckoned from that.
"""

from __future__ import annotations

import datetime as dt
import random
import threading
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

import httpx

from lightctl.files.inventory import write_inventory
from tests.support.fire_city import FireCity
from tests.support.fire_town import PROGRAM, schedules

LEVELS = range(10, 101, 5)
HOLD = dt.timedelta(hours=11)
OFTEN = 12  # one write of so many replaces the schedules
REST_S = 0.02
SCHEDULES, IMPORT, ALL = "", "inventory", "*"


@dataclass(slots=True)
class Write:
    """One write: which lamp (or ALL, or SCHEDULES) shall have which level (None: its program's); taken: None unknown.

    An IMPORT changes a tag of a light point, which is no lamp's business. idle: it was answered that nothing had to be
    changed, so no entry speaks of it.
    """

    reason: str
    lamp: str
    level: int | None
    taken: bool | None = None
    idle: bool = False


@dataclass(slots=True)
class Load:
    """Writes in threads while it runs; between runs `settle_accounts` learns what became of unanswered ones.

    often: one write of so many replaces the schedules. imports: one of so many is an import; 0 for none. rest_s: the
    longest pause after a write, machine seconds. prefix: what the reasons begin with, in this store never used before.
    """

    city: FireCity
    seed: int
    threads: int = 2
    often: int = OFTEN
    imports: int = 0
    rest_s: float = REST_S
    prefix: str = "w"
    writes: list[Write] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    answered: threading.Event = field(default_factory=threading.Event)
    _stop: threading.Event = field(default_factory=threading.Event)
    _running: list[threading.Thread] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _round: int = 0

    def start(self) -> None:
        """Begin to write; ends by `stop`, or when the daemon is gone."""
        self._round += 1
        self._stop.clear()
        self.answered.clear()
        lamps = self.city.lamps
        for number in range(self.threads):
            rng = random.Random(f"{self.seed}/{self._round}/{number}")
            mine = lamps[number :: self.threads]
            thread = threading.Thread(target=self._write_on, args=(rng, mine, number), daemon=True)
            self._running.append(thread)
            thread.start()

    def stop(self) -> None:
        """Write no more."""
        self._stop.set()
        for thread in self._running:
            thread.join(30)
        self._running.clear()

    def settle_accounts(self, reasons: Iterable[str], *, living: bool = False) -> list[str]:
        """Hold the writes against the reasons in the audit of the store; give what contradicts I4 or I8.

        living: the daemon runs, and what it has not answered yet it may still take.
        """
        found: dict[str, int] = {}
        for reason in reasons:
            found[reason] = found.get(reason, 0) + 1
        wrong = []
        for write in self.writes:
            times = found.pop(write.reason, 0)
            if write.idle:
                continue
            if write.taken and times == 0:
                wrong.append(f"I4: {write} was answered with 2xx and is not there")
            if write.taken is False and times:
                wrong.append(f"I8: {write} was refused and is in the audit")
            if times > 1:
                wrong.append(f"I8: {write} is in the audit {times} times")
            if times or write.taken is not None or not living:
                write.taken = times > 0
        wrong += [
            f"I8: an entry for {reason}, which nobody asked for" for reason in found if reason.startswith(self.prefix)
        ]
        return wrong

    def expected(self) -> dict[str, int]:
        """Give the level that each lamp shall have by all that was taken."""
        program, held = PROGRAM, dict.fromkeys(self.city.lamps)
        for write in self.writes:
            if not write.taken:
                continue
            match write.lamp:
                case "":
                    program = write.level
                case "inventory":
                    pass
                case "*":
                    held = dict.fromkeys(held)
                case lamp:
                    held[lamp] = write.level
        fitted = self.city.fitted
        return {lamp: fitted(lamp, program if level is None else level) for lamp, level in held.items()}

    def replan(self, level: int) -> None:
        """Replace the schedules now, and wait for the answer."""
        self._write_now(SCHEDULES, level)

    def release(self) -> None:
        """Resume all lamps now, and wait for the answer."""
        self._write_now(ALL, None)

    def _write_now(self, what: str, level: int | None) -> None:
        assert self.city.client is not None
        self._round += 1
        self._send(Write(f"{self.prefix}{self._round}-alone", what, level), self.city.client)

    def _write_on(self, rng: random.Random, lamps: list[str], thread: int) -> None:
        client = self.city.client
        assert client is not None
        number = 0
        while not self._stop.is_set():
            number += 1
            write = self._think(rng, lamps, thread, f"{self.prefix}{self._round}-{thread}-{number}")
            if not self._send(write, client):
                return
            self._stop.wait(rng.random() * self.rest_s)

    def _think(self, rng: random.Random, lamps: list[str], thread: int, reason: str) -> Write:
        if thread == 0 and rng.randrange(self.often) == 0:
            return Write(reason, SCHEDULES, rng.choice(LEVELS))
        if thread == 0 and self.imports and rng.randrange(self.imports) == 0:
            return Write(reason, IMPORT, None)
        return Write(reason, rng.choice(lamps), rng.choice(LEVELS) if rng.random() < 0.75 else None)

    def _asked(self, write: Write) -> tuple[str, dict[str, object]]:
        """Give address and body of a write."""
        match write:
            case Write(lamp="", level=int(level)):
                body = {"files": schedules(level), "accept_losses": True, "max_affected": len(self.city.points)}
                return "/v1/schedules/apply", body | {"reason": write.reason}
            case Write(lamp="inventory"):
                point = replace(self.city.points[0], tags={**self.city.points[0].tags, "mast": write.reason})
                return "/v1/inventory/import", {"text": write_inventory([point], "csv"), "reason": write.reason}
        target = {"select": ALL} if write.lamp == ALL else {"id": write.lamp}
        body: dict[str, object] = {"target": target, "reason": write.reason, "max_affected": len(self.city.points)}
        if write.level is None:
            return "/v1/lights/resume", body
        until = (self.city.now() + HOLD).isoformat()
        return "/v1/lights/level", body | {"level": write.level, "until": until}

    def _send(self, write: Write, client: httpx.Client) -> bool:
        address, body = self._asked(write)
        try:
            answer = client.post(address, json=body)
        except httpx.ConnectError:
            return False
        except httpx.HTTPError:
            with self._lock:
                self.writes.append(write)
            return False
        write.taken = answer.is_success
        write.idle = write.taken and "nothing holds it" in answer.text
        with self._lock:
            self.writes.append(write)
            if not answer.is_success:
                self.refused.append(f"{answer.status_code} {answer.text[:200]}")
        if answer.is_success:
            self.answered.set()
        return True
