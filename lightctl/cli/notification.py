"""notification list|test: who is told about faults, whether that works, and a message to try it."""

from __future__ import annotations

from typing import Annotated

import typer

from lightctl.cli import options, output
from lightctl.cli.door import Door, with_door
from lightctl.cli.failures import ExitCode
from lightctl.cli.output import Column, Format, Json, local_time, talk
from lightctl.cli.targets import one_id, segment

TARGETS = "/v1/notifications"
Name = Annotated[str, typer.Argument(metavar="NAME", help="The target, as settings call it: [notifications.NAME].")]


def _state(each: Json) -> str:
    if each["failing_since"]:
        return f"failing since {local_time(each['failing_since'])}"
    return f"last told {local_time(each['last_success_at'])}" if each["last_success_at"] else "nothing told yet"


def _style(each: Json) -> str:
    return "red" if each["failing_since"] else "green"


def _about(each: Json) -> str:
    when = f", {each['hours']}" if each["hours"] else ""
    digest = f", every {each['digest_minutes']} min" if each["digest_minutes"] else ""
    return f"{'/'.join(each['severities'])} at {each['select']}{when}{digest}"


_LIST = (
    Column("NAME", lambda each: each["name"], _style),
    Column("TYPE", lambda each: each["type"]),
    Column("WHERE", lambda each: each["where"]),
    Column("ABOUT", _about),
    Column("WAITING", lambda each: f"{each['waiting']:,}", right=True),
    Column("STATE", _state, _style),
    Column("WHY", lambda each: each["why"]),
    Column("NEXT TRY", lambda each: local_time(each["next_at"])),
    Column("GIVEN UP", lambda each: f"{each['given_up']:,}" if each["given_up"] else "", right=True),
)
_TRIAL = (
    Column("target", lambda trial: f"{trial['name']} ({trial['type']}, {trial['where']})"),
    Column(
        "result",
        lambda trial: {None: "not sent", True: "taken", False: "NOT taken"}[trial["ok"]],
        lambda trial: "red" if trial["ok"] is False else "green",
    ),
    Column("said", lambda trial: trial["said"] if trial["ok"] is not None else ""),
    Column("id", lambda trial: trial["id"]),
    Column("body", lambda trial: trial["body"] if trial["dry_run"] else ""),
)


def register(app: typer.Typer) -> None:
    """Add the noun."""
    noun = typer.Typer(no_args_is_help=True, help="Notifications: who is told about faults, and whether that works.")
    noun.command("list")(notification_list)
    noun.command("test")(notification_test)
    app.add_typer(noun, name="notification", rich_help_panel="Run")


@with_door
def notification_list(door: Door, *, fmt: options.Output = Format.TABLE) -> None:
    """List the targets that are told about faults, when each last was, and what is in the way."""
    with door.open() as client:
        found = client.get(TARGETS)
        daemon = client.daemon
    output.show_list(found, fmt, _LIST, empty="nobody is told: settings have no [notifications.NAME]")
    if found and not daemon:
        talk("no daemon is running: nobody is told anything until `lightctl serve` starts")


@with_door
def notification_test(
    door: Door,
    name: Name,
    *,
    dry_run: options.DryRun = False,
    reason: options.Reason = "",
    yes: options.Yes = False,
    fmt: options.Output = Format.TABLE,
) -> None:
    """Send a test message now; exit 1 when the target does not take it."""
    del yes  # a test harms nobody
    with door.open() as client:
        trial = client.post(f"{TARGETS}/{segment(one_id(name, 'NAME'))}/test", {"dry_run": dry_run, "reason": reason})
    output.show_one(trial, fmt, _TRIAL)
    if trial["ok"] is False:
        talk("fix it, then try again; `lightctl notification list` shows what waits meanwhile")
        raise typer.Exit(ExitCode.FAILED)
