"""Drawing: a seed becomes a story. Everything that may vary is drawn here, and nowhere else."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from zoneinfo import ZoneInfo

from tests.support.bad_frames import KINDS as KINDS_OF_ANSWERS
from tests.worlds.stories.daemon import READS_BACK, WRITTEN
from tests.worlds.stories.gateway import ANY, NEVER, NOT_NOW, OTHER_FRAMING, PIECES
from tests.worlds.stories.line_mishaps import WHILE_WRITTEN
from tests.worlds.stories.setting import KINDS, LINES, PLACES, SHAPES
from tests.worlds.stories.story import Arguments, Entry, Line, Story

MANY = 0.08
LASTING = (2.0, 40.0, 600.0, 5000.0)
SKEWS_S = (-45.0, 45.0, -400.0, 400.0, -5 * 3600.0, 5 * 3600.0, -50 * 3600.0, 50 * 3600.0)
CRASHES = ("at once", "before recording", "before acting", "after acting", "upon a write")
POWER_CUTS = ("at once", "after storing")
LIES = ("levels", "older revision", "newer revision", "the newest revision", "clock")
SIDES = ("to nodes", "from nodes", "to daemon", "from daemon")
VERBS = ("dim", "dim", "dim", "resume", "resume", "schedule", "group", "retire", "return", "roll out", "say roll-out")
Draw = Callable[[random.Random], Arguments]


def _lasting(**more: Draw | Sequence[float | str]) -> Draw:
    def draw(rng: random.Random) -> Arguments:
        drawn: dict[str, bool | int | float | str] = {"lasts_s": round(rng.choice(LASTING) * rng.uniform(0.5, 1.5), 1)}
        for name, values in more.items():
            drawn[name] = rng.choice(tuple(values))  # type: ignore[arg-type]
        return drawn

    return draw


def _weather(rng: random.Random) -> Arguments:
    return {
        **_lasting()(rng),
        "lost": rng.choice((0.0, 0.3, 0.3, 0.7)),
        "doubled": rng.choice((0.0, 0.2, 0.8)),
        "longest_s": rng.choice((0.3, 5.0, 25.0)),
    }


def _numbered(rng: random.Random) -> Arguments:
    return {"number": rng.randrange(1000)}


def _dim(rng: random.Random) -> Arguments:
    return {
        "number": rng.randrange(1000),
        "select": rng.choice(("light point", "group", "site", "maintenance")),
        "below": rng.random() < 0.5,
        "starts_min": rng.choice((0, 0, 0, 7, 100)),
        "for_min": rng.choice((3, 60, 600)),
        "level": rng.choice((0, 20, 100)),
    }


def _schedule(rng: random.Random) -> Arguments:
    shape = rng.choice(("street", *SHAPES))
    return {"shape": shape, "late": rng.choice((0, 30, 50)), "floor": rng.choice((0, 60))}


def _roll_out(rng: random.Random) -> Arguments:
    return {
        **_schedule(rng),
        "pace": rng.choice((1, 5)),
        "on_failure": rng.choice(("pause", "undo")),
        "soak_s": rng.choice((0.0, 30.0, 900.0, 7200.0)),
        "failures_percent": rng.choice((20.0, 100.0, 100.0)),
    }


MISHAPS: dict[str, Draw] = {
    "link down": _lasting(),
    "broker wiped": _lasting(),
    "broker set back": _numbered,
    "reboot": _lasting(node=range(9), cut=POWER_CUTS),
    "flash lost": _lasting(node=range(9)),
    "cut off": _lasting(node=range(9)),
    "deaf": _lasting(node=range(9), side=SIDES),
    "bad network": _weather,
    "held back": _lasting(node=range(9), longest_s=(60.0, 400.0, 2000.0)),
    "old order": lambda rng: {"node": rng.randrange(9), "number": rng.randrange(1000)},
    "lie": _lasting(node=range(9), about=LIES, number=range(60)),
    "rubbish": lambda rng: {"node": rng.randrange(9), "number": rng.randrange(1000)},
    "node clock": _lasting(node=range(9), by_s=SKEWS_S),
    "clock": _lasting(by_s=SKEWS_S),
    "crash": _lasting(when=CRASHES),
    "backup restored": _lasting(),
}
ON_LINES: dict[str, Draw] = {
    "gateway dead": _lasting(node=range(9), how=("refuses", "hangs", "half open", OTHER_FRAMING)),
    "gateway replaced": _lasting(node=range(9), echoes=(True, False), back_s=(0.002, 0.012, 0.15)),
    "line cut": _lasting(node=range(9), says_so=(True, False)),
    "feeder off": _lasting(node=range(9), gateway=(True, False)),
    "bad answers": _lasting(
        node=range(9),
        kind=(*KINDS_OF_ANSWERS, PIECES, NOT_NOW, NOT_NOW, NEVER, ANY, ANY, ANY, ANY),
        share=(0.1, 0.4, 1.0),
    ),
    "neighbour answers": _lasting(node=range(9), share=(0.4, 1.0)),
    "local switch": _lasting(node=range(9), level=(0, 30, 100)),
    "another master": lambda rng: {"node": rng.randrange(9), "level": rng.choice((0, 30, 100))},
}
LINE_WORDS = (
    *ON_LINES, "bad answers", "bad answers", "reboot", "reboot", "flash lost", "cut off", "node clock", "clock",
    "crash", "crash", "backup restored", "link down", "bad network",
)  # fmt: skip
PEOPLE: dict[str, Draw] = {
    "dim": _dim,
    "resume": _numbered,
    "schedule": _schedule,
    "group": lambda rng: {"number": rng.randrange(1000), "group": rng.choice(("a", "b"))},
    "retire": _numbered,
    "return": _numbered,
    "roll out": _roll_out,
    "say roll-out": lambda rng: {"state": rng.choice(("paused", "running", "running", "undone"))},
    "ask": lambda rng: {"number": rng.randrange(1000), "action": rng.choice(("report", "identify"))},
}


WORDS = {**MISHAPS, **PEOPLE}
WORDS_ON_LINES = {
    **WORDS,
    **ON_LINES,
    "reboot": _lasting(node=range(9), cut=(*POWER_CUTS, WHILE_WRITTEN), writes=(1, 1, 2, 3, 9)),
    "crash": _lasting(when=(*CRASHES, WRITTEN, READS_BACK)),
}


def draw(seed: int, words: Sequence[str] = tuple(MISHAPS)) -> Story:
    """Draw the story of a seed; `words` are the mishaps there may be, some more often than others."""
    return _draw(random.Random(f"story/{seed}"), seed, _some_nodes, words, WORDS, 2700.0)


def draw_line(seed: int, words: Sequence[str] = LINE_WORDS) -> Story:
    """Draw another story of a seed, that of a street whose lamps hang on Modbus lines, or most of them."""
    rng = random.Random(f"story of a line/{seed}")
    count = 1 if rng.random() < 0.7 else len(LINES)
    line = Line(rng.random() < 0.5, rng.random() < 0.5, rng.choice((30.0, 120.0, 120.0)), count)
    return replace(_draw(rng, seed, _some_units, words, WORDS_ON_LINES, 1500.0), line=line)


DRAWN: dict[str, tuple[Callable[[int, Sequence[str]], Story], Sequence[str]]] = {
    "nodes": (draw, tuple(MISHAPS)),
    "lines": (draw_line, LINE_WORDS),
}


def _some_nodes(rng: random.Random) -> tuple[str, ...]:
    return tuple(rng.choice(tuple(KINDS)) for _ in range(rng.choice((1, 1, 2, 2, 3))))


def _some_units(rng: random.Random) -> tuple[str, ...]:
    others = (("nights",), ("nights",), ("lamp",), ("nights", "lamp"), ("carrying",), ())
    if rng.random() < MANY:
        others = (("nights", *("lamp",) * 10), ("lamp", "pillar", "half-night", "nights") * 3)
    return ("lamp", rng.choice(("pillar", "half-night")), *rng.choice(others))


def _draw(
    rng: random.Random, seed: int, some: Callable[[random.Random], tuple[str, ...]], words: Sequence[str],
    draws: Mapping[str, Draw], apart_s: float,
) -> Story:  # fmt: skip
    place = rng.choice(("Duisburg", *PLACES))
    date = rng.choice(PLACES[place].dates)
    noon = dt.datetime.combine(date, dt.time(rng.choice((12, 15, 18)), 20), ZoneInfo(PLACES[place].place.time_zone))
    nodes = some(rng)
    calm_at_s = 3600.0 * rng.choice((4, 8, 12, 20)) + 60 * rng.randrange(60)
    entries, at_s = [], 900.0
    while (at_s := at_s + rng.expovariate(1 / apart_s)) < calm_at_s:
        word = rng.choice(words) if rng.random() < 0.6 else rng.choice((*VERBS, "ask"))
        arguments = draws[word](rng)
        entries.append(Entry(round(at_s, 1), word, arguments))
    schedules = _schedule(rng)
    return Story(
        seed=seed,
        place=place,
        start=noon.astimezone(dt.UTC),
        nodes=nodes,
        clocks=tuple((round(rng.uniform(-1, 1), 3), rng.choice((0.0, 5.0, -20.0, 40.0))) for _ in nodes),
        heartbeat_s=rng.choice((600.0, 1800.0, 3600.0)),
        switch_ons_per_s=rng.choice((0.0, 0.0, 0.5, 2.0)),
        shape=str(schedules["shape"]),
        late=int(schedules["late"]),
        floor=int(schedules["floor"]),
        entries=tuple(entries),
        calm_at_s=calm_at_s,
        gone_h=rng.choice((2.0, 8.0, 20.0, 49.0)),
    )
