"""An energy report of a year over a city, from usage by month: read, weighed, compared and added up by group.

python -m tests.benchmarks.energy [--lamps 46000] [--by group]

Half of the lamps have a counter; every lamp was silent for ten minutes of each month, so the plan is asked for each.
The longest step is how long others wait for the store's thread while the report is made.
"""

from __future__ import annotations

import datetime as dt
import json
import time
from itertools import pairwise
from zoneinfo import ZoneInfo

from lightctl.app.desk import Desk
from lightctl.app.energy.report import report_steps
from lightctl.app.energy.views import EnergyView
from lightctl.app.steps import Result, advance
from lightctl.domain.assets import LightPoint
from lightctl.files.settings_model import Settings
from lightctl.planning.wall import wall_instant
from lightctl.store.base import AuditDraft
from lightctl.store.connection import SqliteFile
from lightctl.store.sqlite import SqliteStore
from tests.support.benchmark import Figures, options, peak_mb, say, timed

GOAL_S = 15
SILENT_MS = 600_000
BERLIN = ZoneInfo("Europe/Berlin")
PROGRAM = """version: 1
programs: {p: {active: dusk(-3) .. dawn(-3), steps: [{at: "22:00", level: 50}, {at: "06:00", level: 100}]}}
calendars: {c: {default: p}}
assignments: [{select: "*", calendar: c}]
"""


class RolledUp(SqliteStore):
    """A store whose months can be written straight away."""

    @property
    def months(self) -> SqliteFile:
        """Where they go."""
        return self._telemetry


def measure(lamps: int, by: str) -> Figures:
    """Write a year of months down and report on it."""
    firsts = [*(dt.date(2025, month, 1) for month in range(1, 13)), dt.date(2026, 1, 1)]
    marks = [wall_instant(date, 0, BERLIN) for date in firsts]
    store = RolledUp(None)
    audit = AuditDraft(marks[0] - dt.timedelta(days=30), "bench", "cli", "inventory import", "", "")
    store.put_points([_point(number) for number in range(lamps)], audit)
    store.put_schedules({"p.yaml": PROGRAM}, audit)
    with store.months.transaction():
        channels = [(number + 1, f"n{number}") for number in range(lamps)]
        store.months.run_many("INSERT INTO channels (id, node, channel) VALUES (?, ?, 0)", channels)
        for since, until in pairwise(marks):
            _write(store.months, lamps, int(since.timestamp() * 1000), int(until.timestamp() * 1000))
    desk = Desk(store, Settings(), lambda: marks[-1], lambda _events: None, None)
    assert len(desk.fleet.points) == lamps
    figures: Figures = {"lamps": lamps, "by": by}
    longest = 0.0
    result: Result[EnergyView] | None = None
    with timed(figures):
        steps = report_steps(desk, marks[0], marks[-1], by)
        while result is None:
            begun = time.process_time()
            result = advance(steps)
            longest = max(longest, time.process_time() - begun)
    total = result.value.total
    store.close()
    return figures | {
        "longest_step_s": round(longest, 2),
        "rows": len(result.value.rows),
        "light_points": total.light_points,
        "kwh": total.kwh,
        "peak_mb": peak_mb(),
    }


def main() -> None:
    """Measure once and say it."""
    parser = options("tests.benchmarks.energy", __doc__)
    parser.add_argument("--lamps", type=int, default=46_000)
    parser.add_argument("--by", default="group")
    chosen = parser.parse_args()
    figures = measure(chosen.lamps, chosen.by)
    say(figures | {"goal": f"under {GOAL_S} s", "within_goal": figures["cpu_s"] < GOAL_S}, chosen.output)


def _point(number: int) -> LightPoint:
    return LightPoint(
        f"LP{number}",
        51.35 + number % 200 * 0.001,
        6.68 + number // 200 * 0.001,
        rated_power_w=50.0,
        standby_power_w=0.5,
        node=f"n{number}",
        cabinet=f"C{number // 100}",
        tags={"group": f"g{number % 40}"},
    )


def _write(db: SqliteFile, lamps: int, since: int, until: int) -> None:
    length = until - since
    levels = json.dumps({0: length // 2, 50: length // 3, 100: length // 6 - SILENT_MS})
    rows = (
        (number + 1, since, 9000.0 if number % 2 else None, length - SILENT_MS if number % 2 else 0, levels)
        for number in range(lamps)
    )
    db.run_many(
        "INSERT INTO usage (resolution, channel, start, energy_wh, metered_ms, reports, levels) "
        "VALUES (2, ?, ?, ?, ?, 8640, ?)",
        rows,
    )


if __name__ == "__main__":
    main()
