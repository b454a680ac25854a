"""A city for reports: light points, a month of usage as roll-ups leave it, outages, silence and burning by day.

Deterministic; all of it follows from the seed. python -m tests.support.paper_city FOLDER [LAMPS] makes a store on disk
with settings beside it, to look at: lightctl report month --month 2026-10 --config FOLDER/lightctl.toml.
"""

from __future__ import annotations

import datetime as dt
import random
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from lightctl.app.desk import Desk
from lightctl.domain.assets import LightPoint
from lightctl.domain.states import Fault, FaultEvent
from lightctl.files.settings_energy import TariffSettings
from lightctl.files.settings_model import Settings, SiteSettings
from lightctl.planning.night import Night
from lightctl.planning.wall import night_bounds
from lightctl.store.base import AuditDraft, Recorded
from lightctl.store.codec import pack, to_ms
from lightctl.store.sqlite import SqliteStore

ZONE = "Europe/Berlin"
FIRST, NIGHTS = dt.date(2026, 10, 1), 31
BEFORE = dt.datetime(2026, 9, 1, 10, tzinfo=dt.UTC)
AFTER = dt.datetime(2026, 11, 2, 8, tzinfo=dt.UTC)
RATED_W, STANDBY_W = 50.0, 1.0
PER_CABINET = 40
STREETS = ("Königstraße", "Mülheimer Straße", "Am Innenhafen", "Düsseldorfer Straße", "Grünstraße", "Hafenweg")
SCHEDULE = """
version: 1
programs:
  street:
    active: "dusk(-3) .. dawn(-3)"
    steps: [{at: "22:00", level: 70}, {at: "00:30", level: 50}, {at: "05:00", level: 100}]
calendars:
  street: {default: street}
assignments:
  - {select: "*", calendar: street}
"""
SETTINGS = Settings(
    site=SiteSettings(name="Duisburg", time_zone=ZONE),
    tariffs={
        "2026": TariffSettings(
            valid_from=dt.date(2026, 1, 1),
            price_per_kwh=0.30,
            price_year=2026,
            price_source="contract of the city works",
            co2_kg_per_kwh=0.363,
            co2_year=2024,
            co2_source="UBA",
        )
    },
)


@dataclass(frozen=True, slots=True)
class Trouble:
    """What happens to one lamp: from a night to before another it is `dark`, `silent` or burns by `day`."""

    lamp: int
    kind: str
    first: int
    last: int


def lamp_ids(lamps: int) -> list[str]:
    """Give the ids of a city's lamps."""
    return [f"LP-{number:05d}" for number in range(lamps)]


def points(lamps: int) -> Iterator[LightPoint]:
    """Give the light points of a city."""
    for number, light in enumerate(lamp_ids(lamps)):
        yield LightPoint(
            light,
            51.4344,
            6.7623,
            kind="lamp",
            road_class="local",
            rated_power_w=RATED_W,
            standby_power_w=STANDBY_W,
            node=f"n-{number:05d}",
            cabinet=f"KV-{number // PER_CABINET:03d}",
            tags={"street": f"{STREETS[number // PER_CABINET % len(STREETS)]} {number % PER_CABINET + 1}"},
        )


