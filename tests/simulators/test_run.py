"""Simulated nodes on a real broker, told and asked by a plain MQTT client."""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import itertools
import json
import os
import signal
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest

from lightctl.domain.errors import InvalidInput
from simulators.__main__ import take_fault
from simulators.runner import Run
from simulators.scenario import read_scenario
from simulators.truth import Truth, read_truth
from tests.support.brokers import free_port, start_mosquitto, start_nats
from tests.support.street import street

START = dt.datetime(2026, 12, 21, 16, 0, tzinfo=dt.UTC)
HOUR = 3600
ROOT = "lightctl/v1/main"


@pytest.fixture(scope="module", params=[start_nats, start_mosquitto], ids=["nats", "mosquitto"])
def broker(request, tmp_path_factory):
    with request.param(tmp_path_factory.mktemp("broker")) as running:
        yield running


@pytest.fixture
def area(request):
    """Give each test topics of its own on the shared broker."""
    return f"a{abs(hash(request.node.nodeid)) % 10**9}"


def scenario_text(port: int, area: str, *, speed: float = 1.0, more: str = "", fleet: str = "count: 3") -> str:
    return f"""
clock: {{start: "{START.isoformat()}", machine_epoch: {time.time():.3f}, speed: {speed}}}
truth: truth.jsonl
flash: flash
heartbeat_s: 100000
place: {{lat: 51.45, lon: 7.01, time_zone: Europe/Berlin}}
mqtt: {{url: "mqtt://127.0.0.1:{port}", connections: 2}}
fleets:
  - {{kind: native, {fleet}, prefix: n-, area: {area}}}
{more}
"""


