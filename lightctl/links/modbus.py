"""ModbusLink: a Modbus line, TCP or serial, as a way to the street.

One loop owns the line: orders first, most urgent first, then the polls that are due, one request at a time; what is
said to a unit is UnitTalk's. A unit that fails twice goes to a slow lane and costs its neighbours one time-out per
`dead_poll_s`; its orders wait, the newest only.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import math
import random
from collections.abc import Mapping

from lightctl.devices.profile import Profile
from lightctl.domain.assets import Node
from lightctl.domain.errors import InvalidInput, LinkDown, NodeRefused
from lightctl.domain.events import ActionFinished, NodeUnreachable
from lightctl.domain.orders import Order
from lightctl.domain.states import ActionKind, DesiredState, NodeAction
from lightctl.links.base import Clock, Emit
from lightctl.links.modbus_client import ModbusEndpoint
from lightctl.links.modbus_talk import UnitTalk, heard
from lightctl.links.modbus_units import Unit, units_of
from lightctl.links.modbus_wire import AnswerUnfit, ModbusWire, UnitRefusedForNow, UnitSilent
from lightctl.links.outbox import Outbox
from lightctl.links.pacing import Backoff
from lightctl.links.stopping import end_if_cancelled
from lightctl.links.telling import LinkNews, failed

__all__ = ["ModbusEndpoint", "ModbusLink"]

STEADY_S = 10.0
SILENT_LINE = 8
UnitTrouble = (UnitSilent, UnitRefusedForNow, AnswerUnfit)


class ModbusLink:
    """One line. Call its methods on the event loop's thread; `emit` is called there too and must not block."""

    def __init__(
        self,
        name: str,
        endpoint: ModbusEndpoint,
        profiles: Mapping[str, Profile],
        emit: Emit,
        clock: Clock,
        seed: int | None = None,
    ) -> None:
        self.name = name
        self._endpoint = endpoint
        self._poll_apart = dt.timedelta(seconds=endpoint.poll_s)
        self._longest = dt.timedelta(seconds=max(endpoint.poll_s, endpoint.dead_poll_s))
        self._latest = clock.now()
        self._maps = {key: profile.modbus for key, profile in profiles.items() if profile.modbus is not None}
        self._emit = emit
        self._clock = clock
        rng = random.Random(seed)  # noqa: S311 - jitter, not a secret
        self._backoff = Backoff(endpoint.reconnect_cap_s, rng)
        self._work = asyncio.Event()
        self._time_s = asyncio.get_running_loop().time
        self._wire = ModbusWire(endpoint, rng, self._work.set)
        self._talk = UnitTalk(self._wire, emit, clock)
        self._outbox = Outbox(switch_ons_per_s=endpoint.switch_ons_per_s)
        self._units: dict[str, Unit] = {}
        self._silences = 0
        self._news = LinkNews(name, emit, clock)

    def attach(self, nodes: Mapping[str, Node]) -> None:
        """Take the nodes of this line; a node with a wrong address, profile or unit is refused by an event."""
        now = self._clock.now()
        before = self._units
        self._units, refused = units_of(nodes, self._maps, before, now, self.name)
        for node, why in refused:
            self._emit(NodeUnreachable(node, now, why))
        for node in before.keys() - self._units.keys():
            for event in self._outbox.drop_node(node, now, "the node is no longer on this line"):
                self._emit(event)
        self._wire.known = {unit.number: unit.known for unit in self._units.values() if unit.known is not None}
        self._work.set()

    def submit(self, order: Order) -> None:
        """Queue an order; the newest desired state of a node replaces the one that waits."""
        for event in self._outbox.put(order, self._clock.now()):
            self._emit(event)
        self._work.set()

    @property
    def waiting(self) -> int:
        """How many orders wait to be written."""
        return len(self._outbox)

    async def run(self) -> None:
        """Keep the line open until cancelled."""
        while True:
            end_if_cancelled()
            since = math.inf
            try:
                try:
                    await self._wire.open()
                    self._news.up()
                    since = self._time_s()
                    await self._serve()
                finally:
                    await self._wire.close()
            except LinkDown as down:
                self._news.down(down.why)
            if self._time_s() - since > STEADY_S:  # a gateway that accepts and drops us at once is not "back"
                self._backoff.reset()
            await asyncio.sleep(self._backoff.next_s())

    async def _serve(self) -> None:
        """Use the connected line; always ends with LinkDown."""
        while True:
            if not self._wire.connected:
                raise LinkDown("the connection ended")
            if self._silences >= SILENT_LINE:  # a gateway that restarted may leave the connection half open
                self._silences = 0
                await self._wire.close()
                await self._wire.open()
            now = self._notice()
            if self._outbox and (order := self._next_order(now)) is not None:
                try:
                    await self._carry(order)
                finally:
                    self._outbox.left(order, self._clock.now())
                await asyncio.sleep(0)
                continue
            unit = self._next_due(now)
            if unit is None:
                await self._idle()
            else:
                await self._poll(unit)

    def _notice(self) -> dt.datetime:
        """Give the present instant; one before the last means that the clock was set back."""
        now = self._clock.now()
        if now < self._latest:
            for unit in self._units.values():
                unit.live_from(now, self._longest)
        self._latest = now
        return now

    async def _idle(self) -> None:
        """Wait for an order, for the next poll, or for a resting unit."""
        self._work.clear()
        if not self._wire.connected:
            return
        now, now_s = self._clock.now(), self._time_s()
        # A unit that is due already but rests must not keep its neighbours waiting: theirs is the next instant to come.
        coming = [(unit.due - now).total_seconds() for unit in self._units.values() if unit.due > now]
        if self._outbox.next_turn is not None:
            coming.append(max(0.0, (self._outbox.next_turn - now).total_seconds()))
        # Units that are due by the run's clock wait for their floor on the machine's.
        floors = [self._floor_s(unit, now_s) - now_s for unit in self._units.values() if unit.due <= now]
        floors += [rest for unit in self._units.values() if (rest := self._wire.rests_s(unit.number)) > 0]
        alarms: list[asyncio.TimerHandle | asyncio.Task[None]] = []
        if floors:
            wait_s = max(0.001, min(floors))
            alarms.append(asyncio.get_running_loop().call_later(wait_s, self._work.set))
        if coming:
            alarms.append(asyncio.create_task(self._ring_after(min(coming)), name=f"{self.name}: polls"))
        try:
            await self._work.wait()
        finally:
            for alarm in alarms:
                alarm.cancel()

    async def _ring_after(self, clock_s: float) -> None:
        await self._clock.sleep(clock_s)
        self._work.set()

    def _next_order(self, now: dt.datetime) -> Order | None:
        order, expired = self._outbox.pop(now, self._may_be_asked)
        for event in expired:
            self._emit(event)
        return order

    def _next_due(self, now: dt.datetime) -> Unit | None:
        now_s, found = self._time_s(), None
        for unit in self._units.values():
            if (
                unit.due <= now
                and unit.not_before_s <= now_s
                and (found is None or (unit.due < found.due if unit.slow == found.slow else found.slow))
                and not self._wire.rests_s(unit.number)
            ):
                found = unit
        return found

    def _floor_s(self, unit: Unit, now_s: float) -> float:
        return max(unit.not_before_s, now_s + self._wire.rests_s(unit.number))

    def _may_be_asked(self, order: Order) -> bool:
        unit = self._units.get(order.node.id)
        return unit is None or not (unit.slow or self._wire.rests_s(unit.number) > 0)

    async def _carry(self, order: Order) -> None:
        unit = self._units.get(order.node.id)
        if unit is None:
            why = f"node {order.node.id} is no unit of line {self.name}. Correct its profile or address."
            self._fail(order, why, permanent=True)
            return
        try:
            if isinstance(order.content, DesiredState):
                await self._talk.give(unit, order.content)
                self._note_answer(unit)
                unit.was_given(self._clock.now())
            else:
                await self._act(unit, order.content)
        except (NodeRefused, InvalidInput) as refused:
            self._fail(order, str(refused), permanent=True)
        except UnitTrouble as trouble:
            self._fail(order, str(trouble), permanent=False)
            self._note_failure(unit, str(trouble))
        except LinkDown as down:
            self._fail(order, str(down), permanent=False)
            raise

    async def _act(self, unit: Unit, action: NodeAction) -> None:
        if action.kind is ActionKind.REPORT and action.kind not in unit.registers.actions:
            unit.ask_at_once(self._clock.now())
            detail = "it is read next"
        else:
            detail = await self._talk.act(unit, action)
            self._note_answer(unit)
            if action.kind is ActionKind.SET_CLOCK:
                unit.ask_at_once(self._clock.now())
        self._emit(ActionFinished(unit.node.id, action.id, "done", self._clock.now(), detail))

    async def _poll(self, unit: Unit) -> None:
        """Read everything a unit's map names and emit what it says."""
        try:
            words, verified = await self._talk.ask(unit)
        except UnitTrouble as trouble:
            self._note_failure(unit, str(trouble))
            return
        now = self._clock.now()
        self._note_answer(unit)
        unit.was_polled(now, self._poll_apart)
        if unit.applying:
            unit.heard(now, verified=verified)
        try:
            events = heard(unit, words, now, verified=verified)
        except InvalidInput as error:
            events = [NodeUnreachable(unit.node.id, now, str(error))]
        for event in events:
            self._emit(event)

    def _note_answer(self, unit: Unit) -> None:
        self._silences = 0
        if unit.slow:
            self._work.set()  # its orders need wait no longer
        unit.answered(self._time_s())

    def _note_failure(self, unit: Unit, why: str) -> None:
        self._silences += 1
        now = self._clock.now()
        unit.failed(now, self._time_s(), self._endpoint.dead_poll_s, self._endpoint.timeout_s)
        if unit.slow:  # one lost answer is a line's daily bread; it is asked once more before anybody is told
            self._emit(NodeUnreachable(unit.node.id, now, why))

    def _fail(self, order: Order, why: str, *, permanent: bool) -> None:
        self._emit(failed(order, why, self._clock.now(), permanent=permanent))
