"""The controller, event by event: what it sends, when it believes, and what it calls a fault."""

import datetime as dt
from dataclasses import replace
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lightctl.domain import events as ev
from lightctl.domain.assets import Fleet
from lightctl.domain.states import ActionKind, CommandState, Fault, FaultEvent, NodeAction, Reason, Scope
from tests.support.controlled import (
    AFTERNOON,
    CARRYING,
    LIVE,
    SCHEDULE,
    ZONE,
    Street,
    confirm,
    intent,
    lamp,
    override,
    running,
    sent,
)

EVENING = dt.datetime(2026, 12, 4, 18, 0, tzinfo=dt.UTC)
STEP_AT = dt.datetime(2026, 12, 4, 21, 0, tzinfo=dt.UTC)


def test_an_intent_gives_a_node_seven_nights_under_one_command():
    street = Street()
    street.start()
    (document,) = street.sent
    assert document.revision == street.command().revision == 1
    assert document.valid_until - street.now > dt.timedelta(days=6)
    assert street.command().state is CommandState.QUEUED


@pytest.mark.parametrize("day", ["2027-03-24", "2026-10-21"])
def test_a_node_with_room_for_few_nights_has_them_until_noon_though_clocks_change_in_a_later_one(day):
    noon = dt.datetime.combine(dt.date.fromisoformat(day), dt.time(12), ZoneInfo(ZONE))
    street = running(Street(now=noon.astimezone(dt.UTC)), replace(CARRYING, slots=8))
    assert street.desired["n-a"].valid_until == noon + dt.timedelta(days=2)


def test_a_broker_that_has_the_message_does_not_confirm_it():
    street = Street()
    street.start()
    street.step(sent(street), ev.BrokerAcked("n-a", 1, street.now))
    assert street.command().state is CommandState.SENT
    assert street.command().broker_acked_at == street.now


def test_only_a_report_of_the_revision_confirms():
    street = Street()
    street.start()
    street.step(sent(street))
    street.step(street.report(revision=0), after=1)
    assert street.command().state is CommandState.SENT
    street.step(street.report(revision=1), after=1)
    assert street.command().state is CommandState.CONFIRMED


def test_a_hello_is_answered_with_the_document_and_no_new_command():
    street = running(Street())
    commands = len(street.commands)
    street.step(street.hello(revision=street.desired["n-a"].revision))
    assert [d.revision for d in street.sent] == [street.desired["n-a"].revision]
    assert len(street.commands) == commands


def test_a_node_that_lost_its_flash_is_corrected_at_its_hello():
    street = running(Street())
    before = street.desired["n-a"].revision
    street.step(street.hello(revision=0, boot="b2"))
    assert street.desired["n-a"].revision == before + 1
    street.step(sent(street))
    street.step(street.report(boot="b2"), after=1)
    assert street.command().state is CommandState.CONFIRMED


def test_a_foreign_higher_revision_is_continued_above():
    street = running(Street())
    street.step(street.hello(revision=40, boot="b2"))
    assert street.desired["n-a"].revision == 41
    assert [d.revision for d in street.sent] == [41]


def test_a_node_that_comes_back_is_sent_what_it_missed_without_waiting_for_the_next_attempt():
    street = Street()
    street.start()
    street.step(sent(street))
    street.now += dt.timedelta(seconds=5)
    street.step(ev.NodePresence("n-a", online=False, at=street.now))
    assert street.sent == []
    street.step(ev.NodePresence("n-a", online=True, at=street.now))
    assert [d.revision for d in street.sent] == [street.command().revision]
    street.step(sent(street))
    street.step(street.report(), after=1)
    assert street.command().state is CommandState.CONFIRMED
    street.step(ev.NodePresence("n-a", online=True, at=street.now))
    assert street.sent == [], "nothing is open: a hint brings no message"


def test_silence_is_met_with_the_same_command_further_and_further_apart():
    street = Street()
    street.start()
    revision = street.command().revision
    gaps, last = [], street.now
    street.step(sent(street))
    while not street.command().state.terminal:
        street.run_until(street.last.review_at)
        if street.sent:
            assert [d.revision for d in street.sent] == [revision]
            gaps.append((street.now - last).total_seconds())
            last = street.now
            street.step(sent(street))
    assert len(gaps) >= 3
    assert gaps == sorted(gaps)
    assert street.command().state is CommandState.EXPIRED
    assert street.command().attempts == len(gaps) + 1
    assert street.command().finished_at - street.command().deadline <= dt.timedelta(seconds=60)


