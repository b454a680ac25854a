"""The town on a stage: its nodes as the simulators play them, and how it comes into the store."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

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
from lightctl.store.base import AuditDraft
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
    """Put light points and schedules into the store, an audit entry each, as an operator's first two commands do.

    What else those do, a year of impact and lint for people to read, is left out: it takes as long as all the rest.
    """

    def bring_in(stage: Stage) -> None:
        (stage.folder / INVENTORY).write_text(write_inventory(points, "csv"), encoding="utf-8")
        store = SqliteStore(stage.store)
        try:
            imported = AuditDraft(dt.datetime.now(dt.UTC), "demo", "demo", "inventory import", INVENTORY, "demo")
            store.put_points(points, imported)
            store.put_schedules(files, replace(imported, verb="schedule apply", target="city"), affected=len(points))
        finally:
            store.close()

    return bring_in
