"""why: every layer that decided a lamp's level, with the place in the files."""

from __future__ import annotations

import datetime as dt
from typing import Annotated

import typer

from lightctl.cli import options, output
from lightctl.cli.door import Door, with_door
from lightctl.cli.output import Column, Format, local_time, percent
from lightctl.cli.targets import one_id, segment
from lightctl.cli.times import parse_of_night, zone_of

Id = Annotated[str, typer.Argument(metavar="ID", help="The light point.")]
At = Annotated[
    str | None,
    typer.Option("--at", help="HH:MM of this night by the city's clock, or RFC 3339; default now.", metavar="TIME"),
]
_CHAIN = (
    Column("LAYER", lambda layer: layer["layer"]),
    Column("VERDICT", lambda layer: layer["verdict"]),
    Column("DETAIL", lambda layer: layer["detail"]),
    Column("WHERE", lambda layer: layer["source"], lambda _layer: "dim"),
)


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("why", rich_help_panel="Look")(why)


@with_door
def why(door: Door, light_id: Id, *, at: At = None, fmt: options.Output = Format.TABLE) -> None:
    """Why a lamp has its level: from protection and override down to program, rule and assignment."""
    name = one_id(light_id)
    with door.open() as client:
        instant = None
        if at is not None:
            city = client.get("/v1/status")
            now = dt.datetime.fromisoformat(city["now"])
            found = parse_of_night(at, now, zone_of(city["time_zone"]), where="--at")
            instant = found.isoformat().replace("+00:00", "Z")
        verdict = client.get(f"/v1/lights/{segment(name)}/why", at=instant)
    if fmt is not Format.TABLE:
        output.show_one(verdict, fmt, (), verdict["chain"])
        return
    until = f", until {local_time(verdict['until'])}" if verdict["until"] else ""
    output.write(
        f"{verdict['id']} at {local_time(verdict['at'])}: {percent(verdict['level'])}, {verdict['reason']}{until}"
    )
    output.show_list(verdict["chain"], fmt, _CHAIN)
