"""fault ack|silence|unsilence|silences: who deals with a fault, and what nobody wants to hear for a while."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from lightctl.cli import options, output
from lightctl.cli.door import Door, with_door
from lightctl.cli.failures import ExitCode
from lightctl.cli.fault_table import LIST, SILENCES
from lightctl.cli.output import Format, Json, count, local_time, talk
from lightctl.cli.targets import described, target_of
from lightctl.cli.times import city_clock, parse_coming, parse_lasting, rfc_3339
from lightctl.domain.errors import InvalidInput

if TYPE_CHECKING:
    from lightctl.cli.client import Client

MARKS = "/v1/faults"
SILENCE = "silence-"

Numbers = Annotated[list[int], typer.Argument(metavar="ID", min=1, help="Faults, as `fault list` numbers them.")]
Words = Annotated[
    list[str] | None,
    typer.Argument(metavar="ID|TARGET", help="Faults by number; with --event light points by id, or group:NAME."),
]
Names = Annotated[list[str], typer.Argument(metavar="ID", help="Faults by number, or silences by name.")]
Event = Annotated[str | None, typer.Option("--event", help="Keep this event quiet at a target, whatever opens there.")]
For = Annotated[str | None, typer.Option("--for", help="For how long: 90m, 8h, 2d.", metavar="DURATION")]
Until = Annotated[
    str | None, typer.Option("--until", help="Until: HH:MM of the city's clock, or RFC 3339.", metavar="TIME")
]
Ended = Annotated[bool, typer.Option("--ended", help="Also those that are over.")]


def register(noun: typer.Typer) -> None:
    """Add the verbs."""
    noun.command("ack")(fault_ack)
    noun.command("silence")(fault_silence)
    noun.command("unsilence")(fault_unsilence)
    noun.command("silences")(fault_silences)


@with_door
def fault_ack(
    door: Door,
    ids: Numbers,
    *,
    dry_run: options.DryRun = False,
    reason: options.Reason = "",
    yes: options.Yes = False,
    fmt: options.Output = Format.TABLE,
) -> None:
    """Say that you take faults on; --reason is the note that others read."""
    del yes  # nothing is switched by it: nobody is asked
    with door.open() as client:
        marked = client.post(f"{MARKS}/acknowledge", {"ids": ids, "dry_run": dry_run, "reason": reason})
    _show(marked, fmt, "acknowledged")


@with_door
def fault_silence(
    door: Door,
    words: Words = None,
    *,
    event: Event = None,
    select: options.Select = None,
    ids: options.Ids = None,
    duration: For = None,
    until: Until = None,
    dry_run: options.DryRun = False,
    reason: options.Reason = "",
    yes: options.Yes = False,
    fmt: options.Output = Format.TABLE,
) -> None:
    """Keep faults by number, or an --event at a target, from being alarms --for a while, or --until a time."""
    del yes
    body: dict[str, Any] = {"dry_run": dry_run, "reason": reason}
    if event is not None:
        body |= {"event": event, "target": target_of(words or [], select, ids)}
    elif select is not None or ids is not None:
        raise InvalidInput("--event", "is missing: which fault at these light points?", hint="--event lampPowerTooLow.")
    else:
        body["ids"] = _numbers(words or [])
    with door.open() as client:
        body["until"] = rfc_3339(_end(client, duration, until))
        marked = client.post(f"{MARKS}/silence", body)
    if event is not None and fmt is Format.TABLE:
        silence = marked["silence"]
        done = "would be" if dry_run else "is"
        where = described(body["target"])
        output.write(
            f"{silence['id']}: {silence['event']} at {where} {done} quiet until {local_time(silence['until'])}"
        )
    _show(marked, fmt, "silenced")


@with_door
def fault_unsilence(
    door: Door,
    names: Names,
    *,
    dry_run: options.DryRun = False,
    reason: options.Reason = "",
    yes: options.Yes = False,
    fmt: options.Output = Format.TABLE,
) -> None:
    """Let faults be alarms again: by number, or by the silence that keeps them quiet."""
    del yes
    silences = [name for name in names if name.startswith(SILENCE)]
    numbers = _numbers([name for name in names if not name.startswith(SILENCE)]) if len(silences) < len(names) else []
    body: dict[str, Any] = {"dry_run": dry_run, "reason": reason}
    body |= {"ids": numbers} if numbers else {}
    body |= {"silences": silences} if silences else {}
    with door.open() as client:
        marked = client.post(f"{MARKS}/unsilence", body)
    if fmt is Format.TABLE:
        for each in marked["ended"]:
            output.write(
                f"{each['id']}: {each['event']} at {each['target']} {'would count' if dry_run else 'counts'} again"
            )
    _show(marked, fmt, "alarms again")


@with_door
def fault_silences(
    door: Door, *, ended: Ended = False, limit: options.Limit = 100, fmt: options.Output = Format.TABLE
) -> None:
    """List events that are kept quiet at a target, the newest first."""
    with door.open() as client:
        found = client.get("/v1/silences", ended="true" if ended else None, limit=limit)
    output.show_list(found, fmt, SILENCES, empty="no silences" if ended else "no silence holds")


def _show(marked: Json, fmt: Format, what: str) -> None:
    if fmt is Format.JSON:
        output.show_one(marked, fmt, ())
    elif fmt is not Format.TABLE or marked["faults"]:
        output.show_list(marked["faults"], fmt, LIST)
    if fmt is Format.TABLE and marked["faults"] and not marked["dry_run"]:
        talk(f"{count(len(marked['faults']), 'fault')} {what}")
    for each in marked["unchanged"]:
        talk(f"fault {each['id']} {each['why']}; it was left as it is")
    if marked["dry_run"]:
        talk("nothing was changed (--dry-run)")
    if marked["unchanged"]:
        raise typer.Exit(ExitCode.PARTLY)


def _numbers(words: Sequence[str]) -> list[int]:
    if not words:
        raise InvalidInput("ID", "nothing to act on", hint="Name faults by number, or --event and a target.")
    wrong = [word for word in words if not (word.isascii() and word.isdigit() and 0 < int(word) < 2**63)]
    if wrong:
        hint = "Faults have numbers (`lightctl fault list`); light points are named together with --event."
        raise InvalidInput("ID", f"{wrong[0][:80]!r} is no fault's number", hint=hint)
    return [int(word) for word in dict.fromkeys(words)]


def _end(client: Client, duration: str | None, until: str | None) -> dt.datetime:
    lasting = parse_lasting(duration, until)
    if lasting is None and until is None:
        raise InvalidInput("--for, --until", "there is no end", hint="Give one of them: nothing stays silent for ever.")
    now, zone = city_clock(client)
    return parse_coming(until or "", now, zone, where="--until") if lasting is None else now + lasting
