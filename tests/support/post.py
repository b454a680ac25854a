"""A desk for notices: a store in memory, a target, and a carrier that does what a test tells it."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from lightctl.app.clock import ManualClock
from lightctl.app.live import Live
from lightctl.app.notices.courier import Courier
from lightctl.app.notices.office import patience_of
from lightctl.app.notices.sorting import Sorting
from lightctl.domain.assets import Fleet
from lightctl.domain.states import Fault
from lightctl.files.settings_model import Settings
from lightctl.links.notice import Carrier, Notice
from lightctl.store.base import Recorded
from lightctl.store.sqlite import SqliteStore
from tests.support.desk import NOW, Office

T = TypeVar("T")
HOOK = {"type": "webhook", "url": "http://127.0.0.1:1/", "secret_file": "secret"}


@dataclass
class Told:
    """A carrier that keeps what it was given, and fails as `failures` say, one after the other."""

    notices: list[Notice] = field(default_factory=list)
    failures: list[Exception | None] = field(default_factory=list)

    async def carry(self, notice: Notice, now: dt.datetime) -> str:
        assert now.tzinfo is dt.UTC
        self.notices.append(notice)
        failure = self.failures.pop(0) if self.failures else None
        if failure is not None:
            raise failure
        return "taken"


@dataclass
class Post:
    """A city of three lamps whose one target is `ops`."""

    target: dict[str, Any] = field(default_factory=dict)
    carrier: Carrier = field(default_factory=Told)
    store: SqliteStore = field(init=False)

    def __post_init__(self) -> None:
        office = Office()
        office.furnish()
        self.store = office.store
        self.clock = ManualClock(NOW)
        self.live = Live(NOW, self.clock.now)
        self.settings = Settings.model_validate(
            {"site": {"name": "Duisburg"}, "notifications": {"ops": HOOK | self.target}}
        )
        self.fleet = Fleet.of(self.store.points(), self.settings.site.time_zone)
        self.open()

    def open(self) -> None:
        """Begin as a daemon does, also after one that was killed."""
        target = self.settings.notifications["ops"]
        self.sorting = Sorting("ops", target, self.settings, self.store, lambda: self.fleet)
        self.courier = Courier(
            "ops",
            self.carrier,
            self.sorting,
            patience_of(target),
            target.timeout_s,
            store=self.store,
            on_store_thread=self.here,
            clock=self.clock,
            live=self.live,
            chance=lambda: 1.0,
        )
        self.sorting.standing()

    async def here(self, work: Callable[[], T], /) -> T:
        await asyncio.sleep(0)
        return work()

    @property
    def now(self) -> dt.datetime:
        return self.clock.now()

    def later(self, **parts: float) -> None:
        """Let time pass."""
        self.clock.set(self.now + dt.timedelta(**parts))

    def happen(self, *faults: Fault) -> None:
        """Let faults open or clear."""
        self.store.commit(Recorded(faults=faults))

    async def tell(self) -> list[Notice]:
        """Let the courier do all that is to be done now; gives what it told."""
        assert isinstance(self.carrier, Told)
        before = len(self.carrier.notices)
        while await self.courier.turn() is None:
            assert len(self.carrier.notices) < before + 1000, "it never rests"
        return self.carrier.notices[before:]
