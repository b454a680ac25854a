"""Report files: the report of every night and month that is over, written once each into a folder.

The folder itself is the memory: what is not there is written the next time the alarm rings, and when the daemon starts.
So an alarm that was missed costs nothing but time, and a file that somebody deletes comes back.
"""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Awaitable, Callable, Iterator, Sequence
from pathlib import Path
from typing import TypeVar

import structlog

from lightctl.app.asking import Actor, Role
from lightctl.app.clock import Alarm, RunClock
from lightctl.app.operations import Operations
from lightctl.app.reporting.periods import Period, PeriodKind, month_period
from lightctl.files.settings_model import Settings
from lightctl.planning.wall import ONE_DAY, next_wall_time, night_date
from lightctl.reports.papers import Paper, written
from lightctl.store.sqlite import SqliteStore

T = TypeVar("T")
OnStoreThread = Callable[[Callable[[], T]], Awaitable[T]]
log = structlog.get_logger("lightctl.reports")
MONTHS_BACK = 2
ALARM = "reports"
_NEVER = dt.datetime.max.replace(tzinfo=dt.UTC)
_DAEMON = Actor("lightctl", Role.VIEWER, "daemon")


class ReportFiles:
    """Writes reports for as long as the daemon runs; `say` is told what went wrong, "" when all went well."""

    def __init__(
        self,
        store: SqliteStore,
        operations: Operations,
        settings: Settings,
        run: Callable[[Callable[[], object]], Awaitable[object]],
        say: Callable[[str], None],
    ) -> None:
        """Write by settings; `run` puts work on the store's own thread."""
        self._store, self._operations, self._settings = store, operations, settings
        self._on_store_thread = run
        self._say = say
        self._folder = Path(settings.reports.directory)
        self._papers = tuple(Paper(each) for each in dict.fromkeys(settings.reports.formats))

    async def keep_writing(self, clock: RunClock, alarm: Alarm) -> None:
        """Write what is missing, now and whenever the alarm rings; for ever."""
        rung = asyncio.Event()
        while True:
            await self.write_missing(clock.now())
            time_zone = self._settings.site.time_zone
            alarm.wake(ALARM, next_wall_time(clock.now(), self._settings.reports.at, time_zone), rung.set)
            await rung.wait()
            rung.clear()

    async def write_missing(self, now: dt.datetime) -> list[Path]:
        """Write the reports that are not there; gives the new files. What fails is said, and tried the next time."""
        found: list[Path] = []
        try:
            since = await self._run(self._first_noted)
            for period in missing(self._settings, now, since, self._folder, self._papers):
                found += await self._write(period)
        except Exception as error:
            log.exception("reports were not written")
            self._say(f"reports were not written: {error}; they are tried again at the next time")
        else:
            self._say("")
        for path in found:
            log.info("report written", path=str(path))
        return found

    async def _write(self, period: Period) -> list[Path]:
        gathering = await self._run(lambda: self._operations.report_of(_DAEMON, period))
        while await self._run(gathering.step):
            pass
        report = gathering.report()
        return await asyncio.to_thread(
            lambda: [
                _put(self._folder / file_name(period, paper), written(report, paper))
                for paper in self._papers
                if not (self._folder / file_name(period, paper)).exists()
            ]
        )

    async def _run(self, work: Callable[[], T]) -> T:
        result: list[T] = []
        await self._on_store_thread(lambda: result.append(work()))
        return result[0]

    def _first_noted(self) -> dt.datetime | None:
        """Give since when the store knows of a light point with a node; None for always."""
        mountings = self._store.all_mountings()
        if not mountings:
            return _NEVER
        begun = [each.since for each in mountings if each.since is not None]
        return min(begun) if len(begun) == len(mountings) else None


def missing(
    settings: Settings, now: dt.datetime, since: dt.datetime | None, folder: Path, papers: Sequence[Paper]
) -> list[Period]:
    """Give the periods that are over, that the store can know of, and whose files are not all there; oldest first."""
    return [
        period
        for period in _over(settings, now)
        if (since is None or period.bounds[1] > since)
        and not all((folder / file_name(period, paper)).exists() for paper in papers)
    ]


def _over(settings: Settings, now: dt.datetime) -> Iterator[Period]:
    time_zone = settings.site.time_zone
    last = night_date(now, time_zone) - ONE_DAY
    for back in reversed(range(settings.reports.nights_back)):
        date = last - ONE_DAY * back
        yield Period(PeriodKind.NIGHT, date, date, time_zone)
    month = month_period(None, now, time_zone)
    months = [month]
    while len(months) < MONTHS_BACK:
        before = months[-1].first - ONE_DAY
        months.append(Period(PeriodKind.MONTH, before.replace(day=1), before, time_zone))
    yield from reversed(months)


def file_name(period: Period, paper: Paper) -> str:
    """Give the name of a report's file."""
    return f"{period.kind}-{period.name}.{paper}"


def _put(path: Path, body: bytes) -> Path:
    """Write a file whole: a reader never sees a part of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.new")
    beside.write_bytes(body)
    beside.replace(path)
    return path
