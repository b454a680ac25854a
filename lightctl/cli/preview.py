"""schedule preview: any night, or a season of them, before it happens; by name, or of real light points."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from lightctl.cli import options, output
from lightctl.cli.door import Door, with_door
from lightctl.cli.output import Format, Json, count, talk
from lightctl.cli.schedule import Zone, finding_rows, place_of, refuse
from lightctl.cli.sheets import schedule_texts
from lightctl.domain.errors import InvalidInput

if TYPE_CHECKING:
    from lightctl.cli.nights import Shown
    from lightctl.domain.programs import Intent

MAX_NIGHTS = 400
A_YEAR = 366
MAX_NAMES = 2_000_000
_NAMED = 3


class PreviewFormat(StrEnum):
    """How nights are written; a picture beside what every command can."""

    TABLE = "table"
    JSON = "json"
    JSONL = "jsonl"
    CSV = "csv"
    SVG = "svg"


Files = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[FILE...]",
        help="Schedule files, folders of them, or - for stdin; for lamps without FILE the schedules in force.",
    ),
]
Light = Annotated[
    list[str] | None, typer.Option("--light", help="Nights of this light point; may be given several times.")
]
Group = Annotated[str | None, typer.Option("--group", help="Nights of the light points of a group.", metavar="NAME")]
Calendar = Annotated[str | None, typer.Option("--calendar", help="The calendar that chooses each night's program.")]
Program = Annotated[str | None, typer.Option("--program", help="One program for every night.")]
Date = Annotated[str | None, typer.Option("--date", help="First night, YYYY-MM-DD; default this night.")]
Days = Annotated[
    int | None, typer.Option("--days", min=1, max=MAX_NIGHTS, help="How many nights; default 1, with --heatmap 366.")
]
HeatMap = Annotated[bool, typer.Option("--heatmap", help="Draw all nights as one map: nights down, hours across.")]
PlaceOption = Annotated[
    str | None, typer.Option("--place", help="Where, degrees north and east; lamps know it.", metavar="LAT,LON")
]
Output = Annotated[
    PreviewFormat,
    typer.Option("--output", "-o", help="How nights are written; svg is a picture, of several nights a heat map."),
]


@with_door
def preview(
    door: Door,
    files: Files = None,
    *,
    light: Light = None,
    group: Group = None,
    select: options.Select = None,
    place: PlaceOption = None,
    calendar: Calendar = None,
    program: Program = None,
    date: Date = None,
    days: Days = None,
    heatmap: HeatMap = False,
    tz: Zone = None,
    fmt: Output = PreviewFormat.TABLE,
) -> None:
    """Look at nights before they happen: of a calendar or program at a --place, or of lamps by --light, --group or -l.

    Without lamps it needs no daemon and no store. -o svg gives a picture for a report.
    """
    number = days if days is not None else A_YEAR if heatmap else 1
    people = fmt in (PreviewFormat.TABLE, PreviewFormat.SVG)
    if light or group is not None or select is not None:
        _refuse_beside_lamps({"--place": place, "--tz": tz, "--calendar": calendar, "--program": program})
        if sum((bool(light), group is not None, select is not None)) > 1:
            raise InvalidInput("--light, --group, -l", "more than one choice of lamps", hint="Give one of the three.")
        shown = _of_lamps(door, files or (), light or (), group, select, date, number, exactly=not people)
    else:
        shown = [_by_name(door, files or (), calendar, program, place, tz, date, number)]
    match fmt:
        case PreviewFormat.SVG:
            from lightctl.cli.svg import picture  # noqa: PLC0415 - start-up stays short

            output.write(picture([(_heading(each), each) for each in shown], as_map=heatmap or number > 1))
        case PreviewFormat.TABLE:
            _draw(shown, heatmap=heatmap)
        case _:
            _write(shown, Format(fmt.value))


def _by_name(
    door: Door,
    files: Sequence[str],
    calendar: str | None,
    program: str | None,
    place: str | None,
    tz: str | None,
    date: str | None,
    days: int,
) -> Shown:
    from lightctl.cli import nights  # noqa: PLC0415 - start-up stays short

    if not files:
        raise InvalidInput(
            "FILE", "nothing to preview", hint="Give schedule files, or lamps by --light, --group or -l."
        )
    if place is None:
        hint = "Write --place 51.26,7.15, or choose lamps by --light, --group or -l."
        raise InvalidInput("--place", "where is not said", hint=hint)
    where = place_of(place, tz if tz is not None else door.settings().site.time_zone)
    chosen = nights.chosen(_read(schedule_texts(files)), calendar, program)
    dates = _dates(date, days, where.time_zone, dt.datetime.now(dt.UTC))
    return nights.Shown(tuple(nights.compiled(chosen, each, where) for each in dates))


def _of_lamps(
    door: Door,
    files: Sequence[str],
    lights: Sequence[str],
    group: str | None,
    select: str | None,
    date: str | None,
    days: int,
    *,
    exactly: bool,
) -> list[Shown]:
    from lightctl.cli import lamps  # noqa: PLC0415 - start-up stays short
    from lightctl.planning.resolve import Plan  # noqa: PLC0415

    texts = schedule_texts(files) if files else None
    with door.open() as client:
        status = client.get("/v1/status")
        points = lamps.fetch(client, lights, group, select)
        if texts is None:
            texts = client.get("/v1/schedules")["files"]
            if not texts:
                talk("no schedules are in force: lamps have full light from sunset to sunrise")
    plan = Plan(_read(texts), status["time_zone"])
    dates = _dates(date, days, plan.time_zone, dt.datetime.fromisoformat(status["now"]))
    idle = lamps.not_in_use(points)
    if idle:
        talk(f"not in use, so nobody commands them: {_some(idle)}")
    return lamps.shown_exactly(plan, points, dates) if exactly else lamps.shown_to_people(plan, points, dates)


def _read(texts: dict[str, str]) -> Intent:
    from lightctl.files.schedules import read_schedules  # noqa: PLC0415 - start-up stays short

    found = read_schedules(texts)
    if found.errors:
        errors, warnings = finding_rows(found.errors), finding_rows(found.warnings)
        refuse("the schedules have errors", {"errors": errors, "warnings": warnings})
    return found.intent


def _draw(shown: Sequence[Shown], *, heatmap: bool) -> None:
    from lightctl.cli.heatmap import draw as draw_map  # noqa: PLC0415 - start-up stays short
    from lightctl.cli.picture import draw as draw_night  # noqa: PLC0415

    for index, each in enumerate(shown):
        if index:
            output.write("")
        if each.lamps is not None:
            output.write(_heading(each))
        if heatmap:
            draw_map(each)
            continue
        for number, night in enumerate(each.nights):
            if number:
                output.write("")
            draw_night(night)


def _write(shown: Sequence[Shown], fmt: Format) -> None:
    from lightctl.cli import nights  # noqa: PLC0415 - start-up stays short

    names = sum(len(each.nights) * len(each.lamps.ids) for each in shown if each.lamps is not None)
    if names > MAX_NAMES:
        hint = "Choose fewer lamps, or a smaller --days."
        raise InvalidInput("preview", f"the answer would name {names:,} lamps, night by night", hint=hint)
    shapes = nights.shapes(shown)
    rows: list[Json] = [] if fmt is Format.JSON else list(nights.rows(shapes))
    output.show_one({"nights": shapes}, fmt, (), rows)


def _heading(shown: Shown) -> str:
    """Say whose nights are shown; empty without lamps."""
    lamps, calendar = shown.lamps, shown.nights[0].calendar
    if lamps is None:
        return ""
    follows = "no calendar, full light from sunset to sunrise" if calendar is None else f"calendar {calendar}"
    text = f"{count(len(lamps.ids), 'lamp')} ({_some(lamps.ids)}): {follows}"
    if lamps.floor.level:
        text += f", at least {lamps.floor.level} % while the sun is down"
        text += f" ({output.clean(lamps.floor.reason)})" if lamps.floor.reason else ""
    if lamps.places > 1:
        seconds = round(lamps.apart.total_seconds())
        text += f"; sunsets up to {seconds} s apart, shown as at {lamps.shown_at}"
    return text


def _some(names: Sequence[str]) -> str:
    return ", ".join([*names[:_NAMED], *(["..."] if len(names) > _NAMED else [])])


def _refuse_beside_lamps(given: dict[str, str | None]) -> None:
    for name, value in given.items():
        if value is not None:
            hint = "The inventory says where lamps stand, and assignments which calendar they follow."
            raise InvalidInput(name, "lamps have their own", hint=hint)


def _dates(text: str | None, days: int, time_zone: str, now: dt.datetime) -> list[dt.date]:
    """Give the nights' dates from the one asked for, or this night's; raises InvalidInput."""
    first = _date(text, time_zone, now)
    return [first + dt.timedelta(days=day) for day in range(days)]


def _date(text: str | None, time_zone: str, now: dt.datetime) -> dt.date:
    from lightctl.planning.night import night_date  # noqa: PLC0415 - start-up stays short

    if text is None:
        return night_date(now, time_zone)
    try:
        date = dt.date.fromisoformat(text)
    except ValueError:
        raise InvalidInput("--date", f"{text!r} is not a date", hint="Write YYYY-MM-DD.") from None
    if not dt.date(1970, 1, 1) <= date <= dt.date(2100, 12, 31):
        raise InvalidInput("--date", f"{text} lies outside the years 1970 to 2100")
    return date
