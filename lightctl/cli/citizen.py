"""citizen list|show|accept|close|link: what people who walk the street report, and what the city makes of it."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from lightctl.cli import options
from lightctl.cli.door import Door, with_door
from lightctl.cli.output import Column, Format, Json, local_time, show_list, show_one, talk
from lightctl.cli.targets import one_id
from lightctl.domain.errors import InvalidInput

PATH = "/v1/citizens"
_SHOWN = 60

Number = Annotated[int, typer.Argument(metavar="ID", min=1, help="The report's number, as `citizen list` shows it.")]
Numbers = Annotated[list[int], typer.Argument(metavar="ID", min=1, help="Reports by their numbers.")]
Ended = Annotated[bool, typer.Option("--all", help="Also those that are closed.")]
Unmatched = Annotated[bool, typer.Option("--unmatched", help="Only those of no known light point.")]
Waiting = Annotated[bool, typer.Option("--waiting", help="Only those nobody has accepted for the public.")]
OfFault = Annotated[int | None, typer.Option("--fault", min=1, help="Only those of this fault.", metavar="ID")]
OfLight = Annotated[str | None, typer.Option("--light", help="Only those of this light point.", metavar="ID")]
ToFault = Annotated[int | None, typer.Option("--fault", min=1, help="The fault it is the sight of.", metavar="ID")]
ToLight = Annotated[str | None, typer.Option("--light", help="The light point it means.", metavar="ID")]
NoteOption = Annotated[
    str, typer.Option("--note", help="What came of it; whoever reported it reads this.", metavar="TEXT")
]


def _style(report: Json) -> str:
    return "dim" if report["closed_at"] else "" if report["light_point"] else "yellow"


def _cut(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _SHOWN else f"{line[: _SHOWN - 1]}\u2026"


def _linked(report: Json) -> str:
    parts = [
        f"{word} {report[key]}"
        for key, word in (("parent", "follows"), ("fault", "fault"), ("work_order", "work"))
        if report[key] is not None
    ]
    return ", ".join(parts)


def _light(report: Json) -> str:
    if not report["light_point"]:
        return "not known"
    away = "" if report["distance_m"] is None else f" ({report['distance_m']:.0f} m)"
    return f"{report['light_point']}{away}"


def _status(report: Json) -> str:
    return report["status"] if report["accepted"] else f"{report['status']}, waiting"


def _place(report: Json) -> str:
    return "" if report["lat"] is None else f"{report['lat']:.5f}, {report['lon']:.5f}"


def _contact(report: Json) -> str:
    who = report["contact"]
    if not who:
        return ""
    name = f"{who['first_name']} {who['last_name']}".strip()
    return ", ".join(part for part in (name, who["email"], who["phone"]) if part)


_LIST = (
    Column("ID", lambda report: str(report["id"]), right=True),
    Column("STATUS", _status, _style),
    Column("SERVICE", lambda report: report["service"]),
    Column("LIGHT", _light, _style),
    Column("REPORTED", lambda report: local_time(report["requested_at"])),
    Column("OTHERS", lambda report: str(len(report["others"]) or ""), right=True),
    Column("LINKED", _linked),
    Column("TEXT", lambda report: _cut(report["description"])),
)
_SHOW = (
    Column("report", lambda report: str(report["id"])),
    Column("status", _status, _style),
    Column("service", lambda report: report["service"]),
    Column("detail", lambda report: report["detail"]),
    Column("light", _light, _style),
    Column("plate", lambda report: report["plate"]),
    Column("place", _place),
    Column("address", lambda report: report["address"]),
    Column("reported", lambda report: f"{local_time(report['requested_at'])} by {report['client']}"),
    Column("updated", lambda report: local_time(report["updated_at"])),
    Column("linked", _linked),
    Column("others", lambda report: ", ".join(map(str, report["others"]))),
    Column("text", lambda report: report["description"].replace("\n", " / ")),
    Column("media", lambda report: report["media_url"]),
    Column("closed", lambda report: local_time(report["closed_at"])),
    Column("closing", lambda report: report["closing"] or ""),
    Column("note", lambda report: report["note"]),
    Column("contact", _contact),
)


def register(app: typer.Typer) -> None:
    """Add the noun."""
    noun = typer.Typer(no_args_is_help=True, help="Citizen reports: what people say of the lights (Open311).")
    noun.command("list")(citizen_list)
    noun.command("show")(citizen_show)
    noun.command("accept")(citizen_accept)
    noun.command("close")(citizen_close)
    noun.command("link")(citizen_link)
    app.add_typer(noun, name="citizen", rich_help_panel="Repair")


@with_door
def citizen_list(
    door: Door,
    *,
    ended: Ended = False,
    unmatched: Unmatched = False,
    waiting: Waiting = False,
    fault: OfFault = None,
    light: OfLight = None,
    limit: options.Limit = 100,
    fmt: options.Output = Format.TABLE,
) -> None:
    """List open reports, the newest first; never who made them."""
    asked = {"ended": ended, "unmatched": unmatched, "waiting": waiting}
    with door.open() as client:
        found = client.get(
            PATH,
            **{name: "true" for name, wanted in asked.items() if wanted},
            fault=fault,
            light_point=None if light is None else one_id(light, "--light"),
            limit=limit,
        )
    show_list(found, fmt, _LIST, empty="no citizen report" if ended else "no citizen report is open")


@with_door
def citizen_show(door: Door, number: Number, *, fmt: options.Output = Format.TABLE) -> None:
    """Show one report with what it is linked to; who made it, to operators alone, until that is erased."""
    with door.open() as client:
        _show(client.get(f"{PATH}/{number}"), fmt)


@with_door
def citizen_accept(
    door: Door,
    numbers: Numbers,
    *,
    dry_run: options.DryRun = False,
    reason: options.Reason = "",
    yes: options.Yes = False,  # noqa: ARG001 - every write takes it
    fmt: options.Output = Format.TABLE,
) -> None:
    """Let the public see reports, where citizens.moderated keeps new ones back."""
    with door.open() as client:
        found = client.post(f"{PATH}/accept", {"ids": numbers, "dry_run": dry_run, "reason": reason})
    show_list(found, fmt, _LIST)
    if dry_run:
        talk("nothing was changed (--dry-run)")


@with_door
def citizen_close(
    door: Door,
    number: Number,
    *,
    note: NoteOption,
    dry_run: options.DryRun = False,
    reason: options.Reason = "",
    yes: options.Yes = False,  # noqa: ARG001 - every write takes it
    fmt: options.Output = Format.TABLE,
) -> None:
    """Close a report by hand, and those that follow it; one that is linked closes by itself."""
    body = {"note": note, "dry_run": dry_run, "reason": reason}
    with door.open() as client:
        _show(client.post(f"{PATH}/{number}/close", body), fmt)


@with_door
def citizen_link(
    door: Door,
    number: Number,
    *,
    light: ToLight = None,
    fault: ToFault = None,
    dry_run: options.DryRun = False,
    reason: options.Reason = "",
    yes: options.Yes = False,  # noqa: ARG001 - every write takes it
    fmt: options.Output = Format.TABLE,
) -> None:
    """Say which light point a report means, or which fault it is the sight of."""
    if (light is None) == (fault is None):
        raise InvalidInput("--light, --fault", "name one of the two", hint="`citizen show ID` says what is known.")
    body: dict[str, Any] = {"dry_run": dry_run, "reason": reason}
    body |= {"fault": fault} if light is None else {"light_point": one_id(light, "--light")}
    with door.open() as client:
        _show(client.post(f"{PATH}/{number}/link", body), fmt)


def _show(report: Json, fmt: Format) -> None:
    show_one(report, fmt, _SHOW)
    if fmt is Format.TABLE and report["dry_run"]:
        talk("nothing was changed (--dry-run)")
