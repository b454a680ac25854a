"""work open|list|show|assign|note|close|cancel|stats|export: what is to be repaired, by whom, and how long it took."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Annotated, Any

import typer

from lightctl.cli import options, output
from lightctl.cli.door import Door, with_door
from lightctl.cli.failures import ExitCode, Failure
from lightctl.cli.output import Format, Json, show_list, show_one, talk
from lightctl.cli.targets import one_id
from lightctl.cli.times import city_clock, parse_instant, rfc_3339
from lightctl.cli.work_tables import LIST, NOTES, SHOW, STATS
from lightctl.domain.errors import InvalidInput
from lightctl.domain.work import Cause

if TYPE_CHECKING:
    from lightctl.cli.client import Client

PATH = "/v1/work"
LAST_DAYS = 30

Number = Annotated[int, typer.Argument(metavar="ID", min=1, help="The order's number, as `work list` shows it.")]
Light = Annotated[str | None, typer.Argument(metavar="LIGHT", help="The light point, where no fault is named.")]
FaultNumber = Annotated[
    int | None, typer.Option("--fault", min=1, help="Mend this fault, by its number.", metavar="ID")
]
ReportNumber = Annotated[
    int | None, typer.Option("--report", min=1, help="Look after this citizen report, by its number.", metavar="ID")
]
Event = Annotated[
    str | None,
    typer.Option("--event", help="What is wrong: a fault's name or words of your own.", metavar="TEXT"),
]
NoteOption = Annotated[str, typer.Option("--note", help="Write this down on the order.", metavar="TEXT")]
Photo = Annotated[
    str, typer.Option("--photo", help="Where a picture is, a path or address; it is not uploaded.", metavar="PATH")
]
State = Annotated[
    str | None,
    typer.Option("--state", help="open, assigned, done, cancelled or all; else those under way.", metavar="STATE"),
]
Assignee = Annotated[str | None, typer.Option("--assignee", help="Only those given to NAME.", metavar="NAME")]
Name = Annotated[str, typer.Argument(metavar="NAME", help="Who does it: a person, a crew, a contractor.")]
Text = Annotated[str, typer.Argument(metavar="TEXT", help="What is written down.")]
CauseOption = Annotated[Cause, typer.Option("--cause", help="What was wrong.")]
From = Annotated[
    str | None, typer.Option("--from", help="From this date or instant on; else 30 days back.", metavar="TIME")
]
To = Annotated[str | None, typer.Option("--to", help="Until it, excluded; else now.", metavar="TIME")]
By = Annotated[str, typer.Option("--by", help="event, cause, assignee, cabinet, district, or tag:NAME.", metavar="KEY")]


def register(app: typer.Typer) -> None:
    """Add the noun."""
    noun = typer.Typer(no_args_is_help=True, help="Work orders: what is to be repaired, by whom, how long it took.")
    noun.command("open")(work_open)
    noun.command("list")(work_list)
    noun.command("show")(work_show)
    noun.command("assign")(work_assign)
    noun.command("note")(work_note)
    noun.command("close")(work_close)
    noun.command("cancel")(work_cancel)
    noun.command("stats")(work_stats)
    noun.command("export")(work_export)
    app.add_typer(noun, name="work", rich_help_panel="Repair")


@with_door
def work_open(
    door: Door,
    light: Light = None,
    *,
    fault: FaultNumber = None,
    report: ReportNumber = None,
    event: Event = None,
    note: NoteOption = "",
    photo: Photo = "",
    dry_run: options.DryRun = False,
    reason: options.Reason = "",
    yes: options.Yes = False,  # noqa: ARG001 - every write takes it; one order is not asked about
    fmt: options.Output = Format.TABLE,
) -> None:
    """Open an order for a fault, a citizen report or a light point; one that is there already is shown instead."""
    ways = [fault is not None, report is not None, light is not None]
    if sum(ways) != 1 or (light is None) != (event is None):
        raise InvalidInput(
            "LIGHT, --fault, --report",
            "say what the order is for",
            hint="One of --fault ID, --report ID, LIGHT --event TEXT.",
        )
    body: dict[str, Any] = {"note": note, "photo": photo, "dry_run": dry_run, "reason": reason}
    if light is not None:
        body |= {"light_point": one_id(light, "LIGHT"), "event": event}
    else:
        body |= {"fault": fault} if fault is not None else {"report": report}
    with door.open() as client:
        order = client.post(PATH, body)
    _show(order, fmt)
    _photo_is_noted(photo)


@with_door
def work_list(
    door: Door,
    *,
    state: State = None,
    assignee: Assignee = None,
    select: options.Select = None,
    limit: options.Limit = 100,
    fmt: options.Output = Format.TABLE,
) -> None:
    """List work orders, the newest first."""
    with door.open() as client:
        orders = client.get(PATH, state=state, assignee=assignee, select=select, limit=limit)
    show_list(orders, fmt, LIST, empty="no work order is under way" if state is None else "no such work order")


@with_door
def work_show(door: Door, number: Number, *, fmt: options.Output = Format.TABLE) -> None:
    """Show a work order with where it is, what was written down and which citizens reported it."""
    with door.open() as client:
        _show(client.get(f"{PATH}/{number}"), fmt)


@with_door
def work_assign(
    door: Door,
    number: Number,
    name: Name,
    *,
    dry_run: options.DryRun = False,
    reason: options.Reason = "",
    yes: options.Yes = False,  # noqa: ARG001 - every write takes it
    fmt: options.Output = Format.TABLE,
) -> None:
    """Give an order to somebody; again to somebody else."""
    body = {"assignee": name, "dry_run": dry_run, "reason": reason}
    with door.open() as client:
        _show(client.post(f"{PATH}/{number}/assign", body), fmt)


@with_door
def work_note(
    door: Door,
    number: Number,
    text: Text,
    *,
    photo: Photo = "",
    dry_run: options.DryRun = False,
    reason: options.Reason = "",
    yes: options.Yes = False,  # noqa: ARG001 - every write takes it
    fmt: options.Output = Format.TABLE,
) -> None:
    """Write something down on an order, also on one that is over."""
    body = {"text": text, "photo": photo, "dry_run": dry_run, "reason": reason}
    with door.open() as client:
        order = client.post(f"{PATH}/{number}/notes", body)
    _show(order, fmt)
    _photo_is_noted(photo)


@with_door
def work_close(
    door: Door,
    number: Number,
    *,
    cause: CauseOption,
    note: NoteOption = "",
    dry_run: options.DryRun = False,
    reason: options.Reason = "",
    yes: Annotated[
        bool,
        typer.Option("--yes", "-y", help="Close it although its fault is still open.", rich_help_panel=options.WRITING),
    ] = False,
    fmt: options.Output = Format.TABLE,
) -> None:
    """Close an order as done; while its fault is still open only with --yes, or where no fault was found."""
    body = {"cause": cause.value, "note": note, "despite_fault": yes, "dry_run": dry_run, "reason": reason}
    with door.open() as client:
        if not (yes or dry_run or cause is Cause.NO_FAULT_FOUND) and output.interactive():
            order = client.get(f"{PATH}/{number}")
            if order["fault_open"]:
                body["despite_fault"] = _agreed(order)
        _show(client.post(f"{PATH}/{number}/close", body), fmt)


@with_door
def work_cancel(
    door: Door,
    number: Number,
    *,
    dry_run: options.DryRun = False,
    reason: options.Reason = "",
    yes: options.Yes = False,
    fmt: options.Output = Format.TABLE,
) -> None:
    """Give an order up: nothing was repaired and nobody is to go there."""
    if not (yes or dry_run) and output.interactive() and not output.confirm(f"Give work {number} up for good?"):
        raise Failure(output.CANCELLED, "nothing was changed", exit_code=ExitCode.FAILED)
    with door.open() as client:
        _show(client.post(f"{PATH}/{number}/cancel", {"dry_run": dry_run, "reason": reason}), fmt)


@with_door
def work_stats(
    door: Door, *, since: From = None, until: To = None, by: By = "event", fmt: options.Output = Format.TABLE
) -> None:
    """Show how many orders were done and how long repairs took: median, and within what nine of ten were done."""
    with door.open() as client:
        found = client.get(f"{PATH}/statistics", by=by, **_span(client, since, until))
    if fmt is Format.TABLE:
        if not found["total"]["orders"]:
            talk("no order was closed as done in that time")
            return
        show_list([*found["rows"], found["total"]], fmt, STATS)
        total = found["total"]
        talk(
            f"{total['by_fault']:,} of {total['repaired']:,} repairs are measured from the fault's opening to its "
            f"clearing, {total['by_order']:,} from the order's opening to its close"
        )
    else:
        show_one(found, fmt, (), [*found["rows"], found["total"]])


@with_door
def work_export(
    door: Door,
    *,
    since: From = None,
    until: To = None,
    fmt: Annotated[Format, typer.Option("--output", "-o", help="How data is written.")] = Format.CSV,
) -> None:
    """Write every order that was under way at some time in a span, the oldest first; CSV unless said otherwise."""
    with door.open() as client:
        found = client.get(f"{PATH}/export", **_span(client, since, until))
    orders = [_row(each) for each in found] if fmt is Format.CSV else found
    show_list(orders, fmt, LIST, empty="no order was under way in that time")


_OF_A_CHANGE = frozenset({"created", "dry_run", "remarks"})


def _row(order: Json) -> dict[str, Any]:
    """Give an order as a row of a sheet: notes as lines, and nothing that only a change has to say."""
    kept = {key: value for key, value in order.items() if key not in _OF_A_CHANGE}
    return kept | {"notes": [_line(note) for note in order["notes"]]}


def _line(note: Json) -> str:
    photo = f" [{note['photo']}]" if note["photo"] else ""
    return f"{note['at']} {note['user']}: {note['text']}{photo}"


def _agreed(order: Json) -> bool:
    still = f"fault {order['fault']}, {order['event']} of {order['subject']}, is still open"
    if not output.confirm(f"Its {still}. Close work {order['id']} all the same?"):
        raise Failure(output.CANCELLED, "nothing was changed", exit_code=ExitCode.FAILED)
    return True


def _photo_is_noted(photo: str) -> None:
    if photo:
        talk("the photo's place is noted; the photo itself stays where it is")


def _show(order: Json, fmt: Format) -> None:
    show_one(order, fmt, SHOW)
    if fmt is Format.TABLE:
        if order["notes"]:
            show_list(order["notes"], fmt, NOTES)
        for remark in order["remarks"]:
            talk(remark)
        if order["dry_run"]:
            talk("nothing was changed (--dry-run)")


def _span(client: Client, since: str | None, until: str | None) -> dict[str, str]:
    now, zone = city_clock(client)
    end = now if until is None else parse_instant(until, zone, where="--to")
    begin = now - dt.timedelta(days=LAST_DAYS) if since is None else parse_instant(since, zone, where="--from")
    if begin is None or end is None:
        raise InvalidInput("--from, --to", "a clock time has no date", hint="Write a date, 2026-11-01, or RFC 3339.")
    return {"since": rfc_3339(begin), "until": rfc_3339(end)}
