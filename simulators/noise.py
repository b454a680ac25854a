"""Measurement noise: nearly normal, and the same for the same node, channel and report, whoever asks in which order.

The sum of four evenly spread numbers stands for a normal one: it never strays further than 3.5 standard deviations, as
a meter that was ever calibrated does.
"""

from __future__ import annotations

from dataclasses import dataclass

PERCENT = 100.0
_MASK = (1 << 64) - 1
_FOUR_EVEN_DEVIATION = 65536 / 3**0.5


@dataclass(frozen=True, slots=True)
class Noise:
    """How exactly a node measures: standard deviations in percent of the value."""

    power_percent: float = 0.0
    voltage_percent: float = 0.0

    def watts(self, power: float, salt: int) -> float:
        """Give a power (W) as it is measured."""
        return power * (1 + self.power_percent / PERCENT * drawn(salt))

    def volts(self, voltage: float, salt: int) -> float:
        """Give a voltage (V) as it is measured."""
        return voltage * (1 + self.voltage_percent / PERCENT * drawn(~salt))


EXACT = Noise()


def drawn(salt: int) -> float:
    """Give a number with mean 0 and deviation 1, fixed by the salt (splitmix64)."""
    mixed = (salt * 0x9E3779B97F4A7C15 + 0x9E3779B97F4A7C15) & _MASK
    mixed = ((mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    mixed = ((mixed ^ (mixed >> 27)) * 0x94D049BB133111EB) & _MASK
    mixed ^= mixed >> 31
    total = (mixed & 0xFFFF) + ((mixed >> 16) & 0xFFFF) + ((mixed >> 32) & 0xFFFF) + (mixed >> 48)
    return (total - 2 * 65535) / _FOUR_EVEN_DEVIATION
