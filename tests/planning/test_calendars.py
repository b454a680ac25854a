from __future__ import annotations

import datetime as dt

import pytest

from lightctl.domain.programs import LAST_OF_MONTH, Calendar, CalendarRule, DateRange
from lightctl.planning.calendars import choose, is_holiday, is_holiday_code, rule_covers

MONDAY, FRIDAY, SATURDAY = 0, 4, 5
CHRISTMAS = CalendarRule("festive", dates=(DateRange((None, 12, 24), (None, 12, 26)),))
MARKET = CalendarRule(
    "market",
    dates=(DateRange((2026, 11, 27), (2026, 12, 23)),),
    weekdays=frozenset({FRIDAY, SATURDAY}),
)
TEST_NIGHT = CalendarRule("test-night", weekdays=frozenset({MONDAY}), nth=(2,))
HOLIDAY = CalendarRule("weekend", holidays="DE-NW")
WEEKEND = CalendarRule("weekend", weekdays=frozenset({FRIDAY, SATURDAY}))
RESIDENTIAL = Calendar("residential", "residential", (CHRISTMAS, MARKET, TEST_NIGHT, HOLIDAY, WEEKEND))


@pytest.mark.parametrize(
    ("date", "expected"),
    [
        (dt.date(2026, 12, 24), ("festive", 0)),
        (dt.date(2026, 12, 26), ("festive", 0)),  # a Saturday and a holiday: the first rule wins
        (dt.date(2026, 12, 27), ("residential", None)),
        (dt.date(2026, 11, 27), ("market", 1)),
        (dt.date(2026, 11, 26), ("residential", None)),
        (dt.date(2027, 11, 27), ("weekend", 4)),  # the market's dates are of 2026 alone
        (dt.date(2026, 1, 12), ("test-night", 2)),
        (dt.date(2026, 1, 5), ("residential", None)),
        (dt.date(2026, 6, 4), ("weekend", 3)),  # Corpus Christi: a holiday in Northrhine-Westphalia
        (dt.date(2026, 1, 9), ("weekend", 4)),
    ],
)
def test_the_first_rule_whose_conditions_all_hold_chooses_the_program(date, expected):
    assert choose(RESIDENTIAL, date) == expected


@pytest.mark.parametrize(
    ("date", "nth", "holds"),
    [
        (dt.date(2026, 2, 23), (LAST_OF_MONTH,), True),
        (dt.date(2026, 2, 16), (LAST_OF_MONTH,), False),
        (dt.date(2026, 12, 28), (LAST_OF_MONTH,), True),
        (dt.date(2026, 3, 30), (5,), True),
        (dt.date(2026, 3, 30), (LAST_OF_MONTH,), True),
        (dt.date(2026, 3, 2), (1, LAST_OF_MONTH), True),
        (dt.date(2026, 3, 3), (1,), False),  # a Tuesday
    ],
)
def test_nth_counts_the_weekday_within_its_month(date, nth, holds):
    rule = CalendarRule("p", weekdays=frozenset({MONDAY}), nth=nth)
    assert rule_covers(rule, date) is holds


def test_a_rule_without_conditions_covers_every_date():
    assert choose(Calendar("c", "never", (CalendarRule("always"),)), dt.date(2026, 5, 5)) == ("always", 0)


def test_holidays_differ_between_the_parts_of_a_country():
    assumption = dt.date(2026, 8, 15)
    assert is_holiday("DE-SL", assumption)
    assert not is_holiday("DE-NW", assumption)
    assert not is_holiday("DE", assumption)
    assert is_holiday("DE", dt.date(2026, 10, 3))


@pytest.mark.parametrize(
    ("code", "known"), [("DE-NW", True), ("DE", True), ("US-CA", True), ("DE-XX", False), ("XX", False), ("", False)]
)
def test_an_unknown_holiday_code_is_told_beforehand_and_has_no_holidays(code, known):
    assert is_holiday_code(code) is known
    if not known:
        assert not is_holiday(code, dt.date(2026, 12, 25))
