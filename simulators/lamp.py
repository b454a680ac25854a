"""What a lamp physically does: fades, draws power, burns hours, fails, ails. Pure: every method takes the instant.

A lamp is driven to a level (percent) over a ramp (seconds, linear). Its light is the driver's output unless the supply
is gone or the light source has failed. While it shows another level for a moment (`show`), what it is driven to goes on
underneath. Power follows its type's curve, straight lines between the points of a table and by default one line from
standby to rated, so energy over a ramp is exactly the mean over the levels it passes times its length.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from lightctl.domain.luminaires import PowerCurve

FULL_LEVEL = 100
HOUR_S = 3600.0


@dataclass(frozen=True, slots=True)
class LampType:
    """What is mounted: `lamps` equal lamps on one output; powers (W) are those of one lamp.

    power_table: watts by level between 0 and 100. spread: what this very specimen draws of what its type should.
    """

    rated_power_w: float = 60.0
    standby_power_w: float = 0.5
    lamps: int = 1
    power_table: tuple[tuple[int, float], ...] = ()
    spread: float = 1.0

    @property
    def curve(self) -> PowerCurve:
        """What one lamp draws by level (W)."""
        points = [(0, self.standby_power_w), *self.power_table, (FULL_LEVEL, self.rated_power_w)]
        return PowerCurve(tuple((level, watts * self.spread) for level, watts in points))

    def power_w(self, level: float) -> float:
        """Give the power one lamp draws at a level (percent)."""
        return self.curve.watts(level)


@dataclass(frozen=True, slots=True)
class Ills:
    """What ails the lamps of an output without having failed.

    draw, power_factor: shares of what they should have (above standby). dimmer: the level (percent) the driver gives
    whenever it is to give light. bypass: the level it gives while it is to be dark. out: gone out by itself for now.
    """

    draw: float = 1.0
    power_factor: float = 1.0
    dimmer: float | None = None
    bypass: float | None = None
    out: bool = False


HEALTHY = Ills()


class Lamp:
    """One output and the lamps on it, with its counters; a later instant is never followed by an earlier one.

    ramp_end: the instant the driver's output stops moving; in the past once it has. What a lamp gives and draws from
    there on stays the same until something is done to it, and is worked out once.
    """

    __slots__ = (
        "_counted_to", "_curve", "_energy_wh", "_from", "_lit_s", "_ramp_s", "_shown", "_standby_w", "_start",
        "_steady", "_supplied", "_to", "_wanted", "failed", "ills", "kind", "ramp_end", "stuck",
    )  # fmt: skip

    def __init__(self, kind: LampType, now: dt.datetime, *, energy_wh: float = 0.0, lit_h: float = 0.0) -> None:
        self.kind = kind
        self._curve = kind.curve
        self._standby_w = self._curve.standby_w
        self.ills = HEALTHY
        self.failed = 0
        self.stuck = False
        self._supplied = True
        self._start = self.ramp_end = now
        self._from = self._to = self._wanted = 0.0
        self._ramp_s = 0.0
        self._steady: tuple[float, float] | None = None
        self._shown: float | None = None
        self._counted_to = now
        self._energy_wh = energy_wh
        self._lit_s = lit_h * HOUR_S

    @property
    def supplied(self) -> bool:
        """Whether mains reaches the lamp."""
        return self._supplied

    @property
    def burns(self) -> bool:
        """Whether a level above 0 gives light: mains is there, and not every lamp has failed or is out."""
        return self._supplied and self.failed < self.kind.lamps and not self.ills.out

    @property
    def shows(self) -> bool:
        """Whether it shows something else than what it is driven to; a stuck driver does not."""
        return self._shown is not None and not self.stuck

    @property
    def target(self) -> float:
        """Where the driver's output is going (percent)."""
        return self._to

    def drive(self, level: float, ramp_s: float, now: dt.datetime) -> None:
        """Fade to a level over so many seconds; a stuck driver only remembers it."""
        self._wanted = level
        if not self.stuck:
            self._move(level, ramp_s, now)

    def show(self, level: float | None, now: dt.datetime) -> None:
        """Show a level whatever it is driven to, or no longer (None)."""
        self._disturb(now)
        self._shown = level

    def hold(self, *, stuck: bool, now: dt.datetime) -> None:
        """Freeze the driver where it is, or let it go on to what it was last told."""
        self._move(self._output(now) if stuck else self._wanted, 0.0, now)
        self.stuck = stuck

    def fail(self, lamps: int, now: dt.datetime) -> None:
        """Let so many of the lamps be burnt out (0: all replaced); their drivers still draw standby power."""
        self._disturb(now)
        self.failed = min(lamps, self.kind.lamps)

    def ail(self, ills: Ills, now: dt.datetime) -> None:
        """Let the lamps ail as this says, and in no other way."""
        self._disturb(now)
        self.ills = ills

    def supply(self, *, on: bool, now: dt.datetime) -> None:
        """Connect mains or cut it."""
        self._disturb(now)
        self._supplied = on

    def level(self, now: dt.datetime) -> float:
        """Give the light there really is (percent); what is left burning of a segment counts as its level."""
        return self.gives(now)[0]

    def power_w(self, now: dt.datetime) -> float:
        """Give the power all lamps of this output draw together (W)."""
        return self.gives(now)[1]

    def gives(self, now: dt.datetime) -> tuple[float, float]:
        """Give `level` and `power_w` at once."""
        if now >= self.ramp_end:
            return self._steady or self._settled()
        output = self._output(now)
        return (output if self.burns else 0.0), self._power(output)

    def driven(self, now: dt.datetime) -> tuple[float, float]:
        """Give level (percent) and power (W) as they would be if it showed nothing else."""
        if self._shown is None:
            return self.gives(now)
        output = self._given(self._driven(now))
        return (output if self.burns else 0.0), self._power(output)

    def energy_wh(self, now: dt.datetime) -> float:
        """Give the energy drawn since the lamp was new (Wh)."""
        self._count(now)
        return self._energy_wh

    def lit_h(self, now: dt.datetime) -> float:
        """Give the burning hours (h)."""
        self._count(now)
        return self._lit_s / HOUR_S

    def counters(self, now: dt.datetime) -> tuple[float, float]:
        """Give the energy drawn (Wh) and the burning hours (h)."""
        self._count(now)
        return self._energy_wh, self._lit_s / HOUR_S

    def _move(self, level: float, ramp_s: float, now: dt.datetime) -> None:
        self._disturb(now)
        self._from = self._driven(now)
        self._to = float(level)
        self._start = now
        self._ramp_s = max(0.0, ramp_s) if self._to != self._from else 0.0
        self.ramp_end = now + dt.timedelta(seconds=self._ramp_s) if self._ramp_s else now

    def _output(self, now: dt.datetime) -> float:
        return self._given(self._driven(now) if self._shown is None or self.stuck else self._shown)

    def _given(self, wanted: float) -> float:
        """Give the level that comes out of an ailing driver that is to give one."""
        instead = self.ills.dimmer if wanted > 0 else self.ills.bypass
        return wanted if instead is None else instead

    def _driven(self, now: dt.datetime) -> float:
        # A wire's word may come between two things due, so what is due then lies a moment before it.
        passed = max(0.0, (now - self._start).total_seconds())
        if passed >= self._ramp_s:
            return self._to
        return self._from + (self._to - self._from) * passed / self._ramp_s

    def _power(self, output: float) -> float:
        return self._drawn(self._curve.watts(output)) if self._supplied else 0.0

    def _drawn(self, curve_w: float) -> float:
        """Give what all lamps draw together where one that is well draws so much (W)."""
        standby, ills = self._standby_w, self.ills
        burning = 0 if ills.out else self.kind.lamps - self.failed
        return self.kind.lamps * standby + burning * (curve_w - standby) * ills.draw

    def _mean_power(self, begin: float, end: float) -> float:
        """Give the mean power while the output moves evenly from one level to another (W)."""
        return self._drawn(self._curve.mean_watts(begin, end)) if self._supplied else 0.0

    def _settled(self) -> tuple[float, float]:
        """Work out light and power for as long as the driver's output does not move."""
        output = self._given(self._to if self._shown is None or self.stuck else self._shown)
        self._steady = (output if self.burns else 0.0), self._power(output)
        return self._steady

    def _disturb(self, now: dt.datetime) -> None:
        """Be about to become another than it was."""
        self._count(now)
        self._steady = None

    def _count(self, now: dt.datetime) -> None:
        """Bring the counters up to an instant; exact, since power is a straight line between ramp ends."""
        if now <= self._counted_to:
            return
        if self._counted_to >= self.ramp_end:
            level, power = self._steady or self._settled()
            seconds = (now - self._counted_to).total_seconds()
            self._energy_wh += power * seconds / HOUR_S
            self._lit_s += seconds if level > 0 else 0.0
            self._counted_to = now
            return
        corner = min(max(self._counted_to, self.ramp_end), now)
        for begin, end in ((self._counted_to, corner), (corner, now)):
            seconds = (end - begin).total_seconds()
            if seconds <= 0:
                continue
            before, after = self._output(begin), self._output(end)
            self._energy_wh += self._mean_power(before, after) * seconds / HOUR_S
            if self.burns and (before > 0 or after > 0):
                self._lit_s += seconds
        self._counted_to = now
