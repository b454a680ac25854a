"""The fault rules one by one: what a lamp or a meter shows, the fault it is, and what must be none."""

import datetime as dt
from dataclasses import replace

import pytest

from lightctl.control.diagnosis.thresholds import Thresholds
from lightctl.control.policy import Policy
from lightctl.domain import events as ev
from lightctl.domain.assets import Capabilities, Fleet
from lightctl.domain.luminaires import LuminaireType
from lightctl.domain.states import ChannelReport, Fault, FaultEvent, Reading, Reason, ReportedState
from tests.support.controlled import LIVE, ZONE, Street, lamp, override, running, sent

EVENING = dt.datetime(2026, 12, 4, 18, 0, tzinfo=dt.UTC)
HALF_NIGHT = dt.datetime(2026, 12, 4, 21, 30, tzinfo=dt.UTC)
NOON = dt.datetime(2026, 12, 5, 11, 0, tzinfo=dt.UTC)
FULL = {"level": 100, "commanded": 100}
HALF = {"level": 50, "commanded": 50}
OFF = {"level": 0, "commanded": 0}
CURVED = LuminaireType("curved", 50.0, 0.5, ((50, 20.0),), power_tolerance_percent=10.0, power_factor_threshold=0.9)


def lit(*points, at=EVENING, **more) -> Street:
    """A street whose lamp is lit and has said so."""
    street = running(Street(points or (lamp("a"),), **more))
    street.run_until(at)
    street.step(street.report())
    assert not street.faults
    street.opened.clear()
    return street


def says(street: Street, times: int = 2, every: float = 60, node: str = "n-a", **said) -> None:
    for _ in range(times):
        street.step(street.report(node, **said), after=every)


def open_events(street: Street) -> list[str]:
    return [str(fault.event) for fault in street.faults.values()]


def only(street: Street) -> Fault:
    (fault,) = street.faults.values()
    return fault


# -- lamps: what shows, and just not ----------------------------------------------------------------------------------

SHOWN = [
    ("dark at full level", {**FULL, "power_w": 15.0}, FaultEvent.LAMP_FAILURE),
    ("dark at half level", {**HALF, "power_w": 7.0}, FaultEvent.LAMP_FAILURE),
    ("dark by its level", {"level": 0, "commanded": 100, "power_w": 0.5}, FaultEvent.LAMP_FAILURE),
    ("a level that stays away", {"level": 70, "commanded": 100, "power_w": 35.2}, FaultEvent.DIMMING_FAILURE),
    ("too much power", {**FULL, "power_w": 61.0}, FaultEvent.LAMP_POWER_TOO_HIGH),
    ("too much power, dimmed", {**HALF, "power_w": 31.0}, FaultEvent.LAMP_POWER_TOO_HIGH),
    ("too little power", {**FULL, "power_w": 39.0}, FaultEvent.LAMP_POWER_TOO_LOW),
    ("a bad power factor", {**FULL, "power_factor": 0.6}, FaultEvent.POWER_FACTOR_TOO_LOW),
    ("a bad power factor, dimmed", {**HALF, "power_factor": 0.55}, FaultEvent.POWER_FACTOR_TOO_LOW),
    ("too high a voltage", {**FULL, "voltage_v": 254.0}, FaultEvent.SUPPLY_VOLTAGE_TOO_HIGH),
    ("too low a voltage", {**FULL, "voltage_v": 206.0}, FaultEvent.SUPPLY_VOLTAGE_TOO_LOW),
    ("burning though off", {**OFF, "power_w": 5.0}, FaultEvent.LAMP_UNEXPECTED_ON),
]  # fmt: skip
NOTHING = [
    ("full", {**FULL, "power_w": 50.0}),
    ("a little less than rated", {**FULL, "power_w": 41.0}),
    ("a little more than rated", {**FULL, "power_w": 59.0}),
    ("dimmed, with a driver's losses", {**HALF, "power_w": 28.0}),
    ("barely lit, where power tells nothing", {"level": 2, "commanded": 2, "power_w": 0.3}),
    ("a level off by rounding", {"level": 98, "commanded": 100, "power_w": 49.0}),
    ("a power factor as dimmed drivers have", {**HALF, "power_factor": 0.65}),
    ("a power factor at ten percent", {"level": 10, "commanded": 10, "power_factor": 0.3}),
    ("the highest good voltage", {**FULL, "voltage_v": 253.0}),
    ("the lowest good voltage", {**FULL, "voltage_v": 207.0}),
    ("a voltage nobody measures", {**FULL, "voltage_v": 0.0}),
    ("standby", {**OFF, "power_w": 2.5}),
    ("lit in local hands", {**OFF, "power_w": 50.0, "reason": Reason.LOCAL}),
    ("lit by its own fallback", {**OFF, "power_w": 50.0, "reason": Reason.FALLBACK}),
]


