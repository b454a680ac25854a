"""A Modbus TCP line of simulated units, the link to it and the controller behind it, by a clock that tests move.

Nothing is replaced by a stand-in: real frames on a real line, real firmware at its end. Only time is the test's.
"""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import time
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from typing import Literal, Protocol

from lightctl.control.controller import Controller
from lightctl.control.effects import Effects
from lightctl.control.policy import Policy
from lightctl.devices.profile import Profile, shipped_profiles
from lightctl.domain.assets import Fleet, LifeCycle, LightPoint, Place
from lightctl.domain.events import (
    ActionFinished,
    Event,
    FleetChanged,
    IntentChanged,
    NodeRestored,
    OverrideSet,
    ReviewDue,
)
from lightctl.domain.selectors import parse_selector
from lightctl.domain.states import Command, DesiredState, Fault, FaultEvent, Override, Reading, ReportedState, Scope
from lightctl.links.modbus import ModbusEndpoint, ModbusLink
from simulators.faults import Troubles
from simulators.firmware import Firmware
from simulators.flash import Flash
from simulators.fleet import Built, build_unit, unit_clock
from simulators.modbus_server import ModbusServer
from simulators.modbus_side import ModbusSide
from simulators.specs import FaultSpec, UnitSpec
from simulators.street import Street
from simulators.truth import TruthLog
from tests.support.controlled import DUISBURG, ZONE, intent

PLACE = Place(*DUISBURG, ZONE)
AFTERNOON = dt.datetime(2026, 12, 4, 14, 0, tzinfo=dt.UTC)
LINE = "line"


class Server(Protocol):
    """What serves the line; one of its own is put in place of ModbusServer before the daemon starts."""

    async def start(self) -> int: ...
    async def stop(self) -> None: ...


Tamper = Callable[[int, bytes, bytes | None], bytes | None]


def unit(number: int, profile: str, node: str, channels: int = 1, lamps: int = 1, **more: object) -> UnitSpec:
    return UnitSpec(number, profile, node, channels, lamps, place=PLACE, **more)  # type: ignore[arg-type]


class MovedClock:
    """Goes on with the machine's and jumps when told; who sleeps is woken by a jump past the end of the sleep."""

    def __init__(self, start: dt.datetime) -> None:
        self._start, self._began = start, time.monotonic()
        self._jumped = asyncio.Event()

    def now(self) -> dt.datetime:
        return self._start + dt.timedelta(seconds=time.monotonic() - self._began)

    async def sleep(self, seconds: float) -> None:
        ends = self.now() + dt.timedelta(seconds=seconds)
        while (left := (ends - self.now()).total_seconds()) > 0:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._jumped.wait(), left)

    def jump(self, instant: dt.datetime) -> None:
        self._start += instant - self.now()
        self._jumped.set()
        self._jumped = asyncio.Event()


