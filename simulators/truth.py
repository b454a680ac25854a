"""The truth log: one JSON line for each change of what each lamp really does, and for each fault put in.

`docs/simulators.md` documents the lines. Writing is buffered per round of the runner; reading gives a `History` per
lamp that answers what its light was at any instant.
"""

from __future__ import annotations

import datetime as dt
import json
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TextIO

import msgspec

from simulators.node import LampChanged, NodeSetup

HOUR_S = 3600.0
START, CHANGE, FINAL = "start", "change", "final"


def instant_text(instant: dt.datetime) -> str:
    """Write an instant as RFC 3339 UTC with Z, to the millisecond."""
    return instant.isoformat(timespec="milliseconds").replace("+00:00", "Z")


class TruthLog:
    """Appends to a JSONL file; with no path it writes nothing."""

    def __init__(self, path: Path | None) -> None:
        self._file: TextIO | None = None
        self._encode = msgspec.json.Encoder().encode
        if path is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file = path.open("a", encoding="utf-8")

    def lamp(self, setup: NodeSetup, change: LampChanged, what: str = CHANGE) -> None:
        """Note what a lamp does from now on; `what` is start, change or final."""
        line: dict[str, object] = {
            "at": instant_text(change.at),
            "id": setup.points.get(change.channel, f"{setup.id}/{change.channel}"),
            "node": setup.id,
            "channel": change.channel,
            "level": round(change.level, 1),
            "commanded": change.commanded,
            "power_w": round(change.power_w, 2),
            "reason": str(change.reason),
            "energy_wh": round(change.energy_wh, 4),
            "lit_h": round(change.lit_h, 5),
        }
        if change.ramp_s:
            line |= {"ramp_to": change.ramp_to, "ramp_s": round(change.ramp_s, 3)}
        if what != CHANGE:
            line[what] = True
        self._write(line)

    def fault(self, kind: str, nodes: Sequence[str], at: dt.datetime, *, on: bool) -> None:
        """Note a fault put in or taken back."""
        self._write({"at": instant_text(at), "fault": kind, "nodes": list(nodes), "on": on})

    def flush(self) -> None:
        """Hand everything to the operating system, whole lines only."""
        if self._file is not None:
            self._file.flush()

    def close(self) -> None:
        """Flush and close."""
        if self._file is not None:
            self._file.close()

    def _write(self, line: dict[str, object]) -> None:
        if self._file is not None:
            self._file.write(self._encode(line).decode() + "\n")


@dataclass(frozen=True, slots=True)
class LampLine:
    """One line of a lamp, as read back."""

    at: dt.datetime
    level: float
    commanded: int
    power_w: float
    reason: str
    energy_wh: float
    lit_h: float
    ramp_to: float = 0.0
    ramp_s: float = 0.0
    final: bool = False

    def level_at(self, instant: dt.datetime) -> float:
        """Give the light (percent) at an instant from this line on, fading counted in."""
        if not self.ramp_s:
            return self.level
        share = min(1.0, (instant - self.at).total_seconds() / self.ramp_s)
        return self.level + (self.ramp_to - self.level) * share


@dataclass(frozen=True, slots=True)
class FaultLine:
    """One fault put in (on) or taken back."""

    at: dt.datetime
    kind: str
    nodes: tuple[str, ...]
    on: bool


@dataclass(slots=True)
class History:
    """All lines of one lamp, in order of time."""

    id: str
    node: str
    channel: int
    lines: list[LampLine] = field(default_factory=list)

    def line_at(self, instant: dt.datetime) -> LampLine | None:
        """Give the line in force at an instant; None before the first."""
        index = bisect_right(self.lines, instant, key=lambda line: line.at)
        return self.lines[index - 1] if index else None

    def level_at(self, instant: dt.datetime) -> float | None:
        """Give the light (percent) at an instant; None before the first line."""
        line = self.line_at(instant)
        return None if line is None else line.level_at(instant)

    def dark_spans(
        self, begin: dt.datetime, end: dt.datetime, *, below: float = 1.0
    ) -> list[tuple[dt.datetime, dt.datetime]]:
        """Give the spans between two instants in which the light stayed below a level (percent), joined.

        A fade counts as dark for as long as its line starts dark, so allow for ramps.
        """
        spans: list[tuple[dt.datetime, dt.datetime]] = []
        for index, line in enumerate(self.lines):
            until = self.lines[index + 1].at if index + 1 < len(self.lines) else end
            start, stop = max(line.at, begin), min(until, end)
            if start >= stop or line.level >= below:
                continue
            if spans and spans[-1][1] == start:
                spans[-1] = (spans[-1][0], stop)
            else:
                spans.append((start, stop))
        return spans

    def energy_error_wh(self) -> float:
        """Give how far the energy counter is off the integral of the power lines without fading say (Wh, largest)."""
        worst = 0.0
        for line, following in zip(self.lines, self.lines[1:], strict=False):
            if not line.ramp_s and following.energy_wh >= line.energy_wh:
                seconds = (following.at - line.at).total_seconds()
                worst = max(worst, abs(following.energy_wh - line.energy_wh - line.power_w * seconds / HOUR_S))
        return worst


@dataclass(slots=True)
class Truth:
    """A whole truth log: lamps by id, and faults in order."""

    lamps: dict[str, History] = field(default_factory=dict)
    faults: list[FaultLine] = field(default_factory=list)


def read_truth(lines: Iterable[str]) -> Truth:
    """Read a truth log; a last line cut short by a kill is passed over."""
    truth = Truth()
    for text in lines:
        if not text.endswith("\n"):
            continue
        line = json.loads(text)
        at = dt.datetime.fromisoformat(line["at"])
        if "fault" in line:
            truth.faults.append(FaultLine(at, line["fault"], tuple(line["nodes"]), line["on"]))
            continue
        history = truth.lamps.setdefault(line["id"], History(line["id"], line["node"], line["channel"]))
        history.lines.append(
            LampLine(
                at,
                line["level"],
                line["commanded"],
                line["power_w"],
                line["reason"],
                line["energy_wh"],
                line["lit_h"],
                line.get("ramp_to", 0.0),
                line.get("ramp_s", 0.0),
                line.get(FINAL, False),
            )
        )
    return truth
