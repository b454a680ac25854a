"""The benchmarks still measure what they say; how fast is theirs to tell."""

from __future__ import annotations

import asyncio
import sys
import tempfile
from pathlib import Path

import pytest

from tests.benchmarks import (
    dusk,
    energy,
    ingest,
    ingest_wire,
    intake,
    lint,
    modbus,
    night,
    push,
    rollup,
    scrape,
    status,
    worlds,
)
from tests.benchmarks.__main__ import NAMES
from tests.support import bare_mqtt
from tests.support.bare_modbus import LINES
from tests.support.bare_mqtt import CLIENTS, missing
from tests.support.benchmark import loop_missing, machine
from tests.support.brokers import start_mosquitto, start_nats
from tests.support.wire_street import broker_here


def test_every_program_is_in_use_in_every_cell_of_the_night():
    figures = night.measure(points=200, cells=2, programs=10, by_district=False)
    assert (figures["nights"], figures["edited_nights"]) == (20, 20)
    assert figures["switch_lists"] >= 20


def test_by_district_a_cell_has_the_programs_of_its_own():
    assert night.measure(points=200, cells=2, programs=10, by_district=True)["nights"] == 10


def test_the_year_of_lint_is_one_of_so_many_programs_and_places():
    figures = lint.measure(programs=2, places=1, calendars=0, everywhere=False)
    assert (figures["programs"], figures["calendars"], figures["places"]) == (2, 2, 1)


def test_every_light_point_that_is_scraped_follows():
    figures = scrape.measure(points=50)
    assert (figures["following"], figures["scrape_bytes"] > 5000) == (50, True)


def test_status_goes_through_the_whole_city_in_steps():
    figures = status.measure(points=1200, times=2, store=None)
    assert (figures["light_points"], figures["settled"], figures["steps"]) == (1200, 1200, 5)
    assert figures["first_needs_mb"] >= 0


def test_ingest_writes_the_same_rows_both_ways():
    figures = ingest.measure(reports=500, nodes=50, batch=100, pairs=1)
    assert (figures["reports"], figures["rows_kept"]) == (500, 500)


def test_the_year_of_energy_is_one_of_every_lamp():
    figures = energy.measure(lamps=60, by="group")
    assert (figures["light_points"], figures["rows"]) == (60, 40)


def test_intake_takes_every_report_to_its_row():
    figures = intake.measure(reports=200, nodes=50, batch=100, pairs=1)
    assert (figures["reports"], figures["rows_kept"]) == (200, 200)


def test_rollup_adds_up_every_quarter_of_every_node():
    assert rollup.measure(nodes=20, hours=0.5)["quarters"] >= 2 * 20


def test_a_world_counts_levels_ramps_and_reports_of_a_whole_night():
    figures = worlds.measure(lamps=40, pairs=1)
    parts = figures["of_the_last_night"]
    assert (figures["lamps"], figures["pairs"]) == (40, 1)
    assert parts["levels"] >= 2 * 40
    assert min(parts["ramp_ends"], parts["reports"], parts["documents"]) >= figures["nodes"]


def test_a_push_ends_when_the_store_has_every_confirmation():
    figures = push.measure(nodes=30, pairs=1, broker=broker_here())
    assert (figures["not_confirmed"], figures["most_attempts"], figures["pairs"]) == (0, 1, 1)
    assert figures["document_bytes"] > 500
    assert min(figures["us_per_s"], figures["floor_per_s"], figures["cpu_us_per_node"]["floor"]) > 0


def test_intake_over_the_wire_keeps_every_report_that_the_nodes_sent():
    figures = ingest_wire.measure(reports=300, nodes=30, pairs=1, broker=broker_here())
    assert (figures["dropped"], figures["settled"]) == (0, 30)
    assert len(figures["daemon_mb"]["after_each_turn"]) == 2


def test_at_dusk_every_lamp_is_sent_its_level_once_after_the_due_time():
    figures = dusk.measure(lamps=30, rounds=1, lead_s=3.0, broker=broker_here(), speed=1.0)
    (fall,) = figures["rounds"]
    assert (fall["level"], fall["most_attempts"]) == (100, 1)
    assert 0 <= fall["sent_p50_s"] <= fall["sent_last_s"] <= fall["confirmed_last_s"]


def test_every_living_unit_is_polled_and_dead_ones_are_on_some_lines_only():
    figures = modbus.measure(modbus.Trial(lines=20, seconds=1.5), pairs=1)
    assert (figures["units"], figures["dead"]) == (5, 3)
    assert figures["neighbours_waited_s"] > figures["others_waited_s"] > 0


@pytest.mark.parametrize(
    ("client", "start"),
    [("aiomqtt", start_nats), ("aiomqtt5", start_mosquitto), ("paho", start_nats), ("lean", start_nats)],
)
def test_a_bare_client_publishes_to_every_node_and_hears_every_reply(client, start):
    with tempfile.TemporaryDirectory() as name, start(Path(name)) as broker:
        heard: list[bytes] = []
        asyncio.run(echoed(client, broker.port, heard))
    assert sorted(heard) == [b"%02d" % number for number in range(20)]


async def echoed(client: str, port: int, heard: list[bytes]) -> None:
    bare, all_heard, loop = CLIENTS[client](), asyncio.Event(), asyncio.get_running_loop()

    def hear(payload: bytes | bytearray) -> None:
        heard.append(bytes(payload))
        if len(heard) == 20:
            loop.call_soon_threadsafe(all_heard.set)

    await bare.start(port, 5, hear)
    try:
        await bare.subscribe("bare/+/told")
        for number in range(20):
            await bare.publish(f"bare/{number:02}/told", b"%02d" % number)
        async with asyncio.timeout(10):
            await all_heard.wait()
    finally:
        await bare.stop()


def test_both_bare_modbus_clients_read_what_a_gateway_shows():
    async def read(port: int, name: str) -> list[int]:
        line = LINES[name]()
        await line.start(port)
        try:
            return list(await line.read(2, 4))
        finally:
            line.stop()

    with modbus.gateways(modbus.Trial(lines=1)) as (port,):
        words = [asyncio.run(read(port, name)) for name in LINES]
    assert words == [[0x4248, 0, 0x4248, 0]] * len(LINES)


def test_what_is_not_installed_is_said_and_how_to_get_it(capsys, monkeypatch):
    monkeypatch.setattr(bare_mqtt, "MODULES", {"gmqtt": "no_such_module"})
    assert missing(["paho", "lean"], "nats") == missing(["aiomqtt5"], "mosquitto") == ""
    assert "--broker mosquitto" in missing(["aiomqtt5"], "nats")
    monkeypatch.setattr(sys, "argv", ["push", "--beside", "gmqtt"])
    with pytest.raises(SystemExit) as ended:
        push.main()
    assert ended.value.code == 2
    assert "gmqtt is not installed here: pip install gmqtt" in capsys.readouterr().err
    assert "pip install no_such_loop" in loop_missing("asyncio", "no_such_loop")


def test_every_benchmark_can_be_asked_for_by_name_and_the_machine_is_named():
    assert {"dusk", "ingest", "ingest_wire", "intake", "modbus", "push"} <= set(NAMES)
    assert all(machine()[key] for key in ("cpu", "cores", "python"))


def test_every_benchmark_stands_on_its_page():
    page = (Path(__file__).parent.parent / "docs" / "benchmarks.md").read_text()
    assert [name for name in NAMES if f"`python -m tests.benchmarks.{name}`" not in page] == []