def test_a_dead_node_is_left_alone_until_it_is_heard_of_again():
    street = Street()
    street.start()
    street.run_until(AFTERNOON + dt.timedelta(hours=1))
    commands = len(street.commands)
    street.run_until(AFTERNOON + dt.timedelta(hours=12))
    assert len(street.commands) == commands
    street.step(street.hello())
    assert len(street.commands) == commands + 1
    assert street.sent


def test_a_permanent_refusal_fails_the_command_with_its_reason():
    street = Street()
    street.start()
    street.step(ev.SendFailed("n-a", 1, street.now, "not authorised", permanent=True))
    assert street.commands["n-a/1"].state is CommandState.FAILED
    assert street.commands["n-a/1"].detail == "not authorised"


def test_a_passing_failure_keeps_the_command_open_and_tries_again():
    street = Street()
    street.start()
    street.step(ev.SendFailed("n-a", 1, street.now, "broker away"))
    assert not street.command().state.terminal
    assert [d.revision for d in street.sent] == [1]


def test_a_newer_document_supersedes_the_command_of_the_older_one():
    street = Street()
    street.start()
    street.step(ev.IntentChanged(intent(SCHEDULE.replace("level: 50", "level: 40"))))
    assert street.commands["n-a/1"].state is CommandState.SUPERSEDED
    assert street.command().revision == 2


def test_an_intent_that_changes_nothing_for_a_node_sends_it_nothing():
    street = running(Street())
    street.step(ev.IntentChanged(intent(SCHEDULE)))
    assert not street.sent
    assert not street.last.commands


def test_an_override_goes_out_with_its_end_and_is_not_sent_again_when_it_ends():
    street = running(Street())
    held = override(street, 30)
    street.step(ev.OverrideSet(held))
    (document,) = street.sent
    assert document.channels[0].override.level == 30
    assert document.channels[0].override.until == held.until
    assert street.last.submissions[0].priority > 0
    street.step(sent(street))
    street.step(street.report(level=30, reason=Reason.OVERRIDE), after=1)
    assert street.command().state is CommandState.CONFIRMED
    commands = len(street.commands)
    street.run_until(held.until + dt.timedelta(minutes=1))
    street.step(street.report())
    assert len(street.commands) == commands


def test_an_override_taken_back_is_sent_at_once():
    street = running(Street())
    street.step(ev.OverrideSet(override(street, 30)))
    street.step(ev.OverrideEnded("o1"), after=5)
    (document,) = street.sent
    assert document.channels[0].override is None


def test_an_override_below_a_protection_is_raised_to_it_while_the_sun_is_down():
    protected = SCHEDULE + 'protections:\n  - {select: "*", min_level: 80}\n'
    street = Street(now=EVENING)
    street.start(protected)
    street.step(ev.OverrideSet(override(street, 10)))
    assert street.sent[0].channels[0].override.level == 80


def test_an_override_below_a_protection_by_day_is_left_alone():
    protected = SCHEDULE + 'protections:\n  - {select: "*", min_level: 80}\n'
    street = Street(now=dt.datetime(2026, 12, 4, 11, 30, tzinfo=dt.UTC))
    street.start(protected)
    street.step(ev.OverrideSet(override(street, 10)))
    assert street.sent[0].channels[0].override.level == 10


def test_a_live_node_gets_one_switch_and_a_new_one_when_the_level_changes():
    street = running(Street(), LIVE)
    assert len(street.desired["n-a"].channels[0].switches) == 1
    assert street.desired["n-a"].channels[0].switches[0].level == 0
    street.run_until(EVENING)
    assert street.desired["n-a"].channels[0].switches[0].level == 100
    street.step(sent(street))
    street.step(street.report())
    street.run_until(STEP_AT)
    assert street.sent
    assert street.desired["n-a"].channels[0].switches[0].level == 50


def test_a_command_names_what_brought_it_about():
    street = running(Street(), LIVE)
    assert street.command().cause == "schedule"
    street.run_until(EVENING)
    assert street.command().cause == "program", "no longer the schedule that was applied in the afternoon"
    street.step(sent(street))
    street.step(street.report())
    street.step(ev.OverrideSet(override(street, 30)))
    assert street.command().cause == "override o1"
    carrying = running(Street())
    carrying.now += dt.timedelta(days=1)
    carrying.step(ev.NightlyRun())
    carrying.run_until(carrying.now + dt.timedelta(seconds=carrying.policy.topup_spread_s))
    assert carrying.command().cause == "nightly run"


