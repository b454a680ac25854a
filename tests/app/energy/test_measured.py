"""Balances and profiles, and reports over a store that added real reports up."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import pytest

from lightctl.app.desk import Desk
from lightctl.app.energy.balance import balance_steps
from lightctl.app.energy.profile import profile_steps
from lightctl.app.energy.report import report
from lightctl.app.energy.views import Label
from lightctl.app.steps import finish
from lightctl.domain.errors import InvalidInput
from lightctl.domain.states import ChannelReport, Reading, ReportedState
from lightctl.domain.usage import Resolution
from lightctl.files.inventory import read_inventory
from lightctl.files.settings_model import Settings
from lightctl.store.base import AuditDraft
from lightctl.store.sqlite import SqliteStore
from tests.app.energy.test_report import ALWAYS_HALF, AUGUST, DAYS_30, INVENTORY, JULY, JUNE, books
from tests.support.energy import Books

UTC = dt.UTC
METERED = INVENTORY + "M1,51.4344,6.7623,meter,meter-1,0,sdm630,bus,1,,,,C1,,in_use\n"


def cabinet(city: Books):
    (row,) = finish(balance_steps(city.desk, JUNE, JULY)).rows
    return row


@pytest.mark.parametrize(
    ("meter_wh", "within", "said"),
    [
        (20_500.0, True, "balances"),
        (30_000.0, False, "losses, loads that are no lamps, or theft"),
        (15_000.0, False, "check their watts, or the meter"),
        (0.0, None, "the meter counted nothing"),
    ],
)
def test_a_meter_is_held_against_the_lamps_own_figures(meter_wh, within, said):
    city = books(METERED)
    for node, wh in (("n-1", 9000.0), ("n-2", 11000.0)):
        city.saw(Resolution.MONTH, node, JUNE, energy_wh=wh, metered_s=DAYS_30, level_s={50: DAYS_30})
    city.counted(Resolution.MONTH, "meter-1", JUNE, meter_wh, DAYS_30)
    row = cabinet(city)
    assert (row.lamps_kwh, row.lamps_metered_kwh, row.meter_kwh) == (20.0, 20.0, meter_wh / 1000)
    assert row.difference_kwh == pytest.approx(meter_wh / 1000 - 20)
    assert row.within is within
    assert said in row.verdict


def test_lamps_without_counters_are_estimated_and_never_given_the_meters_own_figure():
    city = books(METERED)
    city.counted(Resolution.MONTH, "meter-1", JUNE, 40_000.0, DAYS_30)
    row = cabinet(city)
    assert row.lamps_kwh == pytest.approx(2 * 0.360 * 26.5, abs=0.001)
    assert (row.lamps_metered_kwh, row.within) == (0.0, False)


def test_a_meter_that_counted_half_the_time_is_held_against_half_of_the_lamps():
    city = books(METERED)
    city.counted(Resolution.MONTH, "meter-1", JUNE, 0.360 * 26_500.0, DAYS_30 / 2)
    assert cabinet(city).within is True


def test_without_a_meter_nothing_is_compared():
    row = cabinet(books())
    assert (row.meter_kwh, row.difference_kwh, row.within, row.verdict) == (None, None, None, "no meter counted here")


@pytest.mark.parametrize(("day", "halves"), [("2026-03-29", 46), ("2026-06-10", 48), ("2026-10-25", 50)])
def test_a_local_day_has_48_half_hours_and_46_or_50_where_clocks_change(day, halves):
    city = Books(Settings(), dt.datetime(2026, 1, 1, tzinfo=UTC), dt.datetime(2026, 12, 1, tzinfo=UTC))
    city.furnish(INVENTORY, ALWAYS_HALF)
    date = dt.date.fromisoformat(day)
    zone = city.desk.settings.site.time_zone
    since, until = (
        dt.datetime.combine(each, dt.time(), ZoneInfo(zone)).astimezone(UTC)
        for each in (date, date + dt.timedelta(days=1))
    )
    view = finish(profile_steps(city.desk, since, until))
    assert len(view.rows) == halves
    # 18:00 to 06:00 at 25.5 W, the other half at standby, two lamps: by the plan, as nobody said anything
    lit = [row for row in view.rows if row.kwh > 0.02]
    assert len(lit) == {46: 22, 48: 24, 50: 26}[halves]
    assert view.kwh == pytest.approx(sum(row.kwh for row in view.rows), abs=0.001)
    assert {row.label for row in view.rows} == {Label.ESTIMATED}


def test_a_profile_of_counters_is_what_they_counted():
    city = books(now=JUNE + dt.timedelta(days=3))
    start = JUNE + dt.timedelta(days=1)
    for quarter in range(4):
        at = start + dt.timedelta(minutes=15 * quarter)
        for node in ("n-1", "n-2"):
            city.saw(Resolution.QUARTER, node, at, energy_wh=5.0 + quarter, metered_s=900.0, level_s={50: 900.0})
    view = finish(profile_steps(city.desk, start, start + dt.timedelta(hours=1)))
    assert [(row.kwh_metered, row.kwh_estimated) for row in view.rows] == [(0.022, 0.0), (0.030, 0.0)]
    assert view.rows[0].local == "2026-06-02T00:00"


def test_a_profile_too_large_is_refused_with_a_way_out(monkeypatch):
    monkeypatch.setattr("lightctl.app.energy.profile.MAX_HALF_HOURS", 100)
    with pytest.raises(InvalidInput, match="fewer"):
        finish(profile_steps(books().desk, JUNE, AUGUST))


def test_reports_of_real_nodes_are_added_up_and_metered():
    """A night of two lamps through the store itself: one counts, one only says its level; a meter counts both."""
    store = SqliteStore(None)
    now = [dt.datetime(2026, 6, 10, 10, tzinfo=UTC)]
    desk = Desk(store, Settings(), lambda: now[0], lambda _events: None, None)
    audit = AuditDraft(now[0], "olga", "cli", "inventory import", "", "")
    store.put_points(read_inventory(METERED, format="csv").points, audit)
    store.put_schedules(ALWAYS_HALF, audit)
    reports, readings = [], []
    wh = meter = 0.0
    for step in range(24 * 12):  # every five minutes from noon to noon, local
        at = now[0] + dt.timedelta(minutes=5 * step)
        level = 50 if at.hour >= 16 or at.hour < 4 else 0
        watts = 26.0 if level else 1.0
        for node, energy in (("n-1", wh), ("n-2", None)):
            channel = ChannelReport(level=level, commanded=level, energy_wh=energy)
            reports.append(ReportedState(node, at, {0: channel}, boot_id="b", seq=step + 1, at=at))
        readings.append(Reading("meter-1", at, {"energy_kwh": meter / 1000}))
        wh += watts / 12
        meter += 60.0 / 12
    store.add_reports(reports)
    store.add_readings(readings)
    since, now[0] = now[0], now[0] + dt.timedelta(days=1)
    first, second = report(desk, since, now[0], "id").rows
    assert first.kwh == pytest.approx((12 * 26 + 12 * 1) / 1000, rel=0.01)
    assert first.kwh_metered == pytest.approx(first.kwh, rel=0.01)
    assert (second.label, second.kwh) == (Label.ESTIMATED, pytest.approx((12 * 25.5 + 12) / 1000, rel=0.01))
    assert first.hours == pytest.approx(12.0, abs=0.1)
    (row,) = finish(balance_steps(desk, since, now[0])).rows
    assert row.meter_kwh == pytest.approx(1.44, rel=0.01)
    assert (row.within, row.light_points) == (False, 2)
    store.close()
