"""A real ModbusLink against pymodbus's own server and against a scripted line that keeps a record of requests."""

from __future__ import annotations

import asyncio
import itertools
import struct
import time

import pytest

from lightctl.app.clock import RunClock
from lightctl.app.running.broker import free_port
from lightctl.devices.profile import shipped_profiles
from lightctl.domain.assets import Node
from lightctl.domain.events import (
    ActionFinished,
    CommandSent,
    LinkChanged,
    MeterRead,
    NodeReported,
    NodeUnreachable,
    SendFailed,
)
from lightctl.domain.states import ActionKind
from lightctl.links.modbus import ModbusEndpoint, ModbusLink
from tests.support.modbus_servers import Line, device, honest_line, scripted_line, serial_line
from tests.support.street import action, node, order
from tests.support.watching import Watcher, running

PROFILES = shipped_profiles()
LAMP = "modbus-lamp"
LEVEL = 1


def lamp(unit: int) -> Node:
    return node(f"U{unit}", LAMP, "line", str(unit))


def make_link(port: int, watcher: Watcher, *nodes: Node, **settings: object) -> ModbusLink:
    given = {"timeout_s": 0.2, "poll_s": 0.2, "dead_poll_s": 30.0, "reconnect_cap_s": 0.2, **settings}
    endpoint = ModbusEndpoint(host="127.0.0.1", port=port, **given)  # type: ignore[arg-type]
    link = ModbusLink("line", endpoint, PROFILES, watcher, RunClock(), seed=3)
    link.attach({each.id: each for each in nodes})
    return link


async def test_a_level_is_written_read_back_separately_and_reported_as_verified() -> None:
    watcher, one = Watcher(), lamp(1)
    async with honest_line(device(1, holding={0: 1})) as port:
        link = make_link(port, watcher, one, poll_s=60.0)
        async with running(link):
            link.submit(order(one, 4, 60))
            report = (await watcher.until(NodeReported, lambda event: event.report.verified)).report
    assert (report.applied_revision, report.channels[0].commanded) == (4, 60)
    kinds = [type(event) for event in watcher.events]
    assert kinds.index(LinkChanged) < kinds.index(CommandSent) < kinds.index(NodeReported)
    assert watcher.of(SendFailed) == []


async def test_polls_report_what_the_unit_says_and_never_as_verified() -> None:
    watcher, one = Watcher(), lamp(1)
    unit = device(1, holding={0: 1, 1: 50}, inputs={0: 48, 1: 421})
    async with honest_line(unit) as port, running(make_link(port, watcher, one)):
        report = (await watcher.until(NodeReported)).report
    channel = report.channels[0]
    assert (channel.level, channel.commanded, channel.power_w) == (48, 50, pytest.approx(42.1))
    assert (report.verified, report.applied_revision) == (False, None)


async def test_a_meter_gives_its_readings_and_a_block_it_refuses_leaves_only_its_own_out() -> None:
    watcher, meter = Watcher(), node("M", "sdm630", "line", "9")
    high, low = struct.unpack(">HH", struct.pack(">f", 231.5))
    async with honest_line(device(9, inputs={0: high, 1: low})) as port, running(make_link(port, watcher, meter)):
        reading = (await watcher.until(MeterRead)).reading
    assert reading.values["voltage_l1_v"] == pytest.approx(231.5)
    assert "energy_kwh" not in reading.values, "the test's unit ends at register 63"
    assert watcher.of(NodeUnreachable) == []


async def test_a_unit_that_refuses_everything_is_unreachable_with_its_reason() -> None:
    watcher, one = Watcher(), lamp(1)
    line = Line(twist=lambda unit, function, _: (unit, function | 0x80, b"\x02"))
    async with scripted_line(line) as port, running(make_link(port, watcher, one)):
        lost = await watcher.until(NodeUnreachable)
    assert "illegal address" in lost.detail
    assert watcher.of(NodeReported) == []


async def test_orders_go_before_polls_and_the_most_urgent_first() -> None:
    watcher, units, line = Watcher(), [lamp(unit) for unit in (1, 2, 3)], Line()
    async with scripted_line(line) as port:
        link = make_link(port, watcher, *units)
        for number, unit in enumerate(units):
            link.submit(order(unit, 1, priority=number))
        async with running(link):
            for unit in units:
                await watcher.until(NodeReported, lambda event, unit=unit: event.report.node == unit.id)
    first_writes = [asked.unit for asked in line.asked if asked.function == 6]
    assert first_writes == [3, 2, 1]
    assert all(asked.function in (6, 3) for asked in line.asked[:6])


