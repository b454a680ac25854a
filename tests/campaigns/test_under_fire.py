"""A slice of each campaign on real processes, disks and lines; and for each, the controls that it must find.

docs/proof.md says what the campaigns themselves have shown.
"""

from __future__ import annotations

import pytest

from tests.campaigns import broker, disk_full, kill_daemon, modbus_line, network, power_cut, storm
from tests.campaigns.broker import KINDS as BROKER_KINDS
from tests.campaigns.network import MODES, SIDES
from tests.support.bad_line import DECEIT

FEW, CROWD = 20, 200
IMPATIENT_S = 15.0
EMPTY = BROKER_KINDS.index("empty")
DROPPING, SWALLOWING = (MODES.index(mode) + len(MODES) * SIDES.index("nodes") for mode in ("dropping", "swallowing"))


def test_a_daemon_killed_at_an_answer_and_at_a_commit_loses_nothing_and_settles_again():
    report = kill_daemon.run(seed=1, first=1, rounds=2, lamps=FEW)
    assert report.violations == []
    assert report.injected["answered"] == report.injected["before-commit"] == 1


# Round 8 kills at the second commit: what was decided upon the first, an operator's, is on the wire by then.
@pytest.mark.parametrize(
    ("breaking", "sign", "first"), [("answer-before-commit", "I4", 1), ("act-before-recording", "act before", 8)]
)
def test_a_daemon_that_answers_or_acts_before_it_records_is_found_out(breaking, sign, first):
    report = kill_daemon.run(seed=1, first=first, rounds=12, lamps=FEW, breaking=breaking, until_found=True)
    assert any(what.startswith(sign) for _, what in report.violations), report.violations


def test_a_broker_that_comes_back_empty_is_filled_again():
    report = broker.run(seed=1, first=EMPTY, rounds=1, lamps=FEW)
    assert report.violations == []


def test_a_daemon_that_takes_a_brokers_word_for_a_nodes_is_found_out():
    report = broker.run(seed=1, first=EMPTY, rounds=1, lamps=FEW, breaking="believe-the-broker", until_found=True)
    assert any(what.startswith("I3") for _, what in report.violations), report.violations


def test_a_network_that_drops_packets_costs_time_and_nothing_else():
    report = network.run(seed=1, first=DROPPING, rounds=1, lamps=FEW)
    assert report.violations == []
    assert report.injected["packets dropped"] > 0


def test_a_daemon_that_takes_a_brokers_word_for_a_nodes_is_found_out_on_a_bad_network_too():
    report = network.run(seed=1, first=DROPPING, rounds=1, lamps=FEW, breaking="believe-the-broker")
    assert any(what.startswith("I3") for _, what in report.violations), report.violations


def test_documents_that_are_acknowledged_and_lost_are_sent_again():
    report = network.run(seed=1, first=SWALLOWING, rounds=1, lamps=FEW)
    assert report.violations == []
    assert report.injected["publishes swallowed"] > 0


def test_a_daemon_that_never_sends_again_is_found_out():
    report = network.run(seed=1, first=SWALLOWING, rounds=1, lamps=FEW, breaking="send-once", bound_s=IMPATIENT_S)
    assert any(what.startswith("I7") for _, what in report.violations), report.violations


def test_the_power_may_fail_at_any_point_of_what_the_store_writes():
    report = power_cut.run(seed=2, rounds=60)
    assert report.violations == []
    assert report.injected.total() == 60


@pytest.mark.parametrize("breaking", power_cut.BREAKS)
def test_a_store_that_is_synced_less_loses_what_it_acknowledged(breaking):
    report = power_cut.run(seed=2, rounds=100, breaking=breaking, until_found=True)
    assert report.violations


def test_a_disk_that_is_full_at_any_write_costs_no_more_than_what_was_refused():
    report = disk_full.run(seed=1, rounds=20, often=0)
    assert report.violations == []
    assert report.injected["not reached"] == 0


def test_a_commit_whose_failure_is_not_noticed_is_found_out():
    report = disk_full.run(seed=1, rounds=20, often=0, breaking="swallow-errors", until_found=True)
    assert report.violations


def test_lamps_are_driven_while_the_disk_is_full_and_all_is_well_when_there_is_space():
    report = disk_full.run(seed=1, rounds=1, often=1, lamps=FEW)
    assert report.violations == []


def test_a_daemon_that_needs_a_disk_to_drive_lamps_is_found_out():
    report = disk_full.run(seed=1, rounds=1, often=1, lamps=FEW, breaking="give-up-on-a-full-disk")
    assert any(what.startswith("not driven") for _, what in report.violations), report.violations


def test_a_bad_modbus_line_confirms_nothing_that_is_not_so_and_settles_when_it_is_good():
    report = modbus_line.run(seed=1, rounds=2)
    assert report.violations == []
    assert report.figures["confirmed"] > 8


def test_a_link_that_believes_the_echo_of_a_write_is_found_out():
    report = modbus_line.run(seed=1, rounds=4, breaking="believe-the-echo", until_found=True, kinds=(DECEIT,))
    assert any(what.startswith("I3") for _, what in report.violations), report.violations


def test_a_daemon_that_drops_what_comes_in_a_crowd_is_found_out():
    report = storm.run(seed=1, rounds=1, nodes=CROWD, breaking="drop-when-crowded", bound=IMPATIENT_S)
    assert any(what.startswith("I7") for _, what in report.violations), report.violations