class Wired:
    """The whole line; what the controller decided and heard is kept by name."""

    def __init__(self, units: Iterable[UnitSpec], now: dt.datetime, profiles: Mapping[str, Profile] | None) -> None:
        self.clock = MovedClock(now)
        self.profiles = profiles or shipped_profiles()
        self.street = Street(TruthLog(None), Flash(None))
        self.troubles = Troubles(self.street, seed=1)
        self.side = ModbusSide(self.street, self.clock.now)
        self.points: list[LightPoint] = []
        for spec in units:
            profile = self.profiles[spec.profile]
            assert profile.modbus is not None
            built = Built(build_unit(spec, profile), unit_clock(spec, now, 1))
            self.street.switch_on(built, spec.profile, now, 1e6)
            self.side.add(spec.unit, profile.modbus, spec.node, spec.meters)
            state = LifeCycle.IN_USE if profile.capabilities.channels else LifeCycle.INSTALLED
            self.points += [_point(spec, channel, state) for channel in range(spec.channels)]
        self.asked: list[tuple[int, bytes]] = []
        self.tamper: Tamper = lambda _unit, _request, answer: answer
        self.server: Server = ModbusServer("127.0.0.1", 0, self._ask)
        self.framer: Literal["socket", "rtu"] = "socket"
        self.commands: dict[str, Command] = {}
        self.faults: dict[FaultEvent, Fault] = {}
        self.closed: list[Fault] = []
        self.desired: dict[str, DesiredState] = {}
        self.reported: dict[str, ReportedState] = {}
        self.readings: list[Reading] = []
        self.answers: list[ActionFinished] = []
        self._inbox: asyncio.Queue[Event] = asyncio.Queue()
        self._stepped = asyncio.Event()
        self._port = 0
        self._daemon: list[asyncio.Task[None]] = []

    # -- the daemon's part ----------------------------------------------------------------------------------------

    async def start_daemon(self, text: str, *remembered: Event) -> None:
        """Start link and controller, which know nothing but the inventory, what is remembered, and the schedule."""
        endpoint = ModbusEndpoint(
            port=self._port, timeout_s=0.3, poll_s=20.0, dead_poll_s=60.0, reconnect_cap_s=0.1, framer=self.framer
        )
        fleet = Fleet.of(self.points, ZONE)
        self.controller = Controller(Policy(), self.profiles, ZONE)
        self.link = ModbusLink(LINE, endpoint, self.profiles, self._inbox.put_nowait, self.clock, seed=3)
        self.link.attach(fleet.nodes)
        self.tell(FleetChanged(fleet), *remembered, IntentChanged(intent(text)))
        self._daemon = [asyncio.create_task(self.link.run()), asyncio.create_task(self._control())]

    async def stop_daemon(self) -> None:
        """Have the daemon gone."""
        for task in self._daemon:
            task.cancel()
        await asyncio.gather(*self._daemon, return_exceptions=True)
        self._daemon = []

    def tell(self, *events: Event) -> None:
        for event in events:
            self._inbox.put_nowait(event)

    def replan(self, text: str) -> None:
        self.tell(IntentChanged(intent(text)))

    def remembered(self, node: str) -> NodeRestored:
        """Give what a store would remember of a node."""
        return NodeRestored(
            node,
            self.desired[node].revision,
            desired=self.desired[node],
            command=self.newest(node),
            reported=self.reported[node],
        )

    def dim(self, point: str, level: int, minutes: float) -> Override:
        now = self.clock.now()
        until = now + dt.timedelta(minutes=minutes)
        held = Override(f"o{level}", Scope.LIGHT_POINT, parse_selector(f"id={point}"), level, now, until, user="test")
        self.tell(OverrideSet(held))
        return held

    async def _control(self) -> None:
        while True:
            events = [await self._inbox.get()]
            while not self._inbox.empty():
                events.append(self._inbox.get_nowait())
            self._take(self.controller.step(events, self.clock.now()))

    def _take(self, effects: Effects) -> None:
        self.answers += effects.action_results
        self.commands |= {command.id: command for command in effects.commands}
        self.desired |= {desired.node: desired for desired in effects.desired}
        self.reported |= {report.node: report for report in effects.reported}
        self.readings += effects.readings
        for fault in effects.faults:
            if fault.cleared_at is None:
                self.faults[fault.event] = fault
            else:
                self.closed.append(self.faults.pop(fault.event, fault))
        for order in effects.submissions:
            self.link.submit(order)
        self._stepped.set()

    # -- the street's part ----------------------------------------------------------------------------------------

    async def _ask(self, number: int, request: bytes) -> bytes | None:
        self.asked.append((number, request))
        return self.tamper(number, request, await self.side.ask(number, request))

    def firmware(self, node: str) -> Firmware:
        return self.street.stations[node].firmware

    def light(self, node: str, channel: int = 0) -> float:
        """Give what a lamp really does (percent)."""
        now = self.clock.now()
        self.street.advance(now)
        return self.firmware(node).lamp(channel).level(now)

    def fault(self, kind: str, node: str, **more: object) -> None:
        now = self.clock.now()
        self.troubles.schedule(FaultSpec(kind, now, nodes=(node,), **more))  # type: ignore[arg-type]
        self.street.advance(now)

    def mend(self, kind: str, node: str) -> None:
        self.troubles.clear(kind, (node,), self.clock.now())

    # -- the test's part ------------------------------------------------------------------------------------------

    def jump(self, instant: dt.datetime) -> None:
        """Move time on, for the street and the daemon alike."""
        self.clock.jump(instant)
        self.street.advance(self.clock.now())
        self.tell(ReviewDue())

    def pass_by(self, **time_span: float) -> None:
        self.jump(self.clock.now() + dt.timedelta(**time_span))

    async def until(self, holds: Callable[[], bool], seconds: float = 5.0) -> None:
        """Wait until something holds; fails with what is known when it does not in time."""
        try:
            async with asyncio.timeout(seconds):
                while not holds():
                    self._stepped.clear()
                    with contextlib.suppress(TimeoutError):
                        await asyncio.wait_for(self._stepped.wait(), 0.05)
        except TimeoutError:
            raise AssertionError(f"{self.commands}\n{self.faults}\n{self.reported}") from None

    async def heard(self, node: str) -> None:
        """Wait for a report of a node that speaks of now or later."""
        since = self.clock.now()
        await self.until(lambda: node in self.reported and self.reported[node].received_at >= since)

    def newest(self, node: str) -> Command:
        return max((it for it in self.commands.values() if it.node == node), key=lambda it: it.revision)

    async def confirmed(self, node: str, above: int = 0) -> Command:
        """Wait for a node's newest command, of a revision above the given one, to be confirmed; give it."""
        await self.until(
            lambda: (
                any(it.node == node for it in self.commands.values())
                and self.newest(node).revision > above
                and self.newest(node).state == "confirmed"
            )
        )
        return self.newest(node)

    @contextlib.asynccontextmanager
    async def _up(self, text: str) -> AsyncIterator[Wired]:
        self._port = await self.server.start()
        try:
            await self.start_daemon(text)
            yield self
            assert all(not task.done() for task in self._daemon), [
                task.exception() for task in self._daemon if task.done()
            ]
        finally:
            await self.stop_daemon()
            await self.server.stop()
            self.street.finish(self.clock.now())


def _point(spec: UnitSpec, channel: int, state: LifeCycle) -> LightPoint:
    return LightPoint(
        f"{spec.node}-{channel}",
        *DUISBURG,
        lamps=spec.lamps_per_channel,
        rated_power_w=spec.rated_power_w,
        node=spec.node,
        channel=channel,
        profile=spec.profile,
        link=LINE,
        address=str(spec.unit),
        state=state,
    )


SCHEDULE = """
version: 1
programs:
  street:
    start_level: 100
    steps:
      - {at: "22:00", level: 50}
      - {at: "05:00", level: 100}
calendars:
  street: {default: street}
assignments:
  - {select: "*", calendar: street}
"""


@contextlib.asynccontextmanager
async def wired(
    *units: UnitSpec,
    now: dt.datetime = AFTERNOON,
    text: str = SCHEDULE,
    profiles: Mapping[str, Profile] | None = None,
) -> AsyncIterator[Wired]:
    """Put units on a line and lightctl behind it."""
    async with Wired(units, now, profiles)._up(text) as line:
        yield line
