"""maintenance start|list|stop: a crew works on a circuit; its alarms are kept back, its light is as it needs it."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from lightctl.cli import options, output
from lightctl.cli.changing import Manner, change
from lightctl.cli.door import Door, with_door
from lightctl.cli.output import Column, Format, Json, local_time, percent
from lightctl.cli.targets import described, one_id, target_of
from lightctl.cli.times import city_clock, parse_coming, parse_lasting, rfc_3339
from lightctl.domain.assets import FULL_LEVEL
from lightctl.domain.errors import InvalidInput

MAINTENANCES = "/v1/maintenances"

Words = Annotated[list[str] | None, typer.Argument(metavar="TARGET", help="Light points by id, or group:NAME.")]
Names = Annotated[list[str], typer.Argument(metavar="ID", help="Maintenances, as `maintenance list` names them.")]
For = Annotated[
    str | None, typer.Option("--for", help="End after: 90m, 4h, 1h30m; 4h unless said.", metavar="DURATION")
]
Until = Annotated[
    str | None, typer.Option("--until", help="End at: HH:MM of the city's clock, or RFC 3339.", metavar="TIME")
]
Level = Annotated[
    int | None, typer.Option("--level", min=0, max=FULL_LEVEL, help="Hold this level, percent.", metavar="N")
]
On = Annotated[bool, typer.Option("--on", help="Hold full light, by day too.")]
Off = Annotated[bool, typer.Option("--off", help="Hold the lamps off; protections still hold.")]
Below = Annotated[bool, typer.Option("--below-protection", help="Let the level go below protections.")]
Ended = Annotated[bool, typer.Option("--ended", help="Also those that are over.")]


def _style(each: Json) -> str:
    return "yellow" if each["running"] else "dim"


def _level(each: Json) -> str:
    if each["level"] is None:
        return "as it is"
    return percent(each["level"]) + (" (below protection)" if each["below_protection"] else "")


def _ended(each: Json) -> str:
    if each["running"]:
        return ""
    by = f" by {each['ended_by']}" if each["ended_by"] else " by itself"
    return local_time(each["ended_at"] or each["until"]) + by


_LIST = (
    Column("ID", lambda each: each["id"], _style),
    Column("TARGET", lambda each: each["target"]),
    Column("LIGHTS", lambda each: f"{each['light_points']:,}", right=True),
    Column("LEVEL", _level),
    Column("FROM", lambda each: local_time(each["start"])),
    Column("UNTIL", lambda each: local_time(each["until"])),
    Column("ENDED", _ended),
    Column("USER", lambda each: each["user"]),
    Column("REASON", lambda each: each["reason"]),
)


def register(app: typer.Typer) -> None:
    """Add the noun."""
    noun = typer.Typer(no_args_is_help=True, help="Maintenance: a crew at work, without alarms, always with an end.")
    noun.command("start")(maintenance_start)
    noun.command("list")(maintenance_list)
    noun.command("stop")(maintenance_stop)
    app.add_typer(noun, name="maintenance", rich_help_panel="Switch")


@with_door
def maintenance_start(
    door: Door,
    words: Words = None,
    *,
    select: options.Select = None,
    ids: options.Ids = None,
    duration: For = None,
    until: Until = None,
    level: Level = None,
    on: On = False,
    off: Off = False,
    below_protection: Below = False,
    dry_run: options.DryRun = False,
    reason: options.Reason = "",
    yes: options.Yes = False,
    max_affected: options.MaxAffected = None,
    wait: options.Wait = False,
    timeout: options.Timeout = 60.0,
    fmt: options.Output = Format.TABLE,
) -> None:
    """Keep back the alarms of lamps on which a crew works and, if asked, hold their level; needs a --reason."""
    body: dict[str, Any] = {"target": target_of(words or [], select, ids), "below_protection": below_protection}
    body |= options.guard(dry_run=dry_run, reason=_reasoned(reason), max_affected=max_affected)
    wanted = _wanted(level, on=on, off=off)
    if wanted is not None:
        body["level"] = wanted
    lasting = parse_lasting(duration, until)
    with door.open() as client:
        if lasting is not None or until is not None:
            now, zone = city_clock(client)
            end = now + lasting if lasting is not None else parse_coming(until or "", now, zone, where="--until")
            body["until"] = rfc_3339(end)
        change(client, MAINTENANCES, body, described(body["target"]), Manner(yes, wait, timeout, fmt))


@with_door
def maintenance_list(
    door: Door, *, ended: Ended = False, limit: options.Limit = 100, fmt: options.Output = Format.TABLE
) -> None:
    """List maintenances that run, the newest first."""
    with door.open() as client:
        found = client.get(MAINTENANCES, ended="true" if ended else None, limit=limit)
    output.show_list(found, fmt, _LIST, empty="no maintenance" if ended else "no maintenance is running")


@with_door
def maintenance_stop(
    door: Door,
    ids: Names,
    *,
    dry_run: options.DryRun = False,
    reason: options.Reason = "",
    yes: options.Yes = False,
    max_affected: options.MaxAffected = None,
    wait: options.Wait = False,
    timeout: options.Timeout = 60.0,
    fmt: options.Output = Format.TABLE,
) -> None:
    """End maintenances before their time: lamps follow their program again, what is still wrong becomes an alarm."""
    names = [one_id(each) for each in ids]
    body = {"ids": names} | options.guard(dry_run=dry_run, reason=reason, max_affected=max_affected)
    with door.open() as client:
        change(client, f"{MAINTENANCES}/stop", body, ", ".join(names), Manner(yes, wait, timeout, fmt))


def _reasoned(reason: str) -> str:
    if not reason.strip():
        raise InvalidInput("--reason", "a maintenance needs one", hint='Say who works on what: --reason "cable works".')
    return reason


def _wanted(level: int | None, *, on: bool, off: bool) -> int | None:
    if (level is not None) + on + off > 1:
        raise InvalidInput("--level, --on, --off", "more than one of them is given", hint="Give one, or none.")
    if on or off:
        return FULL_LEVEL if on else 0
    return level