@contextlib.asynccontextmanager
async def running(text: str, folder: Path) -> AsyncIterator[Run]:
    run = Run(read_scenario(text, "street.yaml", folder, START))
    ready = asyncio.Event()
    task = asyncio.create_task(run.run(lambda _: ready.set()))
    waiting = asyncio.create_task(ready.wait())
    await asyncio.wait({task, waiting}, timeout=15, return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()
    try:
        if task.done():
            task.result()
        assert ready.is_set()
        yield run
    finally:
        run.stop()
        await task


def desired(revision: int, *switches: tuple[float, int], override: object = None) -> bytes:
    epoch = START.timestamp()
    nights = [[int(epoch + hours * HOUR), level, 0] for hours, level in switches]
    return json.dumps(
        {
            "revision": revision,
            "issued_at": int(epoch),
            "valid_until": int(epoch + 100 * HOUR),
            "channels": {"0": {"nights": nights, "override": override}},
        }
    ).encode()


async def report_of(seen, topic: str, revision: int) -> dict:
    """Give the first report of a revision."""
    for count in itertools.count(1):
        report = json.loads((await seen.until(topic, count))[count - 1])
        if report["applied_revision"] == revision:
            return report
    raise AssertionError


def truth_of(folder: Path) -> Truth:
    with (folder / "truth.jsonl").open(encoding="utf-8") as lines:
        return read_truth(lines)


async def test_nodes_say_hello_and_report_the_revision_they_were_given(broker, area, tmp_path):
    node = f"lightctl/v1/{area}/n-00002"
    async with street(broker.host, broker.port, f"lightctl/v1/{area}/#") as seen:
        async with running(scenario_text(broker.port, area), tmp_path):
            hello = json.loads((await seen.until(f"{node}/hello"))[0])
            assert hello["applied_revision"] == 0
            assert hello["capabilities"]["nights"] == 7
            assert json.loads((await seen.until(f"{node}/presence"))[0])["online"] is True
            await seen.say(f"{node}/desired", desired(12, (-1, 35)), retain=True)
            report = await report_of(seen, f"{node}/reported", 12)
            assert report["channels"]["0"]["level"] == 35
            assert report["channels"]["0"]["reason"] == "program"
            assert report["boot_id"] == hello["boot_id"]
        assert json.loads((await seen.until(f"{node}/presence", 2))[-1])["online"] is False
        await seen.say(f"{node}/desired", b"", retain=True)
    last = truth_of(tmp_path).lamps["n-00002/0"].lines[-1]
    assert (last.level, last.final) == (35, True)


async def test_a_retained_desired_state_reaches_a_node_that_comes_later(broker, area, tmp_path):
    node = f"lightctl/v1/{area}/n-00001"
    async with street(broker.host, broker.port, f"lightctl/v1/{area}/#") as seen:
        await seen.say(f"{node}/desired", desired(5, (-1, 45)), retain=True)
        async with running(scenario_text(broker.port, area), tmp_path):
            assert (await report_of(seen, f"{node}/reported", 5))["channels"]["0"]["level"] == 45
        await seen.say(f"{node}/desired", b"", retain=True)


async def test_commands_are_answered_with_a_result(broker, area, tmp_path):
    node = f"lightctl/v1/{area}/n-00001"
    not_after = int(START.timestamp() + HOUR)
    async with (
        street(broker.host, broker.port, f"lightctl/v1/{area}/#") as seen,
        running(scenario_text(broker.port, area), tmp_path),
    ):
        first = json.loads((await seen.until(f"{node}/hello"))[0])
        for name in ("identify", "report", "reboot"):
            command = {"id": f"id-{name}", "action": name, "args": {}, "not_after": not_after}
            await seen.say(f"{node}/command", json.dumps(command).encode())
        results = [json.loads(it) for it in await seen.until(f"{node}/result", 3)]
        assert {(it["id"], it["status"]) for it in results} == {
            ("id-identify", "done"), ("id-report", "done"), ("id-reboot", "done"),
        }  # fmt: skip
        hellos = [json.loads(it) for it in await seen.until(f"{node}/hello", 3)]
        assert hellos[1]["boot_id"] == first["boot_id"], "report asks for hello too"
        second = hellos[2]
        assert second["boot_id"] != first["boot_id"]


@pytest.mark.parametrize("action", ["self-destruct", "Identify", "", "ä" * 3000])
async def test_an_action_nobody_knows_is_rejected_with_the_reason(broker, area, tmp_path, action):
    node = f"lightctl/v1/{area}/n-00001"
    command = {"id": "odd", "action": action, "not_after": int(START.timestamp() + HOUR)}
    async with (
        street(broker.host, broker.port, f"lightctl/v1/{area}/#") as seen,
        running(scenario_text(broker.port, area), tmp_path) as run,
    ):
        await seen.until(f"{node}/hello")
        await seen.say(f"{node}/command", json.dumps(command, ensure_ascii=False).encode())
        result = json.loads((await seen.until(f"{node}/result"))[0])
        assert run.mqtt is not None
        assert run.mqtt.rejected == 0
    assert (result["id"], result["status"]) == ("odd", "rejected")
    assert result["detail"] == f"action {action[:40]!r} is not known; there are: identify, reboot, report"


async def test_a_lamp_that_is_told_to_identify_itself_blinks_in_the_truth_log(broker, area, tmp_path):
    node = f"lightctl/v1/{area}/n-00001"
    command = {"id": "id1", "action": "identify", "not_after": int(START.timestamp() + HOUR)}
    command["args"] = {"channel": "0", "light_point": "LP-0001"}
    async with (
        street(broker.host, broker.port, f"lightctl/v1/{area}/#") as seen,
        running(scenario_text(broker.port, area, speed=30), tmp_path) as run,
    ):
        await seen.say(f"{node}/desired", desired(1, (-1, 70)))
        await report_of(seen, f"{node}/reported", 1)
        await seen.say(f"{node}/command", json.dumps(command).encode())
        assert json.loads((await seen.until(f"{node}/result"))[0])["status"] == "done"
        told = run.now()
        async with asyncio.timeout(5):
            while run.now() < told + dt.timedelta(seconds=7):  # noqa: ASYNC110 - the run's clock has no event
                await asyncio.sleep(0.02)
    lines = truth_of(tmp_path).lamps["n-00001/0"].lines
    levels = [line.level for line in lines]
    first = levels.index(30)
    assert levels[first:] == [30, 100, 30, 100, 30, 100, 70, 70]
    steps = [(line.at - lines[first].at).total_seconds() for line in lines[first:-1]]
    assert steps == pytest.approx([0, 1, 2, 3, 4, 5, 6], abs=0.002)
    assert {line.reason for line in lines[first:]} == {"program"}


async def test_malformed_and_foreign_messages_are_counted_and_change_nothing(broker, area, tmp_path):
    node = f"lightctl/v1/{area}/n-00001"
    good = desired(3, (-1, 35))
    async with (
        street(broker.host, broker.port, f"lightctl/v1/{area}/#") as seen,
        running(scenario_text(broker.port, area), tmp_path) as run,
    ):
        await seen.until(f"{node}/hello")
        bad = [good[:cut] for cut in range(1, len(good), 7)]
        bad += [b"[]", b"null", b"\xff\xfe", b"{}", good.replace(b"35", b"101"), b"x" * 9000]
        for payload in bad:
            await seen.say(f"{node}/desired", payload)
        await seen.say(f"{node}/command", b"{}")
        await seen.say(f"lightctl/v1/{area}/stranger/desired", good)
        await seen.say(f"{node}/desired", good)
        report = await report_of(seen, f"{node}/reported", 3)
        assert report["channels"]["0"]["level"] == 35
        assert run.mqtt is not None
        assert run.mqtt.rejected == len(bad) + 1
        assert run.mqtt.foreign == 1
        assert run.street.stations["n-00001"].firmware.rejected == len(bad) + 1


async def test_an_override_ends_on_the_street_with_the_broker_gone(tmp_path):
    until = int(START.timestamp() + 2 * HOUR)
    override = {"id": "ov", "level": 10, "until": until, "ramp_s": 0}
    with start_nats(tmp_path / "nats") as own:
        async with running(scenario_text(own.port, "main", speed=3600), tmp_path):
            async with street(own.host, own.port) as seen:
                await seen.say(
                    f"{ROOT}/n-00001/desired", desired(1, (-1, 70), (30, 20), override=override), retain=True
                )
                await report_of(seen, f"{ROOT}/n-00001/reported", 1)
            await asyncio.to_thread(own.stop)
            await asyncio.sleep(3)  # three hours of the street's clock
    history = truth_of(tmp_path).lamps["n-00001/0"]
    end = START + dt.timedelta(hours=2)
    assert [history.level_at(end - dt.timedelta(seconds=1)), history.level_at(end)] == [10, 70]


async def test_after_a_broker_restarts_empty_every_node_says_hello_again(tmp_path):
    with start_nats(tmp_path / "nats") as own:
        async with running(scenario_text(own.port, "main"), tmp_path):
            await asyncio.to_thread(own.restart, empty=True)
            async with street(own.host, own.port) as seen:
                for node in ("n-00001", "n-00002", "n-00003"):
                    await seen.until(f"{ROOT}/{node}/reported", seconds=20)


async def test_a_silent_node_says_nothing_and_takes_its_retained_order_when_it_is_back(broker, area, tmp_path):
    node = f"lightctl/v1/{area}/n-00001"
    async with (
        street(broker.host, broker.port, f"lightctl/v1/{area}/#") as seen,
        running(scenario_text(broker.port, area), tmp_path) as run,
    ):
        await seen.until(f"{node}/reported")
        assert take_fault(run, '{"kind": "silent", "nodes": ["n-00001"]}') == {"fault": "silent", "nodes": ["n-00001"]}
        async with asyncio.timeout(5):
            while run.street.reachable("n-00001"):  # noqa: ASYNC110 - the street has no event for it
                await asyncio.sleep(0.01)
        before = len(await seen.until(f"{node}/reported"))
        await seen.say(f"{node}/desired", desired(8, (-1, 15)), retain=True)
        await seen.say(f"lightctl/v1/{area}/n-00002/desired", desired(8, (-1, 15)))
        await report_of(seen, f"lightctl/v1/{area}/n-00002/reported", 8)
        assert len(await seen.until(f"{node}/reported")) == before
        take_fault(run, '{"clear": "silent", "nodes": ["n-00001"]}')
        assert (await report_of(seen, f"{node}/reported", 8))["channels"]["0"]["level"] == 15
        assert len(await seen.until(f"{node}/hello", 2)) == 2


async def test_a_json_dimmer_takes_a_level_and_says_its_state(broker, area, tmp_path):
    more = f"  - {{kind: json-dimmer, ids: [d-{area}]}}\n"
    async with (
        street(broker.host, broker.port, f"lights/d-{area}/#") as seen,
        running(scenario_text(broker.port, area, more=more), tmp_path),
    ):
        first = json.loads((await seen.until(f"lights/d-{area}/state"))[0])
        assert first["state"] == "ON"
        count = len(await seen.until(f"lights/d-{area}/state"))
        await seen.say(f"lights/d-{area}/set", b'{"state": "ON", "brightness": 127}')
        state = json.loads((await seen.until(f"lights/d-{area}/state", count + 1))[-1])
        assert state["brightness"] == 127
    assert truth_of(tmp_path).lamps[f"d-{area}/0"].lines[-1].level == 50


async def test_a_killed_process_comes_back_with_what_its_nodes_had_applied(broker, area, tmp_path):
    (tmp_path / "street.yaml").write_text(scenario_text(broker.port, area))
    node = f"lightctl/v1/{area}/n-00001"

    async def start() -> asyncio.subprocess.Process:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "simulators", str(tmp_path / "street.yaml"), "--stdin-faults",
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
        )  # fmt: skip
        assert process.stdout is not None
        line = json.loads(await asyncio.wait_for(process.stdout.readline(), 20))
        assert (line["ready"], line["nodes"]) == (True, 3)
        return process

    async with street(broker.host, broker.port, f"lightctl/v1/{area}/#") as seen:
        process = await start()
        await seen.say(f"{node}/desired", desired(21, (-1, 65)))
        await report_of(seen, f"{node}/reported", 21)
        os.kill(process.pid, signal.SIGKILL)
        assert await process.wait() == -signal.SIGKILL
        count = len(await seen.until(f"{node}/hello"))
        process = await start()
        hello = json.loads((await seen.until(f"{node}/hello", count + 1))[-1])
        assert hello["applied_revision"] == 21
        lines = [json.loads(text) for text in (tmp_path / "truth.jsonl").read_text().splitlines()]
        started = [(it["id"], it["level"], it["reason"]) for it in lines if it.get("start")]
        lamps = [f"n-0000{number}/0" for number in (1, 2, 3)]
        assert started[:3] == [(lamp, 100, "fallback") for lamp in lamps]
        assert started[3:] == [(lamps[0], 65, "program"), *started[1:3]]
        assert process.stdin is not None
        assert process.stdout is not None
        long = b'{"kind": "stuck",' + b" " * 100_000 + b'"nodes": ["n-00001"]}\n'  # as long as the names of a city
        process.stdin.write(b'{"kind": "rain", "nodes": ["n-00001"]}\n' + long)
        assert "rain" in json.loads(await process.stdout.readline())["error"]
        assert json.loads(await process.stdout.readline()) == {"fault": "stuck", "nodes": ["n-00001"]}
        process.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(process.wait(), 15) == 0
    history = truth_of(tmp_path).lamps["n-00001/0"]
    assert history.lines[-1].final
    assert history.lines[-1].level == 65


