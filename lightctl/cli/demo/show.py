"""Show: the night as it happens, on a terminal as a living picture, in a pipe as a line an hour on stderr."""

from __future__ import annotations

import datetime as dt
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self
from zoneinfo import ZoneInfo

from rich.console import Console, Group
from rich.live import Live
from rich.panel import Panel
from rich.text import Text

from lightctl.cli.demo.town import TIME_ZONE
from lightctl.cli.output import count

BARS = " ▁▂▃▄▅▆▇█"
CURVE_CELLS = 76
SHOWN_FAULTS = 6


@dataclass(slots=True)
class Scene:
    """What is to be seen now: counts, the mean level of all lamps so far by share of the run, open faults."""

    now: dt.datetime
    share: float
    lamps: int
    lit: int = 0
    mean_level: float = 0.0
    open_faults: Sequence[dict[str, Any]] = ()
    said: Sequence[str] = ()


@dataclass(slots=True)
class Show:
    """Draws scenes on stderr; `quiet` draws nothing. The curve keeps the last mean level of each cell."""

    quiet: bool = False
    _curve: dict[int, float] = field(default_factory=dict)
    _live: Live | None = None
    _hour: int = -1

    def __enter__(self) -> Self:
        console = Console(stderr=True)
        if console.is_terminal and not self.quiet:
            self._live = Live(console=console, refresh_per_second=4, transient=False)
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._live is not None:
            self._live.stop()

    def say(self, text: str) -> None:
        """Tell one thing."""
        if self.quiet:
            return
        if self._live is not None:
            self._live.console.print(text, highlight=False)
        else:
            sys.stderr.write(text + "\n")
            sys.stderr.flush()

    def draw(self, scene: Scene) -> None:
        """Show a scene."""
        self._curve[min(CURVE_CELLS - 1, max(0, int(scene.share * CURVE_CELLS)))] = scene.mean_level
        local = scene.now.astimezone(ZoneInfo(TIME_ZONE))
        if self._live is not None:
            self._live.update(self._picture(scene, local))
        elif not self.quiet and local.hour != self._hour:
            self._hour = local.hour
            faults = f", {count(len(scene.open_faults), 'fault')} open" if scene.open_faults else ""
            self.say(
                f"{local:%a %H:%M}  {self._bar(scene.mean_level)}  {scene.lit} of {scene.lamps} lit, "
                f"mean level {scene.mean_level:.0f} %{faults}"
            )

    @staticmethod
    def _bar(level: float) -> str:
        filled = round(level / 5)
        return "█" * filled + "·" * (20 - filled)

    def _picture(self, scene: Scene, local: dt.datetime) -> Panel:
        cells = [self._curve.get(cell) for cell in range(CURVE_CELLS)]
        curve = Text("".join(" " if level is None else BARS[round(level / 100 * 8)] for level in cells), "yellow")
        counts = Text.assemble(
            (f"{scene.lit}", "bold yellow"), f" of {scene.lamps} lit   mean level ",
            (f"{scene.mean_level:.0f} %", "bold"), f"   {count(len(scene.open_faults), 'fault')} open",
        )  # fmt: skip
        faults = [
            Text(
                f"  {fault['event']} at {fault['subject']}: {fault['detail']}", "red", overflow="ellipsis", no_wrap=True
            )
            for fault in scene.open_faults[:SHOWN_FAULTS]
        ]
        more = len(scene.open_faults) - SHOWN_FAULTS
        if more > 0:
            faults.append(Text(f"  and {more} more", "red"))
        title = f"{local:%a %d %b %H:%M} in the demo town"
        return Panel(Group(curve, counts, *faults), title=title, title_align="left", width=CURVE_CELLS + 4)
