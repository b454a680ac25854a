"""The scripted month: every kind of fault, at known times and on known lamps, among everything that is none.

`write_script` gives the script of a town: who is hit is drawn from the seed, from pools that keep faults apart which
would hide each other, and beside them some that overlap on purpose. Lengths scale with the month.
"""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, cast

from lightctl.domain import events as ev
from lightctl.domain.assets import LightPoint
from lightctl.domain.crews import Maintenance
from lightctl.domain.selectors import parse_selector
from lightctl.domain.sensors import SensorKind, SensorReading
from lightctl.domain.states import FaultEvent, Override, Scope
from simulators.specs import FaultSpec
from tests.worlds.city import FAR_GATEWAY
from tests.worlds.kernel import Town
from tests.worlds.script import ALWAYS, BRIGHT, DARK, HOUR, LIT, Expected, Injected, Script

if TYPE_CHECKING:
    from tests.worlds.kernel import World

POINT, NODE = "light point", "node"
DAY = dt.timedelta(days=1)
CYCLING_CLOSES = 4 * HOUR
LAMP_KINDS: tuple[tuple[str, FaultEvent, str, str, dict[str, object]], ...] = (
    ("lamp_failure", FaultEvent.LAMP_FAILURE, LIT, LIT, {}),
    ("wrong_power", FaultEvent.LAMP_POWER_TOO_LOW, LIT, LIT, {"share": 0.6}),
    ("wrong_power", FaultEvent.LAMP_POWER_TOO_HIGH, LIT, LIT, {"share": 1.5}),
    ("low_power_factor", FaultEvent.POWER_FACTOR_TOO_LOW, BRIGHT, BRIGHT, {"share": 0.6}),
    ("dimmer_stuck", FaultEvent.DIMMING_FAILURE, LIT, LIT, {"level": 35}),
    ("day_burner", FaultEvent.LAMP_UNEXPECTED_ON, DARK, DARK, {"level": 100}),
    ("cycling", FaultEvent.CYCLING_FAILURE, LIT, LIT, {"period_s": 480.0}),
    ("relay_open", FaultEvent.RELAY_FAILURE, LIT, LIT, {}),
    ("relay_closed", FaultEvent.RELAY_FAILURE, DARK, LIT, {}),
    ("leakage", FaultEvent.LEAKAGE_DETECTED, ALWAYS, ALWAYS, {}),
)


