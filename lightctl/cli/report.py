"""report night, month and lamp: what people look at, on a screen, on paper, in a terminal."""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from lightctl.cli import output
from lightctl.cli.door import Door, with_door
from lightctl.domain.errors import InvalidInput


class ReportFormat(StrEnum):
    """How a report is written."""

    TABLE = "table"
    JSON = "json"
    HTML = "html"
    PDF = "pdf"


class LampFormat(StrEnum):
    """How the report of a light point is written."""

    TABLE = "table"
    JSON = "json"
    HTML = "html"
    PDF = "pdf"
    SVG = "svg"


Form = Annotated[ReportFormat, typer.Option("--output", "-o", help="How the report is written.")]
LampForm = Annotated[LampFormat, typer.Option("--output", "-o", help="How the report is written.")]
Out = Annotated[Path | None, typer.Option("--out", help="Write it to a file, replaced if it is there.", metavar="FILE")]
Select = Annotated[str, typer.Option("--select", "-l", help="Only these light points; the whole city without it.")]
Date = Annotated[
    str | None, typer.Option("--date", help="The night, by the date it begins; the last that is over without it.")
]
Month = Annotated[str | None, typer.Option("--month", help="YYYY-MM; the last that is over without it.")]
Nights = Annotated[int, typer.Option("--nights", min=1, max=400, help="How many nights, the present one included.")]


def register(app: typer.Typer) -> None:
    """Add the noun."""
    noun = typer.Typer(no_args_is_help=True, help="Reports: was there light, what is out, what did it cost.")
    noun.command("night")(report_night)
    noun.command("month")(report_month)
    noun.command("lamp")(report_lamp)
    app.add_typer(noun, name="report", rich_help_panel="Look")


@with_door
def report_night(
    door: Door, *, date: Date = None, select: Select = "*", out: Out = None, fmt: Form = ReportFormat.TABLE
) -> None:
    """Report a night: lamps in light, outages with repair times, burning hours, energy, the worst cabinets.

    A night is that of its first noon: --date 2026-10-24 is the evening of that day and the morning after it.
    """
    _report(door, "/v1/reports/night", {"date": date, "select": select}, fmt.value, out)


@with_door
def report_month(
    door: Door, *, month: Month = None, select: Select = "*", out: Out = None, fmt: Form = ReportFormat.TABLE
) -> None:
    """Report the nights of a month: the same, night by night, against the baseline of energy."""
    _report(door, "/v1/reports/month", {"month": month, "select": select}, fmt.value, out)


@with_door
def report_lamp(
    door: Door,
    light: Annotated[str, typer.Argument(help="The light point.", metavar="ID")],
    *,
    nights: Nights = 30,
    out: Out = None,
    fmt: LampForm = LampFormat.TABLE,
) -> None:
    """Report a light point: its last nights hour by hour as a heat map, its burning hours and its faults."""
    from urllib.parse import quote  # noqa: PLC0415 - start-up stays short

    _report(door, f"/v1/reports/lights/{quote(light, safe='')}", {"nights": nights}, fmt.value, out)


def _report(door: Door, path: str, query: dict[str, Any], fmt: str, out: Path | None) -> None:
    if fmt == ReportFormat.PDF and out is None and sys.stdout.isatty():
        raise InvalidInput(
            "--output", "a PDF is not for a terminal", hint="Write it to a file: --out report.pdf, or > report.pdf."
        )
    if fmt == ReportFormat.TABLE:
        if out is not None:
            raise InvalidInput("--out", "a file wants -o json, html or pdf", hint="Or send the table there with >.")
        _show(door, path, query)
        return
    with door.open() as client:
        body = client.file(path, **query, format=fmt)
    if fmt == ReportFormat.JSON:
        body = _indented(body)
    if out is not None:
        _write(out, body)
        output.talk(f"wrote {out}")
    else:
        output.write_bytes(body)


def _show(door: Door, path: str, query: dict[str, Any]) -> None:
    from lightctl.api.reports import LAMP, STREET  # noqa: PLC0415 - start-up stays short
    from lightctl.cli.report_text import show  # noqa: PLC0415
    from lightctl.reports.papers import document_of  # noqa: PLC0415

    with door.open() as client:
        body = client.file(path, **query)
    street = path.endswith(("/night", "/month"))
    show(document_of(STREET.read(body) if street else LAMP.read(body)))


def _indented(body: bytes) -> bytes:
    import json  # noqa: PLC0415 - start-up stays short

    return (json.dumps(json.loads(body), ensure_ascii=False, indent=2) + "\n").encode()


def _write(path: Path, body: bytes) -> None:
    """Write a file whole: what stood there is replaced at once, or not at all."""
    beside = path.with_name(f".{path.name}.new")
    try:
        beside.write_bytes(body)
        beside.replace(path)
    except OSError as error:
        raise InvalidInput("--out", f"{path} cannot be written: {error.strerror or error}") from error
