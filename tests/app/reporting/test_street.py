from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest

from lightctl.app.asking import Guard, Target
from lightctl.app.desk import Desk
from lightctl.app.energy import report as energy_books
from lightctl.app.operations import Operations
from lightctl.app.reporting.lamp import lamp_report
from lightctl.app.reporting.periods import month_period, night_period
from lightctl.app.reporting.street import StreetGathering
from lightctl.domain.assets import LifeCycle
from lightctl.domain.crews import Maintenance
from lightctl.domain.errors import InvalidInput, UnknownTarget
from lightctl.domain.selectors import parse_selector
from lightctl.domain.states import Fault, FaultEvent
from lightctl.planning.wall import night_bounds
from lightctl.reports.street import StreetReport
from lightctl.store.base import AuditDraft, Recorded
from lightctl.store.sqlite import SqliteStore
from tests.support import paper_city
from tests.support.desk import OPERATOR, fleet_of
from tests.support.paper_city import AFTER, SETTINGS, ZONE, Trouble

LAMPS = 80
AUDIT = AuditDraft(AFTER, "olga", "cli", "a test", "")


class City:
    """A city of some lamps with its month, and a clock set by hand."""

    def __init__(self, lamps: int = LAMPS, *troubles: Trouble) -> None:
        self.store = SqliteStore(None)
        self.now = AFTER
        paper_city.furnish(self.store, lamps, troubles, quarters=3)
        self.desk = Desk(self.store, SETTINGS, lambda: self.now, lambda _events: None, None)

    def month(self, select: str = "*") -> StreetReport:
        return self._gathered(StreetGathering(self.desk, month_period("2026-10", self.now, ZONE), select))

    def night(self, date: str, select: str = "*") -> StreetReport:
        return self._gathered(StreetGathering(self.desk, night_period(date, self.now, ZONE), select))

    def put(self, **changes) -> None:
        """Change the first light point."""
        self.store.put_points((replace(self.desk.point("LP-00000"), **changes),), AUDIT)
        self.desk.take(fleet_of(self.desk))

    @staticmethod
    def _gathered(gathering: StreetGathering) -> StreetReport:
        while gathering.step():
            pass
        return gathering.report()


def hours(seconds: float) -> float:
    return round(seconds / 3600, 2)


def night_s(date: str) -> float:
    """Give how long a lamp of the city is lit in a night, by itself."""
    return City(1).night(date).light.planned_s


def test_a_month_without_trouble_is_all_in_light():
    report = City().month()
    assert (report.in_light_percent, report.unknown_percent, report.dark_percent) == (100.0, 0.0, 0.0)
    assert (report.light_points, report.lamps, len(report.nights)) == (80, 80, 31)
    assert report.outages == ()
    assert report.beyond == 0
    assert report.complete


def test_a_lamp_that_was_out_for_three_nights_is_dark_for_exactly_those():
    report = City(LAMPS, Trouble(7, "dark", 3, 6)).month()
    lost = sum(night_s(f"2026-10-{day:02}") for day in (4, 5, 6))
    assert hours(report.light.dark_s) == pytest.approx(hours(lost), abs=0.05)
    assert [night.date.day for night in report.nights if night.light.dark_s > 0] == [4, 5, 6]
    assert report.light.unknown_s == 0
    (outage,) = report.outages
    assert (outage.event, outage.light_points, outage.address) == ("lampFailure", ("LP-00007",), "Königstraße 8")
    assert outage.cleared_at is not None
    assert report.repair_median_s == outage.seconds == (outage.cleared_at - outage.opened_at).total_seconds()
    assert report.cabinets[0].cabinet == "KV-000"
    assert report.cabinets[0].outages == 1


def test_silence_is_not_known_and_no_light_but_not_called_dark():
    report = City(LAMPS, Trouble(7, "silent", 3, 6)).month()
    assert report.light.dark_s == 0
    assert hours(report.light.unknown_s) == pytest.approx(
        hours(sum(night_s(f"2026-10-{day:02}") for day in (4, 5, 6))), abs=0.05
    )
    assert report.in_light_percent is not None
    assert report.in_light_percent < 100.0
    assert report.outages == ()
    assert [(each.event, each.opened, each.cleared) for each in report.others] == [("communicationFailure", 1, 1)]


def test_burning_by_day_is_told_apart_and_makes_no_light_better():
    report = City(LAMPS, Trouble(7, "day", 3, 4)).month()
    assert report.in_light_percent == 100.0
    assert [each.light_point for each in report.worst_beyond] == ["LP-00007"]
    assert report.worst_beyond[0].hours == pytest.approx(24 - night_s("2026-10-04") / 3600, abs=0.05)
    assert report.burning.most == "LP-00007"


