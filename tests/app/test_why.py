"""Why, at any instant: with the schedules and overrides of then, what the lamp said then, and what comes next."""

import datetime as dt
from dataclasses import replace

import pytest

from lightctl.app.asking import Guard, Target
from lightctl.domain.assets import LifeCycle
from lightctl.domain.sensors import SensorKind, SensorReading
from lightctl.domain.states import ChannelReport, Reason, ReportedState
from tests.support.desk import INVENTORY, NOW, OPERATOR, SCHEDULES, TECHNICIAN, VIEWER, Office, fleet_of

HOUR = dt.timedelta(hours=1)
LP1 = Target(id="LP1")
STEP = NOW + 3 * HOUR  # 22:00 in Berlin: 50 % from then on


def why(office: Office, at: dt.datetime | None = None, light: str = "LP1"):
    return office.operations.why(VIEWER, light, at)


def apply(office: Office, before: str, after: str) -> None:
    """Replace the schedules by the same ones with an edit."""
    text = office.store.schedules().files["city.yaml"]
    assert before in text
    assert office.operations.schedule_apply(OPERATOR, {"city.yaml": text.replace(before, after)}, Guard()).applied


def verdict(view, layer: str):
    return next(each for each in view.chain if each.layer == layer)


def due(view) -> tuple[int, str]:
    return view.level, view.reason


def test_each_layer_of_the_chain_names_where_it_comes_from(office):
    office.operations.set_level(TECHNICIAN, Target(id="ZEBRA"), 90, None, Guard(reason="accident"))
    view = why(office, light="ZEBRA")
    layers = {each.layer: each for each in view.chain}
    assert list(layers) == ["override", "protection", "program", "calendar", "assignment", "schedule"]
    for layer in ("protection", "program", "calendar", "assignment"):
        file, line, column = layers[layer].source.split(":")
        text = SCHEDULES["city.yaml"].splitlines()[int(line) - 1]
        assert file == "city.yaml"
        assert text[int(column) - 1 :].strip()
    assert "min_level: 80" in SCHEDULES["city.yaml"].splitlines()[int(layers["protection"].source.split(":")[1]) - 1]
    assert "by timo (accident)" in layers["override"].detail
    assert "from 2026-12-04 19:00:00 CET until 2026-12-04 19:30:00 CET" in layers["override"].detail
    assert layers["schedule"].detail == "version 1, applied 2026-12-04 19:00:00 CET"


def test_a_past_instant_is_read_with_the_schedules_of_then(office):
    first = why(office, STEP)
    office.now = STEP + HOUR
    apply(office, "level: 50", "level: 20")
    assert (due(why(office, STEP)), why(office, STEP).schedule.version) == ((50, "program"), 1)
    assert (due(why(office)), why(office).schedule.version) == ((20, "program"), 2)
    assert why(office).schedule.applied_at == STEP + HOUR
    assert why(office, STEP).schedule.applied_at == NOW == first.schedule.applied_at
    assert [(each.at, each.level) for each in why(office, STEP).next][:2] == [
        (STEP + HOUR, 20),
        (why(office).next[0].at, 0),
    ], "what really came: the new version, then the morning"


def test_what_was_before_the_first_schedules_is_the_default_and_says_so():
    office = Office(now=NOW - 24 * HOUR)
    office.operations.inventory_import(
        OPERATOR, INVENTORY, format="csv", name="i", mapping=None, skip_bad_rows=False, guard=Guard()
    )
    office.now = NOW
    office.operations.schedule_apply(OPERATOR, SCHEDULES, Guard())
    office.now = STEP
    before = why(office, NOW - HOUR)
    assert (due(before), before.schedule) == ((100, "default"), None)
    assert (verdict(before, "schedule").verdict, "had been applied by then" in verdict(before, "schedule").detail) == (
        "none",
        True,
    )
    assert before.until == NOW, "the reason changes with the first schedules"
    assert before.next[0].reason == "program"
    office.store.close()


