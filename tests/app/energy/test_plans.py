"""Forecasts of plans and the indicators of EN 13201-5, against figures worked out by hand."""

from __future__ import annotations

import datetime as dt

import pytest

from lightctl.app.energy import forecast, indicators
from lightctl.app.energy.estimate import PaperLamps, by_program
from lightctl.domain.assets import Place
from lightctl.domain.errors import InvalidInput
from lightctl.files.schedules import read_schedules
from lightctl.files.settings_energy import TariffSettings
from lightctl.files.settings_model import Settings
from tests.support.energy import Books

UTC = dt.UTC
NOW = dt.datetime(2025, 12, 31, 23, tzinfo=UTC)  # the year begins in Berlin
NEXT = dt.datetime(2026, 12, 31, 23, tzinfo=UTC)
TARIFF = TariffSettings(valid_from=dt.date(2025, 1, 1), price_per_kwh=0.3, price_year=2025, price_source="a contract")
HEAD = (
    "id,lat,lon,kind,node,channel,profile,link,rated_power_w,standby_power_w,lamps,group,area_m2,illuminance_lx,state\n"
)
INVENTORY = HEAD + (
    "LP1,51.4,6.8,street,n-1,0,native,mqtt,50,0,1,main,210,10,in_use\n"
    "LP2,51.4,6.8,street,n-2,0,native,mqtt,50,0,1,main;all,210,10,in_use\n"
    'LP3,51.4,6.8,street,n-3,0,native,mqtt,30,2,1,all,"105,5",7.5,maintenance\n'
    "LP4,51.4,6.8,street,n-4,0,native,mqtt,,,1,all,100,10,in_use\n"
    "LP5,51.4,6.8,street,n-5,0,native,mqtt,30,2,1,all,,10,in_use\n"
    "LP6,51.4,6.8,street,n-6,0,native,mqtt,30,2,1,all,100,10,planned\n"
    "M1,51.4,6.8,meter,m-1,0,sdm630,mqtt,,,1,all,,,in_use\n"
)
FULL = """version: 1
programs: {p: {active: "18:00 .. 06:00"}}
calendars: {c: {default: p}}
assignments: [{select: "*", calendar: c}]
"""
HALF = FULL.replace('"18:00 .. 06:00"', '"18:00 .. 06:00", steps: [{at: "00:00", level: 50}]')


@pytest.fixture
def city() -> Books:
    found = Books(Settings(tariffs={"now": TARIFF}), NOW, NOW)
    found.furnish(INVENTORY, {"a.yaml": FULL})
    return found


def test_a_forecast_says_what_a_plan_would_save_by_group(city):
    view = forecast.make(forecast.draft(city.desk, {"a.yaml": HALF}, None, None, "group"))
    every, main = view.rows
    # 4,380 h of 50 W each before; 2,190 h of them at half afterwards (the clock's two odd nights cancel out).
    assert (main.key, main.light_points, main.without_power) == ("main", 2, 0)
    assert main.kwh_before == pytest.approx(2 * 219.0, rel=1e-3)
    assert main.kwh_after == pytest.approx(2 * 219.0 * 0.75, rel=1e-3)
    assert main.saving_percent == pytest.approx(25.0, abs=0.1)
    assert main.cost_saving == pytest.approx(main.saving_kwh * 0.3, abs=0.01)
    assert main.co2_saving_kg is None
    assert (every.key, every.light_points, every.without_power) == ("all", 4, 1)
    assert view.total is not None
    assert view.total.light_points == 5, "the one in both groups counts once, the planned one and the meter not at all"


def test_months_of_a_forecast_add_up_to_the_year(city):
    view = forecast.make(forecast.draft(city.desk, {"a.yaml": HALF}, NOW, NEXT, "month"))
    assert len(view.rows) == 12
    assert view.total is not None
    assert sum(row.kwh_after for row in view.rows) == pytest.approx(view.total.kwh_after, abs=0.01)


def test_without_files_the_schedules_in_force_are_forecast(city):
    view = forecast.make(forecast.draft(city.desk, {}, NOW, NEXT, "group"))
    assert view.total is not None
    assert view.total.saving_kwh == 0
    assert view.total.kwh_before > 0


