"""Roll-ups: measurements added up to quarters of an hour, and those to nights and months, by SQL, a slice at a time.

What comes in: rows of `reports` and `readings` that nobody has added up yet, in whatever order they came. What goes
out: rows of `usage`. The rule that must hold: whatever came, however late and in whatever slices, usage is what
reckoning everything from the beginning would give, and reckoning again changes nothing.

It goes in three stages, each resumed where it was left: which days of which channels do new rows touch (`touched`); the
quarters of those days, reckoned anew from all rows that bear on them (from the last count of energy before to the first
one after); the nights and months over these quarters (`stale`), added up anew. A slice is one transaction of a bounded
number of rows, so that whoever shares the store's thread never waits for more than one.

Energy is what a counter grew by between two reports, spread evenly over the time between them. A level in force holds
until the next report, but no longer than `hold_s`: then it is not known. What is older than the oldest measurements
still kept is never reckoned anew.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from lightctl.planning.wall import night_bounds, night_date, wall_instant
from lightctl.store import rollup_sql as sql
from lightctl.store.codec import from_ms, to_ms
from lightctl.store.connection import Row
from lightctl.store.room import Room
from lightctl.store.schema_usage import METER_CHANNEL

HOLD_S = 750.0
ROWS_A_SLICE, JOBS_A_SLICE, TOTALS_A_SLICE = 20_000, 250, 250
NIGHT, MONTH = 1, 2
NOON_S = 12 * 3600


@dataclass(frozen=True, slots=True)
class Backlog:
    """What is still to be added up: rows not looked at, days of channels to reckon, nights and months to add up."""

    rows: int
    days: int
    totals: int


class RollUpRoom(Room):
    """Adding up measurements."""

    def roll_up(self, zone: str, hold_s: float = HOLD_S) -> int:
        """Add up everything there is for a city in a time zone; gives how many slices that took."""
        slices = 0
        while self.roll_up_slice(zone, hold_s):
            slices += 1
        return slices

    def roll_up_slice(self, zone: str, hold_s: float = HOLD_S) -> bool:
        """Add up some of it; False when there was nothing left to do. hold_s: see above."""
        with self._telemetry.transaction():
            return (
                self._note_rows("reports")
                or self._note_rows("readings")
                or self._reckon_quarters(zone, int(hold_s * 1000))
                or self._add_up(NIGHT, zone)
                or self._add_up(MONTH, zone)
            )

    def backlog(self) -> Backlog:
        """Say how much is still to be added up."""
        db, rows = self._telemetry, 0
        for source in ("reports", "readings"):
            rows += max(0, self._newest(source) - self._rolled(source))
        return Backlog(rows, db.number("SELECT count(*) FROM touched"), db.number("SELECT count(*) FROM stale"))

    def _note_rows(self, source: str) -> bool:
        done, newest = self._rolled(source), self._newest(source)
        if newest <= done:
            return False
        some = (done, min(newest, done + ROWS_A_SLICE))
        self._telemetry.run(sql.NEW_CHANNELS[source], some)
        self._telemetry.run(sql.COUNTING_CHANNELS[source], some)
        self._telemetry.run(sql.TOUCH[source], (*some, self._rolled("kept_since")))
        self._telemetry.run("UPDATE rolled SET up_to = ? WHERE source = ?", (some[1], source))
        return True

    def _reckon_quarters(self, zone: str, hold: int) -> bool:
        db = self._telemetry
        self._clear_desk()
        if not db.run(sql.TAKE_JOBS, (JOBS_A_SLICE,)):
            return False
        sources = {"readings" if number == METER_CHANNEL else "reports" for (number,) in db.rows(sql.KINDS)}
        for source in sources:
            db.run(sql.QUARTERS_TOUCHED[source], (hold,))
        db.run(sql.FREEZE, (self._rolled("kept_since"),))
        for source in sources:
            db.run(sql.ROWS_NEEDED[source], (hold,))
        db.run(sql.MAKE_CELLS, (sql.QUARTER_MS,))
        db.run(sql.CLEAR_QUARTERS)
        for source in sources:
            db.run(sql.QUARTERS[source], (hold,))
        ((since, until),) = db.rows("SELECT min(since), max(until) FROM temp.job")
        db.run_many("INSERT INTO temp.span VALUES (?, ?, ?)", _spans(from_ms(since), from_ms(until), zone))
        db.run(sql.MARK_STALE)
        db.run(sql.DONE_JOBS)
        return True

    def _add_up(self, resolution: int, zone: str) -> bool:
        db = self._telemetry
        self._clear_desk()
        stale = db.rows(sql.STALE, (resolution, TOTALS_A_SLICE))
        if not stale:
            return False
        totals = [(number, resolution, channel, start) for number, (channel, start) in enumerate(stale)]
        db.run_many("INSERT INTO temp.total VALUES (?, ?, ?, ?)", totals)
        db.run_many("INSERT INTO temp.part VALUES (?, ?, ?, ?, ?)", _parts(totals, zone))
        db.run(sql.CLEAR_TOTALS)
        db.run(sql.TOTALS)
        db.run(sql.DONE_TOTALS)
        return True

    def _clear_desk(self) -> None:
        for statement in sql.TABLES.split(";"):
            self._telemetry.run(statement)
        for table in sql.DESK:
            self._telemetry.run(f"DELETE FROM temp.{table}")  # noqa: S608 - a constant

    def _rolled(self, source: str) -> int:
        return self._telemetry.number("SELECT up_to FROM rolled WHERE source = ?", (source,))

    def _newest(self, source: str) -> int:
        return self._telemetry.number(f"SELECT coalesce(max(id), 0) FROM {source}")  # noqa: S608 - one of two


def _spans(since: dt.datetime, until: dt.datetime, zone: str) -> Iterator[Row]:
    """Give the nights and months that touch a span of time: resolution, start, end."""
    date = night_date(since, zone)
    while (bounds := night_bounds(date, zone))[0] < until:
        yield (NIGHT, to_ms(bounds[0]), to_ms(bounds[1]))
        date += dt.timedelta(days=1)
    first = since.astimezone(ZoneInfo(zone)).date().replace(day=1)
    while (bounds := _month_bounds(first, zone))[0] < until:
        yield (MONTH, to_ms(bounds[0]), to_ms(bounds[1]))
        first = _next_month(first)


def _parts(totals: Iterable[Row], zone: str) -> Iterator[Row]:
    """Say what each night or month adds up from: quarters; of a month, nights where they lie within it."""
    known: dict[tuple[int, int], tuple[tuple[int, int, int], ...]] = {}
    for number, resolution, channel, start in totals:
        parts = known.get((resolution, start))
        if parts is None:
            parts = known[resolution, start] = tuple(_parts_of(resolution, from_ms(start), zone))
        for shorter, since, until in parts:
            yield (number, shorter, channel, since, until)


def _parts_of(resolution: int, start: dt.datetime, zone: str) -> Iterator[tuple[int, int, int]]:
    if resolution == NIGHT:
        since, until = night_bounds(night_date(start, zone), zone)
        yield (0, to_ms(since), to_ms(until))
        return
    first = start.astimezone(ZoneInfo(zone)).date()
    since, until = _month_bounds(first, zone)
    first_noon, last_noon = (
        wall_instant(date, NOON_S, ZoneInfo(zone)) for date in (first, _next_month(first) - dt.timedelta(days=1))
    )
    yield (0, to_ms(since), to_ms(first_noon))
    yield (NIGHT, to_ms(first_noon), to_ms(last_noon))
    yield (0, to_ms(last_noon), to_ms(until))


def _month_bounds(first: dt.date, zone: str) -> tuple[dt.datetime, dt.datetime]:
    place = ZoneInfo(zone)
    return wall_instant(first, 0, place), wall_instant(_next_month(first), 0, place)


def _next_month(first: dt.date) -> dt.date:
    return (first.replace(day=1) + dt.timedelta(days=32)).replace(day=1)
