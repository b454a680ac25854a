"""Hours of a whole city with faults all the time: memory, descriptors, threads, queues and logs must stay flat.

python -m tests.campaigns soak --nodes 2000 --hours 8 --speed 6 [--folder DIR] [-o json]
python -m tests.campaigns soak --nodes 60 --hours 0.4 --speed 60 --break NAME    the daemon broken on purpose: must fail

Hours are the city's, whose clock runs `speed` times as fast as the machine's. Daemon, broker and nodes of all kinds are
processes of their own. Nodes are cut off, start anew and lose their flash, lamps fail and stick, links and broker come
and go, people write and read; each hour the faults end, and once all is settled the invariants are looked at. A folder
keeps the store: the next run goes on with it as a further slice, in the next evening, and its samples are added up.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import json
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from tests.support import soak_judge, vitals
from tests.support.brokers import start_nats
from tests.support.chaos_proxy import ChaosProxy
from tests.support.fire_city import EVENING, FireCity
from tests.support.fire_judge import Judge
from tests.support.fire_load import LEVELS, Load
from tests.support.fire_town import whole_town
from tests.support.firing import Report, arguments, conclude
from tests.support.soak_faults import Misfortune
from tests.support.soak_watch import Repeated, Sampler, reader
from tests.support.wire_log import WireLog

NAME = "soak"
NODES, HOURS, SPEED = 2000, 8.0, 6.0
LONGEST_H = 8.5  # of the night: what a lamp shall do is plain for so long
BREAKS = ("keep-every-event", "leave-files-open", "never-checkpoint")
HEARTBEAT_S, ROUND_H = 300.0, 1.0
PATIENCE, BOUND_S, POLL_S = 8.0, 120.0, 5.0
EVERY_S, SAMPLES = 60.0, 60
USUAL_S = 600.0
"""A slice of less than so many machine seconds hurries: everything happens so much more often in it."""
WRITE_REST_S, OFTEN, IMPORTS, READ_S = 1.0, 150, 60, 4.0
SAMPLES_FILE, SLICES_FILE = "samples.jsonl", "slices.json"
NIGHTLY = '[nightly]\nat = "02:00"\n'  # a slice is a night: the nightly run comes in the middle of it


def run(
    seed: int,
    *,
    folder: Path,
    nodes: int = NODES,
    hours: float = HOURS,
    speed: float = SPEED,
    breaking: str = "",
) -> Report:
    """Run one slice in a folder; what former ones there showed is in the report too."""
    assert hours <= LONGEST_H, f"a slice is a night and lasts {LONGEST_H} hours at most"
    before = json.loads((folder / SLICES_FILE).read_text()) if (folder / SLICES_FILE).exists() else []
    number, wall_s = len(before), hours * 3600 / speed
    hurry = max(1.0, USUAL_S / wall_s)
    report = Report(NAME, seed, breaking, options=f"--nodes {nodes} --hours {hours:g} --speed {speed:g}")
    with contextlib.ExitStack() as stack:
        broker = stack.enter_context(start_nats(folder / "broker"))
        proxies = [stack.enter_context(ChaosProxy(broker.port, seed + side)) for side in range(2)]
        wire = stack.enter_context(WireLog(broker.host, broker.port))
        city = FireCity(
            folder / "city",
            broker,
            whole_town(nodes),
            breaking=breaking,
            daemon_url=proxies[0].url,
            nodes_url=proxies[1].url,
            heartbeat_s=HEARTBEAT_S / speed,
            patience=PATIENCE,
            evening=EVENING + dt.timedelta(days=number),
            speed=speed,
            poll_s=POLL_S,
            more=NIGHTLY,
        )
        stack.enter_context(city)
        load = Load(
            city, seed, often=OFTEN, imports=IMPORTS, rest_s=2 * WRITE_REST_S / hurry, prefix=f"w{number}."
        )  # fmt: skip
        judge = Judge(city, load, wire, BOUND_S)
        city.start_daemon()
        load.replan(LEVELS[number % len(LEVELS)])
        judge.hold_daemon_to_account()
        judge.await_peace(first=True)
        sizes = vitals.tables(city.store)
        sampler = Sampler(city, lambda: broker.pid, number, folder / SAMPLES_FILE)
        misfortune = Misfortune(city, broker, proxies, seed + number, hurry)
        sampling = stack.enter_context(Repeated(sampler.take, min(EVERY_S, wall_s / SAMPLES)))
        reading = stack.enter_context(Repeated(reader(city, seed), READ_S / hurry))
        while sampler.city_h < hours:
            _round(city, judge, misfortune, lambda: sampler.city_h, min(hours, sampler.city_h + ROUND_H))
            report.end_round(judge.wrong)
            judge.wrong.clear()  # it goes on: what else happens is worth to know
        growth = soak_judge.grown(sizes, vitals.tables(city.store))
        wrong = [*soak_judge.judge(sampler.samples), *soak_judge.judge_growth(growth)]
        report.violations += [(number, each) for each in wrong]
        report.injected.update(misfortune.done)
        for proxy in proxies:
            report.injected.update(proxy.done)
        report.refused += [*load.refused, *sampling.failed.elements(), *reading.failed.elements()]
        report.add_city("NatsBroker", judge.settled_s, judge.most_messages, len(load.writes))
        slices = [*before, _told(seed, city, sampler, growth, report)]
    (folder / SLICES_FILE).write_text(json.dumps(slices, indent=1))
    report.figures |= {
        "nodes": nodes,
        "hours_of_the_city": round(sum(each["hours_of_the_city"] for each in slices), 2),
        "hours_of_the_wall": round(sum(each["hours_of_the_wall"] for each in slices), 2),
        "slices": slices,
    }
    return report


def _round(city: FireCity, judge: Judge, misfortune: Misfortune, city_h: Any, until_h: float) -> None:
    """Let things go wrong until an hour of the city is over; then they end, and all must be well."""
    judge.load.release()  # what people hold must not become more from hour to hour
    judge.load.start()
    while city_h() < until_h:
        misfortune.live()
        time.sleep(0.05)
    judge.load.stop()
    misfortune.end()
    judge.wire.take_given()
    judge.hold_daemon_to_account()
    judge.await_peace()
    judge.judge_commands()
    assert city.alive(), city.last_words()


def _told(
    seed: int, city: FireCity, sampler: Sampler, growth: dict[str, vitals.Size], report: Report
) -> dict[str, Any]:
    """Say how a slice went."""
    last = sampler.samples[-1]
    return {
        "seed": seed,
        "speed": city.pace.clock.speed,
        "hours_of_the_city": last.city_h,
        "hours_of_the_wall": round(last.wall_s / 3600, 3),
        "samples": len(sampler.samples),
        "violations": len(report.violations),
        "daemon_cpu_s": round(last.cpu_s, 1),
        "reports_heard": last.reports,
        "trends": {name: asdict(trend) for name, trend in soak_judge.trends(sampler.samples).items()},
        "most": {
            name: max(getattr(each, name) for each in sampler.samples)
            for name in ("rss_mb", "lightctl_wal_mb", "telemetry_wal_mb", "broker_mb", "street_mb")
        },
        "faults_open_at_the_end": city.status()["open_faults"],
        "tables_grown": {
            name: asdict(size) for name, size in sorted(growth.items(), key=lambda each: -each[1].bytes)[:12]
        },
    }  # fmt: skip


def main(told: Sequence[str]) -> int:
    """Run what the command line asks for."""
    parser = arguments(NAME, __doc__, BREAKS, rounds=None)
    parser.add_argument("--nodes", type=int, default=NODES)
    parser.add_argument("--hours", type=float, default=HOURS, help="hours of the city, 8.5 at most")
    parser.add_argument("--speed", type=float, default=SPEED, help="how fast the city's clock runs")
    parser.add_argument("--folder", type=Path, help="go on with the store in this folder, and leave it there")
    chosen = parser.parse_args(told)
    with tempfile.TemporaryDirectory(prefix="lightctl-soak-") as scratch:
        report = run(
            chosen.seed,
            folder=chosen.folder or Path(scratch),
            nodes=chosen.nodes,
            hours=chosen.hours,
            speed=chosen.speed,
            breaking=chosen.breaking,
        )
    return conclude(report, chosen.output)
