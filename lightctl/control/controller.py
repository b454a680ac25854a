"""The controller: the heart. `step(events, now)` takes whatever happened and gives what is to be done about it.

Theory of operation. Events only change what is known of a node (knowledge) and name it. Every node named, and every
node whose time has come, is then attended to in the same way: work out what it shall hold, compare with what it
reports, make one move, name its faults, note when to look again. Nothing is replayed and no event has a path of its
own, so order, loss and repetition of events change nothing but the moment at which a gap is seen to close.

No I/O, no clock, no randomness: the same events and instants give the same effects. The cost of a step grows with the
events in it and the nodes that are due, not with the fleet (turns).
What concerns a whole city at once (a start, new schedules, dusk where lamps are switched live) is attended to a slice a
step, so that the first lamps need not wait for the last, nor anything else that happens meanwhile; the step asks to be
called again at once.
"""

from __future__ import annotations

import datetime as dt
import traceback
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path

from lightctl.control.census import Census
from lightctl.control.collected import Collected
from lightctl.control.effects import Effects
from lightctl.control.judging import Judge
from lightctl.control.knowledge import OVERRIDE_PRIORITY, Knowledge, override_cause
from lightctl.control.memory import NO_OVERRIDES, NodeMemory, look_for_silence_at
from lightctl.control.policy import Policy
from lightctl.control.reconcile import Repeat, Resend, Send, Settled, Wait, reconcile
from lightctl.control.sensing import Sensors
from lightctl.control.timekeeping import time_signal
from lightctl.control.turns import Turns
from lightctl.devices.profile import Profile
from lightctl.domain.errors import NodeRefused
from lightctl.domain.events import ClockJudged, Event, FleetChanged, IntentChanged, LinkChanged
from lightctl.domain.luminaires import NO_LUMINAIRES, LuminaireType
from lightctl.domain.moves import brief, moved
from lightctl.domain.states import Command, CommandState, DesiredState, Fault, FaultEvent, Override

NIGHTLY_CAUSE, PROGRAM_CAUSE = "nightly run", "program"
RENEWAL_MARGIN = dt.timedelta(hours=36)
WORTHWHILE = dt.timedelta(hours=1)
SET_BACK = dt.timedelta(minutes=1)
OF_A_CITY = frozenset({FleetChanged, IntentChanged, LinkChanged, ClockJudged})


