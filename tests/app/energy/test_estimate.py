"""Energy on paper, against what was computed by others and what cities published."""

from __future__ import annotations

from dataclasses import replace

import pytest

from lightctl.app.energy.estimate import PaperLamps, by_hours, by_program
from lightctl.domain.errors import InvalidInput
from lightctl.domain.programs import DEFAULT_PROGRAM
from lightctl.files.schedules import read_schedules
from tests.support.programs import DUISBURG, LONGYEARBYEN

HALF_NIGHT = """
version: 1
programs:
  half:
    active: dusk(-3) .. dawn(-3)
    steps: [{at: "22:00", level: 50}, {at: "06:00", level: 100}]
  part:
    active: ["dusk(-3) .. 00:30", "05:30 .. dawn(-3)"]
"""
PROGRAMS = read_schedules({"h.yaml": HALF_NIGHT}).intent.programs
ONE = PaperLamps(1, 50.0)


def test_a_50_w_lamp_in_duisburg_at_half_light_from_22_to_6_uses_133_4_kwh():
    # field computation with an independent sun: 4,087.4 h x 50 W less 2,840.6 h x 25 W
    found = by_program(ONE, PROGRAMS["half"], DUISBURG, 2026)
    assert found.kwh == pytest.approx(133.4, rel=0.002)
    assert found.saving_percent == pytest.approx(34.7, abs=0.05)
    assert found.baseline_kwh == pytest.approx(204.4, rel=0.001)
    assert found.hours == pytest.approx(4087.4, abs=0.5)


@pytest.mark.parametrize(("year", "hours"), [(2026, 4280), (2024, 4296)])
def test_from_sunset_to_sunrise_a_lamp_in_duisburg_burns_4280_hours(year, hours):
    assert by_program(ONE, DEFAULT_PROGRAM, DUISBURG, year).hours == pytest.approx(hours, abs=1)


def test_standby_is_drawn_day_and_night():
    with_standby = by_program(replace(ONE, standby_w=1.0), DEFAULT_PROGRAM, DUISBURG, 2026)
    without = by_program(ONE, DEFAULT_PROGRAM, DUISBURG, 2026)
    assert with_standby.kwh - without.kwh == pytest.approx((8760 - without.hours) / 1000, abs=0.001)


def test_a_lamp_that_is_off_at_midnight_saves_against_the_whole_night():
    found = by_program(ONE, PROGRAMS["part"], DUISBURG, 2026)
    whole = by_program(ONE, PROGRAMS["half"], DUISBURG, 2026)
    assert found.baseline_kwh == pytest.approx(whole.baseline_kwh, abs=0.01)
    assert found.saving_percent == pytest.approx(100 * (1 - found.hours / whole.hours), abs=0.01)


# Duisburg's first 12,000 LED luminaires. Published before they came (Rheinische Post 2018-02-03): 3.4 GWh, 1,800 t of
# CO2 and EUR 450,000 less a year. Published afterwards (Stadtwerke Duisburg, 2022): 8.3 GWh before, 2.6 GWh now, which
# is 5.7 GWh and 2,100 t less. Nobody published watts: they are derived from the energy and from the 4,087 h that lamps
# burn there with the sun at -3 degrees. The price is derived too (EUR 450,000 / 3.4 GWh). The factors are those of the
# Umweltbundesamt: 0.527 kg/kWh for 2015, 0.366 for 2020.
HOURS = 4087.4


def test_what_duisburg_announced_for_12000_led_luminaires_comes_out_within_two_percent():
    led_w = 2.6e9 / 12_000 / HOURS
    former_w = led_w + 3.4e9 / 12_000 / HOURS
    found = by_hours(PaperLamps(12_000, led_w, 0.0, former_w, 0.1324, 0.527), HOURS, 2018, "Europe/Berlin")
    assert found.saving_kwh == pytest.approx(3.4e6, rel=0.02)
    assert found.saving_co2_kg == pytest.approx(1.8e6, rel=0.02)
    assert found.saving_cost == pytest.approx(450_000, rel=0.02)


def test_what_duisburg_measured_afterwards_comes_out_within_two_percent():
    watts = [round(each / 12_000 / HOURS) for each in (2.6e9, 8.3e9)]
    assert watts == [53, 169], "whole watts: a 53 W luminaire in place of a sodium lamp that draws 169 W with its gear"
    led = PaperLamps(12_000, watts[0], 0.0, watts[1], None, 0.366)
    found = by_hours(led, HOURS, 2022, "Europe/Berlin")
    assert found.kwh == pytest.approx(2.6e6, rel=0.02)
    assert found.baseline_kwh == pytest.approx(8.3e6, rel=0.02)
    assert found.saving_kwh == pytest.approx(5.7e6, rel=0.02)
    assert found.saving_co2_kg == pytest.approx(2.1e6, rel=0.02)
    assert found.saving_percent == pytest.approx(100 * 5.7 / 8.3, abs=1)


def test_without_a_price_or_factor_nothing_is_made_up():
    found = by_hours(ONE, 4000, 2026, "Europe/Berlin")
    assert (found.kwh, found.hours) == (200.0, 4000)
    assert (found.cost, found.saving_cost, found.co2_kg, found.saving_co2_kg) == (None, None, None, None)
    assert (found.baseline_kwh, found.saving_percent) == (200.0, 0.0)


def test_a_year_has_no_more_hours_than_it_has():
    assert by_hours(ONE, 8784, 2024, "Europe/Berlin").hours == 8784
    with pytest.raises(InvalidInput, match="8760"):
        by_hours(ONE, 8761, 2026, "Europe/Berlin")


def test_in_polar_night_and_day_the_year_still_adds_up():
    found = by_program(replace(ONE, standby_w=1.0), DEFAULT_PROGRAM, LONGYEARBYEN, 2026)
    assert 2500 < found.hours < 5500
    assert found.kwh == pytest.approx((found.hours * 50 + (8760 - found.hours)) / 1000, abs=0.01)