class _Writer:
    def __init__(self, town: Town, seed: int, start: dt.datetime, nights: int) -> None:
        self.rng = random.Random(f"{seed}/script")
        self.script = Script()
        self.start, self.nights = start, nights
        self.end = start + nights * DAY
        self.times = max(1, sum(point.lamps for point in town.points) // 400)
        self.points = {point.id: point for point in town.points}
        self.nodes = {stood.setup.id: stood for stood in town.nodes}
        singles = [it for it in town.points if it.node.startswith("n")]
        self.segments: dict[str, list[LightPoint]] = {}
        for point in singles:
            self.segments.setdefault(f"{point.cabinet}/{point.tags['segment']}", []).append(point)
        reserved = max(1, len(self.segments) // 6)
        names = sorted(self.segments)
        self.silences: dict[str, list[tuple[dt.datetime, dt.datetime]]] = {}
        self.reserved, free = names[-reserved:], names[:-reserved]
        self.free = [it for name in free for it in self.segments[name] if it.kind != "park"]
        self.rng.shuffle(self.free)

    # -- times ----------------------------------------------------------------------------------------------------

    def begin(self, *, last: float = 0.55) -> dt.datetime:
        """Give an instant from the second hour on, in the first so many parts of the month."""
        return self.start + dt.timedelta(seconds=self.rng.uniform(7200, last * self.nights * 86400))

    def until(self, at: dt.datetime, least: dt.timedelta = 26 * HOUR) -> dt.datetime | None:
        """Give an end that leaves a night before and after; some never end."""
        latest = self.end - 26 * HOUR
        if at + least > latest or self.rng.random() < 0.12:
            return None
        return at + least + self.rng.random() * min(latest - at - least, 5 * DAY)

    # -- what happens ---------------------------------------------------------------------------------------------

    def put(
        self, kind: str, nodes: Sequence[str], at: dt.datetime, until: dt.datetime | None, *expected: Expected,
        noise: bool = False, **more: object,
    ) -> None:  # fmt: skip
        lasts_s = None if until is None else (until - at).total_seconds()
        fault = replace(FaultSpec(kind, at, lasts_s, tuple(nodes)), **more)  # type: ignore[arg-type]
        what = f"{kind} on {nodes[0]}" + (f" and {len(nodes) - 1} more" if len(nodes) > 1 else "")
        (self.script.noise if noise else self.script.injected).append(
            Injected(what, at, until, expected, (fault,))
        )  # fmt: skip

    def victim(self) -> LightPoint:
        return self.free.pop()

    def on_lamps(self) -> None:
        for kind, event, opens, closes, more in LAMP_KINDS:
            for _ in range(self.times * (2 if kind == "lamp_failure" else 1)):
                point, at = self.victim(), self.begin()
                least = 26 * HOUR + (CYCLING_CLOSES if kind == "cycling" else dt.timedelta())
                self.put(kind, [point.node], at, self.until(at, least), self.of(event, point, opens, closes), **more)

    def of(self, event: FaultEvent, point: LightPoint, opens: str, closes: str) -> Expected:
        slow = CYCLING_CLOSES if event is FaultEvent.CYCLING_FAILURE else HOUR
        return Expected(event, POINT, point.id, (point.node, point.channel), opens, closes, closes=slow)

    def on_nodes(self) -> None:
        silent, offset, untrusted = (
            FaultEvent.COMMUNICATION_FAILURE,
            FaultEvent.CLOCK_OFFSET,
            FaultEvent.CLOCK_UNTRUSTED,
        )
        low, high = FaultEvent.SUPPLY_VOLTAGE_TOO_LOW, FaultEvent.SUPPLY_VOLTAGE_TOO_HIGH
        for kind, event, more in (
            ("silent", silent, {}),
            ("supply_loss", silent, {}),
            ("wrong_clock", offset, {"offset_s": 110.0}),
            ("wrong_clock", untrusted, {"offset_s": 7200.0}),
            ("supply_voltage", low, {"volts": 188.0}),
            ("supply_voltage", high, {"volts": 262.0}),
        ):
            for _ in range(self.times):
                node, at = self.victim().node, self.begin()
                self.put(kind, [node], at, self.until(at, 6 * HOUR), Expected(event, NODE, node), **more)

    def on_other_makes(self) -> None:
        """Hit a few of each other kind: two-channel nodes, segments of many lamps, units and cabinets on lines."""
        late = self.start + 0.3 * self.nights * DAY
        doubles = self.some("d", self.times)
        for node in doubles:
            at = late + self.rng.random() * 0.2 * self.nights * DAY
            point = self.points[f"{node}-1"]
            expected = self.of(FaultEvent.LAMP_FAILURE, point, LIT, LIT)
            self.put("lamp_failure", [node], at, self.until(at), expected, channel=1)
        for number, node in enumerate(self.some("s", 99)):
            # What a segment draws is learned in its first night, at most of its levels: one lamp in ten shows then.
            at = self.start + DAY + self.rng.random() * 0.2 * self.nights * DAY
            for channel, out in ((0, 3), (1, 1)):
                point = self.points[f"{node}-{channel}"]
                expected = self.of(FaultEvent.LAMP_FAILURE, point, LIT, LIT)
                expected = replace(expected, opens=4 * HOUR) if out == 1 else expected
                self.put("lamp_failure", [node], at, self.until(at), expected, channel=channel, lamps=out)
            if number == 0:
                point = self.points[f"{node}-2"]
                self.put(
                    "day_burner",
                    [node],
                    at,
                    self.until(at),
                    self.of(FaultEvent.LAMP_UNEXPECTED_ON, point, DARK, DARK),
                    channel=2,
                )
        units = self.some("u", 99)
        for node in units[: self.times]:
            at = late + self.rng.random() * 0.2 * self.nights * DAY
            self.put(
                "unit_dead",
                [node],
                at,
                self.until(at, 6 * HOUR),
                Expected(FaultEvent.COMMUNICATION_FAILURE, NODE, node),
            )
        for node in units[self.times : 2 * self.times]:
            at = late + self.rng.random() * 0.2 * self.nights * DAY
            point = self.points[f"{node}-0"]
            self.put(
                "wrong_power",
                [node],
                at,
                self.until(at),
                self.of(FaultEvent.LAMP_POWER_TOO_LOW, point, LIT, LIT),
                share=0.55,
            )
        for node in self.some("c", 99):
            at = late + self.rng.random() * 0.1 * self.nights * DAY
            door = Expected(FaultEvent.CABINET_DOOR_OPEN, NODE, node)
            self.put("door_open", [node], at, at + 3 * HOUR, door)
            at += 5 * HOUR
            tripped = Expected(FaultEvent.CIRCUIT_BREAKER_TRIPPED, NODE, node)
            self.put("breaker_trip", [node], at, at + 4 * HOUR, tripped)
            at += 6 * HOUR
            point = self.points[f"{node}-0"]
            open_relay = self.of(FaultEvent.RELAY_FAILURE, point, LIT, LIT)
            self.put("relay_open", [node], at, self.until(at), open_relay, channel=0)

    def some(self, prefix: str, most: int) -> list[str]:
        found = sorted(node for node in self.nodes if node.startswith(prefix))
        self.rng.shuffle(found)
        return found[:most]

    def on_many(self) -> None:
        """Take the supply of whole segments, the voltage of others, gateways and lines."""
        for number, name in enumerate(self.reserved):
            points = self.segments[name]
            nodes = [point.node for point in points]
            at = self.start + (0.1 + 0.15 * (number % 3)) * self.nights * DAY + self.rng.random() * DAY / 2
            lost = Expected(FaultEvent.SUPPLY_LOSS, "segment", name)
            failed, ill = points[0], self.of(FaultEvent.LAMP_FAILURE, points[0], LIT, LIT)
            self.put("lamp_failure", [failed.node], self.start + 3 * HOUR, None, ill)  # and it outlasts the outage
            self.put("supply_loss", nodes, at, at + 5 * HOUR, lost, within_s=60.0)
            at += 9 * HOUR
            low = Expected(FaultEvent.SUPPLY_VOLTAGE_TOO_LOW, "segment", name)
            self.put("supply_voltage", nodes, at, at + 4 * HOUR, low, volts=189.0)
        far = [it.setup.id for it in self.nodes.values() if self._gateway(it.setup.id) == FAR_GATEWAY]
        at = self.start + 0.12 * self.nights * DAY
        gone = Expected(FaultEvent.COMMUNICATION_FAILURE, "gateway", FAR_GATEWAY)
        self.put("gateway_lost", far, at, at + 3 * HOUR, gone)
        at = self.start + 0.2 * self.nights * DAY
        down = Expected(FaultEvent.COMMUNICATION_FAILURE, "link", "line1")
        self.script.injected.append(
            Injected("gateway of line1 lost", at, at + 2 * HOUR, (down,), line="line1")
        )  # fmt: skip

    def _gateway(self, node: str) -> str:
        return next((it.tags.get("gateway", "") for it in self.points.values() if it.node == node), "")

    def overlapping(self) -> None:
        """Let faults lie over each other: none may hide, double or end another."""
        for _ in range(self.times):
            point, at = self.victim(), self.begin(last=0.4)
            self.put("lamp_failure", [point.node], at, None, self.of(FaultEvent.LAMP_FAILURE, point, LIT, LIT))
            silence = at + 20 * HOUR
            self.put(
                "silent",
                [point.node],
                silence,
                silence + 7 * HOUR,
                Expected(FaultEvent.COMMUNICATION_FAILURE, NODE, point.node),
            )
            point, at = self.victim(), self.begin(last=0.4)
            self.put(
                "wrong_power",
                [point.node],
                at,
                None,
                self.of(FaultEvent.LAMP_POWER_TOO_LOW, point, LIT, LIT),
                share=0.6,
            )
            self.put(
                "low_power_factor",
                [point.node],
                at + 5 * HOUR,
                None,
                self.of(FaultEvent.POWER_FACTOR_TOO_LOW, point, BRIGHT, BRIGHT),
                share=0.6,
            )

    def under_maintenance(self) -> None:
        """Let crews work: what happens meanwhile is no alarm, what is left at the end is one."""
        for number in range(self.times):
            inside, outlasts, dead = self.victim(), self.victim(), self.victim()
            at = self.start + (1 + self.rng.randrange(max(1, round(0.35 * self.nights)))) * DAY + HOUR
            until = at + 34 * HOUR  # late in the second evening, when everybody has seen what is mended and what is not
            names = ",".join(point.id for point in (inside, outlasts, dead))
            crew = Maintenance(f"m{number + 1}", parse_selector(f"id in ({names})"), at, until)
            self.people(at, f"maintenance {crew.id}", lambda world, crew=crew: _begin_maintenance(world, crew))
            self.put("lamp_failure", [inside.node], at + HOUR, at + 22 * HOUR, noise=True)
            self.put("silent", [dead.node], at + 2 * HOUR, at + 5 * HOUR, noise=True)
            left = replace(self.of(FaultEvent.LAMP_FAILURE, outlasts, LIT, LIT), since=until)
            self.put("lamp_failure", [outlasts.node], at + HOUR, None, left)

    def disturb(self) -> None:
        """Do what is no fault: reboots, lost flashes, silences below the lease, switches turned, mains in its band."""
        for _ in range(3 * self.times):
            for kind, minutes, more in (
                ("reboot", 0, {}),
                ("silent", 20, {}),
                ("local_override", 90, {"level": 100}),
                ("local_override", 90, {"level": 0}),
                ("supply_voltage", 300, {"volts": 213.0}),
                ("supply_voltage", 300, {"volts": 247.0}),
                ("wrong_clock", 600, {"offset_s": 12.0}),
                ("flapping", 120, {"period_s": 1200.0}),
            ):
                node, at = self.quiet(minutes, alone=kind in ("silent", "flapping"))
                until = at + dt.timedelta(minutes=minutes) if minutes else None
                self.put(kind, [node], at, until, noise=True, **more)
        for _ in range(self.times):
            self.put("flash_lost", [self.rng.choice(self.free).node], self.begin(last=0.9), None, noise=True)

    def quiet(self, minutes: int, *, alone: bool) -> tuple[str, dt.datetime]:
        """Give a node and an instant for noise; `alone`: silences must not add up to more than a lease."""
        while True:
            node, at = self.rng.choice(self.free).node, self.begin(last=0.9)
            around = (at - 2 * HOUR, at + dt.timedelta(minutes=minutes) + 2 * HOUR)
            spans = self.silences.setdefault(node, [])
            if not alone:
                return node, at
            if all(around[1] < begins or ends < around[0] for begins, ends in spans):
                spans.append(around)
                return node, at

    def people(self, at: dt.datetime, what: str, do: Callable[[World], None]) -> None:
        self.script.people.append((at, what, cast("Callable[[object], None]", do)))

    def operate(self) -> None:
        """Let people dim and light streets, and a sensor count vehicles."""
        for number in range(4 * self.times):
            at = self.begin(last=0.9)
            select = self.rng.choice(("kind=crossing", "zone=school", "district=hafen", "road_class=collector"))
            override = Override(
                f"o{number}", Scope.GROUP, parse_selector(select), self.rng.choice((30, 60, 100)), at, at + HOUR
            )
            self.people(at, f"dim {select}", lambda world, override=override: _override(world, override))
        for night in range(0, self.nights, 3):
            for quarter in range(24):
                at = self.start + night * DAY + 11 * HOUR + quarter * HOUR / 4
                count = self.rng.choice((5, 30, 80))
                self.people(at, f"{count} vehicles", lambda world, count=count: _count_vehicles(world, count))


def write_script(town: Town, seed: int, start: dt.datetime, nights: int) -> Script:
    """Write the month of a town from an instant on."""
    writer = _Writer(town, seed, start, nights)
    writer.on_lamps()
    writer.on_nodes()
    writer.on_other_makes()
    writer.on_many()
    writer.overlapping()
    writer.under_maintenance()
    writer.disturb()
    writer.operate()
    return writer.script


def play(world: World, script: Script) -> None:
    """Put everything of a script on a world's heap."""
    for each in (*script.injected, *script.noise):
        for fault in each.faults:
            world.troubles.schedule(fault)
        if each.line:
            line = world.lines[each.line]
            world.heap.at(each.at, lambda line=line: line.go(up=False, detail="no answer from the gateway"))  # type: ignore[misc]
            if each.until is not None:
                world.heap.at(each.until, lambda line=line: line.go(up=True))  # type: ignore[misc]
    for at, _, do in script.people:
        world.heap.at(at, lambda do=do: do(world))  # type: ignore[misc]


def _begin_maintenance(world: World, crew: Maintenance) -> None:
    world.store.add_maintenance(crew, world.audit("maintenance"))
    world.daemon.tell(ev.MaintenanceSet(crew))


def _override(world: World, override: Override) -> None:
    world.store.add_overrides([override], override.id, world.audit("dim"))
    world.overrides.append(override)
    world.daemon.tell(ev.OverrideSet(override))


def _count_vehicles(world: World, count: int) -> None:
    reading = SensorReading("main", "", "traffic", SensorKind.VEHICLES, count, world.now, world.now)
    world.daemon.tell(ev.SensorRead(reading))


def hit(injected: Iterable[Injected]) -> set[str]:
    """Give every node that anything was done to."""
    return {node for each in injected for fault in each.faults for node in fault.nodes}