def test_burning_hours_are_mean_least_and_most_and_every_light_point_is_in_one_bar():
    report = City(LAMPS, Trouble(7, "dark", 0, 31)).month()
    burning = report.burning
    assert (burning.least, burning.least_h, burning.light_points) == ("LP-00007", 0.0, 80)
    assert sum(count for _, count in burning.counts) == 80
    whole = sum(night.light.planned_s for night in report.nights) / LAMPS / 3600
    assert burning.most_h == pytest.approx(whole, abs=0.05)
    assert burning.mean_h == pytest.approx(whole * 79 / 80, abs=0.05)


def test_a_fault_that_is_still_there_is_open_and_counts_as_it_stands():
    report = City(LAMPS, Trouble(7, "dark", 29, 31)).month()
    assert (report.open_outages, report.repair_median_s) == (1, None)
    assert report.outages[0].cleared_at is None
    assert report.outages[0].seconds == (report.until - report.outages[0].opened_at).total_seconds()


def test_what_a_fault_cleared_after_the_period_was_is_open_in_it():
    city = City(LAMPS, Trouble(7, "dark", 23, 26))
    assert city.night("2026-10-24").open_outages == 1
    assert city.month().open_outages == 0


@pytest.mark.parametrize(("date", "length_h"), [("2026-10-23", 24), ("2026-10-24", 25)])
def test_the_night_of_the_clock_change_has_its_own_length(date, length_h):
    report = City(1, Trouble(0, "day", 0, 31)).night(date)
    assert hours((report.until - report.since).total_seconds()) == length_h
    assert report.burning.most_h == pytest.approx(length_h)


def test_a_lamp_of_a_segment_counts_as_its_lamps():
    city = City(2, Trouble(0, "dark", 0, 31))
    city.put(lamps=3)
    report = city.month()
    # Its node says that all three are dark in the nights whose fault takes one of them.
    assert report.lamps == 4
    assert report.in_light_percent == pytest.approx(25.0, abs=0.1)


def test_a_failed_lamp_is_dark_although_its_node_says_that_it_is_lit():
    city = City(2)
    since, until = night_bounds(dt.date(2026, 10, 4), ZONE)
    fault = Fault(FaultEvent.LAMP_FAILURE, "light point", "LP-00000", since)
    city.store.commit(Recorded(faults=(fault, replace(fault, cleared_at=until))))
    report = city.night("2026-10-04")
    assert report.in_light_percent == pytest.approx(50.0)
    assert report.dark_percent == pytest.approx(50.0)
    # The control: the night after it is well.
    assert city.night("2026-10-05").in_light_percent == 100.0


def test_a_supply_loss_is_one_outage_that_makes_all_its_lamps_dark():
    city = City(LAMPS)
    since, until = night_bounds(dt.date(2026, 10, 4), ZONE)
    fault = Fault(FaultEvent.SUPPLY_LOSS, "cabinet", "KV-001", since)
    city.store.commit(Recorded(faults=(fault, replace(fault, cleared_at=until))))
    report = city.night("2026-10-04")
    assert [(each.lamps, len(each.light_points)) for each in report.outages] == [(40, 5)]
    assert report.dark_percent == pytest.approx(50.0)


def test_maintenance_is_kept_apart():
    city = City(LAMPS, Trouble(7, "dark", 3, 4))
    since, until = night_bounds(dt.date(2026, 10, 4), ZONE)
    city.store.add_maintenance(Maintenance("m-1", parse_selector("id=LP-00007"), since, until), AUDIT)
    report = city.night("2026-10-04")
    assert report.in_light_percent == 100.0
    assert hours(report.light.maintenance_s) == pytest.approx(hours(night_s("2026-10-04")), abs=0.02)


def test_a_lamp_that_people_switched_off_was_not_to_be_lit():
    city = City(1, Trouble(0, "dark", 3, 4))
    assert city.night("2026-10-04").in_light_percent == pytest.approx(0.0)
    city.now, later = dt.datetime(2026, 10, 4, 10, 30, tzinfo=dt.UTC), city.now
    operations = Operations(city.store, SETTINGS, lambda: city.now, lambda _events: None)
    city.store.commit(Recorded())
    operations.set_level(OPERATOR, Target(id="LP-00000"), 0, city.now + dt.timedelta(hours=12), Guard(reason="film"))
    city.now = later
    report = city.night("2026-10-04")
    assert 0 < report.light.planned_s < night_s("2026-10-04")


def test_a_lamp_commissioned_inside_the_period_counts_from_then():
    city = City(2)
    db = city.store._main
    with city.store.transaction():
        db.run("UPDATE mountings SET since = '2026-10-16T10:00:00.000000Z' WHERE light_point = 'LP-00000'")
    report = city.month()
    whole = City(2).month()
    assert report.in_light_percent == 100.0
    first, second = (night.light.planned_s for night in report.nights[14:16])
    assert second == pytest.approx(2 * first, rel=0.01)
    assert report.light.planned_s < whole.light.planned_s