@pytest.mark.parametrize(("said", "event"), [row[1:] for row in SHOWN], ids=[row[0] for row in SHOWN])
def test_what_shows_twice_over_a_minute_is_one_fault_and_what_shows_once_is_none(said, event):
    street = lit()
    says(street, 1, **said)
    assert open_events(street) == [], "once is no fault"
    says(street, 1, **said)
    assert open_events(street) == [event]
    says(street, 5, **said)
    assert [fault.event for fault in street.opened] == [event], "told once"


@pytest.mark.parametrize("said", [row[1] for row in NOTHING], ids=[row[0] for row in NOTHING])
def test_what_a_good_lamp_says_is_no_fault(said):
    street = lit()
    says(street, 5, **said)
    assert street.opened == []


def test_two_reports_within_a_second_are_not_enough_to_be_believed():
    street = lit()
    says(street, 5, every=1.0, **FULL, power_w=0.5)
    assert street.opened == []
    says(street, 2, every=60.0, **FULL, power_w=0.5)
    assert open_events(street) == ["lampFailure"]


def test_a_good_report_between_makes_what_showed_before_worth_nothing():
    street = lit()
    for _ in range(6):
        says(street, 1, **FULL, power_w=0.5)
        says(street, 3, **FULL)
    assert "lampFailure" not in [fault.event for fault in street.opened]


def test_a_fault_that_stands_does_not_come_and_go_with_day_and_night():
    street = lit()
    says(street, **FULL, power_w=0.5)
    street.run_until(NOON)
    says(street, 3, **OFF)
    street.run_until(NOON + dt.timedelta(hours=7))
    says(street, 3, **FULL, power_w=0.5)
    assert [str(fault.event) for fault in street.opened].count("lampFailure") == 1
    assert "lampFailure" in open_events(street)
    says(street, 1, **FULL)
    assert "lampFailure" not in open_events(street)


def test_a_fault_of_a_lamp_stays_while_its_node_is_silent_and_is_not_told_again_after_it():
    street = lit()
    says(street, **FULL, power_w=0.5)
    street.run_until(street.now + dt.timedelta(hours=1))
    assert sorted(open_events(street)) == ["communicationFailure", "lampFailure"]
    says(street, 2, **FULL, power_w=0.5)
    assert open_events(street) == ["lampFailure"]
    assert [fault.event for fault in street.opened].count(FaultEvent.LAMP_FAILURE) == 1


def test_a_lamp_retired_from_the_inventory_takes_its_fault_with_it():
    street = lit(lamp("a"), lamp("b", node="n-a", channel=1))
    says(street, **FULL, power_w=0.5)
    assert open_events(street) == ["lampFailure"]
    street.step(ev.FleetChanged(Fleet.of([lamp("b", node="n-a", channel=1)], ZONE)))
    assert not street.faults


def test_several_good_reports_are_waited_for_where_settings_say_so():
    street = lit(policy=Policy(diagnosis=Thresholds(clear_reports=3)))
    says(street, **FULL, power_w=0.5)
    says(street, 2, **FULL)
    assert open_events(street) == ["lampFailure"]
    says(street, 1, **FULL)
    assert not street.faults


