"""Desire: work out the document a node shall hold, from the plan, the overrides in force and what the node can hold.

A node that carries nights gets its fitted nights and, beside them, the winning override, which it drops by itself; a
weaker one that lasts longer stands among the nights, so that it holds then with nobody there to say so. A live node
gets the one level in force now, override and protection already in it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import zip_longest

from lightctl.control.memory import NodeMemory
from lightctl.control.policy import Policy
from lightctl.control.sensing import FREE, held
from lightctl.devices.fit import fit, fit_level
from lightctl.domain.assets import Capabilities, Dates, LightPoint
from lightctl.domain.errors import NodeRefused
from lightctl.domain.states import ChannelDesired, DesiredState, HeldOverride, Override, Switch
from lightctl.planning.beneath import laid_over
from lightctl.planning.overrides import in_force
from lightctl.planning.staged import StagedPlan
from lightctl.planning.wall import night_bounds, night_date, noons_from

LIVE_VALIDITY = dt.timedelta(days=3)
LIVE_GRACE = dt.timedelta(hours=1)
_FITTED_CACHE_SIZE = 4096
_RAMP_WINDOW = dt.timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a node shall hold on each channel, and until when that is worth anything."""

    channels: dict[int, ChannelDesired]
    valid_until: dt.datetime


