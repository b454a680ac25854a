"""OwnTime: which time lightctl lives by when somebody sets the clock of its machine, rightly or wrongly.

What comes in: what the machine's clock shows (`wall_s`), what has passed since the machine was started, which nobody
can set (`steady_s`), and now and then how far the clocks of nodes are from ours. What comes out: the time to live by.
Between the two stands a line, the time at which the machine was started. The machine's clock is believed while it keeps
to that line within a limit. When it leaves it, time goes on along the line, and those decide who show the time and do
not have it from us:

- most nodes agree with the machine's clock: it was set right, and is followed from then on;
- most nodes agree with the line: the clock is wrong, and is not followed however long it stays so;
- nobody says: after some patience it is followed, as it may well have been set right.

A machine that was started anew has no line yet. If most nodes agreed with it before and do not any more, its clock is
what changed, and time goes by what they show. Nodes that never agreed with us prove nothing: they may all be wrong.

All times are seconds of the machine since 1970, all spans seconds of the machine. Pure; owned by the daemon's loop,
others only call `now_s`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

WITNESSES = 3
BACK_WITHIN = 0.5  # of the limit: a clock near the limit must not be left and followed in turn
MONTH_S, WEEK_S = 32 * 86400.0, 7 * 86400.0


@dataclass(frozen=True, slots=True)
class Kept:
    """What is kept of it from run to run.

    boot: which start of the machine it was. line_s: the time at that start. at_s: the latest time that was lived by.
    agreed: whether most nodes ever agreed with us; vouched: with this line. sure: see OwnTime.sure.
    """

    boot: str
    line_s: float
    at_s: float
    agreed: bool
    vouched: bool
    sure: bool


class OwnTime:
    """The time to live by; `look` judges it and says whether it took another line."""

    def __init__(self, wall_s: float, steady_s: float, limit_s: float, patience_s: float) -> None:
        """Begin with what the machine's clock shows.

        limit_s: how far it may leave its line. patience_s: how long nodes are waited for that could say who is right.
        """
        self._limit_s, self._patience_s = limit_s, patience_s
        self._line_s = wall_s - steady_s
        self._began_s = self._said_s = steady_s
        self._within_s = limit_s
        self._agreed = self._vouched = self._sure = False
        self.doubt = ""

    def take_up(self, kept: Kept, boot: str, wall_s: float, steady_s: float) -> None:
        """Know what an earlier run kept; boot: which start of the machine this is, "" where nobody knows."""
        self._agreed = kept.agreed
        gap_s = wall_s - kept.at_s
        if boot and boot == kept.boot:
            self._line_s, self._vouched, self._sure = kept.line_s, kept.vouched, kept.sure
        elif gap_s < -self._limit_s:  # time does not go back: it is at least as late as it was then
            self._line_s = kept.at_s - steady_s
        else:
            self._sure = kept.sure and gap_s < MONTH_S

    def keep(self, boot: str, wall_s: float, steady_s: float) -> Kept:
        """Give what the next run shall know."""
        at_s = self.now_s(wall_s, steady_s)
        return Kept(boot, self._line_s, at_s, self._agreed, self._vouched, self._sure)

    def now_s(self, wall_s: float, steady_s: float) -> float:
        """Give the time to live by."""
        held_s = self._line_s + steady_s
        return wall_s if abs(wall_s - held_s) <= self._within_s else held_s

    def left_by(self, wall_s: float, steady_s: float) -> float:
        """Give how far the machine's clock has left its line; 0 while it keeps to it."""
        off_s = wall_s - self._line_s - steady_s
        return off_s if abs(off_s) > self._within_s else 0.0

    def open_question(self, wall_s: float, steady_s: float) -> bool:
        """Say whether it is open what time it is: nodes could say it at any moment."""
        awaited = self._agreed or steady_s - self._began_s <= self._patience_s
        return bool(self.left_by(wall_s, steady_s)) or (awaited and not self._vouched)

    def sure(self, wall_s: float, steady_s: float) -> bool:
        """Say whether the time is sure enough to delete by it what is old.

        It is when nodes agreed with it, or a run before this was sure and ended within the last month; otherwise after
        a week, in which somebody may notice.
        """
        known = self._sure or steady_s - self._began_s > WEEK_S
        return known and not self.doubt and not self.left_by(wall_s, steady_s)

    def look(self, offsets_s: Sequence[float], wall_s: float, steady_s: float) -> bool:
        """Judge; offsets_s: how far nodes' clocks are ahead of the time lived by. Says whether that time has changed.

        Only nodes may be given that do not have the time from us, and heard of in this run.
        """
        before_s, off_s = self.now_s(wall_s, steady_s), self.left_by(wall_s, steady_s)
        said_s = _agreed_on(offsets_s, self._limit_s)
        if said_s is not None:
            said_s = self._hear(said_s, off_s, before_s, wall_s, steady_s)
        if said_s is None and off_s and not self._vouched and steady_s - self._said_s > self._patience_s:
            self._line_s, self._began_s, self._sure = wall_s - steady_s, steady_s, False
        off_s = self.left_by(wall_s, steady_s)
        if said_s is not None or not off_s:
            self._said_s = steady_s
        self._within_s = self._limit_s * (BACK_WITHIN if off_s else 1.0)
        self.doubt = _doubt(off_s, said_s or 0.0, self._limit_s)
        return abs(self.now_s(wall_s, steady_s) - before_s) > self._limit_s * BACK_WITHIN

    def _hear(self, said_s: float, off_s: float, now_s: float, wall_s: float, steady_s: float) -> float | None:
        """Take in what most nodes agree on; gives how far they then are from us, None where that decides nothing."""
        if off_s and abs(said_s - off_s) <= self._limit_s:
            self._line_s, said_s = wall_s - steady_s, 0.0
        elif abs(said_s) > self._limit_s and self._agreed and not self._vouched:
            self._line_s, said_s = now_s + said_s - steady_s, 0.0
        if abs(said_s) <= self._limit_s:
            self._agreed = self._vouched = self._sure = True
            return said_s
        return None if off_s else said_s


def _agreed_on(offsets_s: Sequence[float], limit_s: float) -> float | None:
    """Give what most nodes agree on, None where they do not, or are too few to say."""
    if len(offsets_s) < WITNESSES:
        return None
    middle_s = median(offsets_s)
    return middle_s if 2 * sum(abs(each - middle_s) <= limit_s for each in offsets_s) > len(offsets_s) else None


def _doubt(off_s: float, said_s: float, limit_s: float) -> str:
    if off_s:
        return (
            f"this machine's clock is {_way(off_s)} of the time that has passed, and nobody confirms it; lightctl goes "
            "on by the latter. Set the clock right (NTP): it is followed then."
        )
    if abs(said_s) > limit_s:
        return (
            f"most nodes' clocks are {_way(said_s)} of this machine's; nothing old is deleted meanwhile. Set the one "
            "right that is wrong."
        )
    return ""


def _way(seconds: float) -> str:
    return f"{abs(seconds):.0f} s {'ahead' if seconds > 0 else 'behind'}"
