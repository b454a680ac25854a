"""Sharing: equal words and instants in what is read for a whole city become one object each.

A hundred thousand light points repeat a few hundred words. Read from JSON, each would be an object of its own, and that
is a good part of all that a daemon holds.
"""

from __future__ import annotations

import datetime as dt
from typing import TypeVar

from lightctl.domain.assets import LightPoint
from lightctl.domain.states import Command, DesiredState, ReportedState

T = TypeVar("T")
_POINT_WORDS = ("node", "kind", "road_class", "cabinet", "profile", "link", "address")
_put = object.__setattr__


class Shared:
    """The words and instants seen so far, for one reading of the store.

    What it is given was just read and belongs to nobody yet, so that it is changed, frozen or not: to build it anew
    would make a daemon's start a third longer.
    """

    def __init__(self) -> None:
        self._words: dict[str, str] = {}
        self._instants: dict[dt.datetime | None, dt.datetime | None] = {}

    def word(self, text: str) -> str:
        """Give the one object of a word."""
        return self._words.setdefault(text, text)

    def point(self, point: LightPoint) -> LightPoint:
        """Let a light point share its words."""
        word = self.word
        for name in _POINT_WORDS:
            _put(point, name, word(getattr(point, name)))
        _put(point, "tags", {word(name): word(value) for name, value in point.tags.items()})
        return point

    def report(self, report: ReportedState) -> ReportedState:
        """Let a report share its words and instants."""
        _put(report, "node", self.word(report.node))
        _put(report, "boot_id", self.word(report.boot_id))
        return self._timed(report, ("received_at", "at"))

    def desired(self, desired: DesiredState) -> DesiredState:
        """Let a desired state share its instants."""
        return self._timed(desired, ("issued_at", "valid_until"))

    def command(self, command: Command) -> Command:
        """Let a command share its words and instants."""
        _put(command, "cause", self.word(command.cause))
        _put(command, "detail", self.word(command.detail))
        return self._timed(command, ("created_at", "deadline", "sent_at", "broker_acked_at", "finished_at"))

    def _timed(self, value: T, names: tuple[str, ...]) -> T:
        for name in names:
            instant = getattr(value, name)
            _put(value, name, self._instants.setdefault(instant, instant))
        return value
