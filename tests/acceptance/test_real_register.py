"""A night of a real city's register, the first street of it; `python -m tests.acceptance.dc_night` runs all of it."""

from itertools import islice

import pytest

from tests.acceptance.dc_night import INVENTORY, washington
from tests.support.register_night import run_register

LIGHTS = 60


@pytest.mark.skipif(not INVENTORY.is_file(), reason=f"the District's register is not at {INVENTORY}")
def test_lights_of_washington_are_imported_over_http_and_each_follows_its_road_class_for_a_night(tmp_path):
    register = tmp_path / "lights.csv"
    with INVENTORY.open(encoding="utf-8") as whole:
        register.write_text("".join(islice(whole, LIGHTS + 1)), encoding="utf-8")
    run = tmp_path / "run"
    run.mkdir()
    figures = run_register(washington(register), run, seconds=40, say=lambda _text: None)
    assert figures.dry_run_left_empty
    assert (figures.rows, figures.imported, figures.row_errors) == (LIGHTS, LIGHTS, 0)
    assert figures.not_followed == []
    assert figures.every_lamp_followed
    assert sum(figures.programs.values()) == LIGHTS
    assert set(figures.programs) <= {"local", "collector", "arterial"}
    assert len(figures.programs) > 1
    assert set(figures.nodes) == {"carries", "live"}
    assert figures.faults == {}
    assert figures.messages["refused"] == 0
    assert set(figures.commands) <= {"confirmed", "superseded"}
    assert figures.dimmed["confirmed"] == figures.dimmed["affected"] > 0
    assert 0 < figures.energy_kwh < figures.full_power_kwh
