"""schedule lint: what is odd over a year of nights, before any of them happens."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from lightctl.cli import options, output
from lightctl.cli.door import Config, Door
from lightctl.cli.failures import ExitCode
from lightctl.cli.output import Format, Json, count, talk
from lightctl.cli.schedule import Files, Zone, finding_rows, place_of, refuse, show_findings
from lightctl.cli.sheets import read_text, schedule_texts
from lightctl.cli.times import zone_of
from lightctl.domain.errors import InvalidInput

if TYPE_CHECKING:
    from lightctl.domain.assets import LightPoint, Place
    from lightctl.planning.lint import LintFinding

USUAL_SWITCHINGS = 12

Places = Annotated[
    list[str] | None,
    typer.Option(
        "--place",
        help="Where, degrees north and east; may be given several times. Default: the inventory's outermost four.",
        metavar="LAT,LON",
    ),
]
Year = Annotated[int | None, typer.Option("--year", min=1970, max=2100, help="Which year; default this one.")]
Inventory = Annotated[
    str | None,
    typer.Option("--inventory", help="Light points to hold the files against: CSV as exported, or GeoJSON."),
]
Switchings = Annotated[int, typer.Option("--max-switchings", min=0, help="How many changes of level a night are fine.")]
ExitCodeOption = Annotated[bool, typer.Option("--exit-code", help="End with 7 when there are findings.")]


def lint(
    files: Files,
    *,
    place: Places = None,
    tz: Zone = None,
    year: Year = None,
    inventory: Inventory = None,
    max_switchings: Switchings = USUAL_SWITCHINGS,
    exit_code: ExitCodeOption = False,
    config: Config = None,
    fmt: options.Output = Format.TABLE,
) -> None:
    """Look for what is odd over a year: 366 nights at each place. Needs no daemon and no store."""
    from lightctl.files.schedules import read_schedules  # noqa: PLC0415 - start-up stays short
    from lightctl.planning.lint import Limits  # noqa: PLC0415
    from lightctl.planning.lint import lint as find  # noqa: PLC0415

    zone = tz if tz is not None else Door(config).settings().site.time_zone
    points = None if inventory is None else _points(inventory)
    places = _places(place, zone, points)
    read = read_schedules(schedule_texts(files))
    warnings = finding_rows(read.warnings)
    if read.errors:
        refuse("the schedules have errors", {"errors": finding_rows(read.errors), "warnings": warnings})
    if year is None:
        year = dt.datetime.now(dt.UTC).astimezone(zone_of(zone)).year
    found = find(read.intent, places, year, points, Limits(switchings=max_switchings))
    shapes = [_shape(each) for each in found]
    if fmt is Format.TABLE:
        show_findings((), warnings)
        for each in shapes:
            _show(each)
        talk(
            f"{count(len(found), 'finding')}: {count(len(read.intent.programs), 'program')} in 366 nights from "
            f"{year}-01-01 at {count(len(places), 'place')}, {zone}"
        )
    else:
        output.show_one({"findings": shapes}, fmt, (), shapes)
    if found and exit_code:
        raise typer.Exit(ExitCode.DIFFERENT)


def _show(finding: Json) -> None:
    place = output.clean(f"{finding['file']}:{finding['line']}: ") if finding["file"] else ""
    tag = output.coloured(f"[{finding['code']}]", "yellow")
    output.write(f"{place}{tag} {output.clean(finding['message'])}")
    nights = finding["nights"]
    if nights:
        more = ", ..." if finding["count"] > len(nights) else ""
        named = count(finding["count"], "night")
        output.write(f"  {named}: {', '.join(nights)}{more}")


def _shape(finding: LintFinding) -> dict[str, Any]:
    """Give a finding as scripts rely on it (contracts 6)."""
    return {
        "code": str(finding.code),
        "program": finding.program or None,
        "calendar": finding.calendar or None,
        "nights": [date.isoformat() for date in finding.nights],
        "count": finding.count,
        "message": finding.message,
        "file": finding.source.file or None,
        "line": finding.source.line or None,
    }


def _points(name: str) -> tuple[LightPoint, ...]:
    from lightctl.files.inventory import read_inventory  # noqa: PLC0415 - start-up stays short

    text = read_text(name, where="--inventory")
    read = read_inventory(text, format="geojson" if name.endswith((".geojson", ".json")) else "csv", name=name)
    if read.errors:
        first = read.errors[0]
        raise InvalidInput(
            name,
            f"{count(len(read.errors), 'row')} cannot be read, first row {first.row}, {first.column}: {first.why}",
            hint="`lightctl inventory import FILE --dry-run` lists them all.",
        )
    return read.points


def _places(texts: Sequence[str] | None, zone: str, points: Sequence[LightPoint] | None) -> list[Place]:
    from lightctl.planning.cells import outermost  # noqa: PLC0415 - start-up stays short

    zone_of(zone)
    if texts:
        return [place_of(text, zone) for text in texts]
    if not points:
        raise InvalidInput(
            "--place", "where is not said", hint="Write --place 51.26,7.15, or give an --inventory with light points."
        )
    return outermost(points, zone)
