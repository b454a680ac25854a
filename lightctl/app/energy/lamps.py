"""The lamps of a report: who counts, what each draws, which node served it when, and what the plan had it do."""

from __future__ import annotations

import datetime as dt
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass

from lightctl.app.desk import Desk
from lightctl.app.energy.luminaires import curve_of, former_w, luminaire_types
from lightctl.app.energy.weighing import SECONDS_PER_HOUR, Planned
from lightctl.app.reasons.reigns import Reign, reigns_of
from lightctl.domain.assets import LifeCycle, LightPoint
from lightctl.domain.luminaires import PowerCurve
from lightctl.domain.rollouts import Rollout
from lightctl.files.settings_energy import night_window
from lightctl.planning.forecast import NightSum, added
from lightctl.planning.use import FullNights, PlannedUse, Suns
from lightctl.store.base import Mounting

WH_PER_KWH = 1000.0
# Light points of these are on the street and burn, whoever commands them; of others only what was seen counts.
BURNING = frozenset({LifeCycle.IN_USE, LifeCycle.MAINTENANCE})


@dataclass(slots=True)
class Lamp:
    """A light point as a report sees it.

    begin: since when anybody knows of it (None: always). burns: it counts also where nothing was seen of it. counted,
    present: whether a counter, or anything at all, was of it in the parts that were looked at.
    """

    point: LightPoint
    curve: PowerCurve | None
    watts: tuple[float, ...] | None
    former_w: float | None
    mounted: tuple[Mounting, ...]
    begin: dt.datetime | None
    burns: bool
    counted: bool = False
    present: bool = False


def is_lamp(desk: Desk, point: LightPoint) -> bool:
    """Say whether a light point gives light: a meter in a row of its own does not."""
    profile = desk.profiles.get(point.profile)
    return profile is None or profile.capabilities.channels > 0


def lamps_of(desk: Desk, points: Iterable[LightPoint]) -> list[Lamp]:
    """Give light points as reports see them; those of one kind share one curve."""
    types = luminaire_types(desk.settings)
    mountings: dict[str, list[Mounting]] = {}
    for each in desk.store.all_mountings():
        mountings.setdefault(each.light_point, []).append(each)
    known: dict[PowerCurve, tuple[PowerCurve, tuple[float, ...]]] = {}
    found: list[Lamp] = []
    for point in points:
        if not is_lamp(desk, point):
            continue
        curve = curve_of(point, types)
        watts = None
        if curve is not None:
            if curve not in known:
                known[curve] = (curve, curve.by_percent())
            curve, watts = known[curve]
        mounted = tuple(mountings.get(point.id, ()))
        begin = mounted[0].since if mounted else None
        found.append(Lamp(point, curve, watts, former_w(point, types), mounted, begin, point.state in BURNING))
    return found


class Plans:
    """What the schedules in force at the time had lamps do, and what baselines would have had them do."""

    def __init__(self, desk: Desk, since: dt.datetime, now: dt.datetime) -> None:
        """Read schedules from `since` on."""
        self._desk = desk
        self._since = since
        self._now = now
        self._suns = Suns(desk.settings.site.time_zone)
        self._full = FullNights(night_window(desk.settings.energy.baseline_night), self._suns)
        self._rollouts = [(each.id, _places(each)) for each in desk.store.rollouts_since(since)]
        self._reigns: dict[tuple[tuple[str, tuple[int, int]], ...], list[Reign]] = {}
        self._uses: dict[int, PlannedUse] = {}
        self._planned: dict[tuple[int, int], Planned] = {}
        self._joined: dict[tuple[int, ...], NightSum] = {}

    def alike(self, lamp: Lamp) -> Hashable:
        """Give what light points have in common that do the same in every span, and would by every baseline."""
        reigns = self._reigns_of(lamp.point)
        standing = tuple(self._use(each).standing(lamp.point) for each in reigns)
        return standing, id(lamp.curve), lamp.former_w, lamp.begin, lamp.burns, id(reigns)

    def planned(self, lamp: Lamp, since: dt.datetime, until: dt.datetime) -> Planned:
        """Give what a lamp was to do in a span, with its energy."""
        found = self._sum(lamp.point, since, until)
        curve = lamp.curve
        key = (id(found), id(curve))
        known = self._planned.get(key)
        if known is None:
            energy = found.curve_kwh(curve) * WH_PER_KWH if curve is not None else 0.0
            known = self._planned[key] = Planned.of(found, energy)
        return known

    def full_night(self, lamp: Lamp, since: dt.datetime, until: dt.datetime) -> NightSum:
        """Give what a lamp would do in a span with full light all night."""
        return self._full.of(lamp.point, since, until)

    def _sum(self, point: LightPoint, since: dt.datetime, until: dt.datetime) -> NightSum:
        pieces: list[NightSum] = []
        at = since
        for reign in self._reigns_of(point):
            end = until if reign.until is None else min(until, reign.until)
            if end > at:
                pieces.append(self._use(reign).of(point, at, end))
                at = end
            if at >= until:
                break
        if len(pieces) == 1:
            return pieces[0]
        key = tuple(map(id, pieces))
        known = self._joined.get(key)
        if known is None:
            known = self._joined[key] = added(pieces)
        return known

    def _reigns_of(self, point: LightPoint) -> list[Reign]:
        key = tuple((name, places[point.node]) for name, places in self._rollouts if point.node in places)
        known = self._reigns.get(key)
        if known is None:
            known = self._reigns[key] = list(reigns_of(self._desk, point, self._since, self._now))
        return known

    def _use(self, reign: Reign) -> PlannedUse:
        known = self._uses.get(id(reign.plan))
        if known is None:
            known = self._uses[id(reign.plan)] = PlannedUse(reign.plan.intent, self._suns)
        return known


def _places(rollout: Rollout) -> dict[str, tuple[int, int]]:
    return {
        node: (wave, batch)
        for wave, batches in enumerate(rollout.waves)
        for batch, nodes in enumerate(batches, start=1)
        for node in nodes
    }


def baseline_wh(lamp: Lamp, full: NightSum, baseline: str) -> float | None:
    """Give what a lamp would use in a span with full light all night; None where nobody knows what it draws.

    `before_retrofit`: the lamp that was there before, which drew nothing when off; today's where that is not noted.
    """
    if baseline == "before_retrofit" and lamp.former_w is not None:
        return lamp.former_w * full.lit_s / SECONDS_PER_HOUR
    if lamp.curve is None:
        return None
    return (lamp.curve.full_w * full.lit_s + lamp.curve.standby_w * (full.length_s - full.lit_s)) / SECONDS_PER_HOUR


def by_node(lamps: Iterable[Lamp]) -> Mapping[tuple[str, int], list[tuple[Lamp, Mounting]]]:
    """Give who was served by each channel of each node, in any span of time."""
    found: dict[tuple[str, int], list[tuple[Lamp, Mounting]]] = {}
    for lamp in lamps:
        for mounting in lamp.mounted:
            found.setdefault((mounting.node, mounting.channel), []).append((lamp, mounting))
    return found
