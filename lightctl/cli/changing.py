"""A change of the street, whatever the verb: confirmed first, sent, waited for, written, turned into an exit code."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import typer

from lightctl.cli import output
from lightctl.cli.failures import ExitCode, Failure
from lightctl.cli.following import follow
from lightctl.cli.output import Column, count, local_time, percent, talk

if TYPE_CHECKING:
    from lightctl.cli.client import Client

_SHOWN = 20
_POINTS = (
    Column("ID", lambda point: point["id"]),
    Column("STATE", lambda point: point["state"]),
    Column("DETAIL", lambda point: point["detail"]),
)


@dataclass(frozen=True, slots=True)
class Manner:
    """How a change is made: without asking, waited for so many seconds, written in a format."""

    yes: bool
    wait: bool
    timeout_s: float
    fmt: output.Format


def change(client: Client, path: str, body: dict[str, Any], what: str, manner: Manner) -> None:
    """Make a change; `what` is what people call its target. One that begins later is not waited for."""
    if not body["dry_run"] and not manner.yes and output.interactive():
        plan = client.post(path, body | {"dry_run": True})
        lamps = count(plan["affected"], "lamp")
        if plan["affected"] > 1 and not output.confirm(f"This acts on {lamps} ({what}). Go on?"):
            raise Failure(output.CANCELLED, "nothing was changed", exit_code=ExitCode.FAILED)
    made = client.post(path, body)
    planned = "start" in body
    waited = manner.wait and not made["dry_run"] and not planned
    late = False
    if waited:
        made, late = follow(client, made, manner.timeout_s)
    _show(made, manner.fmt, planned=planned)
    if made["pending"] and not made["dry_run"] and not client.daemon:
        talk("no daemon is running: this is stored and goes out when `lightctl serve` starts")
    if waited:
        raise typer.Exit(_exit_code(made, late=late))
    if manner.wait and planned and not made["dry_run"]:
        talk(f"not waiting: it begins at {local_time(made['start'])}; `lightctl override list` shows what came of it")


def _show(change: dict[str, Any], fmt: output.Format, *, planned: bool) -> None:
    if fmt is not output.Format.TABLE:
        if fmt is output.Format.JSON:
            output.show_one(change, fmt, ())
        else:
            output.show_list(change["points"], fmt, ())
        return
    level = "" if change.get("level") is None else f" to {percent(change['level'])}"
    start = f" from {local_time(change['start'])}" if planned else ""
    until = "" if not change.get("until") else f" until {local_time(change['until'])}"
    done = "would act on" if change["dry_run"] else "accepted for"
    parts = ", ".join(
        f"{change[state]:,} {state}" for state in ("confirmed", "pending", "failed", "expired") if change[state]
    )
    tail = f": {parts}" if parts and not change["dry_run"] else ""
    output.write(f"{done} {count(change['affected'], 'lamp')}{level}{start}{until}{tail}")
    if change["dry_run"]:
        talk("nothing was changed (--dry-run)")
        return
    wrong = [point for point in change["points"] if point["state"] in ("failed", "expired")]
    shown = wrong[:_SHOWN] if output.on_terminal() else wrong
    output.show_list(shown, fmt, _POINTS)
    if len(shown) < len(wrong):
        talk(f"... and {len(wrong) - len(shown):,} more; -o json lists all")


def _exit_code(change: dict[str, Any], *, late: bool) -> ExitCode:
    lost = change["failed"] + change["expired"]
    if late and change["pending"]:
        return ExitCode.UNREACHABLE
    if lost and lost >= change["affected"]:
        return ExitCode.FAILED
    return ExitCode.PARTLY if lost else ExitCode.OK