@pytest.mark.parametrize(
    ("more", "what"),
    [
        ("  - {kind: native, ids: [n-00001]}", "two simulated nodes have this id"),
        ("  - {kind: native, inventory: no-such.csv}", "cannot be read"),
        ("  - {kind: json-dimmer, ids: [d], profile: cabinet}", "not an MQTT one"),
        ("  - {kind: json-dimmer, ids: [d], profile: nobody}", "does not ship"),
        ("faults: [{kind: silent, nodes: [ghost]}]", "not simulated here"),
        ("modbus: [{units: [{unit: 1, profile: cabinet, node: c, channels: 200}]}]", "profile cabinet has"),
        ("modbus: [{units: [{unit: 1, profile: sdm630, node: m, meters: [ghost]}]}]", "which is not simulated"),
    ],
)
def test_what_cannot_be_built_is_refused_before_anything_runs(tmp_path, more, what):
    scenario = read_scenario(scenario_text(1, "main", more=more), "street.yaml", tmp_path, START)
    with pytest.raises(InvalidInput, match=what):
        Run(scenario)


async def test_a_run_whose_broker_is_away_can_still_be_stopped(tmp_path):
    run = Run(read_scenario(scenario_text(free_port(), "main"), "street.yaml", tmp_path, START))
    said: list[object] = []
    task = asyncio.create_task(run.run(said.append))
    await asyncio.sleep(0.1)
    run.stop()
    await asyncio.wait_for(task, 10)
    assert said == []
    assert len(truth_of(tmp_path).lamps) == 3


