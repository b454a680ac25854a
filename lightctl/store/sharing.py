"""Sharing: equal words, numbers and instants in what is read for a whole city become one object each.

A hundred thousand light points repeat a few hundred words. Read from JSON, each would be an object of its own, and that
is a good part of all that a daemon holds.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any, TypeVar

from lightctl.domain.alike import Alike
from lightctl.domain.assets import NO_TAGS, LightPoint
from lightctl.domain.single import lean
from lightctl.domain.states import ReportedState
from lightctl.store.codec import to_instant

T = TypeVar("T")
_put = object.__setattr__


class Shared:
    """The words, numbers and instants seen so far, for one reading of the store.

    What it is given was just read and belongs to nobody yet, so that it is changed, frozen or not: to build it anew
    would make a daemon's start a third longer. For the same reason an instant is known by its text: it is read once.
    """

    def __init__(self) -> None:
        self._words: dict[str, str] = {}
        self._numbers: dict[Any, Any] = {}
        self._instants: dict[str, dt.datetime] = {}
        self._places: dict[tuple[str, ...], dict[str, int]] = {}

    def word(self, text: str) -> str:
        """Give the one object of a word."""
        return self._words.setdefault(text, text)

    def number(self, number: T) -> T:
        """Give the one object of a number; of equal ones a whole number and a measured one stay two."""
        shared: T = self._numbers.setdefault((type(number), number), number)
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
        """Let a light point share its words."""
        word, number = self._words.setdefault, self._numbers.setdefault
        _put(point, "node", word(point.node, point.node))
        _put(point, "kind", word(point.kind, point.kind))
        _put(point, "road_class", word(point.road_class, point.road_class))
        _put(point, "cabinet", word(point.cabinet, point.cabinet))
        _put(point, "profile", word(point.profile, point.profile))
        _put(point, "link", word(point.link, point.link))
        _put(point, "address", word(point.address, point.address))
        _put(point, "rated_power_w", number(point.rated_power_w, point.rated_power_w))
        _put(point, "standby_power_w", number(point.standby_power_w, point.standby_power_w))
        _put(point, "tags", self._tags(point.tags))
        return point

    def _tags(self, tags: Mapping[str, str]) -> Mapping[str, str]:
        if not tags:
            return NO_TAGS
        names, word = tuple(tags), self._words.setdefault
        places = self._places.get(names)
        if places is None:
            places = self._places[names] = {name: place for place, name in enumerate(names)}
        return Alike(places, tuple([word(value, value) for value in tags.values()]))

    def report(self, report: ReportedState) -> ReportedState:
        """Let a report share its words and its revision; no two of a city have an instant in common."""
        _put(report, "node", self.word(report.node))
        _put(report, "boot_id", self.word(report.boot_id))
        _put(report, "applied_revision", self.number(report.applied_revision))
        _put(report, "channels", lean(report.channels))
        return report
