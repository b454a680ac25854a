"""energy forecast|estimate: what light would use, by schedules before they are applied, or on paper without a fleet."""

from __future__ import annotations

import dataclasses
import datetime as dt
from typing import TYPE_CHECKING, Annotated, Any

import typer

from lightctl.cli import options, output
from lightctl.cli.door import Door, with_door
from lightctl.cli.energy_words import amount, by_option, euro, key_of, percent_of
from lightctl.cli.output import Column, Format, Json, show_list, talk
from lightctl.cli.periods import beginning, ending
from lightctl.cli.preview import PlaceOption
from lightctl.cli.schedule import Zone, finding_rows, place_of, refuse, show_findings
from lightctl.cli.sheets import schedule_texts
from lightctl.cli.times import city_clock, rfc_3339, zone_of
from lightctl.domain.errors import InvalidInput

if TYPE_CHECKING:
    from lightctl.app.energy.estimate import PaperLamps
    from lightctl.app.energy.views import EstimateView
    from lightctl.domain.programs import ControlProgram

MOST_WATTS = 10_000.0

Sheets = Annotated[
    list[str] | None,
    typer.Argument(metavar="[FILE...]", help="Schedule files or folders; without any the schedules in force."),
]
ForecastFrom = Annotated[
    str | None, typer.Option("--from", metavar="TIME", help="First day or month, or an instant; default now.")
]
ForecastTo = Annotated[
    str | None, typer.Option("--to", metavar="TIME", help="Last day or month, or an instant; default a year later.")
]
Lamps = Annotated[int, typer.Option("--lamps", min=1, max=100_000_000, help="How many lamps.")]
RatedW = Annotated[
    float, typer.Option("--rated-w", min=0.001, max=MOST_WATTS, help="System power of one lamp at full level, in W.")
]
StandbyW = Annotated[
    float, typer.Option("--standby-w", min=0, max=MOST_WATTS, help="Power of one lamp that is off, in W.")
]
Program = Annotated[
    str | None,
    typer.Option("--program", metavar="FILE:NAME", help="A program of a schedule file; default full light all night."),
]
Hours = Annotated[
    float | None, typer.Option("--hours", min=0, help="Burning hours a year at full level, instead of a program.")
]
Year = Annotated[int | None, typer.Option("--year", min=1970, max=2100, help="Which year; default this one.")]
Price = Annotated[float | None, typer.Option("--price", min=0, help="Price of a kWh; without it there is no cost.")]
Co2 = Annotated[float | None, typer.Option("--co2", min=0, help="Carbon dioxide of a kWh, in kg.")]
BaselineW = Annotated[
    float | None,
    typer.Option(
        "--baseline-w",
        min=0.001,
        max=MOST_WATTS,
        help="System power of the lamp that was there before, in W; without it savings are against the same lamp.",
    ),
]

_FORECAST = (
    Column("KEY", key_of),
    Column("NOW KWH", lambda row: amount(row["kwh_before"]), right=True),
    Column("THEN KWH", lambda row: amount(row["kwh_after"]), right=True),
    Column("SAVING KWH", lambda row: amount(row["saving_kwh"]), right=True),
    Column("%", lambda row: percent_of(row["saving_percent"]), right=True),
    Column("COST THEN", lambda row: euro(row["cost_after"]), right=True),
    Column("COST SAVED", lambda row: euro(row["cost_saving"]), right=True),
    Column("CO2 SAVED KG", lambda row: amount(row["co2_saving_kg"]), right=True),
    Column("HOURS THEN", lambda row: amount(row["hours_after"]), right=True),
    Column("LIGHTS", lambda row: f"{row['light_points']:,}", right=True),
)
_ESTIMATE = (
    Column("energy", lambda view: f"{amount(view['kwh'])} kWh a year"),
    Column("baseline", lambda view: f"{amount(view['baseline_kwh'])} kWh"),
    Column("saving", lambda view: f"{amount(view['saving_kwh'])} kWh, {percent_of(view['saving_percent'])}"),
    Column("cost", lambda view: euro(view["cost"]) if view["cost"] is not None else ""),
    Column("cost saved", lambda view: euro(view["saving_cost"]) if view["cost"] is not None else ""),
    Column("CO2", lambda view: f"{amount(view['co2_kg'])} kg" if view["co2_kg"] is not None else ""),
    Column("CO2 saved", lambda view: f"{amount(view['saving_co2_kg'])} kg" if view["co2_kg"] is not None else ""),
    Column("burning hours", lambda view: f"{view['hours']:,.1f} of each lamp"),
)


