"""Two nights without a server, in real processes: what the lamps did by their own log, against what they should have.

Daemon and broker are killed in the afternoon, once every node that carries nights holds its week; in the dark of each
night a third of the nodes reboots; the next morning but one everything comes back, and a third evening is watched.

Nodes that carry nights must follow their plan throughout. A live node cannot: it must do exactly what its kind does
without a server (docs/simulators.md, "What a node does"), and follow again once the server is back.
"""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from lightctl.cli.demo.mishaps import Mishap
from lightctl.cli.demo.night import shipped_schedules
from lightctl.cli.demo.town import CARRIES, LIVE, TIME_ZONE, build_town
from lightctl.cli.demo.truth import LampTruth, TruthReader
from lightctl.cli.demo.verdict import LampVerdict, judge_lamp
from lightctl.devices.fit import fit_level
from lightctl.devices.profile import shipped_profiles
from lightctl.domain.assets import LightPoint, Place
from lightctl.domain.states import Switch
from lightctl.files.schedules import read_schedules
from lightctl.planning.night import night_date
from lightctl.planning.resolve import Plan
from simulators.photocell import Photocell
from tests.support.night import SUNSET_FRIDAY, Night, night

HOUR = dt.timedelta(hours=1)
BEGIN = SUNSET_FRIDAY - 3 * HOUR
KILL, BACK, END = 2 * HOUR, 47 * HOUR, 55 * HOUR
REBOOTS = (11 * HOUR, 36 * HOUR)  # 23:24 and, in the second night, 00:24
LIVE_GRACE = HOUR  # a native live document counts until an hour after the change it waits for
GRACE_S, GRACE_S_PER_LAMP = 2.5, 0.002
RECOVERY_S, RECOVERY_S_PER_LAMP = 6.0, 0.02


@dataclass(frozen=True, slots=True)
class Figures:
    """What came of it: seconds on the wire, lamps by the hardest they were off what they should have done."""

    lamps: int
    carrying: int
    live: int
    rebooted: int
    speed: float
    carrying_right: int
    carrying_worst_s: float
    carrying_dark: int
    live_right: int
    live_worst_s: float
    live_hole_h: float
    allowed_s: float
    settled_after: int
    wrong: tuple[str, ...]

    @property
    def ok(self) -> bool:
        """Whether no lamp did anything but what it should."""
        return not self.wrong and self.settled_after == self.lamps

    def as_json(self) -> dict[str, Any]:
        return {"result": "pass" if self.ok else "fail", **asdict(self)}


def run(folder: Path, *, lamps: int, seconds: float, say: Callable[[str], None] = lambda _text: None) -> Figures:
    """Let the nights pass and judge them; raises LinkDown when a process dies on its own."""
    points = build_town(lamps, seed=3)
    nodes = sorted({point.node for point in points})
    reboots = [
        Mishap("reboot", int(at.total_seconds()), 0, tuple(nodes[number::3])) for number, at in enumerate(REBOOTS)
    ]
    hours = END.total_seconds() / 3600
    with night(folder, lamps=lamps, hours=hours, seconds=seconds, mishaps=reboots, begin=BEGIN) as passing:
        say(f"{len(points)} light points, x{passing.stage.pace.clock.speed:.0f}")
        passing.wait_until(BEGIN + KILL)
        before = _unsettled(passing)
        assert not before, f"not settled before the server goes: {before[:5]}"
        passing.stage.kill("daemon")
        passing.stage.broker.kill()
        say("daemon and broker killed")
        passing.wait_until(BEGIN + BACK)
        passing.stage.broker.restart()
        passing.stage.start_daemon()
        say("daemon and broker back")
        passing.wait_until(passing.end)
        unsettled = _unsettled(passing)
        passing.stage.end("daemon")
        passing.stage.end("simulators")
        truth = TruthReader(passing.stage.truth_log)
        truth.read_on()
        speed = passing.stage.pace.clock.speed
    return _figures(points, reboots, truth, speed, unsettled)