# -- a cause hides its effects -----------------------------------------------------------------------------------------


def test_a_dark_lamp_is_a_failure_and_neither_too_little_power_nor_a_dimming_failure():
    street = lit()
    says(street, **FULL, power_w=35.0)
    assert open_events(street) == ["lampPowerTooLow"]
    says(street, 2, level=0, commanded=100, power_w=0.5)
    assert open_events(street) == ["lampFailure"]


def test_a_node_that_names_the_breaker_of_a_channel_is_believed_before_its_lamp_is_blamed():
    street = lit()
    says(street, 4, level=0, commanded=100, power_w=0.0, faults=["circuitBreakerTripped"])
    assert open_events(street) == ["circuitBreakerTripped"]


def test_a_lamp_that_went_dark_just_before_its_cabinet_says_why_is_no_fault_of_its_own():
    street = lit()
    says(street, **FULL, power_w=0.0)
    assert open_events(street) == ["lampFailure"]
    says(street, 1, **FULL, power_w=0.0, flags=["supply_loss"])
    assert open_events(street) == ["supplyLoss"]
    assert only(street).members == ("a",)


def test_a_lamp_that_failed_long_before_its_breaker_tripped_is_still_failed_after_it():
    street = lit()
    says(street, **FULL, power_w=0.0)
    says(street, 20, **FULL, power_w=0.0)
    says(street, 2, **FULL, power_w=0.0, flags=["breaker_tripped"])
    assert sorted(open_events(street)) == ["circuitBreakerTripped", "lampFailure"]
    says(street, 2, **FULL, power_w=0.0)
    assert [fault.event for fault in street.opened].count(FaultEvent.LAMP_FAILURE) == 1


@pytest.mark.parametrize(
    ("flag", "event", "severity"),
    [
        ("door_open", "cabinetDoorOpen", "minor"),
        ("supply_loss", "supplyLoss", "critical"),
        ("leakage", "leakageDetected", "critical"),
        ("relay_failure", "relayFailure", "critical"),
        ("leakageDetected", "leakageDetected", "critical"),
        ("wet feet", "nodeFault", "minor"),
    ],
)
def test_what_a_node_flags_is_a_fault_at_once_and_as_it_is(flag, event, severity):
    street = lit()
    says(street, 1, flags=[flag])
    assert (open_events(street), only(street).severity) == ([event], severity)
    assert flag in only(street).detail
    says(street, 1)
    assert not street.faults


def test_two_odd_flags_are_one_fault_that_names_both():
    street = lit()
    says(street, 1, flags=["wet feet", "cold hands"])
    assert only(street).detail == "the node reports wet feet; the node reports cold hands"


# -- burning for nothing ----------------------------------------------------------------------------------------------


def test_a_lamp_that_burns_by_day_says_so_with_what_it_draws_for_nothing():
    street = lit(at=NOON)
    says(street, **OFF, power_w=45.5)
    assert only(street).detail == "burns by day: should be off, but 0 % measured and 46 W drawn"
    assert only(street).watts == 45.0


def test_a_lamp_that_burns_by_night_though_off_is_due_is_told_apart():
    street = lit()
    says(street, **OFF, power_w=45.5)
    assert only(street).detail.startswith("burns by night, though off is due")


def test_a_day_burner_stays_one_fault_over_the_night_and_ends_when_it_is_seen_off():
    street = lit(at=NOON)
    says(street, **OFF, power_w=50.0)
    street.run_until(NOON + dt.timedelta(hours=7))
    says(street, **FULL)
    assert open_events(street) == ["lampUnexpectedOn"]
    street.run_until(NOON + dt.timedelta(days=1))
    says(street, 1, **OFF)
    assert "lampUnexpectedOn" not in open_events(street)


# -- relays ------------------------------------------------------------------------------------------------------------


def switched(level: int, commanded: int, flags=()) -> ChannelReport:
    return ChannelReport(level=level, commanded=commanded, faults=tuple(flags))


