"""The energy report, against figures added up by hand."""

from __future__ import annotations

import datetime as dt

import pytest

from lightctl.app.energy.report import report, report_steps
from lightctl.app.energy.views import Label
from lightctl.app.steps import advance
from lightctl.domain.errors import InvalidInput
from lightctl.domain.usage import Resolution
from lightctl.files.settings_energy import TariffSettings
from lightctl.files.settings_luminaires import LuminaireSettings
from lightctl.files.settings_model import Settings
from tests.support.energy import Books

UTC = dt.UTC
# Local months of Berlin: June 2026 begins at 22:00 UTC the day before.
JUNE, JULY, AUGUST = (dt.datetime(2026, month, day, 22, tzinfo=UTC) for month, day in ((5, 31), (6, 30), (7, 31)))
DAYS_30, HOUR = 30 * 86_400.0, 3600.0
TARIFF = TariffSettings(
    valid_from=dt.date(2026, 1, 1),
    price_per_kwh=0.25,
    price_year=2026,
    price_source="contract",
    co2_kg_per_kwh=0.4,
    co2_year=2024,
    co2_source="an agency",
)
SETTINGS = Settings(
    tariffs={"2026": TARIFF},
    luminaires={"led": LuminaireSettings(rated_power_w=50.0, power_table={"50": 30.0}, former_power_w=100.0)},
)
HEAD = "id,lat,lon,kind,node,channel,profile,link,address,rated_power_w,standby_power_w,group,cabinet,luminaire,state\n"
INVENTORY = HEAD + (
    "LP1,51.4344,6.7623,street,n-1,0,native,mqtt,main,50,1,north;school,C1,,in_use\n"
    "LP2,51.4345,6.7623,street,n-2,0,native,mqtt,main,50,1,north,C1,,in_use\n"
)
ALWAYS_HALF = {"a.yaml": 'version: 1\nprograms:\n  p: {active: "18:00 .. 06:00", start_level: 50}\n'
               "calendars: {c: {default: p}}\nassignments: [{select: '*', calendar: c}]\n"}  # fmt: skip


def books(inventory: str = INVENTORY, settings: Settings = SETTINGS, now: dt.datetime = AUGUST) -> Books:
    found = Books(settings, JUNE - dt.timedelta(days=30), now)
    found.furnish(inventory, ALWAYS_HALF)
    return found


def test_what_a_counter_counted_is_metered_and_nothing_is_estimated_beside_it():
    city = books()
    half = {0: DAYS_30 / 2, 50: DAYS_30 / 2}
    city.saw(Resolution.MONTH, "n-1", JUNE, energy_wh=9000.0, metered_s=DAYS_30, level_s=half)
    city.saw(Resolution.MONTH, "n-2", JUNE, energy_wh=11000.0, metered_s=DAYS_30, level_s=half)
    found = report(city.desk, JUNE, JULY, "group")
    north, school = found.rows
    assert (north.key, north.kwh, north.kwh_metered, north.kwh_estimated) == ("north", 20.0, 20.0, 0.0)
    assert (north.hours, north.label, north.light_points) == (720.0, Label.METERED, 2)
    assert (school.key, school.kwh) == ("school", 9.0)
    assert (north.cost, north.co2_kg) == (5.0, 8.0)
    assert found.figures[0].source == "contract"


def test_a_lamp_in_two_groups_counts_once_in_the_total():
    city = books()
    found = report(city.desk, JUNE, JULY, "group")
    assert found.total.light_points == 2
    assert found.total.kwh == pytest.approx(found.rows[0].kwh, abs=0.001)
    assert sum(row.kwh for row in found.rows) > found.total.kwh


def test_without_a_counter_the_levels_it_reported_are_weighed_by_its_curve():
    city = books()
    city.saw(Resolution.MONTH, "n-1", JUNE, level_s={0: 500 * HOUR, 100: 220 * HOUR})
    (row, *_) = report(city.desk, JUNE, JULY, "id").rows
    assert (row.key, row.kwh, row.label) == ("LP1", 11.5, Label.ESTIMATED)  # 500 h x 1 W + 220 h x 50 W
    assert row.hours == 220.0


def test_silence_is_estimated_by_the_plan_that_was_in_force():
    city = books()
    found = report(city.desk, JUNE, JULY, "id").rows[0]
    # 360 h at 50 % of a straight line from 1 to 50 W, 360 h of standby
    assert found.kwh == pytest.approx(0.360 * 25.5 + 0.360 * 1, abs=0.001)
    assert (found.kwh_metered, found.label, found.hours) == (0.0, Label.ESTIMATED, 360.0)


