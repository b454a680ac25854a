"""Simulated units on a real Modbus TCP line; pymodbus, which knows nothing of us, is the oracle for the frames."""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import struct
from collections.abc import AsyncIterator

import pytest
from pymodbus.client import AsyncModbusTcpClient

from lightctl.devices.profile import shipped_profiles
from lightctl.domain.assets import Place
from simulators.faults import Troubles
from simulators.flash import Flash
from simulators.fleet import Built, build_unit
from simulators.modbus_pdu import answer
from simulators.modbus_server import ModbusServer
from simulators.modbus_side import ModbusSide
from simulators.node_clock import NodeClock
from simulators.specs import FaultSpec, UnitSpec
from simulators.street import Street
from simulators.truth import TruthLog

NIGHT = dt.datetime(2026, 12, 21, 20, 0, tzinfo=dt.UTC)
ESSEN = Place(51.45, 7.01, "Europe/Berlin")
LAMP, CABINET, METER, OTHER = 1, 2, 3, 4


class Line:
    """A lamp, a cabinet of three segments with 10 lamps each, a meter on the cabinet; the clock is set by hand."""

    def __init__(self) -> None:
        self.now = NIGHT
        self.street = Street(TruthLog(None), Flash(None))
        self.troubles = Troubles(self.street, seed=1)
        self.side = ModbusSide(self.street, lambda: self.now)
        for unit, profile, node, channels, lamps in (
            (LAMP, "modbus-lamp", "lamp1", 1, 1),
            (CABINET, "cabinet", "cab1", 3, 10),
            (METER, "sdm630", "meter1", 1, 1),
        ):
            spec = UnitSpec(unit, profile, node, channels, lamps, place=ESSEN)
            made = shipped_profiles()[profile]
            assert made.modbus is not None
            self.street.switch_on(Built(build_unit(spec, made), NodeClock(NIGHT)), profile, NIGHT, 300)
            self.side.add(unit, made.modbus, node, ["cab1"])

    def fault(self, kind: str, node: str, **more: object) -> None:
        self.troubles.schedule(FaultSpec(kind, self.now, nodes=(node,), **more))  # type: ignore[arg-type]
        self.street.advance(self.now)

    @contextlib.asynccontextmanager
    async def client(self, patience: float = 2.0) -> AsyncIterator[AsyncModbusTcpClient]:
        server = ModbusServer("127.0.0.1", 0, self.side.ask)
        client = AsyncModbusTcpClient("127.0.0.1", port=await server.start(), timeout=patience, retries=0)
        try:
            assert await client.connect()
            yield client
        finally:
            client.close()
            await server.stop()


@pytest.fixture
def line():
    line = Line()
    yield line
    line.street.finish(line.now)


async def test_a_written_level_drives_the_lamp_and_reads_back(line):
    async with line.client() as client:
        before = await client.read_input_registers(0, count=2, device_id=LAMP)
        assert before.registers == [100, 600]  # nothing written yet: its photocell says night
        written = await client.write_register(1, 40, device_id=LAMP)
        assert not written.isError()
        assert (await client.read_holding_registers(0, count=2, device_id=LAMP)).registers == [LAMP, 40]
        assert (await client.read_input_registers(0, count=3, device_id=LAMP)).registers == [40, 243, 2300]
    assert line.street.stations["lamp1"].firmware.lamp(0).level(line.now) == 40


async def test_energy_grows_with_the_time_the_lamp_burns(line):
    async with line.client() as client:
        await client.write_registers(1, [100], device_id=LAMP)
        line.now += dt.timedelta(hours=10)
        high, low, hours_high, hours_low = (await client.read_input_registers(6, count=4, device_id=LAMP)).registers
    assert (high << 16 | low, hours_high << 16 | hours_low) == (600, 10)


async def test_coils_switch_segments_and_contacts_follow(line):
    async with line.client() as client:
        assert not (await client.write_coils(0, [True, False, True], device_id=CABINET)).isError()
        assert (await client.read_coils(0, count=8, device_id=CABINET)).bits[:8] == [True, False, True] + [False] * 5
        contacts = await client.read_discrete_inputs(0, count=8, device_id=CABINET)
        assert contacts.bits[:3] == [True, False, True]
        assert not (await client.write_coil(1, value=True, device_id=CABINET)).isError()
        assert (await client.read_discrete_inputs(0, count=3, device_id=CABINET)).bits[:3] == [True, True, True]


async def test_a_door_a_breaker_and_a_local_switch_are_contacts(line):
    async with line.client() as client:

        async def contacts() -> list[bool]:
            return (await client.read_discrete_inputs(16, count=3, device_id=CABINET)).bits[:3]

        assert await contacts() == [False, False, False]
        line.fault("door_open", "cab1")
        assert await contacts() == [False, False, True]
        line.fault("breaker_trip", "cab1", channel=1)
        assert await contacts() == [False, True, True]
        assert (await client.read_discrete_inputs(8, count=3, device_id=CABINET)).bits[:3] == [False, True, False]
        # The contactor itself is still closed: only a meter can tell what burns behind it.
        assert (await client.read_discrete_inputs(0, count=3, device_id=CABINET)).bits[:3] == [True, True, True]
        line.fault("local_override", "cab1")
        assert await contacts() == [True, True, True]


async def test_a_meter_reads_what_its_lamps_draw(line):
    async def power(client: AsyncModbusTcpClient) -> float:
        words = (await client.read_input_registers(0x34, count=2, device_id=METER)).registers
        return client.convert_from_registers(words, client.DATATYPE.FLOAT32)

    async with line.client() as client:
        await client.write_coils(0, [True, True, False], device_id=CABINET)
        assert await power(client) == pytest.approx(20 * 60)
        line.fault("lamp_failure", "cab1", channel=0, lamps=4)
        assert await power(client) == pytest.approx(16 * 60)


