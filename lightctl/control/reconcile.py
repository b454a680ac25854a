"""Reconcile: compare desired with reported and say what to do next. Level-triggered; nothing is replayed.

In order: the report agrees -> Settled, or Repeat if the node ended its override too early all the same. The node says
somebody holds it locally -> Wait. No command is open, or one for an older revision -> Send; but where the node holds
the very document -> Wait, or Repeat if it ended its override too early or holds it too long. The link has not sent it
yet -> Wait. Sent a short while ago -> Wait, twice as long with every attempt. Otherwise -> Resend the same command. A
send always goes out under a new revision; a resend never does.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace

from lightctl.control.policy import Policy
from lightctl.devices.profile import Confirmation
from lightctl.domain.states import (
    ChannelDesired,
    ChannelReport,
    Command,
    DesiredState,
    HeldOverride,
    Reason,
    ReportedState,
)


@dataclass(frozen=True, slots=True)
class Settled:
    """The node reports what is desired; an open command is confirmed."""


@dataclass(frozen=True, slots=True)
class Wait:
    """Nothing to do before `until` (None: before something happens)."""

    until: dt.datetime | None


@dataclass(frozen=True, slots=True)
class Send:
    """Issue a new revision."""


@dataclass(frozen=True, slots=True)
class Repeat:
    """Issue what the node holds, without what is over, under a new revision: nothing would become of it otherwise."""


@dataclass(frozen=True, slots=True)
class Resend:
    """Put the open command on the wire once more."""


Decision = Settled | Wait | Send | Repeat | Resend


def level_in_force(report: ChannelReport) -> int | None:
    """Give the level the node holds in force, or the measured one where it names none."""
    return report.commanded if report.commanded is not None else report.level


def channel_follows(desired: ChannelDesired, report: ChannelReport | None, at: dt.datetime, policy: Policy) -> bool:
    """Say whether the level in force is the one due at the report's instant, give or take a settling time."""
    if report is None:
        return False
    level = level_in_force(report)
    if level is None:
        return False
    if _near(level, desired.level_at(at), policy):
        return True
    grace = dt.timedelta(seconds=policy.settle_s)
    return any(_near(level, desired.level_at(moment), policy) for moment in (at - grace, at + grace))


def _holds_level(said: ChannelReport, override: HeldOverride, policy: Policy) -> bool:
    level = level_in_force(said)
    return level is not None and _near(level, override.level, policy)


def _near(level: int, due: int | None, policy: Policy) -> bool:
    return due is not None and abs(level - due) <= policy.level_tolerance


def levels_follow(desired: DesiredState, report: ReportedState, policy: Policy) -> bool:
    """Say whether every channel has the level due when the report came."""
    at, before, due = report.received_at, None, None
    for channel, wanted in desired.channels.items():
        if wanted is not before:  # the lamps of a node mostly share their nights
            before, due = wanted, wanted.level_at(at)
        said = report.channels.get(channel)
        level = None if said is None else level_in_force(said)
        if level is None or not (_near(level, due, policy) or channel_follows(wanted, said, at, policy)):
            return False
    return True


def is_fresh(desired: DesiredState, report: ReportedState, now: dt.datetime, policy: Policy) -> bool:
    """Say whether nothing was due to change since the report came, settling time apart."""
    before = None
    for wanted in desired.channels.values():
        if wanted is before:
            continue
        before, changed = wanted, wanted.next_change(report.received_at)
        if changed is not None and changed < now and (now - changed).total_seconds() > policy.settle_s:
            return False
    return True


def holds_revision(desired: DesiredState, report: ReportedState, confirmation: Confirmation) -> bool:
    """Say whether the report is evidence for this very revision, by the node's way of confirming."""
    match confirmation:
        case "revision":
            return report.applied_revision == desired.revision
        case "stored":
            return report.verified and report.applied_revision == desired.revision
        case "read_back" | "level":
            return True


