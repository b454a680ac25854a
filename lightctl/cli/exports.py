"""export ngsi-ld|geojson: the street as it is now, in formats that other programs read."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Annotated

import typer

from lightctl.cli import options
from lightctl.cli.door import Door, with_door
from lightctl.cli.output import ReaderGone, flush, talk
from lightctl.domain.errors import InvalidInput
from lightctl.domain.selectors import parse_selector

Out = Annotated[Path | None, typer.Option("--out", help="File to write; without it stdout.", metavar="FILE")]
Force = Annotated[bool, typer.Option("--force", help="Replace the file if it is there.")]


def register(app: typer.Typer) -> None:
    """Add the noun."""
    noun = typer.Typer(no_args_is_help=True, help="The street as it is now, in open formats.")
    noun.command("ngsi-ld")(export_ngsi_ld)
    noun.command("geojson")(export_geojson)
    app.add_typer(noun, name="export", rich_help_panel="Look")


@with_door
def export_ngsi_ld(door: Door, *, select: options.Select = None, out: Out = None, force: Force = False) -> None:
    """Write light points as NGSI-LD entities (Smart Data Models: Streetlight), with what their nodes measured."""
    _export(door, "ngsi-ld", select, out, force=force)


@with_door
def export_geojson(door: Door, *, select: options.Select = None, out: Out = None, force: Force = False) -> None:
    """Write light points as GeoJSON for maps: what is due, what is reported, faults. `inventory export` imports."""
    _export(door, "geojson", select, out, force=force)


def _export(door: Door, name: str, select: str | None, out: Path | None, *, force: bool) -> None:
    if select is not None:
        parse_selector(select, where="-l")
    with door.open() as client, client.stream(f"/v1/export/{name}", select=select or "*") as parts:
        write_parts(parts, out, force=force)


def write_parts(parts: Iterable[bytes], out: Path | None, *, force: bool) -> None:
    """Write a document to stdout, or a file whole; a file that is there stays, unless forced. Raises InvalidInput."""
    if out is None:
        _to_stdout(parts)
        return
    if out.exists() and not force:
        raise InvalidInput("--out", f"{out} is there already", hint="Choose another place, or replace it with --force.")
    size = _to_file(parts, out)
    talk(f"wrote {out}, {size:,} bytes")


def _to_stdout(parts: Iterable[bytes]) -> None:
    flush()
    try:
        for part in parts:
            sys.stdout.buffer.write(part)
        sys.stdout.buffer.flush()
    except BrokenPipeError:
        raise ReaderGone from None


def _to_file(parts: Iterable[bytes], out: Path) -> int:
    """Write a file whole, or leave what was there; gives its bytes."""
    beside = out.with_name(f".{out.name}.new")
    size = 0
    try:
        with beside.open("wb") as file:
            for part in parts:
                size += file.write(part)
        beside.replace(out)
    except OSError as error:
        raise InvalidInput("--out", f"{out} cannot be written: {error.strerror or error}") from error
    finally:
        with suppress(OSError):
            beside.unlink(missing_ok=True)
    return size
