"""inventory import|export|list: the register of light points."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from lightctl.cli import options, output
from lightctl.cli.door import Door, with_door
from lightctl.cli.failures import ExitCode, Failure
from lightctl.cli.output import Column, Format, Json, count, show_list, talk
from lightctl.cli.sheets import read_text
from lightctl.domain.selectors import parse_selector

if TYPE_CHECKING:
    from lightctl.cli.client import Client

_SHOWN = 20


class FileFormat(StrEnum):
    """How an inventory file is written."""

    CSV = "csv"
    GEOJSON = "geojson"


File = Annotated[str, typer.Argument(metavar="FILE", help="CSV or GeoJSON, or - for stdin.")]
MapFile = Annotated[
    str | None, typer.Option("--map", help="Mapping file (TOML): columns, constants, units.", metavar="FILE")
]
InFormat = Annotated[FileFormat | None, typer.Option("--format", help="Default: by the file's name, else csv.")]
OutFormat = Annotated[FileFormat, typer.Option("--format", help="How the file is written.")]
SkipBadRows = Annotated[bool, typer.Option("--skip-bad-rows", help="Take the good rows and list the others.")]

_LIST = (
    Column("ID", lambda light: light["id"]),
    Column("LAT", lambda light: f"{light['lat']:.6f}", right=True),
    Column("LON", lambda light: f"{light['lon']:.6f}", right=True),
    Column("STATE", lambda light: light["state"]),
    Column("KIND", lambda light: light["kind"]),
    Column("ROAD CLASS", lambda light: light["road_class"]),
    Column("LAMPS", lambda light: str(light["lamps"]), right=True),
    Column("NODE", lambda light: f"{light['node']}:{light['channel']}" if light["node"] else "-"),
    Column("CABINET", lambda light: light["cabinet"]),
    Column("TAGS", lambda light: ", ".join(f"{key}={value}" for key, value in light["tags"].items())),
)
_ROWS = (
    Column("ROW", lambda row: str(row["row"]), right=True),
    Column("COLUMN", lambda row: row["column"]),
    Column("VALUE", lambda row: row["value"]),
    Column("WHY", lambda row: row["why"]),
)
_REGISTER = ("id", "lat", "lon", "state", "kind", "road_class", "lamps", "node", "channel", "cabinet", "tags")


def register(app: typer.Typer) -> None:
    """Add the noun."""
    noun = typer.Typer(no_args_is_help=True, help="The inventory: light points, where they stand, what switches them.")
    noun.command("import")(inventory_import)
    noun.command("export")(inventory_export)
    noun.command("list")(inventory_list)
    app.add_typer(noun, name="inventory", rich_help_panel="Plan")


@with_door
def inventory_import(
    door: Door,
    file: File,
    *,
    map_file: MapFile = None,
    file_format: InFormat = None,
    skip_bad_rows: SkipBadRows = False,
    dry_run: options.DryRun = False,
    reason: options.Reason = "",
    yes: options.Yes = False,
    max_affected: options.MaxAffected = None,
    fmt: options.Output = Format.TABLE,
) -> None:
    """Add and change light points by id; what the file does not name stays."""
    body = {
        "text": read_text(file, where="the FILE argument"),
        "format": (file_format or _format_of(file)).value,
        "name": "<stdin>" if file == "-" else file,
        "skip_bad_rows": skip_bad_rows,
    } | options.guard(dry_run=dry_run, reason=reason, max_affected=max_affected)
    if map_file is not None:
        body["mapping"] = read_text(map_file, where="--map")
    with door.open() as client:
        if not dry_run and not yes and output.interactive():
            confirm_import(client, "/v1/inventory/import", body, partly=skip_bad_rows)
        try:
            view = client.post("/v1/inventory/import", body)
        except Failure as failure:
            if failure.result is None or fmt is not Format.TABLE:
                raise
            _show_rows(failure.result["errors"], "refused")
            failure.result = None
            failure.hint = "Correct the rows, or take the others with --skip-bad-rows."
            raise
    if fmt is Format.TABLE:
        show_import(view)
        if view["dry_run"]:
            talk("nothing was changed (--dry-run)")
    else:
        output.show_one(view, fmt, ())
    if view["errors"] and not view["applied"] and not skip_bad_rows:
        raise typer.Exit(ExitCode.USAGE)


@with_door
def inventory_export(door: Door, *, file_format: OutFormat = FileFormat.CSV, select: options.Select = None) -> None:
    """Write the inventory to stdout as a file that import reads again."""
    with door.open() as client:
        text = client.text("/v1/inventory/export", format=file_format.value, select=select or "*")
    output.write(text.removesuffix("\n"))


@with_door
def inventory_list(door: Door, *, select: options.Select = None, fmt: options.Output = Format.TABLE) -> None:
    """List light points as the register has them."""
    if select is not None:
        parse_selector(select, where="-l")
    with door.open() as client:
        lights = [{key: light[key] for key in _REGISTER} for light in client.get("/v1/lights", select=select)]
    show_list(lights, fmt, _LIST, empty="the inventory is empty; `lightctl inventory import FILE` fills it")


def confirm_import(client: Client, path: str, body: dict[str, Any], *, partly: bool = False) -> None:
    """Show what an import would change and ask; partly: also where rows are refused. Raises Failure at a no."""
    plan = client.post(path, body | {"dry_run": True})
    if plan["errors"] and not partly:
        return  # what is sent next is refused, and says why
    show_import(plan)
    if not output.confirm("Take this into the inventory?"):
        raise Failure(output.CANCELLED, "nothing was changed", exit_code=ExitCode.FAILED)


def show_import(view: Json) -> None:
    """Say what an import changes or changed, to people."""
    verb = "would be" if not view["applied"] else "were"
    output.write(
        f"{count(view['rows'], 'row')}: {len(view['added']):,} {verb} added, {len(view['changed']):,} {verb} changed, "
        f"{view['unchanged']:,} unchanged, {len(view['skipped']):,} skipped, {len(view['errors']):,} refused"
    )
    limit = _SHOWN if output.on_terminal() else None
    for light in view["added"][:limit]:
        output.write(output.clean(f"+ {light}"))
    for light, lines in list(view["changed"].items())[:limit]:
        output.write(output.clean(f"~ {light}: {'; '.join(lines)}"))
    hidden = 0 if limit is None else max(0, len(view["added"]) - limit) + max(0, len(view["changed"]) - limit)
    if hidden:
        talk(f"... and {hidden:,} more; -o json lists all")
    _show_rows(view["skipped"], "skipped")
    _show_rows(view["errors"], "refused")
    _show_rows(view["notes"], "taken, but odd")


def _show_rows(rows: list[Json], word: str) -> None:
    if rows:
        output.write(f"{word}:")
        show_list(rows, Format.TABLE, _ROWS)


def _format_of(name: str) -> FileFormat:
    return FileFormat.GEOJSON if name.lower().endswith((".geojson", ".json")) else FileFormat.CSV
