"""on, off, dim, resume, identify: hold a level, end it, or find the pole; and how far it got."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from lightctl.cli import options, output
from lightctl.cli.changing import Manner, change
from lightctl.cli.door import Door, with_door
from lightctl.cli.targets import described, target_of
from lightctl.cli.times import city_clock, parse_coming, parse_lasting, rfc_3339
from lightctl.domain.assets import FULL_LEVEL
from lightctl.domain.errors import InvalidInput

LEVEL, RESUME, IDENTIFY = "/v1/lights/level", "/v1/lights/resume", "/v1/lights/identify"

Words = Annotated[list[str] | None, typer.Argument(metavar="TARGET", help="Light points by id, or group:NAME.")]
Word = Annotated[str, typer.Argument(metavar="TARGET", help="Light point or group:NAME; none with -l or --ids.")]
Level = Annotated[str | None, typer.Argument(metavar="LEVEL", help="Percent, 0 to 100.")]
From = Annotated[
    str | None,
    typer.Option("--from", help="Begin at: HH:MM of the city's clock, or RFC 3339; default now.", metavar="TIME"),
]
For = Annotated[
    str | None, typer.Option("--for", help="End so long after it began: 90s, 10m, 1h30m.", metavar="DURATION")
]
Until = Annotated[
    str | None, typer.Option("--until", help="End at: HH:MM of the city's clock, or RFC 3339.", metavar="TIME")
]


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
    start: From = None,
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
    _level(door, body, (start, duration, until), Manner(yes, wait, timeout, fmt))


@with_door
def off(
    door: Door,
    words: Words = None,
    *,
    select: options.Select = None,
    ids: options.Ids = None,
    start: From = None,
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
    _level(door, body, (start, duration, until), Manner(yes, wait, timeout, fmt))


@with_door
def dim(
    door: Door,
    word: Word,
    level: Level = None,
    *,
    select: options.Select = None,
    ids: options.Ids = None,
    start: From = None,
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
    _level(door, body, (start, duration, until), Manner(yes, wait, timeout, fmt))


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
        change(client, RESUME, body, described(body["target"]), Manner(yes, wait, timeout, fmt))


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
        change(client, IDENTIFY, body, described(body["target"]), Manner(yes, wait, timeout, fmt))


def _level(door: Door, body: dict[str, Any], times: tuple[str | None, str | None, str | None], manner: Manner) -> None:
    start, duration, until = times
    lasting = parse_lasting(duration, until)
    with door.open() as client:
        if any(times):
            now, zone = city_clock(client)
            begin = parse_coming(start, now, zone, where="--from") if start is not None else now
            if start is not None:
                body["start"] = rfc_3339(begin)
            if until is not None:
                body["until"] = rfc_3339(parse_coming(until, max(begin, now), zone, where="--until"))
            elif lasting is not None:
                body["until"] = rfc_3339(begin + lasting)
        change(client, LEVEL, body, described(body["target"]), manner)


def _percent(text: str) -> int:
    number = text.removesuffix("%")
    if not (number.isascii() and number.isdigit() and int(number) <= FULL_LEVEL):
        raise InvalidInput(
            "LEVEL", f"{text!r} is not a level", hint="Write a whole percent from 0 to 100, after the target."
        )
    return int(number)
