"""The daemon: wires clock, store, controller, links and the HTTP door together and runs until told to stop.

One ring: links, alarm, operations and boot put events on the inbox, and the control loop takes them off it. The store
has one thread of its own; everything that touches it runs there, the operations of the HTTP door too. A stop finishes
the batch in hand, records it and closes the store.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import functools
import os
import signal
import time
from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

import structlog

from lightctl import __version__
from lightctl.app.clock import Alarm, RunClock
from lightctl.app.energy.luminaires import luminaire_types
from lightctl.app.live import Live
from lightctl.app.metrics.metrics import Metrics
from lightctl.app.notices.office import Office
from lightctl.app.operations import Operations
from lightctl.app.reporting.files import ReportFiles
from lightctl.app.running.boot import boot_events, revision_floor
from lightctl.app.running.collector import give_back, keep_little, relax, undisturbed
from lightctl.app.running.control_loop import ControlLoop, held_by
from lightctl.app.running.door import BuildDoor, announced, keep_door, open_door, url_of
from lightctl.app.running.first_token import write_first_token
from lightctl.app.running.inbox import Inbox
from lightctl.app.running.keeping import keep_running
from lightctl.app.running.logs import configure_logs
from lightctl.app.running.recorder import Recorder
from lightctl.app.running.sdnotify import sd_notify
from lightctl.app.running.timekeeping import Timekeeper, own_time_of
from lightctl.app.running.upkeep import Upkeep
from lightctl.app.running.wiring import build_links, policy_of, time_scale_of
from lightctl.control.controller import Controller
from lightctl.control.effects import Effects
from lightctl.devices.profile import shipped_profiles
from lightctl.domain.events import Event, FleetChanged, LinkChanged, NightlyRun
from lightctl.files.settings import Settings
from lightctl.links.base import Link
from lightctl.planning.wall import next_wall_time
from lightctl.store.lock import StoreOwned
from lightctl.store.sqlite import SqliteStore

T = TypeVar("T")
log = structlog.get_logger("lightctl.daemon")
LOCK_PATIENCE_S, LOCK_RETRY_S = 5.0, 0.1


class Daemon:
    """One running lightctl; `run` is its whole life."""

    def __init__(self, settings: Settings, build_door: BuildDoor) -> None:
        """Take settings, and what time it was in the run before; nothing else is opened before `run`."""
        self._settings = settings
        self._build_door = build_door
        self._own_time = own_time_of(settings)
        self._clock = RunClock(time_scale_of(settings), self._own_time)
        self._live = Live(self._clock.now(), self._clock.now)
        self._inbox = Inbox(dropped=self._live.drop)
        self._alarm = Alarm(self._clock)
        self._profiles = shipped_profiles()
        self._controller = Controller(
            policy_of(settings),
            self._profiles,
            settings.site.time_zone,
            revision_floor(self._clock.now()),
            luminaire_types(settings),
        )
        self._live.sensors = self._controller.sensors
        self._links: dict[str, Link] = {}
        self._metrics = Metrics(settings.metrics, self._live, self._inbox)
        self._stop = asyncio.Event()
        self._store_thread = ThreadPoolExecutor(1, thread_name_prefix="store")

    async def run(self) -> None:
        """Serve until SIGTERM or SIGINT; then finish what is in hand and leave nothing behind."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._stop.set)
        store = await self._open_store()
        try:
            await self._serve(store)
        finally:
            sd_notify(os.environ, "STOPPING=1")
            await self._on_store_thread(store.close)
            self._store_thread.shutdown()
            log.info("stopped")

    async def _open_store(self) -> SqliteStore:
        """Open the store; a command that holds it for a moment is waited for, another daemon is not."""
        opening = functools.partial(SqliteStore, Path(self._settings.store.directory), check_beside=True)
        patience = time.monotonic() + LOCK_PATIENCE_S
        while True:
            try:
                return await self._on_store_thread(opening)
            except StoreOwned:
                if time.monotonic() > patience or self._stop.is_set():
                    raise
                await asyncio.sleep(LOCK_RETRY_S)

    async def _serve(self, store: SqliteStore) -> None:
        here = asyncio.get_running_loop()

        def notify(events: Sequence[Event]) -> None:
            here.call_soon_threadsafe(self._inbox.put_all, tuple(events))

        operations = Operations(store, self._settings, self._clock.now, notify, self._live)
        directory = Path(self._settings.store.directory)
        self._links = build_links(self._settings, self._profiles, self._emit, self._clock)
        for name in self._links:
            self._live.hear(LinkChanged(name, up=False, at=self._clock.now(), detail="not connected yet"))
        recorder = Recorder(
            store,
            self._on_store_thread,
            self._live,
            self._inbox.put_all,
            self._settings.delivery.clock_untrusted_s,
            self._metrics.instruments,
        )
        keeper = Timekeeper(self._own_time, directory, self._live, self._alarm, self._node_clocks, self._emit)
        machine_s = self._clock.scale.machine_seconds
        office = Office(self._settings, store, self._on_store_thread, self._clock, self._live, machine_s)
        loop = ControlLoop(
            self._controller, self._inbox, recorder, self._clock, self._alarm, self._live, self._metrics, self._links,
            office, lambda now: self._on_store_thread(functools.partial(held_by, store, now)),
        )  # fmt: skip
        self._metrics.connect(self._links, self._controller, functools.partial(self._on_store_thread, operations.tally))
        self._alarm.start()
        listener = open_door(self._settings.http)
        try:
            async with asyncio.TaskGroup() as tasks:
                running: list[asyncio.Task[None]] = []

                def keep(part: Coroutine[Any, Any, None], name: str) -> None:
                    running.append(tasks.create_task(part, name=name))

                def reach_out() -> None:
                    for link in self._links.values():
                        keep(self._keep_link(link), f"link {link.name}")

                with undisturbed():
                    decided = await self._boot(store, operations, loop, (recorder, keeper), reach_out)
                await self._on_store_thread(office.settle_in)
                self._set_nightly_run()
                control = tasks.create_task(loop.run(decided), name="control loop")
                del decided
                for name, part in self._beside(store, operations, keeper, office):
                    keep(part, name)
                await self._on_store_thread(functools.partial(write_first_token, operations, directory))
                door = await asyncio.to_thread(
                    self._build_door, operations, self._on_store_thread, health=self._health, metrics=self._metrics
                )
                url = url_of(self._settings.http, listener)
                async with announced(directory, url):
                    keep(keep_door(door, self._settings.http, listener, self._live), "http door")
                    give_back()
                    sd_notify(os.environ, "READY=1")
                    log.info("serving", url=url, version=__version__, store=str(directory))
                    keep(asyncio.to_thread(store.inspect), "inspection")  # damage ends the daemon
                    await self._stop.wait()
                    log.info("stopping")
                    for task in running:
                        task.cancel()
                    await asyncio.gather(*running, return_exceptions=True)
                    control.cancel()
        finally:
            listener.close()
            self._alarm.stop()
            await self._metrics.close()
            await loop.settle()

    async def _boot(
        self,
        store: SqliteStore,
        operations: Operations,
        loop: ControlLoop,
        faulty: Sequence[Recorder | Timekeeper],
        reach_out: Callable[[], None],
    ) -> Effects:
        """Know again what the store remembers, and decide on it; nobody acts before the store is known to be sound.

        The links find their brokers while it is decided: what they hear waits in the inbox, and no order is theirs yet.
        """
        try:
            snapshot = await self._on_store_thread(functools.partial(store.replay, self._clock.now()))
            for each in faulty:
                each.take_up(snapshot.open_faults)
            events = tuple(boot_events(snapshot, self._settings.site.time_zone))
            del snapshot
            for event in events:
                if isinstance(event, FleetChanged):
                    operations.know(event.fleet)
            loop.hear(events)
            reach_out()
            return await asyncio.to_thread(loop.decide, events)
        finally:  # damage may have come out as any other error: it is what is to be said
            await self._on_store_thread(store.insist_on_soundness)

    def _beside(
        self, store: SqliteStore, operations: Operations, keeper: Timekeeper, office: Office
    ) -> Iterator[tuple[str, Coroutine[Any, Any, None]]]:
        """Give what runs beside links, control loop and door, by name."""
        yield from office.parts()
        terms, forget = operations.upkeeping, operations.citizen_forget
        upkeep = Upkeep(store, self._on_store_thread, self._alarm, self._live, terms, forget, keeper.sure)
        yield "upkeep", self._keep_upkeep(upkeep)
        yield "timekeeping", self._keep_time(keeper)
        if self._settings.reports.directory:
            yield "reports", self._keep_reports(store, operations)

    async def _keep_link(self, link: Link) -> None:
        def say(why: str) -> None:
            self._emit(LinkChanged(link.name, up=False, at=self._clock.now(), detail=why))

        await keep_running(f"link {link.name}", link.run, say)

    async def _keep_upkeep(self, upkeep: Upkeep) -> None:
        await keep_running("upkeep", upkeep.run, lambda why: self._live.note("upkeep", f"upkeep failed: {why}"))

    async def _keep_time(self, keeper: Timekeeper) -> None:
        await keep_running(
            "timekeeping", keeper.run, lambda why: self._live.note("clock", f"timekeeping failed: {why}")
        )

    def _node_clocks(self, most: int) -> list[float]:
        """Give how far some nodes' clocks are ahead of ours (s of the machine)."""
        return [self._clock.scale.machine_seconds(off_s) for off_s in self._controller.node_clocks(most)]

    async def _keep_reports(self, store: SqliteStore, operations: Operations) -> None:
        def say(why: str) -> None:
            self._live.note("reports", why)

        files = ReportFiles(store, operations, self._settings, self._on_store_thread, say)
        await keep_running("reports", lambda: files.keep_writing(self._clock, self._alarm), say)

    def _emit(self, event: Event) -> None:
        self._inbox.put(event)

    def _set_nightly_run(self) -> None:
        at = next_wall_time(self._clock.now(), self._settings.nightly.at, self._settings.site.time_zone)
        self._metrics.sources.nightly_next = at
        self._alarm.wake("nightly", at, functools.partial(self._run_nightly, at))

    def _run_nightly(self, planned: dt.datetime) -> None:
        if self._clock.now() >= planned:
            self._inbox.put(NightlyRun())
        self._set_nightly_run()

    async def _on_store_thread(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._store_thread, work)

    def _health(self) -> Mapping[str, Any]:
        return {
            "ok": "store" not in self._live.notes,
            "version": __version__,
            "started_at": self._live.started_at.isoformat().replace("+00:00", "Z"),
            "links": {name: view.up for name, view in self._live.links.items()},
            "inbox": len(self._inbox),
        }


async def serve(settings: Settings, build_door: BuildDoor) -> None:
    """Run a daemon to its end; raises StoreError or LinkDown when it cannot start."""
    configure_logs(settings.log)
    relax()
    keep_little()
    await Daemon(settings, build_door).run()
