"""rollout start|list|status|pause|resume|undo: schedules brought to the street in waves, each of them watched."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Annotated, Any

import typer

from lightctl.cli import options, output
from lightctl.cli.door import Door, with_door
from lightctl.cli.failures import ExitCode, Failure
from lightctl.cli.output import Format, Json, count, show_list, talk
from lightctl.cli.rollout_tables import LIST, WAVES, show_rollout
from lightctl.cli.schedule import refuse
from lightctl.cli.schedule_change import Sheets, plan_or_files, post_or_explain, show_plan
from lightctl.cli.targets import segment
from lightctl.cli.times import parse_duration
from lightctl.domain.rollouts import OnFailure

if TYPE_CHECKING:
    from lightctl.cli.client import Client

PATH = "/v1/rollouts"
POLL_S = 1.0

Canary = Annotated[str, typer.Option("--canary", help="How many nodes move first: 1%, or a number.", metavar="SHARE")]
Waves = Annotated[
    str, typer.Option("--waves", help="How many have moved after each wave; the last is always all.", metavar="SHARES")
]
WindowOption = Annotated[
    str | None,
    typer.Option("--window", help="When nodes may move, by the city's clock: 22:00-05:00.", metavar="FROM-TO"),
]
MaxFailures = Annotated[
    str, typer.Option("--max-failures", help="Share of those that moved that may fail.", metavar="PERCENT")
]
NewMaxFailures = Annotated[
    str | None, typer.Option("--max-failures", help="Allow another share from now on.", metavar="PERCENT")
]
Reaction = Annotated[OnFailure, typer.Option("--on-failure", help="What to do by itself when more fail.")]
Soak = Annotated[str, typer.Option("--soak", help="How long each wave is watched: 10m, 24h.", metavar="DURATION")]
Pace = Annotated[int, typer.Option("--pace", min=1, max=100_000, help="Nodes a second and feeder.")]
RolloutId = Annotated[
    str | None, typer.Argument(metavar="ID", help="Which roll-out; the newest if not given.", show_default=False)
]
Wait = Annotated[bool, typer.Option("--wait", help="Wait until it is over or paused.", rich_help_panel=options.WRITING)]
Timeout = Annotated[
    float, typer.Option("--timeout", min=0, help="Seconds to wait with --wait.", rich_help_panel=options.WRITING)
]


def register(app: typer.Typer) -> None:
    """Add the noun."""
    noun = typer.Typer(no_args_is_help=True, help="Roll-outs: bring schedules to the street in waves.")
    noun.command("start")(start)
    noun.command("list")(list_)
    noun.command("status")(status)
    noun.command("pause")(pause)
    noun.command("resume")(resume)
    noun.command("undo")(undo)
    app.add_typer(noun, name="rollout", rich_help_panel="Plan")


@with_door
def start(
    door: Door,
    files: Sheets,
    *,
    canary: Canary = "1%",
    waves: Waves = "10%,50%,100%",
    window: WindowOption = None,
    max_failures: MaxFailures = "5%",
    on_failure: Reaction = OnFailure.PAUSE,
    soak: Soak = "10m",
    pace: Pace = 10,
    dry_run: options.DryRun = False,
    reason: options.Reason = "",
    yes: options.Yes = False,
    max_affected: options.MaxAffected = None,
    accept_losses: options.AcceptLosses = False,
    wait: Wait = False,
    timeout: Timeout = 86_400.0,
    fmt: options.Output = Format.TABLE,
) -> None:
    """Bring schedule files, or a plan made of them, to the street in waves; they are in force once all have moved."""
    body = plan_or_files(files) | options.guard(dry_run=dry_run, reason=reason, max_affected=max_affected)
    body |= {
        "canary": canary,
        "waves": [share.strip() for share in waves.split(",")],
        "max_failures": max_failures,
        "on_failure": on_failure.value,
        "soak_s": parse_duration(soak, where="--soak").total_seconds(),
        "pace": pace,
        "accept_losses": accept_losses,
    }
    body |= {} if window is None else {"window": window}
    with door.open() as client:
        view = _begin(client, body, yes=yes, fmt=fmt)
        _end(client, view, fmt, wait=wait, timeout_s=timeout)


@with_door
def list_(door: Door, *, limit: options.Limit = 100, fmt: options.Output = Format.TABLE) -> None:
    """List roll-outs, the newest first."""
    with door.open() as client:
        found = client.get(PATH, limit=limit)
    show_list(found, fmt, LIST, empty="no roll-out yet")


@with_door
def status(door: Door, rollout: RolloutId = None, *, fmt: options.Output = Format.TABLE) -> None:
    """Show a roll-out wave by wave, and name the nodes that failed."""
    with door.open() as client:
        show_rollout(client.get(f"{PATH}/{segment(_named(client, rollout))}"), fmt)


@with_door
def pause(
    door: Door,
    rollout: RolloutId = None,
    *,
    dry_run: options.DryRun = False,
    reason: options.Reason = "",
    yes: options.Yes = False,
    fmt: options.Output = Format.TABLE,
) -> None:
    """Move nobody further for now; those that have moved stay."""
    with door.open() as client:
        body = {"dry_run": dry_run, "reason": reason}
        show_rollout(_say(client, rollout, "pause", body, yes=yes), fmt)


@with_door
def resume(
    door: Door,
    rollout: RolloutId = None,
    *,
    max_failures: NewMaxFailures = None,
    dry_run: options.DryRun = False,
    reason: options.Reason = "",
    yes: options.Yes = False,
    wait: Wait = False,
    timeout: Timeout = 86_400.0,
    fmt: options.Output = Format.TABLE,
) -> None:
    """Go on with a paused roll-out; the wave at work is watched anew."""
    body: dict[str, Any] = {"dry_run": dry_run, "reason": reason}
    body |= {} if max_failures is None else {"max_failures": max_failures}
    with door.open() as client:
        _end(client, _say(client, rollout, "resume", body, yes=yes), fmt, wait=wait, timeout_s=timeout)


@with_door
def undo(
    door: Door,
    rollout: RolloutId = None,
    *,
    dry_run: options.DryRun = False,
    reason: options.Reason = "",
    yes: options.Yes = False,
    fmt: options.Output = Format.TABLE,
) -> None:
    """Take every lamp that has moved back to the schedules in force."""
    with door.open() as client:
        body = {"dry_run": dry_run, "reason": reason}
        show_rollout(_say(client, rollout, "undo", body, yes=yes), fmt)


def _begin(client: Client, body: dict[str, Any], *, yes: bool, fmt: Format) -> Json:
    """Show what a roll-out would do and ask, then start it."""
    if not body["dry_run"] and not yes and output.interactive():
        _ask(client, body, fmt)
    return post_or_explain(client, PATH, body, fmt)


def _ask(client: Client, body: dict[str, Any], fmt: Format) -> None:
    planning: dict[str, Any] = {key: body[key] for key in ("files", "max_affected", "accept_losses") if key in body}
    planned = client.post("/v1/schedules/plan", planning)
    if not planned["ok"]:
        refuse("the schedules have errors; nothing was started", planned, fmt)
    show_plan(planned)
    first = client.post(PATH, body | {"dry_run": True})
    show_list(first["waves"], Format.TABLE, WAVES)
    if not output.confirm(f"Roll this out to {count(first['nodes'], 'node')}?"):
        raise Failure(output.CANCELLED, "nothing was started", exit_code=ExitCode.FAILED)


def _say(client: Client, rollout: str | None, verb: str, body: dict[str, Any], *, yes: bool) -> Json:
    name = _named(client, rollout)
    path = f"{PATH}/{segment(name)}/{verb}"
    if not body["dry_run"] and not yes and output.interactive():
        first = client.post(path, body | {"dry_run": True})
        moved = f"{first['moved']:,} of {count(first['nodes'], 'node')} moved"
        if not output.confirm(f"{verb.capitalize()} roll-out {name}, {moved}?"):
            raise Failure(output.CANCELLED, "nothing was changed", exit_code=ExitCode.FAILED)
    found: Json = client.post(path, body)
    return found


def _named(client: Client, rollout: str | None) -> str:
    if rollout is not None:
        return rollout
    newest = client.get(PATH, limit=1)
    if not newest:
        raise Failure("unknown_target", "no roll-out yet", exit_code=ExitCode.NOT_FOUND)
    return str(newest[0]["id"])


def _end(client: Client, view: Json, fmt: Format, *, wait: bool, timeout_s: float) -> None:
    if not wait or view["dry_run"]:
        show_rollout(view, fmt)
        if view["state"] == "running" and not client.daemon:
            talk("no daemon runs: it begins when one does")
        return
    until = time.monotonic() + timeout_s
    said = ""
    while view["state"] == "running" and client.daemon and time.monotonic() < until:
        said = _progress(view, said)
        time.sleep(POLL_S)
        view = client.get(f"{PATH}/{segment(view['id'])}")
    show_rollout(view, fmt)
    if view["state"] == "running":
        talk("no longer waiting; the roll-out goes on")
        raise typer.Exit(ExitCode.UNREACHABLE)
    if view["state"] != "done":
        raise typer.Exit(ExitCode.FAILED)
    if view["failed"]:
        raise typer.Exit(ExitCode.PARTLY)


def _progress(view: Json, said: str) -> str:
    """Say how far it got, where that is news."""
    text = f"{view['moved']:,} of {view['nodes']:,} moved, {view['followed']:,} followed, {view['failed']:,} failed"
    text += f"; waits for {view['waits_for']}" if view["waits_for"] else ""
    if text != said:
        talk(text)
    return text
