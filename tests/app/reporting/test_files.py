from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import Any

from lightctl.app.operations import Operations
from lightctl.app.reporting.files import ReportFiles
from lightctl.files.settings_reports import ReportsSettings
from lightctl.store.sqlite import SqliteStore
from tests.support import paper_city
from tests.support.paper_city import AFTER, SETTINGS


class Writer:
    """Report files of a small city, with the clock set by hand."""

    def __init__(self, folder: Path, lamps: int = 2, **reports: Any) -> None:
        self.folder = folder / "reports"
        self.now = AFTER
        self.said: list[str] = []
        self.store = SqliteStore(None)
        paper_city.furnish(self.store, lamps, (), quarters=0)
        told = ReportsSettings(directory=str(self.folder), **reports)
        self.settings = SETTINGS.model_copy(update={"reports": told})
        operations = Operations(self.store, self.settings, lambda: self.now, lambda _events: None)
        self.files = ReportFiles(self.store, operations, self.settings, self._here, self.said.append)

    @staticmethod
    async def _here(work: Callable[[], object]) -> object:
        return work()

    def write(self) -> list[str]:
        return [path.name for path in asyncio.run(self.files.write_missing(self.now))]


def test_every_night_and_month_that_is_over_is_written_once(tmp_path):
    writer = Writer(tmp_path, nights_back=2)
    assert writer.write() == [
        "night-2026-10-30.html", "night-2026-10-30.pdf", "night-2026-10-31.html", "night-2026-10-31.pdf",
        "month-2026-09.html", "month-2026-09.pdf", "month-2026-10.html", "month-2026-10.pdf",
    ]  # fmt: skip
    assert writer.write() == []
    assert writer.said == ["", ""]
    writer.now += dt.timedelta(days=1)
    assert writer.write() == ["night-2026-11-01.html", "night-2026-11-01.pdf"]


def test_alarms_that_were_missed_and_files_that_were_deleted_are_made_up_for(tmp_path):
    writer = Writer(tmp_path, nights_back=3, formats=["html"])
    writer.write()
    writer.now += dt.timedelta(days=2)
    (writer.folder / "night-2026-10-31.html").unlink()
    assert writer.write() == ["night-2026-10-31.html", "night-2026-11-01.html", "night-2026-11-02.html"]


def test_nights_before_the_first_light_point_have_no_report(tmp_path):
    writer = Writer(tmp_path, nights_back=7, formats=["html"])
    writer.now = paper_city.BEFORE + dt.timedelta(days=2, hours=1)
    assert writer.write() == ["night-2026-09-01.html", "night-2026-09-02.html"]


def test_a_city_without_light_points_has_no_reports(tmp_path):
    assert Writer(tmp_path, 0).write() == []


def test_a_folder_that_cannot_be_written_is_said_and_tried_again(tmp_path):
    writer = Writer(tmp_path, nights_back=1, formats=["html"])
    writer.folder.write_text("in the way")
    assert writer.write() == []
    assert "reports were not written" in writer.said[-1]
    writer.folder.unlink()
    assert "night-2026-10-31.html" in writer.write()
    assert writer.said[-1] == ""


def test_a_reader_never_sees_a_part_of_a_file(tmp_path):
    writer = Writer(tmp_path, nights_back=1)
    names = writer.write()
    assert sorted(path.name for path in writer.folder.iterdir()) == sorted(names)
