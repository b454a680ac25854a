"""The town on a stage: its nodes as the simulators play them, and how it comes into the store."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence

from lightctl.app.asking import Actor, Guard, Role
from lightctl.app.operations import Operations
from lightctl.cli.demo.mishaps import Mishap
from lightctl.cli.demo.scenery import INVENTORY, Scenery, native_fleet
from lightctl.cli.demo.stage import Stage
from lightctl.cli.demo.town import (
    CABINETS,
    CARRIES,
    LIVE,
    MIDDLE,
    MODBUS_LINK,
    SEGMENT_LAMP_W,
    SEGMENT_LAMPS,
    SEGMENTS,
    TIME_ZONE,
    WIRED_LAMPS,
)
from lightctl.domain.assets import LightPoint, Place
from lightctl.files.inventory import write_inventory
from lightctl.files.settings import Settings, SiteSettings
from lightctl.store.sqlite import SqliteStore


def town_scenery(mishaps: Sequence[Mishap]) -> Scenery:
    """Give the town of `build_town` as the simulators play it."""
    return Scenery(
        name="Demo town",
        place=Place(*MIDDLE, TIME_ZONE),
        fleets=(
            native_fleet(carries_nights=True, where={"make": CARRIES}),
            native_fleet(carries_nights=False, where={"make": LIVE}),
            {"kind": "json-dimmer", "inventory": INVENTORY},
        ),
        units=(*_cabinets(), *_wired_lamps()),
        modbus_link=MODBUS_LINK,
        mishaps=mishaps,
    )


def _cabinets() -> list[dict[str, object]]:
    return [
        {
            "unit": cabinet, "profile": "cabinet", "node": f"K{cabinet}", "channels": SEGMENTS,
            "lamps_per_channel": SEGMENT_LAMPS, "rated_power_w": SEGMENT_LAMP_W, "standby_power_w": 0,
            "points": [f"K{cabinet}-S{segment + 1}" for segment in range(SEGMENTS)],
        }
        for cabinet in CABINETS
    ]  # fmt: skip


def _wired_lamps() -> list[dict[str, object]]:
    return [
        {"unit": 10 + number, "profile": "modbus-lamp", "node": f"W{number}", "points": [f"W{number}"]}
        for number in WIRED_LAMPS
    ]


def bring_town_in(points: Sequence[LightPoint], files: Mapping[str, str]) -> Callable[[Stage], None]:
    """Import the light points and apply the schedules as an operator would before the first start."""

    def bring_in(stage: Stage) -> None:
        inventory = write_inventory(points, "csv")
        (stage.folder / INVENTORY).write_text(inventory, encoding="utf-8")
        settings = Settings(site=SiteSettings(name=stage.scenery.name, time_zone=stage.scenery.place.time_zone))
        store = SqliteStore(stage.store)
        try:
            operations = Operations(store, settings, lambda: dt.datetime.now(dt.UTC), lambda _events: None)
            operator = Actor("demo", Role.OPERATOR)
            guard = Guard(reason="demo", max_affected=len(points), accept_losses=True)
            operations.inventory_import(
                operator, inventory, format="csv", name=INVENTORY, mapping=None, skip_bad_rows=False, guard=guard
            )
            operations.schedule_apply(operator, files, guard)
        finally:
            store.close()

    return bring_in