def troubles(lamps: int, seed: int = 1) -> list[Trouble]:
    """Give what happens in the month: about one lamp in a hundred fails, a few are silent, a few burn by day."""
    chance = random.Random(seed)
    found = []
    for lamp in chance.sample(range(lamps), max(1, lamps // 60)):
        first = chance.randrange(0, NIGHTS - 1)
        kind = chance.choices(("dark", "silent", "day"), (6, 3, 1))[0]
        found.append(Trouble(lamp, kind, first, min(NIGHTS, first + 1 + int(chance.expovariate(0.25)))))
    return found


def furnish(store: SqliteStore, lamps: int, happening: Iterable[Trouble], *, quarters: int = 50) -> None:
    """Bring a city and its month into a store; `quarters`: of how many lamps the quarters of an hour are written."""
    audit = AuditDraft(BEFORE, "olga", "cli", "inventory import", "")
    store.put_points(tuple(points(lamps)), audit)
    store.put_schedules({"city.yaml": SCHEDULE}, AuditDraft(BEFORE, "olga", "cli", "schedule apply", ""))
    by_lamp: dict[int, list[Trouble]] = {}
    for each in happening:
        by_lamp.setdefault(each.lamp, []).append(each)
    _write_usage(store, lamps, by_lamp, quarters)
    store.commit(Recorded(faults=tuple(_faults(by_lamp))))


def _write_usage(store: SqliteStore, lamps: int, happening: dict[int, list[Trouble]], quarters: int) -> None:
    desk = Desk(store, SETTINGS, lambda: AFTER, lambda _events: None, None)
    first = next(iter(desk.fleet.points.values()), None)
    if first is None:
        return
    nights = [desk.plan.night(first, FIRST + dt.timedelta(days=each)).night for each in range(NIGHTS)]
    db = store._telemetry
    with db.transaction():
        db.run_many(
            "INSERT INTO channels (id, node, channel, counts) VALUES (?, ?, 0, 1)",
            [(number + 1, f"n-{number:05d}") for number in range(lamps)],
        )
        rows = (
            row
            for number in range(lamps)
            for at, night in enumerate(nights)
            for row in _rows(number, night, _state(happening.get(number, ()), at), fine=number < quarters)
        )
        db.run_many("INSERT INTO usage VALUES (?, ?, ?, ?, ?, ?, ?)", rows)


def _state(troubles: Iterable[Trouble], at: int) -> str:
    return next((each.kind for each in troubles if each.first <= at < each.last), "well")


def _rows(number: int, night: Night, state: str, *, fine: bool) -> Iterator[tuple[object, ...]]:
    if state == "silent":
        return
    spans = [(night.start, night.end)]
    if fine:
        steps = round((night.end - night.start) / dt.timedelta(minutes=15))
        quarter = dt.timedelta(minutes=15)
        spans = [(night.start + quarter * each, night.start + quarter * (each + 1)) for each in range(steps)] + spans
    for since, until in spans:
        whole = (since, until) == (night.start, night.end)
        levels: dict[int, float] = {}
        for begin, end, level in night.segments():
            seconds = (min(end, until) - max(begin, since)).total_seconds()
            if seconds > 0:
                shown = 0 if state == "dark" else max(level, 100) if state == "day" else level
                levels[shown] = levels.get(shown, 0.0) + seconds
        length = (until - since).total_seconds()
        energy = sum((STANDBY_W + (RATED_W - STANDBY_W) * level / 100) * s for level, s in levels.items()) / 3600
        ms = {level: round(seconds * 1000) for level, seconds in levels.items()}
        yield int(whole), number + 1, to_ms(since), energy, round(length * 1000), 12, pack(ms)


def _faults(happening: dict[int, list[Trouble]]) -> Iterator[Fault]:
    for number, troubles in happening.items():
        for each in troubles:
            opened = night_bounds(FIRST + dt.timedelta(days=each.first), ZONE)[0] + dt.timedelta(hours=7)
            cleared = night_bounds(FIRST + dt.timedelta(days=each.last), ZONE)[0] - dt.timedelta(hours=2)
            over = cleared if each.last < NIGHTS else None
            match each.kind:
                case "dark":
                    subject, event = ("light point", f"LP-{number:05d}"), FaultEvent.LAMP_FAILURE
                case "silent":
                    subject, event = ("node", f"n-{number:05d}"), FaultEvent.COMMUNICATION_FAILURE
                case _:
                    subject, event = ("light point", f"LP-{number:05d}"), FaultEvent.LAMP_UNEXPECTED_ON
            yield Fault(event, *subject, opened, "by a test")
            if over is not None:
                yield Fault(event, *subject, opened, "by a test", cleared_at=over)


def main(folder: str, lamps: str = "2000") -> None:
    """Make a city on disk."""
    where = Path(folder)
    where.mkdir(parents=True, exist_ok=True)
    epoch = f"start = {AFTER.isoformat()}\nmachine_epoch = {dt.datetime.now(dt.UTC).timestamp()}\n"
    tariff = SETTINGS.tariffs["2026"]
    (where / "lightctl.toml").write_text(
        f'[site]\nname = "Duisburg"\ntime_zone = "{ZONE}"\n[store]\ndirectory = "store"\n[clock]\n{epoch}'
        f"[tariffs.2026]\nvalid_from = 2026-01-01\nprice_per_kwh = {tariff.price_per_kwh}\nprice_year = 2026\n"
        f'price_source = "{tariff.price_source}"\nco2_kg_per_kwh = 0.363\nco2_year = 2024\nco2_source = "UBA"\n'
    )
    store = SqliteStore(where / "store")
    try:
        furnish(store, int(lamps), troubles(int(lamps)))
    finally:
        store.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
