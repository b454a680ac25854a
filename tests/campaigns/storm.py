"""Everybody at once: all nodes reconnect, and all lamps report a fault, in the same moment.

python -m tests.campaigns storm --nodes 10000 --rounds 2 --seed 1 [-o json]
python -m tests.campaigns storm --nodes 300 --rounds 2 --break NAME     the daemon broken on purpose: must fail

A round kills the broker, has all live nodes start anew and forget their level, and starts the broker empty, so that
daemon and nodes all come back together. Then every lamp fails and is repaired at once: each has to be named as failed,
and as well again. Exit code 1: an invariant was broken, or it took longer than allowed.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from tests.support.brokers import Broker, start_mosquitto, start_nats
from tests.support.fire_city import FireCity, naps
from tests.support.fire_judge import Judge
from tests.support.fire_load import Load
from tests.support.fire_rounds import Staged, in_cities, make_of, through_its_night
from tests.support.fire_town import LIVE, small_town
from tests.support.firing import Report, arguments, conclude
from tests.support.vitals import resident_mb
from tests.support.wire_log import WireLog

NAME = "storm"
NODES, FEW = 10_000, 1_000
STARTS = {"nats": start_nats, "mosquitto": start_mosquitto}
FAILED, BOOT_S = "lampFailure", 60.0
BREAKS = ("drop-when-crowded",)
HEARTBEAT_S, PATIENCE = 120.0, 20.0
FALLBACK = 100
# Rounds come minutes apart, and lamps that fail twice in so short a time are said to be cycling for hours.
SETTINGS = "[diagnosis]\ncycling_window_s = 1.0\n"


def bound_s(nodes: int) -> float:
    """Give how long it may take (I7)."""
    return 60.0 if nodes <= FEW else 120.0


@dataclass(slots=True)
class Figures:
    """What each round took (machine seconds), and the daemon's memory before and within it (MB)."""

    settled_s: list[float] = field(default_factory=list)
    named_s: list[float] = field(default_factory=list)
    cleared_s: list[float] = field(default_factory=list)
    memory_mb: list[int] = field(default_factory=list)


def run(
    seed: int,
    rounds: int,
    *,
    nodes: int = NODES,
    make: str = "nats",
    first: int = 0,
    breaking: str = "",
    bound: float = 0.0,
) -> Report:
    """Run rounds until one goes wrong, in as many cities as their nights last."""
    report = Report(NAME, seed, breaking, first, options=f"--nodes {nodes} --broker {make} --rounds {rounds}")
    figures = Figures()

    def stage(stack: ExitStack, place: Path) -> Staged:
        broker = stack.enter_context(STARTS[make](place / "broker"))
        wire = stack.enter_context(WireLog(broker.host, broker.port))
        city = stack.enter_context(
            FireCity(
                place / "city", broker, small_town(nodes), breaking=breaking, heartbeat_s=HEARTBEAT_S,
                patience=PATIENCE, more=SETTINGS,
            )
        )  # fmt: skip
        judge = Judge(city, Load(city, seed), wire, bound or bound_s(nodes))
        return Staged(judge, make_of(broker), lambda _number: _round(judge, broker, figures), through_its_night(judge))

    in_cities(report, rounds, stage, until_found=True)
    report.figures |= {
        "nodes": nodes,
        "reconnected_and_settled_s": figures.settled_s,
        "all_faults_named_s": figures.named_s,
        "all_faults_cleared_s": figures.cleared_s,
        "memory_mb": figures.memory_mb,
    }
    return report


def _round(judge: Judge, broker: Broker, figures: Figures) -> Counter[str]:
    city = judge.city
    figures.memory_mb.append(_memory_mb(city))
    broker.kill()
    _forget_levels(city)
    broker.restart(empty=True)
    judge.wire.take_given()
    judge.await_peace()
    figures.settled_s += judge.settled_s[-1:]
    figures.memory_mb.append(_memory_mb(city))
    figures.named_s.append(_until(city, judge, on=True))
    figures.memory_mb.append(_memory_mb(city))
    figures.cleared_s.append(_until(city, judge, on=False))
    judge.await_peace()
    judge.judge_commands()  # every node has spoken by now, so the listener knows what it holds
    return Counter({"nodes reconnected": len(city.points), "lamps failed": len(city.lamps)})


def _memory_mb(city: FireCity) -> int:
    return round(resident_mb(city.pid("daemon")))


def _forget_levels(city: FireCity) -> None:
    """Have all live nodes start anew, and wait until each goes by its own fallback: nobody can tell it its level."""
    live = [point for point in city.points if point.tags["make"] == LIVE]
    city.reboot([point.node for point in live])
    for _ in naps(BOOT_S):
        levels = city.levels()
        if all(levels[point.id] == FALLBACK for point in live):
            return
    raise AssertionError("not all live nodes started anew")


def _until(city: FireCity, judge: Judge, *, on: bool) -> float:
    """Break or mend every lamp and wait until the daemon says so of each; what a report shows may need the next one."""
    nodes = [point.node for point in city.points if point.node not in city.dead]
    city.tell_street({"kind" if on else "clear": "lamp_failure", "nodes": nodes})
    began, wanted, allowed_s = time.monotonic(), len(nodes) if on else 0, judge.bound_s + 2 * HEARTBEAT_S
    found: Counter[str] = Counter()
    for _ in naps(allowed_s, 0.5):
        found = _faults(city)
        if found[FAILED] == wanted:
            break
    else:
        judge.wrong.append(f"{dict(found)} of the lamps and {wanted} should have {FAILED}, after {allowed_s:.0f} s")
    return round(time.monotonic() - began, 1)


def _faults(city: FireCity) -> Counter[str]:
    """Count the faults of living lamps; while the daemon gives no answer, none is known to be right."""
    assert city.client is not None
    try:
        lights = city.client.get("/v1/lights").raise_for_status().json()
    except httpx.HTTPError:
        return Counter({FAILED: -1})
    return Counter(fault for light in lights if light["node"] not in city.dead for fault in light["faults"])


def main(told: Sequence[str]) -> int:
    """Run what the command line asks for."""
    parser = arguments(NAME, __doc__, BREAKS, rounds=2)
    parser.add_argument("--nodes", type=int, default=NODES)
    parser.add_argument("--broker", choices=STARTS, default="nats")
    chosen = parser.parse_args(told)
    report = run(
        chosen.seed,
        chosen.rounds,
        nodes=chosen.nodes,
        make=chosen.broker,
        first=chosen.first,
        breaking=chosen.breaking,
    )
    return conclude(report, chosen.output)