def confirms(
    desired: DesiredState, report: ReportedState, command: Command, confirmation: Confirmation, policy: Policy
) -> bool:
    """Say whether a report proves an open command: its revision, a verified read-back, or the level once sent."""
    match confirmation:
        case "revision":
            return report.applied_revision == command.revision == desired.revision
        case "stored":
            return report.verified and report.applied_revision == command.revision == desired.revision
        case "read_back":
            return (
                report.verified
                and report.applied_revision == command.revision
                and levels_follow(desired, report, policy)
            )
        case "level":
            sent = command.sent_at is not None and report.received_at >= command.sent_at
            return sent and levels_follow(desired, report, policy)


def agrees(
    desired: DesiredState, report: ReportedState | None, confirmation: Confirmation, now: dt.datetime, policy: Policy
) -> bool:
    """Say whether a fresh report equals what is desired."""
    return (
        report is not None
        and holds_revision(desired, report, confirmation)
        and levels_follow(desired, report, policy)
        and is_fresh(desired, report, now, policy)
    )


def held_locally(desired: DesiredState, report: ReportedState | None) -> bool:
    """Say whether the node says a switch, key or photocell at the site holds one of its channels."""
    return report is not None and any(
        channel in desired.channels and said.reason is Reason.LOCAL for channel, said in report.channels.items()
    )


def ended_early(desired: DesiredState, report: ReportedState, policy: Policy) -> bool:
    """Say whether the node says of a channel that it follows its program, though an override is held on it yet.

    A node ends an override by its own clock, once and for all, also if that was wrong at the moment. Where its clock
    still says that it is over, it knows no better. Its word for the reason counts also where its program has the very
    level: that may change before anybody can tell it. One that names no reasons says it with the level of its program.
    """
    held = [
        (override, wanted, said)
        for channel, wanted in desired.channels.items()
        if (override := wanted.override) is not None and (said := report.channels.get(channel)) is not None
    ]
    if not held:
        return False
    at, settling = report.received_at, dt.timedelta(seconds=policy.settle_s)
    return any(
        max(at, report.at or at) + settling < override.until
        and (
            said.reason is Reason.PROGRAM
            if said.reason is not None
            else not channel_follows(wanted, said, at, policy)
            and channel_follows(replace(wanted, override=None), said, at, policy)
        )
        for override, wanted, said in held
    )


def held_too_long(desired: DesiredState, report: ReportedState, policy: Policy) -> bool:
    """Say whether the node says of a channel that it holds an override which is over: its clock must be behind."""
    over = report.received_at - dt.timedelta(seconds=policy.settle_s)
    return any(
        wanted.override is not None
        and wanted.override.until <= over
        and (said := report.channels.get(channel)) is not None
        and (said.reason is Reason.OVERRIDE if said.reason is not None else _holds_level(said, wanted.override, policy))
        and not channel_follows(wanted, said, report.received_at, policy)
        for channel, wanted in desired.channels.items()
    )


def reconcile(
    desired: DesiredState,
    report: ReportedState | None,
    command: Command | None,
    confirmation: Confirmation,
    now: dt.datetime,
    policy: Policy,
    *,
    on_its_way: bool,
) -> Decision:
    """Decide the next move for one node; `command` is its open one, `on_its_way` whether a link is busy with it."""
    named = confirmation in ("revision", "stored")
    if command is not None and command.revision == desired.revision:
        if report is not None and confirms(desired, report, command, confirmation, policy):
            return Settled()
    elif report is not None and agrees(desired, report, confirmation, now, policy):
        return Repeat() if named and ended_early(desired, report, policy) else Settled()
    if held_locally(desired, report):
        return Wait(None)
    if command is None or command.revision < desired.revision:
        if named and report is not None and holds_revision(desired, report, confirmation):
            # It holds the very document: sending it again cannot help otherwise, the fault says what is wrong.
            helps = ended_early(desired, report, policy) or held_too_long(desired, report, policy)
            return Repeat() if helps else Wait(None)
        return Send()
    if on_its_way:
        return Wait(command.deadline)
    if command.sent_at is None:
        return Resend()
    patience = dt.timedelta(seconds=policy.patience_s(command.node, command.attempts))
    if now < command.sent_at + patience:
        return Wait(command.sent_at + patience)
    return Resend()
