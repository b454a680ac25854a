"""Everybody at once: all nodes reconnect, and all lamps report a fault, in the same moment.

python -m tests.campaigns storm --nodes 10000 --rounds 2 --seed 1 [-o json]
python -m tests.campaigns storm --nodes 300 --rounds 2 --break NAME     the daemon broken on purpose: must fail

A round kills the broker and starts it empty, so that daemon and nodes all come back together; while they do, the live
nodes start anew and know nothing. Then every lamp fails and is repaired at once: each has to be named as failed, and as
well again. Exit code 1: an invariant was broken, or it took longer than allowed.
"""

from __future__ import annotations

import contextlib
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import httpx

from tests.support.brokers import start_nats
from tests.support.fire_city import NIGHT_S, FireCity, naps
from tests.support.fire_judge import Judge
from tests.support.fire_load import Load
from tests.support.fire_town import LIVE, small_town
from tests.support.firing import Report, arguments, conclude
from tests.support.vitals import resident_mb
from tests.support.wire_log import WireLog

NAME = "storm"
NODES, FEW = 10_000, 1_000
BREAKS = ("drop-when-crowded",)
HEARTBEAT_S, PATIENCE = 120.0, 20.0


def bound_s(nodes: int) -> float:
    """Give how long it may take (I7)."""
    return 60.0 if nodes <= FEW else 120.0


def run(
    seed: int, rounds: int, *, nodes: int = NODES, first: int = 0, breaking: str = "", bound: float = 0.0
) -> Report:
    """Run rounds in one city."""
    report = Report(NAME, seed, breaking, first, options=f"--nodes {nodes} --rounds {rounds}")
    with contextlib.ExitStack() as stack:
        place = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="lightctl-fire-")))
        broker = stack.enter_context(start_nats(place / "broker"))
        wire = stack.enter_context(WireLog(broker.host, broker.port))
        city = FireCity(place / "city", broker, small_town(nodes), breaking=breaking, heartbeat_s=HEARTBEAT_S, patience=PATIENCE)
        stack.enter_context(city)
        judge = Judge(city, Load(city, seed), wire, bound or bound_s(nodes))
        city.start_daemon()
        judge.await_peace(first=True)
        if judge.wrong:
            report.end_round(judge.wrong)
        peaks, named, cleared = [resident_mb(city.pid("daemon"))], [], []
        while report.rounds < rounds and city.age_s < NIGHT_S and not judge.wrong:
            broker.kill()
            city.reboot([point.node for point in city.points if point.tags["make"] == LIVE])
            broker.restart(empty=True)
            wire.take_given()
            judge.await_peace()
            peaks.append(resident_mb(city.pid("daemon")))
            named.append(_until(city, judge, "lamp_failure", on=True))
            peaks.append(resident_mb(city.pid("daemon")))
            cleared.append(_until(city, judge, "lamp_failure", on=False))
            judge.await_peace()
            judge.judge_commands()  # every node has spoken by now, so the listener knows what it holds
            report.injected.update({"nodes reconnected": nodes, "lamps failed": len(city.lamps)})
            report.end_round(judge.wrong)
        report.add_city("NatsBroker", judge.settled_s, judge.most_messages, 0)
        report.figures |= {
            "nodes": nodes,
            "reconnected_and_settled_s": judge.settled_s[1::2],
            "all_faults_named_s": named,
            "all_faults_cleared_s": cleared,
            "memory_mb": [round(each) for each in peaks],
        }
    return report


def _until(city: FireCity, judge: Judge, kind: str, *, on: bool) -> float:
    """Break or mend every lamp and wait until the daemon says so of each; what a report shows may need the next one."""
    nodes = [point.node for point in city.points if point.id in set(city.lamps)]
    city.tell_street({"kind": kind, "nodes": nodes} if on else {"clear": kind, "nodes": nodes})
    began, wanted = time.monotonic(), len(nodes) if on else 0
    found = -1
    for _ in naps(judge.bound_s + 2 * HEARTBEAT_S, 0.5):
        found = _failing(city)
        if found == wanted:
            break
    else:
        judge.wrong.append(
            f"{found} lamps have a fault and {wanted} should, after {judge.bound_s + 2 * HEARTBEAT_S:.0f} s"
        )
    return round(time.monotonic() - began, 1)


def _failing(city: FireCity) -> int:
    assert city.client is not None
    alive = set(city.lamps)
    try:
        lights = city.client.get("/v1/lights").raise_for_status().json()
    except httpx.HTTPError:
        return -1
    return sum(1 for light in lights if light["id"] in alive and light["faults"])


def main(told: Sequence[str]) -> int:
    """Run what the command line asks for."""
    parser = arguments(NAME, __doc__, BREAKS, rounds=2)
    parser.add_argument("--nodes", type=int, default=NODES)
    chosen = parser.parse_args(told)
    report = run(chosen.seed, chosen.rounds, nodes=chosen.nodes, first=chosen.first, breaking=chosen.breaking)
    return conclude(report, chosen.output)