def test_a_relay_whose_contact_stays_open_is_blamed_before_the_lamps_behind_it():
    street = Street((lamp("a", profile="cabinet", link="bus", address="1", lamps=14),))
    street.start()
    street.run_until(EVENING)
    for level, commanded in ((0, 100), (0, 100)):
        street.step(ev.NodeReported(ReportedState("n-a", street.now, {0: switched(level, commanded)})), after=60)
    assert open_events(street) == ["relayFailure"]
    street.step(ev.NodeReported(ReportedState("n-a", street.now, {0: switched(0, 0)})), after=60)
    assert open_events(street) == ["relayFailure"], "an open contact that shall be open says nothing"
    street.step(ev.NodeReported(ReportedState("n-a", street.now, {0: switched(100, 100)})), after=60)
    assert not street.faults


def test_a_relay_whose_contact_stays_closed_burns_what_its_lamps_draw():
    street = Street((lamp("a", profile="cabinet", link="bus", address="1", lamps=14),))
    street.start()
    for _ in range(3):
        street.step(ev.NodeReported(ReportedState("n-a", street.now, {0: switched(100, 0)})), after=60)
    assert (open_events(street), only(street).watts) == (["lampUnexpectedOn"], 14 * 49.5)


# -- expected power ----------------------------------------------------------------------------------------------------


def test_the_curve_of_its_type_says_what_a_lamp_should_draw_when_it_is_dimmed():
    curved = lamp("a", rated_power_w=None, standby_power_w=0.0, tags={"luminaire": "curved"})
    for power, expected in ((20.0, []), (25.25, ["lampPowerTooHigh"])):
        street = lit(curved, at=EVENING, luminaires={"curved": CURVED})
        says(street, 3, **HALF, power_w=power)
        assert open_events(street) == expected
    street = lit(lamp("a"))
    says(street, 3, **HALF, power_w=25.25)
    assert street.opened == [], "the control: a lamp of no type has a straight line"


def test_the_tolerance_and_power_factor_of_its_type_count():
    curved = lamp("a", tags={"luminaire": "curved"})
    street = lit(curved, luminaires={"curved": CURVED})
    says(street, 3, **FULL, power_w=56.0, power_factor=0.85)
    assert sorted(open_events(street)) == ["lampPowerTooHigh", "powerFactorTooLow"]
    street = lit(lamp("a"))
    says(street, 3, **FULL, power_w=56.0, power_factor=0.85)
    assert street.opened == [], "the control"


def test_a_driver_stuck_at_full_shows_in_its_power_where_nobody_measures_its_level():
    street = lit()
    says(street, 3, level=50, commanded=50, power_w=50.0, measures_level=False)
    assert open_events(street) == ["dimmingFailure"]
    says(street, 1, level=50, commanded=50, power_w=25.0, measures_level=False)
    assert not street.faults


def test_a_stuck_driver_is_no_better_at_the_level_at_which_it_is_stuck():
    street = lit()
    says(street, 2, level=100, commanded=50, power_w=50.0)
    says(street, 3, **FULL)
    assert open_events(street) == ["dimmingFailure"]
    says(street, 1, **HALF)
    assert not street.faults
    says(street, 2, **FULL)
    assert len(street.opened) == 1


UNKNOWN = lamp("a", rated_power_w=None, standby_power_w=0.0)


def test_what_a_lamp_of_unknown_watts_draws_is_learned_from_its_first_healthy_hour():
    street = lit(UNKNOWN)
    says(street, 15, every=300, **FULL, power_w=72.0)
    says(street, 2, every=300, **FULL, power_w=60.0)
    assert street.opened == []
    says(street, 2, every=300, **FULL, power_w=50.0)
    assert open_events(street) == ["lampPowerTooLow"]
    assert only(street).detail == "50 W drawn at 100 %, and 71 W expected (learned from its own reports)"
    says(street, 2, every=300, **FULL, power_w=3.0)
    assert open_events(street) == ["lampFailure"]