def register(noun: typer.Typer) -> None:
    """Add the commands to the noun `energy`."""
    noun.command("forecast")(forecast)
    noun.command("estimate")(estimate)


@with_door
def forecast(
    door: Door,
    files: Sheets = None,
    *,
    since: ForecastFrom = None,
    until: ForecastTo = None,
    by: by_option("group") = "group",  # type: ignore[valid-type]
    fmt: options.Output = Format.TABLE,
) -> None:
    """Say what schedules would use before they are applied, against those in force: kWh, cost, saving by group."""
    body: dict[str, Any] = {"files": schedule_texts(files or ()), "by": by}
    with door.open() as client:
        if since is not None or until is not None:
            _, zone = city_clock(client)
            body |= {} if since is None else {"since": rfc_3339(beginning(since, zone, where="--from"))}
            body |= {} if until is None else {"until": rfc_3339(ending(until, zone, where="--to"))}
        view = client.post("/v1/energy/forecast", body)
    if not view["ok"]:
        refuse("the schedules have errors", view, fmt)
    if fmt is not Format.TABLE:
        output.show_one(view, fmt, (), view["rows"])
        return
    show_findings((), view["warnings"])
    total: Json = view["total"]
    show_list([*view["rows"], total], fmt, _FORECAST)
    if total["without_power"]:
        missing = output.count(total["without_power"], "light point")
        talk(f"{missing} of unknown power: left out of the energy")


@with_door
def estimate(
    door: Door,
    *,
    lamps: Lamps,
    rated_w: RatedW,
    standby_w: StandbyW = 0.0,
    program: Program = None,
    hours: Hours = None,
    place: PlaceOption = None,
    tz: Zone = None,
    year: Year = None,
    price: Price = None,
    co2: Co2 = None,
    baseline_w: BaselineW = None,
    fmt: options.Output = Format.TABLE,
) -> None:
    """Estimate a year's energy on paper: of a program at a --place, or of --hours. Needs no fleet, daemon or store."""
    from lightctl.app.energy.estimate import PaperLamps  # noqa: PLC0415 - start-up stays short

    if standby_w > rated_w:
        raise InvalidInput("--standby-w", "a lamp that is off draws no more than one at full level")
    paper = PaperLamps(lamps, rated_w, standby_w, baseline_w, price, co2)
    view = dataclasses.asdict(_estimated(door, paper, program, hours, place, tz, year))
    if fmt is Format.TABLE:
        output.show_one(view, fmt, _ESTIMATE)
    else:
        output.show_one(view, fmt, ())


def _estimated(
    door: Door,
    lamps: PaperLamps,
    program: str | None,
    hours: float | None,
    place: str | None,
    tz: str | None,
    year: int | None,
) -> EstimateView:
    from lightctl.app.energy import estimate as paper  # noqa: PLC0415 - start-up stays short

    time_zone = tz if tz is not None else door.settings().site.time_zone
    which = year if year is not None else dt.datetime.now(zone_of(time_zone)).year
    if hours is not None:
        if program is not None:
            raise InvalidInput("--program, --hours", "both say when the lamps burn", hint="Give one of them.")
        zone_of(time_zone)
        return paper.by_hours(lamps, hours, which, time_zone)
    if place is None:
        raise InvalidInput("--place", "where is not said", hint="Write --place 51.26,7.15, or give --hours.")
    return paper.by_program(lamps, _program(program), place_of(place, time_zone), which)


def _program(named: str | None) -> ControlProgram:
    from lightctl.domain.programs import DEFAULT_PROGRAM  # noqa: PLC0415 - start-up stays short
    from lightctl.files.schedules import read_schedules  # noqa: PLC0415

    if named is None:
        return DEFAULT_PROGRAM
    file, colon, name = named.rpartition(":")
    if not colon or not file or not name:
        raise InvalidInput("--program", f"{named!r} names no program of a file", hint="Write FILE:NAME.")
    found = read_schedules(schedule_texts([file]))
    if found.errors:
        refuse(
            "the schedules have errors",
            {"errors": finding_rows(found.errors), "warnings": finding_rows(found.warnings)},
        )
    if name not in found.intent.programs:
        known = ", ".join(sorted(found.intent.programs)) or "none"
        raise InvalidInput("--program", f"no program {name!r} in {file}", hint=f"Programs: {known}.")
    return found.intent.programs[name]