async def test_a_dead_unit_is_silent_and_its_neighbour_answers(line):
    line.fault("unit_dead", "lamp1")
    async with line.client(patience=0.2) as client:
        with pytest.raises(Exception, match="No response"):
            await client.read_input_registers(0, count=1, device_id=LAMP)
        assert not (await client.read_coils(0, count=1, device_id=CABINET)).isError()
        with pytest.raises(Exception, match="No response"):
            await client.read_coils(0, count=1, device_id=OTHER)


async def test_a_slow_unit_answers_late(line):
    line.fault("slow", "lamp1", delay_s=0.3)
    async with line.client() as client:
        began = asyncio.get_running_loop().time()
        assert not (await client.read_input_registers(0, count=1, device_id=LAMP)).isError()
        assert asyncio.get_running_loop().time() - began >= 0.3


async def test_after_a_supply_loss_a_unit_goes_by_its_photocell_until_it_is_written(line):
    async with line.client(patience=0.2) as client:
        await client.write_register(1, 30, device_id=LAMP)
        line.fault("supply_loss", "lamp1")
        with pytest.raises(Exception, match="No response"):
            await client.read_input_registers(0, count=1, device_id=LAMP)
        line.troubles.clear("supply_loss", ("lamp1",), line.now)
        assert (await client.read_holding_registers(1, count=1, device_id=LAMP)).registers == [100]
        assert (await client.read_input_registers(0, count=1, device_id=LAMP)).registers == [100]


async def test_a_stuck_lamp_reads_back_what_was_written_and_measures_what_it_does(line):
    async with line.client() as client:
        await client.write_register(1, 80, device_id=LAMP)
        line.fault("stuck", "lamp1")
        await client.write_register(1, 20, device_id=LAMP)
        assert (await client.read_holding_registers(1, count=1, device_id=LAMP)).registers == [20]
        assert (await client.read_input_registers(0, count=1, device_id=LAMP)).registers == [80]


@pytest.mark.parametrize(
    ("ask", "code"),
    [
        (lambda client: client.read_input_registers(500, count=1, device_id=LAMP), 2),
        (lambda client: client.write_register(7, 1, device_id=LAMP), 2),
        (lambda client: client.write_register(1, 150, device_id=LAMP), 3),
        (lambda client: client.report_device_id(device_id=LAMP), 1),
        (lambda client: client.write_register(0x34, 1, device_id=METER), 2),
    ],
)
async def test_a_request_the_unit_does_not_know_is_answered_with_an_exception(line, ask, code):
    async with line.client() as client:
        reply = await ask(client)
        assert reply.isError()
        assert reply.exception_code == code


async def test_a_refused_write_changes_nothing(line):
    async with line.client() as client:
        await client.write_register(1, 40, device_id=LAMP)
        assert (await client.write_registers(1, [50, 60], device_id=LAMP)).isError()
        assert (await client.write_register(1, 150, device_id=LAMP)).isError()
        assert (await client.read_holding_registers(1, count=1, device_id=LAMP)).registers == [40]


async def test_a_broadcast_write_reaches_every_unit_and_nobody_answers(line):
    assert await line.side.ask(0, bytes([6]) + struct.pack(">HH", 1, 70)) is None
    assert line.street.stations["lamp1"].firmware.lamp(0).level(line.now) == 70


async def test_the_reboot_coil_reboots_the_unit(line):
    boot_id = line.street.stations["lamp1"].firmware.boot_id
    async with line.client() as client:
        assert not (await client.write_coil(1, value=True, device_id=LAMP)).isError()
        line.street.advance(line.now)
        assert line.street.stations["lamp1"].firmware.boot_id != boot_id


async def test_the_identify_coil_lets_the_lamp_blink_and_its_registers_leave_that_out(line):
    lamp = line.street.stations["lamp1"].firmware.lamp(0)
    async with line.client() as client:
        await client.write_register(1, 60, device_id=LAMP)
        before = (await client.read_input_registers(0, count=2, device_id=LAMP)).registers
        assert not (await client.write_coil(0, value=True, device_id=LAMP)).isError()
        assert lamp.level(line.now) == 30
        assert (await client.read_input_registers(0, count=2, device_id=LAMP)).registers == before
        line.now += dt.timedelta(seconds=6)
        line.street.advance(line.now)
        assert lamp.level(line.now) == 60


@pytest.mark.parametrize("function", [*range(1, 24), 43, 128, 255])
def test_a_request_cut_at_any_byte_is_answered_and_never_raises(line, function):
    bank = line.side._units[LAMP][1].at(line.now)
    whole = bytes([function]) + struct.pack(">HHB", 1, 1, 2) + struct.pack(">H", 50)
    for cut in range(1, len(whole) + 1):
        reply = answer(whole[:cut], bank)
        assert reply[0] & 0x7F == function & 0x7F
        assert len(reply) >= 2


async def test_a_frame_that_is_not_modbus_ends_the_connection_and_the_line_goes_on(line):
    async with line.client() as client:
        reader, writer = await asyncio.open_connection("127.0.0.1", client.comm_params.port)
        writer.write(b"GET / HTTP/1.1\r\n\r\n")
        assert await asyncio.wait_for(reader.read(), 5) == b""
        writer.close()
        assert not (await client.read_coils(0, count=1, device_id=CABINET)).isError()