def test_a_city_without_schedules_says_that_none_are_applied():
    office = Office()
    office.operations.inventory_import(
        OPERATOR, INVENTORY, format="csv", name="i", mapping=None, skip_bad_rows=False, guard=Guard()
    )
    view = why(office)
    assert (due(view), view.schedule) == ((100, "default"), None)
    assert verdict(view, "schedule").detail == "no schedules have been applied: full light from sunset to sunrise"
    office.store.close()


def test_an_override_counts_in_the_past_up_to_the_moment_it_was_taken_back(office):
    office.operations.set_level(TECHNICIAN, LP1, 30, NOW + 2 * HOUR, Guard())
    office.now = NOW + HOUR
    office.operations.resume(TECHNICIAN, LP1, Guard())
    office.now = STEP
    held = why(office, NOW + HOUR / 2)
    assert (due(held), held.until) == ((30, "override"), NOW + HOUR)
    assert "until 2026-12-04 20:00:00 CET" in verdict(held, "override").detail
    assert due(why(office, NOW + HOUR)) == (100, "program")
    assert due(why(office, NOW - HOUR / 2)) == (100, "default"), "it had not begun, and no schedules were applied"


def test_an_override_of_long_ago_still_explains_its_hour(office):
    office.operations.set_level(TECHNICIAN, LP1, 30, NOW + HOUR, Guard())
    office.now = NOW + 24 * 365 * HOUR
    assert due(why(office, NOW + HOUR / 2)) == (30, "override")


def test_of_a_past_instant_the_chain_says_that_the_lamp_is_taken_as_it_is_today(office):
    assert [each.layer for each in why(office).chain if each.layer == "inventory"] == []
    office.now = STEP
    assert verdict(why(office, NOW), "inventory").verdict == "assumed"


def test_of_a_lamp_out_of_use_the_chain_says_that_nobody_commands_it(office):
    retired = replace(office.store.points()[0], state=LifeCycle.RETIRED)
    office.store.put_points([retired], office.operations._desk.audit(OPERATOR, "edit", "LP1", Guard()))
    office.operations._desk.take(fleet_of(office.operations._desk))
    assert "retired" in verdict(why(office), "inventory").detail


def test_an_instant_to_come_is_read_with_what_is_known_now_and_says_so(office):
    (override,) = office.operations.set_level(TECHNICIAN, LP1, 30, NOW + 5 * HOUR, Guard(), NOW + 4 * HOUR).overrides
    view = why(office, NOW + 4.5 * HOUR)
    assert (due(view), view.schedule.version, view.reported) == ((30, "override"), 1, None)
    assert "as schedules and overrides stand now" in verdict(view, "schedule").detail
    assert "stand now" not in verdict(why(office), "schedule").detail
    assert [(each.level, each.reason, each.ref) for each in why(office).next] == [
        (50, "program", "street"),
        (30, "override", override),
        (50, "program", "street"),
    ]


def test_the_next_three_changes_have_their_cause_and_its_place(office):
    view = why(office)
    assert [(each.level, each.reason) for each in view.next] == [(50, "program"), (0, "program"), (100, "program")]
    assert view.next[0].at == view.until == STEP
    assert "step 22:00" in view.next[0].cause
    assert view.next[0].source == "city.yaml:4:20"
    assert "window closes sunrise" in view.next[1].cause
    assert view.next[2].at - NOW > 20 * HOUR
    protected = why(office, light="ZEBRA")
    assert [(each.level, each.reason, each.ref) for each in protected.next][:1] == [
        (80, "protection", "zebra crossings stay lit")
    ]
    assert protected.next[0].source.startswith("city.yaml:")


def test_where_nothing_changes_there_is_nothing_next():
    polar_night = Office()
    polar_night.operations.inventory_import(
        OPERATOR,
        "id,lat,lon\nLP1,78.2,15.6\n",
        format="csv",
        name="i",
        mapping=None,
        skip_bad_rows=False,
        guard=Guard(),
    )
    view = why(polar_night)
    assert (due(view), view.next, view.until) == ((100, "default"), (), None)
    polar_night.store.close()