def test_a_live_node_that_came_back_dark_is_lit_again_at_once():
    street = running(Street(now=EVENING), LIVE)
    street.step(street.hello(revision=0, capabilities=LIVE, boot="b2"), after=60)
    assert street.sent[0].channels[0].switches[0].level == 100
    assert street.command().state is CommandState.QUEUED


def test_modbus_is_confirmed_by_a_verified_read_back_and_by_nothing_else():
    street = Street((lamp("a", profile="modbus-lamp", link="line", address="3"),), now=EVENING)
    street.start()
    revision = street.command().revision
    street.step(sent(street))
    poll = street.report(revision=None)
    street.step(ev.NodeReported(replace(poll.report, applied_revision=None, boot_id="")), after=1)
    assert street.command().state is CommandState.SENT
    read_back = replace(poll.report, applied_revision=revision, verified=True, boot_id="", received_at=street.now)
    street.step(ev.NodeReported(read_back), after=1)
    assert street.command().state is CommandState.CONFIRMED


def test_a_lamp_switched_locally_is_waited_for():
    street = Street((lamp("a", profile="modbus-lamp", link="line", address="3"),), now=EVENING)
    street.start()
    street.step(ev.SendFailed("n-a", 1, street.now, "refused", permanent=True))
    local = street.report(level=0, commanded=0, reason=Reason.LOCAL, boot="")
    commands = len(street.commands)
    street.step(ev.NodeReported(replace(local.report, applied_revision=None)), after=3600)
    assert len(street.commands) == commands


def test_an_overtaken_report_does_not_take_the_state_back():
    street = running(Street())
    newest = street.report(seq=50)
    street.step(newest)
    street.step(street.report(seq=49, level=77, commanded=77))
    assert not street.last.reported
    assert street.last.reports, "telemetry keeps it"


def test_a_duplicate_report_changes_nothing():
    street = running(Street())
    report = street.report()
    street.step(report)
    street.step(report)
    assert not street.last.reported
    assert not street.last.commands


def test_silence_for_two_and_a_half_heartbeats_is_a_communication_failure_that_clears_itself():
    street = running(Street())
    heard = street.now
    street.run_until(heard + dt.timedelta(seconds=2.5 * 300 - 1))
    assert not street.faults
    street.run_until(heard + dt.timedelta(seconds=2.5 * 300))
    assert [f.event for f in street.faults.values()] == [FaultEvent.COMMUNICATION_FAILURE]
    street.step(street.report(), after=10)
    assert not street.faults


def test_a_node_never_heard_of_becomes_a_communication_failure():
    street = Street()
    street.start()
    street.run_until(AFTERNOON + dt.timedelta(hours=1))
    assert [f.detail for f in street.faults.values()] == ["nothing heard ever"]


def test_a_link_that_comes_up_is_given_every_document_again_under_the_same_revision():
    street = running(Street((lamp("a"), lamp("b"))))
    street.step(ev.CommandSent("n-b", 1, street.now))
    before = {node: document.revision for node, document in street.desired.items()}
    street.step(ev.LinkChanged("mqtt", up=True, at=street.now))
    assert {d.node: d.revision for d in street.sent} == before


def test_a_restart_sends_nothing_to_a_street_that_agrees():
    street = running(Street())
    report = street.report().report
    again = Street(now=street.now + dt.timedelta(minutes=1))
    restored = ev.NodeRestored("n-a", 1, CARRYING, street.desired["n-a"], street.command(), report, "b1")
    again.step(restored, ev.FleetChanged(Fleet.of(again.points, ZONE)), ev.IntentChanged(intent()))
    assert not again.sent
    assert not again.commands


def test_a_restart_takes_up_a_command_that_was_queued_and_never_sent():
    street = Street()
    street.start()
    again = Street(now=street.now + dt.timedelta(minutes=1))
    restored = ev.NodeRestored("n-a", 1, None, street.desired["n-a"], street.command(), None)
    again.step(restored, ev.FleetChanged(Fleet.of(again.points, ZONE)), ev.IntentChanged(intent()))
    assert [d.revision for d in again.sent] == [1]