async def test_of_several_orders_for_a_unit_only_the_newest_is_written() -> None:
    watcher, one, line = Watcher(), lamp(1), Line()
    async with scripted_line(line) as port:
        link = make_link(port, watcher, one, poll_s=60.0)
        for revision in (1, 2, 3):
            link.submit(order(one, revision, 10 * revision))
        async with running(link):
            await watcher.until(NodeReported, lambda event: event.report.verified)
    assert [event.revision for event in watcher.of(CommandSent)] == [3]
    assert line.words[1, LEVEL] == 30


async def test_a_dead_unit_costs_its_neighbours_at_most_a_second() -> None:
    watcher, units, line = Watcher(), [lamp(unit) for unit in (1, 2, 3)], Line(silent={2})
    async with scripted_line(line) as port, running(make_link(port, watcher, *units, timeout_s=0.5, dead_poll_s=1.0)):
        await asyncio.sleep(8.0)
    for unit in (1, 3):
        times = [asked.at for asked in line.asked if asked.unit == unit]
        assert len(times) > 20
        assert max(later - sooner for sooner, later in itertools.pairwise(times)) <= 1.0
    tries = sum(asked.unit == 2 for asked in line.asked)
    assert 2 <= tries <= 4  # twice, then once per dead_poll_s, which is no less than ten time-outs
    assert len(watcher.of(NodeUnreachable)) == tries - 1, "one lost answer is not yet worth telling"
    assert {event.node for event in watcher.of(NodeUnreachable)} == {"U2"}


async def test_a_dead_unit_that_returns_is_given_the_newest_order_that_waited() -> None:
    watcher, one, line = Watcher(), lamp(1), Line(silent={1})
    async with scripted_line(line) as port:
        link = make_link(port, watcher, one, timeout_s=0.05, dead_poll_s=0.1)
        async with running(link):
            await watcher.until(NodeUnreachable, lambda _: len(watcher.of(NodeUnreachable)) >= 2)
            for revision in (5, 6):
                link.submit(order(one, revision, revision))
            await asyncio.sleep(0.1)
            assert watcher.of(CommandSent) == []
            line.silent.clear()
            await watcher.until(NodeReported, lambda event: event.report.applied_revision == 6)
    assert [event.revision for event in watcher.of(CommandSent)] == [6]


async def test_an_order_to_a_unit_that_keeps_silent_fails_for_now() -> None:
    watcher, one, line = Watcher(), lamp(1), Line(silent={1})
    async with scripted_line(line) as port:
        link = make_link(port, watcher, one)
        link.submit(order(one, 1))
        async with running(link):
            failed = await watcher.until(SendFailed)
    assert (failed.revision, failed.permanent) == (1, False)
    assert "did not answer" in failed.detail


@pytest.mark.parametrize("code", [1, 2, 3, 4, 6, 11])
async def test_a_modbus_exception_fails_an_order_for_good_only_when_it_says_never(code: int) -> None:
    watcher, one = Watcher(), lamp(1)
    line = Line(
        twist=lambda unit, function, body: (unit, 0x86, bytes((code,))) if function == 6 else (unit, function, body)
    )
    async with scripted_line(line) as port:
        link = make_link(port, watcher, one)
        link.submit(order(one, 1))
        async with running(link):
            failed = await watcher.until(SendFailed)
    assert failed.permanent is (code <= 3)
    assert f"exception {code}" in failed.detail


async def test_a_level_that_does_not_stick_is_never_confirmed() -> None:
    watcher, one, line = Watcher(), lamp(1), Line(stuck=True, words={(1, LEVEL): 100})
    async with scripted_line(line) as port:
        link = make_link(port, watcher, one)
        link.submit(order(one, 1, 40))
        async with running(link):
            failed = await watcher.until(SendFailed)
            await watcher.until(NodeReported)
    assert "40 was written, 100 was read back" in failed.detail
    assert not any(event.report.verified for event in watcher.of(NodeReported))


