"""node list|show: the controllers on the poles and in the cabinets."""

from __future__ import annotations

from typing import Annotated

import typer

from lightctl.cli import options
from lightctl.cli.door import Door, with_door
from lightctl.cli.output import Column, Format, Json, local_time, show_list, show_one
from lightctl.cli.targets import one_id, segment

Id = Annotated[str, typer.Argument(metavar="ID", help="The node.")]


def _reach(node: Json) -> str:
    if node["reachable"]:
        return "yes"
    return "no" if node["last_seen"] else "never heard"


def _carries(node: Json) -> str:
    return {True: "yes", False: "live", None: "?"}[node["carries_nights"]]


def _channels(node: Json) -> str:
    return ", ".join(f"{channel}: {light}" for channel, light in node["channels"].items())


def _clock(node: Json) -> str:
    offset_s = node.get("clock_offset_s")  # a daemon from before may not say it
    if offset_s is None:
        return "says no time"
    return f"{abs(offset_s):g} s {'ahead' if offset_s > 0 else 'behind'}"


_LIST = (
    Column("ID", lambda node: node["id"]),
    Column(
        "CLAIMED", lambda node: "yes" if node["claimed"] else "no", lambda node: "" if node["claimed"] else "yellow"
    ),
    Column("PROFILE", lambda node: node["profile"]),
    Column("LINK", lambda node: node["link"]),
    Column("NIGHTS", _carries),
    Column("REVISION", lambda node: _number(node["revision"]), right=True),
    Column("APPLIED", lambda node: _number(node["applied_revision"]), right=True),
    Column("REACHABLE", _reach, lambda node: "green" if node["reachable"] else "red"),
    Column("LAST SEEN", lambda node: local_time(node["last_seen"])),
    Column("COMMAND", lambda node: node["command"] or ""),
    Column("FLAGS", lambda node: ", ".join(node["flags"]), lambda _node: "red"),
)
_SHOW = (
    Column("node", lambda node: node["id"]),
    Column("claimed", lambda node: "yes" if node["claimed"] else "no, it is in no inventory"),
    Column("profile", lambda node: node["profile"]),
    Column("link", lambda node: f"{node['link']} {node['address']}".strip()),
    Column("channels", _channels),
    Column("cabinet", lambda node: node["cabinet"]),
    Column("carries nights", _carries),
    Column(
        "revision", lambda node: f"{_number(node['revision'])} desired, {_number(node['applied_revision'])} applied"
    ),
    Column("command", lambda node: node["command"] or "none open"),
    Column("model", lambda node: f"{node['model']} {node['firmware']}".strip()),
    Column("reachable", _reach, lambda node: "green" if node["reachable"] else "red"),
    Column("last seen", lambda node: local_time(node["last_seen"])),
    Column("clock", _clock),
    Column("flags", lambda node: ", ".join(node["flags"]), lambda _node: "red"),
)


def register(app: typer.Typer) -> None:
    """Add the noun."""
    noun = typer.Typer(no_args_is_help=True, help="Nodes: the controllers that switch light points.")
    noun.command("list")(node_list)
    noun.command("show")(node_show)
    app.add_typer(noun, name="node", rich_help_panel="Look")


@with_door
def node_list(door: Door, *, fmt: options.Output = Format.TABLE) -> None:
    """List nodes, also those heard of that no inventory claims."""
    with door.open() as client:
        nodes = client.get("/v1/nodes")
    show_list(nodes, fmt, _LIST, empty="no nodes; the inventory names them in its `node` column")


@with_door
def node_show(door: Door, node_id: Id, *, fmt: options.Output = Format.TABLE) -> None:
    """Show one node."""
    with door.open() as client:
        node = client.get(f"/v1/nodes/{segment(one_id(node_id))}")
    show_one(node, fmt, _SHOW)


def _number(revision: int | None) -> str:
    return "-" if revision is None else str(revision)