async def test_an_invalid_scenario_ends_with_exit_2_and_the_place_on_stderr(tmp_path):
    (tmp_path / "street.yaml").write_text("seed: 1\nsped: 2\n")
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "simulators", str(tmp_path / "street.yaml"),
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    out, err = await process.communicate()
    assert (process.returncode, out) == (2, b"")
    assert "street.yaml:2:7: sped is not known" in err.decode()


async def test_a_scenario_that_ends_runs_its_whole_night_without_wires(tmp_path):
    text = f"""
clock: {{start: "{START.isoformat()}", machine_epoch: {time.time():.3f}, speed: 50000}}
truth: truth.jsonl
place: {{lat: 51.45, lon: 7.01, time_zone: Europe/Berlin}}
modbus:
  - {{units: [{{unit: 1, profile: cabinet, node: cab1, channels: 2, lamps_per_channel: 10}}]}}
ends: +20h
"""
    said: list[dict[str, object]] = []
    run = Run(read_scenario(text, "street.yaml", tmp_path, START))
    await asyncio.wait_for(run.run(said.append), 20)
    (line,) = msgspec.convert(said[0]["modbus"], list[dict[str, object]])
    assert line["units"] == [1]
    history = truth_of(tmp_path).lamps["cab1/1"]
    # Sunrise in Essen as pvlib's SPA gives it; until then the photocell keeps the segment lit.
    dawn = dt.datetime(2026, 12, 22, 7, 35, 22, tzinfo=dt.UTC)
    (off,) = [line.at for line in history.lines if line.level == 0 and not line.final]
    assert abs(off - dawn) < dt.timedelta(seconds=10)
    assert history.lines[-1].energy_wh == pytest.approx(
        600 * (off - history.lines[0].at).total_seconds() / HOUR, rel=1e-3
    )
