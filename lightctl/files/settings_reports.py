"""Settings of reports that the daemon writes by itself."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from lightctl.files.settings_parts import Section, WallTime


class ReportsSettings(Section):
    """Reports that the daemon writes to files by itself."""

    directory: str = Field(
        default="",
        description="Folder for the report of every night and month that is over, made at need; empty for none.",
    )
    at: WallTime = Field(
        default="12:30",
        validate_default=True,
        description="Local time at which they are written, HH:MM; nights are over at noon.",
    )
    formats: list[Literal["html", "pdf"]] = Field(
        default=["html", "pdf"], min_length=1, description="Formats they are written in."
    )
    nights_back: int = Field(
        default=7, ge=1, le=62, description="Nights back to which missing reports are made up for; months: two."
    )
