"""Settings of luminaires, energy and tariffs: what is believed, and what is refused with a word."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from lightctl.app.energy.luminaires import curve_of, former_w, luminaire_types
from lightctl.domain.assets import LightPoint
from lightctl.domain.errors import InvalidInput
from lightctl.files.settings import Settings, load_settings


def point(name: str, **others: Any) -> LightPoint:
    return LightPoint(name, 51.4344, 6.7623, **others)


LED = """
[luminaires.led-50]
rated_power_w = 50
standby_power_w = 0.8
former_power_w = 89
power_table = {"10" = 9.5, "50" = 24, "90" = 45.2}
power_tolerance_percent = 15
power_factor_threshold = 0.9
"""

TWO_PRICES = """
[tariffs.a]
valid_from = 2026-01-01
price_per_kwh = 0.2
price_year = 2026
price_source = "a contract"
[tariffs.b]
valid_from = 2026-01-01
price_per_kwh = 0.3
price_year = 2026
price_source = "another"
"""


def load(tmp_path: Path, text: str) -> Settings:
    (tmp_path / "lightctl.toml").write_text(text, encoding="utf-8")
    return load_settings(None, {}, tmp_path)


def test_a_luminaire_type_gives_its_lamps_their_curve(tmp_path):
    types = luminaire_types(load(tmp_path, LED))
    lamp = point("LP1", lamps=2, tags={"luminaire": "led-50"})
    curve = curve_of(lamp, types)
    assert curve is not None
    assert [curve.watts(level) for level in (0, 10, 30, 50, 100)] == [1.6, 19, 33.5, 48, 100]
    assert types["led-50"].power_tolerance_percent == 15
    assert former_w(lamp, types) == 178
    assert former_w(point("LP2", tags={"luminaire": "led-50", "former_power_w": "125"}), types) == 125
    assert former_w(point("LP3", tags={"former_power_w": "much"}), types) is None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[luminaires.a]\nrated_power_w = 50\npower_table = {"0" = 1}\n', "is no level"),
        ('[luminaires.a]\nrated_power_w = 50\npower_table = {"100" = 50}\n', "is no level"),
        ('[luminaires.a]\nrated_power_w = 50\npower_table = {"half" = 25}\n', "is no level"),
        ('[luminaires.a]\nrated_power_w = 50\npower_table = {"07" = 9}\n', "is no level"),
        ('[luminaires.a]\nrated_power_w = 50\npower_table = {"50" = -3}\n', "not a lamp's"),
        ('[luminaires.a]\nrated_power_w = 50\npower_table = {"50" = "25"}\n', "power_table"),
        ('[luminaires.a]\nrated_power_w = 50\npower_table = {"50" = 30, "60" = 20}\n', "falls from 30 W at level 50"),
        ('[luminaires.a]\nrated_power_w = 50\npower_table = {"90" = 70}\n', "falls from 70 W at level 90 to 50"),
        ('[luminaires.a]\npower_table = {"50" = 25}\n', "needs rated_power_w"),
        ("[luminaires.a]\nrated_power_w = 5\nstandby_power_w = 6\n", "above rated_power_w"),
        ("[luminaires.a]\nrated_power_w = 0\n", "luminaires.a.rated_power_w"),
        ("[luminaires.a]\nrated_power_w = nan\n", "luminaires.a.rated_power_w"),
        ('[luminaires.""]\nrated_power_w = 5\n', "cannot be a luminaire type's name"),
        ('[energy]\ncurrency = "euro"\n', "energy.currency"),
        ('[energy]\nbaseline = "last_year"\n', "energy.baseline"),
        ('[energy]\nbaseline_night = "sunset"\n', "is no window"),
        ('[energy]\nbaseline_night = "sunset .. breakfast"\n', "breakfast"),
        ("[tariffs.a]\nvalid_from = 2026-01-01\n", "it has no figure"),
        ('[tariffs.a]\nvalid_from = "soon"\nprice_per_kwh = 0.2\n', "tariffs.a.valid_from"),
        ("[tariffs.a]\nvalid_from = 2026-01-01\nprice_per_kwh = 0.2\n", "needs its year and source"),
        (
            '[tariffs.a]\nvalid_from = 2026-01-01\nco2_kg_per_kwh = 0.3\nco2_year = 2024\nco2_source = " "\n',
            "needs its year and source",
        ),
        (
            TWO_PRICES,
            "a and b both give price_per_kwh from 2026-01-01",
        ),
    ],
)
def test_nonsense_is_refused_with_the_key(tmp_path, text, said):
    with pytest.raises(InvalidInput) as caught:
        load(tmp_path, text)
    assert said in caught.value.why


def test_a_table_may_lose_a_little_at_one_level_as_real_gear_does(tmp_path):
    text = '[luminaires.a]\nrated_power_w = 50\npower_table = {"80" = 44, "90" = 43.9}\n'
    assert luminaire_types(load(tmp_path, text))["a"].power_table == ((80, 44), (90, 43.9))
