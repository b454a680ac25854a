"""Claiming and replacing nodes: what is taken from the wire, what is refused and which lamp that names."""

import csv
import datetime as dt
import io
import re
from dataclasses import replace

import pytest

from lightctl.app.asking import Guard, Target
from lightctl.app.steps import finish
from lightctl.domain.assets import Fleet, LifeCycle
from lightctl.domain.errors import InvalidInput, NotPermitted, UnknownTarget
from lightctl.domain.events import ActionRequested, FleetChanged, NodeDiscovered
from lightctl.domain.states import ActionKind, CommandState
from lightctl.files.settings import Settings
from lightctl.store.base import Recorded
from tests.support.bench import CARRYING, Bench
from tests.support.desk import NOW, OPERATOR, TECHNICIAN, VIEWER, Office

INVENTORY = """id,lat,lon,kind,node,channel,profile,link,address,rated_power_w,state,group
LP1,51.43440,6.76230,lamp,N-1,0,native,mqtt,,50,in_use,street
LP2,51.43450,6.76230,lamp,N-2,0,native,mqtt,,50,in_use,
LP3,51.43451,6.76230,lamp,N-2,1,native,mqtt,,50,in_use,
U7,51.43460,6.76230,lamp,U-7,0,modbus-lamp,harbour,7,50,in_use,
NEW1,51.43500,6.76230,lamp,,0,native,mqtt,,50,planned,
NEW2,51.43520,6.76230,lamp,,0,native,mqtt,,50,installed,
OLD,51.43520,6.76231,lamp,,0,native,mqtt,,50,retired,
"""
SETTINGS = Settings.model_validate({
    "links": {
        "mqtt": {"type": "mqtt"}, "other": {"type": "mqtt"}, "harbour": {"type": "modbus_tcp"}
    }
})  # fmt: skip
WHY = Guard(reason="driver burnt")


def read(operations, inventory=INVENTORY):
    operations.inventory_import(
        OPERATOR, inventory, format="csv", name="i.csv", mapping=None, skip_bad_rows=False, guard=Guard()
    )


@pytest.fixture
def city():
    """Operations over seven light points; N-9 was heard in the main area, N-8 in another one, D-1 as a dimmer."""
    office = Office(settings=SETTINGS)
    read(office.operations)
    heard(office, "N-9", "lightctl/v1/main/N-9/hello", "Lux 3")
    heard(office, "N-8", "lightctl/v1/north/N-8/reported")
    heard(office, "D-1", "lights/D-1/state")
    office.told.clear()
    yield office
    office.store.close()


def heard(office, node: str, topic: str, model: str = "", link: str = "mqtt") -> None:
    office.store.commit(Recorded(discovered=(NodeDiscovered(node, link, topic, NOW, model),)))


def point(office, light: str):
    return {each.id: each for each in office.store.points()}[light]


def test_unclaimed_nodes_are_listed_with_the_make_and_address_their_topic_tells(city):
    shown = {node.id: node for node in city.operations.node_list(VIEWER, claimed=False)}
    assert {name: (node.profile, node.link, node.address) for name, node in shown.items()} == {
        "D-1": ("json-dimmer", "mqtt", ""),
        "N-8": ("native", "mqtt", "north"),
        "N-9": ("native", "mqtt", ""),
    }
    assert shown["N-9"].model == "Lux 3"
    assert {node.id for node in city.operations.node_list(VIEWER, claimed=True)} == {"N-1", "N-2", "U-7"}
    assert len(list(city.operations.node_list(VIEWER))) == 6


def test_a_claimed_node_is_reached_as_it_spoke_and_its_light_point_is_in_use(city):
    city.operations.node_claim(TECHNICIAN, node="N-8", light_point="NEW1", guard=Guard(reason="new street"))
    claimed = point(city, "NEW1")
    assert (claimed.node, claimed.profile, claimed.link, claimed.address) == ("N-8", "native", "mqtt", "north")
    assert claimed.state is LifeCycle.IN_USE
    changed, asked = city.told
    assert isinstance(changed, FleetChanged)
    assert changed.fleet.nodes["N-8"].channels == {0: "NEW1"}
    assert isinstance(asked, ActionRequested)
    assert (asked.action.node, asked.action.kind) == ("N-8", ActionKind.REPORT)
    assert "N-8" not in {node.id for node in city.operations.node_list(VIEWER, claimed=False)}


