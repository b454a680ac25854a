"""Instruments: what is counted where it happens, on the daemon's own registry. Each count costs about a microsecond.

Every label value there can be exists from the start, so that a rate over the first of its kind is one.
"""

from __future__ import annotations

import datetime as dt
import re
from collections import Counter as Tallied
from collections.abc import Iterable, Sequence
from typing import get_args

from prometheus_client import CollectorRegistry, Counter, Histogram

from lightctl.control.effects import Effects
from lightctl.domain.events import Event
from lightctl.domain.states import Command, CommandState, ReportedState

STEP_S = (0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0)
STEP_EVENTS = (1, 3, 10, 30, 100, 300, 1000, 3000)
COMMIT_S = (0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0)
CONFIRMED_S = (0.3, 1, 3, 10, 30, 60, 120, 300, 600, 900)
ENDS = tuple(state for state in CommandState if state.terminal)
CEILING_W = 100_000.0  # one channel never draws more: a counter that seems to is broken, and must not spoil the sum
_WORD = re.compile(r"(?<!^)(?=[A-Z])")


class Instruments:
    """Counters and histograms of one daemon."""

    def __init__(self, registry: CollectorRegistry) -> None:
        """Begin at 0."""
        self.steps = Histogram(
            "lightctl_step_seconds", "Time the controller takes to decide one batch of events.",
            buckets=STEP_S, registry=registry,
        )  # fmt: skip
        self.step_events = Histogram(
            "lightctl_step_events", "Events in one batch.", buckets=STEP_EVENTS, registry=registry
        )
        self.steps_failed = Counter(
            "lightctl_steps_failed", "Batches of events that were lost because deciding them failed.", registry=registry
        )
        self.commits = Histogram(
            "lightctl_store_commit_seconds", "Time the store takes to keep what one batch decided.",
            buckets=COMMIT_S, registry=registry,
        )  # fmt: skip
        self.store_failures = Counter("lightctl_store_failures", "Times the store took nothing.", registry=registry)
        self._events = Counter(
            "lightctl_events", "Events that reached the control loop, by kind.", ["kind"], registry=registry
        )
        self._ended = Counter("lightctl_commands", "Commands that ended, by how.", ["state"], registry=registry)
        self._confirmed = Histogram(
            "lightctl_command_confirmation_seconds",
            "Time from a command's making to its confirmation by the node; asked: by a person, or by the plan.",
            ["asked"], buckets=CONFIRMED_S, registry=registry,
        )  # fmt: skip
        self._energy = Counter(
            "lightctl_metered_energy_kwh", "Energy by the counters of the nodes themselves, since the daemon began.",
            registry=registry,
        )  # fmt: skip
        self._energy_wh: dict[tuple[str, int], tuple[dt.datetime, float]] = {}
        for kind in get_args(Event):
            self._events.labels(_name(kind))
        for state in ENDS:
            self._ended.labels(state.value)
        self._confirmed_by_plan, self._confirmed_by_person = map(self._confirmed.labels, ("plan", "person"))

    def hear(self, events: Iterable[Event]) -> None:
        """Count a batch of events."""
        for kind, number in Tallied(map(type, events)).items():
            self._events.labels(_name(kind)).inc(number)

    def decided(self, effects: Effects, events: int, seconds: float) -> None:
        """Count what one step did."""
        self.steps.observe(seconds)
        self.step_events.observe(events)
        self._end(effects.commands)
        self._add_energy(effects.reported)

    def _end(self, commands: Sequence[Command]) -> None:
        ended = [command for command in commands if command.state.terminal]
        for state, number in Tallied(command.state for command in ended).items():
            self._ended.labels(state.value).inc(number)
        for command in ended:
            if command.state is CommandState.CONFIRMED and command.finished_at is not None:
                asked = self._confirmed_by_person if command.priority else self._confirmed_by_plan
                asked.observe((command.finished_at - command.created_at).total_seconds())

    def _add_energy(self, reports: Iterable[ReportedState]) -> None:
        """Add what counters grew by; one that went back began anew, one that ran away is believed from then on."""
        grown = 0.0
        for report in reports:
            for channel, said in report.channels.items():
                if said.energy_wh is None:
                    continue
                at, before = self._energy_wh.get((report.node, channel), (report.received_at, said.energy_wh))
                hours = (report.received_at - at).total_seconds() / 3600
                if 0 < said.energy_wh - before <= CEILING_W * hours:
                    grown += said.energy_wh - before
                self._energy_wh[report.node, channel] = (report.received_at, said.energy_wh)
        if grown:
            self._energy.inc(grown / 1000)


def _name(kind: type[object]) -> str:
    """Give an event's class in the words of a label: NodeReported is node_reported."""
    return _WORD.sub("_", kind.__name__).lower()
