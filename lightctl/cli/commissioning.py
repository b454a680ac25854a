"""node unclaimed|claim|replace|self-test: what a technician does with a node at the pole."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Annotated, Any

import typer

from lightctl.cli import options, output
from lightctl.cli.changing import Manner, change
from lightctl.cli.door import Door, with_door
from lightctl.cli.failures import ExitCode, Failure
from lightctl.cli.output import Column, Format, Json, count, local_time, talk
from lightctl.cli.targets import one_id, segment
from lightctl.cli.times import parse_duration
from lightctl.domain.errors import InvalidInput

if TYPE_CHECKING:
    from lightctl.cli.client import Client

CLAIM, REPLACE, SELF_TEST = "/v1/nodes/claim", "/v1/nodes/replace", "/v1/nodes/self-test"
POLL_S = 0.5

Words = Annotated[
    list[str] | None,
    typer.Argument(metavar="[NODE] [LIGHT]", help="The node (unless --qr says it), the light point."),
]
Old = Annotated[str, typer.Argument(metavar="OLD", help="The node that leaves.")]
New = Annotated[str | None, typer.Argument(metavar="NEW", help="The node that comes, unless --qr says it.")]
Name = Annotated[str | None, typer.Argument(metavar="NODE|LIGHT", help="The node, or the light point of one lamp.")]
Qr = Annotated[
    str | None,
    typer.Option("--qr", help="The node by the text of its label: an id, lightctl:..., or a URL.", metavar="TEXT"),
]
Nearest = Annotated[
    str | None,
    typer.Option("--nearest", help="The light point by where you stand: the nearest that waits.", metavar="LAT,LON"),
]
Channel = Annotated[int, typer.Option("--channel", min=0, help="The node's channel that switches it.")]
Profile = Annotated[str | None, typer.Option("--profile", help="The make of the new node, if it is another one.")]
Address = Annotated[str | None, typer.Option("--address", help="The new node's area or Modbus unit, if another.")]
Step = Annotated[str, typer.Option("--step", help="How long each trial takes: 2s to 10m.", metavar="DURATION")]
Show = Annotated[
    str | None, typer.Option("--show", help="Say what came of an earlier self-test; runs none.", metavar="ID")
]
WaitForEnd = Annotated[
    bool, typer.Option("--wait", help="Wait for its end and say what came of it.", rich_help_panel=options.WRITING)
]

_UNCLAIMED = (
    Column("ID", lambda node: node["id"]),
    Column("PROFILE", lambda node: node["profile"] or "?"),
    Column("LINK", lambda node: node["link"]),
    Column("ADDRESS", lambda node: node["address"] or "-"),
    Column("MODEL", lambda node: node["model"]),
    Column("LAST SEEN", lambda node: local_time(node["last_seen"])),
)


def _result(check: Json) -> str:
    if check["skipped"]:
        return "skipped"
    return {True: "ok", False: "FAILED", None: "..."}[check["ok"]]


def _style(check: Json) -> str:
    return "" if check["ok"] is None else "green" if check["ok"] else "red"


_CHECKS = (
    Column("CHECK", lambda check: check["name"]),
    Column("LIGHT", lambda check: check["light_point"]),
    Column("RESULT", _result, _style),
    Column("DETAIL", lambda check: check["detail"]),
)


def register(noun: typer.Typer) -> None:
    """Add the verbs to the noun of nodes."""
    noun.command("unclaimed")(node_unclaimed)
    noun.command("claim")(node_claim)
    noun.command("replace")(node_replace)
    noun.command("self-test")(node_self_test)


@with_door
def node_unclaimed(door: Door, *, fmt: options.Output = Format.TABLE) -> None:
    """List nodes that were heard and are in no inventory."""
    with door.open() as client:
        nodes = client.get("/v1/nodes", claimed="false")
    output.show_list(nodes, fmt, _UNCLAIMED, empty="every node that was heard is in the inventory")


@with_door
def node_claim(
    door: Door,
    words: Words = None,
    *,
    qr: Qr = None,
    nearest: Nearest = None,
    channel: Channel = 0,
    dry_run: options.DryRun = False,
    reason: options.Reason = "",
    yes: options.Yes = False,
    wait: options.Wait = False,
    timeout: options.Timeout = 60.0,
    fmt: options.Output = Format.TABLE,
) -> None:
    """Give a node the light point it stands at, named or the nearest that waits for one, and put it in use."""
    body: dict[str, Any] = {"channel": channel} | options.guard(dry_run=dry_run, reason=reason, max_affected=None)
    wanted = ["node"] * (qr is None) + ["light_point"] * (nearest is None)
    given = list(words or ())
    if len(given) != len(wanted):
        raise InvalidInput(
            "[NODE] [LIGHT]",
            f"{count(len(given), 'word')} given, and {len(wanted)} wanted",
            hint="Write `node claim NODE LIGHT`; --qr stands in place of NODE, --nearest in place of LIGHT.",
        )
    body |= {name: one_id(word, name) for name, word in zip(wanted, given, strict=True)}
    if qr is not None:
        body["qr"] = qr
    if nearest is not None:
        body["nearest"] = _place(nearest)
    with door.open() as client:
        change(client, CLAIM, body, "a light point", Manner(yes, wait, timeout, fmt))


@with_door
def node_replace(
    door: Door,
    old: Old,
    new: New = None,
    *,
    qr: Qr = None,
    address: Address = None,
    profile: Profile = None,
    dry_run: options.DryRun = False,
    reason: options.Reason = "",
    yes: options.Yes = False,
    max_affected: options.MaxAffected = None,
    wait: options.Wait = False,
    timeout: options.Timeout = 60.0,
    fmt: options.Output = Format.TABLE,
) -> None:
    """Put another node in place of one; light points keep id, tags and history. Needs a --reason."""
    if not reason.strip():
        raise InvalidInput("--reason", "replacing a node needs one", hint='Say why: --reason "driver burnt".')
    if (new is None) == (qr is None):
        raise InvalidInput("NEW, --qr", "name the new node by its id or by its label, one of the two")
    body: dict[str, Any] = {"old": one_id(old, "OLD")}
    body |= {"new": one_id(new, "NEW")} if new is not None else {"qr": qr}
    body |= {key: value for key, value in (("address", address), ("profile", profile)) if value is not None}
    body |= options.guard(dry_run=dry_run, reason=reason, max_affected=max_affected)
    with door.open() as client:
        change(client, REPLACE, body, f"the lamps of {old}", Manner(yes, wait, timeout, fmt))


@with_door
def node_self_test(
    door: Door,
    name: Name = None,
    *,
    step: Step = "20s",
    show: Show = None,
    dry_run: options.DryRun = False,
    reason: options.Reason = "",
    yes: options.Yes = False,
    max_affected: options.MaxAffected = None,
    wait: WaitForEnd = False,
    fmt: options.Output = Format.TABLE,
) -> None:
    """Drive lamps on, dimmed and off, check what is reported, and leave them as they were; it ends by itself."""
    if (name is None) == (show is None):
        raise InvalidInput("NODE|LIGHT", "name what to test, or an earlier test with --show, one of the two")
    with door.open() as client:
        if show is not None:
            test = client.get(f"/v1/self-tests/{segment(one_id(show, '--show'))}")
        else:
            step_s = parse_duration(step, where="--step").total_seconds()
            body = {"name": one_id(name or "", "NODE|LIGHT"), "step_s": step_s}
            body |= options.guard(dry_run=dry_run, reason=reason, max_affected=max_affected)
            test = _begin(client, body, yes=yes)
        if wait and not test["dry_run"]:
            test = _follow(client, test)
    _tell(test, fmt)
    if test["finished"] and not test["dry_run"]:
        raise typer.Exit(ExitCode.OK if test["ok"] else ExitCode.FAILED)


def _begin(client: Client, body: dict[str, Any], *, yes: bool) -> Json:
    if not body["dry_run"] and not yes and output.interactive():
        plan = client.post(SELF_TEST, body | {"dry_run": True})
        lamps = {check["light_point"] for check in plan["checks"]}
        if len(lamps) > 1 and not output.confirm(f"This switches {count(len(lamps), 'lamp')} on and off. Go on?"):
            raise Failure(output.CANCELLED, "nothing was changed", exit_code=ExitCode.FAILED)
    test: Json = client.post(SELF_TEST, body)
    return test


def _follow(client: Client, test: Json) -> Json:
    try:
        while not test["finished"]:
            time.sleep(POLL_S)
            test = client.get(f"/v1/self-tests/{segment(test['test'])}")
    except KeyboardInterrupt:
        talk(f"no longer waiting; {test['test']} goes on and ends by itself at {local_time(test['until'])}")
        raise
    return test


def _tell(test: Json, fmt: Format) -> None:
    output.show_one(test, fmt, (), test["checks"]) if fmt is not Format.TABLE else output.show_list(
        test["checks"], fmt, _CHECKS
    )
    if test["dry_run"]:
        talk("nothing was changed (--dry-run)")
    elif not test["finished"]:
        talk(
            f"{test['test']} runs until {local_time(test['until'])}; "
            f"`lightctl node self-test --show {test['test']}` says what came of it"
        )


def _place(text: str) -> dict[str, float]:
    parts = text.split(",")
    try:
        latitude, longitude = (float(part) for part in parts)
    except ValueError:
        raise InvalidInput("--nearest", f"{text!r} is no place", hint="Write LAT,LON such as 51.2567,7.1502.") from None
    return {"lat": latitude, "lon": longitude}
