"""Observed: the instant that a report speaks of, where two clocks, an outage and a wrong clock stand between.

What comes in: a node's words one by one as they arrive, each with the node's own time (`at`) and ours (`received`).
What comes out: `observed`, milliseconds since 1970. The rule that must hold: a word that waited in the node through an
outage counts for the time it was said, and a node whose clock is wrong never moves what it used to another hour.

Between the two only the order of words decides. The node's time is believed when it is at most `limit` behind ours. It
is never later than the instant of receipt. Further behind, it is believed only of a word that waited, and that shows in
three things together: the same boot was right just before, the clock went on from there, and the delay came all at once
and then melts away, word by word, as the node catches up. A clock that is slow, stands still or was set back shows the
same delay again and again; its words count as said when they came, until it is right again. After a boot nothing is
known of the clock, so a delay is not believed before one word came in time. Words are kept in their order: none counts
as earlier than the one before it, nor a belated one as later than the one after it.
"""

from __future__ import annotations

from typing import NamedTuple

CLOCK_LIMIT_S = 300.0
STEADY_MS = 30_000  # words this close together came in one go, and a delay that changed less did not change


class Word(NamedTuple):
    """One report as far as time goes (milliseconds since 1970); believed: whether its own time counted as right."""

    boot_id: str
    seq: int
    at: int | None
    received: int
    observed: int
    believed: bool


def heard(boot_id: str, seq: int, at: int | None, received: int, before: Word | None, limit: int) -> Word:
    """Place a word in time; `before` is the newest one of the same boot, None where there is none."""
    if at is None or at > received:
        believed = at is not None and at - received <= limit
        observed = received
    else:
        believed = received - at <= limit or _waited(seq, at, received, before, limit)
        observed = at if believed else received
    if before is not None and boot_id:
        if seq > before.seq:
            observed = max(observed, min(before.observed, received))
        elif seq < before.seq:
            observed = min(observed, before.observed)
    return Word(boot_id, seq, at, received, observed, believed)


def _waited(seq: int, at: int, received: int, before: Word | None, limit: int) -> bool:
    if before is None or before.at is None or not before.believed:
        return False
    if before.boot_id and seq <= before.seq:
        return at <= before.at
    if at < before.at:
        return False
    delay, delay_before = received - at, before.received - before.at
    if delay_before <= limit:
        return delay - delay_before > limit // 2 and (at > before.at or received - before.received <= STEADY_MS)
    return received - before.received <= STEADY_MS or delay < delay_before - STEADY_MS
