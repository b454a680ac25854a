"""Years lived through at one site, and every lamp judged at every instant of every night.

The town is `long_town`, what happens besides is `misfortunes`, what is due says the oracle (`expected`), and `Watch`
follows commands, revisions and silences. After each noon the night before is judged by the lamps' own lists of changes.
Measurements are not kept: the scripted month judges them.
"""

from __future__ import annotations

import datetime as dt
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from unittest.mock import patch

from lightctl.control.policy import Policy
from lightctl.domain.assets import Capabilities, LightPoint
from lightctl.files.schedules import read_schedules
from tests.oracle.sun import Sky
from tests.oracle.wall import night_of
from tests.worlds.expected import Allowed, Segment, allowed
from tests.worlds.invariants import Watch
from tests.worlds.kernel import World
from tests.worlds.long_town import DRIFT_PPM, OFFSET_S, build_town
from tests.worlds.misfortunes import DAY, SET_RIGHT_EVERY, SETTLING, Misfortunes, Span
from tests.worlds.sites import Site
from tests.worlds.year_breaks import BREAKS

HEARTBEAT_S, WRITE_S = 21600.0, 600.0
AFTER_NOON = dt.timedelta(minutes=30)
KEPT = dt.timedelta(days=2)
WHOLE_SECONDS_S = 1.0
# Two months without the right time, the second because a node was without mains when the first was over.
DRIFTING_S = WHOLE_SECONDS_S + 2 * OFFSET_S + 2 * SET_RIGHT_EVERY * 86400 * DRIFT_PPM * 1e-6
OWN_SUN_S = 60.0  # a node that has nothing to follow goes by a sun of its own, a hundredth of a degree off
MOST_PER_HOUR = 8
HOUR_S = 3600.0
MOST_TOLD = 200


@dataclass(frozen=True, slots=True)
class Years:
    """What to live through: a site, so many lamps and nights, and what is broken on purpose (year_breaks)."""

    site: Site
    lamps: int
    nights: int
    seed: int = 1
    heartbeat_s: float = HEARTBEAT_S
    often: float = 1.0
    breaking: str = ""
    first: dt.date | None = None


@dataclass(slots=True)
class Judged:
    """What came of it. counts: what happened; violations: at most MOST_TOLD of `violated`."""

    counts: Counter[str] = field(default_factory=Counter)
    violated: int = 0
    violations: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    cpu_s: float = 0.0
    judging_s: float = 0.0
    say: Callable[[str], None] = lambda _text: None

    @property
    def lamp_events(self) -> int:
        """How often a lamp was given another level, came to the end of a ramp, or a node reported."""
        return self.counts["switched"] + self.counts["faded"] + self.counts["reports"]

    def violate(self, what: str) -> None:
        """Note that an invariant was broken."""
        self.violated += 1
        if len(self.violations) < MOST_TOLD:
            self.violations.append(what)
            self.say(what)


def live(years: Years, say: Callable[[str], None] = lambda _text: None) -> Judged:
    """Live through it and judge it."""
    with ExitStack() as stack:
        for target, attribute, value in BREAKS[years.breaking]() if years.breaking else ():
            stack.enter_context(patch.object(target, attribute, value))
        return _live(years, say)


def _live(years: Years, say: Callable[[str], None]) -> Judged:
    zone, first = years.site.zone, years.first or years.site.first
    start = _instant(night_of(first - DAY, zone)[0])
    town = build_town(years.site, years.lamps, years.seed, years.heartbeat_s)
    policy = Policy(heartbeat_s=years.heartbeat_s)
    world = World(town, years.seed, start, policy, write_s=WRITE_S, measures=False)
    watch = Watch(world, mean_look_s=None)
    misfortunes = Misfortunes(world, watch, years.seed, years.often)
    found = Judged(say=say)
    judge = Nights(world, misfortunes, found)
    began = time.process_time()
    world.run(_instant(night_of(first, zone)[0]))
    for number in range(years.nights):
        date = first + number * DAY
        bounds = night_of(date, zone)
        if bounds[0] >= bounds[1]:
            continue  # a date the zone left out
        misfortunes.tonight(_instant(bounds[0]))
        world.run(_instant(bounds[1]) + AFTER_NOON)
        judging = time.process_time()
        judge.judge(date, bounds)
        found.judging_s += time.process_time() - judging
        world.daemon.write()
        world.store.prune_journal(world.now - KEPT)
        for each in (world.lamps, watch, misfortunes):
            each.forget(world.now - 2 * AFTER_NOON - DAY)
        if number % 100 == 0:
            say(f"{years.site.name} {date}: {time.process_time() - began:.0f} s, {found.violated} violations")
    found.cpu_s = time.process_time() - began
    watch.finish()
    for each in (*watch.violations, *misfortunes.violations):
        found.violate(each)
    found.refused = list(world.daemon.refused)
    found.counts.update(misfortunes.counts)
    found.counts.update(
        light_points=len(town.points), nodes=len(town.nodes), switched=world.lamps.switched, faded=world.lamps.faded,
        reports=world.reports, heard=world.daemon.heard, messages=world.network.carried, steps=world.daemon.steps,
    )  # fmt: skip
    world.close()
    return found


