"""light list|show|nodes: what each lamp shall do, what it says, whether the two agree, and who switched it when."""

from __future__ import annotations

from typing import Annotated

import typer

from lightctl.cli import options
from lightctl.cli.door import Door, with_door
from lightctl.cli.output import Column, Format, Json, local_time, percent, show_list, show_one
from lightctl.cli.targets import one_id, segment
from lightctl.domain.selectors import parse_selector

Id = Annotated[str, typer.Argument(metavar="ID", help="The light point.")]


def _reported(light: Json) -> str:
    if not light["reachable"]:
        return "unreachable" if light["last_seen"] else "never heard"
    return percent((light["reported"] or {}).get("level"))


def _verdict(light: Json) -> str:
    if light["state"] != "in_use":
        return str(light["state"]).replace("_", " ")
    return "yes" if light["settled"] else "no"


def _verdict_style(light: Json) -> str:
    if light["state"] != "in_use":
        return "dim"
    return "green" if light["settled"] else "yellow" if light["reachable"] else "red"


def _revisions(light: Json) -> str:
    wanted, held = light["desired"]["revision"], (light["reported"] or {}).get("revision")
    if wanted is None and held is None:
        return ""
    return f"{wanted if wanted is not None else '-'} desired, {held if held is not None else '-'} applied"


_LIST = (
    Column("ID", lambda light: light["id"]),
    Column("DUE", lambda light: percent(light["desired"]["level"]), right=True),
    Column("REPORTED", _reported, right=True),
    Column("SETTLED", _verdict, _verdict_style),
    Column("REASON", lambda light: _reason(light["desired"])),
    Column("UNTIL", lambda light: local_time(light["desired"]["until"])),
    Column("NODE", lambda light: f"{light['node']}:{light['channel']}" if light["node"] else "-"),
    Column("FAULTS", lambda light: ", ".join(light["faults"]), lambda _light: "red"),
)
_SHOW = (
    Column("light point", lambda light: light["id"]),
    Column("position", lambda light: f"{light['lat']}, {light['lon']}"),
    Column("kind", lambda light: light["kind"]),
    Column("road class", lambda light: light["road_class"]),
    Column("lamps", lambda light: str(light["lamps"])),
    Column("state", lambda light: light["state"]),
    Column("tags", lambda light: ", ".join(f"{key}={value}" for key, value in light["tags"].items())),
    Column("due", lambda light: f"{percent(light['desired']['level'])} ({_reason(light['desired'])})"),
    Column("until", lambda light: local_time(light["desired"]["until"])),
    Column("in force", lambda light: percent((light["reported"] or {}).get("commanded"))),
    Column("reported", _reported),
    Column("reported at", lambda light: local_time((light["reported"] or {}).get("at"))),
    Column("power", lambda light: _watts((light["reported"] or {}).get("power_w"))),
    Column("settled", _verdict, _verdict_style),
    Column("revision", _revisions),
    Column("node", lambda light: f"{light['node']} channel {light['channel']}" if light["node"] else "none"),
    Column("cabinet", lambda light: light["cabinet"]),
    Column("last seen", lambda light: local_time(light["last_seen"])),
    Column("maintenance", lambda light: light["maintenance"], lambda _light: "yellow"),
    Column("faults", lambda light: ", ".join(light["faults"]), lambda _light: "red"),
)
_NODES = (
    Column("NODE", lambda mounting: f"{mounting['node']}:{mounting['channel']}"),
    Column("SINCE", lambda mounting: local_time(mounting["since"]) or "not known"),
    Column("UNTIL", lambda mounting: local_time(mounting["until"]) or "now"),
)


def register(app: typer.Typer) -> None:
    """Add the noun."""
    noun = typer.Typer(no_args_is_help=True, help="Light points and how they stand.")
    noun.command("list")(light_list)
    noun.command("show")(light_show)
    noun.command("nodes")(light_nodes)
    app.add_typer(noun, name="light", rich_help_panel="Look")


@with_door
def light_list(door: Door, *, select: options.Select = None, fmt: options.Output = Format.TABLE) -> None:
    """List light points: what is due, what is reported, and whether they agree."""
    if select is not None:
        parse_selector(select, where="-l")
    with door.open() as client:
        lights = client.get("/v1/lights", select=select)
    show_list(lights, fmt, _LIST, empty="no light points; `lightctl inventory import FILE` brings some")


@with_door
def light_show(door: Door, light_id: Id, *, fmt: options.Output = Format.TABLE) -> None:
    """Show one light point."""
    with door.open() as client:
        light = client.get(f"/v1/lights/{segment(one_id(light_id))}")
    show_one(light, fmt, _SHOW)


@with_door
def light_nodes(door: Door, light_id: Id, *, fmt: options.Output = Format.TABLE) -> None:
    """List the nodes that switched a light point, the present one last."""
    with door.open() as client:
        mountings = client.get(f"/v1/lights/{segment(one_id(light_id))}/nodes")
    show_list(mountings, fmt, _NODES, empty="no node ever switched it")


def _reason(desired: Json) -> str:
    return f"{desired['reason']} {desired['ref']}".strip()


def _watts(power: float | None) -> str:
    return "" if power is None else f"{power:g} W"
