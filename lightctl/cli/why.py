"""why: every layer that decided a lamp's level, with the place in the files, and what changes next."""

from __future__ import annotations

from typing import Annotated

import typer

from lightctl.cli import options, output
from lightctl.cli.door import Door, with_door
from lightctl.cli.output import Column, Format, local_time, percent
from lightctl.cli.targets import one_id, segment
from lightctl.cli.times import city_clock, parse_of_night, rfc_3339

Id = Annotated[str, typer.Argument(metavar="ID", help="The light point.")]
At = Annotated[
    str | None,
    typer.Option(
        "--at",
        help="HH:MM of this night or YYYY-MM-DD HH:MM by the city's clock, or RFC 3339, past or to come; default now.",
        metavar="TIME",
    ),
]
_CHAIN = (
    Column("LAYER", lambda layer: layer["layer"]),
    Column("VERDICT", lambda layer: layer["verdict"]),
    Column("DETAIL", lambda layer: layer["detail"]),
    Column("WHERE", lambda layer: layer["source"], lambda _layer: "dim"),
)
_NEXT = (
    Column("NEXT", lambda change: local_time(change["at"])),
    Column("LEVEL", lambda change: percent(change["level"]), right=True),
    Column("REASON", lambda change: change["reason"]),
    Column("CAUSE", lambda change: change["cause"]),
    Column("WHERE", lambda change: change["source"], lambda _change: "dim"),
)


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("why", rich_help_panel="Look")(why)


@with_door
def why(door: Door, light_id: Id, *, at: At = None, fmt: options.Output = Format.TABLE) -> None:
    """Why a lamp has, had or will have its level: every layer that had a say; and what changes next."""
    name = one_id(light_id)
    with door.open() as client:
        instant = None
        if at is not None:
            instant = rfc_3339(parse_of_night(at, *city_clock(client), where="--at"))
        verdict = client.get(f"/v1/lights/{segment(name)}/why", at=instant)
    if fmt is not Format.TABLE:
        output.show_one(verdict, fmt, (), verdict["chain"])
        return
    until = f", until {local_time(verdict['until'])}" if verdict["until"] else ""
    output.write(
        f"{verdict['id']} at {local_time(verdict['at'])}: {percent(verdict['level'])}, {verdict['reason']}{until}"
    )
    said = verdict["reported"]
    if said is not None:
        output.write(f"its node reported {percent(said['level'])} at {local_time(said['at'])}")
    output.show_list(verdict["chain"], fmt, _CHAIN)
    output.write("")
    output.show_list(verdict["next"], fmt, _NEXT)
    if not verdict["next"]:
        output.write("nothing changes in the nights after it")