@pytest.mark.parametrize(("minutes_before", "found"), [(0, True), (9, True), (11, False)])
def test_what_the_lamp_reported_then_is_told_if_it_is_not_too_old(office, minutes_before, found):
    at = NOW - dt.timedelta(minutes=minutes_before)
    channel = ChannelReport(level=70, commanded=70, reason=Reason.PROGRAM, power_w=35.0)
    office.store.add_reports(
        [
            ReportedState("n-1", at, {0: channel}, "b", 1, at, 7),
            ReportedState("n-1", NOW + HOUR, {0: replace(channel, level=0)}, "b", 2, NOW + HOUR, 8),
            ReportedState("n-2", NOW, {0: replace(channel, level=10)}, "b", 1, NOW, 7),
        ]
    )
    office.now = STEP
    said = why(office, NOW).reported
    assert (said is not None) == found
    if said is not None:
        assert (said.level, said.commanded, said.reason, said.revision, said.at) == (70, 70, "program", 7, at)


def test_a_version_applied_by_a_clock_that_was_fast_counts_from_now_on_all_the_same(office):
    office.now = NOW + 24 * HOUR
    apply(office, "level: 50", "level: 20")
    office.now = STEP
    assert (due(why(office)), why(office).schedule.version) == ((20, "program"), 2)
    assert why(office, STEP - HOUR).schedule.version == 1


def sensing_office() -> Office:
    """Give an office whose street follows a traffic sensor, and that has just counted 25 vehicles."""
    office = Office()
    office.furnish()
    rule = "{sensor: traffic, when: {at_least: 20}, operation: max, level: 90, hold: 10m}"
    apply(office, "street: {steps", f"street: {{dynamics: [{rule}], steps")
    office.now = STEP + HOUR
    live = office.operations._desk.live
    desk = office.operations._desk
    live.sensors.attach(desk.intent.programs.values(), desk.fleet.nodes.values())
    said = SensorReading("main", "", "traffic", SensorKind.VEHICLES, 25, office.now, office.now)
    assert live.sensors.take(said)
    return office


def test_a_sensor_is_named_with_its_rule_value_age_and_place():
    office = sensing_office()
    office.now += dt.timedelta(minutes=3)
    view = why(office)
    assert due(view) == (90, "sensor")
    layer = verdict(view, "sensor")
    assert layer.verdict == "decides"
    assert "traffic at_least: 20: max 90; vehicles 25 from area main, 3m ago" in layer.detail
    file, line, _ = layer.source.split(":")
    assert "traffic" in office.store.schedules().files[file].splitlines()[int(line) - 1]
    assert verdict(view, "program").verdict == "outvoted"
    assert (view.next[0].at, view.next[0].level, view.next[0].reason) == (
        STEP + HOUR + dt.timedelta(minutes=10), 50, "program",
    )  # fmt: skip
    light = office.operations.light_show(VIEWER, "LP1")
    assert (light.desired.level, light.desired.reason, light.desired.ref) == (90, "sensor", "traffic")


def test_protections_and_people_are_above_a_sensor_and_say_so():
    office = sensing_office()
    assert due(why(office, light="ZEBRA")) == (90, "sensor")
    office.now += dt.timedelta(minutes=11)
    assert due(why(office, light="ZEBRA")) == (80, "protection")
    office.now -= dt.timedelta(minutes=11)
    office.operations.set_level(TECHNICIAN, LP1, 30, None, Guard(reason="works"))
    assert due(why(office)) == (30, "override")
    assert verdict(why(office), "sensor").verdict == "outvoted"


def test_of_the_past_nobody_knows_what_sensors_said_and_the_chain_says_so():
    office = sensing_office()
    office.now += HOUR
    past = why(office, STEP + HOUR + dt.timedelta(minutes=1))
    assert due(past) == (50, "program")
    assert [each.verdict for each in past.chain if each.layer == "sensor"] == ["none", "assumed"]