class Compiler:
    """Turns plans into what nodes hold; shares fitted nights between all lamps that have the same ones."""

    def __init__(self, plans: StagedPlan, policy: Policy) -> None:
        """Read nights from `plans`; how many ahead is the policy's."""
        self.plans = plans
        self._policy = policy
        self._tonight = (dt.date.min, dt.datetime.max.replace(tzinfo=dt.UTC), dt.datetime.min.replace(tzinfo=dt.UTC))
        self._compared_at: dt.datetime | None = None
        self._compared: dict[tuple[object, ...], tuple[DesiredState, Wanted, bool]] = {}  # both live, so do their ids
        self._documents: dict[tuple[int, int], dict[int, ChannelDesired]] = {}
        self._laid: dict[tuple[int, tuple[Override, ...]], tuple[tuple[Switch, ...], tuple[Switch, ...]]] = {}
        self._fitted: dict[tuple[object, ...], tuple[tuple[Switch, ...], tuple[Switch, ...], dt.datetime]] = {}

    def wanted(self, memory: NodeMemory, now: dt.datetime) -> Wanted:
        """Work out a node's document at an instant."""
        if memory.capabilities.carries_nights:
            return self._carried(memory, now)
        channels = {
            channel: ChannelDesired((self._live_switch(point, memory, channel, now),))
            for channel, point in memory.points.items()
        }
        return Wanted(channels, self._live_until(memory, now))

    def same_effect(self, old: DesiredState, new: Wanted, now: dt.datetime, *, carries_nights: bool) -> bool:
        """Say whether a node that holds `old` would do the same as with `new`, for as long as the shorter one lasts.

        A live one has the one level that is due now: it must not keep that for longer than with `new`.
        Nodes share channels, before as after, so that what was found of two is true of all that have the very same.
        """
        if now != self._compared_at:
            self._compared_at, self._compared = now, {}
        key = (id(old.channels), id(new.channels), old.valid_until, new.valid_until, carries_nights)
        known = self._compared.get(key)
        if known is None:
            if len(self._compared) >= _FITTED_CACHE_SIZE:
                self._compared.clear()
            same = _same_effect(old, new, now, carries_nights=carries_nights)
            known = self._compared[key] = (old, new, same)
        return known[2]

    def _live_until(self, memory: NodeMemory, now: dt.datetime) -> dt.datetime:
        """Give until when a live document counts: a node left alone with an afternoon's "off" must be lit at night."""
        if memory.falls_back and memory.next_change is not None:
            return self._stands_until(memory, memory.next_change, now) + LIVE_GRACE
        return now + LIVE_VALIDITY

    def _stands_until(self, memory: NodeMemory, next_change: dt.datetime, now: dt.datetime) -> dt.datetime:
        """Give until when the level of now is due, nothing new beginning: that, and looks at sensors, take us."""
        if not (memory.overrides or memory.holds or memory.readings):
            return next_change
        begun = {channel: [o for o in held if o.start <= now] for channel, held in memory.overrides.items()}
        moments = (
            self.plans.of(point).next_change(point, begun.get(channel, ()), now)
            for channel, point in memory.points.items()
        )
        ends = (hold.until for hold in memory.holds.values() if hold.until is not None and hold.until > now)
        return min((*moments, *ends))

    def next_change(self, memory: NodeMemory, now: dt.datetime) -> dt.datetime | None:
        """Give the next instant at which the node's document or level due may change."""
        moments = [
            self.plans.of(point).next_change(point, memory.overrides.get(channel, ()), now, memory.readings)
            for channel, point in memory.points.items()
        ]
        # A node drops its override by itself: if another one is to hold on at the same level, it must be told then.
        bounds = (bound for held in memory.overrides.values() for each in held for bound in (each.start, each.until))
        looks = (at for hold in memory.holds.values() for at in hold.looks())
        return min((*moments, *(at for at in (*bounds, *looks) if at > now)), default=None)

    def hold_sensors(self, memory: NodeMemory, now: dt.datetime) -> None:
        """Work out what sensors hold on each channel of a node."""
        if not memory.readings and not memory.holds:
            return
        for channel, point in memory.points.items():
            base = self.plans.of(point).night(point, self._date(now)).night.level_at(now)
            found = self.plans.of(point).sensed(point, memory.readings, now)
            old = memory.holds.get(channel, FREE)
            hold = held(old, base, found, now, self._policy.sensor_changes_per_h)
            if hold == FREE:
                memory.holds = {number: each for number, each in memory.holds.items() if number != channel}
            else:
                memory.holds = {**memory.holds, channel: hold}

    def _carried(self, memory: NodeMemory, now: dt.datetime) -> Wanted:
        nights = min(self._policy.nights, memory.capabilities.nights)
        first = self._date(now)
        channels: dict[int, ChannelDesired] = {}
        ends: list[dt.datetime] = []
        # By identity of what is planned, which is kept beside, and least level.
        alike: dict[tuple[int, int], tuple[tuple[Switch, ...], ChannelDesired]] = {}
        for channel, point in memory.points.items():
            planned = self.plans.of(point).switches(point, first, nights)
            begun = in_force(point, memory.overrides.get(channel, ()), now) if memory.overrides else []
            laid = self._laid_over(point, planned, begun, memory.capabilities) if len(begun) > 1 else planned
            known = alike.get((id(laid), point.min_level))
            if known is None:
                switches, valid_until = self._fit_laid(laid, planned, memory, point.min_level, first, nights)
                known = alike[id(laid), point.min_level] = laid, ChannelDesired(switches)
                ends.append(valid_until)
            override = self._held(point, memory, channel, begun, now) if begun or memory.holds else None
            channels[channel] = known[1] if override is None else replace(known[1], override=override)
        return Wanted(self._shared(channels), min(ends))

    def _laid_over(
        self, point: LightPoint, planned: tuple[Switch, ...], begun: Sequence[Override], capabilities: Capabilities
    ) -> tuple[Switch, ...]:
        """Lay over the nights what lasts longer than the strongest override; one that repeats them would repeat it."""
        weaker = tuple(each for each in begun[1:] if each.until > begun[0].until)
        if not weaker or capabilities.dates is not Dates.ABSOLUTE:
            return planned
        known = self._laid.get((id(planned), weaker))
        if known is None or known[0] is not planned:
            if len(self._laid) >= _FITTED_CACHE_SIZE:
                self._laid.clear()
            known = self._laid[id(planned), weaker] = planned, laid_over(self.plans.of(point), point, planned, weaker)
        return known[1]

    def _fit_laid(
        self, laid: tuple[Switch, ...], planned: tuple[Switch, ...], memory: NodeMemory, min_level: int,
        first: dt.date, nights: int,
    ) -> tuple[tuple[Switch, ...], dt.datetime]:  # fmt: skip
        """Fit nights with what is laid over them; without it where there is no room, to be told of it in time."""
        try:
            return self._fit(laid, memory.capabilities, min_level, first, nights)
        except NodeRefused:
            if laid is planned:
                raise
            return self._fit(planned, memory.capabilities, min_level, first, nights)

    def _shared(self, channels: dict[int, ChannelDesired]) -> dict[int, ChannelDesired]:
        """Give the very same channels to all lamps that have the same nights and nothing else."""
        if len(channels) != 1:
            return channels
        ((number, only),) = channels.items()
        if only.override is not None:
            return channels
        key = (number, id(only.switches))
        known = self._documents.get(key)
        if known is None or known[number].switches is not only.switches:
            if len(self._documents) >= _FITTED_CACHE_SIZE:
                self._documents.clear()
            known = self._documents[key] = channels
        return known

    def is_of_tonight(self, instant: dt.datetime | None, now: dt.datetime) -> bool:
        """Say whether an instant lies in the same night as now."""
        self._date(now)
        _, start, end = self._tonight
        return instant is not None and start <= instant < end

    def _date(self, now: dt.datetime) -> dt.date:
        date, start, end = self._tonight
        if not start <= now < end:
            date = night_date(now, self.plans.time_zone)
            self._tonight = (date, *night_bounds(date, self.plans.time_zone))
        return date

    def _fit(
        self, planned: tuple[Switch, ...], capabilities: Capabilities, min_level: int, first: dt.date, nights: int
    ) -> tuple[tuple[Switch, ...], dt.datetime]:
        key = (id(planned), capabilities, min_level, first, nights)
        known = self._fitted.get(key)
        if known is None or known[0] is not planned:
            noons = noons_from(first, nights, self.plans.time_zone)
            fitted = fit(planned, capabilities, min_level=min_level, noons=noons)
            if len(self._fitted) >= _FITTED_CACHE_SIZE:
                self._fitted.clear()
            known = self._fitted[key] = (planned, fitted.switches, fitted.valid_until)
        return known[1], known[2]

    def _held(
        self, point: LightPoint, memory: NodeMemory, channel: int, begun: Sequence[Override], now: dt.datetime
    ) -> HeldOverride | None:
        """Give what the node holds beside its nights: the strongest override that has begun, or a sensor's level."""
        hold = memory.holds.get(channel, FREE)
        if begun:
            winner = begun[0]
            wanted = HeldOverride(winner.id, winner.level, winner.until, winner.ramp_s)
        elif hold.level is not None and hold.until is not None and hold.until > now:
            wanted = HeldOverride(hold.held_id, hold.level, hold.until)
        else:
            return None
        lifted = bool(begun) and begun[0].below_protection
        floor = 0 if lifted else self.plans.of(point).floor_within(point, now, wanted.until)
        return replace(wanted, level=fit_level(max(wanted.level, floor), memory.capabilities, point.min_level))

    def _live_switch(self, point: LightPoint, memory: NodeMemory, channel: int, now: dt.datetime) -> Switch:
        sensor_level = memory.holds.get(channel, FREE).level
        overrides = memory.overrides.get(channel, ())
        level, reason = self.plans.of(point).level_with(point, overrides, now, sensor_level)
        ramp_s = self._ramp(point, memory, now)
        # By a clock that is a little late it is due as well: before its first switch a node is fully lit.
        at = now if ramp_s else now - dt.timedelta(seconds=self._policy.clock_warn_s)
        return Switch(at, fit_level(level, memory.capabilities, point.min_level), ramp_s, reason)

    def _ramp(self, point: LightPoint, memory: NodeMemory, now: dt.datetime) -> int:
        if not memory.capabilities.ramp:
            return 0
        night = self.plans.of(point).night(point, self._date(now)).night
        current = next((s for s in reversed(night.switches) if s.at <= now), None)
        return current.ramp_s if current is not None and now - current.at <= _RAMP_WINDOW else 0