def test_nothing_is_said_of_the_power_of_a_lamp_nothing_is_known_of_yet():
    street = lit(UNKNOWN)
    says(street, 5, every=300, **FULL, power_w=72.0)
    says(street, 5, every=300, **FULL, power_w=20.0)
    assert street.opened == []


def test_one_odd_report_teaches_nothing():
    street = lit(UNKNOWN)
    for number in range(14):
        says(street, 1, every=300, **FULL, power_w=200.0 if number == 4 else 72.0)
    says(street, 2, every=300, **FULL, power_w=50.0)
    assert open_events(street) == ["lampPowerTooLow"]


def test_a_report_teaches_once_though_another_lamp_of_its_node_is_odd():
    street = lit(lamp("a"), lamp("b", node="n-a", channel=1))
    for number in range(1, 4):
        report = street.report(**FULL, power_w=53.0).report
        odd = replace(report.channels[0], level=50, power_w=25.0)
        street.step(ev.NodeReported(replace(report, channels={0: report.channels[0], 1: odd})), after=300)
        learned = street.controller._knowledge.memories["n-a"].history.learned
        assert [each.count for each in learned.values()] == [number]


def test_a_failure_that_creeps_in_slowly_is_not_learned_away():
    street = lit()
    power = 50.0
    for _ in range(400):
        power *= 0.998
        says(street, 1, every=300, **FULL, power_w=power)
        if street.faults:
            break
    assert open_events(street) == ["lampPowerTooLow"]
    assert power == pytest.approx(40.0, abs=0.5)


def test_another_lamp_in_the_same_place_is_learned_anew():
    street = lit(UNKNOWN)
    says(street, 15, every=300, **FULL, power_w=72.0)
    street.step(ev.FleetChanged(Fleet.of([replace(UNKNOWN, rated_power_w=30.0)], ZONE)))
    says(street, 3, every=300, **FULL, power_w=30.0)
    assert street.opened == []


# -- segments ----------------------------------------------------------------------------------------------------------


def test_lamps_missing_in_the_power_of_a_segment_are_counted():
    segment = lamp("a", lamps=42)
    street = lit(segment)
    whole = 42 * 50.0
    says(street, 15, every=300, **FULL, power_w=whole)
    says(street, 3, every=300, **FULL, power_w=whole * 0.99)
    assert street.opened == [], "noise"
    says(street, 2, every=300, **FULL, power_w=whole - 3 * 49.5)
    assert open_events(street) == ["lampFailure"]
    assert only(street).detail == "about 3 of 42 lamps are out: 1952 W drawn at 100 %, and 2097 W expected (learned)"
    says(street, 1, every=300, **FULL, power_w=whole)
    assert not street.faults


def test_of_a_segment_nobody_knows_yet_many_lamps_must_be_missing():
    street = lit(lamp("a", lamps=42))
    says(street, 3, **FULL, power_w=42 * 50.0 * 0.9)
    assert street.opened == []
    says(street, 3, **FULL, power_w=42 * 50.0 * 0.7)
    assert only(street).detail.startswith("about 12 of 42 lamps are out")


# -- cycling -----------------------------------------------------------------------------------------------------------


def test_a_lamp_that_goes_out_and_comes_back_is_cycling_once_and_not_failed_again_and_again():
    street = lit()
    for _ in range(10):
        says(street, 1, every=240, **FULL, power_w=0.5)
        says(street, 1, every=240, **FULL)
    assert open_events(street) == ["cyclingFailure"]
    assert len(street.opened) == 1
    assert only(street).detail == "went out or came back 4 times in 12 min while it should be lit"
    says(street, 40, every=240, **FULL)
    assert not street.faults


def test_a_cycling_lamp_that_stays_dark_in_the_end_is_failed():
    street = lit()
    for _ in range(4):
        says(street, 1, every=240, **FULL, power_w=0.5)
        says(street, 1, every=240, **FULL)
    says(street, 40, every=240, **FULL, power_w=0.5)
    assert open_events(street) == ["lampFailure"]


