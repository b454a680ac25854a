"""Losses by model: what people are shown before they accept a plan, one of each kind, and none without a name."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest

from lightctl.devices.fit import Loss, fit
from lightctl.devices.losses import losses_of, merged_losses, node_model
from lightctl.devices.profile import shipped_profiles
from lightctl.domain.assets import Capabilities
from lightctl.domain.errors import NodeRefused
from lightctl.domain.states import Switch

NOON = dt.datetime(2026, 11, 20, 11, 0, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)
WEEK = tuple(NOON + day * DAY for day in range(8))
ABLE = Capabilities(nights=7, slots=96, ramp=True, persists=True)
NATIVE = shipped_profiles()["native"]


def week(late: int = 50) -> list[Switch]:
    hours = ((5, 100, 0), (11, late, 30), (20, 0, 0))
    nights = [Switch(NOON + day * DAY + dt.timedelta(hours=h), lv, r) for day in range(7) for h, lv, r in hours]
    return [Switch(NOON, 0), *nights]


def counted(capabilities: Capabilities, *plans: list[Switch], min_level: int = 0) -> dict[str, int]:
    periods = [(plan, WEEK) for plan in plans or (week(),)]
    return {loss.kind: loss.count for loss in losses_of(periods, capabilities, min_level)}


def test_a_node_that_can_do_everything_loses_nothing():
    assert counted(ABLE) == {}


@pytest.mark.parametrize(
    ("lacking", "lost"),
    [
        ({"nights": 3}, {"nights": 4}),
        ({"slots": 10}, {"slots": 4}),
        ({"resolution_s": 3600}, {}),
        ({"ramp": False}, {"ramp": 7}),
        ({"min_level": 60}, {"min_level": 7}),
        ({"levels": (0, 100)}, {"levels": 7}),
        ({"persists": False}, {"persists": 7}),
        ({"nights": 0, "slots": 0}, {"nights": 7}),
        ({"nights": 0, "slots": 0, "ramp": False, "levels": (0, 100)}, {"nights": 7, "levels": 7, "ramp": 7}),
    ],
)
def test_each_thing_a_node_lacks_is_a_loss_of_that_name(lacking, lost):
    assert counted(replace(ABLE, **lacking)) == lost


def test_plans_of_one_model_are_counted_together_under_one_name_each():
    assert counted(replace(ABLE, ramp=False, min_level=45), week(50), week(40)) == {"ramp": 14, "min_level": 7}


def test_the_detail_is_that_of_the_greatest():
    assert merged_losses([Loss("dates", "little", 1), Loss("ramp", "r", 2), Loss("dates", "much", 6)]) == (
        Loss("dates", "much", 7),
        Loss("ramp", "r", 2),
    )


def test_the_lowest_level_of_the_light_point_itself_is_a_loss_too():
    assert counted(ABLE, min_level=55) == {"min_level": 7}


def test_a_plan_that_no_node_of_the_model_can_hold_is_refused_not_shortened_to_nothing():
    with pytest.raises(NodeRefused, match="holds 3 switches"):
        counted(replace(ABLE, slots=3))
    assert counted(replace(ABLE, slots=4)) == {"slots": 6}


def test_what_only_shortens_how_long_a_node_goes_on_alone_is_told_from_what_lamps_do_differently():
    light = {"resolution", "ramp", "min_level", "levels", "dates"}
    for kind in (*light, "nights", "slots", "persists"):
        assert Loss(kind, "", 1).changes_light is (kind in light)


def test_without_any_plan_nothing_is_lost():
    assert losses_of([((), WEEK), (week(), (NOON, NOON))], Capabilities(), 0) == ()


def test_a_model_is_what_a_node_said_it_is_or_else_its_profile():
    said = replace(ABLE, slots=20)
    assert node_model(NATIVE).capabilities == NATIVE.capabilities
    model = node_model(NATIVE, said, "Lux 3", "1.2")
    assert (model.name, model.profile, model.capabilities) == ("Lux 3 1.2", "native", said)
    assert node_model(NATIVE, said, "Lux 3", "1.2") == model
    assert node_model(NATIVE, replace(said, slots=21), "Lux 3", "1.2") != model
    assert node_model(NATIVE, said).name == "native"
    cabinet = shipped_profiles()["cabinet"]
    assert node_model(cabinet, said, "odd").name == "cabinet", "a make that says no hello is what its profile says"


def test_what_stands_in_the_losses_is_what_fit_says():
    for capabilities in (replace(ABLE, ramp=False), replace(ABLE, slots=10), replace(ABLE, levels=(0, 50, 100))):
        fitted = fit(week(40), capabilities, min_level=0, noons=WEEK)
        assert losses_of([(week(40), WEEK)], capabilities, 0) == fitted.losses
