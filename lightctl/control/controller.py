"""The controller: the heart. `step(events, now)` takes whatever happened and gives what is to be done about it.

Theory of operation. Events only change what is known of a node (knowledge) and name it. Every node named, and every
node whose time has come, is then attended to in the same way: work out what it shall hold (renewal), compare with what
it reports and make one move (delivery), name its faults (judging), note when to look again (turns). Nothing is replayed
and no event has a path of its own, so order, loss and repetition of events change nothing but the moment at which a gap
is seen to close.

No I/O, no clock, no randomness: the same events and instants give the same effects. The cost of a step grows with the
events in it and the nodes that are due, not with the fleet.
What concerns a whole city at once (a start, new schedules, a level set for all lamps, dusk where lamps are switched
live) is attended to a slice a step, so that the first lamps need not wait for the last, nor anything else that happens
meanwhile; the step asks to be called again at once.
"""

from __future__ import annotations

import datetime as dt
import traceback
from collections.abc import Iterable, Mapping
from itertools import islice
from pathlib import Path

from lightctl.control.census import Census
from lightctl.control.collected import Collected
from lightctl.control.delivery import Delivery, end
from lightctl.control.effects import Effects
from lightctl.control.judging import Judge
from lightctl.control.knowledge import Knowledge
from lightctl.control.memory import NodeMemory, look_for_silence_at
from lightctl.control.policy import Policy
from lightctl.control.renewal import RENEWAL_MARGIN, Renewal
from lightctl.control.sensing import Sensors
from lightctl.control.timekeeping import time_signal
from lightctl.control.turns import Turns
from lightctl.devices.profile import Profile
from lightctl.domain.events import Event
from lightctl.domain.luminaires import NO_LUMINAIRES, LuminaireType
from lightctl.domain.states import CommandState, Fault, FaultEvent

SET_BACK = dt.timedelta(minutes=1)


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
        self._delivery = Delivery(policy)
        self._renewal = Renewal(self._knowledge, self._delivery)
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
        self._turns.call(self._knowledge.forget_ended(now), concerned)
        for event in events:
            if named := self._knowledge.absorb(event, now, out):
                self._turns.call(named, concerned)
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
        if self._renewal.is_due(memory, now):
            self._renewal.renew(memory, now, out)
        self._tell_time(memory, now, out)  # first: by a clock that is wrong a document is over, or not yet begun
        waiting = self._delivery.move(memory, now, out)
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
            end(memory, CommandState.EXPIRED, now, detail, out)
            memory.rest(now, self._policy)
        if not memory.unreachable and now >= lease_over:
            last = f"since {memory.heard_at:%Y-%m-%dT%H:%M:%SZ}" if memory.heard_at else "ever"
            memory.unreachable = f"nothing heard {last}"

    def _tell_time(self, memory: NodeMemory, now: dt.datetime, out: Collected) -> None:
        signal = time_signal(memory, now, self._policy)
        if signal is not None:
            out.submit(memory.node, signal, 0)
            memory.time = memory.time.sent(now)

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
