"""A change of the street, whatever the verb: confirmed first, sent, waited for, written, turned into an exit code."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import typer

from lightctl.cli import output
from lightctl.cli.chain import CHAIN, SMALL, VERDICTS, exit_code, listed
from lightctl.cli.failures import ExitCode, Failure
from lightctl.cli.following import follow
from lightctl.cli.output import count, local_time, percent, talk

if TYPE_CHECKING:
    from lightctl.cli.client import Client


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
    notes = made.get("notes", [])  # what is said once, however long people wait for the rest
    planned = "start" in body
    waited = manner.wait and not made["dry_run"] and not planned
    if waited:
        made = follow(client, made, manner.timeout_s)
    _show(made | {"notes": notes}, manner.fmt, planned=planned, waited=waited)
    if made["pending"] and not made["dry_run"] and not client.daemon:
        talk("no daemon is running: this is stored and goes out when `lightctl serve` starts")
    if waited:
        raise typer.Exit(exit_code(made))
    if manner.wait and planned and not made["dry_run"]:
        talk(f"not waiting: it begins at {local_time(made['start'])}; `lightctl override list` shows what came of it")


def _show(change: dict[str, Any], fmt: output.Format, *, planned: bool, waited: bool) -> None:
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
    for note in change["notes"]:
        talk(note)
    if change["dry_run"]:
        talk("nothing was changed (--dry-run)")
        return
    points = listed(change, waited=waited)
    shown = points[:SMALL] if output.on_terminal() else points
    output.show_list(shown, fmt, CHAIN if waited else VERDICTS)
    if len(shown) < len(points):
        talk(f"... and {len(points) - len(shown):,} more; -o json lists all")
