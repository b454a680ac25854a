"""RTU framing has no transaction number: a late answer must never be taken for the answer to another question."""

from __future__ import annotations

import asyncio
import contextlib
import random
import time

import pytest
from pymodbus import FramerType
from pymodbus.client import AsyncModbusTcpClient
from pymodbus.exceptions import ModbusException

from lightctl.devices.registers import Block
from lightctl.domain.errors import LinkDown
from lightctl.links.modbus_client import ModbusEndpoint
from lightctl.links.modbus_units import Known
from lightctl.links.modbus_wire import ModbusWire, UnitSilent
from tests.support.modbus_servers import Line, scripted_line

TIMEOUT_S = 0.04
LATE_S = 0.3
READS = 40


def make_wire(port: int, seed: int = 5, late_s: float = LATE_S) -> ModbusWire:
    endpoint = ModbusEndpoint(port=port, framer="rtu", timeout_s=TIMEOUT_S, late_s=late_s)
    return ModbusWire(endpoint, random.Random(seed), lambda: None)


def now_and_then_late(seed: int) -> Line:
    rng = random.Random(seed)
    return Line(rtu=True, delay=lambda: rng.choice((0.0, 0.0, 0.0, 0.05, 0.12, 0.2)))


async def read_at_random(echo: str, seed: int) -> int:
    """Read one word after another from a line that is late now and then; give how many came back, all of them right."""
    line, rng, right = now_and_then_late(seed), random.Random(seed), 0
    line.echo = echo
    async with scripted_line(line) as port:
        wire = make_wire(port)
        await wire.open()
        try:
            for _ in range(READS):
                unit, address = rng.choice((1, 2)), rng.randrange(100)
                try:
                    found = await wire.read(unit, Block("holding", address, 1))
                except LinkDown:
                    await asyncio.sleep(wire.rests_s(unit))
                    continue
                assert found == (unit * 1000 + address,), f"echo {echo}, seed {seed}"
                right += 1
                await asyncio.sleep(0.005)
        finally:
            await wire.close()
    return right


async def test_no_read_ever_returns_the_value_of_another_request() -> None:
    cases = [(echo, seed) for echo in ("yes", "refused", "silent") for seed in range(4)]
    right = await asyncio.gather(*(read_at_random(*case) for case in cases))
    assert min(right) >= READS // 6, f"a line that is late now and then must still be usable: {right}"


async def test_the_same_line_deceives_a_client_without_the_rule() -> None:
    """The control: without the resync, pymodbus gives the value of an earlier request and reports no error."""
    line, deceived = now_and_then_late(0), 0
    async with scripted_line(line) as port:
        client = AsyncModbusTcpClient("127.0.0.1", port=port, framer=FramerType.RTU, timeout=TIMEOUT_S, retries=0)
        await client.connect()
        client.set_max_no_responses(10_000)
        for address in range(READS):
            with contextlib.suppress(ModbusException):
                answer = await client.read_holding_registers(address, count=1, device_id=1)
                deceived += not answer.isError() and answer.registers != [1000 + address]
        client.close()
    assert deceived > 0


async def test_a_late_answer_falls_into_the_silence_and_an_echo_comes_before_the_next_question() -> None:
    delays = iter((0.055, 0.0))
    line = Line(rtu=True, delay=lambda: next(delays, 0.0))
    async with scripted_line(line) as port:
        wire = make_wire(port)
        await wire.open()
        with pytest.raises(UnitSilent):
            await wire.read(1, Block("holding", 7, 1))
        assert await wire.read(1, Block("holding", 9, 1)) == (1009,)
        assert [asked.function for asked in line.asked] == [3, 8, 3]
        await wire.close()


async def test_a_unit_that_knows_no_echo_rests_until_no_late_answer_can_come() -> None:
    line = Line(rtu=True, echo="refused", silent={1})
    async with scripted_line(line) as port:
        wire = make_wire(port)
        await wire.open()
        with pytest.raises(UnitSilent):
            await wire.read(1, Block("holding", 7, 1))
        line.silent.clear()
        with pytest.raises(UnitSilent, match="no echo"):
            await wire.read(1, Block("holding", 7, 1))
        asked = len(line.asked)
        assert 0 < wire.rests_s(1) <= LATE_S
        with pytest.raises(UnitSilent, match="left alone"):
            await wire.read(1, Block("holding", 7, 1))
        assert len(line.asked) == asked, "a resting unit is not asked at all"
        assert await wire.read(2, Block("holding", 7, 1)) == (2007,), "its neighbour is"
        await asyncio.sleep(wire.rests_s(1))
        assert await wire.read(1, Block("holding", 7, 1)) == (1007,)
        await wire.close()


async def test_after_the_rest_the_known_register_must_answer_rightly() -> None:
    line = Line(rtu=True, echo="silent", silent={1})
    async with scripted_line(line) as port:
        wire = make_wire(port, late_s=0.1)
        wire.known = {1: Known(Block("holding", 0, 1), 1)}
        await wire.open()
        for _ in range(2):
            with pytest.raises(UnitSilent):
                await wire.read(1, Block("holding", 7, 1))
        line.silent.clear()
        await asyncio.sleep(0.15)
        with pytest.raises(LinkDown, match="should hold 1 at 0, it says 1000"):
            await wire.read(1, Block("holding", 7, 1))
        line.words[1, 0] = 1
        await asyncio.sleep(0.15)
        assert await wire.read(1, Block("holding", 7, 1)) == (1007,)
        await wire.close()


async def test_what_the_last_connection_left_unanswered_is_doubted_on_the_next() -> None:
    line = Line(rtu=True, delay=lambda: 0.1)
    async with scripted_line(line) as port:
        wire = make_wire(port)
        await wire.open()
        with pytest.raises(UnitSilent):
            await wire.read(1, Block("holding", 7, 1))
        await wire.close()
        line.delay = lambda: 0.0
        await wire.open()
        assert await wire.read(1, Block("holding", 9, 1)) == (1009,)
        assert [asked.function for asked in line.asked] == [3, 8, 3]
        await wire.close()


async def test_the_silence_after_a_time_out_costs_the_neighbours_less_than_a_second() -> None:
    line = Line(rtu=True, silent={1})
    async with scripted_line(line) as port:
        endpoint = ModbusEndpoint(port=port, framer="rtu", timeout_s=0.4)
        wire = ModbusWire(endpoint, random.Random(1), lambda: None)
        await wire.open()
        began = time.monotonic()
        with pytest.raises(UnitSilent):
            await wire.read(1, Block("holding", 0, 1))
        assert await wire.read(2, Block("holding", 0, 1)) == (2000,)
        assert time.monotonic() - began < 1.0
        await wire.close()
