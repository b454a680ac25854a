"""A desk whose store holds usage that a test wrote down, beside everything a store holds."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from lightctl.app.asking import Guard
from lightctl.app.desk import Desk
from lightctl.app.operations import Operations
from lightctl.domain.usage import MeterUsage, Resolution, Usage
from lightctl.files.settings_model import Settings
from lightctl.store.base import AuditDraft
from lightctl.store.sqlite import SqliteStore
from tests.support.desk import OPERATOR, fleet_of

UTC = dt.UTC


class WrittenUsage(SqliteStore):
    """A store whose roll-ups are what the test says."""

    def __init__(self) -> None:
        super().__init__(None)
        self.usages: dict[Resolution, list[Usage]] = {each: [] for each in Resolution}
        self.meters: dict[Resolution, list[MeterUsage]] = {each: [] for each in Resolution}

    def usage(
        self, resolution: Resolution, since: dt.datetime, until: dt.datetime, nodes: Sequence[str] | None = None
    ) -> Iterator[Usage]:
        del nodes  # the one who asks is to choose among more than it asked for
        found = [each for each in self.usages[resolution] if since <= each.start < until]
        yield from sorted(found, key=lambda each: (each.node, each.channel, each.start))

    def meter_usage(
        self, resolution: Resolution, since: dt.datetime, until: dt.datetime, nodes: Sequence[str] | None = None
    ) -> Iterator[MeterUsage]:
        del nodes  # the one who asks is to choose among more than it asked for
        yield from [each for each in self.meters[resolution] if since <= each.start < until]


class Books:
    """A city with a clock set by hand, whose usage a test writes down."""

    def __init__(self, settings: Settings, imported: dt.datetime, now: dt.datetime) -> None:
        self.store = WrittenUsage()
        self.now = imported
        self.later = now
        self.settings = settings
        self.operations = Operations(self.store, settings, lambda: self.now, lambda _events: None)
        self.desk = Desk(self.store, settings, lambda: self.now, lambda _events: None, None)

    def furnish(self, inventory: str, schedules: Mapping[str, str]) -> None:
        """Bring inventory and schedules in at the first instant; then it is later."""
        self.operations.inventory_import(
            OPERATOR, inventory, format="csv", name="i.csv", mapping=None, skip_bad_rows=False,
            guard=Guard(max_affected=100_000),
        )  # fmt: skip
        if schedules:
            self.store.put_schedules(schedules, AuditDraft(self.now, "olga", "cli", "schedule apply", "", ""))
        self.desk.take(fleet_of(self.desk))
        self.now = self.later

    def saw(self, resolution: Resolution, node: str, start: dt.datetime, **others: Any) -> None:
        """Write a usage down: energy_wh, metered_s, level_s."""
        usage = {"channel": 0, "energy_wh": None, "metered_s": 0.0, "level_s": {}, "reports": 1} | others
        self.store.usages[resolution].append(Usage(node=node, start=start, **usage))

    def counted(self, resolution: Resolution, node: str, start: dt.datetime, wh: float, seconds: float) -> None:
        """Write down what a meter counted."""
        self.store.meters[resolution].append(MeterUsage(node, start, wh, seconds))