@pytest.mark.parametrize("framer", ["socket", "rtu"])
@pytest.mark.parametrize(
    "twist",
    [
        pytest.param(lambda unit, function, body: (unit + 1, function, body), id="another unit"),
        pytest.param(lambda unit, _, __: (unit, 6, b"\x00\x01\x00\x32"), id="another function"),
        pytest.param(lambda unit, function, _: (unit, function, b"\x02\x00\x01"), id="too few"),
        pytest.param(lambda unit, function, body: (unit, function, body[:-1]), id="cut short"),
        pytest.param(lambda unit, _, __: (unit, 0x41, b"\x00"), id="no function at all"),
        pytest.param(lambda *_: None, id="silence"),
    ],
)
async def test_an_answer_that_does_not_fit_its_question_is_no_report(framer: str, twist) -> None:
    watcher, one, line = Watcher(), lamp(1), Line(rtu=framer == "rtu", twist=twist)
    async with scripted_line(line) as port:
        link = make_link(port, watcher, one, timeout_s=0.1, framer=framer, late_s=0.3)
        link.submit(order(one, 1))
        async with running(link):
            await watcher.until(SendFailed)
            await asyncio.sleep(0.5)
    assert watcher.of(NodeReported) == []


async def test_a_wrong_echo_of_a_write_is_a_failure() -> None:
    watcher, one = Watcher(), lamp(1)
    line = Line(twist=lambda unit, function, body: (unit, function, b"\x00\x07\x00\x07" if function == 6 else body))
    async with scripted_line(line) as port:
        link = make_link(port, watcher, one)
        link.submit(order(one, 1))
        async with running(link):
            failed = await watcher.until(SendFailed)
    assert "it says 7 to 7" in failed.detail


async def test_an_answer_without_a_transaction_number_is_not_believed_on_tcp() -> None:
    watcher, one = Watcher(), lamp(1)
    async with scripted_line(Line(zero_transaction=True)) as port, running(make_link(port, watcher, one)):
        lost = await watcher.until(NodeUnreachable)
    assert "another transaction" in lost.detail
    assert watcher.of(NodeReported) == []


async def test_a_line_that_drops_and_returns_says_so_each_time() -> None:
    watcher, one, port = Watcher(), lamp(1), free_port()
    link = make_link(port, watcher, one)
    async with running(link):
        assert not (await watcher.until(LinkChanged)).up
        async with scripted_line(Line(), port):
            await watcher.until(LinkChanged, lambda event: event.up)
            await watcher.until(NodeReported)
        watcher.forget()
        assert not (await watcher.until(LinkChanged)).up
        async with scripted_line(Line(), port):
            await watcher.until(LinkChanged, lambda event: event.up)
            link.submit(order(one, 2))
            await watcher.until(NodeReported, lambda event: event.report.applied_revision == 2)


async def test_a_line_on_which_nobody_answers_is_opened_anew_without_alarm() -> None:
    watcher, one, line = Watcher(), lamp(1), Line(silent={1})
    async with scripted_line(line) as port, running(make_link(port, watcher, one, timeout_s=0.02, dead_poll_s=0.01)):
        await watcher.until(NodeUnreachable, lambda _: line.connections >= 2)
    assert [event.up for event in watcher.of(LinkChanged)] == [True]


async def test_actions_are_written_or_rejected_with_a_reason() -> None:
    watcher, one, box, line = Watcher(), lamp(1), node("C", "cabinet", "line", "5"), Line()
    async with scripted_line(line) as port:
        link = make_link(port, watcher, one, box)
        async with running(link):
            link.submit(action(one, ActionKind.IDENTIFY, "a1"))
            link.submit(action(box, ActionKind.IDENTIFY, "a2"))
            link.submit(action(one, ActionKind.REPORT, "a3"))
            await watcher.until(ActionFinished, lambda _: len(watcher.of(ActionFinished)) == 3)
    assert {event.action_id: event.status for event in watcher.of(ActionFinished)} == {
        "a1": "done",
        "a2": "rejected",
        "a3": "done",
    }
    assert line.bits[1, 0] == 1


async def test_a_cabinet_switches_all_its_segments_in_one_write() -> None:
    watcher, line = Watcher(), Line()
    box = node("C", "cabinet", "line", "5", channels=8)
    async with scripted_line(line) as port:
        link = make_link(port, watcher, box, poll_s=60.0)
        link.submit(order(box, 1, 80))
        async with running(link):
            report = (await watcher.until(NodeReported, lambda event: event.report.verified)).report
    assert [asked.function for asked in line.asked[:2]] == [15, 1]
    assert {channel.commanded for channel in report.channels.values()} == {100}


