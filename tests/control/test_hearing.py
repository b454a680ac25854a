"""Hearing, word by word: what a node or its link says, and what is known of the node afterwards."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest

from lightctl.control import hearing
from lightctl.control.collected import Collected
from lightctl.control.memory import NodeMemory, Pause, look_for_silence_at
from lightctl.control.node_time import UNKNOWN_TIME
from lightctl.control.policy import Policy
from lightctl.control.sensing import Hold
from lightctl.devices.profile import shipped_profiles
from lightctl.domain import events as ev
from lightctl.domain.assets import Capabilities, Node
from lightctl.domain.sensors import SILENT, SensorKind, SensorReading
from lightctl.domain.states import (
    ActionKind,
    ChannelDesired,
    Command,
    CommandState,
    DesiredState,
    Fault,
    FaultEvent,
    NodeAction,
    Reading,
    ReportedState,
    Switch,
)
from tests.support.controlled import CARRYING, LIVE, lamp

NOW = dt.datetime(2026, 12, 4, 18, 0, tzinfo=dt.UTC)
SECOND = dt.timedelta(seconds=1)
POLICY = Policy()
PROFILES = shipped_profiles()
NATIVE, UNIT = PROFILES["native"], PROFILES["modbus-lamp"]
DESIRED = DesiredState("n-a", 7, NOW, NOW + 86_400 * SECOND, {0: ChannelDesired((Switch(NOW, 100),))})
OPEN = Command("n-a", 7, CommandState.QUEUED, "test", NOW, NOW + 900 * SECOND, detail="once")
ENDED = replace(OPEN, state=CommandState.EXPIRED, finished_at=NOW)


def memory(**fields: object) -> NodeMemory:
    values: dict[str, object] = {"capabilities": CARRYING, "profile": NATIVE, "stale": False} | fields
    return NodeMemory(
        node=Node("n-a", "native", "mqtt", "n-a", {0: "a"}), points={0: lamp("a")}, known_since=NOW, **values
    )


def hello(**fields: object) -> ev.NodeAnnounced:
    return replace(ev.NodeAnnounced("n-a", "b2", CARRYING, 0, NOW, NOW), **fields)


def report(**fields: object) -> ReportedState:
    return replace(ReportedState("n-a", NOW, {}, "b1", 5, NOW, 0), **fields)


def resting(**fields: object) -> NodeMemory:
    return memory(pause=Pause(3, NOW + 600 * SECOND), **fields)


class TestAWord:
    def test_it_ends_silence_and_with_it_any_rest(self):
        known = resting(unreachable="nothing heard")
        known.time = UNKNOWN_TIME.sent(NOW)
        assert hearing.hear(known, NOW)
        assert (known.unreachable, known.pause.failures, known.pause.until, known.time.owed) == ("", 0, None, True)

    def test_of_a_node_that_is_heard_it_changes_neither_rest_nor_what_time_is_owed(self):
        known = resting()
        known.time = UNKNOWN_TIME.sent(NOW)
        hearing.hear(known, NOW)
        assert (known.pause.failures, known.pause.until, known.time.owed) == (3, NOW + 600 * SECOND, False)

    def test_when_it_was_heard_never_goes_back(self):
        known = memory()
        for at in (NOW, NOW + 9 * SECOND, NOW + 3 * SECOND):
            hearing.hear(known, at)
        assert known.heard_at == NOW + 9 * SECOND
        assert known.silent_since == NOW + 9 * SECOND


class TestAReturn:
    @pytest.mark.parametrize(("command", "owed"), [(OPEN, True), (ENDED, False), (None, False)])
    def test_it_is_news_where_a_command_is_open(self, command, owed):
        known = memory(command=command)
        assert hearing.hear_return(known) is owed
        assert known.answer_hello is owed

    @pytest.mark.parametrize(("command", "owed"), [(OPEN, True), (ENDED, False), (None, False)])
    def test_it_ends_the_rest_and_that_is_news(self, command, owed):
        known = resting(command=command, unreachable="gone")
        known.time = UNKNOWN_TIME.sent(NOW)
        assert hearing.hear_return(known)
        assert (known.answer_hello, known.pause.failures, known.pause.until, known.time.owed) == (owed, 0, None, True)
        assert known.unreachable == "gone", "that it is heard, only its reports say"

    def test_what_waits_on_the_link_yet_will_find_it_there_and_is_not_owed_besides(self):
        known = memory(command=OPEN, on_its_way=True)
        assert hearing.hear_return(known) is False
        assert not known.answer_hello

    def test_it_takes_no_owed_answer_away(self):
        known = memory(answer_hello=True)
        hearing.hear_return(known)
        assert known.answer_hello


class TestAHello:
    def test_it_is_owed_an_answer_and_ends_silence_and_rest(self):
        known = resting(unreachable="gone")
        known.time = UNKNOWN_TIME.sent(NOW)
        assert hearing.hear_hello(known, hello())
        assert (known.answer_hello, known.announced, known.unreachable, known.pause.failures) == (True, True, "", 0)
        assert (known.pause.until, known.heard_at, known.boot_id, known.time.owed) == (None, NOW, "b2", True)
        assert not known.stale

    def test_it_ends_the_rest_of_a_node_that_was_heard_all_along(self):
        known = resting()
        hearing.hear_hello(known, hello())
        assert (known.pause.failures, known.pause.until) == (0, None)

    def test_other_capabilities_have_its_document_worked_out_anew(self):
        known = memory(capabilities=LIVE)
        hearing.hear_hello(known, hello())
        assert (known.capabilities, known.stale, known.refit) == (CARRYING, True, True)

    def test_a_make_that_does_not_announce_itself_keeps_the_capabilities_of_its_profile(self):
        known = memory(capabilities=LIVE, profile=UNIT)
        hearing.hear_hello(known, hello())
        assert (known.capabilities, known.stale, known.refit, known.announced) == (LIVE, False, False, False)

    def test_a_late_one_of_the_boot_before_says_nothing(self):
        known = memory(boot_id="b3", former_boot="b2", spoke_at=NOW + SECOND, capabilities=LIVE)
        assert hearing.hear_hello(known, hello(applied_revision=90)) is False
        assert (known.answer_hello, known.capabilities, known.highest_revision) == (False, LIVE, 0)

    def test_a_revision_nobody_gave_is_continued_above(self):
        known = memory(highest_revision=7)
        hearing.hear_hello(known, hello(applied_revision=9))
        assert (known.highest_revision, known.next_revision(), known.assert_now, known.stale) == (9, 10, True, True)

    def test_its_clock_is_noted(self):
        known = memory()
        hearing.hear_hello(known, hello(clock=NOW + 40 * SECOND))
        assert known.time.latest_s == 40.0


class TestAReport:
    @pytest.mark.parametrize(
        ("boot", "seq", "taken"), [("b1", 4, False), ("b1", 5, False), ("b1", 6, True), ("b2", 1, True), ("", 1, True)]
    )
    def test_what_comes_again_or_was_overtaken_is_telemetry_and_no_state(self, boot, seq, taken):
        known, out = memory(boot_id="b1", announced=True), Collected()
        hearing.hear_report(known, report(), POLICY, Collected())
        again = report(boot_id=boot, seq=seq, received_at=NOW + SECOND, at=NOW + SECOND, applied_revision=3)
        assert hearing.hear_report(known, again, POLICY, out) is taken, "whether it is news"
        assert out.reports == [again]
        assert out.reported == ({"n-a": again} if taken else {})
        assert (known.reported == again, known.highest_revision, known.heard_at == again.received_at) == (
            taken, 3 * taken, taken,
        )  # fmt: skip

    def test_a_late_one_of_the_boot_before_says_nothing(self):
        known, out = memory(boot_id="b3", former_boot="b1", spoke_at=NOW + SECOND), Collected()
        assert hearing.hear_report(known, report(applied_revision=9), POLICY, out) is False
        assert (known.reported, known.highest_revision, out.reported, len(out.reports)) == (None, 0, {}, 1)

    def test_without_a_revision_none_is_seen(self):
        known = memory(highest_revision=4, announced=True)
        assert hearing.hear_report(known, report(applied_revision=None), POLICY, Collected())
        assert (known.highest_revision, known.assert_now) == (4, False)

    def test_its_clock_is_noted(self):
        known = memory(announced=True)
        hearing.hear_report(known, report(at=NOW - 7 * SECOND), POLICY, Collected())
        assert known.time.latest_s == -7.0

    def test_a_node_that_never_said_who_it_is_is_asked_once_an_hour(self):
        known, asked = memory(), []
        for number, after_s in enumerate((0, 60, 3599, 3600, 3601)):
            out, at = Collected(), NOW + after_s * SECOND
            hearing.hear_report(known, report(seq=number + 6, received_at=at, at=at), POLICY, out)
            asked += [(after_s, each.content) for each in out.submissions.values()]
        assert [after_s for after_s, _ in asked] == [0, 3600]
        name = f"hello-{int(NOW.timestamp())}"
        assert asked[0][1] == NodeAction(name, "n-a", ActionKind.REPORT, NOW + 900 * SECOND)

    @pytest.mark.parametrize("off_h", [-50, 0, 50])
    def test_the_question_comes_in_time_by_a_clock_that_is_ahead_as_well(self, off_h):
        out, shown = Collected(), NOW + off_h * 3600 * SECOND
        hearing.hear_report(memory(), report(at=shown), POLICY, out)
        (asked,) = (each.content for each in out.submissions.values())
        assert asked.not_after == max(NOW, shown) + 900 * SECOND

    @pytest.mark.parametrize("fields", [{"announced": True}, {"profile": UNIT}])
    def test_nobody_else_is_asked(self, fields):
        out = Collected()
        hearing.hear_report(memory(**fields), report(), POLICY, out)
        assert out.submissions == {}

    def test_the_question_waits_its_turn(self):
        out = Collected()
        hearing.hear_report(memory(), report(), POLICY, out)
        assert [each.priority for each in out.submissions.values()] == [0]


@pytest.mark.parametrize(("at_s", "taken"), [(-1, False), (0, True), (1, True)])
def test_a_meter_is_heard_and_its_newest_reading_counts(at_s, taken):
    known = memory()
    first, second = (Reading("n-a", NOW + s * SECOND, {"power_w": w}) for s, w in ((0, 5.0), (at_s, 9.0)))
    assert hearing.hear_meter(known, first)
    assert known.history.reading == first
    assert hearing.hear_meter(known, second)
    assert known.history.reading == (second if taken else first)
    assert known.heard_at == max(first.at, second.at)


def test_a_line_without_an_answer_is_news_once():
    known = memory(held_until=NOW)
    assert hearing.lose(known, "timeout")
    assert hearing.lose(known, "reset") is False
    assert (known.unreachable, known.held_until) == ("timeout", None)


class TestACommandOnItsWay:
    @staticmethod
    def follow(event: object, **fields: object) -> tuple[NodeMemory, Collected, bool]:
        known, out = memory(**({"command": OPEN, "on_its_way": True} | fields)), Collected()
        return known, out, hearing.follow_command(known, event, POLICY, out)

    def test_sent_is_an_attempt_and_the_link_is_free_again(self):
        known, out, news = self.follow(ev.CommandSent("n-a", 7, NOW))
        assert (known.command.state, known.command.attempts, known.command.sent_at) == (CommandState.SENT, 1, NOW)
        assert (known.on_its_way, news, out.commands) == (False, True, {"n-a/7": known.command})

    def test_acknowledged_is_a_time_and_the_link_is_still_at_it(self):
        known, _, news = self.follow(ev.BrokerAcked("n-a", 7, NOW))
        assert (known.command, known.on_its_way, news) == (replace(OPEN, broker_acked_at=NOW), True, False), "no news"

    def test_acknowledged_does_not_put_on_its_way_what_is_not(self):
        known, _, _ = self.follow(ev.BrokerAcked("n-a", 7, NOW), on_its_way=False)
        assert not known.on_its_way

    def test_a_passing_failure_is_told_and_ends_nothing(self):
        known, _, news = self.follow(ev.SendFailed("n-a", 7, NOW, "busy", permanent=False))
        assert (known.command, known.on_its_way, news) == (replace(OPEN, detail="busy"), False, True)
        assert (known.pause.failures, known.pause.until) == (0, None)

    def test_a_lasting_one_ends_it_and_brings_rest(self):
        known, _, _ = self.follow(ev.SendFailed("n-a", 7, NOW, "no such register", permanent=True))
        assert (known.command.state, known.command.detail) == (CommandState.FAILED, "no such register")
        assert (known.pause.failures, known.pause.until) == (1, NOW + 300 * SECOND)

    @pytest.mark.parametrize("command", [None, ENDED, replace(OPEN, revision=8), replace(OPEN, revision=6)])
    def test_a_word_about_another_or_an_ended_one_moves_nothing(self, command):
        known, out, news = self.follow(ev.CommandSent("n-a", 7, NOW), command=command)
        assert (known.command, known.on_its_way, news, out.commands) == (command, False, False, {})


class TestMemory:
    def test_revisions_only_go_up_and_start_at_the_floor(self):
        known = memory(highest_revision=3)
        assert [known.next_revision(), known.next_revision()] == [4, 5]
        known.revision_floor = 100
        assert [known.next_revision(), known.next_revision(), known.highest_revision] == [100, 101, 101]

    @pytest.mark.parametrize(("revision", "foreign"), [(6, False), (7, False), (8, True)])
    def test_only_a_revision_above_all_known_is_foreign(self, revision, foreign):
        known = memory(highest_revision=7, cause="schedule")
        known.see_revision(revision)
        assert (known.highest_revision, known.stale, known.assert_now) == (max(7, revision), foreign, foreign)
        assert known.cause == ("the node held foreign revision 8" if foreign else "schedule")

    def test_rest_grows_with_every_failure_up_to_an_hour(self):
        known, pauses = memory(), []
        for _ in range(6):
            known.rest(NOW, POLICY)
            pauses.append((known.pause.until - NOW) // SECOND)
        assert (pauses, known.pause.failures) == ([300, 600, 1200, 2400, 3600, 3600], 6)

    def test_silence_counts_from_the_last_word_or_from_when_it_became_known(self):
        assert memory().silent_since == NOW
        assert memory(heard_at=NOW - SECOND).silent_since == NOW
        assert memory(heard_at=NOW + SECOND).silent_since == NOW + SECOND

    def test_it_is_looked_for_in_the_full_second_before_a_lease_ends_and_then_at_its_end(self):
        over = NOW + 0.7 * SECOND
        assert look_for_silence_at(over, NOW - SECOND) == NOW
        assert look_for_silence_at(over, NOW) == over

    @pytest.mark.parametrize(
        ("boot", "at_s", "heard", "boots"),
        [
            ("b2", 0, True, ("b2", "b1")),
            ("b2", None, True, ("b2", "b1")),
            ("b3", 1, True, ("b3", "b2")),
            ("b1", 0, False, ("b2", "b1")),
            ("b1", -1, False, ("b2", "b1")),
            ("b1", None, False, ("b2", "b1")),
            ("b1", 1, True, ("b1", "b2")),
            ("", 1, True, ("b2", "b1")),
        ],
    )
    def test_the_boot_before_is_believed_again_only_if_it_spoke_later(self, boot, at_s, heard, boots):
        said = report(boot_id="b2")
        known = memory(boot_id="b2", former_boot="b1", spoke_at=NOW, reported=said)
        at = None if at_s is None else NOW + at_s * SECOND
        assert known.hear_boot(boot, at) is heard
        assert (known.boot_id, known.former_boot) == boots
        assert known.reported == (said if boots[0] == "b2" else None), "what another boot said is worth nothing"
        assert known.spoke_at == (at if heard else NOW)

    def test_without_any_word_of_its_clock_the_boot_before_is_not_believed(self):
        assert memory(boot_id="b2", former_boot="b1").hear_boot("b1", NOW) is False
        assert memory().hear_boot("", NOW)

    def test_what_is_laid_aside_is_what_is_taken_over(self):
        fault = Fault(FaultEvent.COMMUNICATION_FAILURE, "node", "n-a", NOW, "nothing heard since noon")
        said = report(at=NOW + 3 * SECOND)
        told = ev.NodeRestored("n-a", 12, CARRYING, DESIRED, OPEN, said, "b1", (fault,))
        known = memory(capabilities=LIVE, highest_revision=3)
        known.take(told)
        assert known.laid_aside() == told
        assert (known.unreachable, known.heard_at) == ("nothing heard since noon", NOW)
        assert (known.time.latest_s, known.announced, known.highest_revision) == (3.0, True, 12)

    def test_a_restored_node_is_never_taken_back_behind_its_own_revisions(self):
        known = memory(highest_revision=30)
        known.take(ev.NodeRestored("n-a", 12))
        assert (known.highest_revision, known.announced, known.heard_at, known.unreachable) == (30, False, None, "")
        assert known.laid_aside().capabilities is None

    @pytest.mark.parametrize("ahead_h", [0, 50])
    def test_of_a_run_whose_clock_was_ahead_nothing_lies_in_the_future(self, ahead_h):
        at = NOW + ahead_h * 3600 * SECOND - 10 * SECOND
        sent = replace(OPEN, state=CommandState.SENT, created_at=at, sent_at=at, attempts=1, deadline=at + 900 * SECOND)
        known = memory()
        known.take(ev.NodeRestored("n-a", 7, command=sent, reported=report(received_at=at)))
        begins = min(at, NOW)
        assert known.heard_at == begins
        assert (known.command.sent_at, known.command.deadline) == (begins, begins + 900 * SECOND)

    def test_other_faults_are_no_silence_and_other_makes_keep_their_capabilities(self):
        known = memory(profile=UNIT, capabilities=LIVE)
        known.take(ev.NodeRestored("n-a", 1, CARRYING, faults=(Fault(FaultEvent.NODE_FAULT, "node", "n-a", NOW, "x"),)))
        assert (known.capabilities, known.announced, known.unreachable, len(known.faults)) == (LIVE, False, "", 1)

    def test_of_another_make_nothing_it_said_is_believed(self):
        known = memory(boot_id="b2", former_boot="b1", reported=report(), announced=True, asked_at=NOW)
        known.time = UNKNOWN_TIME.sent(NOW)
        remembered = known.history
        known.change_make(UNIT)
        assert known.history is not remembered
        assert (known.profile, known.capabilities, known.announced, known.asked_at) == (
            UNIT, UNIT.capabilities, False, None,
        )  # fmt: skip
        assert (known.reported, known.boot_id, known.former_boot, known.time) == (None, "", "", UNKNOWN_TIME)

    def test_a_clock_set_back_leaves_nothing_in_the_future(self):
        before = NOW - 3600 * SECOND
        known = resting(
            heard_at=NOW, given_up_at=NOW, held_until=NOW, next_change=NOW, topup_at=NOW, review_at=NOW, queued_at=NOW,
            asked_at=NOW,
            command=replace(OPEN, state=CommandState.SENT, sent_at=NOW, attempts=1),
            readings={"s": (SensorReading("x", "", "s", SensorKind.VEHICLES, 1.0, NOW, NOW),)}, holds={0: Hold()},
        )  # fmt: skip
        known.time = UNKNOWN_TIME.sent(NOW)
        known.live_from(before)
        assert (known.known_since, known.heard_at, known.command.sent_at) == (before, before, before)
        assert (known.given_up_at, known.held_until, known.asked_at) == (before, None, None)
        assert known.command.deadline == before + 900 * SECOND
        assert [known.next_change, known.topup_at, known.review_at, known.queued_at, known.pause.until] == [None] * 5
        assert (known.stale, known.readings, known.holds, known.pause.failures) == (True, SILENT, {}, 0)
        assert known.time == UNKNOWN_TIME

    def test_a_clock_set_back_a_little_keeps_what_still_lies_in_the_past(self):
        known = memory(heard_at=NOW, command=replace(OPEN, deadline=NOW + 60 * SECOND))
        known.live_from(NOW + 5 * SECOND)
        assert (known.known_since, known.heard_at, known.command.sent_at) == (NOW, NOW, None)
        assert known.command.deadline == NOW + 60 * SECOND
        ended = memory(command=ENDED)
        ended.live_from(NOW)
        assert (ended.command, ended.heard_at) == (ENDED, None)

    @pytest.mark.parametrize(("command", "found"), [(None, None), (OPEN, OPEN), (ENDED, None)])
    def test_only_a_command_that_has_not_ended_is_open(self, command, found):
        assert memory(command=command).open_command is found


def test_capabilities_are_compared_as_a_whole():
    known = memory(capabilities=CARRYING)
    hearing.hear_hello(known, hello(capabilities=Capabilities(nights=7, slots=95, ramp=True, persists=True)))
    assert (known.capabilities.slots, known.refit) == (95, True)
