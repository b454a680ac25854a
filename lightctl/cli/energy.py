"""energy report|balance|profile|indicators: what the light used and cost, and how good that is."""

from __future__ import annotations

import datetime as dt
import sys
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from lightctl.cli import options, output
from lightctl.cli.door import Door, with_door
from lightctl.cli.energy_words import amount, by_option, euro, hours_of, key_of, percent_of
from lightctl.cli.output import Column, Format, Json, show_list
from lightctl.cli.periods import From, To, period
from lightctl.domain.errors import InvalidInput

if TYPE_CHECKING:
    from lightctl.cli.client import Client

BAR = 40


class ReportFormat(StrEnum):
    """How a report is written; a page or paper beside what every command can."""

    TABLE = "table"
    JSON = "json"
    JSONL = "jsonl"
    CSV = "csv"
    HTML = "html"
    PDF = "pdf"


class BaselineName(StrEnum):
    """What savings are measured against."""

    ALL_NIGHT = "all_night"
    BEFORE_RETROFIT = "before_retrofit"


Baseline = Annotated[
    BaselineName | None,
    typer.Option("--baseline", help="What savings are measured against; default energy.baseline of the settings."),
]
Output = Annotated[
    ReportFormat, typer.Option("--output", "-o", help="How it is written; html and pdf are for people, into a file.")
]
Year = Annotated[int | None, typer.Option("--year", min=1970, max=2100, help="Which year; default this one.")]

_REPORT = (
    Column("KEY", key_of),
    Column("KWH", lambda row: amount(row["kwh"]), right=True),
    Column("METERED", lambda row: amount(row["kwh_metered"]), right=True),
    Column("ESTIMATED", lambda row: amount(row["kwh_estimated"]), right=True),
    Column("BASELINE", lambda row: amount(row["baseline_kwh"]), right=True),
    Column("SAVING", lambda row: percent_of(row["saving_percent"]), right=True),
    Column("COST", lambda row: euro(row["cost"]), right=True),
    Column("CO2 KG", lambda row: amount(row["co2_kg"]), right=True),
    Column("HOURS", lambda row: hours_of(row["hours"]), right=True),
    Column("LIGHTS", lambda row: f"{row['light_points']:,}", right=True),
    Column("IS", lambda row: row["label"]),
)
_BALANCE = (
    Column("CABINET", lambda row: row["cabinet"]),
    Column("METER KWH", lambda row: amount(row["meter_kwh"]), right=True),
    Column("LAMPS KWH", lambda row: amount(row["lamps_kwh"]), right=True),
    Column("METERED", lambda row: amount(row["lamps_metered_kwh"]), right=True),
    Column("DIFFERENCE", lambda row: amount(row["difference_kwh"]), right=True),
    Column("%", lambda row: percent_of(row["difference_percent"]), right=True),
    Column("LIGHTS", lambda row: f"{row['light_points']:,}", right=True),
    Column("VERDICT", lambda row: row["verdict"], lambda row: "yellow" if row["within"] is False else ""),
)
_INDICATORS = (
    Column("KEY", key_of),
    Column("LIGHTS", lambda row: f"{row['light_points']:,}", right=True),
    Column("LEFT OUT", lambda row: f"{row['without_area']:,}", right=True),
    Column("AREA M2", lambda row: amount(row["area_m2"]), right=True),
    Column("LX M2", lambda row: amount(row["lux_m2"]), right=True),
    Column("POWER W", lambda row: amount(row["power_w"]), right=True),
    Column("OFF W", lambda row: amount(row["standby_w"]), right=True),
    Column("KWH/A", lambda row: amount(row["annual_kwh"]), right=True),
    Column("PDI W/(LX M2)", lambda row: _digits(row["pdi_w_per_lx_m2"], 4), right=True),
    Column("AECI KWH/(M2 A)", lambda row: _digits(row["aeci_kwh_per_m2"], 3), right=True),
    Column("PERIODS", lambda row: ", ".join(f"{each['level']} %: {each['hours']:,.0f} h" for each in row["periods"])),
)


def register(app: typer.Typer) -> None:
    """Add the noun."""
    from lightctl.cli import energy_plan  # noqa: PLC0415 - it stands on this noun

    noun = typer.Typer(no_args_is_help=True, help="Energy: what the light used, what it cost, and what plans would.")
    noun.command("report")(report)
    noun.command("balance")(balance)
    noun.command("profile")(profile)
    energy_plan.register(noun)
    noun.command("indicators")(indicators)
    app.add_typer(noun, name="energy", rich_help_panel="Look")


