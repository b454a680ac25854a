"""Operations over a store in memory, with a clock set by hand; what the daemon would be told is kept."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field

from lightctl.app.asking import Actor, Guard, Role
from lightctl.app.desk import Desk
from lightctl.app.live import Live
from lightctl.app.operations import Operations
from lightctl.domain.assets import Fleet
from lightctl.domain.events import Event
from lightctl.files.settings_model import SafetySettings, Settings, SiteSettings
from lightctl.store.sqlite import SqliteStore

NOW = dt.datetime(2026, 12, 4, 18, 0, tzinfo=dt.UTC)
OPERATOR = Actor("olga", Role.OPERATOR)
TECHNICIAN = Actor("timo", Role.TECHNICIAN)
VIEWER = Actor("vera", Role.VIEWER)
# Its crossing follows the street's program and is kept up by the protection alone.
SETTINGS = Settings(site=SiteSettings(name="Test"), safety=SafetySettings(allow_below_protection=True))
INVENTORY = """id,lat,lon,kind,node,channel,profile,link,address,rated_power_w,group
LP1,51.4344,6.7623,lamp,n-1,0,native,mqtt,main,50,street
LP2,51.4345,6.7623,lamp,n-2,0,native,mqtt,main,50,street
ZEBRA,51.4346,6.7623,crossing,n-3,0,native,mqtt,main,50,
"""
SCHEDULES = {
    "city.yaml": """
version: 1
programs:
  street: {steps: [{at: "22:00", level: 50}]}
calendars:
  street: {default: street}
assignments:
  - {select: "*", calendar: street}
protections:
  - {select: kind=crossing, min_level: 80, reason: zebra crossings stay lit}
"""
}


def fleet_of(desk: Desk) -> Fleet:
    """Give the fleet as its store has it, for a test that writes there past all operations."""
    return Fleet.of(desk.store.points(), desk.settings.site.time_zone)


@dataclass
class Office:
    """A store, operations on it, and what the daemon was told."""

    now: dt.datetime = NOW
    settings: Settings = field(default_factory=lambda: SETTINGS)
    with_daemon: bool = True
    told: list[Event] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.store = SqliteStore(None)
        live = Live(self.now, lambda: self.now) if self.with_daemon else None
        self.operations = Operations(self.store, self.settings, lambda: self.now, self.hear, live)

    def hear(self, events: Sequence[Event]) -> None:
        self.told += events

    def import_inventory(self, text: str = INVENTORY) -> None:
        """Bring light points in."""
        self.operations.inventory_import(
            OPERATOR, text, format="csv", name="i.csv", mapping=None, skip_bad_rows=False, guard=Guard()
        )

    def furnish(self) -> None:
        """Bring inventory and schedules in."""
        self.import_inventory()
        self.operations.schedule_apply(OPERATOR, SCHEDULES, Guard())
        self.told.clear()

    @property
    def verbs(self) -> list[str]:
        """The verbs of the audit, oldest first."""
        return [entry.verb for entry in reversed(self.store.audit())]