def test_a_lamp_that_is_switched_often_is_not_cycling():
    street = lit()
    for _ in range(10):
        says(street, 1, every=240, **OFF)
        says(street, 1, every=240, **FULL)
    assert street.opened == []


# -- meters ------------------------------------------------------------------------------------------------------------

GOOD = {"voltage_l1_v": 230.0, "voltage_l2_v": 231.0, "voltage_l3_v": 229.0, "power_w": 3000.0, "power_factor": 0.95}


def metered(street: Street, times: int = 2, **values: float) -> None:
    for _ in range(times):
        street.now += dt.timedelta(minutes=1)
        street.step(ev.MeterRead(Reading("meter", street.now, GOOD | values)))


@pytest.fixture
def meter() -> Street:
    street = Street((lamp("m", node="meter", profile="sdm630", link="bus", address="9"),))
    street.start()
    metered(street, 3)
    assert not street.faults
    return street


@pytest.mark.parametrize(
    ("values", "event", "words"),
    [
        ({"voltage_l2_v": 260.0}, "supplyVoltageTooHigh", "260 V on phase L2, and 207 to 253 V is good"),
        ({"voltage_l1_v": 200.0}, "supplyVoltageTooLow", "200 V on phase L1, and 207 to 253 V is good"),
        ({"voltage_l3_v": 0.0}, "supplyVoltageTooLow", "0 V on phase L3, and 207 to 253 V is good"),
        ({"leakage_current_a": 0.4}, "leakageDetected", "400 mA of residual current, and up to 300 mA is good"),
        ({"power_factor": 0.5}, "powerFactorTooLow", "power factor 0.50, and at least 0.61 is good"),
        ({"voltage_l1_v": 0.0, "voltage_l2_v": 1.0, "voltage_l3_v": 0.0}, "supplyLoss", "the meter measures 1 V"),
    ],
)
def test_what_a_meter_shows_is_one_fault_until_it_shows_better(meter, values, event, words):
    metered(meter, 1, **values)
    assert not meter.faults, "once is no fault"
    metered(meter, 3, **values)
    assert (open_events(meter), only(meter).detail) == ([event], words)
    metered(meter, 1)
    assert not meter.faults
    assert len(meter.opened) == 1


@pytest.mark.parametrize(
    "values",
    [
        {"voltage_l1_v": 253.0, "voltage_l2_v": 207.0},
        {"power_factor": 0.3, "power_w": 40.0},
        {"leakage_current_a": 0.3},
    ],
)
def test_what_a_good_meter_shows_is_no_fault(meter, values):
    metered(meter, 5, **values)
    assert meter.opened == []


def test_a_phase_that_was_never_connected_is_not_missed():
    street = Street((lamp("m", node="meter", profile="sdm630", link="bus", address="9"),))
    street.start()
    metered(street, 5, voltage_l2_v=0.0, voltage_l3_v=0.0)
    assert street.opened == []


# -- silence -----------------------------------------------------------------------------------------------------------


def test_a_lamp_overridden_with_a_long_fade_is_given_its_time():
    street = running(Street(), capabilities=LIVE)
    street.run_until(EVENING)
    street.opened.clear()
    slow = replace(override(street, 40), ramp_s=600)
    street.step(ev.OverrideSet(slow))
    street.step(sent(street))
    says(street, 5, level=80, commanded=40, power_w=40.0)
    assert street.opened == []
    says(street, 8, level=80, commanded=40, power_w=40.0)
    assert open_events(street) == ["dimmingFailure"], "the control"


def test_a_make_that_measures_nothing_has_no_measured_faults():
    street = running(Street(), capabilities=Capabilities(nights=7, slots=96))
    street.run_until(EVENING)
    street.opened.clear()
    for number in range(4):
        said = {0: ChannelReport()}
        street.step(ev.NodeReported(ReportedState("n-a", street.now, said, "b1", 100 + number, street.now)), after=60)
    assert street.opened == []
