"""override list|show|clear: the levels people hold by hand, which of them counts, what comes after, and their end."""

from __future__ import annotations

from typing import Annotated

import typer

from lightctl.cli import options, output
from lightctl.cli.changing import Manner, change
from lightctl.cli.door import Door, with_door
from lightctl.cli.failures import ExitCode, Failure
from lightctl.cli.output import Column, Format, Json, count, local_time, percent
from lightctl.cli.targets import one_id, segment, target_of
from lightctl.domain.errors import InvalidInput

OVERRIDES, CLEAR = "/v1/overrides", "/v1/overrides/clear"
_STYLES = {"in_force": "green", "waiting": "cyan", "outvoted": "yellow", "ended": "dim", "expired": "dim"}

Word = Annotated[
    str | None, typer.Argument(metavar="TARGET", help="Only those that concern this light point or group:NAME.")
]
Id = Annotated[str, typer.Argument(metavar="ID", help="The override.")]
Ids = Annotated[list[str] | None, typer.Argument(metavar="ID", help="Overrides by id; none with --all.")]
Ended = Annotated[bool, typer.Option("--ended", help="Also those that are over.")]
All = Annotated[bool, typer.Option("--all", help="Every override there is.")]


def _style(each: Json) -> str:
    return _STYLES[each["state"]]


def _state(each: Json) -> str:
    return f"outvoted by {', '.join(each['outvoted_by'])}" if each["state"] == "outvoted" else str(each["state"])


def _over(each: Json) -> str:
    by = f" by {each['ended_by']}" if each["ended_by"] else ""
    return f"{local_time(each['ended_at'])}{by}" if each["ended_at"] else ""


def _due(due: Json | None) -> str:
    if due is None:
        return ""
    words = [due["ref"]] if due["reason"] == "override" else [due["reason"], due["ref"]]
    return f"{percent(due['level'])} ({' '.join(filter(None, words))})"


_LIST = (
    Column("ID", lambda each: each["id"]),
    Column("TARGET", lambda each: each["target"]),
    Column("LEVEL", lambda each: percent(each["level"]), right=True),
    Column("STATE", _state, _style),
    Column("FROM", lambda each: local_time(each["start"])),
    Column("UNTIL", lambda each: local_time(each["until"])),
    Column("LAMPS", lambda each: f"{each['lamps']:,}", right=True),
    Column("USER", lambda each: each["user"]),
    Column("REASON", lambda each: each["reason"]),
    Column("ENDED", _over),
)
_SHOW = (
    Column("override", lambda each: each["id"]),
    Column("target", lambda each: f"{each['target']} ({each['scope'].replace('_', ' ')})"),
    Column("level", lambda each: percent(each["level"])),
    Column("state", lambda each: each["state"], _style),
    Column("from", lambda each: local_time(each["start"])),
    Column("until", lambda each: local_time(each["until"])),
    Column("ended", _over),
    Column("user", lambda each: each["user"]),
    Column("reason", lambda each: each["reason"]),
    Column("lamps", lambda each: f"{each['lamps']:,}, the strongest override at {each['deciding']:,}"),
    Column("outvoted by", lambda each: ", ".join(each["outvoted_by"])),
)
_OUTCOMES = (
    Column("LAMPS", lambda group: f"{group['count']:,}", right=True),
    Column("NOW", lambda group: _due(group["now"])),
    Column("AFTER", lambda group: _due(group["after"])),
    Column(
        "WHICH", lambda group: ", ".join(group["sample"]) + (", ..." if group["count"] > len(group["sample"]) else "")
    ),
)


def register(app: typer.Typer) -> None:
    """Add the noun."""
    noun = typer.Typer(no_args_is_help=True, help="Overrides: levels held by hand, what counts, what comes after.")
    noun.command("list")(override_list)
    noun.command("show")(override_show)
    noun.command("clear")(override_clear)
    app.add_typer(noun, name="override", rich_help_panel="Switch")


@with_door
def override_list(
    door: Door,
    word: Word = None,
    *,
    select: options.Select = None,
    ended: Ended = False,
    limit: options.Limit = 100,
    fmt: options.Output = Format.TABLE,
) -> None:
    """List levels held by hand, the newest first; of several on a lamp, which one counts."""
    target = {} if word is None and select is None else target_of([word] if word else [], select, None)
    with door.open() as client:
        found = client.get(OVERRIDES, **target, ended="true" if ended else None, limit=limit)
    output.show_list(found, fmt, _LIST, empty="no overrides")


@with_door
def override_show(door: Door, override_id: Id, *, fmt: options.Output = Format.TABLE) -> None:
    """Show one of them: what is due at its lamps now and why, and what comes back at its end."""
    name = one_id(override_id)
    with door.open() as client:
        found = client.get(f"{OVERRIDES}/{segment(name)}")
    output.show_one(found, fmt, _SHOW)
    if fmt is Format.TABLE and found["outcomes"]:
        output.write("")
        output.show_list(found["outcomes"], fmt, _OUTCOMES)


@with_door
def override_clear(
    door: Door,
    ids: Ids = None,
    *,
    every: All = False,
    dry_run: options.DryRun = False,
    reason: options.Reason = "",
    yes: options.Yes = False,
    max_affected: options.MaxAffected = None,
    wait: options.Wait = False,
    timeout: options.Timeout = 60.0,
    fmt: options.Output = Format.TABLE,
) -> None:
    """End levels held by hand by their ids, or all of them; --all asks first, and in a pipe wants --yes."""
    if every == bool(ids):
        both = "ids and --all" if every else "nothing to end"
        raise InvalidInput("ID", both, hint="Name overrides by id (`lightctl override list`), or say --all.")
    names = [one_id(each) for each in ids or ()]
    body = {"all": True} if every else {"ids": names}
    body |= options.guard(dry_run=dry_run, reason=reason, max_affected=max_affected)
    with door.open() as client:
        if every and not yes and not dry_run:
            _confirm_all(client.post(CLEAR, body | {"dry_run": True})["affected"])
        what = "every override" if every else ", ".join(names)
        change(client, CLEAR, body, what, Manner(yes or every, wait, timeout, fmt))


def _confirm_all(lamps: int) -> None:
    if not output.interactive():
        raise InvalidInput("--all", "nobody can be asked here", hint="Say --yes if you mean every override.")
    if not output.confirm(f"End every override there is, which hold {count(lamps, 'lamp')}?"):
        raise Failure(output.CANCELLED, "nothing was changed", exit_code=ExitCode.FAILED)