def test_what_a_counter_missed_is_estimated_and_the_row_says_mixed():
    city = books()
    # Counted and heard of for the first 20 days; the last ten are silent: 120 h at 25.5 W, 120 h at 1 W.
    heard = 20 * 86_400.0
    city.saw(Resolution.MONTH, "n-1", JUNE, energy_wh=6360.0, metered_s=heard, level_s={0: heard / 2, 50: heard / 2})
    row = report(city.desk, JUNE, JULY, "id").rows[0]
    assert (row.kwh_metered, row.label) == (6.36, Label.MIXED)
    assert row.kwh_estimated == pytest.approx(0.120 * 26.5, abs=0.001)
    assert row.hours == pytest.approx(360.0, abs=0.01)


def test_the_baseline_is_full_power_all_night_and_standby_by_day():
    city = books(settings=SETTINGS.model_copy(update={"energy": SETTINGS.energy.model_copy(
        update={"baseline_night": "18:00 .. 06:00"})}))  # fmt: skip
    row = report(city.desk, JUNE, JULY, "id").rows[0]
    assert row.baseline_kwh == pytest.approx(0.360 * 50 + 0.360 * 1, abs=0.001)
    assert row.saving_percent == pytest.approx(100 * (1 - 26.5 / 51), abs=0.01)


def test_before_the_retrofit_the_former_lamp_burned_all_night():
    inventory = INVENTORY.replace("C1,,in_use", "C1,led,in_use", 1)
    settings = SETTINGS.model_copy(
        update={"energy": SETTINGS.energy.model_copy(update={"baseline_night": "18:00 .. 06:00"})}
    )
    former, today = report(books(inventory, settings).desk, JUNE, JULY, "id", baseline="before_retrofit").rows
    assert former.baseline_kwh == pytest.approx(36.0, abs=0.001)
    assert today.baseline_kwh == pytest.approx(18.36, abs=0.001)


def test_without_a_price_there_is_no_cost_and_without_a_factor_no_carbon_dioxide():
    city = books(settings=Settings())
    total = report(city.desk, JUNE, JULY, "month").total
    assert (total.cost, total.co2_kg) == (None, None)
    late = TARIFF.model_copy(update={"valid_from": dt.date(2026, 6, 15)})
    city = books(settings=Settings(tariffs={"late": late}))
    total = report(city.desk, JUNE, JULY, "month").total
    assert total.cost is None, "half of the month has no price"
    assert report(city.desk, JULY, AUGUST, "month").total.cost is not None


def test_each_part_of_a_period_is_paid_at_its_own_price():
    dearer = TARIFF.model_copy(update={"valid_from": dt.date(2026, 7, 1), "price_per_kwh": 0.5})
    city = books(settings=Settings(tariffs={"a": TARIFF, "b": dearer}))
    june, july = report(city.desk, JUNE, AUGUST, "month").rows
    assert (june.key, july.key) == ("2026-06", "2026-07")
    assert june.cost == pytest.approx(june.kwh * 0.25, abs=0.01)
    assert july.cost == pytest.approx(july.kwh * 0.5, abs=0.01)


def test_a_cabinets_meter_is_shared_out_where_no_lamp_has_a_counter():
    inventory = INVENTORY + "M1,51.4344,6.7623,meter,meter-1,0,sdm630,bus,1,,,,C1,,in_use\n"
    city = books(inventory)
    city.counted(Resolution.MONTH, "meter-1", JUNE, 22_000.0, DAYS_30)
    (row,) = report(city.desk, JUNE, JULY, "cabinet").rows
    assert (row.kwh, row.kwh_metered, row.label, row.light_points) == (22.0, 22.0, Label.METERED, 2)


def test_a_lamps_own_counter_and_its_cabinets_meter_are_never_both_counted():
    inventory = INVENTORY + "M1,51.4344,6.7623,meter,meter-1,0,sdm630,bus,1,,,,C1,,in_use\n"
    city = books(inventory)
    city.counted(Resolution.MONTH, "meter-1", JUNE, 22_000.0, DAYS_30)
    city.saw(Resolution.MONTH, "n-1", JUNE, energy_wh=9000.0, metered_s=DAYS_30, level_s={50: DAYS_30})
    found = report(city.desk, JUNE, JULY, "id").rows
    assert [row.kwh_metered for row in found] == [9.0, 0.0]


