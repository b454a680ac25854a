"""command list: the journal of what was on its way to the nodes, and how each ended."""

from __future__ import annotations

from typing import Annotated

import typer

from lightctl.cli import options
from lightctl.cli.door import Door, with_door
from lightctl.cli.output import Column, Format, Json, local_time, show_list
from lightctl.cli.targets import one_id
from lightctl.domain.states import CommandState

_STYLES = {"confirmed": "green", "failed": "red", "expired": "red", "superseded": "dim"}


def _style(command: Json) -> str:
    return _STYLES.get(command["state"], "yellow")


_LIST = (
    Column("ID", lambda command: command["id"]),
    Column("STATE", lambda command: command["state"], _style),
    Column("CAUSE", lambda command: command["cause"]),
    Column("CREATED", lambda command: local_time(command["created_at"])),
    Column("SENT", lambda command: local_time(command["sent_at"])),
    Column("FINISHED", lambda command: local_time(command["finished_at"])),
    Column("TRIES", lambda command: str(command["attempts"]), right=True),
    Column("DETAIL", lambda command: command["detail"]),
)
State = Annotated[CommandState | None, typer.Option("--state", help="Only commands in this state.")]
NodeId = Annotated[str | None, typer.Option("--node", help="Only commands to this node.")]


def register(app: typer.Typer) -> None:
    """Add the noun."""
    noun = typer.Typer(no_args_is_help=True, help="Commands: revisions on their way to nodes, and how they ended.")
    noun.command("list")(command_list)
    app.add_typer(noun, name="command", rich_help_panel="Look")


@with_door
def command_list(
    door: Door,
    *,
    state: State = None,
    node: NodeId = None,
    limit: options.Limit = 100,
    fmt: options.Output = Format.TABLE,
) -> None:
    """List commands, the newest first."""
    name = None if node is None else one_id(node, "--node")
    with door.open() as client:
        commands = client.get("/v1/commands", state=state, node=name, limit=limit)
    show_list(commands, fmt, _LIST, empty="no commands")
