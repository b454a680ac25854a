"""What a link is: it carries orders to nodes and turns what nodes say into events. Two real ones: MQTT and Modbus.

A link decides nothing. It encodes the newest order of each node with the codecs of `devices`, paces what it sends,
keeps its connection alive and emits events; whether a lamp followed is the controller's verdict, never a link's.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from typing import Protocol

from lightctl.domain.assets import Node
from lightctl.domain.events import Event
from lightctl.domain.orders import Order

Emit = Callable[[Event], None]


class Clock(Protocol):
    """The clock a run lives by: real, accelerated, or set by hand in tests."""

    def now(self) -> dt.datetime:
        """Give the present instant, aware UTC."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Wait so many seconds of this clock."""
        ...


class Link(Protocol):
    """One way to the street: a broker, or a Modbus line."""

    name: str

    def attach(self, nodes: Mapping[str, Node]) -> None:
        """Take the nodes that live on this link; replaces the earlier ones. Safe to call while running.

        The mapping is kept, and changed by nobody.
        """
        ...

    def submit(self, order: Order) -> None:
        """Queue an order; a desired state replaces an older one of the same node, higher priority goes first."""
        ...

    @property
    def waiting(self) -> int:
        """How many orders wait to be put on the wire."""
        ...

    async def run(self) -> None:
        """Keep the link alive until cancelled, emitting events; never ends by itself."""
        ...