class Controller:
    """Owns what is known of every node and decides. One per daemon; never shared between threads."""

    def __init__(
        self,
        policy: Policy,
        profiles: Mapping[str, Profile],
        time_zone: str,
        revision_floor: int = 0,
        luminaires: Mapping[str, LuminaireType] = NO_LUMINAIRES,
    ) -> None:
        """Start knowing nothing; everything arrives as events. No revision it gives is below the floor.

        luminaires: the types that light points name, by name.
        """
        self._policy = policy
        self._knowledge = Knowledge(policy, profiles, time_zone, revision_floor, luminaires)
        self._judge = Judge(self._knowledge, policy)
        self._turns = Turns(self._knowledge)
        self._latest: dt.datetime | None = None

    @property
    def sensors(self) -> Sensors:
        """What sensors said; others may read it at any time."""
        return self._knowledge.sensors

    def step(self, events: Iterable[Event], now: dt.datetime) -> Effects:
        """Take events in, attend to every node concerned or due, and say what is to be done."""
        out = Collected()
        concerned: dict[str, None] = {}
        if self._latest is not None and now < self._latest - SET_BACK:
            self._turns.forget_instants()
            self._turns.wait(self._knowledge.set_back(now))
        self._latest = now
        concerned.update(dict.fromkeys(self._knowledge.forget_ended(now)))
        for event in events:
            named = self._knowledge.absorb(event, now, out)
            if type(event) in OF_A_CITY:
                self._turns.wait(named)
            elif named:
                concerned.update(dict.fromkeys(named))
        self._turns.take(concerned, now)
        self._attend_all(concerned, now, out)
        self._roll_out(concerned, now, out)
        self._judge.settle(now, out)
        looks = (
            self._turns.next_at(now),
            self._knowledge.rolling.look_again_at(now),
            self._knowledge.crews.next_end,
            self._judge.look_again_at(now),
        )
        return out.effects(min((look for look in looks if look is not None), default=None))

    @property
    def nodes(self) -> tuple[str, ...]:
        """The nodes it steers."""
        return tuple(self._knowledge.memories)

    def node_clocks(self, most: int) -> list[float]:
        """Give how far clocks of about so many nodes are ahead of ours (s); of none that has the time from us."""
        memories = self._knowledge.memories.values()
        every = 1 + len(memories) // most
        return [
            memory.time.off_s
            for memory in islice(memories, 0, None, every)
            if memory.time.settled and not memory.unreachable and not memory.profile.takes_time
        ]

    def count(self, nodes: Iterable[str], census: Census, now: dt.datetime) -> None:
        """Count some nodes; those that left meanwhile are passed over."""
        for node in nodes:
            memory = self._knowledge.memories.get(node)
            if memory is not None:
                census.add(memory, now, self._policy, self._knowledge.expectations)

    def _roll_out(self, concerned: Iterable[str], now: dt.datetime, out: Collected) -> None:
        """Note how the nodes of a roll-out stand that were attended to, and make its next moves."""
        rolling = self._knowledge.rolling
        rolling.note(concerned, self._knowledge.memories, now, out)
        while (rollout := rolling.advance(now)) is not None:
            out.rollouts[rollout.id] = rollout
            moved = self._knowledge.stage(rollout)
            self._attend_all(moved, now, out)
            rolling.note(moved, self._knowledge.memories, now, out)

    def _attend_all(self, nodes: Iterable[str], now: dt.datetime, out: Collected) -> None:
        for node in nodes:
            memory = self._knowledge.memories.get(node)
            if memory is None:
                continue
            try:
                self._attend(memory, now, out)
            except Exception as error:  # noqa: BLE001 - one node must never stop the loop for all the others
                self._set_aside(memory, error, now, out)

    def _attend(self, memory: NodeMemory, now: dt.datetime, out: Collected) -> None:
        lease_over = memory.silent_since + memory.lease(self._policy)
        self._notice_time(memory, now, lease_over, out)
        if self._renewal_due(memory, now):
            self._renew(memory, now, out)
        waiting = self._move(memory, now, out)
        self._tell_time(memory, now, out)
        self._judge.judge(memory, now, out)
        self._look_again(memory, now, lease_over, waiting)

    def _set_aside(self, memory: NodeMemory, error: Exception, now: dt.datetime, out: Collected) -> None:
        """Leave a node on which a step failed alone for a while, and say so; the fault clears with the next success."""
        place = traceback.extract_tb(error.__traceback__)[-1]
        why = f"lightctl failed on this node: {error!r} in {Path(place.filename).name}:{place.lineno}"
        fault = Fault(FaultEvent.NODE_FAULT, "node", memory.node.id, now, why, "critical")
        if fault.key not in memory.faults:
            memory.keep(fault)
            out.faults.append(fault)
        memory.review_at = now + dt.timedelta(seconds=self._policy.rest_s)
        self._turns.look_again(memory)

    # -- time passes ----------------------------------------------------------------------------------------------

    def _notice_time(self, memory: NodeMemory, now: dt.datetime, lease_over: dt.datetime, out: Collected) -> None:
        command = memory.open_command
        if command is not None and now >= command.deadline:
            detail = command.detail or f"no report of revision {command.revision} by the deadline"
            self._end(memory, CommandState.EXPIRED, now, detail, out)
            memory.rest(now, self._policy)
        if not memory.unreachable and now >= lease_over:
            last = f"since {memory.heard_at:%Y-%m-%dT%H:%M:%SZ}" if memory.heard_at else "ever"
            memory.unreachable = f"nothing heard {last}"

    # -- what it shall hold ---------------------------------------------------------------------------------------

    def _renewal_due(self, memory: NodeMemory, now: dt.datetime) -> bool:
        if not memory.points:
            return False
        if memory.stale or memory.desired is None or (memory.topup_at is not None and now >= memory.topup_at):
            return True
        ageing = memory.desired.valid_until - now < RENEWAL_MARGIN and not memory.falls_back
        if ageing and not self._knowledge.compiler.is_of_tonight(memory.renewed_at, now):
            return True  # once a night: until the next one there is none to be added
        changing = memory.next_change is None or now >= memory.next_change
        watched = bool(memory.overrides) or bool(memory.readings)
        return changing and (watched or not memory.capabilities.carries_nights)

    def _renew(self, memory: NodeMemory, now: dt.datetime, out: Collected) -> None:
        compiler = self._knowledge.compiler
        topping_up = memory.topup_at is not None and now >= memory.topup_at
        memory.topup_at = None if topping_up else memory.topup_at
        if not memory.stale:  # nobody changed anything: it is time that does
            memory.cause = NIGHTLY_CAUSE if topping_up else PROGRAM_CAUSE
        memory.stale = False
        memory.overrides = _not_over(memory, now)
        begun, memory.renewed_at = memory.begun(now), now
        if begun is not None:  # somebody asked for it, if not just now: that is always sent, and answered for
            memory.assert_now = True
            memory.cause = override_cause(begun.id)
            memory.stop_resting()
        compiler.hold_sensors(memory, now)
        alone = memory.capabilities.carries_nights and not memory.overrides and not memory.readings
        memory.next_change = None if alone else compiler.next_change(memory, now)
        try:
            wanted = compiler.wanted(memory, now)
        except NodeRefused as refusal:
            self._refuse(memory, refusal.why, now, out)
            return
        memory.refusal = ""
        refit, memory.refit = memory.refit, False
        old = memory.desired
        if old is not None and not memory.assert_now:
            ageing = topping_up or old.valid_until - now < RENEWAL_MARGIN
            longer = wanted.valid_until - old.valid_until >= WORTHWHILE
            carries = memory.capabilities.carries_nights
            # What a node cannot hold may have the same effect for as long as what it can.
            unfit = refit and carries and (old.valid_until, old.channels) != (wanted.valid_until, wanted.channels)
            on_its_way = memory.open_command is not None
            late = on_its_way and old.without_ended(now) is not old  # a node that is late would still begin it
            enough = not (ageing and longer) and not unfit and not late
            if enough and compiler.same_effect(old, wanted, now, carries_nights=carries):
                return
        revision = memory.next_revision()
        self._desire(memory, DesiredState(memory.node.id, revision, now, wanted.valid_until, wanted.channels), now, out)

    def _refuse(self, memory: NodeMemory, why: str, now: dt.datetime, out: Collected) -> None:
        """Tell whoever asked that the node cannot hold what is wanted; what it holds stays as it is."""
        memory.refusal = why
        if memory.assert_now:
            memory.assert_now = False
            self._end(memory, CommandState.SUPERSEDED, now, "by what was refused", out)
            refused = Command(
                memory.node.id, memory.next_revision(), CommandState.FAILED, memory.cause, now, now, finished_at=now,
                detail=why,
            )  # fmt: skip
            out.commands[refused.id] = refused
            memory.command = brief(refused)

    def _desire(self, memory: NodeMemory, desired: DesiredState, now: dt.datetime, out: Collected) -> None:
        self._end(memory, CommandState.SUPERSEDED, now, f"by revision {desired.revision}", out)
        memory.desired = out.desired[memory.node.id] = desired

    # -- the next move --------------------------------------------------------------------------------------------

    def _move(self, memory: NodeMemory, now: dt.datetime, out: Collected) -> dt.datetime | None:
        """Make one move and give the instant it waits for, if it does."""
        desired = memory.desired
        if desired is None or not memory.points:
            return None
        confirmation = memory.profile.confirmation
        decision = reconcile(
            desired, memory.reported, memory.open_command, confirmation, now, self._policy, on_its_way=memory.on_its_way
        )
        if memory.assert_now and memory.open_command is None:
            decision = Send()
        match decision:
            case Settled():
                self._end(memory, CommandState.CONFIRMED, now, "", out)
                memory.pause = replace(memory.pause, failures=0) if memory.pause.failures else memory.pause
            case Send():
                return self._send(memory, desired, now, out)
            case Repeat():
                return self._repeat(memory, desired, now, out)
            case Resend():
                self._submit(memory, desired, now, out)
            case Wait(until):
                self._answer_hello(memory, desired, now, out)
                return until
        self._answer_hello(memory, desired, now, out)
        return None

    def _send(self, memory: NodeMemory, desired: DesiredState, now: dt.datetime, out: Collected) -> dt.datetime | None:
        if memory.pause.until is not None and (memory.unreachable or now < memory.pause.until):
            return None if memory.unreachable else memory.pause.until
        # What is over is not told any more: a node whose clock is behind would begin it again.
        held = desired.without_ended(now)
        if held is not desired or (memory.command is not None and memory.command.revision >= desired.revision):
            desired = replace(held, revision=memory.next_revision(), issued_at=now)
            self._desire(memory, desired, now, out)
        command = memory.command = Command(
            node=memory.node.id,
            revision=desired.revision,
            state=CommandState.QUEUED,
            cause=memory.cause,
            created_at=now,
            deadline=now + dt.timedelta(seconds=self._policy.deadline_s),
            priority=OVERRIDE_PRIORITY if memory.assert_now else 0,
        )
        memory.assert_now = False
        out.commands[command.id] = command
        self._submit(memory, desired, now, out)
        return command.deadline

    def _repeat(
        self, memory: NodeMemory, desired: DesiredState, now: dt.datetime, out: Collected
    ) -> dt.datetime | None:
        """Send what the node holds anew, and then not before a pause: it may have ended it for another reason."""
        rests = memory.pause.until is not None and now < memory.pause.until
        looks = self._send(memory, desired, now, out)
        if not rests:
            memory.rest(now, self._policy)
        return looks

    @staticmethod
    def _submit(memory: NodeMemory, desired: DesiredState, now: dt.datetime, out: Collected) -> None:
        priority = memory.command.priority if memory.command is not None else 0
        lights_at = memory.lights_at(desired, now)
        street = memory.place if lights_at is not None and lights_at <= now else None
        out.submit(memory.node, desired, priority, street, lights_at)
        memory.on_its_way = True
        memory.answer_hello = False

    def _answer_hello(self, memory: NodeMemory, desired: DesiredState, now: dt.datetime, out: Collected) -> None:
        if memory.answer_hello:
            self._submit(memory, desired, now, out)

    def _tell_time(self, memory: NodeMemory, now: dt.datetime, out: Collected) -> None:
        signal = time_signal(memory, now, self._policy)
        if signal is not None:
            out.submit(memory.node, signal, 0)
            memory.time = memory.time.sent(now)

    @staticmethod
    def _end(memory: NodeMemory, state: CommandState, now: dt.datetime, detail: str, out: Collected) -> None:
        command = memory.open_command
        if command is not None:
            over = out.commands[command.id] = moved(command, state, now, detail)
            memory.command = brief(over)

    # -- the next look --------------------------------------------------------------------------------------------

    def _look_again(
        self, memory: NodeMemory, now: dt.datetime, lease_over: dt.datetime, waiting: dt.datetime | None
    ) -> None:
        command, desired = memory.open_command, memory.desired
        candidates = (
            waiting,
            memory.topup_at,
            memory.next_change,
            command.deadline if command is not None else None,
            memory.held_until if memory.unreachable else look_for_silence_at(lease_over, now),
            desired.valid_until - RENEWAL_MARGIN if desired is not None else None,
            desired.valid_until if desired is not None else None,
        )
        memory.review_at = min([at for at in candidates if at is not None and at > now], default=None)
        self._turns.look_again(memory)


def _not_over(memory: NodeMemory, now: dt.datetime) -> Mapping[int, Sequence[Override]]:
    if not memory.overrides:
        return NO_OVERRIDES
    kept = {channel: [o for o in overrides if o.until > now] for channel, overrides in memory.overrides.items()}
    return {channel: overrides for channel, overrides in kept.items() if overrides}
