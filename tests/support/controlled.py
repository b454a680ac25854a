"""A controller and the lamps it is told of, for tests: everything it decided, and the reports its nodes would send."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from lightctl.control.controller import Controller
from lightctl.control.effects import Effects
from lightctl.control.policy import Policy
from lightctl.devices.profile import shipped_profiles
from lightctl.domain.assets import Capabilities, Fleet, LightPoint
from lightctl.domain.events import CommandSent, Event, FleetChanged, IntentChanged, NodeAnnounced, NodeReported
from lightctl.domain.luminaires import LuminaireType
from lightctl.domain.moves import MOVES
from lightctl.domain.programs import Intent
from lightctl.domain.selectors import parse_selector
from lightctl.domain.states import (
    ChannelReport,
    Command,
    CommandState,
    DesiredState,
    Fault,
    Override,
    Reason,
    ReportedState,
    Scope,
)
from lightctl.files.schedules import read_schedules

ZONE = "Europe/Berlin"
DUISBURG = (51.4344, 6.7623)
AFTERNOON = dt.datetime(2026, 12, 4, 14, 0, tzinfo=dt.UTC)
CARRYING = Capabilities(nights=7, slots=96, ramp=True, persists=True)
LIVE = Capabilities()
SCHEDULE = """
version: 1
programs:
  street:
    start_level: 100
    steps:
      - {at: "22:00", level: 50}
calendars:
  street: {default: street}
assignments:
  - {select: "*", calendar: street}
"""


def lamp(name: str, **fields: object) -> LightPoint:
    values: dict[str, object] = {"rated_power_w": 50.0, "standby_power_w": 0.5, "node": f"n-{name}"} | fields
    return LightPoint(name, *DUISBURG, **values)


def intent(text: str = SCHEDULE) -> Intent:
    read = read_schedules({"test.yaml": text})
    assert not read.errors
    return read.intent


@dataclass
class Street:
    """A controller and everything it has decided so far."""

    points: tuple[LightPoint, ...] = (lamp("a"),)
    policy: Policy = field(default_factory=lambda: Policy(topup_spread_s=60.0))
    now: dt.datetime = AFTERNOON
    floor: int = 0
    luminaires: Mapping[str, LuminaireType] = field(default_factory=dict)
    commands: dict[str, Command] = field(default_factory=dict)
    desired: dict[str, DesiredState] = field(default_factory=dict)
    faults: dict[tuple[str, str, str], Fault] = field(default_factory=dict)
    opened: list[Fault] = field(default_factory=list)
    closed: list[Fault] = field(default_factory=list)
    sent: list[DesiredState] = field(default_factory=list)
    last: Effects = field(default_factory=Effects)
    seq: int = 0

    def __post_init__(self) -> None:
        self.controller = Controller(self.policy, shipped_profiles(), ZONE, self.floor, self.luminaires)

    def start(self, text: str = SCHEDULE) -> Effects:
        return self.step(FleetChanged(Fleet.of(self.points, ZONE)), IntentChanged(intent(text)))

    def step(self, *events: Event, after: float = 0.0) -> Effects:
        self.now += dt.timedelta(seconds=after)
        return self.take(self.controller.step(events, self.now))

    def take(self, effects: Effects) -> Effects:
        self.last = effects
        for command in effects.commands:
            known = self.commands.get(command.id)
            if known is not None and command.state is not known.state:
                assert command.state in MOVES[known.state], f"{command.id} left {known.state} for {command.state}"
            self.commands[command.id] = command
        for desired in effects.desired:
            before = self.desired.get(desired.node)
            assert before is None or before.revision < desired.revision
            self.desired[desired.node] = desired
        for fault in effects.faults:
            assert len(set(fault.members)) == len(fault.members)
            if fault.cleared_at is None:
                known = self.faults.get(fault.key)
                # One that stands is told again when its members grow, and for nothing else.
                assert known is None or set(known.members) < set(fault.members), (known, fault)
                assert known is None or known.opened_at == fault.opened_at
                self.faults[fault.key] = fault
                self.opened += [fault] if known is None else []
            else:
                del self.faults[fault.key]
                self.closed.append(fault)
        self.sent = [s.content for s in effects.submissions if isinstance(s.content, DesiredState)]
        return effects

    def run_until(self, instant: dt.datetime) -> int:
        """Ring every alarm up to an instant; gives how many rang."""
        rang = 0
        sent: list[DesiredState] = []
        while self.last.review_at is not None and self.last.review_at <= instant:
            assert self.last.review_at > self.now, "the controller asks to look again at an instant that has passed"
            self.step(after=(self.last.review_at - self.now).total_seconds())
            sent += self.sent
            rang += 1
            assert rang < 10_000, "the controller never rests"
        self.now = instant
        self.step()
        self.sent = sent + self.sent
        return rang

    def command(self, node: str = "n-a") -> Command:
        return max((c for c in self.commands.values() if c.node == node), key=lambda c: c.revision)

    def hello(
        self, node: str = "n-a", revision: int = 0, capabilities: Capabilities = CARRYING, boot: str = "b1"
    ) -> Event:
        return NodeAnnounced(node, boot, capabilities, revision, self.now, self.now)

    def report(
        self,
        node: str = "n-a",
        *,
        revision: int | None = None,
        level: int | None = None,
        commanded: int | None = None,
        power_w: float | None = None,
        boot: str = "b1",
        seq: int | None = None,
        reason: Reason | Literal["its own"] | None = "its own",
        verified: bool = False,
        faults: Iterable[str] = (),
        flags: Iterable[str] = (),
        voltage_v: float | None = None,
        power_factor: float | None = None,
        measures_level: bool = True,
    ) -> Event:
        """What an obedient node would say now, except for what is given."""
        wanted = self.desired[node]
        due = wanted.channels[0].level_at(self.now)
        shown = due if level is None else level
        assert shown is not None
        override = wanted.channels[0].override
        own = Reason.PROGRAM if override is None or override.until <= self.now else Reason.OVERRIDE
        self.seq += 1
        channel = ChannelReport(
            level=shown if measures_level else None,
            commanded=due if commanded is None else commanded,
            reason=own if reason == "its own" else reason,
            power_w=(0.5 + 49.5 * shown / 100) if power_w is None else power_w,
            voltage_v=voltage_v,
            power_factor=power_factor,
            faults=tuple(faults),
        )
        return NodeReported(
            ReportedState(
                node,
                self.now,
                {0: channel},
                boot,
                self.seq if seq is None else seq,
                self.now,
                wanted.revision if revision is None else revision,
                verified,
                tuple(flags),
            )
        )


def sent(street: Street, node: str = "n-a") -> Event:
    """What the link says once the newest command's bytes are on the wire."""
    return CommandSent(node, street.command(node).revision, street.now)


def running(street: Street, capabilities=CARRYING) -> Street:
    """A street whose lamp has announced itself, taken its document and said so."""
    street.start()
    street.step(street.hello(capabilities=capabilities))
    street.step(sent(street), after=0.1)
    street.step(street.report(), after=0.1)
    assert street.command().state is CommandState.CONFIRMED
    return street


def override(street: Street, level: int, minutes: float = 30, select: str = "id=a", name: str = "o1") -> Override:
    """An override of lamp `a`, from now on."""
    until = street.now + dt.timedelta(minutes=minutes)
    return Override(name, Scope.LIGHT_POINT, parse_selector(select), level, street.now, until, user="test")


def confirm(street: Street, **said: object) -> None:
    """Let the open command reach the node and the node say so."""
    street.step(sent(street))
    street.step(street.report(**said), after=1)
