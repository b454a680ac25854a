"""Fit: never darker than planned, nothing lost in silence."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lightctl.devices.fit import Fitted, fit, fit_level
from lightctl.devices.topics import slots_limit
from lightctl.domain.assets import Capabilities, Dates
from lightctl.domain.errors import NodeRefused
from lightctl.domain.states import Switch

NOON = dt.datetime(2026, 11, 20, 11, 0, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)
ROOMY = Capabilities(nights=7, slots=96, resolution_s=1, ramp=True, persists=True)


def at(hours: float, level: int, ramp_s: int = 0) -> Switch:
    return Switch(NOON + dt.timedelta(hours=hours), level, ramp_s)


def night(day: int = 0) -> list[Switch]:
    return [at(24 * day + h, level) for h, level in ((0, 0), (5, 100), (11, 70), (13.5, 50), (17, 100), (20, 0))]


def week() -> list[Switch]:
    days = [switch for day in range(7) for switch in night(day)]
    return [s for s, before in zip(days, [None, *days], strict=False) if before is None or before.level != s.level]


def noons(nights: int) -> tuple[dt.datetime, ...]:
    return tuple(NOON + day * DAY for day in range(nights + 1))


def kinds(fitted: Fitted) -> dict[str, int]:
    return {loss.kind: loss.count for loss in fitted.losses}


def level_at(switches: tuple[Switch, ...] | list[Switch], instant: dt.datetime) -> int | None:
    levels = [switch.level for switch in switches if switch.at <= instant]
    return levels[-1] if levels else None


def test_a_node_that_can_do_everything_gets_the_plan_unchanged():
    fitted = fit(week(), ROOMY, min_level=0, noons=noons(7))
    assert fitted == Fitted(tuple(week()), NOON + 7 * DAY, ())


def test_the_switch_in_force_at_the_start_keeps_its_own_instant_and_earlier_ones_go():
    start = NOON + dt.timedelta(hours=12)
    fitted = fit(night(), ROOMY, min_level=0, noons=(start, NOON + DAY))
    assert fitted.switches == tuple(night()[2:])
    assert fitted.losses == ()


def test_a_switch_at_the_very_start_is_the_one_in_force():
    fitted = fit(night(), ROOMY, min_level=0, noons=(at(5, 100).at, NOON + DAY))
    assert fitted.switches == tuple(night()[1:])


def test_a_plan_that_begins_after_the_start_is_taken_whole():
    fitted = fit(night()[1:], ROOMY, min_level=0, noons=noons(1))
    assert fitted.switches == tuple(night()[1:])


def test_a_plan_that_begins_on_a_later_night_is_taken_whole():
    fitted = fit(night(1)[1:], ROOMY, min_level=0, noons=noons(2))
    assert fitted.switches == tuple(night(1)[1:])


def test_a_switch_at_the_very_end_belongs_to_the_night_after():
    fitted = fit([*night(), at(24, 30)], ROOMY, min_level=0, noons=noons(1))
    assert fitted.switches == tuple(night())


def test_switches_after_the_end_are_not_part_of_the_period():
    fitted = fit(week(), ROOMY, min_level=0, noons=noons(2))
    assert fitted.valid_until == NOON + 2 * DAY
    assert all(switch.at < NOON + 2 * DAY for switch in fitted.switches)
    assert fitted.losses == ()


def test_a_node_that_carries_fewer_nights_gets_fewer_and_it_is_said():
    fitted = fit(week(), replace(ROOMY, nights=3), min_level=0, noons=noons(7))
    assert fitted.valid_until == NOON + 3 * DAY
    assert kinds(fitted) == {"nights": 4}


@pytest.mark.parametrize("shift", [-1, 0, 1])
def test_a_week_in_which_the_clocks_change_is_still_seven_nights(shift):
    changed = (*noons(4), *(noon + dt.timedelta(hours=shift) for noon in noons(7)[5:]))
    fitted = fit(week(), ROOMY, min_level=0, noons=changed)
    assert (fitted.valid_until, fitted.losses) == (changed[-1], ())


@pytest.mark.parametrize("shift", [-1, 0, 1])
def test_fewer_nights_end_at_a_noon_also_when_the_clocks_change_in_a_later_one(shift):
    changed = (*noons(4), *(noon + dt.timedelta(hours=shift) for noon in noons(7)[5:]))
    fitted = fit(week(), replace(ROOMY, nights=3), min_level=0, noons=changed)
    assert (fitted.valid_until, kinds(fitted)) == (NOON + 3 * DAY, {"nights": 4})


def test_too_few_slots_mean_fewer_nights_and_never_a_dropped_step():
    fitted = fit(week(), replace(ROOMY, slots=14), min_level=0, noons=noons(7))
    assert fitted.valid_until == NOON + 2 * DAY
    assert fitted.switches == tuple(s for s in week() if s.at < NOON + 2 * DAY)
    assert kinds(fitted) == {"slots": 5}


def test_a_node_that_cannot_hold_even_tonight_refuses_and_names_the_numbers():
    with pytest.raises(NodeRefused, match=r"holds 5 switches.*needs 6"):
        fit(night(), replace(ROOMY, slots=5), min_level=0, noons=noons(1))


def test_a_live_node_is_not_given_nights():
    with pytest.raises(NodeRefused, match="carries no nights"):
        fit(night(), Capabilities(), min_level=0, noons=noons(1))


def test_without_any_switch_nothing_is_covered():
    assert fit((), ROOMY, min_level=0, noons=noons(1)) == Fitted((), NOON, ())
    assert fit([at(24, 100)], ROOMY, min_level=0, noons=noons(1)) == Fitted((), NOON, ())


def test_a_period_without_length_covers_nothing():
    assert fit(night(), ROOMY, min_level=0, noons=(at(6, 0).at, at(6, 0).at)) == Fitted((), at(6, 0).at)
    assert fit(night(), ROOMY, min_level=0, noons=(at(6, 0).at, at(5, 0).at)) == Fitted((), at(5, 0).at)


def test_a_node_with_many_channels_gets_no_more_than_one_document_carries():
    many = replace(ROOMY, channels=16, slots=10_000)
    fitted = fit(week(), many, min_level=0, noons=noons(1))
    assert 0 < len(fitted.switches) <= slots_limit(16) < 96


def test_a_document_may_be_full_to_its_last_switch():
    most = slots_limit(16)
    full = [at(hour / 2, 10 + hour % 2) for hour in range(most)]
    for node in (replace(ROOMY, channels=16, slots=most), replace(ROOMY, channels=16, slots=10_000)):
        assert fit(full, node, min_level=0, noons=noons(1)).switches == tuple(full)


def test_ramps_are_dropped_where_the_node_does_not_fade():
    faded = [at(0, 0), at(5, 100, 30), at(9, 50, 60)]
    fitted = fit(faded, replace(ROOMY, ramp=False), min_level=0, noons=noons(1))
    assert [switch.ramp_s for switch in fitted.switches] == [0, 0, 0]
    assert kinds(fitted) == {"ramp": 2}


def test_a_ramp_of_one_second_is_missed_too():
    fitted = fit([at(0, 0), at(5, 100, 1)], replace(ROOMY, ramp=False), min_level=0, noons=noons(1))
    assert kinds(fitted) == {"ramp": 1}


def test_levels_below_the_lowest_burning_level_are_raised_and_equal_neighbours_merge():
    dim = [at(0, 0), at(5, 8), at(6, 5), at(7, 40)]
    fitted = fit(dim, replace(ROOMY, min_level=10), min_level=15, noons=noons(1))
    assert [(s.at, s.level) for s in fitted.switches] == [(at(0, 0).at, 0), (at(5, 0).at, 15), (at(7, 0).at, 40)]
    assert kinds(fitted) == {"min_level": 2}
    assert fitted.losses[0].detail == "raised to 15 %, the lowest it burns at"


def test_a_relay_rounds_every_dimming_level_up():
    fitted = fit(night(), replace(ROOMY, levels=(0, 100)), min_level=0, noons=noons(1))
    assert [switch.level for switch in fitted.switches] == [0, 100, 0]
    assert kinds(fitted) == {"levels": 2}


def test_more_light_moves_earlier_and_less_light_moves_later():
    odd = [at(0, 0), at(5 + 1 / 60, 100), at(11 + 1 / 60, 50)]
    fitted = fit(odd, replace(ROOMY, resolution_s=600), min_level=0, noons=noons(1))
    assert [(s.at, s.level) for s in fitted.switches] == [
        (at(0, 0).at, 0), (at(5, 0).at, 100), (at(11 + 1 / 6, 0).at, 50),
    ]  # fmt: skip
    assert kinds(fitted) == {"resolution": 2}


def test_a_dip_shorter_than_the_grid_disappears_instead_of_outlasting_the_next_step():
    dip = [at(0, 100), at(5 + 1 / 60, 50), at(5 + 8 / 60, 100)]
    fitted = fit(dip, replace(ROOMY, resolution_s=600), min_level=0, noons=noons(1))
    assert [switch.level for switch in fitted.switches] == [100]


ODD = [
    ([at(0, 100), at(5, 50), at(5 + 1 / 60, 20)], [(0, 100), (5, 50), (5 + 1 / 6, 20)]),
    ([at(0, 0), at(5 + 1 / 60, 100), at(5 + 11 / 60, 50), at(5 + 12 / 60, 20)], [(0, 0), (5, 100), (5 + 2 / 6, 20)]),
    ([at(0, 0), at(5, 100), at(5 + 1 / 60, 20), at(5 + 1 / 6, 50)], [(0, 0), (5, 100), (5 + 1 / 6, 50)]),
]


@pytest.mark.parametrize(("plan", "expected"), ODD)
def test_the_grid_costs_no_light_and_gives_none_that_is_not_planned_within_the_cell(plan, expected):
    fitted = fit(plan, replace(ROOMY, resolution_s=600), min_level=0, noons=noons(1))
    assert [(s.at, s.level) for s in fitted.switches] == [(at(hours, 0).at, level) for hours, level in expected]


def test_what_the_grid_takes_from_before_the_start_is_not_carried():
    plan = [at(0, 0), at(5 + 2 / 60, 100)]
    fitted = fit(plan, replace(ROOMY, resolution_s=600), min_level=0, noons=(at(5 + 1 / 60, 0).at, NOON + DAY))
    assert [(s.at, s.level) for s in fitted.switches] == [(at(5, 0).at, 100)]


@pytest.mark.parametrize(
    ("level", "capabilities", "min_level", "expected"),
    [
        (0, Capabilities(min_level=10), 20, 0),
        (5, Capabilities(min_level=10), 0, 10),
        (1, Capabilities(min_level=10), 0, 10),
        (5, Capabilities(min_level=10), 20, 20),
        (55, Capabilities(), 20, 55),
        (1, Capabilities(levels=(0, 100)), 0, 100),
        (51, Capabilities(levels=(0, 50, 75)), 0, 75),
        (80, Capabilities(levels=(0, 50, 75)), 0, 75),
        (0, Capabilities(levels=(50, 100)), 0, 50),
    ],
)
def test_fit_level_gives_what_the_node_really_takes(level, capabilities, min_level, expected):
    assert fit_level(level, capabilities, min_level) == expected


plans = st.lists(
    st.tuples(st.integers(0, 3 * 86_400 - 1), st.integers(0, 100), st.integers(0, 60)), min_size=1, max_size=30,
    unique_by=lambda entry: entry[0],
)  # fmt: skip
nodes = st.builds(
    Capabilities,
    nights=st.integers(1, 4),
    slots=st.integers(1, 40),
    resolution_s=st.sampled_from([1, 60, 600, 900, 3600]),
    ramp=st.booleans(),
    min_level=st.sampled_from([0, 10, 30]),
    levels=st.sampled_from([(), (0, 100), (0, 50, 100)]),
    dates=st.sampled_from(Dates),
    sun=st.booleans(),
)


@given(plans, nodes, st.integers(0, 40), st.integers(0, 2 * 86_400))
def test_whatever_the_node_it_is_never_darker_than_planned_and_any_difference_is_reported(plan, node, minimum, begin):
    planned = [Switch(NOON, 100)] + [Switch(NOON + dt.timedelta(seconds=1 + s), lv, r) for s, lv, r in sorted(plan)]
    start, end = NOON + dt.timedelta(seconds=begin), NOON + 3 * DAY + dt.timedelta(seconds=2)
    nights = (start, *(noon for noon in (end - 2 * DAY, end - DAY, end) if noon > start))
    try:
        fitted = fit(planned, node, min_level=minimum, noons=nights)
    except NodeRefused:
        roomy = replace(node, nights=1, slots=300)
        assert len(fit(planned, roomy, min_level=minimum, noons=nights[:2]).switches) > node.slots
        return
    grid = dt.timedelta(seconds=node.resolution_s)
    assert start < fitted.valid_until <= end
    assert len(held(fitted, node)) <= node.slots
    assert fitted.switches[0].at <= start
    assert list(fitted.switches) == sorted(fitted.switches, key=lambda s: s.at)
    assert all(a.level != b.level for a, b in zip(fitted.switches, fitted.switches[1:], strict=False))
    probes = {s.at for s in (*planned, *fitted.switches)} | {start}
    for instant in sorted(p + d for p in probes for d in (dt.timedelta(0), -dt.timedelta(seconds=1))):
        if not start <= instant < fitted.valid_until:
            continue
        wanted = [fit_level(s.level, node, minimum) for s in planned if s.at <= instant + grid]
        due, given_level = level_at(planned, instant), level_at(fitted.switches, instant)
        assert due is not None
        assert given_level is not None
        assert given_level >= fit_level(due, node, minimum)
        assert given_level in wanted or "dates" in kinds(fitted)
        if given_level != due:
            assert kinds(fitted).keys() & {"min_level", "levels", "resolution", "dates"}
    if fitted.valid_until < end:
        assert kinds(fitted).keys() & {"nights", "slots"}
    if not node.ramp and any(s.ramp_s for s in planned if start < s.at < fitted.valid_until):
        assert "ramp" in kinds(fitted)
    assert node.ramp or all(s.ramp_s == 0 for s in fitted.switches)
    again = fit(fitted.switches, node, min_level=minimum, noons=[noon for noon in nights if noon <= fitted.valid_until])
    assert again == Fitted(fitted.switches, fitted.valid_until), "what fits is left as it is"


def held(fitted: Fitted, node: Capabilities) -> list[Switch]:
    """What of it stands in the node's memory: all, or the first round of its table."""
    if not node.dates.days:
        return list(fitted.switches)
    return [s for s in fitted.switches if s.at < fitted.switches[0].at + node.dates.days * DAY]
