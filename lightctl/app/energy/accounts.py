"""Accounts: what every lamp of a report used in every part of its period.

In: lamps, parts, the store's usage. Out: an `Entry` a lamp and part. What must hold: no kilowatt-hour twice. A lamp's
own counter goes before the meter of its cabinet; a cabinet none of whose lamps has a counter is shared out by the
estimates of its lamps, and what its meter did not count is estimated like anything else.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from lightctl.app.desk import Desk
from lightctl.app.energy.lamps import Lamp, Plans, baseline_wh, by_node
from lightctl.app.energy.parts import Part
from lightctl.app.energy.seen import Counted, Seen, Served, counted_in, has_quarters, seen_in
from lightctl.app.energy.weighing import Planned, Weighed, weigh
from lightctl.domain.usage import Resolution
from lightctl.planning.wall import ONE_DAY, night_bounds, night_date

# Whoever shares the store's thread waits for so many lamps at most.
LAMPS_A_STEP = 4000
NOTHING_PLANNED = Planned({}, 0.0, 0.0)


@dataclass(frozen=True, slots=True)
class Entry:
    """What one lamp used in one part; baseline_wh None where nobody knows what it draws."""

    lamp: Lamp
    weighed: Weighed
    baseline_wh: float | None


@dataclass(frozen=True, slots=True)
class _Frame:
    """What lamps that are alike were to do in a part, and what they would have by the baseline."""

    length_s: float
    planned: Planned
    baseline_wh: float | None


class _Frames(dict[int, _Frame]):
    """The frames of a part by cohort, each made when it is first asked for."""

    def __init__(self, part: Part, plans: Plans, first: Sequence[Lamp], baseline: str) -> None:
        super().__init__()
        self._part = part
        self._plans = plans
        self._first = first
        self._baseline = baseline

    def __missing__(self, cohort: int) -> _Frame:
        lamp, part = self._first[cohort], self._part
        since = part.since if lamp.begin is None else min(max(part.since, lamp.begin), part.until)
        planned = self._plans.planned(lamp, since, part.until)
        full = self._plans.full_night(lamp, since, part.until)
        frame = _Frame((part.until - since).total_seconds(), planned, baseline_wh(lamp, full, self._baseline))
        self[cohort] = frame
        return frame


@dataclass(frozen=True, slots=True)
class _Chunk:
    """Some lamps with their cohorts, and the nodes that served them; the lamps of a cabinet are never parted."""

    lamps: Sequence[tuple[Lamp, int]]
    served: Served
    nodes: frozenset[str]


class Accounts:
    """The books of one report, kept for some thousand lamps at a time."""

    def __init__(self, desk: Desk, lamps: Sequence[Lamp], since: dt.datetime, now: dt.datetime, baseline: str) -> None:
        """Open the books for some lamps from `since` on."""
        self._desk = desk
        self._plans = Plans(desk, since, now)
        self._baseline = baseline
        self._now = now
        self._number = len(lamps)
        cohorts: dict[Hashable, int] = {}
        self._first: list[Lamp] = []
        self._chunks = [self._chunk(some, cohorts) for some in _chunks(lamps)]
        self._last_nights: dict[int, tuple[Part, Seen]] = {}

    def entries(self, part: Part, *, meters: bool = True) -> Iterator[list[Entry]]:
        """Give the entries of a part, some lamps at a time; `meters` False: whatever the meters of cabinets counted."""
        counted = counted_in(self._desk, part) if meters else {}
        by_night = part.resolution is Resolution.QUARTER and not has_quarters(self._desk, part, self._number)
        frames = self._frames(part)
        for number, chunk in enumerate(self._chunks):
            entries = self._from_nights(part, number) if by_night else self._entries(part, chunk, frames)
            yield _shared(part, entries, counted) if counted else entries

    def _chunk(self, lamps: Sequence[Lamp], cohorts: dict[Hashable, int]) -> _Chunk:
        found: list[tuple[Lamp, int]] = []
        for lamp in lamps:
            cohort = cohorts.setdefault(self._plans.alike(lamp), len(cohorts))
            if cohort == len(self._first):
                self._first.append(lamp)
            found.append((lamp, cohort))
        served = by_node(lamps)
        return _Chunk(found, served, frozenset(node for node, _ in served))

    def _entries(self, part: Part, chunk: _Chunk, frames: _Frames) -> list[Entry]:
        seen = seen_in(self._desk, part, chunk.served, chunk.nodes)
        found: list[Entry] = []
        for lamp, cohort in _there(chunk, part, seen):
            frame = frames[cohort]
            found.append(Entry(lamp, self._weigh(lamp, frame, seen), frame.baseline_wh))
        return found

    def _from_nights(self, part: Part, number: int) -> list[Entry]:
        """Divide whole nights by what the plan has in the part of them that is asked for."""
        time_zone = self._desk.settings.site.time_zone
        chunk = self._chunks[number]
        found: dict[str, Entry] = {}
        date = night_date(part.since, time_zone)
        while (bounds := night_bounds(date, time_zone))[0] < part.until:
            night = Part(bounds[0], min(bounds[1], self._now), Resolution.NIGHT)
            cut = Part(max(part.since, night.since), min(part.until, night.until), Resolution.NIGHT)
            seen, whole, some = self._night(night, number), self._frames(night), self._frames(cut)
            for lamp, cohort in _there(chunk, cut, seen):
                weighed = self._weigh(lamp, whole[cohort], seen)
                share = _share(whole[cohort].planned, some[cohort].planned)
                entry = Entry(lamp, _scaled(weighed, *share), some[cohort].baseline_wh)
                known = found.get(lamp.point.id)
                found[lamp.point.id] = entry if known is None else _plus(known, entry)
            date += ONE_DAY
        return list(found.values())

    def _frames(self, part: Part) -> _Frames:
        return _Frames(part, self._plans, self._first, self._baseline)

    def _night(self, night: Part, number: int) -> Seen:
        """Give what was seen in a night, read once for all its parts that are asked for one after the other."""
        known = self._last_nights.get(number)
        if known is None or known[0] != night:
            chunk = self._chunks[number]
            known = self._last_nights[number] = (night, seen_in(self._desk, night, chunk.served, chunk.nodes))
        return known[1]

    def _weigh(self, lamp: Lamp, frame: _Frame, seen: Seen) -> Weighed:
        usages = seen.get(lamp.point.id, ())
        if lamp.burns:
            weighed = weigh(frame.length_s, usages, lamp.watts, frame.planned)
        else:
            # Nobody says what a lamp that is not in use did unseen.
            known = max((max(usage.known_s, usage.metered_s) * share for usage, share in usages), default=0.0)
            weighed = weigh(known, usages, lamp.watts, NOTHING_PLANNED)
        lamp.counted = lamp.counted or weighed.counted
        return weighed


def _chunks(lamps: Sequence[Lamp]) -> Iterator[list[Lamp]]:
    """Part lamps into some thousand at a time, cabinet by cabinet."""
    some: list[Lamp] = []
    for lamp in sorted(lamps, key=lambda each: each.point.cabinet):
        cabinet = lamp.point.cabinet
        if len(some) >= LAMPS_A_STEP and (not cabinet or cabinet != some[-1].point.cabinet):
            yield some
            some = []
        some.append(lamp)
    if some:
        yield some


def _there(chunk: _Chunk, part: Part, seen: Seen) -> Iterator[tuple[Lamp, int]]:
    """Give the lamps that have a place in a part: on the street by then, or seen all the same."""
    for lamp, cohort in chunk.lamps:
        if lamp.point.id in seen or (lamp.burns and (lamp.begin is None or lamp.begin < part.until)):
            lamp.present = True
            yield lamp, cohort


def _shared(part: Part, entries: list[Entry], meters: Mapping[str, Counted]) -> list[Entry]:
    """Give each cabinet's meter to its lamps, where none of them has a counter of its own."""
    members: dict[str, list[Entry]] = {}
    for each in entries:
        if each.lamp.point.cabinet in meters:
            members.setdefault(each.lamp.point.cabinet, []).append(each)
    shared = {
        entry.lamp.point.id: entry
        for cabinet, fed in members.items()
        if not any(each.weighed.counted for each in fed)
        for entry in _metered(fed, meters[cabinet], part)
    }
    return [shared.get(each.lamp.point.id, each) for each in entries] if shared else entries


