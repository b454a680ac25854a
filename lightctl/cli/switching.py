"""on, off, dim, resume, identify: hold a level, end it, or find the pole; and how far it got."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Annotated, Any

import typer

from lightctl.cli import options, output
from lightctl.cli.door import Door, with_door
from lightctl.cli.failures import ExitCode, Failure
from lightctl.cli.following import follow
from lightctl.cli.output import Column, count, local_time, percent, talk
from lightctl.cli.targets import described, target_of
from lightctl.cli.times import parse_coming, parse_duration, zone_of
from lightctl.domain.assets import FULL_LEVEL
from lightctl.domain.errors import InvalidInput

if TYPE_CHECKING:
    from lightctl.cli.client import Client

LEVEL, RESUME, IDENTIFY = "/v1/lights/level", "/v1/lights/resume", "/v1/lights/identify"
_SHOWN = 20

Words = Annotated[list[str] | None, typer.Argument(metavar="TARGET", help="Light points by id, or group:NAME.")]
Word = Annotated[str, typer.Argument(metavar="TARGET", help="Light point or group:NAME; none with -l or --ids.")]
Level = Annotated[str | None, typer.Argument(metavar="LEVEL", help="Percent, 0 to 100.")]
For = Annotated[str | None, typer.Option("--for", help="End after: 90s, 10m, 1h30m.", metavar="DURATION")]
Until = Annotated[
    str | None, typer.Option("--until", help="End at: HH:MM of the city's clock, or RFC 3339.", metavar="TIME")
]

_POINTS = (
    Column("ID", lambda point: point["id"]),
    Column("STATE", lambda point: point["state"]),
    Column("DETAIL", lambda point: point["detail"]),
)


def register(app: typer.Typer) -> None:
    """Add the verbs."""
    app.command("on", rich_help_panel="Switch")(on)
    app.command("off", rich_help_panel="Switch")(off)
    app.command("dim", rich_help_panel="Switch")(dim)
    app.command("resume", rich_help_panel="Switch")(resume)
    app.command("identify", rich_help_panel="Switch")(identify)


@with_door
def on(
    door: Door,
    words: Words = None,
    *,
    select: options.Select = None,
    ids: options.Ids = None,
    duration: For = None,
    until: Until = None,
    dry_run: options.DryRun = False,
    reason: options.Reason = "",
    yes: options.Yes = False,
    max_affected: options.MaxAffected = None,
    wait: options.Wait = False,
    timeout: options.Timeout = 60.0,
    fmt: options.Output = output.Format.TABLE,
) -> None:
    """Full light, for 30 minutes unless --for or --until says otherwise."""
    guard = options.guard(dry_run=dry_run, reason=reason, max_affected=max_affected)
    body = {"target": target_of(words or [], select, ids), "level": FULL_LEVEL} | guard
    _level(door, body, duration, until, _Manner(yes, wait, timeout, fmt))


@with_door
def off(
    door: Door,
    words: Words = None,
    *,
    select: options.Select = None,
    ids: options.Ids = None,
    duration: For = None,
    until: Until = None,
    dry_run: options.DryRun = False,
    reason: options.Reason = "",
    yes: options.Yes = False,
    max_affected: options.MaxAffected = None,
    wait: options.Wait = False,
    timeout: options.Timeout = 60.0,
    fmt: options.Output = output.Format.TABLE,
) -> None:
    """Light off, for 30 minutes unless --for or --until says otherwise; protections still hold."""
    guard = options.guard(dry_run=dry_run, reason=reason, max_affected=max_affected)
    body = {"target": target_of(words or [], select, ids), "level": 0} | guard
    _level(door, body, duration, until, _Manner(yes, wait, timeout, fmt))


@with_door
def dim(
    door: Door,
    word: Word,
    level: Level = None,
    *,
    select: options.Select = None,
    ids: options.Ids = None,
    duration: For = None,
    until: Until = None,
    dry_run: options.DryRun = False,
    reason: options.Reason = "",
    yes: options.Yes = False,
    max_affected: options.MaxAffected = None,
    wait: options.Wait = False,
    timeout: options.Timeout = 60.0,
    fmt: options.Output = output.Format.TABLE,
) -> None:
    """Hold a level (percent), for 30 minutes unless --for or --until says otherwise."""
    guard = options.guard(dry_run=dry_run, reason=reason, max_affected=max_affected)
    words, percentage = ([], word) if level is None else ([word], level)
    if level is None and select is None and ids is None:
        raise InvalidInput("LEVEL", "no level is given", hint="Write `lightctl dim TARGET LEVEL`, e.g. dim LP-0001 50.")
    body = {"target": target_of(words, select, ids), "level": _percent(percentage)} | guard
    _level(door, body, duration, until, _Manner(yes, wait, timeout, fmt))


@with_door
def resume(
    door: Door,
    words: Words = None,
    *,
    select: options.Select = None,
    ids: options.Ids = None,
    dry_run: options.DryRun = False,
    reason: options.Reason = "",
    yes: options.Yes = False,
    max_affected: options.MaxAffected = None,
    wait: options.Wait = False,
    timeout: options.Timeout = 60.0,
    fmt: options.Output = output.Format.TABLE,
) -> None:
    """End manual levels: follow the program again."""
    guard = options.guard(dry_run=dry_run, reason=reason, max_affected=max_affected)
    body = {"target": target_of(words or [], select, ids)} | guard
    with door.open() as client:
        _change(client, RESUME, body, _Manner(yes, wait, timeout, fmt))


@with_door
def identify(
    door: Door,
    words: Words = None,
    *,
    select: options.Select = None,
    ids: options.Ids = None,
    dry_run: options.DryRun = False,
    reason: options.Reason = "",
    yes: options.Yes = False,
    max_affected: options.MaxAffected = None,
    wait: options.Wait = False,
    timeout: options.Timeout = 60.0,
    fmt: options.Output = output.Format.TABLE,
) -> None:
    """Make a lamp show itself: it blinks and returns by itself."""
    guard = options.guard(dry_run=dry_run, reason=reason, max_affected=max_affected)
    body = {"target": target_of(words or [], select, ids)} | guard
    with door.open() as client:
        _change(client, IDENTIFY, body, _Manner(yes, wait, timeout, fmt))


class _Manner:
    """How a change is made: asked first, waited for, and written."""

    def __init__(self, yes: bool, wait: bool, timeout_s: float, fmt: output.Format) -> None:  # noqa: FBT001
        self.yes = yes
        self.wait = wait
        self.timeout_s = timeout_s
        self.fmt = fmt


def _level(door: Door, body: dict[str, Any], duration: str | None, until: str | None, manner: _Manner) -> None:
    if duration is not None and until is not None:
        raise InvalidInput("--for, --until", "both say when it ends", hint="Give one of them.")
    lasting = None if duration is None else parse_duration(duration, where="--for")
    with door.open() as client:
        if lasting is not None or until is not None:
            city = client.get("/v1/status")
            now = dt.datetime.fromisoformat(city["now"])
            end = (
                now + lasting
                if lasting
                else parse_coming(until or "", now, zone_of(city["time_zone"]), where="--until")
            )
            body["until"] = end.astimezone(dt.UTC).isoformat().replace("+00:00", "Z")
        _change(client, LEVEL, body, manner)


def _change(client: Client, path: str, body: dict[str, Any], manner: _Manner) -> None:
    if not body["dry_run"] and not manner.yes and output.interactive():
        plan = client.post(path, body | {"dry_run": True})
        lamps = count(plan["affected"], "lamp")
        if plan["affected"] > 1 and not output.confirm(f"This acts on {lamps} ({described(body['target'])}). Go on?"):
            raise Failure(output.CANCELLED, "nothing was changed", exit_code=ExitCode.FAILED)
    change = client.post(path, body)
    late = False
    if manner.wait and not change["dry_run"]:
        change, late = follow(client, change, manner.timeout_s)
    _show(change, manner.fmt)
    if change["pending"] and not change["dry_run"] and not client.daemon:
        talk("no daemon is running: this is stored and goes out when `lightctl serve` starts")
    if manner.wait and not change["dry_run"]:
        raise typer.Exit(_exit_code(change, late=late))


def _show(change: dict[str, Any], fmt: output.Format) -> None:
    if fmt is not output.Format.TABLE:
        if fmt is output.Format.JSON:
            output.show_one(change, fmt, ())
        else:
            output.show_list(change["points"], fmt, ())
        return
    level = "" if change.get("level") is None else f" to {percent(change['level'])}"
    until = "" if not change.get("until") else f" until {local_time(change['until'])}"
    done = "would act on" if change["dry_run"] else "accepted for"
    parts = ", ".join(
        f"{change[state]:,} {state}" for state in ("confirmed", "pending", "failed", "expired") if change[state]
    )
    tail = f": {parts}" if parts and not change["dry_run"] else ""
    output.write(f"{done} {count(change['affected'], 'lamp')}{level}{until}{tail}")
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


def _percent(text: str) -> int:
    number = text.removesuffix("%")
    if not (number.isascii() and number.isdigit() and int(number) <= FULL_LEVEL):
        raise InvalidInput(
            "LEVEL", f"{text!r} is not a level", hint="Write a whole percent from 0 to 100, after the target."
        )
    return int(number)