def test_the_nightly_run_extends_the_nights_of_every_carrying_node_within_its_spread():
    street = running(Street((lamp("a"), lamp("b"), lamp("c"))))
    until = street.desired["n-a"].valid_until
    street.now += dt.timedelta(days=1)
    street.step(ev.NightlyRun())
    street.run_until(street.now + dt.timedelta(seconds=street.policy.topup_spread_s))
    assert all(d.valid_until == until + dt.timedelta(days=1) for d in street.desired.values())
    assert len({d.issued_at for d in street.desired.values()}) == 3, "staggered"


def test_nights_are_renewed_before_they_run_out_even_if_no_nightly_run_ever_came():
    street = running(Street())
    end = AFTERNOON + dt.timedelta(days=30)
    while street.now < end:
        assert street.desired["n-a"].valid_until > street.now + dt.timedelta(hours=12)
        street.run_until(street.now + dt.timedelta(hours=1))
        if street.command().state is CommandState.QUEUED:
            street.step(sent(street))
        street.step(street.report())


def test_a_node_that_holds_one_night_is_worked_out_anew_once_a_night_and_not_with_each_report():
    street = running(Street(), replace(CARRYING, nights=1))
    memory = street.controller._knowledge.memories["n-a"]
    renewals = set()
    for _ in range(3 * 24):
        street.run_until(street.now + dt.timedelta(hours=1))
        if street.command().state is CommandState.QUEUED:
            street.step(sent(street))
        street.step(street.report())
        renewals.add(memory.renewed_at)
    assert len(renewals) == 1 + 3
    assert street.desired["n-a"].valid_until > street.now


@pytest.mark.parametrize(
    ("said", "fault"),
    [
        ({"level": 100, "commanded": 100, "power_w": 2.0}, FaultEvent.LAMP_FAILURE),
        ({"level": 0, "commanded": 100, "power_w": 0.5}, FaultEvent.LAMP_FAILURE),
        ({"level": 60, "commanded": 100}, FaultEvent.DIMMING_FAILURE),
        ({"level": 0, "commanded": 0, "power_w": 45.0}, FaultEvent.LAMP_UNEXPECTED_ON),
        ({"flags": ["door_open"]}, FaultEvent.CABINET_DOOR_OPEN),
        ({"faults": ["lampFailure"]}, FaultEvent.LAMP_FAILURE),
        ({"faults": ["something odd"]}, FaultEvent.NODE_FAULT),
        ({"flags": ["breaker_tripped"], "level": 0, "power_w": 0.0}, FaultEvent.CIRCUIT_BREAKER_TRIPPED),
    ],
)
def test_what_a_node_shows_is_named_once_and_cleared_when_it_is_gone(said, fault):
    street = running(Street())
    street.run_until(EVENING)
    street.step(street.report())
    assert not street.faults
    street.step(street.report(**said), after=60)
    street.step(street.report(**said), after=60)
    assert [f.event for f in street.faults.values()] == [fault]
    off = {"level": 0, "commanded": 0} if fault is FaultEvent.LAMP_UNEXPECTED_ON else {}
    street.step(street.report(**off), after=60)
    assert not street.faults


def test_a_report_of_a_fading_lamp_that_comes_late_is_no_fault():
    fading = SCHEDULE.replace("level: 50}", "level: 50, ramp: 10m}")
    street = Street()
    street.start(fading)
    street.step(street.hello())
    street.step(sent(street), after=0.1)
    street.run_until(STEP_AT)
    late = street.report(level=95, commanded=50, power_w=47.5).report
    for number, minutes in enumerate((1, 3, 5)):
        said_at = STEP_AT + dt.timedelta(minutes=minutes)
        report = replace(late, seq=90 + number, at=said_at, received_at=said_at + dt.timedelta(minutes=4.9))
        street.step(ev.NodeReported(report))
    assert FaultEvent.DIMMING_FAILURE not in {f.event for f in street.faults.values()}
    for number, minutes in enumerate((12, 14)):
        said_at = STEP_AT + dt.timedelta(minutes=minutes)
        street.step(ev.NodeReported(replace(late, seq=100 + number, at=said_at, received_at=said_at)))
    assert FaultEvent.DIMMING_FAILURE in {f.event for f in street.faults.values()}, "the control"


def test_the_controller_only_touches_nodes_that_events_or_alarms_name():
    street = Street(tuple(lamp(str(number)) for number in range(50)))
    street.start()
    street.step(ev.CommandSent("n-7", 1, street.now), after=1)
    assert {c.node for c in street.last.commands} == {"n-7"}


