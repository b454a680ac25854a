"""A broker swapped for another make, or back empty, is filled again: controller, link and nodes together."""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from lightctl.app.clock import RunClock
from lightctl.control.controller import Controller
from lightctl.control.policy import Policy
from lightctl.devices.codec import decode_desired
from lightctl.devices.profile import shipped_profiles
from lightctl.domain.assets import Fleet
from lightctl.domain.events import Event, FleetChanged, IntentChanged, OverrideSet
from lightctl.domain.selectors import EVERYTHING
from lightctl.domain.states import Command, CommandState, DesiredState, Override, Scope
from lightctl.links.mqtt import MqttEndpoint, MqttLink
from simulators.runner import Run
from simulators.scenario import read_scenario
from tests.support.brokers import free_port, start_mosquitto, start_nats
from tests.support.controlled import ZONE, intent, lamp
from tests.support.street import street

STARTS = {"nats": start_nats, "mosquitto": start_mosquitto}
NODES = ("n-1", "n-2", "n-3")
PATIENCE_S = 20.0


class Heart:
    """A controller behind a real link, and what it has decided so far."""

    def __init__(self, port: int) -> None:
        self._clock = RunClock()
        self._events: asyncio.Queue[Event] = asyncio.Queue()
        self._changed = asyncio.Event()
        self._controller = Controller(Policy(settle_s=1.0), shipped_profiles(), ZONE)
        endpoint = MqttEndpoint("127.0.0.1", port, reconnect_cap_s=0.3)
        self._link = MqttLink("mqtt", endpoint, shipped_profiles(), self._events.put_nowait, self._clock, seed=7)
        self.commands: dict[str, Command] = {}
        self.desired: dict[str, DesiredState] = {}

    def now(self) -> dt.datetime:
        return self._clock.now()

    def tell(self, *events: Event) -> None:
        for event in events:
            self._events.put_nowait(event)

    async def until_confirmed(self, least: int) -> None:
        """Wait until every node has confirmed a revision of at least so much."""
        async with asyncio.timeout(PATIENCE_S):
            while not all(
                (command := self.commands.get(node)) is not None
                and command.state is CommandState.CONFIRMED
                and command.revision >= least
                for node in NODES
            ):
                self._changed.clear()
                await self._changed.wait()

    @contextlib.asynccontextmanager
    async def beating(self) -> AsyncIterator[None]:
        fleet = Fleet.of([lamp(node, node=node) for node in NODES], ZONE)
        self._link.attach(fleet.nodes)
        self.tell(FleetChanged(fleet), IntentChanged(intent()))
        tasks = [asyncio.create_task(self._link.run()), asyncio.create_task(self._beat())]
        try:
            yield
            assert not any(task.done() for task in tasks), tasks
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _beat(self) -> None:
        while True:
            effects = self._controller.step([await self._events.get()], self.now())
            self.commands |= {command.node: command for command in effects.commands}
            self.desired |= {desired.node: desired for desired in effects.desired}
            for each in effects.submissions:
                self._link.submit(each)
            self._changed.set()


@contextlib.asynccontextmanager
async def simulated(port: int, folder: Path) -> AsyncIterator[None]:
    text = (
        f"heartbeat_s: 3600\nplace: {{lat: 51.45, lon: 7.01, time_zone: {ZONE}}}\n"
        f'mqtt: {{url: "mqtt://127.0.0.1:{port}", connections: 2}}\n'
        f"fleets: [{{kind: native, ids: [{', '.join(NODES)}]}}]\n"
    )
    run = Run(read_scenario(text, "street.yaml", folder, dt.datetime.now(dt.UTC)))
    ready = asyncio.Event()
    task = asyncio.create_task(run.run(lambda _: ready.set()))
    try:
        async with asyncio.timeout(PATIENCE_S):
            await ready.wait()
        yield
    finally:
        run.stop()
        await task


@pytest.mark.parametrize(("first", "second"), [("nats", "mosquitto"), ("mosquitto", "nats"), ("nats", "nats")])
async def test_a_swapped_broker_is_filled_again_and_the_next_order_gets_through(first, second, tmp_path):
    port = free_port()
    with contextlib.ExitStack() as brokers:
        old = brokers.enter_context(STARTS[first](tmp_path / "old", port))
        heart = Heart(port)
        async with heart.beating(), simulated(port, tmp_path):
            await heart.until_confirmed(1)
            old.kill()
            new = STARTS[second](tmp_path / "new", port)
            await asyncio.to_thread(new.__enter__)
            brokers.push(new.__exit__)
            async with street("127.0.0.1", port) as seen:
                for node in NODES:
                    payload = (await seen.until(f"lightctl/v1/main/{node}/desired", seconds=PATIENCE_S))[-1]
                    assert decode_desired(node, payload).revision == heart.desired[node].revision
            highest = max(desired.revision for desired in heart.desired.values())
            until = heart.now() + dt.timedelta(minutes=10)
            heart.tell(OverrideSet(Override("o1", Scope.SITE, EVERYTHING, 40, heart.now(), until, user="test")))
            await heart.until_confirmed(highest + 1)
            assert {heart.desired[node].channels[0].override.level for node in NODES} == {40}
