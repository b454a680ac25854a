"""Telling: the events by which every kind of link says how it is, and that an order did not get out."""

from __future__ import annotations

import datetime as dt

from lightctl.domain.events import ActionFinished, Event, LinkChanged, SendFailed
from lightctl.domain.orders import Order
from lightctl.domain.states import DesiredState
from lightctl.links.base import Clock, Emit


class LinkNews:
    """Whether a link is up, told when it changes; the same refusal again is no news."""

    def __init__(self, link: str, emit: Emit, clock: Clock) -> None:
        self._link, self._emit, self._clock = link, emit, clock
        self._refusal: str | None = None

    def up(self, detail: str = "") -> None:
        """Tell that it is up."""
        self._refusal = None
        self._emit(LinkChanged(self._link, True, self._clock.now(), detail))

    def down(self, why: str) -> None:
        """Tell that it is down, if that was not told last."""
        if why != self._refusal:
            self._refusal = why
            self._emit(LinkChanged(self._link, False, self._clock.now(), why))


def failed(order: Order, why: str, now: dt.datetime, *, permanent: bool) -> Event:
    """Give the event that says an order did not get out."""
    if isinstance(order.content, DesiredState):
        return SendFailed(order.node.id, order.content.revision, now, why, permanent=permanent)
    return ActionFinished(order.node.id, order.content.id, "rejected" if permanent else "failed", now, why)