def test_a_claim_is_one_entry_of_the_audit_that_says_what_became_of_the_light_point(city):
    before = len(city.verbs)
    city.operations.node_claim(TECHNICIAN, node="N-9", light_point="NEW1", guard=Guard(reason="new street"))
    assert city.verbs[before:] == ["node claim"]
    entry = city.store.audit()[0]
    assert (entry.user, entry.target, entry.reason) == ("timo", "NEW1", "new street")
    assert entry.detail == "NEW1 is switched by node N-9 channel 0 (native on mqtt); planned -> in_use"


def test_a_dimmer_of_another_make_is_claimed_by_the_topic_it_speaks_on_and_asked_nothing(city):
    city.operations.node_claim(TECHNICIAN, node="D-1", light_point="NEW2")
    assert (point(city, "NEW2").profile, point(city, "NEW2").state) == ("json-dimmer", LifeCycle.IN_USE)
    assert [type(event) for event in city.told] == [FleetChanged]


def test_a_label_describes_what_never_speaks_by_itself(city):
    city.operations.node_claim(TECHNICIAN, qr="lightctl:U-8:modbus-lamp:harbour:8", light_point="NEW1")
    claimed = point(city, "NEW1")
    assert (claimed.node, claimed.profile, claimed.link, claimed.address) == ("U-8", "modbus-lamp", "harbour", "8")


def test_the_second_channel_of_a_node_is_claimed_by_its_number(city):
    city.operations.node_claim(TECHNICIAN, node="N-9", light_point="NEW1")
    city.operations.node_claim(TECHNICIAN, node="N-9", light_point="NEW2", channel=1)
    assert city.operations.node_show(VIEWER, "N-9").channels == {0: "NEW1", 1: "NEW2"}


def test_a_light_point_that_was_planned_for_the_node_is_claimed_by_it(city):
    read(city.operations, "id,lat,lon,node,state\nNEW3,51.4,6.7,N-9,planned\nNEW4,51.4,6.7,N-4,installed\n")
    city.operations.node_claim(TECHNICIAN, node="N-9", light_point="NEW3")
    city.operations.node_claim(TECHNICIAN, node="N-4", light_point="NEW4")
    assert {point(city, light).state for light in ("NEW3", "NEW4")} == {LifeCycle.IN_USE}


def by_id(node: str, light_point: str) -> dict[str, str]:
    return {"node": node, "light_point": light_point}


def by_label(qr: str) -> dict[str, str]:
    return {"qr": qr, "light_point": "NEW1"}


@pytest.mark.parametrize(
    ("how", "error", "word"),
    [
        (by_id("N-1", "NEW1"), InvalidInput, "already switches light point LP1"),
        (by_id("n-1", "NEW1"), InvalidInput, "only in capitals from N-1, which switches .* LP1"),
        (by_id("N-9", "LP2"), InvalidInput, "node N-2 channel 0 already switches it.*node replace N-2"),
        (by_id("N-9", "OLD"), InvalidInput, "it is retired"),
        (by_id("N-9", "NOPE"), UnknownTarget, "no light point 'NOPE'"),
        (by_id("N-7", "NEW1"), UnknownTarget, "'N-7' was not heard"),
        (by_label("lightctl:U-8:modbus-lamp:harbour:7"), InvalidInput, "node U-7, .* point U7"),
        (by_label("lightctl:U-8:modbus-lamp:harbour:x"), InvalidInput, "no Modbus unit"),
        (by_label("lightctl:U-8:nothing:harbour:8"), InvalidInput, "no profile 'nothing'"),
        (by_label("lightctl:U-8:modbus-lamp:nowhere:8"), InvalidInput, "no link 'nowhere'"),
        (by_label("lightctl:N-9:native:other"), InvalidInput, "speaks on link mqtt and not on other"),
        (by_label("lightctl:N-8:native:mqtt:main"), InvalidInput, "address north .* not with -"),
        (by_label("lightctl:N-9:json-dimmer"), InvalidInput, "profile native .* not with json-dimmer"),
        (by_label("no label"), InvalidInput, "is no id"),
        ({"node": "N-9"}, InvalidInput, "one of the two"),
        ({"node": "N-9", "light_point": "NEW1", "nearest": (51.0, 6.0)}, InvalidInput, "one of the two"),
        ({"light_point": "NEW1"}, InvalidInput, "one of the two"),
        (by_label("lightctl:N-7:native:harbour"), InvalidInput, "link harbour is of type modbus_tcp"),
        ({"node": "D-1", "light_point": "NEW1", "channel": 1}, InvalidInput, "a json-dimmer has 1"),
    ],
)  # fmt: skip
def test_a_claim_that_cannot_be_is_refused_with_the_reason_and_changes_nothing(city, how, error, word):
    before = city.verbs, city.store.points()
    with pytest.raises(error) as refused:
        city.operations.node_claim(TECHNICIAN, **how)
    assert re.search(word, str(refused.value)), str(refused.value)
    assert (city.verbs, city.store.points()) == before
    assert city.told == []