@with_door
def report(
    door: Door,
    *,
    since: From = None,
    until: To = None,
    by: by_option("group", times=True) = "group",  # type: ignore[valid-type]
    baseline: Baseline = None,
    select: options.Select = None,
    fmt: Output = ReportFormat.TABLE,
) -> None:
    """Report what light points used: metered where a counter is, else estimated, and always said which.

    Savings are against full power all night. Cost and carbon dioxide need a tariff in the settings.
    """
    if fmt is ReportFormat.PDF and output.on_terminal():
        raise InvalidInput(
            "--output", "a PDF is nothing for a terminal", hint="Write it to a file: -o pdf > energy.pdf"
        )
    with door.open() as client:
        begin, end = period(client, since, until)
        view = client.get(
            "/v1/energy/report",
            since=begin,
            until=end,
            by=by,
            baseline=None if baseline is None else baseline.value,
            select="*" if select is None else select,
        )
    match fmt:
        case ReportFormat.HTML | ReportFormat.PDF:
            _on_paper(view, fmt)
        case ReportFormat.TABLE:
            show_list([*view["rows"], view["total"]], Format.TABLE, _REPORT)
            _foot(view)
        case _:
            output.show_one(view, Format(fmt.value), (), view["rows"])


@with_door
def balance(door: Door, *, since: From = None, until: To = None, fmt: options.Output = Format.TABLE) -> None:
    """Hold each cabinet's meter against the sum of its lamps: what is left over is loss, or theft."""
    with door.open() as client:
        begin, end = period(client, since, until)
        view = client.get("/v1/energy/balance", since=begin, until=end)
    if fmt is Format.TABLE:
        show_list(view["rows"], fmt, _BALANCE, empty="no light point names a cabinet")
    else:
        output.show_one(view, fmt, (), view["rows"])


@with_door
def profile(
    door: Door,
    *,
    since: From = None,
    until: To = None,
    select: options.Select = None,
    fmt: options.Output = Format.TABLE,
) -> None:
    """Show what was used half hour by half hour; without --from and --to of the last whole day."""
    with door.open() as client:
        begin, end = period(client, since, until, usual=_yesterday(client))
        view = client.get("/v1/energy/profile", since=begin, until=end, select="*" if select is None else select)
    if fmt is not Format.TABLE:
        output.show_one(view, fmt, (), view["rows"])
        return
    most = max((row["kwh"] for row in view["rows"]), default=0.0) or 1.0
    columns = (
        Column("FROM", lambda row: row["local"].replace("T", " ")),
        Column("KWH", lambda row: f"{row['kwh']:,.3f}", right=True),
        Column("IS", lambda row: row["label"]),
        Column("", lambda row: "#" * round(BAR * row["kwh"] / most)),
    )
    show_list(view["rows"], fmt, columns)
    output.talk(f"{view['kwh']:,.1f} kWh by {output.count(view['light_points'], 'light point')}")


@with_door
def indicators(
    door: Door,
    *,
    by: by_option("group") = "group",  # type: ignore[valid-type]
    year: Year = None,
    fmt: options.Output = Format.TABLE,
) -> None:
    """Give the indicators of EN 13201-5 of a year by the schedules in force: power density and annual consumption.

    Light points say the area they light in the tag area_m2 and the illuminance on it in illuminance_lx.
    """
    with door.open() as client:
        view = client.get("/v1/energy/indicators", by=by, year=year)
    if fmt is Format.TABLE:
        show_list(view["rows"], fmt, _INDICATORS, empty="there are no light points in use")
    else:
        output.show_one(view, fmt, (), view["rows"])


def _yesterday(client: Client) -> tuple[dt.datetime, dt.datetime]:
    from lightctl.cli.times import city_clock  # noqa: PLC0415 - start-up stays short

    now, zone = city_clock(client)
    today = now.astimezone(zone).date()
    midnights = [dt.datetime.combine(day, dt.time(), zone) for day in (today - dt.timedelta(days=1), today)]
    return midnights[0].astimezone(dt.UTC), midnights[1].astimezone(dt.UTC)


def _on_paper(view: Json, fmt: ReportFormat) -> None:
    from lightctl.cli.energy_paper import energy_report  # noqa: PLC0415 - start-up stays short
    from lightctl.reports import energy  # noqa: PLC0415

    found = energy_report(view)
    if fmt is ReportFormat.HTML:
        output.write(energy.page(found))
        return
    output.flush()
    sys.stdout.buffer.write(energy.pdf(found))


def _foot(view: Json) -> None:
    """Say what the figures rest on."""
    from lightctl.cli.energy_paper import notes  # noqa: PLC0415 - start-up stays short

    for line in notes(view):
        output.talk(output.clean(line))


def _digits(value: float | None, digits: int) -> str:
    return "-" if value is None else f"{value:,.{digits}f}"