def _unsettled(passing: Night) -> list[str]:
    """Name the lamps that do not follow; asked again for as long as answers may take."""
    until = time.monotonic() + RECOVERY_S
    while True:
        lights = passing.stage.client.get("/v1/lights").raise_for_status().json()
        found = [light["id"] for light in lights if not light["settled"]]
        if not found or time.monotonic() > until:
            return found
        time.sleep(0.2)


def _figures(
    points: Sequence[LightPoint], reboots: Sequence[Mishap], truth: TruthReader, speed: float, unsettled: Sequence[str]
) -> Figures:
    plan = Plan(read_schedules(shipped_schedules()).intent, TIME_ZONE)
    span = (BEGIN + HOUR, BEGIN + END)
    recovery = dt.timedelta(seconds=speed * (RECOVERY_S + RECOVERY_S_PER_LAMP * len(points)))
    back = (BEGIN + BACK, BEGIN + BACK + recovery)
    allowed_s = GRACE_S + GRACE_S_PER_LAMP * len(points)
    carrying, live, hole_s = [], [], 0.0
    for point in points:
        planned = _planned(plan, point, span)
        lamp = truth.lamps.get(point.id, LampTruth())
        if point.tags.get("make") == CARRIES:
            carrying.append(judge_lamp(point.id, planned, lamp, span))
        else:
            expected = [*_without_server(plan, point, planned, reboots)]
            live.append(judge_lamp(point.id, expected, lamp, span, (back,)))
            hole_s += judge_lamp(point.id, planned, lamp, span).wrong_s

    def right(verdicts: Sequence[LampVerdict]) -> list[LampVerdict]:
        return [each for each in verdicts if each.wrong_s / speed <= allowed_s]

    followed = {each.id for each in (*right(carrying), *right(live))}
    return Figures(
        lamps=len(points),
        carrying=len(carrying),
        live=len(live),
        rebooted=sum(len(each.nodes) for each in reboots),
        speed=round(speed, 1),
        carrying_right=len(right(carrying)),
        carrying_worst_s=round(max(each.wrong_s for each in carrying) / speed, 3),
        carrying_dark=sum(1 for each in carrying if each.dark_s / speed > allowed_s),
        live_right=len(right(live)),
        live_worst_s=round(max(each.wrong_s for each in live) / speed, 3),
        live_hole_h=round(hole_s / 3600 / len(live), 2),
        allowed_s=round(allowed_s, 2),
        settled_after=len(points) - len(unsettled),
        wrong=tuple(point.id for point in points if point.id not in followed),
    )


def _planned(plan: Plan, point: LightPoint, span: tuple[dt.datetime, dt.datetime]) -> list[Switch]:
    first = night_date(span[0], TIME_ZONE)
    nights = (night_date(span[1], TIME_ZONE) - first).days + 1
    capabilities = shipped_profiles()[point.profile].capabilities
    return [
        Switch(each.at, fit_level(each.level, capabilities, point.min_level))
        for each in plan.switches(point, first, nights)
    ]


def _without_server(
    plan: Plan, point: LightPoint, planned: Sequence[Switch], reboots: Sequence[Mishap]
) -> Iterator[Switch]:
    """Give what a live node does: its plan, then the level it was left with, its own photocell, its plan again.

    The photocell takes over after a reboot, and on a native node when its last document has run out.
    """
    gone, back = BEGIN + KILL, BEGIN + BACK
    yield from (each for each in planned if each.at <= gone)
    alone = [BEGIN + dt.timedelta(seconds=each.at_s) for each in reboots if point.node in each.nodes]
    if point.tags.get("make") == LIVE:
        alone.append(plan.next_change(point, (), gone) + LIVE_GRACE)
    if alone:
        photocell = Photocell(Place(point.latitude, point.longitude, TIME_ZONE))
        at = min(alone)
        while at < back:
            yield Switch(at, 100 if photocell.is_night(at) else 0)
            at = photocell.next_change(at)
    due = [each for each in planned if each.at <= back][-1]
    yield Switch(back, due.level)
    yield from (each for each in planned if each.at > back)
