"""Nodes that repeat a night or a week: the same each round, never darker than planned, every difference named."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lightctl.devices.fit import Fitted, fit
from lightctl.domain.assets import Capabilities, Dates
from lightctl.domain.programs import SunEvent, SunTime
from lightctl.domain.states import Switch

NOON = dt.datetime(2026, 11, 20, 11, 0, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)
MINUTE = dt.timedelta(minutes=1)
DAILY = Capabilities(nights=7, slots=8, ramp=True, persists=True, dates=Dates.DAILY)
WEEKLY = replace(DAILY, nights=14, slots=56, dates=Dates.WEEKLY)
SUNSET, SUNRISE = SunTime(SunEvent.SUNSET, -0.833), SunTime(SunEvent.SUNRISE, -0.833)


def night(day: int, half: float = 11, drift_min: float = 0) -> list[Switch]:
    """Lit from sunset to sunrise, which come later by `drift_min` each day, at half level from a clock time on."""
    sun = day * drift_min * MINUTE
    begin = NOON + day * DAY
    sunrise = begin + dt.timedelta(hours=20) + sun
    steps = [Switch(begin + dt.timedelta(hours=half), 50, 30)]
    return [
        Switch(begin, 0),
        Switch(begin + dt.timedelta(hours=5) + sun, 100, sun=SUNSET),
        *(step for step in steps if step.at < sunrise),
        Switch(sunrise, 0, sun=SUNRISE),
    ]


def plan(days: int, **more: float) -> list[Switch]:
    switches = [switch for day in range(days) for switch in night(day, **more)]
    return [
        s for s, before in zip(switches, [None, *switches], strict=False) if before is None or before.level != s.level
    ]


def noons(nights: int) -> tuple[dt.datetime, ...]:
    return tuple(NOON + day * DAY for day in range(nights + 1))


def fitted(switches: list[Switch], capabilities: Capabilities, days: int = 7) -> Fitted:
    return fit(switches, capabilities, min_level=0, noons=noons(days))


def level_at(switches, instant: dt.datetime) -> int:
    return [switch.level for switch in switches if switch.at <= instant][-1]


def test_equal_nights_need_no_dates():
    assert fitted(plan(7), DAILY) == Fitted(tuple(plan(7)), NOON + 7 * DAY)


def test_of_nights_that_differ_the_lighter_is_repeated_and_it_is_said_how_many_differ():
    special = [*plan(3), *night(3, half=14)[1:], *(s for day in range(4, 7) for s in night(day)[1:])]
    given_plan = fitted(special, DAILY)
    assert {level_at(given_plan.switches, NOON + day * DAY + 12 * 60 * MINUTE) for day in range(7)} == {100}
    (loss,) = given_plan.losses
    assert (loss.kind, loss.count) == ("dates", 6)
    assert "repeats one night" in loss.detail
    assert "6 of 7 nights differ" in loss.detail


def test_a_night_that_follows_the_sun_is_the_same_night_for_a_node_with_a_sun_clock():
    drifting = plan(7, drift_min=1.5)
    by_clock, by_sun = fitted(drifting, DAILY), fitted(drifting, replace(DAILY, sun=True))
    assert [(loss.kind, loss.count) for loss in by_clock.losses] == [("dates", 7)]
    assert by_sun == Fitted(tuple(drifting), NOON + 7 * DAY)
    assert [switch.sun for switch in by_sun.switches[:4]] == [None, SUNSET, None, SUNRISE]
    assert not any(switch.sun for switch in by_clock.switches)


def test_where_the_sun_overtakes_the_clock_even_a_sun_clock_repeats_no_single_night():
    overtaken = plan(7, half=19.9, drift_min=-3)
    assert [loss.kind for loss in fitted(overtaken, replace(DAILY, sun=True)).losses] == ["dates"]


def test_a_node_that_keeps_dates_is_told_instants_and_no_sun():
    given_plan = fitted(plan(7, drift_min=1.5), replace(DAILY, dates=Dates.ABSOLUTE, slots=64, sun=True))
    assert given_plan.losses == ()
    assert not any(switch.sun for switch in given_plan.switches)


def test_a_week_is_repeated_as_a_week():
    weekend = {4, 5, 11, 12}
    switches = [s for day in range(14) for s in night(day, half=13 if day in weekend else 11)[0 if day == 0 else 1 :]]
    assert fitted(switches, WEEKLY, 14) == Fitted(tuple(switches), NOON + 14 * DAY)
    assert [loss.kind for loss in fitted(switches, replace(WEEKLY, dates=Dates.DAILY), 14).losses] == ["dates"]


def test_only_the_table_needs_room_in_the_node():
    assert fitted(plan(7), replace(DAILY, slots=4)).losses == ()
    assert [loss.kind for loss in fitted(plan(7), replace(DAILY, slots=4, dates=Dates.ABSOLUTE)).losses] == ["slots"]


@pytest.mark.parametrize("shift", [-60, 60])
def test_the_clocks_change_is_a_night_that_differs_and_it_stays_as_light(shift):
    before, after = plan(4), [replace(s, at=s.at + shift * MINUTE) for s in plan(7) if s.at > NOON + 4 * DAY]
    given_plan = fit(
        [*before, *after], DAILY, min_level=0, noons=(*noons(4), *(noon + shift * MINUTE for noon in noons(7)[5:]))
    )
    assert [loss.kind for loss in given_plan.losses] == ["dates"]
    for hour in range(7 * 24 - 2):
        instant = NOON + dt.timedelta(hours=hour)
        assert level_at(given_plan.switches, instant) >= level_at([*before, *after], instant)


def test_a_rise_takes_the_quickest_of_its_ramps_and_a_drop_the_slowest():
    def ramps(day: int, up: int, down: int) -> list[Switch]:
        begin = NOON + day * DAY
        return [Switch(begin + 5 * 60 * MINUTE, 100, up), Switch(begin + 20 * 60 * MINUTE, 0, down)]

    switches = [Switch(NOON, 0), *ramps(0, 60, 5), *ramps(1, 10, 90)]
    given_plan = fitted(switches, DAILY, 2)
    assert [switch.ramp_s for switch in given_plan.switches] == [0, 10, 90, 10, 90]
    assert [(loss.kind, loss.count) for loss in given_plan.losses] == [("dates", 1)], (
        "the second night is the table itself"
    )


entries = st.lists(
    st.tuples(st.booleans(), st.integers(1, 86_399), st.integers(0, 100), st.integers(0, 60)),
    min_size=1, max_size=5, unique_by=lambda entry: entry[1],
)  # fmt: skip
tables = st.builds(
    replace,
    st.sampled_from([DAILY, replace(WEEKLY, nights=3, slots=64)]),
    sun=st.booleans(),
    resolution_s=st.sampled_from([1, 60, 900]),
)


@given(st.lists(entries, min_size=1, max_size=3), tables, st.integers(0, 240))
def test_each_round_is_like_the_first_unless_the_sun_moves_it(nights, capabilities, drift_s):
    days = 3
    switches = [Switch(NOON, 100)]
    for day in range(days):
        begin = NOON + day * DAY
        moved = [
            Switch(begin + dt.timedelta(seconds=min(86_399, since + by_sun * day * drift_s)), level, ramp_s,
                   sun=SUNSET if by_sun else None)
            for by_sun, since, level, ramp_s in nights[day % len(nights)]
        ]  # fmt: skip
        switches += list({switch.at: switch for switch in sorted(moved, key=lambda s: s.at)}.values())
    given_plan = fit(switches, capabilities, min_level=0, noons=noons(days))
    end = given_plan.valid_until
    instants = sorted({s.at for s in (*switches, *given_plan.switches) if s.at < end})
    assert all(level_at(given_plan.switches, at) >= level_at(switches, at) for at in instants)
    if any(level_at(given_plan.switches, at) != level_at(switches, at) for at in instants):
        assert {loss.kind for loss in given_plan.losses} & {"dates", "resolution"}
    if any(switch.sun for switch in given_plan.switches) or capabilities.dates is Dates.WEEKLY:
        return
    for at in instants:
        for day in range(1, (end - NOON) // DAY):
            again = NOON + (at - NOON) % DAY + day * DAY
            assert level_at(given_plan.switches, NOON + (at - NOON) % DAY) == level_at(given_plan.switches, again)
