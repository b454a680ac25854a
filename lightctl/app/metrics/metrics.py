"""Metrics: one daemon's registry, how its figures come to be, and the text a scrape gets.

The control loop counts what happens. All else is counted for those who ask: a scrape has the fleet gone round in slices
and the store read where these figures are older than `every_s` seconds of the machine, and waits for them a moment
only: a disk that hangs makes them old, which shows in their age, and never keeps a scrape.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import time
from collections.abc import Awaitable, Callable, Collection, Iterator, Mapping, Sequence
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


class Figures:
    """Figures that are worked out anew when they are asked for and too old; once at a time."""

    def __init__(self, name: str, work_out: Callable[[], Awaitable[None]], every_s: float) -> None:
        """Begin with none."""
        self._name = name
        self._work_out = work_out
        self._every_s = every_s
        self._ended_s = float("-inf")
        self._task: asyncio.Task[None] | None = None

    def renewal(self) -> asyncio.Task[None] | None:
        """Give their renewal, begun if they are too old; None while they are new enough."""
        if self._task is None and time.monotonic() - self._ended_s >= self._every_s:
            self._task = asyncio.create_task(self._renew(), name=f"metrics: {self._name}")
        return self._task

    async def close(self) -> None:
        """Let a renewal that is under way go."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    async def _renew(self) -> None:
        try:
            await self._work_out()
        finally:
            self._ended_s = time.monotonic()
            self._task = None


class Metrics:
    """What one daemon counts and says. Belongs to its event loop; only `instruments` may be told from other threads."""

    def __init__(self, settings: MetricsSettings, live: Live, inbox: Inbox) -> None:
        """Begin with nothing counted."""
        self.public = settings.public
        self._live = live
        self.registry = CollectorRegistry(auto_describe=False)
        self.instruments = Instruments(self.registry)
        self.sources = Sources(live, inbox)
        self.registry.register(Families(self.sources))
        ProcessCollector(registry=self.registry)
        GCCollector(registry=self.registry)
        self._uncounted: Collection[LightPoint] | None = None
        self._every_s = settings.every_s
        self._figures: tuple[Figures, ...] = ()

    def connect(
        self, links: Mapping[str, Link], controller: Controller, take_tally: Callable[[], Awaitable[Tally]]
    ) -> None:
        """Say whose orders wait, who knows the fleet, and how the store's figures are read."""
        self.sources.links = links
        self._figures = (
            Figures("census", functools.partial(self._count, controller), self._every_s),
            Figures("tally", functools.partial(self._tally, take_tally), self._every_s),
        )

    def hear(self, events: Sequence[Event]) -> None:
        """Take note of a batch of events before it is decided."""
        self.instruments.hear(events)
        for event in events:
            if isinstance(event, FleetChanged):
                self._uncounted = event.fleet.points.values()

    def stepped(self, events: Sequence[Event], effects: Effects, seconds: float) -> None:
        """Take note of one step of the controller that went well."""
        self.instruments.decided(effects, len(events), seconds)
        if any(isinstance(event, NightlyRun) for event in events):
            self.sources.nightly_at = self._live.clock_now()

    async def scrape(self) -> bytes:
        """Give every figure as Prometheus reads it."""
        renewals = [renewal for figures in self._figures if (renewal := figures.renewal()) is not None]
        if renewals:
            await asyncio.wait(renewals, timeout=PATIENCE_S)
        return generate_latest(self.registry)

    async def close(self) -> None:
        """Let what is being counted go."""
        for figures in self._figures:
            await figures.close()

    async def _count(self, controller: Controller) -> None:
        """Go round the fleet, in slices."""
        try:
            await self._count_inventory()
            census, worked_s = Census(), 0.0
            at = self._live.clock_now()
            for nodes in _slices(controller.nodes):
                began_s = time.perf_counter()
                controller.count(nodes, census, self._live.clock_now())
                worked_s += time.perf_counter() - began_s
                await asyncio.sleep(0)
        except Exception as error:  # what cannot be counted must keep nobody from the other figures
            log.exception("lamps and nodes cannot be counted")
            self._live.note("metrics", f"lamps and nodes are not counted: {type(error).__name__}: {error}")
        else:
            self._live.note("metrics", "")
            self.sources.census, self.sources.census_at, self.sources.census_s = census, at, worked_s

    async def _count_inventory(self) -> None:
        """Count light points by their state, when they changed."""
        points, self._uncounted = self._uncounted, None
        if points is None:
            return
        inventory = Inventory()
        for slice_ in _slices(tuple(points)):
            for point in slice_:
                inventory.add(point)
            await asyncio.sleep(0)
        self.sources.inventory = inventory

    async def _tally(self, take_tally: Callable[[], Awaitable[Tally]]) -> None:
        """Read the store."""
        began_s = time.monotonic()
        try:
            self.sources.tally = await take_tally()
        except StoreError as error:
            log.warning("the store's figures cannot be read", why=str(error))
        else:
            self.sources.tally_at = self._live.clock_now()
            self.sources.tally_s = time.monotonic() - began_s


def _slices(items: Sequence[T]) -> Iterator[Sequence[T]]:
    return (items[start : start + SLICE] for start in range(0, len(items), SLICE))
