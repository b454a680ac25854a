"""Delivery: a node's document gets to it, one move at a time, until the node says that it holds it.

Comes in: what a node shall hold, and what it reports of itself. Goes out: one move at most, an order for its link or
the end of its command. Must hold: no more than one command of a node is under way, and each ends exactly once; where
another document is desired meanwhile, it ends as superseded.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

from lightctl.control.collected import Collected
from lightctl.control.memory import NodeMemory
from lightctl.control.policy import Policy
from lightctl.control.reconcile import Repeat, Resend, Send, Settled, Wait, reconcile
from lightctl.domain.moves import brief, moved
from lightctl.domain.orders import OVERRIDE_PRIORITY
from lightctl.domain.states import Command, CommandState, DesiredState


class Delivery:
    """Moves nodes' commands on."""

    def __init__(self, policy: Policy) -> None:
        """Be as patient as the policy."""
        self._policy = policy

    def desire(self, memory: NodeMemory, desired: DesiredState, now: dt.datetime, out: Collected) -> None:
        """Have a node hold another document from now on."""
        end(memory, CommandState.SUPERSEDED, now, f"by revision {desired.revision}", out)
        memory.desired = out.desired[memory.node.id] = desired

    def move(self, memory: NodeMemory, now: dt.datetime, out: Collected) -> dt.datetime | None:
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
                end(memory, CommandState.CONFIRMED, now, "", out)
                memory.forgive()
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
            self.desire(memory, desired, now, out)
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

    def _submit(self, memory: NodeMemory, desired: DesiredState, now: dt.datetime, out: Collected) -> None:
        priority = memory.command.priority if memory.command is not None else 0
        lights_at = memory.lights_at(desired, now, self._policy)
        street = memory.place if lights_at is not None and lights_at <= now else None
        out.submit(memory.node, desired, priority, street, lights_at)
        memory.on_its_way = True
        memory.answer_hello = False

    def _answer_hello(self, memory: NodeMemory, desired: DesiredState, now: dt.datetime, out: Collected) -> None:
        if memory.answer_hello:
            self._submit(memory, desired, now, out)


def end(memory: NodeMemory, state: CommandState, now: dt.datetime, detail: str, out: Collected) -> None:
    """End the command of a node that is under way, if there is one."""
    command = memory.open_command
    if command is not None:
        over = out.commands[command.id] = moved(command, state, now, detail)
        memory.command = brief(over)
