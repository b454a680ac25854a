"""Steps of a controller at one instant, until nothing waits any more: what concerns a city is done a slice a step."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator

from lightctl.control.controller import Controller
from lightctl.control.effects import Effects
from lightctl.domain.events import Event


def steps(controller: Controller, events: Iterable[Event], now: dt.datetime) -> Iterator[Effects]:
    """Step with events, and without as long as the controller asks to be called again at once."""
    while True:
        effects = controller.step(events, now)
        yield effects
        if effects.review_at is None or effects.review_at > now:
            return
        events = ()
