"""schedule history|diff|proposals: what was in force when, what differs, and what waits for a second person."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from lightctl.cli import options, output
from lightctl.cli.door import Door, with_door
from lightctl.cli.failures import ExitCode
from lightctl.cli.output import Column, Format, Json, local_time, show_list, talk
from lightctl.cli.schedule import finding_rows, refuse
from lightctl.cli.sheets import schedule_texts
from lightctl.domain.errors import InvalidInput

if TYPE_CHECKING:
    from lightctl.cli.client import Client
    from lightctl.domain.programs import Intent

Files = Annotated[
    list[str] | None, typer.Argument(metavar="FILE...", help="Schedule files to hold against what is in force.")
]
From = Annotated[int | None, typer.Option("--from", min=0, help="The version on the left; 0 is none at all.")]
To = Annotated[int | None, typer.Option("--to", min=1, help="The version on the right.")]
ExitCodeOption = Annotated[bool, typer.Option("--exit-code", help="End with 7 when something differs.")]

_VERB_STYLES = {"added": "green", "changed": "yellow", "removed": "red"}

_VERSIONS = (
    Column("VERSION", lambda each: str(each["version"]), right=True),
    Column("", lambda each: "in force" if each["in_force"] else ""),
    Column("APPLIED", lambda each: local_time(each["applied_at"])),
    Column("USER", lambda each: each["user"]),
    Column("CAUSE", lambda each: each["cause"]),
    Column("LAMPS", lambda each: "-" if each["affected"] is None else str(each["affected"]), right=True),
    Column("APPROVED BY", lambda each: each["approved_by"]),
    Column("REASON", lambda each: each["reason"]),
)
_PROPOSALS = (
    Column("PLAN", lambda each: each["plan"]),
    Column("PROPOSED", lambda each: local_time(each["proposed_at"])),
    Column("USER", lambda each: each["user"]),
    Column(
        "APPROVED BY",
        lambda each: each["approved_by"] or "waiting",
        lambda each: "green" if each["approved_by"] else "yellow",
    ),
    Column("GUARD RAILS", lambda each: "; ".join(guard["detail"] for guard in each["guards"])),
    Column("REASON", lambda each: each["reason"]),
)
_DIFFERENCES = (
    Column("KIND", lambda each: each["kind"]),
    Column("NAME", lambda each: each["name"]),
    Column("", lambda each: each["verb"], lambda each: _VERB_STYLES[each["verb"]]),
    Column("WHAT", lambda each: "; ".join(each["words"])),
)


def register(noun: typer.Typer) -> None:
    """Add the commands to the noun `schedule`."""
    noun.command("diff")(diff)
    noun.command("history")(history)
    noun.command("proposals")(proposals)


@with_door
def history(door: Door, *, limit: options.Limit = 100, fmt: options.Output = Format.TABLE) -> None:
    """List the versions of the schedules: when, by whom, why; the newest first."""
    with door.open() as client:
        versions = client.get("/v1/schedules/versions", limit=limit)
    show_list(versions, fmt, _VERSIONS, empty="no schedules yet: every lamp is lit from sunset to sunrise")


@with_door
def proposals(door: Door, *, fmt: options.Output = Format.TABLE) -> None:
    """List the plans that a guard rail stopped and that a second person may approve."""
    with door.open() as client:
        found = client.get("/v1/schedules/proposals")
    show_list(found, fmt, _PROPOSALS, empty="no plan waits for a second person")


@with_door
def diff(
    door: Door,
    files: Files = None,
    *,
    older: From = None,
    newer: To = None,
    exit_code: ExitCodeOption = False,
    fmt: options.Output = Format.TABLE,
) -> None:
    """Show what differs: files against what is in force, or one version against another (the last two)."""
    from lightctl.planning.differences import differences  # noqa: PLC0415 - start-up stays short

    if files and newer is not None:
        raise InvalidInput("--to, FILE...", "both are the right side", hint="Give one of them.")
    with door.open() as client:
        current = client.get("/v1/schedules")["version"]
        right = _read(schedule_texts(files), fmt) if files else _version(client, current if newer is None else newer)
        if older is None:
            older = current if files else max(0, (current if newer is None else newer) - 1)
        left = _version(client, older)
    found = [
        {"kind": each.kind, "name": each.name, "verb": each.verb, "words": list(each.words)}
        for each in differences(left, right)
    ]
    if fmt is Format.TABLE:
        show_list(found, fmt, _DIFFERENCES)
        talk("" if found else "nothing differs")
    else:
        output.show_one({"differences": found}, fmt, (), found)
    if found and exit_code:
        raise typer.Exit(ExitCode.DIFFERENT)


def _version(client: Client, version: int) -> Intent:
    files: Json = client.get("/v1/schedules", version=version)["files"] if version else {}
    return _read(dict(files), Format.TABLE)


def _read(texts: dict[str, str], fmt: Format) -> Intent:
    from lightctl.files.schedules import read_schedules  # noqa: PLC0415 - start-up stays short

    read = read_schedules(texts)
    if read.errors:
        found = {"errors": finding_rows(read.errors), "warnings": finding_rows(read.warnings)}
        refuse("the schedules have errors", found, fmt)
    return read.intent
