"""A large city in a store: light points, what every node was last asked and last said, and a journal of many nights.

What a daemon at work would have left behind: made by the controller itself, but for the commands of former nights,
which are as many rows as 30 nightly renewals of every node leave, copied in the database from the last.
"""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Iterable, Iterator
from dataclasses import fields
from pathlib import Path

from lightctl.app.running.boot import boot_events, revision_floor
from lightctl.control.controller import Controller
from lightctl.control.effects import Effects
from lightctl.control.policy import Policy
from lightctl.devices.profile import shipped_profiles
from lightctl.domain.assets import Capabilities, LightPoint
from lightctl.domain.events import CommandSent, Event, NodeAnnounced, NodeReported
from lightctl.domain.states import ChannelReport, DesiredState, ReportedState
from lightctl.domain.timescale import TimeScale
from lightctl.store.base import AuditDraft, Recorded
from lightctl.store.sqlite import SqliteStore
from tests.support.steps import steps

ZONE = "Europe/Berlin"
EVENING = dt.datetime(2026, 11, 25, 19, tzinfo=dt.UTC)
CARRYING = Capabilities(nights=7, slots=96, ramp=True, persists=True)
PROGRAMS, GROUPS = 10, 500
RECORDED = {field.name for field in fields(Recorded)} & {field.name for field in fields(Effects)}
# A command of each former night: its number and times go back a day a night, everything else is as in the last.
_FORMER = """
INSERT INTO commands (node, revision, state, cause, created_at, deadline, priority, attempts, sent_at, broker_acked_at,
  finished_at, detail)
SELECT node, revision - {back}, state, 'nightly run', {moved}, detail FROM commands WHERE revision = ?
"""
_TIMES = ("created_at", "deadline", "priority", "attempts", "sent_at", "broker_acked_at", "finished_at")


def write_settings(folder: Path, url: str, port: int = 0) -> TimeScale:
    """Write the settings of a city whose clock stands at the evening now and runs as ours does; gives that clock."""
    clock = TimeScale(EVENING, time.time(), 1.0)
    (folder / "lightctl.toml").write_text(
        f'[site]\nname = "Large city"\ntime_zone = "{ZONE}"\n[store]\ndirectory = "store"\n[http]\nport = {port}\n'
        f'[links.mqtt]\ntype = "mqtt"\nurl = "{url}"\n'
        f"[clock]\nstart = {EVENING:%Y-%m-%dT%H:%M:%SZ}\nmachine_epoch = {clock.machine_epoch}\nspeed = 1.0\n"
    )
    return clock


def light_points(count: int) -> Iterator[LightPoint]:
    """Give light points as an inventory has them: streets of some two hundred lamps, a make, a mast, a cabinet."""
    for number in range(count):
        street = number * GROUPS // count
        tags = {"group": f"street-{street:04}", "luminaire": f"led-{street % 12}", "mast": f"M{number:06}"}
        yield LightPoint(
            f"LP-{number:06}",
            round(51.35 + street // 25 * 0.005 + number % 200 * 1e-5, 5),
            round(6.65 + street % 25 * 0.005, 5),
            kind="lamp",
            road_class=f"M{street % 6 + 1}",
            rated_power_w=40.0 + street % 12,
            node=f"N-{number:06}",
            cabinet=f"C-{street:04}",
            address="main",
            tags=tags,
        )


def schedules() -> dict[str, str]:
    """Give schedules of a handful of programs."""
    programs = "".join(
        f'  p{n}: {{active: sunset .. sunrise, steps: [{{at: "{21 + n % 3}:{n % 6}0", level: {50 + n}}}, '
        f'{{at: "05:0{n % 10}", level: 100}}]}}\n'
        for n in range(PROGRAMS)
    )
    calendars = "".join(f"  c{n}: {{default: p{n}}}\n" for n in range(PROGRAMS))
    assigned = "".join(f'  - {{select: "luminaire=led-{n}", calendar: c{n}}}\n' for n in range(PROGRAMS))
    rest = '  - {select: "*", calendar: c0}\n'
    return {"city.yaml": f"version: 1\nprograms:\n{programs}calendars:\n{calendars}assignments:\n{assigned}{rest}"}


def fill(directory: Path, points: int, nights: int) -> None:
    """Fill a new store: everybody has confirmed what it holds for tonight, and so it was for so many nights."""
    store = SqliteStore(directory)
    began = EVENING - dt.timedelta(minutes=10)
    store.put_points(tuple(light_points(points)), _by_hand(began, "inventory import"))
    store.put_schedules(schedules(), _by_hand(began, "schedule apply"))
    _live(store, began)
    _remember(store, nights)
    store.close()


def _by_hand(at: dt.datetime, verb: str) -> AuditDraft:
    return AuditDraft(at, "olga", "cli", verb, "city")


def _live(store: SqliteStore, began: dt.datetime) -> None:
    """Let the controller give every node its nights, and every node say that it holds them."""
    controller = Controller(Policy(), shipped_profiles(), ZONE, revision_floor(began))

    def step(events: Iterable[Event], minutes: int) -> list[DesiredState]:
        now = began + dt.timedelta(minutes=minutes)
        desired: list[DesiredState] = []
        for effects in steps(controller, events, now):
            heard = tuple((report.node, report.received_at) for report in effects.reported)
            store.commit(Recorded(**{name: getattr(effects, name) for name in RECORDED}, seen=heard))
            store.add_reports(effects.reports)
            desired += effects.desired
        return desired

    nodes = [point.node for point in store.points()]
    hellos = [NodeAnnounced(name, f"b-{name}", CARRYING, 0, began, model="L1", firmware="1.4") for name in nodes]
    asked = step((*boot_events(store.replay(began), ZONE), *hellos), 0)
    sent_at = began + dt.timedelta(minutes=1)
    step((CommandSent(state.node, state.revision, sent_at) for state in asked), 1)
    step(
        (
            NodeReported(_report(state, began + dt.timedelta(minutes=2, seconds=300 * number / len(asked))))
            for number, state in enumerate(asked)
        ),
        9,
    )


def _report(state: DesiredState, at: dt.datetime) -> ReportedState:
    """Let a node say that it holds what it shall; no two say the same, as on a street."""
    number = at.microsecond % 997
    said = ChannelReport(
        level=100, commanded=100, power_w=50 + number / 1000, energy_wh=1e5 + number / 7, voltage_v=230 + number / 999,
        temperature_c=21 + number / 500,
    )  # fmt: skip
    late = dt.timedelta(milliseconds=100 + number)
    return ReportedState(state.node, at + late, {0: said}, f"b-{state.node}", 1, at, state.revision)


def _remember(store: SqliteStore, nights: int) -> None:
    (last,) = store._main.row("SELECT max(revision) FROM commands")
    for back in range(nights, 0, -1):
        earlier = f"-{back} days"
        moved = ", ".join(
            f"strftime('%Y-%m-%dT%H:%M:%f000Z', {name}, '{earlier}')" if name not in ("priority", "attempts") else name
            for name in _TIMES
        )
        with store._main.transaction():
            store._main.run(_FORMER.format(back=back, moved=moved), (last,))
