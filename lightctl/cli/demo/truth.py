"""Truth: what the lamps really did, as their own log says (docs/simulators.md describes its lines)."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from pathlib import Path

import msgspec


class _Line(msgspec.Struct):
    at: dt.datetime
    id: str = ""
    level: float = 0.0
    power_w: float = 0.0
    energy_wh: float = 0.0
    ramp_to: float = 0.0
    ramp_s: float = 0.0
    fault: str = ""


@dataclass(slots=True)
class LampTruth:
    """One lamp: the instants its light changed, the level (percent) each time, and its energy so far (Wh)."""

    at: list[dt.datetime] = field(default_factory=list)
    levels: list[float] = field(default_factory=list)
    energy_wh: float = 0.0


class TruthReader:
    """Reads the log as it grows; a line that is not whole yet waits."""

    def __init__(self, path: Path) -> None:
        self.lamps: dict[str, LampTruth] = {}
        self._path = path
        self._position = 0
        self._decode = msgspec.json.Decoder(_Line).decode

    def read_on(self) -> None:
        """Take in what has been written since the last time."""
        if not self._path.exists():
            return
        with self._path.open("rb") as file:
            file.seek(self._position)
            grown = file.read()
        whole = grown[: grown.rfind(b"\n") + 1]
        self._position += len(whole)
        for text in whole.splitlines():
            line = self._decode(text)
            if line.id:
                self._take(line)

    def _take(self, line: _Line) -> None:
        lamp = self.lamps.setdefault(line.id, LampTruth())
        lamp.at.append(line.at)
        lamp.levels.append(line.ramp_to if line.ramp_s else line.level)
        lamp.energy_wh = line.energy_wh

    def lit(self) -> int:
        """Count the lamps that are lit by their latest line."""
        return sum(1 for lamp in self.lamps.values() if lamp.levels and lamp.levels[-1] > 0)

    def mean_level(self) -> float:
        """Give the mean level of all lamps by their latest lines, percent."""
        levels = [lamp.levels[-1] for lamp in self.lamps.values() if lamp.levels]
        return sum(levels) / len(levels) if levels else 0.0