def _metered(fed: Sequence[Entry], counted: Counted, part: Part) -> Iterator[Entry]:
    """Share a meter out by what its lamps are estimated to use, or by their number where nobody knows."""
    whole = sum(each.weighed.estimated_wh for each in fed)
    lamps = sum(each.lamp.point.lamps for each in fed)
    uncounted = max(0.0, 1 - counted.metered_s / part.length_s)
    for each in fed:
        weighed = each.weighed
        share = weighed.estimated_wh / whole if whole else each.lamp.point.lamps / lamps
        each.lamp.counted = True
        metered = replace(
            weighed, metered_wh=counted.energy_wh * share, estimated_wh=weighed.estimated_wh * uncounted, counted=True
        )
        yield replace(each, weighed=metered)


def _scaled(weighed: Weighed, energy: float, light: float) -> Weighed:
    return replace(
        weighed,
        metered_wh=weighed.metered_wh * energy,
        estimated_wh=weighed.estimated_wh * energy,
        lit_s=weighed.lit_s * light,
    )


def _share(whole: Planned, part: Planned) -> tuple[float, float]:
    """Give which share of a night's energy and of its light the plan has in a part of it."""
    time = sum(part.levels.values()) / sum(whole.levels.values()) if whole.levels else 0.0
    energy = part.energy_wh / whole.energy_wh if whole.energy_wh else time
    return energy, part.lit_s / whole.lit_s if whole.lit_s else time


def _plus(one: Entry, other: Entry) -> Entry:
    a, b = one.weighed, other.weighed
    baseline = None if one.baseline_wh is None or other.baseline_wh is None else one.baseline_wh + other.baseline_wh
    weighed = Weighed(
        a.metered_wh + b.metered_wh, a.estimated_wh + b.estimated_wh, a.lit_s + b.lit_s, a.counted or b.counted
    )
    return Entry(one.lamp, weighed, baseline)
