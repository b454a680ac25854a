from __future__ import annotations

import datetime as dt
import json

import pytest

from lightctl.domain.assets import Capabilities
from lightctl.domain.states import ChannelDesired, DesiredState, Switch
from simulators.firmware import Firmware
from simulators.lamp import LampType
from simulators.node import LampChanged, NodeSetup
from simulators.truth import FINAL, TruthLog, read_truth

START = dt.datetime(2026, 12, 21, 18, 0, tzinfo=dt.UTC)
SETUP = NodeSetup("n1", Capabilities(nights=7, slots=9, ramp=True, persists=True), {0: LampType()}, {0: "LP1"}, None)


def after(hours: float) -> dt.datetime:
    return START + dt.timedelta(hours=hours)


@pytest.fixture
def path(tmp_path):
    """Write a night of one lamp: 100, from +1 h fading to 40 within ten minutes, off at +9 h."""
    log = TruthLog(tmp_path / "truth.jsonl")
    firmware = Firmware(SETUP, START)
    outputs = firmware.boot(None, START)
    channel = ChannelDesired((Switch(START, 100), Switch(after(1), 40, 600), Switch(after(9), 0)))
    outputs += firmware.receive(DesiredState("n1", 1, START, after(100), {0: channel}), START)
    outputs += firmware.advance(after(10))
    for output in outputs:
        if isinstance(output, LampChanged):
            log.lamp(SETUP, output)
    log.fault("silent", ["n1"], after(2), on=True)
    log.lamp(SETUP, firmware.truths(after(10))[0], FINAL)
    log.close()
    return tmp_path / "truth.jsonl"


def test_every_line_has_the_documented_keys(path):
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    lamp = [line for line in lines if "fault" not in line]
    keys = {"at", "id", "node", "channel", "level", "commanded", "power_w", "reason", "energy_wh", "lit_h"}
    assert all(keys <= line.keys() for line in lamp)
    assert lamp[0]["at"] == "2026-12-21T18:00:00.000Z"
    assert {line["id"] for line in lamp} == {"LP1"}
    assert lamp[-1]["final"] is True
    assert [line for line in lines if "fault" in line] == [
        {"at": "2026-12-21T20:00:00.000Z", "fault": "silent", "nodes": ["n1"], "on": True}
    ]


def test_the_level_at_any_instant_can_be_read_back_also_while_fading(path):
    history = read_truth(path.read_text().splitlines(keepends=True)).lamps["LP1"]
    assert [history.level_at(after(at)) for at in (-1, 0.5, 1, 1 + 5 / 60, 1.2, 8.9, 9)] == [
        None, 100, 100, 70, 40, 40, 0,
    ]  # fmt: skip


def test_dark_spans_are_joined_and_cut_to_the_window_asked_for(path):
    history = read_truth(path.read_text().splitlines(keepends=True)).lamps["LP1"]
    assert history.dark_spans(after(0), after(12)) == [(after(9), after(12))]
    assert history.dark_spans(after(0), after(9)) == []
    assert history.dark_spans(after(2), after(9.5), below=50) == [(after(2), after(9.5))]


def test_the_energy_counter_is_the_integral_of_the_power(path):
    history = read_truth(path.read_text().splitlines(keepends=True)).lamps["LP1"]
    assert history.energy_error_wh() < 0.01
    last = history.lines[-1]
    fading = (60.0 + 24.3) / 2 / 6
    assert last.energy_wh == pytest.approx(60 + fading + 24.3 * (8 - 1 / 6) + 0.5, abs=0.01)
    assert last.lit_h == 9


def test_a_counter_that_is_off_is_found(path):
    lines = path.read_text().splitlines(keepends=True)
    wrong = json.loads(lines[-1])
    wrong["energy_wh"] += 5
    assert read_truth([*lines[:-1], json.dumps(wrong) + "\n"]).lamps["LP1"].energy_error_wh() > 4


def test_a_last_line_cut_by_a_kill_is_passed_over(path):
    text = path.read_text()
    whole = read_truth(text.splitlines(keepends=True))
    cut = read_truth(text[:-20].splitlines(keepends=True))
    assert len(cut.lamps["LP1"].lines) == len(whole.lamps["LP1"].lines) - 1
