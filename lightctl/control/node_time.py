"""NodeTime: what is known of one node's clock, and of the time it was sent."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace

ENOUGH = 2
ITS_WAY_S = 2.0


@dataclass(frozen=True, slots=True)
class NodeTime:
    """How far a node's clock was off in its last two words (seconds, ahead is positive; None: it never said).

    A word is late by its way to us, which makes any clock look behind: only what two words agree on is believed.
    sent_at: when it was last sent the time. owed: it (re)connected since, and its clock may have stood still. words: of
    this run, counted up to the second.
    """

    latest_s: float | None = None
    before_s: float | None = None
    sent_at: dt.datetime | None = None
    owed: bool = True
    words: int = 0

    @property
    def settled(self) -> bool:
        """Whether two words of this run speak of it."""
        return self.words == ENOUGH

    @property
    def off_s(self) -> float:
        """How far the clock is off, as its last two words agree; 0 where they do not, or nothing was said."""
        latest, before = self.latest_s, self.before_s
        if latest is None or before is None:
            return latest or before or 0.0
        if latest < 0 < before or before < 0 < latest:
            return 0.0
        return latest if abs(latest) <= abs(before) else before

    def heard(self, shown: dt.datetime | None, received_at: dt.datetime) -> NodeTime:
        """Take note of what its clock showed in a word that came at an instant."""
        if shown is None:
            return self
        off_s = (shown - received_at).total_seconds()
        return NodeTime(off_s, self.latest_s, self.sent_at, self.owed, min(self.words + 1, ENOUGH))

    def remembered(self) -> NodeTime:
        """Give it as what an earlier run heard; one object for all that the way of a word explains."""
        alone = self.latest_s is not None and (self.before_s, self.sent_at, self.owed) == (None, None, True)
        if alone and abs(self.off_s) < ITS_WAY_S:
            return RIGHT_BEFORE
        return NodeTime(self.latest_s, self.before_s, self.sent_at, self.owed)  # written out, as a start asks it of all

    def connected(self) -> NodeTime:
        """Take note that it may have been without power or network."""
        return self if self.owed else replace(self, owed=True)

    def sent(self, now: dt.datetime) -> NodeTime:
        """Take note that the time is on its way to it."""
        return replace(self, sent_at=now, owed=False)


UNKNOWN_TIME = NodeTime()
RIGHT_BEFORE = NodeTime(latest_s=0.0)