async def test_nodes_that_cannot_be_on_the_line_are_named_and_the_others_work() -> None:
    watcher, good = Watcher(), lamp(1)
    twin, wrong, stray = node("T", LAMP, "line", "1"), node("W", LAMP, "line", "999"), node("S", "native", "line", "3")
    async with scripted_line(Line()) as port:
        link = make_link(port, watcher, good, twin, wrong, stray)
        link.submit(order(twin, 1))
        async with running(link):
            await watcher.until(NodeReported)
            await watcher.until(SendFailed)
    assert {event.node for event in watcher.of(NodeUnreachable)} == {"T", "W", "S"}
    assert [(event.node, event.permanent) for event in watcher.of(SendFailed)] == [("T", True)]


async def test_a_unit_attached_while_running_is_polled_and_a_removed_one_no_more() -> None:
    watcher, one, two, line = Watcher(), lamp(1), lamp(2), Line()
    async with scripted_line(line) as port:
        link = make_link(port, watcher, one)
        async with running(link):
            await watcher.until(NodeReported)
            link.attach({two.id: two})
            await watcher.until(NodeReported, lambda event: event.report.node == "U2")
            changed = time.monotonic()
            await asyncio.sleep(0.5)
    assert [asked for asked in line.asked if asked.unit == 1 and asked.at > changed] == []


async def test_a_fast_clock_never_has_a_unit_polled_more_than_fifty_times_a_second() -> None:
    watcher, one, line = Watcher(), lamp(1), Line()
    async with scripted_line(line) as port, running(make_link(port, watcher, one, poll_s=0.0)):
        await asyncio.sleep(1.0)
    assert 5 <= len(watcher.of(NodeReported)) <= 51


async def test_a_cancelled_line_leaves_no_socket_open() -> None:
    watcher, one = Watcher(), lamp(1)
    loop = asyncio.get_running_loop()
    async with scripted_line(Line()) as port:
        before = len(loop._selector.get_map())  # type: ignore[attr-defined]
        async with running(make_link(port, watcher, one)):
            await watcher.until(NodeReported)
        await asyncio.sleep(0.05)  # the server's end closes in its own turn
        assert len(loop._selector.get_map()) == before  # type: ignore[attr-defined]


async def test_a_serial_line_works_through_the_same_link() -> None:
    watcher, one = Watcher(), lamp(1)
    async with serial_line(Line(rtu=True)) as name:
        link = make_link(0, watcher, one, kind="serial", device=name)
        async with running(link):
            link.submit(order(one, 4, 60))
            await watcher.until(NodeReported, lambda event: event.report.applied_revision == 4)


async def test_a_second_master_on_a_serial_line_is_refused() -> None:
    first, second = Watcher(), Watcher()
    async with serial_line(Line(rtu=True)) as name, running(make_link(0, first, lamp(1), kind="serial", device=name)):
        await first.until(NodeReported)
        async with running(make_link(0, second, lamp(2), kind="serial", device=name)):
            down = await second.until(LinkChanged)
    assert not down.up
    assert "lock" in down.detail


async def test_a_serial_device_that_is_missing_is_a_reason_not_a_crash() -> None:
    watcher = Watcher()
    async with running(make_link(0, watcher, lamp(1), kind="serial", device="/dev/lightctl-none")):
        down = await watcher.until(LinkChanged)
    assert not down.up
    assert "lightctl-none" in down.detail


@pytest.mark.parametrize("answer", [(0x63, b"\x02\x00\x00"), (0x10, b"\x00"), (0x03, b"")])
async def test_a_unit_that_answers_gibberish_costs_its_neighbours_nothing(answer, caplog) -> None:
    watcher, bad, good = Watcher(), lamp(1), lamp(2)
    gibberish = Line(twist=lambda unit, function, body: (unit, *answer) if unit == 1 else (unit, function, body))
    async with scripted_line(gibberish) as port:
        link = make_link(port, watcher, bad, good)
        async with running(link):
            for _ in range(3):
                await watcher.until(NodeReported, lambda event: event.report.node == good.id)
            await watcher.until(NodeUnreachable, lambda event: event.node == bad.id)
    assert gibberish.connections == 1
    assert [event.up for event in watcher.of(LinkChanged)] == [True]
    assert not caplog.records, "the event loop has nothing to complain of"
