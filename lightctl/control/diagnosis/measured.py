"""Measured: whether what a lamp measurably does is what its level should give. For rules and self-tests alike."""

from __future__ import annotations

from lightctl.control.diagnosis.expected import Expected
from lightctl.domain.states import ChannelReport, Reason


def is_dark(expected: Expected, said: ChannelReport, in_force: int, factor: float = 1.0, ease: float = 1.0) -> bool:
    """Say whether a lamp that is to be lit at a level measurably is not, by its power where that can tell.

    factor: what it truly draws against what it should. ease: below 1, it must be that much clearer that it is lit.
    """
    limit = expected.dark[in_force]
    if said.power_w is None or not limit:
        return said.level == 0
    standby = expected.standby_w
    return said.power_w < (standby + (limit - standby) / ease) * factor


def burns(expected: Expected, said: ChannelReport, full_w: float | None = None, ease: float = 1.0) -> bool:
    """Say whether a lamp that is to be off measurably is not; one in local hands may be.

    full_w: what it was learned to draw at full level, where nothing says what it should.
    """
    if said.reason in (Reason.LOCAL, Reason.FALLBACK):
        return False
    if said.power_w is None or (not expected.known and full_w is None):
        return bool(said.level)
    if expected.known:
        standby = expected.standby_w
        return said.power_w > standby + (expected.high[0] - standby) * ease
    assert full_w is not None
    return said.power_w > expected.dark[-1] * full_w * ease


def seen(said: ChannelReport) -> str:
    """Say what was measured, in words."""
    parts = [
        f"{said.level} % measured" if said.level is not None else "",
        f"{said.power_w:.0f} W drawn" if said.power_w is not None else "",
    ]
    return " and ".join(part for part in parts if part) or "nothing is measured"
