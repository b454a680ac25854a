"""Reconcile, rule by rule: what counts as evidence, and what is done next where there is none."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest

from lightctl.control.policy import Policy
from lightctl.control.reconcile import (
    Repeat,
    Resend,
    Send,
    Settled,
    Wait,
    agrees,
    channel_follows,
    confirms,
    ended_early,
    held_locally,
    held_too_long,
    holds_revision,
    is_fresh,
    level_in_force,
    levels_follow,
    reconcile,
)
from lightctl.domain.states import (
    ChannelDesired,
    ChannelReport,
    Command,
    CommandState,
    DesiredState,
    HeldOverride,
    Reason,
    ReportedState,
    Switch,
)

NOW = dt.datetime(2026, 12, 4, 18, 0, tzinfo=dt.UTC)
SECOND = dt.timedelta(seconds=1)
POLICY = Policy()
NIGHT = ChannelDesired((Switch(NOW - 3600 * SECOND, 100), Switch(NOW, 50), Switch(NOW + 3600 * SECOND, 20)))
DESIRED = DesiredState("n", 7, NOW, NOW + 86_400 * SECOND, {0: NIGHT})
COMMAND = Command("n", 7, CommandState.SENT, "test", NOW, NOW + 900 * SECOND, attempts=1, sent_at=NOW)
QUARTER = NOW + 900 * SECOND


def said(level: int | None = 50, *, at: dt.datetime = QUARTER, **fields: object) -> ReportedState:
    values: dict[str, object] = {"applied_revision": 7} | fields
    return ReportedState("n", at, {0: ChannelReport(level, level, Reason.PROGRAM)}, "b1", 1, at, **values)


@pytest.mark.parametrize(
    ("report", "level"),
    [
        (ChannelReport(level=40, commanded=50), 50),
        (ChannelReport(level=40, commanded=0), 0),
        (ChannelReport(level=40), 40),
        (ChannelReport(), None),
    ],
)
def test_the_level_in_force_is_the_one_commanded_or_else_the_one_measured(report, level):
    assert level_in_force(report) == level


@pytest.mark.parametrize(
    ("level", "after_s", "follows"),
    [
        (50, 900, True),
        (52, 900, True),
        (48, 900, True),
        (53, 900, False),
        (47, 900, False),
        (100, 29, True),
        (100, 30, False),
        (50, -30, True),
        (50, -31, False),
        (20, 3570, True),
        (20, 3569, False),
        (None, 900, False),
    ],
)
def test_a_lamp_follows_if_it_has_a_level_due_within_a_settling_time_of_its_report(level, after_s, follows):
    report = ChannelReport(level, level)
    assert channel_follows(NIGHT, report, NOW + after_s * SECOND, POLICY) is follows


def test_a_channel_without_a_word_or_before_its_first_switch_does_not_follow():
    assert channel_follows(NIGHT, None, QUARTER, POLICY) is False
    assert not channel_follows(NIGHT, ChannelReport(100, 100), NOW - 7200 * SECOND, POLICY)
    assert channel_follows(NIGHT, ChannelReport(100, 100), NOW - 3630 * SECOND, POLICY), "about to begin"


def test_every_channel_must_follow_and_others_than_asked_for_do_not_count():
    two = replace(DESIRED, channels={0: NIGHT, 1: NIGHT})
    good, bad = ChannelReport(50, 50), ChannelReport(90, 90)
    assert levels_follow(two, replace(said(), channels={0: good, 1: good, 2: bad}), POLICY)
    assert not levels_follow(two, replace(said(), channels={0: good, 1: bad}), POLICY)
    assert not levels_follow(two, replace(said(), channels={0: good}), POLICY)


@pytest.mark.parametrize(
    ("reported_s", "now_s", "fresh"),
    [(-10, 0, True), (-10, 30, True), (-10, 31, False), (0, 3000, True), (0, 3630, True), (0, 3631, False),
     (3600, 80_000, True)],
)  # fmt: skip
def test_a_report_is_fresh_until_a_settling_time_after_the_next_change(reported_s, now_s, fresh):
    report = said(at=NOW + reported_s * SECOND)
    assert is_fresh(DESIRED, report, NOW + now_s * SECOND, POLICY) is fresh


def test_one_channel_that_changed_makes_a_report_old():
    still = ChannelDesired((Switch(NOW - 3600 * SECOND, 100),))
    for channels in ({0: still, 1: NIGHT}, {0: NIGHT, 1: still}):
        assert not is_fresh(replace(DESIRED, channels=channels), said(at=NOW - SECOND), QUARTER, POLICY)


EVIDENCE = [
    # confirmation, applied revision, verified, level -> holds the revision, confirms the command
    ("revision", 7, False, 90, True, True),
    ("revision", 6, True, 50, False, False),
    ("revision", 8, True, 50, False, False),
    ("revision", None, True, 50, False, False),
    ("stored", 7, True, 90, True, True),
    ("stored", 7, False, 50, False, False),
    ("stored", 6, True, 50, False, False),
    ("read_back", 7, True, 50, True, True),
    ("read_back", 7, False, 50, True, False),
    ("read_back", 6, True, 50, True, False),
    ("read_back", 7, True, 90, True, False),
    ("level", None, False, 50, True, True),
    ("level", None, False, 90, True, False),
]


@pytest.mark.parametrize(("by", "revision", "verified", "level", "holds", "proves"), EVIDENCE)
def test_what_a_report_proves_depends_on_how_a_make_confirms(by, revision, verified, level, holds, proves):
    report = said(level, applied_revision=revision, verified=verified)
    assert holds_revision(DESIRED, report, by) is holds
    assert confirms(DESIRED, report, COMMAND, by, POLICY) is proves


@pytest.mark.parametrize("by", ["revision", "stored"])
def test_a_report_of_an_older_command_does_not_prove_what_is_wanted_now(by):
    older = replace(COMMAND, revision=6)
    assert not confirms(DESIRED, said(applied_revision=6, verified=True), older, by, POLICY)
    assert not confirms(DESIRED, said(applied_revision=7, verified=True), older, by, POLICY)


@pytest.mark.parametrize(("heard_s", "proves"), [(-1, False), (0, True), (1, True)])
def test_a_level_proves_a_command_only_from_when_it_was_sent(heard_s, proves):
    sent = replace(COMMAND, sent_at=QUARTER)
    report = said(applied_revision=None, at=QUARTER + heard_s * SECOND)
    assert confirms(DESIRED, report, sent, "level", POLICY) is proves
    assert not confirms(DESIRED, report, replace(sent, sent_at=None), "level", POLICY)


def test_a_node_agrees_if_revision_level_and_freshness_do():
    assert agrees(DESIRED, said(), "revision", QUARTER, POLICY)
    assert not agrees(DESIRED, None, "revision", QUARTER, POLICY)
    assert not agrees(DESIRED, said(applied_revision=6), "revision", QUARTER, POLICY)
    assert not agrees(DESIRED, said(90), "revision", QUARTER, POLICY)
    assert not agrees(DESIRED, said(), "revision", NOW + 7200 * SECOND, POLICY)


def test_a_channel_is_held_locally_only_where_the_node_says_so_of_one_that_is_wanted():
    local, other = ChannelReport(0, 0, Reason.LOCAL), ChannelReport(0, 0, Reason.PROGRAM)
    assert not held_locally(DESIRED, None)
    assert not held_locally(DESIRED, replace(said(), channels={0: other}))
    assert not held_locally(DESIRED, replace(said(), channels={0: other, 1: local}))
    assert held_locally(DESIRED, replace(said(), channels={0: local}))
    assert held_locally(replace(DESIRED, channels={0: NIGHT, 1: NIGHT}), replace(said(), channels={0: other, 1: local}))


def decided(report=None, command=COMMAND, by="revision", now=QUARTER, *, on_its_way=False):
    return reconcile(DESIRED, report, command, by, now, POLICY, on_its_way=on_its_way)


OLDER, WRONG = replace(COMMAND, revision=6), said(90)
LOCAL = replace(said(0, applied_revision=6), channels={0: ChannelReport(0, 0, Reason.LOCAL)})
DECISIONS = [
    ("a report proves the open command", said(), COMMAND, "revision", Settled()),
    ("it proves it whatever the level: the fault says what is wrong", WRONG, COMMAND, "revision", Settled()),
    ("nothing is open and all agrees", said(), None, "revision", Settled()),
    ("an older command is open and all agrees", said(), OLDER, "revision", Settled()),
    ("somebody holds the lamp at the site", LOCAL, None, "revision", Wait(None)),
    ("somebody holds it and a command is open", LOCAL, COMMAND, "revision", Wait(None)),
    ("nothing was ever heard or sent", None, None, "revision", Send()),
    ("another revision is held and nothing is open", said(applied_revision=6), None, "revision", Send()),
    ("a command for an older revision is open", said(applied_revision=6), OLDER, "revision", Send()),
    ("it holds the very document and a lamp is wrong", WRONG, None, "revision", Wait(None)),
    ("the same of a unit that keeps nights", said(90, verified=True), None, "stored", Wait(None)),
    ("it keeps nights and was not read back", said(90), None, "stored", Send()),
    ("a live lamp is wrong", WRONG, None, "level", Send()),
    ("a unit that is read back is wrong", said(90, verified=True), None, "read_back", Send()),
    ("a command was never sent", None, replace(COMMAND, state=CommandState.QUEUED, sent_at=None), "revision", Resend()),
]


@pytest.mark.parametrize(("why", "report", "command", "by", "decision"), DECISIONS)
def test_the_next_move(why, report, command, by, decision):
    assert decided(report, command, by) == decision, why


def test_a_command_that_the_link_is_busy_with_is_waited_for_to_its_deadline():
    queued = replace(COMMAND, state=CommandState.QUEUED, sent_at=None)
    assert decided(command=queued, on_its_way=True) == Wait(COMMAND.deadline)
    assert decided(command=COMMAND, on_its_way=True) == Wait(COMMAND.deadline)
    assert decided(said(), COMMAND, on_its_way=True) == Settled()
    assert decided(command=OLDER, on_its_way=True) == Send()


@pytest.mark.parametrize("attempts", [1, 3])
def test_what_was_sent_is_sent_again_exactly_when_patience_ends(attempts):
    patience = dt.timedelta(seconds=POLICY.patience_s("n", attempts))
    command = replace(COMMAND, attempts=attempts)
    assert decided(command=command, now=NOW + patience - SECOND / 1000) == Wait(NOW + patience)
    assert decided(command=command, now=NOW + patience) == Resend()


def test_an_override_that_runs_out_makes_a_report_old():
    held = replace(NIGHT, override=HeldOverride("o", 50, NOW + 600 * SECOND))
    assert not is_fresh(replace(DESIRED, channels={0: held}), said(at=NOW), QUARTER, POLICY)


# -- what a node did with its override ---------------------------------------------------------------------------------

SETTLE = POLICY.settle_s * SECOND
ENDS = QUARTER + 600 * SECOND
HOLDING = replace(DESIRED, channels={0: replace(NIGHT, override=HeldOverride("o", 80, ENDS))})


def says(level: int, reason: Reason | None, at: dt.datetime = QUARTER, clock: dt.datetime | None = None):
    return ReportedState("n", at, {0: ChannelReport(level, level, reason)}, "b1", 1, clock, applied_revision=7)


@pytest.mark.parametrize(
    ("report", "ended"),
    [
        (says(50, Reason.PROGRAM), True),
        (says(50, Reason.PROGRAM, clock=QUARTER - 3600 * SECOND), True),
        (says(50, Reason.OVERRIDE), False),
        (says(80, Reason.PROGRAM), True),
        (says(80, Reason.OVERRIDE), False),
        (says(50, Reason.PROGRAM, at=ENDS - SETTLE), False),
        (says(50, Reason.PROGRAM, at=ENDS - SETTLE - SECOND), True),
        (says(50, Reason.PROGRAM, clock=ENDS - SETTLE), False),
        (says(50, Reason.PROGRAM, clock=ENDS - SETTLE - SECOND), True),
        (says(50, None), True),
        (says(33, None), False),
        (says(80, None), False),
        (ReportedState("n", QUARTER, {}, "b1", 1), False),
    ],
)
def test_an_override_ended_early_where_its_program_rules_before_its_end_by_either_clock(report, ended):
    assert ended_early(HOLDING, report, POLICY) is ended
    assert not ended_early(DESIRED, report, POLICY)


@pytest.mark.parametrize(
    ("report", "held"),
    [
        (says(80, Reason.OVERRIDE, at=ENDS + SETTLE), True),
        (says(80, Reason.OVERRIDE, at=ENDS + SETTLE - SECOND), False),
        (says(33, Reason.OVERRIDE, at=ENDS - SECOND), False),
        (says(80, Reason.PROGRAM, at=ENDS + 2 * SETTLE), False),
        (says(50, Reason.OVERRIDE, at=ENDS + 2 * SETTLE), False),
        (says(80, None, at=ENDS + 2 * SETTLE), True),
        (says(33, None, at=ENDS + 2 * SETTLE), False),
        (ReportedState("n", ENDS + 2 * SETTLE, {0: ChannelReport()}, "b1", 1), False),
        (ReportedState("n", ENDS + 2 * SETTLE, {}, "b1", 1), False),
    ],
)
def test_an_override_is_held_too_long_where_it_rules_a_settling_time_after_its_end(report, held):
    assert held_too_long(HOLDING, report, POLICY) is held
    assert not held_too_long(DESIRED, report, POLICY)


@pytest.mark.parametrize(
    "report",
    [says(50, Reason.PROGRAM), says(80, Reason.PROGRAM), says(80, Reason.OVERRIDE, at=ENDS + SETTLE)],
    ids=["ended", "ended, at the same level", "held"],
)
def test_a_node_that_ended_its_override_early_or_holds_it_too_long_is_told_anew(report):
    now = report.received_at
    assert reconcile(HOLDING, report, None, "revision", now, POLICY, on_its_way=False) == Repeat()
    other = replace(report, channels={0: ChannelReport(33, 33, Reason.PROGRAM)}, received_at=ENDS + SETTLE)
    assert reconcile(HOLDING, other, None, "revision", now, POLICY, on_its_way=False) == Wait(None)


def test_one_channel_is_enough():
    channels = {0: HOLDING.channels[0], 1: NIGHT}
    two = replace(HOLDING, channels=channels)
    program = ChannelReport(50, 50, Reason.PROGRAM)
    early = replace(says(50, Reason.PROGRAM), channels={0: program, 1: program})
    assert ended_early(two, early, POLICY)
    both = replace(HOLDING, channels={0: HOLDING.channels[0], 1: HOLDING.channels[0]})
    holds = replace(early, channels={0: program, 1: ChannelReport(80, 80, Reason.OVERRIDE)})
    assert ended_early(both, holds, POLICY)
    late = replace(says(80, None, at=ENDS + SETTLE), channels={0: ChannelReport(80, 80, Reason.OVERRIDE), 1: program})
    assert held_too_long(two, late, POLICY)


def test_every_channel_may_lag_a_settling_time_behind_a_change():
    late = ReportedState("n", NOW + SECOND, {0: ChannelReport(100, 100, Reason.PROGRAM)}, "b1", 1)
    assert levels_follow(DESIRED, late, POLICY)
    assert not levels_follow(DESIRED, replace(late, received_at=NOW + SETTLE + SECOND), POLICY)
