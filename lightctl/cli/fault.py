"""fault list: what is wrong on the street, and since when."""

from __future__ import annotations

from typing import Annotated

import typer

from lightctl.cli import options
from lightctl.cli.door import Door, with_door
from lightctl.cli.output import Column, Format, Json, local_time, show_list

OpenOnly = Annotated[bool, typer.Option("--open", help="Only faults that are open.")]
Suppressed = Annotated[bool, typer.Option("--all", help="Also those a maintenance keeps from being alarms.")]


def _style(fault: Json) -> str:
    return "dim" if fault["cleared_at"] or fault["suppressed_by"] else "red"


def _detail(fault: Json) -> str:
    kept = f" (no alarm: {fault['suppressed_by']})" if fault["suppressed_by"] else ""
    return f"{fault['detail']}{kept}".strip()


_LIST = (
    Column("FAULT", lambda fault: fault["event"], _style),
    Column("SUBJECT", lambda fault: f"{fault['subject_kind']} {fault['subject']}"),
    Column("SEVERITY", lambda fault: fault["severity"]),
    Column("OPENED", lambda fault: local_time(fault["opened_at"])),
    Column("CLEARED", lambda fault: local_time(fault["cleared_at"]) or "open", _style),
    Column("DETAIL", _detail),
)


def register(app: typer.Typer) -> None:
    """Add the noun."""
    noun = typer.Typer(no_args_is_help=True, help="Faults: what is wrong on the street.")
    noun.command("list")(fault_list)
    app.add_typer(noun, name="fault", rich_help_panel="Look")


@with_door
def fault_list(
    door: Door,
    *,
    open_only: OpenOnly = False,
    suppressed: Suppressed = False,
    limit: options.Limit = 100,
    fmt: options.Output = Format.TABLE,
) -> None:
    """List faults, the newest first."""
    with door.open() as client:
        faults = client.get("/v1/faults", open_only=open_only, limit=limit, suppressed=suppressed)
    show_list(faults, fmt, _LIST, empty="no faults")
