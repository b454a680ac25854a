import pytest

from lightctl.domain.assets import LightPoint
from lightctl.domain.luminaires import LuminaireType, power_curve


def lamp(**said):
    return LightPoint("L", 51, 7, **said)


@pytest.mark.parametrize(("level", "watts"), [(0, 2.0), (50, 26.0), (100, 50.0), (12.5, 8.0)])
def test_without_a_table_the_line_from_standby_to_rated_is_straight(level, watts):
    curve = power_curve(lamp(rated_power_w=50.0, standby_power_w=2.0))
    assert curve.watts(level) == watts


def test_a_table_gives_the_watts_between_its_levels_by_straight_lines():
    kind = LuminaireType("led", 100.0, 1.0, ((10, 20.0), (50, 45.0)))
    curve = power_curve(lamp(), kind)
    assert [curve.watts(level) for level in (0, 5, 10, 30, 50, 75, 100)] == [1.0, 10.5, 20.0, 32.5, 45.0, 72.5, 100.0]


def test_a_lamp_of_other_watts_than_its_type_stretches_the_table():
    kind = LuminaireType("led", 100.0, 0.0, ((50, 40.0),))
    assert power_curve(lamp(rated_power_w=50.0), kind).watts(50) == 20.0


def test_a_light_point_stands_for_all_its_lamps():
    assert power_curve(lamp(rated_power_w=50.0, standby_power_w=1.0, lamps=42)).full_w == 2100.0
    assert power_curve(lamp(rated_power_w=50.0, standby_power_w=1.0, lamps=42)).standby_w == 42.0


def test_what_nobody_wrote_down_is_not_guessed():
    assert power_curve(lamp()) is None
