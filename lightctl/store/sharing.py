"""Sharing: equal words, numbers and instants in what is read for a whole city become one object each.

A hundred thousand light points repeat a few hundred words. Read from JSON, each would be an object of its own, and that
is a good part of all that a daemon holds.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import TypeVar

from lightctl.domain.alike import alike, slot
from lightctl.domain.assets import NO_TAGS, LightPoint
from lightctl.domain.single import lean
from lightctl.domain.states import ReportedState
from lightctl.store.codec import to_instant

N = TypeVar("N", bound=int | None)
_put = object.__setattr__


class Shared:
    """The words, numbers and instants seen so far, for one reading of the store.

    What it is given was just read and belongs to nobody yet, so that it is changed, frozen or not: to build it anew
    would make a daemon's start a third longer. For the same reason an instant is known by its text: it is read once.
    """

    def __init__(self) -> None:
        self._words: dict[str, str] = {}
        self._numbers: dict[int | None, int | None] = {}
        self._measures: dict[float | None, float | None] = {}  # apart: 50.0 is no number of a revision
        self._instants: dict[str, dt.datetime] = {}
        self._places: dict[tuple[str, ...], dict[str, str]] = {}

    def word(self, text: str) -> str:
        """Give the one object of a word."""
        return self._words.setdefault(text, text)

    def number(self, number: N) -> N:
        """Give the one object of a number that counts something."""
        shared: N = self._numbers.setdefault(number, number)  # type: ignore[assignment]
        return shared

    def instant(self, text: str) -> dt.datetime:
        """Read an instant, and give its one object."""
        known = self._instants.get(text)
        if known is None:
            known = self._instants[text] = to_instant(text)
        return known

    def instant_or_none(self, text: str | None) -> dt.datetime | None:
        """Read an instant that may be missing."""
        return None if text is None else self.instant(text)

    def point(self, point: LightPoint) -> LightPoint:
        """Let a light point share its words and numbers; of coordinates to a metre a city has fewer than lamps."""
        word, measure = self._words.setdefault, self._measures.setdefault
        _put(point, "node", word(point.node, point.node))
        _put(point, "kind", word(point.kind, point.kind))
        _put(point, "road_class", word(point.road_class, point.road_class))
        _put(point, "cabinet", word(point.cabinet, point.cabinet))
        _put(point, "profile", word(point.profile, point.profile))
        _put(point, "link", word(point.link, point.link))
        _put(point, "address", word(point.address, point.address))
        _put(point, "latitude", measure(point.latitude, point.latitude))
        _put(point, "longitude", measure(point.longitude, point.longitude))
        _put(point, "rated_power_w", measure(point.rated_power_w, point.rated_power_w))
        _put(point, "standby_power_w", measure(point.standby_power_w, point.standby_power_w))
        _put(point, "tags", self._tags(point.tags))
        return point

    def _tags(self, tags: Mapping[str, str]) -> Mapping[str, str]:
        if not tags:
            return NO_TAGS
        names, word = tuple(tags), self._words.setdefault
        places = self._places.get(names)
        if places is None:
            places = self._places[names] = {name: slot(place) for place, name in enumerate(names)}
        return alike(places, [word(value, value) for value in tags.values()])

    def report(self, report: ReportedState) -> ReportedState:
        """Let a report share its words, its revision and what its lamps measured, which a meter gives in tenths.

        No two of a city have an instant in common, or what a counter shows.
        """
        measure = self._measures.setdefault
        _put(report, "node", self.word(report.node))
        _put(report, "boot_id", self.word(report.boot_id))
        _put(report, "applied_revision", self.number(report.applied_revision))
        for said in report.channels.values():
            _put(said, "power_w", measure(said.power_w, said.power_w))
            _put(said, "voltage_v", measure(said.voltage_v, said.voltage_v))
            _put(said, "current_a", measure(said.current_a, said.current_a))
            _put(said, "power_factor", measure(said.power_factor, said.power_factor))
            _put(said, "temperature_c", measure(said.temperature_c, said.temperature_c))
        _put(report, "channels", lean(report.channels))
        return report
