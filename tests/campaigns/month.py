"""A scripted month: every kind of fault on known lamps at known times; is each found once, and none invented?

python -m tests.campaigns month --seed 1 [--lamps 2000] [--nights 30] [-o json]
python -m tests.campaigns month --lamps 150 --nights 4 --break NAME      rules broken on purpose: must fail

The city, the script and the judge are tests/worlds: the real controller, codecs, store and node firmware on one seeded
heap in one process, judged by the lamps' own truth. Exit code 1: a fault was missed, invented or found twice, or the
energy of the report is off the lamps' own by a percent.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from tests.worlds.run import BREAKS, FIRST_NIGHT, HEARTBEAT_S, Lived, Plan, live

NAME = "month"


def main(arguments: Sequence[str]) -> int:
    """Run what the command line asks for."""
    parser = argparse.ArgumentParser(f"python -m tests.campaigns {NAME}", description=__doc__.partition("\n")[0])
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--lamps", type=int, default=2000)
    parser.add_argument("--nights", type=int, default=30)
    parser.add_argument("--first", type=dt.date.fromisoformat, default=FIRST_NIGHT, help="date of the first night")
    parser.add_argument("--heartbeat", type=float, default=HEARTBEAT_S, metavar="SECONDS")
    parser.add_argument("--store", type=Path, help="folder for the store; without it, it is in memory")
    parser.add_argument("--break", dest="breaking", choices=sorted(BREAKS), default="", metavar="NAME")
    parser.add_argument("-o", "--output", choices=("text", "json"), default="text")
    chosen = parser.parse_args(arguments)
    plan = Plan(chosen.seed, chosen.lamps, chosen.nights, chosen.first, chosen.heartbeat, chosen.breaking)
    lived = live(plan, chosen.store, lambda text: print(text, file=sys.stderr, flush=True))  # noqa: T201
    result = told(lived)
    sys.stdout.write(json.dumps(result, indent=2) + "\n" if chosen.output == "json" else _text(result))
    return int(not lived.passed)


def told(lived: Lived) -> dict[str, object]:
    """Give a month as JSON has it."""
    score, energy, plan = lived.score, lived.energy, lived.plan
    events = sorted({*score.right, *score.missed_by_event, *score.false_by_event})
    return {
        "campaign": NAME,
        "seed": plan.seed,
        "lamps": lived.counts["lamps"],
        "nodes": lived.counts["nodes"],
        "nights": plan.nights,
        "first": plan.first.isoformat(),
        "heartbeat_s": plan.heartbeat_s,
        "broken": plan.breaking,
        "passed": lived.passed,
        "injected": len(lived.script.injected),
        "expected_records": score.found + len(score.missed),
        "noise": len(lived.script.noise) + len(lived.script.people),
        "precision": round(score.precision, 4),
        "recall": round(score.recall, 4),
        "held_back_by_maintenance": score.suppressed,
        "worst_to_open_s": round(max(score.opened_s.values(), default=0.0)),
        "worst_to_close_s": round(max(score.closed_s.values(), default=0.0)),
        "energy_kwh": round(energy.kwh, 3),
        "energy_truth_kwh": round(energy.truth_kwh, 3),
        "energy_metered_kwh": round(energy.metered_kwh, 3),
        "energy_error_percent": round(energy.error_percent, 4),
        "energy_worst_lamp_percent": round(energy.worst_percent, 3),
        "energy_worst_lamp": energy.worst_lamp,
        "cpu_s": round(lived.cpu_s, 1),
        **{name: count for name, count in lived.counts.items() if name not in ("lamps", "nodes")},
        "lamp_events_per_s": round(lived.counts["lamp_events"] / max(lived.cpu_s, 0.001)),
        "events": [
            {
                "event": event,
                "right": score.right[event],
                "missed": score.missed_by_event[event],
                "false": score.false_by_event[event],
                "worst_to_open_s": round(score.opened_s.get(event, 0.0)),
                "worst_to_close_s": round(score.closed_s.get(event, 0.0)),
            }
            for event in events
        ],
        "missed": score.missed,
        "false": score.false,
        "unseen": score.unseen,
        "refused": lived.refused,
        "violations": lived.violations,
    }


def _line(row: dict[str, object]) -> str:
    return ", ".join(f"{key}: {value}" for key, value in row.items())


def _text(result: dict[str, object]) -> str:
    lines = [f"{key}: {value}" for key, value in result.items() if not isinstance(value, list)]
    for name in ("events", "missed", "false", "unseen", "refused", "violations"):
        found = result[name]
        assert isinstance(found, list)
        lines += [_line(each) if isinstance(each, dict) else f"{name}: {each}" for each in found]
    return "\n".join(lines) + "\n"
