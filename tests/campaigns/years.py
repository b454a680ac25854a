"""Ten years at twelve odd places: is every lamp right at every instant of every night?

python -m tests.campaigns years [--lamps 1000] [--years 10] [--sites 12|NAME,...] [--seed S] [--jobs J] [-o json]
python -m tests.campaigns years --lamps 60 --nights 3 --sites duisburg --first 2026-10-23 --break NAME     must fail

A site is a town of nodes that carry their nights (tests/worlds/sites.py, long_town.py): the real controller, codecs,
store and node firmware on one heap, with reboots, cuts, lost flash, wrong clocks and people's overrides besides. Judged
is what each lamp was commanded to and gave, against the oracle's reading of the schedules. Exit code 1: a violation.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import sys
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor

from lightctl.app.running.collector import relax
from tests.worlds.sites import SITES, Site
from tests.worlds.year_breaks import BREAKS
from tests.worlds.years import HEARTBEAT_S, Judged, Years, live

NAME = "years"


def main(arguments: Sequence[str]) -> int:
    """Run what the command line asks for."""
    parser = argparse.ArgumentParser(f"python -m tests.campaigns {NAME}", description=__doc__.partition("\n")[0])
    parser.add_argument("--lamps", type=int, default=1000)
    parser.add_argument("--years", type=int, default=10)
    parser.add_argument("--nights", type=int, help="so many nights instead of whole years")
    parser.add_argument("--sites", default=str(len(SITES)), help=f"how many, or their names: {', '.join(SITES)}")
    parser.add_argument("--first", type=dt.date.fromisoformat, help="date of the first night, else the site's own")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--often", type=float, default=1.0, help="how much more often than usual things go wrong")
    parser.add_argument("--heartbeat", type=float, default=HEARTBEAT_S, metavar="SECONDS")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--break", dest="breaking", choices=sorted(BREAKS), default="", metavar="NAME")
    parser.add_argument("-o", "--output", choices=("text", "json"), default="text")
    chosen = parser.parse_args(arguments)
    plans = [
        Years(
            site, chosen.lamps, chosen.nights or _nights(chosen.first or site.first, chosen.years), chosen.seed,
            chosen.heartbeat, chosen.often, chosen.breaking, chosen.first,
        )
        for site in _sites(chosen.sites)
    ]  # fmt: skip
    if chosen.jobs > 1:
        with ProcessPoolExecutor(chosen.jobs) as pool:
            lived = list(pool.map(_live, plans))
    else:
        lived = [_live(plan) for plan in plans]
    result = {
        "campaign": NAME,
        "seed": chosen.seed,
        "broken": chosen.breaking,
        "violations": sum(each.violated for each in lived),
        "sites": [told(plan, each) for plan, each in zip(plans, lived, strict=True)],
    }
    sys.stdout.write(json.dumps(result, indent=2) + "\n" if chosen.output == "json" else _text(result))
    return int(any(each.violated or each.refused for each in lived))


def told(plan: Years, lived: Judged) -> dict[str, object]:
    """Give a site as JSON has it."""
    first = plan.first or plan.site.first
    return {
        "site": plan.site.name,
        "why": plan.site.why,
        "zone": plan.site.zone,
        "first": first.isoformat(),
        "nights": plan.nights,
        **dict(sorted(lived.counts.items())),
        "lamp_events": lived.lamp_events,
        "cpu_s": round(lived.cpu_s, 1),
        "judging_s": round(lived.judging_s, 1),
        "lamp_events_per_s": round(lived.lamp_events / max(lived.cpu_s, 0.001)),
        "violations": lived.violated,
        "violated": lived.violations,
        "refused": lived.refused,
    }


def _live(plan: Years) -> Judged:
    relax()
    return live(plan, lambda text: print(text, file=sys.stderr, flush=True))  # noqa: T201


def _sites(wanted: str) -> list[Site]:
    if wanted.isdecimal():
        return list(SITES.values())[: int(wanted)]
    return [SITES[name] for name in wanted.split(",")]


def _nights(first: dt.date, years: int) -> int:
    return (first.replace(year=first.year + years) - first).days


def _text(result: dict[str, object]) -> str:
    sites = result["sites"]
    assert isinstance(sites, list)
    lines = [f"{key}: {value}" for key, value in result.items() if key != "sites"]
    for site in sites:
        lines += ["", *(f"{key}: {value}" for key, value in site.items() if not isinstance(value, list))]
        lines += [f"violated: {each}" for each in site["violated"]]
    return "\n".join(lines) + "\n"