def test_a_node_that_was_moved_is_charged_to_whom_it_served():
    city = books()
    swapped = INVENTORY.replace("n-1", "n-9", 1)
    city.now = JUNE + dt.timedelta(days=10)
    city.furnish(swapped, {})
    thirds = {50: 10 * 86_400.0}
    city.saw(Resolution.MONTH, "n-1", JUNE, energy_wh=3000.0, metered_s=10 * 86_400.0, level_s=thirds)
    city.saw(Resolution.MONTH, "n-9", JUNE, energy_wh=6000.0, metered_s=20 * 86_400.0, level_s={50: 20 * 86_400.0})
    row = report(city.desk, JUNE, JULY, "id").rows[0]
    assert (row.kwh_metered, row.kwh_estimated) == (9.0, 0.0)


def test_lamps_of_unknown_power_are_counted_and_left_out():
    city = books(INVENTORY.replace("main,50,1,north,", "main,,,north,"))
    total = report(city.desk, JUNE, JULY, "group").total
    assert (total.light_points, total.without_power) == (2, 1)
    assert total.kwh == pytest.approx(0.360 * 26.5, abs=0.001)


def test_ragged_days_are_read_from_quarters_of_an_hour():
    city = books(now=JUNE + dt.timedelta(days=3))
    since, until = JUNE + dt.timedelta(days=1), JUNE + dt.timedelta(days=1, hours=2)
    for quarter in range(8):
        start = since + dt.timedelta(minutes=15 * quarter)
        city.saw(Resolution.QUARTER, "n-1", start, energy_wh=10.0, metered_s=900.0, level_s={50: 900.0})
    row = report(city.desk, since, until, "id").rows[0]
    assert (row.kwh_metered, row.kwh_estimated, row.hours) == (0.08, 0.0, 2.0)


def test_without_quarters_a_ragged_end_is_its_share_of_the_night():
    city = books(now=JUNE + dt.timedelta(days=10))
    noon = JUNE + dt.timedelta(days=1, hours=12)
    city.saw(Resolution.NIGHT, "n-1", noon, energy_wh=600.0, metered_s=86_400.0, level_s={0: 12 * HOUR, 50: 12 * HOUR})
    # From noon to midnight: 6 h of standby and 6 h at half level, exactly half of the night's plan.
    row = report(city.desk, noon, noon + dt.timedelta(hours=12), "id").rows[0]
    assert row.kwh_metered == pytest.approx(0.3, abs=0.001)
    assert row.hours == pytest.approx(6.0, abs=0.01)


def test_nights_are_rows_of_their_own():
    city = books(now=JUNE + dt.timedelta(days=5))
    found = report(city.desk, JUNE, JUNE + dt.timedelta(days=3), "night")
    assert [row.key for row in found.rows] == ["2026-06-01", "2026-06-02", "2026-06-03"]
    assert found.rows[0].kwh == pytest.approx(2 * (0.012 * 25.5 + 0.012), abs=0.001)


@pytest.mark.parametrize("by", ["", "colour", "tag:", "Group"])
def test_nobody_can_report_by_what_there_is_not(by):
    with pytest.raises(InvalidInput):
        report(books().desk, JUNE, JULY, by)


def test_a_period_that_is_yet_to_come_is_refused():
    with pytest.raises(InvalidInput):
        report(books(now=JUNE).desk, JUNE, JULY, "group")


def test_a_report_in_small_steps_is_the_same_report(monkeypatch):
    inventory = INVENTORY + "".join(
        f"LQ{n},51.4344,6.7623,street,m-{n},0,native,mqtt,main,50,1,south,C{n % 3},,in_use\n" for n in range(9)
    )
    inventory += "M1,51.4344,6.7623,meter,meter-1,0,sdm630,bus,1,,,,C2,,in_use\n"
    city = books(inventory)
    city.counted(Resolution.MONTH, "meter-1", JUNE, 22_000.0, DAYS_30)
    city.saw(Resolution.MONTH, "m-1", JUNE, energy_wh=9000.0, metered_s=DAYS_30, level_s={50: DAYS_30})
    whole = report(city.desk, JUNE, AUGUST, "cabinet")
    assert [row.kwh_metered for row in whole.rows] == [0.0, 9.0, 22.0]
    monkeypatch.setattr("lightctl.app.energy.accounts.LAMPS_A_STEP", 2)
    taken = 0
    steps = report_steps(city.desk, JUNE, AUGUST, "cabinet")
    while (result := advance(steps)) is None:
        taken += 1
    assert result.value == whole
    assert taken >= 2 * 3, "others come in between, at each cabinet of each month"
