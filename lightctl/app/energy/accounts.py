"""Accounts: what every lamp of a report used in every part of its period.

In: lamps, parts, the store's usage. Out: an `Entry` a lamp and part. What must hold: no kilowatt-hour twice. A lamp's
own counter goes before the meter of its cabinet; a cabinet none of whose lamps has a counter is shared out by the
estimates of its lamps, and what its meter did not count is estimated like anything else.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from lightctl.app.desk import Desk
from lightctl.app.energy.lamps import Lamp, Plans, baseline_wh, by_node
from lightctl.app.energy.parts import Part
from lightctl.app.energy.seen import Counted, Seen, Served, counted_in, has_quarters, seen_in
from lightctl.app.energy.weighing import Planned, Weighed, weigh
from lightctl.domain.usage import Resolution
from lightctl.planning.wall import ONE_DAY, night_bounds, night_date

NOTHING_PLANNED = Planned({}, 0.0, 0.0)


@dataclass(frozen=True, slots=True)
class Entry:
    """What one lamp used in one part; baseline_wh None where nobody knows what it draws."""

    lamp: Lamp
    weighed: Weighed
    baseline_wh: float | None


class Accounts:
    """The books of one report."""

    def __init__(self, desk: Desk, lamps: Sequence[Lamp], since: dt.datetime, now: dt.datetime, baseline: str) -> None:
        """Open the books for some lamps from `since` on."""
        self._desk = desk
        self._lamps = lamps
        self._served: Served = by_node(lamps)
        self._plans = Plans(desk, since, now)
        self._baseline = baseline
        self._now = now
        self._last_night: tuple[Part, Seen] | None = None

    def entries(self, part: Part, *, meters: bool = True) -> list[Entry]:
        """Give the entries of a part; `meters` False leaves every lamp its own figure, whatever cabinets counted."""
        entries = self._entries(part)
        return self._shared(part, entries) if meters else entries

    def _entries(self, part: Part) -> list[Entry]:
        if part.resolution is Resolution.QUARTER and not has_quarters(self._desk, part, len(self._lamps)):
            return self._from_nights(part)
        seen = seen_in(self._desk, part, self._served)
        return [self._entry(lamp, part, self._weigh(lamp, part, seen)) for lamp in self._there(part, seen)]

    def _from_nights(self, part: Part) -> list[Entry]:
        """Divide whole nights by what the plan has in the part of them that is asked for."""
        time_zone = self._desk.settings.site.time_zone
        found: dict[str, Entry] = {}
        date = night_date(part.since, time_zone)
        while (bounds := night_bounds(date, time_zone))[0] < part.until:
            night = Part(bounds[0], min(bounds[1], self._now), Resolution.NIGHT)
            seen = self._night(night)
            since, until = max(part.since, night.since), min(part.until, night.until)
            for lamp in self._there(part, seen):
                weighed = self._weigh(lamp, night, seen)
                whole = self._plans.planned(lamp, night.since, night.until)
                share = _share(whole, self._plans.planned(lamp, since, until))
                cut = Weighed(
                    weighed.metered_wh * share[0], weighed.estimated_wh * share[0], weighed.lit_s * share[1],
                    weighed.counted,
                )  # fmt: skip
                entry = self._entry(lamp, Part(since, until, Resolution.NIGHT), cut)
                known = found.get(lamp.point.id)
                found[lamp.point.id] = entry if known is None else _plus(known, entry)
            date += ONE_DAY
        return list(found.values())

    def _night(self, night: Part) -> Seen:
        """Give what was seen in a night, read once for all its parts that are asked for one after the other."""
        if self._last_night is None or self._last_night[0] != night:
            self._last_night = (night, seen_in(self._desk, night, self._served))
        return self._last_night[1]

    def _there(self, part: Part, seen: Seen) -> Iterator[Lamp]:
        """Give the lamps that have a place in a part: on the street by then, or seen all the same."""
        for lamp in self._lamps:
            if lamp.point.id in seen or (lamp.burns and (lamp.begin is None or lamp.begin < part.until)):
                lamp.present = True
                yield lamp

    def _weigh(self, lamp: Lamp, part: Part, seen: Seen) -> Weighed:
        usages = seen.get(lamp.point.id, ())
        if not lamp.burns:
            known = max(
                (max(usage.known_s, usage.metered_s) * share for usage, share in usages), default=0.0
            )  # nobody says what a lamp that is not in use did unseen
            weighed = weigh(known, usages, lamp.watts, NOTHING_PLANNED)
            lamp.counted = lamp.counted or weighed.counted
            return weighed
        since = part.since if lamp.begin is None else max(part.since, lamp.begin)
        since = part.since if since >= part.until else since
        weighed = weigh(
            (part.until - since).total_seconds(), usages, lamp.watts, self._plans.planned(lamp, since, part.until)
        )
        lamp.counted = lamp.counted or weighed.counted
        return weighed

    def _entry(self, lamp: Lamp, part: Part, weighed: Weighed) -> Entry:
        since = part.since if lamp.begin is None else min(max(part.since, lamp.begin), part.until)
        full = self._plans.full_night(lamp, since, part.until)
        return Entry(lamp, weighed, baseline_wh(lamp, full, self._baseline))

    def _shared(self, part: Part, entries: list[Entry]) -> list[Entry]:
        """Give each cabinet's meter to its lamps, where none of them has a counter of its own."""
        meters = counted_in(self._desk, part)
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
