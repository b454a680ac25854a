"""Controls: parts broken on purpose. Each has the rule that must be seen broken, and the mishaps that show it soonest.

A search that finds nothing proves something only if it would have found these.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from lightctl.control.collected import Collected
from lightctl.control.controller import Controller
from lightctl.control.delivery import Delivery, end
from lightctl.control.effects import Effects
from lightctl.control.memory import NodeMemory
from lightctl.devices.codec import Outgoing
from lightctl.domain import events as ev
from lightctl.domain.orders import Order
from lightctl.domain.states import CommandState, DesiredState
from lightctl.links.inbound import Inbound
from lightctl.links.outbox import Outbox
from simulators.firmware import Firmware
from simulators.node import Output
from tests.worlds.stories.drawing import LINE_WORDS, MISHAPS
from tests.worlds.stories.line_breaks import (
    EchoBelieved,
    Flickering,
    NeighbourBelieved,
    Resentful,
    Stumbling,
    UnpacedLine,
)
from tests.worlds.stories.parts import WHOLE, Parts

USUAL = tuple(word for word in MISHAPS if word not in ("backup restored", "clock"))


@dataclass(frozen=True, slots=True)
class Break:
    """What is broken, the rule that shows it, and the mishaps and the kind of the stories in which it is looked for."""

    parts: Parts
    rule: str
    words: Sequence[str] = USUAL
    of: str = "nodes"


class Gullible(Controller):
    """Takes a broker's word for a node's."""

    def step(self, events: Iterable[ev.Event], now: dt.datetime) -> Effects:
        events = list(events)
        effects = super().step(events, now)
        for event in events:
            memory = self._knowledge.memories.get(event.node) if isinstance(event, ev.BrokerAcked) else None
            if memory is not None and memory.open_command is not None:
                end(memory, CommandState.CONFIRMED, now, "", out := Collected())
                effects = replace(effects, commands=(*effects.commands, *out.commands.values()))
        return effects


class Headstrong(Controller):
    """Holds an override to its end, even if people took it back."""

    def step(self, events: Iterable[ev.Event], now: dt.datetime) -> Effects:
        return super().step([event for event in events if not isinstance(event, ev.OverrideEnded)], now)


class Impatient(Controller):
    """Forgets what is to begin later."""

    def step(self, events: Iterable[ev.Event], now: dt.datetime) -> Effects:
        return super().step(
            [event for event in events if not (isinstance(event, ev.OverrideSet) and event.override.start > now)], now
        )


class Timeless(Controller):
    """Knows no deadline and no lease."""

    def _notice_time(self, *_: object) -> None:
        """Notice nothing."""


class Deaf(Controller):
    """Hears of a roll-out once and of nothing that people say of it later."""

    def step(self, events: Iterable[ev.Event], now: dt.datetime) -> Effects:
        heard = [event for event in events if not isinstance(event, ev.RolloutChanged) or event.rollout.edition == 1]
        return super().step(heard, now)


class Amnesic(Controller):
    """Starts without the roll-out that was under way."""

    def step(self, events: Iterable[ev.Event], now: dt.datetime) -> Effects:
        events = list(events)
        if any(isinstance(event, ev.NodeRestored) for event in events):
            events = [event for event in events if not isinstance(event, ev.RolloutChanged)]
        return super().step(events, now)


class Twice(Delivery):
    """Gives the next document the number of the last one now and then."""

    def desire(self, memory: NodeMemory, desired: DesiredState, now: dt.datetime, out: Collected) -> None:
        if desired.revision % 5 == 0:
            desired = replace(desired, revision=desired.revision - 1)
        super().desire(memory, desired, now, out)


class Repeating(Controller):
    """Has its documents delivered under numbers that stand for two."""

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self._delivery.__class__ = Twice


class Scribbling(Firmware):
    """A node that applies whatever arrives last."""

    def receive(self, desired: DesiredState, now: dt.datetime) -> list[Output]:
        if desired.revision < self.applied_revision:
            self._duty.hold(None)
        return super().receive(desired, now)


class Clinging(Firmware):
    """A node that holds an override for ever."""

    def receive(self, desired: DesiredState, now: dt.datetime) -> list[Output]:
        channels = {
            number: replace(channel, override=channel.override and replace(channel.override, until=NEVER_ENDS))
            for number, channel in desired.channels.items()
        }
        return super().receive(replace(desired, channels=channels), now)


NEVER_ENDS = dt.datetime(2090, 1, 1, tzinfo=dt.UTC)


class Credulous(Inbound):
    """Takes rubbish for a sign of life."""

    def _refuse(self, topic: str, payload: bytes, why: str) -> None:
        super()._refuse(topic, payload, why)
        node = next((name for name in self.nodes if name in topic), "")
        self._emit(ev.NodePresence(node, True, self._clock.now()))


class Confused(Inbound):
    """Takes what one node says for its neighbour's word."""

    def attach(self, nodes: object) -> None:
        super().attach(nodes)  # type: ignore[arg-type]
        names = list(self.nodes)
        neighbours = dict(zip(names, names[1:] + names[:1], strict=True))
        emit = self._emit

        def confuse(event: ev.Event) -> None:
            if isinstance(event, ev.NodeReported):
                node = neighbours.get(event.report.node, event.report.node)
                event = ev.NodeReported(replace(event.report, node=node))
            emit(event)

        self._emit = confuse