def _same_effect(old: DesiredState, new: Wanted, now: dt.datetime, *, carries_nights: bool) -> bool:
    if old.channels.keys() != new.channels.keys():
        return False
    # By identity: the lamps of a node mostly share what they hold.
    pairs = {
        (id(old.channels[channel]), id(wanted)): (old.channels[channel], wanted)
        for channel, wanted in new.channels.items()
    }
    if not carries_nights:
        return old.valid_until <= new.valid_until and all(_same_level(held, wanted) for held, wanted in pairs.values())
    horizon = min(old.valid_until, new.valid_until)
    return all(_same_nights(held, wanted, now, horizon) for held, wanted in pairs.values())


def _same_level(old: ChannelDesired, new: ChannelDesired) -> bool:
    """Say whether the node holds this level now: one given while our clock was ahead is yet to begin."""
    if len(old.switches) != 1 or old.override is not None:
        return False
    held, wanted = old.switches[0], new.switches[0]
    return held.level == wanted.level and held.at <= wanted.at


def _same_nights(old: ChannelDesired, new: ChannelDesired, now: dt.datetime, horizon: dt.datetime) -> bool:
    held = old.override if old.override is not None and old.override.until > now else None
    return (
        held == new.override
        and old.switch_level(now) == new.switch_level(now)
        and _same_coming(old.switches, new.switches, now, horizon)
    )


def _same_coming(old: tuple[Switch, ...], new: tuple[Switch, ...], now: dt.datetime, horizon: dt.datetime) -> bool:
    if old is new:
        return True
    pairs = zip_longest(_coming(old, now, horizon), _coming(new, now, horizon))
    return all(before == after for before, after in pairs)  # most that differ do so tonight: look no further


def _coming(switches: tuple[Switch, ...], now: dt.datetime, horizon: dt.datetime) -> Iterator[Switch]:
    return (switch for switch in switches if now < switch.at < horizon)
