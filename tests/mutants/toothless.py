"""Tests that go through much and insist on nothing: against them every mutant must live."""

from __future__ import annotations

import contextlib
import datetime as dt

from lightctl.devices.fit import fit
from lightctl.domain.assets import Capabilities
from lightctl.domain.states import Switch

NOON = dt.datetime(2026, 11, 20, 11, 0, tzinfo=dt.UTC)
HOUR = dt.timedelta(hours=1)


def test_nothing_about_a_plan_that_is_fitted():
    plan = [Switch(NOON + hour * HOUR, 10 * (hour % 3)) for hour in range(20)]
    with contextlib.suppress(Exception):
        fit(plan, Capabilities(nights=7, slots=96, resolution_s=600), min_level=15, noons=(NOON, NOON + 24 * HOUR))