def test_a_node_heard_on_two_links_is_claimed_only_by_a_label_that_names_one(city):
    heard(city, "N-9", "lightctl/v1/main/N-9/hello", link="other")
    with pytest.raises(InvalidInput, match="heard on links mqtt, other"):
        city.operations.node_claim(TECHNICIAN, node="N-9", light_point="NEW1")
    city.operations.node_claim(TECHNICIAN, qr="lightctl:N-9:native:other", light_point="NEW1")
    assert point(city, "NEW1").link == "other"


def test_the_nearest_light_point_that_waits_is_claimed_and_told_with_its_distance(city):
    tried = city.operations.node_claim(TECHNICIAN, node="N-9", nearest=(51.43501, 6.76230), guard=Guard(dry_run=True))
    assert (tried.dry_run, tried.points[0].id, city.told) == (True, "NEW1", [])
    done = city.operations.node_claim(TECHNICIAN, node="N-9", nearest=(51.43501, 6.76230))
    assert done.points[0].id == "NEW1"
    assert done.notes[0].endswith("1 m away")


def test_two_light_points_as_near_as_each_other_are_both_named_and_none_is_taken(city):
    with pytest.raises(InvalidInput, match=r"NEW[12] \(1[0-3] m\) and NEW[12] \(1[0-3] m\) are as near"):
        city.operations.node_claim(TECHNICIAN, node="N-9", nearest=(51.43511, 6.76230))
    assert city.told == []


def test_beyond_fifty_metres_nothing_is_near_and_the_nearest_is_named(city):
    with pytest.raises(UnknownTarget, match=r"the nearest is NEW2, 5[0-9] m away"):
        city.operations.node_claim(TECHNICIAN, node="N-9", nearest=(51.43571, 6.76230))
    city.operations.node_claim(TECHNICIAN, node="N-9", nearest=(51.43560, 6.76230))
    assert point(city, "NEW2").node == "N-9"


def test_a_viewer_claims_and_replaces_nothing(city):
    with pytest.raises(NotPermitted):
        city.operations.node_claim(VIEWER, node="N-9", light_point="NEW1")
    with pytest.raises(NotPermitted):
        city.operations.node_replace(VIEWER, "N-1", new="N-9", guard=WHY)


def test_a_replaced_nodes_light_points_keep_everything_but_the_node(city):
    before = {light: point(city, light) for light in ("LP2", "LP3")}
    city.operations.node_replace(TECHNICIAN, "N-2", new="N-8", guard=WHY)
    for light, old in before.items():
        assert point(city, light) == replace(old, node="N-8", address="north")
    changed, asked = city.told
    assert changed.replaced == {"N-2": "N-8"}
    assert asked.action.node == "N-8"
    assert city.store.audit()[0].detail == (
        "LP2, LP3 switched by node N-8 (native on mqtt, address north) in place of N-2"
    )


def test_who_switched_a_light_point_when_is_kept_over_claims_and_replacements(city):
    city.operations.node_claim(TECHNICIAN, node="N-9", light_point="NEW1")
    city.now += dt.timedelta(days=30)
    city.operations.node_replace(TECHNICIAN, "N-9", new="N-8", guard=WHY)
    nodes = city.operations.light_nodes(VIEWER, "NEW1")
    assert [(each.node, each.since, each.until) for each in nodes] == [("N-9", NOW, city.now), ("N-8", city.now, None)]
    assert [each.node for each in city.operations.light_nodes(VIEWER, "LP1")] == ["N-1"]
    with pytest.raises(UnknownTarget):
        city.operations.light_nodes(VIEWER, "NOPE")


def test_a_new_device_at_the_old_ones_modbus_unit_comes_in_its_place(city):
    city.operations.node_replace(TECHNICIAN, "U-7", new="U-7b", guard=WHY)
    assert (point(city, "U7").node, point(city, "U7").address) == ("U-7b", "7")
    city.operations.node_replace(TECHNICIAN, "U-7b", new="U-9", address="9", profile="cabinet", guard=WHY)
    assert (point(city, "U7").address, point(city, "U7").profile) == ("9", "cabinet")