def test_files_with_errors_give_nothing_but_their_errors(city):
    view = forecast.make(forecast.draft(city.desk, {"a.yaml": "version: 1\nprogrammes: {}\n"}, NOW, NEXT, "group"))
    assert not view.ok
    assert view.errors
    assert (view.rows, view.total) == ((), None)


def test_a_forecast_is_what_an_estimate_on_paper_says(city):
    text = FULL.replace('"18:00 .. 06:00"', "sunset .. sunrise")
    view = forecast.make(forecast.draft(city.desk, {"a.yaml": text}, NOW, NEXT, "id"))
    program = read_schedules({"a.yaml": text}).intent.programs["p"]
    paper = by_program(PaperLamps(1, 30.0, 2.0), program, Place(51.4, 6.8, "Europe/Berlin"), 2026)
    third = next(row for row in view.rows if row.key == "LP3")
    assert (third.kwh_after, third.hours_after) == (
        pytest.approx(paper.kwh, abs=0.01),
        pytest.approx(paper.hours, abs=0.1),
    )


@pytest.mark.parametrize(("since", "until", "by"), [(NEXT, NOW, "group"), (NOW, NEXT, "night"), (NOW, NEXT, "x")])
def test_a_forecast_of_nothing_is_refused(city, since, until, by):
    with pytest.raises(InvalidInput):
        forecast.draft(city.desk, {}, since, until, by)


def test_indicators_are_those_worked_out_by_hand(city):
    # main: P = 2 x 50 W; sum(E x A) = 2 x 10 lx x 210 m2 = 4,200; D_P = 100 / 4,200 = 0.023810 W/(lx m2)
    #       E = 2 x 50 W x 4,380 h = 438 kWh; A = 420 m2; D_E = 438 / 420 = 1.04286 kWh/(m2 a)
    # all:  LP2 and LP3: P = 50 + 30 = 80 W; sum = 2,100 + 7.5 x 105.5 = 2,891.25; D_P = 0.027670
    #       E = 219 + (30 x 4,380 + 2 x 4,380) / 1,000 = 219 + 140.16 = 359.16 kWh; A = 315.5 m2; D_E = 1.13838
    view = indicators.make(indicators.draft(city.desk, 2026, "group"))
    every, main = view.rows
    assert (main.power_w, main.lux_m2, main.area_m2, main.without_area) == (100.0, 4200.0, 420.0, 0)
    assert main.pdi_w_per_lx_m2 == pytest.approx(0.023810, abs=1e-6)
    assert main.aeci_kwh_per_m2 == pytest.approx(1.04286, rel=5e-4)
    assert [(each.level, round(each.hours)) for each in main.periods] == [(100, 4380), (0, 4380)]
    assert (every.light_points, every.without_area) == (2, 2)
    assert every.pdi_w_per_lx_m2 == pytest.approx(0.027670, abs=1e-6)
    assert every.aeci_kwh_per_m2 == pytest.approx(1.13838, rel=5e-4)


def test_dimming_lowers_the_annual_consumption_and_not_the_power_density(city):
    full = indicators.make(indicators.draft(city.desk, 2026, "group")).rows[1]
    dimmed = Books(Settings(), NOW, NOW)
    dimmed.furnish(INVENTORY, {"a.yaml": HALF})
    half = indicators.make(indicators.draft(dimmed.desk, None, "group")).rows[1]
    assert half.pdi_w_per_lx_m2 == full.pdi_w_per_lx_m2
    assert half.aeci_kwh_per_m2 == pytest.approx(0.75 * (full.aeci_kwh_per_m2 or 0), rel=1e-3)


def test_places_without_area_or_illuminance_have_no_indicators(city):
    view = indicators.make(indicators.draft(city.desk, 2026, "id"))
    fifth = next(row for row in view.rows if row.key == "LP5")
    assert (fifth.pdi_w_per_lx_m2, fifth.aeci_kwh_per_m2, fifth.without_area, fifth.periods) == (None, None, 1, ())
    with pytest.raises(InvalidInput):
        indicators.draft(city.desk, 2026, "month")
