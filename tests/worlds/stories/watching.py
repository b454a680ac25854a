"""What a daemon tells those who watch it; it never waits for an answer."""

from __future__ import annotations

from collections.abc import Collection
from typing import Protocol

from lightctl.control.effects import Effects
from lightctl.devices.codec import Outgoing
from lightctl.domain.events import Event
from lightctl.domain.orders import Order


class Watching(Protocol):
    """Somebody who watches the daemon of a story."""

    def violate(self, rule: str, what: str) -> None:
        """Note that a rule was broken."""
        ...

    def attached(self, nodes: Collection[str]) -> None:
        """These are the nodes of the inventory."""
        ...

    def hearing(self, node: str) -> None:
        """A message of this node is about to be read."""
        ...

    def heard(self, event: Event) -> None:
        """This came of it."""
        ...

    def on_line(self, event: Event) -> None:
        """The link of the line says this."""
        ...

    def decided(self, effects: Effects) -> None:
        """A step decided this, and it is recorded."""
        ...

    def published(self, order: Order, message: Outgoing) -> None:
        """This was put on the wire."""
        ...

    def waiting(self, orders: int) -> None:
        """So many orders wait to be put on the wire."""
        ...