class Nights:
    """Judges nights, one after another."""

    def __init__(self, world: World, misfortunes: Misfortunes, found: Judged) -> None:
        self._world = world
        self._misfortunes = misfortunes
        self._found = found
        self._intent = read_schedules(world.town.schedules).intent
        self._zone = world.town.time_zone
        self._setups = {stood.setup.id: stood for stood in world.town.nodes}
        self._allowed: dict[tuple[object, ...], Allowed | None] = {}
        self._verdicts: dict[tuple[object, ...], str] = {}
        self._sky: Sky | None = None

    def judge(self, date: dt.date, bounds: tuple[int, int]) -> None:
        """Hold what each lamp did in the night of a date against what it had to do."""
        self._allowed.clear()
        self._verdicts.clear()
        self._sky = Sky(*bounds)
        start, end = _instant(bounds[0]), _instant(bounds[1])
        for at, node, channel, light, level in self._world.lamps.odd:
            if start <= at < end and not _inside(at, self._misfortunes.excused.get(node, ())):
                self._found.violate(f"I1 at {at}: {node}-{channel} gives {light:.0f} % and was told {level} %")
        for point in self._world.town.points:
            self._found.counts["lamp_nights"] += 1
            wrong = self._wrong(point, date, start, end)
            if wrong:
                self._found.violate(f"I1 {point.id} ({point.kind}) in the night of {date}: {wrong}")

    def _wrong(self, point: LightPoint, date: dt.date, start: dt.datetime, end: dt.datetime) -> str:
        alone = next((each for each in self._misfortunes.alone.get(point.node, ()) if _touch(each, start, end)), None)
        if alone is None:
            return self._wrong_in(point, date, start, end)
        if start < alone[0] < end:
            return f"I15: it has nights until {alone[0]}, which is no noon"
        lamp, over = _of_nobody(point), min(alone[1], end)
        return self._wrong_in(lamp, date, start, over) or (self._wrong_in(point, date, over, end) if over < end else "")

    def _wrong_in(self, point: LightPoint, date: dt.date, start: dt.datetime, end: dt.datetime) -> str:
        overrides = tuple(
            each
            for each in self._world.overrides
            if each.start < end and each.until > start and point.selected_by(each.select)
        )
        key = (point.latitude, point.longitude, point.kind, overrides)
        if key not in self._allowed:
            assert self._sky is not None
            self._allowed[key] = allowed(
                self._intent, self._zone, point, date, self._sky, overrides, SETTLING.total_seconds()
            )
        may = self._allowed[key]
        if may is None:
            self._found.counts["undecided"] += 1
            return ""
        stood = self._setups[point.node]
        excused = self._misfortunes.excused.get(point.node, ())
        instants, levels = self._world.lamps.within(point.node, point.channel, start, end)
        slack_s = OWN_SUN_S if not point.kind else DRIFTING_S if stood.clock != (0.0, 0.0) else WHOLE_SECONDS_S
        memo = (key, stood.setup.capabilities, slack_s, instants, levels, start, end)
        if excused or memo not in self._verdicts:
            segments = list(_without(_segments(instants, levels, start, end), excused))
            verdict = _verdict(may, stood.setup.capabilities, segments, slack_s)
            if excused:
                return verdict
            self._verdicts[memo] = verdict
        return self._verdicts[memo]


def _verdict(may: Allowed, capabilities: Capabilities, segments: Sequence[Segment], slack_s: float) -> str:
    if capabilities.min_level:
        may = may.of(capabilities)
    if not capabilities.carries_nights:
        slack_s = max(slack_s, SETTLING.total_seconds())
    grid_s = float(capabilities.resolution_s) if capabilities.resolution_s > 1 else 0.0
    busy = _busiest(segments)
    if busy > MOST_PER_HOUR:
        return f"I11: {busy} changes within an hour"
    return may.fault_of(segments, slack_s, grid_s)


def _busiest(segments: Sequence[Segment]) -> int:
    """Give the most changes within an hour."""
    begins = [each.begin for each in segments[1:]]
    return max((sum(at <= other < at + HOUR_S for other in begins) for at in begins), default=0)


def _segments(
    instants: Sequence[dt.datetime], levels: Sequence[int], start: dt.datetime, end: dt.datetime
) -> Iterator[Segment]:
    begins = [max(at, start).timestamp() for at in instants]
    for begin, until, level in zip(begins, [*begins[1:], end.timestamp()], levels, strict=True):
        yield Segment(begin, until, level)


def _without(segments: Iterator[Segment], excused: Sequence[Span]) -> Iterator[Segment]:
    """Leave out of segments what nobody can be asked for."""
    spans = sorted((begin.timestamp(), end.timestamp()) for begin, end in excused)
    for each in segments:
        begin = each.begin
        for from_s, until_s in spans:
            if until_s <= begin or from_s >= each.end:
                continue
            if from_s > begin:
                yield Segment(begin, from_s, each.level)
            begin = until_s
        if begin < each.end:
            yield Segment(begin, each.end, each.level)


def _of_nobody(point: LightPoint) -> LightPoint:
    """Give the same lamp as no schedule and no person names it: what a node does that has nothing to follow."""
    return LightPoint(f"{point.id}-alone", point.latitude, point.longitude, node=point.node, channel=point.channel)


def _inside(at: dt.datetime, spans: Sequence[Span]) -> bool:
    return any(begin <= at <= end for begin, end in spans)


def _touch(span: Span, start: dt.datetime, end: dt.datetime) -> bool:
    return span[0] < end and span[1] > start


def _instant(seconds: int) -> dt.datetime:
    return dt.datetime.fromtimestamp(seconds, dt.UTC)