class Unpaced(Outbox):
    """Knows no feeder's limit."""

    def __init__(self, max_actions: int = 10_000, switch_ons_per_s: float = 0.0) -> None:
        del switch_ons_per_s
        super().__init__(max_actions)


class Hoarding(Outbox):
    """Keeps each order it was ever given until it is sent, old ones too."""

    def __init__(self, max_actions: int = 10_000, switch_ons_per_s: float = 0.0) -> None:
        super().__init__(max_actions, switch_ons_per_s)
        self._all: list[Order] = []

    def __len__(self) -> int:
        return len(self._all)

    def put(self, order: Order, now: dt.datetime) -> tuple[ev.Event, ...]:
        self._all.append(order)
        return super().put(order, now)


BREAKS = {
    "believe-the-broker": Break(replace(WHOLE, controller=Gullible), "I3"),
    "no-revision-check": Break(replace(WHOLE, firmware=Scribbling), "I5"),
    "no-floor": Break(
        replace(WHOLE, floor=lambda _now: 0), "I5", ("backup restored", "cut off", "cut off", "crash")
    ),
    "revision-reused": Break(replace(WHOLE, controller=Repeating), "I5"),
    "override-never-taken-back": Break(replace(WHOLE, controller=Headstrong), "I7"),
    "later-override-forgotten": Break(replace(WHOLE, controller=Impatient), "I7"),
    "override-without-end": Break(replace(WHOLE, firmware=Clinging), "I6"),
    "no-deadline": Break(replace(WHOLE, controller=Timeless), "I2"),
    "no-lease": Break(replace(WHOLE, controller=Timeless), "I16"),
    "answer-before-store": Break(replace(WHOLE, stores_late=True), "I4", ("crash",)),
    "audited-twice": Break(replace(WHOLE, audits_twice=True), "I8"),
    "deaf-to-roll-outs": Break(replace(WHOLE, controller=Deaf), "I7"),
    "roll-out-forgotten": Break(replace(WHOLE, controller=Amnesic), "I7", ("crash",)),
    "no-feeder-limit": Break(replace(WHOLE, outbox=Unpaced), "I11"),
    "one-speaks-for-another": Break(replace(WHOLE, inbound=Confused), "I12"),
    "rubbish-believed": Break(replace(WHOLE, inbound=Credulous), "I13"),
    "orders-hoarded": Break(replace(WHOLE, outbox=Hoarding), "I14"),
    "orders-retained": Break(
        replace(WHOLE, encoded=lambda message: Outgoing(message.topic, message.payload, retain=True)), "once"
    ),
    "echo-believed": Break(replace(WHOLE, line=EchoBelieved), "I3", LINE_WORDS, "lines"),
    "neighbour-believed": Break(replace(WHOLE, line=NeighbourBelieved), "I12", ("neighbour answers",), "lines"),
    "failed-unit-never-asked": Break(replace(WHOLE, line=Resentful), "I7", LINE_WORDS, "lines"),
    "no-feeder-limit-on-lines": Break(replace(WHOLE, line=UnpacedLine), "I11", ("feeder off",), "lines"),
    "flickering": Break(replace(WHOLE, line=Flickering), "I11", LINE_WORDS, "lines"),
    "failing-task": Break(replace(WHOLE, line=Stumbling), "task", LINE_WORDS, "lines"),
}  # fmt: skip
