"""Notices on their way out: what every carrier takes, and the two ways in which a target can fail to take it."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Protocol

from lightctl.domain.errors import LinkDown


@dataclass(frozen=True, slots=True)
class Notice:
    """One message for one target: CloudEvents JSON (`body`), and the same in words. `id` stays from try to try."""

    id: str
    title: str
    text: str
    body: bytes


class NotTaken(LinkDown):
    """The target did not take the message; it is tried again.

    refused: it said no for good, and would again. retry_after_s: how long it asked us to wait, where it did.
    """

    def __init__(self, why: str, *, refused: bool = False, retry_after_s: float | None = None) -> None:
        self.refused = refused
        self.retry_after_s = retry_after_s
        super().__init__(why)


class Carrier(Protocol):
    """One way to people elsewhere: a webhook, a mail server, a topic."""

    async def carry(self, notice: Notice, now: dt.datetime) -> str:
        """Hand a message over and say what came of it, in words; raises NotTaken, within the carrier's own time."""
        ...
