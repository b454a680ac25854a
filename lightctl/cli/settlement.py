"""settlement check|import|export|events|profile: unmetered supplies of the UK."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from lightctl.cli import options, output
from lightctl.cli.door import Door, with_door
from lightctl.cli.exports import Force, Out, write_parts
from lightctl.cli.failures import ExitCode, Failure
from lightctl.cli.inventory import confirm_import, show_import
from lightctl.cli.output import Column, Format, Json, count, show_list, show_one, talk
from lightctl.domain.errors import InvalidInput

if TYPE_CHECKING:
    from lightctl.domain.settlement import SettlementDay, SwitchingEvent
    from lightctl.files.settlement import ControlRead

MAX_BYTES = 10_000_000

File = Annotated[str, typer.Argument(metavar="FILE", help="Control file, or - for stdin.")]
SubMeter = Annotated[str, typer.Option("--sub-meter", help="Sub-meter: 7 lower-case letters and digits.")]
Effective = Annotated[str, typer.Option("--effective", help="The day it counts from: YYYY-MM-DD.", metavar="DATE")]
Version = Annotated[int, typer.Option("--version", help="Version of the file.", min=0, max=999)]
Date = Annotated[str, typer.Option("--date", help="The local day: YYYY-MM-DD.", metavar="DATE")]
OutFolder = Annotated[
    Path | None, typer.Option("--out", help="Folder to write it to; without it stdout.", metavar="DIR")
]
LogFormat = Annotated[str, typer.Option("--format", help="Formatter by name; jsonl is neutral.", metavar="NAME")]
SkipUnknown = Annotated[bool, typer.Option("--skip-unknown", help="Pass over units that no light point has.")]

_ERRORS = (
    Column("LINE", lambda error: str(error["line"]), right=True),
    Column("COLUMN", lambda error: str(error["column"]), right=True),
    Column("WHAT", lambda error: error["message"]),
    Column("INSTEAD", lambda error: error["hint"]),
)
_HALF_HOURS = (
    Column("FROM", lambda half: output.local_time(half["start"])),
    Column("KWH", lambda half: f"{half['kwh']:.3f}", right=True),
)


def register(app: typer.Typer) -> None:
    """Add the noun."""
    noun = typer.Typer(no_args_is_help=True, help="Unmetered supplies of the UK: control files and switching events.")
    noun.command("check")(check)
    noun.command("import")(settlement_import)
    noun.command("export")(settlement_export)
    noun.command("events")(events)
    noun.command("profile")(profile)
    app.add_typer(noun, name="settlement", rich_help_panel="Plan")


def check(file: File, *, fmt: options.Output = Format.TABLE) -> None:
    """Check a control file, its name included: every error with line and column. Needs no daemon and no store."""
    read = _read(file, _text(file))
    rows = _rows(read)
    control = read.control
    verdict: dict[str, Any] = {"ok": control is not None, "errors": rows}
    if control is not None:
        verdict |= {
            "sub_meter": control.sub_meter,
            "effective": control.effective.isoformat(),
            "version": control.version,
            "units": len(control.units),
            "items": sum(unit.items for unit in control.units),
        }
    if fmt is not Format.TABLE:
        show_one(verdict, fmt, (), rows)
    elif control is None:
        show_list(rows, fmt, _ERRORS)
    else:
        units = count(len(control.units), "unit")
        output.write(
            f"ok: sub-meter {control.sub_meter} from {control.effective}, version {control.version}, {units}, "
            f"{count(verdict['items'], 'item')}"
        )
    if control is None:
        raise typer.Exit(ExitCode.USAGE)


@with_door
def settlement_import(
    door: Door,
    file: File,
    *,
    skip_unknown: SkipUnknown = False,
    dry_run: options.DryRun = False,
    reason: options.Reason = "",
    yes: options.Yes = False,
    max_affected: options.MaxAffected = None,
    fmt: options.Output = Format.TABLE,
) -> None:
    """Put what a control file says into the tags of its light points; units it no longer names leave the sub-meter."""
    text = _text(file)
    read = _read(file, text)
    if read.control is None:
        _refuse(read, fmt)
    body = {"text": text, "name": "<stdin>" if file == "-" else Path(file).name, "skip_unknown": skip_unknown}
    body |= options.guard(dry_run=dry_run, reason=reason, max_affected=max_affected)
    with door.open() as client:
        if not dry_run and not yes and output.interactive():
            confirm_import(client, "/v1/settlement/import", body)
        try:
            view = client.post("/v1/settlement/import", body)
        except Failure as failure:
            if failure.result is None or fmt is not Format.TABLE:
                raise
            show_import(failure.result)
            failure.result = None
            failure.hint = "Correct them, or pass over units that no light point has with --skip-unknown."
            raise
    if fmt is Format.TABLE:
        show_import(view)
        if view["dry_run"]:
            talk("nothing was changed (--dry-run)")
    else:
        show_one(view, fmt, ())
    if view["errors"]:
        raise typer.Exit(ExitCode.USAGE)


@with_door
def settlement_export(
    door: Door,
    *,
    sub_meter: SubMeter,
    effective: Effective,
    version: Version,
    select: options.Select = None,
    out: OutFolder = None,
    force: Force = False,
) -> None:
    """Write the control file of a sub-meter, by its own name, from the tags of its light points."""
    asked: dict[str, str | int | None] = {"sub_meter": sub_meter, "effective": effective, "version": version}
    with door.open() as client:
        view = client.get("/v1/settlement/control", **asked, select=select)
    text = view["text"].encode("ascii")
    if out is None:
        write_parts([text], None, force=force)
        return
    write_parts([text], out / view["name"], force=force)


@with_door
def events(
    door: Door,
    *,
    sub_meter: SubMeter,
    date: Date,
    log_format: LogFormat = "jsonl",
    out: Out = None,
    force: Force = False,
) -> None:
    """Write what the units of a sub-meter did on a local day, by a formatter. jsonl is not the layout of Elexon."""
    from lightctl.files.settlement_log import formatter_of  # noqa: PLC0415 - start-up stays short

    formatter = formatter_of(log_format)
    with door.open() as client, client.stream("/v1/settlement/events", sub_meter=sub_meter, date=date) as parts:
        day, found = _events(parts)
        write_parts(_formatted(formatter(day, found), log_format), out, force=force)


@with_door
def profile(door: Door, *, sub_meter: SubMeter, date: Date, fmt: options.Output = Format.TABLE) -> None:
    """Add up the half hours of a sub-meter's day from levels and power curves, and name what is not known."""
    with door.open() as client:
        view = client.get("/v1/settlement/profile", sub_meter=sub_meter, date=date)
    if fmt is not Format.TABLE:
        show_one(view, fmt, (), view["half_hours"])
        return
    show_list(view["half_hours"], fmt, _HALF_HOURS)
    output.write(f"{view['kwh']:.3f} kWh, {count(view['units'], 'unit')}, unknown {view['unknown_h']:.1f} unit hours")
    for key, what in (("units_without_events", "without events"), ("units_without_watts", "without watts")):
        if view[key]:
            talk(f"{what}, so left to the data default: {', '.join(view[key][:20])}{' ...' if view[key][20:] else ''}")
    if not view["complete"]:
        talk("the day is not over")


