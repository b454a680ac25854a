"""Metrics: one daemon's registry, how its figures come to be, and the text a scrape gets.

The control loop counts what happens. A task goes round the fleet in slices, one round each `every_s` seconds of the
machine. A scrape has the store's figures read when they are older than that, and waits for the store a moment only: a
disk that hangs makes them old, which shows in their age, and never keeps a scrape.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from typing import TypeVar

import structlog
from prometheus_client import CollectorRegistry, GCCollector, ProcessCollector, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from lightctl.app.live import Live
from lightctl.app.metrics.families import Families, Inventory, Sources
from lightctl.app.metrics.instruments import Instruments
from lightctl.app.metrics.tally import Tally
from lightctl.app.running.inbox import Inbox
from lightctl.control.census import Census
from lightctl.control.controller import Controller
from lightctl.control.effects import Effects
from lightctl.domain.assets import LightPoint
from lightctl.domain.errors import StoreError
from lightctl.domain.events import Event, FleetChanged, NightlyRun
from lightctl.files.settings_metrics import MetricsSettings
from lightctl.links.base import Link

CONTENT_TYPE = CONTENT_TYPE_LATEST
T = TypeVar("T")
SLICE = 200  # nodes counted in one go: a few milliseconds
PATIENCE_S = 2.0
log = structlog.get_logger("lightctl.metrics")


class Metrics:
    """What one daemon counts and says. Belongs to its event loop; only `instruments` may be told from other threads."""

    def __init__(self, settings: MetricsSettings, live: Live, inbox: Inbox) -> None:
        """Begin with nothing counted."""
        self.public = settings.public
        self._every_s = settings.every_s
        self._live = live
        self.registry = CollectorRegistry(auto_describe=False)
        self.instruments = Instruments(self.registry)
        self.sources = Sources(live, inbox)
        self.registry.register(Families(self.sources))
        ProcessCollector(registry=self.registry)
        GCCollector(registry=self.registry)
        self._uncounted: Sequence[LightPoint] | None = None
        self._tallying: asyncio.Task[None] | None = None
        self._tallied_s = float("-inf")
        self._take_tally: Callable[[], Awaitable[Tally]] | None = None

    def connect(self, links: Mapping[str, Link], take_tally: Callable[[], Awaitable[Tally]]) -> None:
        """Say whose orders wait, and how the store's figures are read."""
        self.sources.links = links
        self._take_tally = take_tally

    def hear(self, events: Sequence[Event]) -> None:
        """Take note of a batch of events before it is decided."""
        self.instruments.hear(events)
        for event in events:
            if isinstance(event, FleetChanged):
                self._uncounted = tuple(event.fleet.points.values())

    def stepped(self, events: Sequence[Event], effects: Effects, seconds: float) -> None:
        """Take note of one step of the controller that went well."""
        self.instruments.decided(effects, len(events), seconds)
        if any(isinstance(event, NightlyRun) for event in events):
            self.sources.nightly_at = self._live.clock_now()

    async def count(self, controller: Controller) -> None:
        """Go round the fleet for ever, in slices, one round each `every_s` seconds."""
        while True:
            began_s = time.monotonic()
            await self._go_round(controller)
            await asyncio.sleep(max(0.0, self._every_s - (time.monotonic() - began_s)))

    async def _go_round(self, controller: Controller) -> None:
        await self._count_inventory()
        census, worked_s = Census(), 0.0
        at = self._live.clock_now()
        for nodes in _slices(controller.nodes):
            began_s = time.perf_counter()
            controller.count(nodes, census, self._live.clock_now())
            worked_s += time.perf_counter() - began_s
            await asyncio.sleep(0)
        self._live.note("metrics", "")
        self.sources.census, self.sources.census_at, self.sources.census_s = census, at, worked_s

    async def _count_inventory(self) -> None:
        """Count light points by their state, when they changed."""
        points, self._uncounted = self._uncounted, None
        if points is None:
            return
        inventory = Inventory()
        for slice_ in _slices(points):
            for point in slice_:
                inventory.add(point)
            await asyncio.sleep(0)
        self.sources.inventory = inventory

    async def scrape(self) -> bytes:
        """Give every figure as Prometheus reads it."""
        if self._tallying is None and time.monotonic() - self._tallied_s >= self._every_s:
            self._tallying = asyncio.create_task(self._tally(), name="metrics: tally")
        if self._tallying is not None:
            await asyncio.wait((self._tallying,), timeout=PATIENCE_S)
        return generate_latest(self.registry)

    async def close(self) -> None:
        """Let a reading of the store that is under way go."""
        if self._tallying is not None:
            self._tallying.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._tallying

    async def _tally(self) -> None:
        began_s = time.monotonic()
        try:
            if self._take_tally is not None:
                self.sources.tally = await self._take_tally()
                self.sources.tally_at = self._live.clock_now()
                self.sources.tally_s = time.monotonic() - began_s
        except StoreError as error:
            log.warning("the store's figures cannot be read", why=str(error))
        finally:
            self._tallied_s = time.monotonic()
            self._tallying = None


def _slices(items: Sequence[T]) -> Iterator[Sequence[T]]:
    return (items[start : start + SLICE] for start in range(0, len(items), SLICE))
