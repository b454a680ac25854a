"""Measurements scatter as their meter says, the same ones for the same seed."""

from __future__ import annotations

from statistics import fmean, stdev

import pytest

from simulators.noise import Noise, drawn


def test_what_is_drawn_has_mean_nought_and_deviation_one_and_never_strays_far():
    some = [drawn(salt) for salt in range(20_000)]
    assert fmean(some) == pytest.approx(0, abs=0.03)
    assert stdev(some) == pytest.approx(1, abs=0.03)
    assert max(map(abs, some)) < 3.5


def test_a_meter_is_off_by_its_percentage_and_the_same_salt_measures_the_same():
    noise = Noise(power_percent=1.0, voltage_percent=0.5)
    watts = [noise.watts(100.0, salt) for salt in range(5_000)]
    volts = [noise.volts(230.0, salt) for salt in range(5_000)]
    assert stdev(watts) == pytest.approx(1.0, abs=0.05)
    assert stdev(volts) == pytest.approx(1.15, abs=0.06)
    assert noise.watts(100.0, 7) == noise.watts(100.0, 7)
