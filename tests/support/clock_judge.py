"""What must be true of a city whose daemon's clock is set, beside what must be true of any city under fire."""

from __future__ import annotations

import bisect
import datetime as dt
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field

from tests.support.city import ROOT
from tests.support.fire_city import EVENING, HEARTBEAT_S, FireCity
from tests.support.fire_judge import Judge
from tests.support.fire_load import Load
from tests.support.fire_town import PROGRAM, schedules

LATE_S, LATE_ANEW_S = 8.0, 4 * HEARTBEAT_S
"""How long a lamp may be wrong after a switching time; and where nodes must say first what time it is."""
OFF_S = 30.0
CHANGES_EVERY = dt.timedelta(seconds=30)
CHANGES = 24
HIGH, LOW = 90, 40
MIDDAY = dt.datetime(2026, 12, 4, 10, 30, tzinfo=dt.UTC)
LOCAL = dt.timedelta(hours=1)  # ahead of UTC, there and then


@dataclass(frozen=True, slots=True)
class Part:
    """A time of day at which a city is: and what its schedules say.

    due: by instant, the level from there on; empty where people write levels, and only darkness would be wrong.
    """

    name: str
    start: dt.datetime
    files: Mapping[str, str]
    due: tuple[tuple[dt.datetime, int], ...] = ()

    @property
    def writes(self) -> bool:
        return not self.due

    def due_at(self, at: dt.datetime) -> int:
        """Give the level due at an instant, where nobody writes."""
        return self.due[bisect.bisect_right([since for since, _ in self.due], at) - 1][1]

    def until_change_s(self, at: dt.datetime) -> float:
        """Give how many seconds there are from an instant to the next change of level; 0 where none comes."""
        return min(((since - at).total_seconds() for since, _ in self.due if since > at), default=0.0)


class PartLoad(Load):
    """The operator of a part's city; where nobody writes, lamps shall have what is due."""

    def __init__(self, city: FireCity, seed: int, part: Part) -> None:
        super().__init__(city, seed)
        self._part = part

    def start(self) -> None:
        if self._part.writes:
            super().start()

    def expected(self) -> dict[str, int]:
        return (
            super().expected()
            if self._part.writes
            else dict.fromkeys(self.city.lamps, self._part.due_at(self.city.now()))
        )


def _changing() -> Part:
    due = [(EVENING + number * CHANGES_EVERY, LOW if number % 2 else HIGH) for number in range(1, CHANGES + 1)]
    steps = ", ".join(f'{{at: "{at + LOCAL:%H:%M:%S}", level: {level}}}' for at, level in due)
    text = schedules(PROGRAM)["city.yaml"].replace(
        f'{{at: "22:00", level: {PROGRAM}}}', f'{{at: "22:00", level: {PROGRAM}}}, {steps}'
    )
    return Part("changing", EVENING, {"city.yaml": text}, ((EVENING - LOCAL, PROGRAM), *due))


PARTS = (
    Part("night", EVENING, schedules(PROGRAM)),
    _changing(),
    Part("day", MIDDAY, schedules(PROGRAM), ((MIDDAY - LOCAL, 0),)),
)


@dataclass(slots=True)
class ClockJudge(Judge):
    """Judges through the rounds; what it looks at begins where the last round ended."""

    part: Part = PARTS[0]
    _since: dt.datetime = EVENING
    _entries: int = 0
    _rows: dict[str, int] = field(default_factory=dict)

    def await_peace(self, *, first: bool = False) -> None:
        """Wait for it as any judge does, and upon the first one begin to look."""
        Judge.await_peace(self, first=first)
        if first:
            self._since, self._rows = self.city.now(), self._counts()
            self._entries = len(self._read("SELECT seq FROM audit"))

    def answered(self) -> int:
        """Count the writes that were answered with 2xx."""
        return sum(write.taken is True for write in list(self.load.writes))

    def look_at_the_door(self, answered_before: int, *, by_the_command_line: bool) -> None:
        """While the clock is wrong: writes are taken, reads are answered, the command line works."""
        self.city.status()
        if self.part.writes and self.answered() == answered_before:
            self.wrong.append(f"the door took no write: {self.load.refused[-1:]}")
        if by_the_command_line:
            command = [sys.executable, "-m", "lightctl", "status", "--config", "lightctl.toml", "-o", "json"]
            said = subprocess.run(
                command,
                cwd=self.city.folder,
                env={"PYTHONPATH": str(ROOT)},
                capture_output=True,
                text=True,
                timeout=60,
                check=False,
            )
            if said.returncode:
                self.wrong.append(f"lightctl status ended with {said.returncode}: {said.stderr[-300:]}")

    def judge_time(self, *, anew: bool, down_s: float) -> None:
        """After a round: lamps had the level due all the time, entries say when they were made, nothing was deleted.

        anew: the daemon had to learn from nodes what time it is. down_s: how long there was no daemon.
        """
        now = self.city.now()
        self._judge_lamps(self._since, now, down_s + (LATE_ANEW_S if anew else LATE_S))
        entries = self._read("SELECT at FROM audit ORDER BY seq")
        early, late = self._since - dt.timedelta(seconds=OFF_S), now + dt.timedelta(seconds=OFF_S)
        for (at,) in entries[self._entries :]:
            if not anew and not early <= dt.datetime.fromisoformat(at) <= late:
                self.wrong.append(f"an entry of the audit says {at}, and it was between {early} and {late}")
                break
        highest: dict[str, int] = {}
        for node, revision in self.wire.known()[0]:  # in the order in which they were first seen
            if revision < highest.get(node, 0):
                self.wrong.append(f"I5: {node} was given revision {revision} after {highest[node]}")
            highest[node] = max(revision, highest.get(node, 0))
        counts = self._counts()
        self.wrong += [
            f"deleted: {name} went from {before} to {counts[name]}"
            for name, before in self._rows.items()
            if counts[name] < before
        ]
        self._since, self._entries, self._rows = now, len(entries), counts

    def _counts(self) -> dict[str, int]:
        """Count what no housekeeping may touch in so short a time."""
        counts = {"commands": self._read("SELECT count(*) FROM commands")[0][0]}
        counts["reports"] = self._read("SELECT count(*) FROM reports", of="telemetry.db")[0][0]
        return counts

    def _judge_lamps(self, since: dt.datetime, until: dt.datetime, late_s: float) -> None:
        self.city.truth.read_on()
        late = dt.timedelta(seconds=late_s)
        for name in self.city.lamps:
            lamp = self.city.truth.lamps[name]
            dark_from: dt.datetime | None = None
            at = since
            while at <= until:
                level = lamp.levels[max(0, bisect.bisect_right(lamp.at, at) - 1)]
                good = level > 0 if self.part.writes else level == self.part.due_at(at)
                dark_from = None if good else dark_from or at
                if dark_from is not None and at - dark_from > late:
                    due = "lit" if self.part.writes else f"at {self.part.due_at(at)} %"
                    self.wrong.append(
                        f"I1: {name} was at {level:.0f} % and should have been {due}, from {dark_from} on"
                    )
                    return
                at += dt.timedelta(seconds=1)