@settings(max_examples=60, deadline=None)
@given(order=st.permutations(range(6)), seed=st.integers(0, 5))
def test_the_order_in_which_events_arrive_does_not_change_what_a_node_is_told(order, seed):
    street = Street((lamp("a"), lamp("b")))
    held = override(street, 35)
    events = [
        ev.FleetChanged(Fleet.of(street.points, ZONE)),
        ev.IntentChanged(intent()),
        ev.OverrideSet(held),
        ev.LinkChanged("mqtt", up=True, at=street.now),
        ev.NodeRestored("n-a", seed),
        ev.ReviewDue(),
    ]
    for position in order:
        street.step(events[position])
    document = street.desired["n-a"]
    assert document.channels[0].override.level == 35
    assert document.revision > seed
    assert street.desired["n-b"].channels[0].override is None
    expected = Street((lamp("a"), lamp("b")))
    expected.step(*events)
    assert expected.desired["n-a"].channels == document.channels


# -- what stories of the world showed (tests/control/test_world.py), and what reading did ----------------------------


def test_a_weaker_override_holds_on_when_a_stronger_one_of_the_same_level_ends():
    street = running(Street())
    site = replace(override(street, 20, minutes=120, select="*", name="site"), scope=Scope.SITE)
    street.step(ev.OverrideSet(site))
    confirm(street, level=20, reason=Reason.OVERRIDE)
    own = override(street, 20, minutes=30, name="own")
    street.step(ev.OverrideSet(own))
    confirm(street, level=20, reason=Reason.OVERRIDE)
    street.run_until(own.until + dt.timedelta(seconds=1))
    held = street.desired["n-a"].channels[0].override
    assert held is not None
    assert held.until == site.until


def test_a_node_that_comes_back_into_the_inventory_goes_on_with_its_revisions():
    street = running(Street())
    used = street.command().revision
    street.step(ev.FleetChanged(Fleet.of((), ZONE)))
    street.step(ev.FleetChanged(Fleet.of(street.points, ZONE)))
    street.step(ev.IntentChanged(intent(SCHEDULE.replace("level: 50", "level: 40"))))
    assert street.command().revision == used + 2


def test_a_node_that_comes_back_into_the_inventory_is_told_at_once_what_to_hold():
    street = running(Street())
    street.step(ev.FleetChanged(Fleet.of((), ZONE)))
    street.step(ev.FleetChanged(Fleet.of(street.points, ZONE)), after=60)
    assert len(street.sent) == 1


def test_a_node_that_leaves_the_inventory_leaves_no_open_command_and_no_open_fault():
    street = Street()
    street.start()
    street.run_until(AFTERNOON + dt.timedelta(minutes=13))
    assert street.faults
    assert not street.command().state.terminal
    street.step(ev.FleetChanged(Fleet.of((), ZONE)))
    assert street.command().state is CommandState.FAILED
    assert street.command().detail == "the node left the inventory"
    assert not street.faults


def test_what_is_open_about_a_node_that_left_while_no_daemon_ran_ends_at_boot():
    street = Street()
    street.start()
    fault = Fault(FaultEvent.LAMP_FAILURE, "light point", "a", street.now)
    again = Street(points=(), now=street.now, commands=dict(street.commands), faults={fault.key: fault})
    restored = ev.NodeRestored("n-a", 1, None, street.desired["n-a"], street.command(), faults=(fault,))
    again.step(restored, ev.FleetChanged(Fleet.of((), ZONE)), ev.IntentChanged(intent()))
    assert again.command().state is CommandState.FAILED
    assert not again.faults


def test_a_live_node_left_alone_in_the_afternoon_is_not_kept_dark_all_night():
    street = running(Street(), LIVE)
    document = street.desired["n-a"]
    assert document.channels[0].switches[0].level == 0
    assert document.valid_until < EVENING
    street.run_until(AFTERNOON + dt.timedelta(days=2))
    assert street.desired["n-a"].valid_until > street.now


def test_a_node_of_an_unknown_profile_is_shown_as_faulty_and_stops_no_other():
    street = Street((lamp("a"), lamp("b", profile="withdrawn")))
    street.start()
    assert [d.node for d in street.sent] == ["n-a"]
    assert [f.detail for f in street.faults.values()] == ["no profile 'withdrawn' is known"]