def _events(parts: Iterator[bytes]) -> tuple[SettlementDay, Iterator[SwitchingEvent]]:
    """Read the lines of a door: the day first, then its events as they come."""
    import msgspec  # noqa: PLC0415 - start-up stays short

    from lightctl.domain.settlement import SettlementDay, SwitchingEvent  # noqa: PLC0415

    lines = _lines(parts)
    day = msgspec.json.decode(next(lines), type=SettlementDay)
    return day, (msgspec.json.decode(line, type=SwitchingEvent) for line in lines)


def _lines(parts: Iterator[bytes]) -> Iterator[bytes]:
    rest = b""
    for part in parts:
        *whole, rest = (rest + part).split(b"\n")
        yield from whole


def _formatted(written: Any, name: str) -> Iterator[bytes]:  # noqa: ANN401 - a formatter of somebody else gave it
    try:
        for part in written:
            if not isinstance(part, bytes):
                raise TypeError(f"it gave {type(part).__name__} and not bytes")  # noqa: TRY301 - it is theirs to mend
            yield part
    except (Failure, OSError):
        raise
    except Exception as error:
        raise InvalidInput("--format", f"the formatter {name!r} failed: {error!r}", hint="Ask its maker.") from error


def _text(file: str) -> str:
    """Read a file's bytes as characters, one for one."""
    import sys  # noqa: PLC0415 - for stdin alone

    try:
        raw = sys.stdin.buffer.read(MAX_BYTES + 1) if file == "-" else Path(file).read_bytes()
    except OSError as error:
        raise InvalidInput(file, f"it cannot be read: {error.strerror or error}", hint="Check FILE.") from error
    if len(raw) > MAX_BYTES:
        raise InvalidInput(file, "it is over 10 MB", hint="That is no control file of one sub-meter.")
    return raw.decode("latin-1")


def _read(file: str, text: str) -> ControlRead:
    from lightctl.files.settlement import read_control  # noqa: PLC0415 - start-up stays short

    return read_control(text, None if file == "-" else Path(file).name)


def _rows(read: ControlRead) -> list[dict[str, Any]]:
    return [{"line": e.line, "column": e.column, "message": e.why, "hint": e.hint} for e in read.errors]


def _refuse(read: ControlRead, fmt: Format) -> None:
    rows = _rows(read)
    if fmt is Format.TABLE:
        show_list(rows, fmt, _ERRORS)
    result: Json | None = None if fmt is Format.TABLE else {"errors": rows}
    what = f"{count(len(rows), 'error')} in the control file; nothing was changed"
    raise Failure("invalid_input", what, exit_code=ExitCode.USAGE, result=result)
