"""Lamps: what is wrong with one lamp (or the lamps of one segment), by what its node says of it.

What is asked of the lamp is the level in force at the node; whether it does that, its measured level and its power say.
A lamp that is off is only looked at for burning, one that is lit only for all the rest: the other is not known.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from lightctl.control.diagnosis.cycling import STEADY, Cycling
from lightctl.control.diagnosis.expected import Expected
from lightctl.control.diagnosis.findings import NAMED, Findings
from lightctl.control.diagnosis.learned import UNLEARNED, Learned, band
from lightctl.control.diagnosis.measured import burns, is_dark, seen
from lightctl.control.memory import NodeMemory
from lightctl.control.policy import Policy
from lightctl.control.reconcile import level_in_force
from lightctl.domain.assets import FULL_LEVEL, LightPoint
from lightctl.domain.states import ChannelReport, FaultEvent
from lightctl.planning.sun import solar_altitude_deg

SUNRISE_DEG = -0.833
FULL_FITS = 0.1
DIMMED_WELL_BELOW = 60
POWER_FACTOR_CLEAR = 1.03
MISSING_SHARE = 0.75
CAUSES = (FaultEvent.CIRCUIT_BREAKER_TRIPPED, FaultEvent.SUPPLY_LOSS, FaultEvent.RELAY_FAILURE)
POWER = (FaultEvent.LAMP_POWER_TOO_HIGH, FaultEvent.LAMP_POWER_TOO_LOW)
LIT_RULES = (FaultEvent.LAMP_FAILURE, FaultEvent.DIMMING_FAILURE, *POWER, FaultEvent.POWER_FACTOR_TOO_LOW)


@dataclass(slots=True)
class Lamp:
    """One channel as it was last reported, what is expected of it, and what is known from before."""

    memory: NodeMemory
    channel: int
    point: LightPoint
    said: ChannelReport
    said_at: dt.datetime
    expected: Expected
    policy: Policy
    found: Findings
    named: frozenset[FaultEvent] = frozenset()

    def ease(self, event: FaultEvent) -> float:
        """Give how much clearer than its threshold a value must be: less than 1 while the fault is open."""
        standing = (event, "light point", self.point.id) in self.memory.faults
        return self.policy.diagnosis.clear_share if standing else 1.0

    def learned(self, level: int) -> Learned | None:
        """Give what was learned of it at a level; None where its expectation is not to be trusted yet."""
        found = self.memory.history.learned.get(band(self.channel, level))
        if found is None or (not self.expected.known and found.count < self.policy.diagnosis.learn_reports):
            return UNLEARNED if self.expected.known else None
        return found

    @property
    def source(self) -> str:
        """Say where the expectation comes from, for details."""
        return "" if self.expected.known else " (learned from its own reports)"

    def bad(self, event: FaultEvent, detail: str, severity: str = "major", watts: float | None = None) -> None:
        """Find a fault that is measured."""
        self.found.on_lamp(event, self.point, detail, severity, watts=watts)


def is_healthy(expected: Expected, said: ChannelReport, learned: Learned | None) -> bool:
    """Say at a glance whether nothing at all is odd; what is odd is looked at in earnest.

    learned: None where its expectation is not to be trusted yet, so that its power says nothing.
    """
    level, power = said.level, said.power_w
    if said.faults or level is None or level != said.commanded:
        return False
    if level and said.power_factor is not None and said.power_factor < expected.power_factor[level]:
        return False
    if power is None or learned is None:
        return True
    if not level:
        return power <= expected.high[0]
    factor, base = learned.factor, learned.base
    low, high = (base, factor) if base < factor else (factor, base)
    return expected.low[level] * high <= power <= expected.high[level] * low and power >= expected.dark[level] * high


def lamp_rules(lamp: Lamp, *, settled: bool) -> bool:
    """Look at one lamp; gives whether its power is good for learning from."""
    said, found, point = lamp.said, lamp.found, lamp.point
    for flag in said.faults:
        event = NAMED.get(flag, FaultEvent.NODE_FAULT)
        found.on_lamp(event, point, f"the node reports {flag}", measured=False)
    lamp.named = frozenset(NAMED.get(flag, FaultEvent.NODE_FAULT) for flag in said.faults)
    if not lamp.memory.capabilities.levels:
        found.well(point, FaultEvent.RELAY_FAILURE)  # only a relay's own contact leaves that open
    explained = lamp.named.intersection(CAUSES)
    in_force = level_in_force(said)
    if in_force is None:
        found.well(point, *LIT_RULES, FaultEvent.LAMP_UNEXPECTED_ON)
    if explained or in_force is None or not 0 <= in_force <= FULL_LEVEL:
        return False
    if not settled:
        # Its next word may be a heartbeat away, and what shows the light that is due did not fail, fading or not.
        if in_force and _shines(lamp, in_force):
            found.well(point, FaultEvent.LAMP_FAILURE)
        return False
    if in_force == 0:
        _off(lamp)
        return False
    return _lit(lamp, in_force)


# -- a lamp that should be off -----------------------------------------------------------------------------------------


def _off(lamp: Lamp) -> None:
    said, point, expected = lamp.said, lamp.point, lamp.expected
    if lamp.channel in lamp.memory.history.cycling:
        _remember_cycling(lamp, lamp.memory.history.cycling[lamp.channel].unwatched())
    if not burns(expected, said, _learned_full(lamp), lamp.ease(FaultEvent.LAMP_UNEXPECTED_ON)):
        lamp.found.well(point, FaultEvent.LAMP_UNEXPECTED_ON)
        return
    drawn = said.power_w
    if drawn is None and expected.known:
        drawn = expected.watts[min(said.level or 0, FULL_LEVEL)]
    watts = None if drawn is None else round(max(drawn - (expected.standby_w if expected.known else 0.0), 0.0), 1)
    by_day = solar_altitude_deg(point.latitude, point.longitude, lamp.said_at) > SUNRISE_DEG
    when = "burns by day" if by_day else "burns by night, though off is due"
    lamp.bad(FaultEvent.LAMP_UNEXPECTED_ON, f"{when}: should be off, but {seen(said)}", watts=watts)


def _learned_full(lamp: Lamp) -> float | None:
    enough = lamp.policy.diagnosis.learn_reports
    bands = (lamp.memory.history.learned.get(band(lamp.channel, level)) for level in range(10, FULL_LEVEL + 1, 10))
    return max((each.factor for each in bands if each is not None and each.count >= enough), default=None)


# -- a lamp that should be lit -----------------------------------------------------------------------------------------


def _lit(lamp: Lamp, in_force: int) -> bool:
    said, found, point = lamp.said, lamp.found, lamp.point
    if lamp.memory.capabilities.levels and said.power_w is None and said.level == 0:
        lamp.bad(
            FaultEvent.RELAY_FAILURE, f"asked for {in_force} %, but 0 % measured: its relay stays open", "critical"
        )
        found.hide(point, FaultEvent.RELAY_FAILURE, *LIT_RULES)
        return False
    found.well(point, FaultEvent.RELAY_FAILURE)
    dark = _is_out(lamp, in_force)
    if _cycles(lamp, lit=not dark and FaultEvent.LAMP_FAILURE not in lamp.named):
        found.hide(point, FaultEvent.CYCLING_FAILURE, *LIT_RULES)
        for event in LIT_RULES:
            found.bad.pop((event, "light point", point.id), None)
        return False
    missing = _some_out(lamp, in_force)
    if dark or missing or FaultEvent.LAMP_FAILURE in lamp.named:
        if dark and FaultEvent.LAMP_FAILURE not in lamp.named:
            lamp.bad(FaultEvent.LAMP_FAILURE, f"asked for {in_force} %, but {seen(said)}{lamp.source}")
        found.hide(point, FaultEvent.LAMP_FAILURE, FaultEvent.DIMMING_FAILURE, *POWER)
        return False
    if missing is False:
        found.well(point, FaultEvent.LAMP_FAILURE)
    _power_factor(lamp, in_force if said.level is None else said.level)
    return _dimming(lamp, in_force) and _power(lamp, in_force)


def _shines(lamp: Lamp, in_force: int) -> bool:
    """Say whether its power proves that it is lit as it should be; lamps of a segment cannot be counted so quickly."""
    learned, said = lamp.learned(in_force), lamp.said
    certain = learned is not None and said.power_w is not None and lamp.expected.lamps == 1
    return certain and said.level == in_force and is_healthy(lamp.expected, said, learned or UNLEARNED)


def _is_out(lamp: Lamp, in_force: int) -> bool:
    learned = lamp.learned(in_force)
    said = lamp.said
    if learned is None:
        return said.level == 0
    return is_dark(lamp.expected, said, in_force, learned.factor, lamp.ease(FaultEvent.LAMP_FAILURE))


def _cycles(lamp: Lamp, *, lit: bool) -> bool:
    """Note whether it was lit, and say whether it goes out and comes back again and again."""
    history, thresholds = lamp.memory.history, lamp.policy.diagnosis
    known = history.cycling.get(lamp.channel, STEADY)
    event = FaultEvent.CYCLING_FAILURE
    standing = (event, "light point", lamp.point.id) in lamp.memory.faults
    if history.judged is not lamp.memory.reported:
        seen_now = known.seen(lamp.said_at, thresholds, lit=lit)
        _remember_cycling(lamp, seen_now if standing or seen_now.matters else STEADY)
        known = seen_now
    if known.cycles(thresholds) or (standing and not known.steady(lamp.said_at, thresholds)):
        lamp.found.on_lamp(event, lamp.point, _cycled(known), measured=False)
        return True
    lamp.found.well(lamp.point, event)
    return False


def _remember_cycling(lamp: Lamp, seen_now: Cycling) -> None:
    history, channel = lamp.memory.history, lamp.channel
    if seen_now == history.cycling.get(channel, STEADY):
        return
    others = {each: known for each, known in history.cycling.items() if each != channel}
    history.cycling = others if seen_now == STEADY else {**others, channel: seen_now}


def _cycled(known: Cycling) -> str:
    if not known.changes:
        return "went out or came back again and again, and has not been watched for long enough since"
    minutes = (known.changes[-1] - known.changes[0]).total_seconds() / 60
    return f"went out or came back {len(known.changes)} times in {minutes:.0f} min while it should be lit"


def _some_out(lamp: Lamp, in_force: int) -> bool | None:
    """Count the lamps of a segment that are missing in its power; None where that cannot be told (yet)."""
    expected, said, thresholds = lamp.expected, lamp.said, lamp.policy.diagnosis
    learned = lamp.learned(in_force)
    if expected.lamps == 1 or said.power_w is None or learned is None:
        return False
    whole = expected.watts[in_force] * learned.factor
    each = expected.per_lamp_w(in_force) * learned.factor
    certain = learned.count >= thresholds.learn_reports
    noise = whole * thresholds.segment_noise_percent / 100 if certain else whole - expected.low[in_force]
    limit = max(MISSING_SHARE * each, noise) * lamp.ease(FaultEvent.LAMP_FAILURE)
    missing = whole - said.power_w
    if each <= 0 or missing <= limit:
        # What it draws at this level is not learned yet: a lamp that is out may hide in the tolerance.
        return None if not certain and missing > MISSING_SHARE * each > 0 else False
    out = min(max(round(missing / each), 1), expected.lamps)
    lamp.bad(
        FaultEvent.LAMP_FAILURE,
        f"about {out} of {expected.lamps} lamps are out: {said.power_w:.0f} W drawn at {in_force} %, "
        f"and {whole:.0f} W expected{' (learned)' if certain else ''}",
    )
    return True


def _dimming(lamp: Lamp, in_force: int) -> bool:
    """Say whether it follows its dimming, as far as that can be told."""
    said, found, event = lamp.said, lamp.found, FaultEvent.DIMMING_FAILURE
    if event in lamp.named:
        return False
    if said.level is None or said.commanded is None:
        return True  # its power tells
    history, tolerance = lamp.memory.history, lamp.policy.level_tolerance
    if abs(said.level - said.commanded) > tolerance:
        history.stuck = {**history.stuck, lamp.channel: said.level}
        lamp.bad(event, f"holds {said.commanded} % in force, but {seen(said)}")
        found.hide(lamp.point, FaultEvent.DIMMING_FAILURE, *POWER)
        return False
    stuck = history.stuck.get(lamp.channel)
    if stuck is None or abs(in_force - stuck) > 2 * tolerance:  # at the level it stays at anyway nobody can tell
        found.well(lamp.point, event)
        if stuck is not None:
            history.stuck = {channel: each for channel, each in history.stuck.items() if channel != lamp.channel}
    return True


def _power(lamp: Lamp, in_force: int) -> bool:
    """Compare its power with the curve and with what was learned of it; gives whether it is good."""
    said, expected, found = lamp.said, lamp.expected, lamp.found
    level = min(max(said.level if said.level is not None else in_force, 0), FULL_LEVEL)
    learned = lamp.learned(level)
    if said.power_w is None or level == 0:
        return False
    if learned is None:
        return True
    least, most = sorted((learned.base, learned.factor))
    middle = expected.watts[level]
    too_high = said.power_w > (middle + (expected.high[level] - middle) * lamp.ease(POWER[0])) * least
    too_low = said.power_w < (middle - (middle - expected.low[level]) * lamp.ease(POWER[1])) * most
    wanted = middle * learned.factor
    detail = f"{said.power_w:.0f} W drawn at {level} %, and {wanted:.0f} W expected{lamp.source}"
    if said.level is None and too_high and _is_full(lamp, in_force):
        lamp.bad(FaultEvent.DIMMING_FAILURE, f"holds {in_force} % in force, but {detail}: as at full level")
        found.hide(lamp.point, FaultEvent.DIMMING_FAILURE, *POWER)
        return False
    if said.level is None and not too_high and in_force < FULL_LEVEL:
        found.well(lamp.point, FaultEvent.DIMMING_FAILURE)
    if too_high or too_low:
        lamp.bad(POWER[0] if too_high else POWER[1], detail, "minor")
    found.well(lamp.point, *(event for event, shows in zip(POWER, (too_high, too_low), strict=True) if not shows))
    return not too_high and not too_low


def _is_full(lamp: Lamp, in_force: int) -> bool:
    learned, full = lamp.learned(FULL_LEVEL), lamp.expected.watts[FULL_LEVEL]
    if learned is None or lamp.said.power_w is None or in_force > DIMMED_WELL_BELOW:
        return False
    return abs(lamp.said.power_w - full * learned.factor) <= FULL_FITS * full * learned.factor


def _power_factor(lamp: Lamp, level: int) -> None:
    if not 0 <= level <= FULL_LEVEL:
        return
    event, limit = FaultEvent.POWER_FACTOR_TOO_LOW, lamp.expected.power_factor[level]
    factor = lamp.said.power_factor
    if factor is None or not limit or not factor or event in lamp.named:
        return
    standing = (event, "light point", lamp.point.id) in lamp.memory.faults
    if abs(factor) < limit * (POWER_FACTOR_CLEAR if standing else 1.0):
        lamp.bad(event, f"power factor {abs(factor):.2f} at {level} %, and at least {limit:.2f} is good", "minor")
    else:
        lamp.found.well(lamp.point, event)