def test_light_points_that_take_no_part_are_named_by_why():
    city = City(3)
    city.put(state=LifeCycle.PLANNED)
    assert city.month().left_out == {"planned": 1}
    city.put(state=LifeCycle.IN_USE, node="")
    report = city.month()
    assert report.left_out == {"no node": 1}
    assert report.light_points == 2


def test_a_selector_narrows_lamps_outages_and_energy_alike():
    city = City(LAMPS, Trouble(7, "dark", 3, 6), Trouble(47, "dark", 3, 6))
    part, whole = city.month("cabinet=KV-001"), city.month()
    assert (part.light_points, len(part.outages), len(whole.outages)) == (40, 1, 2)
    assert part.energy is not None
    assert whole.energy is not None
    assert part.energy.total.kwh == pytest.approx(whole.energy.total.kwh / 2, rel=1e-6)
    with pytest.raises(UnknownTarget):
        city.month("cabinet=nowhere")


def test_energy_is_that_of_the_books_and_its_nights_add_up():
    report = City().month()
    assert report.energy is not None
    nights = [night.energy for night in report.nights]
    assert all(each is not None for each in nights)
    assert sum(each.kwh for each in nights if each) == pytest.approx(report.energy.total.kwh, abs=0.05)
    assert report.energy.total.kwh_metered > 0
    assert report.energy.total.cost == pytest.approx(report.energy.total.kwh * 0.30, abs=0.02)


def test_a_city_without_light_points_has_a_report_that_says_so():
    city = City(0)
    report = city.month()
    assert (report.light_points, report.in_light_percent, report.energy) == (0, None, None)


def test_a_period_that_still_runs_goes_up_to_now_and_says_so():
    city = City(2)
    city.now = dt.datetime(2026, 10, 10, 12, tzinfo=dt.UTC)
    report = city.month()
    assert (report.complete, report.until, len(report.nights)) == (False, city.now, 10)


@pytest.mark.parametrize("text", ["2026-13", "2026-1", "next", "0000-01", "2026-12", "9999-12", "2026-10-01", ""])
def test_a_month_that_is_none_or_has_not_begun_is_refused(text):
    with pytest.raises(InvalidInput):
        month_period(text, AFTER, ZONE)


@pytest.mark.parametrize("text", ["2026-02-30", "yesterday", "2026-11-03", "0001-01-01", "9999-12-31", ""])
def test_a_night_that_is_none_or_has_not_begun_is_refused(text):
    with pytest.raises(InvalidInput):
        night_period(text, AFTER, ZONE)


def test_without_a_date_it_is_the_last_that_is_over():
    assert night_period(None, AFTER, ZONE).first == dt.date(2026, 10, 31)
    month = month_period(None, AFTER, ZONE)
    assert (month.first, month.last) == (dt.date(2026, 10, 1), dt.date(2026, 10, 31))


def test_a_lamps_nights_are_levels_by_the_quarter_and_gaps_where_nobody_knows():
    city = City(3, Trouble(1, "dark", 29, 30), Trouble(2, "silent", 29, 30))
    well, dark, silent = (lamp_report(city.desk, f"LP-0000{number}", 4).nights[1] for number in range(3))
    assert [each.date for each in (well, dark, silent)] == [dt.date(2026, 10, 30)] * 3
    assert set(well.cells) == {0.0, 50.0, 70.0, 100.0}
    assert set(dark.cells) == {0.0}
    assert set(silent.cells) == {None}
    assert (dark.light.in_light_percent, silent.light.unknown_percent) == (0.0, 100.0)
    assert len(well.cells) == 96


def test_the_columns_of_a_lamps_nights_are_the_same_hours_all_year():
    city = City(1)
    nights = {night.date.day: night.cells for night in lamp_report(city.desk, "LP-00000", 12).nights}
    # 22:00 local, where the program goes to 70 %, before, in and after the night of the clock change.
    for day in (23, 24, 25):
        assert (nights[day][39], nights[day][40]) == (100.0, 70.0)


def test_the_energy_of_a_report_is_that_of_the_energy_report():
    city = City(LAMPS, Trouble(7, "dark", 3, 6), Trouble(9, "silent", 3, 6))
    report = city.month()
    books = energy_books.report(city.desk, report.since, report.until, "night")
    assert report.energy is not None
    for name in ("kwh", "kwh_metered", "kwh_estimated", "baseline_kwh", "saving_percent", "cost", "co2_kg", "hours"):
        assert getattr(report.energy.total, name) == pytest.approx(getattr(books.total, name), abs=0.02), name
        for night, row in zip(report.nights, books.rows, strict=True):
            assert getattr(night.energy, name) == pytest.approx(getattr(row, name), abs=0.02), name
    assert report.energy.total.kwh_estimated > 0
