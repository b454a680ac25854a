"""Hurry: a city's orders go out before anybody looks at what came of the first of them.

At dusk, or when a plan changes, orders are decided a slice a step. What links and nodes say of those that left costs as
much as those that are still to leave; so it waits in the inbox until the last slice is out, but never so long that a
lamp could be taken for one that does not answer. What people ask for, and what the clock says, never waits.
"""

from __future__ import annotations

import datetime as dt

from lightctl.control.effects import Effects

HEARD_WAITS_S = 5.0  # of the machine; a node has `delivery.settle_s` before it is asked again


class Hurry:
    """Whether orders are under way that are not all decided yet."""

    def __init__(self) -> None:
        """Begin in no hurry."""
        self._since_s: float | None = None

    def goes_on(self, decided: Effects, now: dt.datetime, machine_s: float) -> bool:
        """Say whether the next slice goes before what was heard; `decided` is the last step, at the instant `now`.

        machine_s: seconds of any monotonic clock of the machine.
        """
        if not decided.submissions or decided.review_at is None or decided.review_at > now:
            self._since_s = None
            return False
        if self._since_s is None:
            self._since_s = machine_s
        return machine_s - self._since_s < HEARD_WAITS_S