def test_a_node_on_which_a_step_fails_stops_no_other_and_is_tried_again():
    street = Street((lamp("a"), replace(lamp("b"), latitude=None)))
    street.start()
    assert [d.node for d in street.sent] == ["n-a"]
    (fault,) = street.faults.values()
    assert fault.subject == "n-b"
    assert "TypeError" in fault.detail
    street.step(ev.FleetChanged(Fleet.of((lamp("a"), lamp("b")), ZONE)))
    assert [d.node for d in street.sent] == ["n-b"]
    assert not street.faults


def test_an_override_that_a_node_cannot_hold_fails_with_the_reason_instead_of_seeming_done():
    street = running(Street())
    street.step(street.hello(capabilities=replace(CARRYING, slots=1), revision=1))
    commands = set(street.commands)
    street.step(ev.OverrideSet(override(street, 30)))
    (asked,) = street.commands.keys() - commands
    assert street.commands[asked].state is CommandState.FAILED
    assert "the first night needs" in street.commands[asked].detail
    assert not street.sent


def test_a_node_whose_make_changes_is_switched_as_the_new_make_is():
    street = running(Street())
    street.step(ev.FleetChanged(Fleet.of((lamp("a", profile="json-dimmer"),), ZONE)))
    assert len(street.desired["n-a"].channels[0].switches) == 1
    street.run_until(EVENING)
    assert street.desired["n-a"].channels[0].switches[0].level == 100


def test_a_late_word_of_the_boot_before_is_no_news():
    street = running(Street())
    late = street.report(level=77, commanded=77)
    street.step(street.hello(revision=0, boot="b2"), after=5)
    street.step(late, after=5)
    assert not street.last.reported
    assert street.last.reports, "telemetry keeps it"
    confirm(street, boot="b2")
    assert street.command().state is CommandState.CONFIRMED


def test_a_clock_set_back_delays_no_fault_and_no_deadline():
    street = Street()
    street.start()
    street.step(sent(street))
    street.step(street.report(revision=0), after=1)
    street.now -= dt.timedelta(days=30)
    street.step(ev.ReviewDue())
    street.run_until(street.now + dt.timedelta(seconds=2.5 * 300))
    assert [f.event for f in street.faults.values()] == [FaultEvent.COMMUNICATION_FAILURE]
    street.run_until(street.now + dt.timedelta(seconds=street.policy.deadline_s + 60))
    assert all(command.state.terminal for command in street.commands.values())


def test_a_restart_takes_no_silent_node_for_a_well_one():
    street = running(Street())
    report = street.report().report
    street.run_until(street.now + dt.timedelta(hours=1))
    faults = tuple(street.faults.values())
    assert faults
    again = Street(now=street.now, faults=dict(street.faults))
    restored = ev.NodeRestored("n-a", 1, CARRYING, street.desired["n-a"], street.command(), report, "b1", faults)
    again.step(restored, ev.FleetChanged(Fleet.of(again.points, ZONE)), ev.IntentChanged(intent()))
    assert again.faults == street.faults
    again.step(street.report(), after=60)
    assert not again.faults


def test_the_controllers_agenda_does_not_grow_with_the_reports_of_its_nodes():
    street = running(Street((lamp("a"), lamp("b"))))
    for _ in range(500):
        street.step(street.report(), after=1)
    assert len(street.controller._turns._later) < 10


def test_a_node_whose_hello_nobody_heard_is_asked_for_it_once_an_hour_until_it_answers():
    street = Street()
    street.start()
    (asked,) = actions(street, street.report())
    assert (asked.node, asked.kind) == ("n-a", ActionKind.REPORT)
    street.now += dt.timedelta(minutes=59)
    assert actions(street, street.report()) == []
    street.now += dt.timedelta(minutes=1)
    (again,) = actions(street, street.report())
    assert again.id != asked.id, "a node does the same action only once"
    assert actions(street, street.hello(capabilities=LIVE)) == []
    (document,) = street.sent
    assert len(document.channels[0].switches) == 1, "a live node is told one level at a time"
    street.now += dt.timedelta(hours=2)
    assert actions(street, street.report()) == []


def test_a_node_known_from_before_a_restart_is_not_asked_who_it_is():
    street = Street()
    street.step(ev.FleetChanged(Fleet.of(street.points, ZONE)), ev.NodeRestored("n-a", 3, LIVE))
    street.step(ev.IntentChanged(intent()))
    assert actions(street, street.report()) == []


def actions(street: Street, event: ev.Event) -> list[NodeAction]:
    effects = street.step(event)
    return [each.content for each in effects.submissions if isinstance(each.content, NodeAction)]
