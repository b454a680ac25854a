"""Makes: what a topic tells of a node nobody knows, for every profile there is, and whether an address suits a make."""

import pytest

from lightctl.devices.codec import mqtt_codec
from lightctl.devices.makes import Make, check_node, has_own_address, make_of, plain_address
from lightctl.devices.profile import parse_profile, shipped_profiles
from lightctl.domain.assets import Node
from lightctl.domain.errors import InvalidInput

PROFILES = shipped_profiles()
ADDRESSED = parse_profile(
    'version: 1\ntitle: By address\nkind: mqtt\nmqtt:\n  set: {topic: "street/{address}/set"}\n'
    '  state: {topic: "street/{address}/state"}\n  level: {field: level, full: 100}\n',
    "addressed",
)


@pytest.mark.parametrize("name", [name for name, profile in PROFILES.items() if profile.kind != "modbus"])
def test_a_node_heard_on_any_topic_of_its_make_is_of_that_make(name):
    for topic in mqtt_codec(PROFILES[name]).subscriptions():
        head, _, tail = topic.rpartition("+")
        spoken = head.replace("+", "north") + "N-9" + tail
        made = make_of(spoken, "N-9", PROFILES)
        assert made is not None
        assert (made.profile, made.address) == (name, "north" if PROFILES[name].kind == "native" else "")


def test_the_main_area_goes_without_saying_and_a_strange_topic_has_no_make():
    assert make_of("lightctl/v1/main/N-9/hello", "N-9", PROFILES) == Make("native", "")
    assert make_of("somewhere/else", "N-9", PROFILES) is None
    assert plain_address(PROFILES["native"], "main") == ""
    assert plain_address(PROFILES["modbus-lamp"], "main") == "main"


def test_a_make_known_by_its_address_is_found_by_it():
    assert make_of("street/17/state", "17", {"addressed": ADDRESSED}) == Make("addressed", "17")


def test_units_and_topic_parts_are_a_nodes_own_and_areas_are_shared():
    own = {name for name, profile in PROFILES.items() if has_own_address(profile)}
    assert own == {name for name, profile in PROFILES.items() if profile.kind == "modbus"}
    assert has_own_address(ADDRESSED)


@pytest.mark.parametrize(
    ("profile", "address", "channel", "why"),
    [
        ("native", "north", 3, ""),
        ("native", "no area", 0, "no area name"),
        ("modbus-lamp", "7", 0, ""),
        ("modbus-lamp", "248", 0, "no Modbus unit"),
        ("modbus-lamp", "7", 1, "channel 1 is asked for, and a modbus-lamp has 1"),
        ("cabinet", "7", 7, ""),
        ("cabinet", "7", 8, "a cabinet has 8"),
        ("json-dimmer", "", 0, ""),
        ("json-dimmer", "", 1, "a json-dimmer has 1"),
    ],
)
def test_what_does_not_suit_a_make_is_named(profile, address, channel, why):
    node = Node("N-9", profile, "l", address, {channel: "LP"})
    if not why:
        check_node(node, PROFILES[profile])
        return
    with pytest.raises(InvalidInput) as refused:
        check_node(node, PROFILES[profile])
    assert why in str(refused.value)
