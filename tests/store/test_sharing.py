"""What is read of the store shares equal words and numbers, and nothing becomes another by it."""

from __future__ import annotations

from lightctl.store.sharing import Shared


def test_a_revision_that_a_measurement_equals_stays_a_whole_number():
    shared = Shared()
    found = [shared.number(50.0), shared.number(50), shared.number(50.0)]
    assert [type(number) for number in found] == [float, int, float]
    assert found[0] is found[2]
