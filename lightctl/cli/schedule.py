"""schedule check|schema: whether what people want of their nights can be read, and how to write it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from lightctl.cli import options, output
from lightctl.cli.export import export
from lightctl.cli.failures import ExitCode, Failure
from lightctl.cli.output import Format, Json, count, talk
from lightctl.cli.sheets import schedule_texts
from lightctl.cli.times import zone_of
from lightctl.domain.errors import InvalidInput

if TYPE_CHECKING:
    from lightctl.domain.assets import Place
    from lightctl.files.schedules import Finding

_LATITUDE, _LONGITUDE = 90.0, 180.0

Files = Annotated[list[str], typer.Argument(metavar="FILE...", help="Schedule files, folders of them, or - for stdin.")]
Zone = Annotated[
    str | None, typer.Option("--tz", help="Time zone; default the site's of the settings.", metavar="ZONE")
]


def register(app: typer.Typer) -> None:
    """Add the noun."""
    from lightctl.cli import schedule_change, schedule_history  # noqa: PLC0415 - they stand on this module
    from lightctl.cli.lint import lint  # noqa: PLC0415
    from lightctl.cli.preview import preview  # noqa: PLC0415

    noun = typer.Typer(no_args_is_help=True, help="Schedules: check them, look at their nights, put them in force.")
    noun.command("check")(check)
    noun.command("schema")(schema)
    noun.command("preview")(preview)
    noun.command("lint")(lint)
    schedule_change.register(noun)
    schedule_history.register(noun)
    noun.command("export")(export)
    app.add_typer(noun, name="schedule", rich_help_panel="Plan")


def check(files: Files, *, fmt: options.Output = Format.TABLE) -> None:
    """Check schedule files: every error at once, with its place. Needs no daemon and no store."""
    from lightctl.files.schedules import read_schedules  # noqa: PLC0415 - start-up stays short

    found = read_schedules(schedule_texts(files))
    errors, warnings = finding_rows(found.errors), finding_rows(found.warnings)
    verdict = {"ok": not errors, "errors": errors, "warnings": warnings}
    if fmt is Format.TABLE:
        show_findings(errors, warnings)
        output.write(
            f"ok: {count(len(found.intent.programs), 'program')}, {count(len(found.intent.calendars), 'calendar')}, "
            f"{count(len(found.intent.assignments), 'assignment')}, {count(len(warnings), 'warning')}"
            if not errors
            else f"{count(len(errors), 'error')}, {count(len(warnings), 'warning')}"
        )
    else:
        rows = [{"kind": "error", **each} for each in errors] + [{"kind": "warning", **each} for each in warnings]
        output.show_one(verdict, fmt, (), rows)
    if errors:
        raise typer.Exit(ExitCode.USAGE)


def schema() -> None:
    """Write the JSON Schema of schedule files to stdout, for editors: they explain, complete and underline with it."""
    from lightctl.files.schedule_schema import schema_text  # noqa: PLC0415 - start-up stays short

    output.write(schema_text())


def refuse(message: str, result: Json, fmt: Format = Format.TABLE) -> NoReturn:
    """End with findings: on stderr for people, on stdout as data for scripts."""
    if fmt is Format.TABLE:
        show_findings(result["errors"], result["warnings"])
        result = {}
    raise Failure("invalid_input", message, exit_code=ExitCode.USAGE, result=result or None)


def show_findings(errors: Sequence[Json], warnings: Sequence[Json]) -> None:
    """Say findings to people: place, what is wrong, the line with a caret, what to write instead."""
    for word, style, findings in (("error", "bold red", errors), ("warning", "yellow", warnings)):
        for each in findings:
            place = output.clean(f"{each['file']}:{each['line']}:{each['column']}")
            tag = output.coloured(f"{word}[{each['code']}]", style, output.stderr())
            talk(f"{place}: {tag}: {output.clean(each['message'], lines=True)}")
            for line in each["snippet"].splitlines():
                talk(f"    {output.clean(line)}")
            if each["hint"]:
                talk(f"  {output.clean(each['hint'], lines=True)}")


def finding_rows(found: Sequence[Finding]) -> list[dict[str, Any]]:
    """Give findings as JSON has them."""
    return [
        {
            "file": each.file,
            "line": each.line,
            "column": each.column,
            "code": str(each.code),
            "message": each.message,
            "hint": each.hint,
            "snippet": each.snippet,
        }
        for each in found
    ]


def place_of(text: str, time_zone: str) -> Place:
    """Read LAT,LON and a zone; raises InvalidInput."""
    from lightctl.domain.assets import Place  # noqa: PLC0415 - start-up stays short

    zone_of(time_zone)
    try:
        latitude, longitude = (float(part) for part in text.split(","))
    except ValueError:
        latitude = longitude = float("nan")
    if not (abs(latitude) <= _LATITUDE and abs(longitude) <= _LONGITUDE):
        raise InvalidInput(
            "--place", f"{text!r} is not a place", hint="Write degrees north and east: --place 51.26,7.15"
        )
    return Place(latitude, longitude, time_zone)
