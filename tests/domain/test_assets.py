from __future__ import annotations

from dataclasses import replace

import pytest

from lightctl.domain.assets import Cabinet, Capabilities, Fleet, LifeCycle, LightPoint
from lightctl.domain.errors import InvalidInput
from lightctl.domain.selectors import parse_selector

LAMP = LightPoint("LP1", 51.4, 6.7, node="n1", cabinet="c1", tags={"group": "centre"})
SECOND = replace(LAMP, id="LP2", channel=1, tags={"group": "centre;north"})


def fleet(*points: LightPoint) -> Fleet:
    return Fleet.of(points, "Europe/Berlin")


def test_a_node_knows_the_light_point_on_each_of_its_channels():
    node = fleet(LAMP, SECOND).nodes["n1"]
    assert dict(node.channels) == {0: "LP1", 1: "LP2"}
    assert (node.profile, node.link, node.cabinet) == ("native", "mqtt", "c1")


def test_the_nodes_on_a_link_are_those_that_name_it_and_of_an_only_link_the_very_fleet():
    other = replace(SECOND, node="n2", link="bus")
    assert list(fleet(LAMP, other).nodes_on("bus")) == ["n2"]
    assert list(fleet(LAMP, other).nodes_on("mqtt")) == ["n1"]
    assert not fleet(LAMP).nodes_on("bus")
    only = fleet(LAMP, SECOND)
    assert only.nodes_on("mqtt") is only.nodes


def test_an_id_used_twice_is_refused():
    with pytest.raises(InvalidInput, match="used twice") as refused:
        fleet(LAMP, replace(LAMP, node="n2"))
    assert refused.value.where == "light point LP1"


def test_two_light_points_on_one_node_channel_are_refused_and_both_are_named():
    with pytest.raises(InvalidInput, match="channel 0 of node n1 already switches light point LP1") as refused:
        fleet(LAMP, replace(LAMP, id="LP2"))
    assert refused.value.where == "light point LP2"


@pytest.mark.parametrize("change", [{"profile": "other"}, {"link": "bus"}, {"address": "7"}])
def test_a_node_described_two_ways_is_refused(change):
    with pytest.raises(InvalidInput, match="node n1 has profile/link/address native/mqtt/-"):
        fleet(LAMP, replace(SECOND, **change))


@pytest.mark.parametrize("state", [LifeCycle.PLANNED, LifeCycle.RETIRED])
def test_planned_and_retired_light_points_hold_no_channel(state):
    assert dict(fleet(replace(LAMP, state=state), replace(LAMP, id="LP2")).nodes["n1"].channels) == {0: "LP2"}


def test_a_light_point_without_a_node_stays_in_the_fleet():
    assert fleet(replace(LAMP, node="")).nodes == {}
    assert list(fleet(replace(LAMP, node="")).points) == ["LP1"]


def test_selection_keeps_the_order_of_the_inventory():
    chosen = fleet(SECOND, LAMP).select(parse_selector("group=centre"))
    assert [point.id for point in chosen] == ["LP2", "LP1"]


@pytest.mark.parametrize(
    "text",
    ["*", "id=LP1", "group=centre", "group=north", "group=nobody", "group=centre,id=LP2", "group!=north", "group"],
)
def test_a_selection_is_every_light_point_the_selector_holds_for(text):
    city = fleet(SECOND, LAMP, replace(LAMP, id="LP3", channel=2, tags={"group": "north;north"}))
    selector = parse_selector(text)
    assert city.select(selector) == tuple(point for point in city.points.values() if point.selected_by(selector))


@pytest.mark.parametrize(
    ("text", "names"),
    [("", ()), (" ", ()), ("a", ("a",)), (" a ", ("a",)), ("a;b", ("a", "b")), (" a ; ;b;", ("a", "b")), (";", ())],
)
def test_the_groups_of_a_light_point_are_the_names_between_semicolons(text, names):
    assert replace(LAMP, tags={"group": text}).groups == names


def test_groups_and_cabinets_follow_from_the_light_points():
    city = fleet(LAMP, SECOND)
    assert {name: group.members for name, group in city.groups.items()} == {"centre": ("LP1", "LP2"), "north": ("LP2",)}
    assert city.cabinets == {"c1": Cabinet("c1", ("n1",))}


def test_light_points_do_not_share_a_mutable_set_of_tags():
    with pytest.raises(TypeError):
        LightPoint("x", 0, 0).tags["a"] = "b"


@pytest.mark.parametrize(("nights", "slots", "carries"), [(0, 0, False), (7, 0, False), (0, 40, False), (7, 40, True)])
def test_a_node_carries_nights_only_with_room_for_them(nights, slots, carries):
    assert Capabilities(nights=nights, slots=slots).carries_nights is carries
