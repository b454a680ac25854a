"""NodeMemory: what the controller knows of one node. The only mutable thing on this floor, owned by the controller."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from lightctl.control.diagnosis.evidence import NO_EVIDENCE
from lightctl.control.diagnosis.history import NO_CYCLING, History
from lightctl.control.node_time import UNKNOWN_TIME, NodeTime
from lightctl.control.policy import Policy
from lightctl.control.reconcile import level_in_force
from lightctl.control.sensing import Hold
from lightctl.control.waves import Street, street_of
from lightctl.devices.profile import Profile
from lightctl.domain.assets import Capabilities, LightPoint, Node
from lightctl.domain.events import NodeRestored
from lightctl.domain.moves import brief
from lightctl.domain.sensors import SILENT, Readings
from lightctl.domain.single import lean
from lightctl.domain.states import (
    SHARED_KINDS,
    Command,
    DesiredState,
    Ended,
    Fault,
    FaultEvent,
    Override,
    ReportedState,
)
from lightctl.planning.overrides import rank

A_DAY_S = 86_400
FOREIGN = "the node held foreign revision"
# What most nodes have nothing of is one object for all of them, and replaced, never changed.
NO_OVERRIDES: Mapping[int, Sequence[Override]] = MappingProxyType({})
NO_HOLDS: Mapping[int, Hold] = MappingProxyType({})
NO_FAULTS: Mapping[tuple[str, str, str], Fault] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Pause:
    """Commands that failed or expired in a row, and until when nothing more is tried; until None: nothing keeps it."""

    failures: int = 0
    until: dt.datetime | None = None


NO_PAUSE = Pause()


@dataclass(slots=True)
class NodeMemory:
    """A node, what is wanted of it, what is on its way, and what it last said.

    points and overrides are by channel. former_boot, spoke_at: the boot before this one, and when by its own clock the
    node last spoke, so that a late word of the former boot is known for what it is. stale: the desired state must be
    worked out again. refit: its capabilities are not those its document was fitted to. assert_now: send even if the
    report already agrees (an operator asked). on_its_way: handed to the link, which has not answered yet. answer_hello:
    the node just (re)connected and is owed its document. topup_at: when its nights are to be renewed. renewed_at: when
    its document was last worked out. next_change: when the level due next changes. pause: after commands that came to
    nothing. unreachable: why, or "". refusal: why the node cannot hold what is wanted, or "". review_at, queued_at:
    when to look again, and when `Turns` will ask (never later). announced: the capabilities are its own
    word, not its profile's. asked_at: when it was last asked to say them. time: its clock, and the time it was sent.
    revision_floor: no revision given from now on is lower. readings, holds: what its lamps' sensors said, and what they
    hold, by channel. history: what the fault rules remember of it. held_until: its silence is no fault of its own
    before then. explained_by: the fault of a feeder, gateway or link that explains its silence; given_up_at: when it
    had last been heard then. folded: its faults that are told as one of its feeder.
    """

    node: Node
    profile: Profile
    points: Mapping[int, LightPoint]
    capabilities: Capabilities
    known_since: dt.datetime
    overrides: Mapping[int, Sequence[Override]] = field(default_factory=lambda: NO_OVERRIDES)
    desired: DesiredState | None = None
    command: Command | Ended | None = None
    reported: ReportedState | None = None
    boot_id: str = ""
    former_boot: str = ""
    spoke_at: dt.datetime | None = None
    heard_at: dt.datetime | None = None
    highest_revision: int = 0
    stale: bool = True
    refit: bool = False
    assert_now: bool = False
    on_its_way: bool = False
    answer_hello: bool = False
    cause: str = "schedule"
    topup_at: dt.datetime | None = None
    renewed_at: dt.datetime | None = None
    next_change: dt.datetime | None = None
    pause: Pause = NO_PAUSE
    unreachable: str = ""
    refusal: str = ""
    faults: Mapping[tuple[str, str, str], Fault] = field(default_factory=lambda: NO_FAULTS)
    review_at: dt.datetime | None = None
    queued_at: dt.datetime | None = None
    announced: bool = False
    readings: Readings = field(default_factory=lambda: SILENT)
    holds: Mapping[int, Hold] = field(default_factory=lambda: NO_HOLDS)
    asked_at: dt.datetime | None = None
    time: NodeTime = UNKNOWN_TIME
    revision_floor: int = 0
    history: History = field(default_factory=History)
    held_until: dt.datetime | None = None
    explained_by: tuple[str, str, str] | None = None
    given_up_at: dt.datetime | None = None
    folded: frozenset[tuple[str, str, str]] = frozenset()

    @property
    def open_command(self) -> Command | None:
        """The command on its way, if there is one."""
        command = self.command
        return command if isinstance(command, Command) and not command.state.terminal else None

    @property
    def owed(self) -> bool:
        """Whether it may have missed what it was sent: a command is open, and nothing waits on the link any more."""
        return self.open_command is not None and not self.on_its_way

    @property
    def silent_since(self) -> dt.datetime:
        """When its lease began: it was last heard, or first known of."""
        heard, known = self.heard_at, self.known_since
        return known if heard is None or heard < known else heard

    def lease(self, policy: Policy) -> dt.timedelta:
        """Give how long it may be silent."""
        return policy.lease(self.profile.heartbeat_s)

    def heartbeat_s(self, policy: Policy) -> float:
        """Give how often it reports when nothing changes, at least (s)."""
        return max(self.profile.heartbeat_s, policy.heartbeat_s)

    @property
    def falls_back(self) -> bool:
        """Whether it is switched live, but knows by itself when its document is worth nothing any more."""
        return not self.capabilities.carries_nights and self.profile.confirmation == "revision"

    def lights_at(self, desired: DesiredState, now: dt.datetime, policy: Policy) -> dt.datetime | None:
        """Give from when on a document turns a lamp on that is off, by what the node last said; None: it turns none.

        What it said before it fell silent counts no more, also where nobody was there to notice (before a start): it
        may have lost its supply, and come back dark.
        """
        silent = self.unreachable or self.heard_at is None or now - self.heard_at >= self.lease(policy)
        said = {} if self.reported is None or silent else self.reported.channels
        coming = (
            wanted.lit_from(now)
            for channel, wanted in desired.channels.items()
            if (report := said.get(channel)) is None or not level_in_force(report)
        )
        return min((at for at in coming if at is not None), default=None)

    @property
    def place(self) -> Street:
        """Where its lamps stand."""
        return min(map(street_of, self.points.values()), default=("", "", self.node.id))

    def next_revision(self) -> int:
        """Give a revision above every one ever used or seen for this node, those we were made to forget included."""
        self.highest_revision = max(self.highest_revision + 1, self.revision_floor)
        return self.highest_revision

    def begin_revisions(self, floor: int) -> None:
        """Give no revision below a floor; where those known are above it, a run that was forgotten may have gone on.

        Then the second of the day in which this run began keeps the two apart.
        """
        self.revision_floor = floor
        if floor and self.highest_revision >= floor:
            self.highest_revision += floor % A_DAY_S

    def see_revision(self, revision: int) -> None:
        """Take note of a revision the node names; one that we never gave makes us start above it.

        Whoever gave it may have given more since, of which some may be on their way yet: by the law of `revision_floor`
        no more than seconds passed, and its word is not older than a day. That may have been a run that heard the same
        word, so the second in which this one began counts too. Registers too small for a floor count on.
        """
        if revision > self.highest_revision:
            above = A_DAY_S + self.revision_floor % A_DAY_S if self.revision_floor else 0
            self.highest_revision = revision + above
        elif self.desired is None or revision <= self.desired.revision:
            return  # below what we may give, it may yet be above what we know of: a restored store has forgotten it
        self.stale = self.assert_now = True
        self.cause = f"{FOREIGN} {revision}"

    def contradicts(self, revision: int) -> bool:
        """Say whether the node names a revision nobody gave it, in answer to what it was sent because of just that."""
        command = self.open_command
        return command is not None and command.cause.startswith(FOREIGN) and revision > self.highest_revision

    def begun(self, now: dt.datetime) -> Override | None:
        """Give the strongest override that began since the document was last worked out, None where none did."""
        before = self.renewed_at
        found = (each for held in self.overrides.values() for each in held if before and before < each.start <= now)
        return max(found, key=rank, default=None)

    def keep(self, fault: Fault) -> None:
        """Let a fault of the node stand."""
        self.faults = lean({**self.faults, fault.key: fault})

    def drop(self, key: tuple[str, str, str]) -> None:
        """Let a fault of the node stand no more."""
        self.faults = lean({other: fault for other, fault in self.faults.items() if other != key}) or NO_FAULTS

    def rest(self, now: dt.datetime, policy: Policy) -> None:
        """Pause after a command that failed or expired, longer each time."""
        failures = self.pause.failures + 1
        self.pause = Pause(failures, now + dt.timedelta(seconds=policy.rest_after(failures)))

    def forgive(self) -> None:
        """Count failures from the first again: it did what it was told. A pause that runs is not over by that."""
        if self.pause.failures:
            self.pause = replace(self.pause, failures=0)

    def stop_resting(self) -> None:
        """Something changed: trying again makes sense."""
        self.pause = NO_PAUSE

    def take(self, restored: NodeRestored) -> None:
        """Take over what the store remembers."""
        self.highest_revision = max(self.highest_revision, restored.highest_revision)
        if self.profile.announces and restored.capabilities is not None:
            self.capabilities = restored.capabilities
            self.announced = True
        self.desired = restored.desired
        command = brief(restored.command)
        # The run before may have had a clock ahead of ours.
        self.command = not_ahead(command, self.known_since) if isinstance(command, Command) else command
        self.reported = restored.reported
        if restored.reported is not None:
            self.time = self.time.heard(restored.reported.at, restored.reported.received_at).remembered()
        self.boot_id = restored.boot_id
        if restored.reported is not None:
            self.heard_at = min(restored.reported.received_at, self.known_since)
        own = {fault.key: fault for fault in restored.faults if fault.subject_kind not in SHARED_KINDS}
        self.faults = lean(own) or NO_FAULTS
        silence = [fault.detail for fault in restored.faults if fault.event is FaultEvent.COMMUNICATION_FAILURE]
        self.unreachable = next(iter(silence), "")

    def laid_aside(self) -> NodeRestored:
        """Give what is to be taken over should the node come back."""
        return NodeRestored(
            self.node.id,
            self.highest_revision,
            self.capabilities if self.announced else None,
            self.desired,
            self.command,
            self.reported,
            self.boot_id,
            tuple(fault for key, fault in self.faults.items() if key not in self.folded),
        )

    def change_make(self, profile: Profile) -> None:
        """Take the node for one of another make: what the old one said of itself is worth nothing."""
        self.profile = profile
        self.capabilities = profile.capabilities
        self.announced = False
        self.asked_at = None
        self.reported = None
        self.history = History()
        self.time = UNKNOWN_TIME
        self.boot_id = self.former_boot = ""

    def hear_boot(self, boot_id: str, at: dt.datetime | None) -> bool:
        """Take note of who speaks; False for a late word of the boot before this one, which says nothing any more."""
        late = self.spoke_at is None or at is None or at <= self.spoke_at
        if boot_id and boot_id == self.former_boot and late:
            return False
        if boot_id and boot_id != self.boot_id:
            self.former_boot = self.boot_id
            self.reported = None
        self.boot_id = boot_id or self.boot_id  # of equal words only the one that the report holds too
        self.spoke_at = at
        return True

    def live_on(self, now: dt.datetime, policy: Policy) -> None:
        """Take the clock being set to `now`, ahead or back: nobody was silent, or late, meanwhile."""
        self.known_since = now
        self.time = UNKNOWN_TIME
        command = self.open_command
        if command is not None and command.deadline <= now:
            self.command = replace(command, deadline=now + dt.timedelta(seconds=policy.deadline_s))

    def live_from(self, now: dt.datetime) -> None:
        """Take the clock being set back to `now`: nothing remembered may lie in what is the future again."""
        self.known_since = min(self.known_since, now)
        self.given_up_at = min(self.given_up_at, now) if self.given_up_at is not None else None
        self.held_until = None
        self.history.evidence, self.history.cycling = NO_EVIDENCE, NO_CYCLING
        self.heard_at = min(self.heard_at, now) if self.heard_at is not None else None
        self.next_change = self.topup_at = self.review_at = self.queued_at = self.asked_at = None
        self.readings, self.holds = SILENT, NO_HOLDS
        self.stale = True
        self.time = UNKNOWN_TIME
        self.stop_resting()
        if self.open_command is not None:
            self.command = not_ahead(self.open_command, now)


def not_ahead(command: Command, now: dt.datetime) -> Command:
    """Give a command with nothing of it later than it can be: a clock that was ahead put it there."""
    deadline = min(command.deadline, now + (command.deadline - command.created_at))
    sent_at = min(command.sent_at, now) if command.sent_at is not None else None
    return replace(command, deadline=deadline, sent_at=sent_at)


def look_for_silence_at(lease_over: dt.datetime, now: dt.datetime) -> dt.datetime:
    """Give when to look whether a node is still silent: in the full second before its lease ends, then at its end.

    Nearly all have spoken again by then, and those of one second share its instant.
    """
    full = lease_over.replace(microsecond=0)
    return full if full > now else lease_over