@pytest.mark.parametrize(
    ("old", "how", "error", "word"),
    [
        ("N-1", {"new": "N-2", "guard": WHY}, InvalidInput, "already switches light point LP2, LP3"),
        ("N-1", {"new": "n-2", "guard": WHY}, InvalidInput, "only in capitals from N-2, which switches .* LP2, LP3"),
        ("N-1", {"new": "N-1", "guard": WHY}, InvalidInput, "cannot come in its own place"),
        ("N-5", {"new": "N-9", "guard": WHY}, UnknownTarget, "no node 'N-5'"),
        ("N-1", {"new": "N-9", "guard": Guard()}, InvalidInput, "needs one"),
        ("N-1", {"new": "N 9", "guard": WHY}, InvalidInput, "is no id"),
        (
            "N-1",
            {"new": "U-9", "profile": "modbus-lamp", "address": "8", "guard": WHY},
            InvalidInput,
            "link mqtt is of type mqtt",
        ),
        ("N-1", {"qr": "lightctl:U-9:modbus-lamp:harbour:7", "guard": WHY}, InvalidInput, "U-7, which switches .* U7"),
        ("N-1", {"new": "N-8", "address": "south", "guard": WHY}, InvalidInput, "address north .* not with south"),
    ],
)
def test_a_replacement_that_cannot_be_is_refused_and_names_the_lamp_in_question(city, old, how, error, word):
    before = city.verbs, city.store.points()
    with pytest.raises(error) as refused:
        city.operations.node_replace(TECHNICIAN, old, **how)
    assert re.search(word, str(refused.value)), str(refused.value)
    assert (city.verbs, city.store.points()) == before
    assert city.told == []


def test_trying_a_replacement_out_changes_nothing(city):
    tried = city.operations.node_replace(TECHNICIAN, "N-2", new="N-8", guard=replace(WHY, dry_run=True))
    assert (tried.dry_run, [each.id for each in tried.points]) == (True, ["LP2", "LP3"])
    assert city.told == []
    assert point(city, "LP2").node == "N-2"


def test_an_inventory_with_claimed_nodes_exports_and_imports_again_without_a_difference(city):
    city.operations.node_claim(TECHNICIAN, node="N-8", light_point="NEW1")
    text = "".join(city.operations.inventory_export(VIEWER, "csv"))
    rows = {row["id"]: row for row in csv.DictReader(io.StringIO(text))}
    assert (rows["NEW1"]["node"], rows["NEW1"]["state"]) == ("N-8", "in_use")
    again = city.operations.inventory_import(
        OPERATOR, text, format="csv", name="again", mapping=None, skip_bad_rows=False, guard=Guard()
    )
    assert dict(again.changed) == {}
    Fleet.of(city.store.points(), "Europe/Berlin")


def test_a_node_nobody_knew_is_lit_by_its_program_as_soon_as_it_is_claimed_whatever_it_held_before():
    bench = Bench(INVENTORY.replace("modbus-lamp,harbour", "native,mqtt"))
    bench.mount("N-9", revision=4711)
    assert [node.id for node in bench.operations.node_list(VIEWER, claimed=False)] == ["N-9"]
    change = bench.operations.node_claim(TECHNICIAN, qr="https://poles.example/n/N-9", light_point="NEW1")
    assert finish(bench.operations.change(VIEWER, change.change)).confirmed == 1
    light = bench.operations.light_show(VIEWER, "NEW1")
    assert (light.settled, light.reported.level, light.reported.revision > 4711) == (True, 100, True)
    bench.store.close()


def test_a_replaced_node_is_closed_and_the_new_one_does_at_once_what_its_lamps_are_due():
    bench = Bench(INVENTORY.replace("modbus-lamp,harbour", "native,mqtt"))
    bench.mount("N-1")
    bench.operations.set_level(TECHNICIAN, Target(group="street"), 30, None, Guard())
    bench.street.cut("N-1", "dead", on=True)
    bench.run(900)
    bench.operations.set_level(TECHNICIAN, Target(group="street"), 40, None, Guard())
    assert bench.store.commands(node="N-1")[0].state is CommandState.SENT
    assert [fault.subject for fault in bench.operations.fault_list(VIEWER, open_only=True, limit=9)].count("N-1") == 1
    bench.mount("N-9", capabilities=replace(CARRYING, nights=14), revision=99)
    change = bench.operations.node_replace(TECHNICIAN, "N-1", new="N-9", guard=WHY)
    closed = bench.store.commands(node="N-1")[0]
    assert (closed.state, closed.detail) == (CommandState.FAILED, "the node was replaced by N-9")
    assert "N-1" not in [fault.subject for fault in bench.operations.fault_list(VIEWER, open_only=True, limit=9)]
    assert finish(bench.operations.change(VIEWER, change.change)).confirmed == 1
    assert bench.level("N-9") == 40
    assert bench.operations.light_show(VIEWER, "LP1").settled
    bench.store.close()
