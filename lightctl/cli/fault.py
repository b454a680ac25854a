"""fault list|show: what is wrong on the street, since when, what it costs, and what to do about it."""

from __future__ import annotations

from typing import Annotated

import typer

from lightctl.cli import fault_marks, options, output
from lightctl.cli.door import Door, with_door
from lightctl.cli.fault_table import DETAIL, LIST, MARKS
from lightctl.cli.output import Format
from lightctl.cli.targets import segment, target_of
from lightctl.cli.times import city_clock, parse_past, rfc_3339
from lightctl.domain.faults import FaultState

FAULTS = "/v1/faults"

Number = Annotated[int, typer.Argument(metavar="ID", min=1, help="The fault, as `fault list` numbers it.")]
Word = Annotated[
    str | None, typer.Argument(metavar="TARGET", help="Only those that concern this light point or group:NAME.")
]
OpenOnly = Annotated[bool, typer.Option("--open", help="Only faults that are open.")]
Suppressed = Annotated[bool, typer.Option("--all", help="Also those a maintenance keeps from being alarms.")]
State = Annotated[FaultState | None, typer.Option("--state", help="Only those in this state.")]
Event = Annotated[str | None, typer.Option("--event", help="Only those of this event, e.g. lampFailure.")]
Since = Annotated[
    str | None, typer.Option("--since", help="Only those opened since: 2d ago, or RFC 3339.", metavar="WHEN")
]


def register(app: typer.Typer) -> None:
    """Add the noun."""
    noun = typer.Typer(no_args_is_help=True, help="Faults: what is wrong on the street, and who deals with it.")
    noun.command("list")(fault_list)
    noun.command("show")(fault_show)
    fault_marks.register(noun)
    app.add_typer(noun, name="fault", rich_help_panel="Look")


@with_door
def fault_list(
    door: Door,
    word: Word = None,
    *,
    select: options.Select = None,
    open_only: OpenOnly = False,
    suppressed: Suppressed = False,
    state: State = None,
    event: Event = None,
    since: Since = None,
    limit: options.Limit = 100,
    fmt: options.Output = Format.TABLE,
) -> None:
    """List faults, the newest first."""
    target = {} if word is None and select is None else target_of([word] if word else [], select, None)
    with door.open() as client:
        opened = None
        if since is not None:
            opened = rfc_3339(parse_past(since, *city_clock(client), where="--since"))
        faults = client.get(
            FAULTS,
            **target,
            open_only=open_only,
            suppressed=suppressed,
            state=None if state is None else state.value,
            event=event,
            since=opened,
            limit=limit,
        )
    output.show_list(faults, fmt, LIST, empty="no faults")


@with_door
def fault_show(door: Door, fault_id: Number, *, fmt: options.Output = Format.TABLE) -> None:
    """Show one fault: what it explains, what was said about it, and what to do."""
    with door.open() as client:
        found = client.get(f"{FAULTS}/{segment(str(fault_id))}")
    output.show_one(found, fmt, DETAIL)
    if fmt is Format.TABLE and found["marks"]:
        output.write("")
        output.show_list(found["marks"], fmt, MARKS)
