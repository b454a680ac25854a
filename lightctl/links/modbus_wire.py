"""ModbusWire: one line, one request in flight, and no answer believed that does not fit its question.

pymodbus 3.16 takes a wrong echo or function code for success, gives exceptions back as values and, on RTU framing
(which has no transaction number), hands a late answer to the next question. So: every answer is compared with its
question, errors are raised typed, and after a time-out on RTU framing the line falls silent first, then the unit is
asked for an echo of a random word. Only that word, or silence longer than any answer can take (`late_s`), makes the
unit trusted again; until then nothing else is read from it. Its neighbours wait for the silence alone.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial

from pymodbus import ModbusException
from pymodbus.client.mixin import ModbusClientMixin
from pymodbus.pdu import ModbusPDU

from lightctl.devices.maps import BIT_TABLES, Table
from lightctl.devices.registers import Block, Write
from lightctl.domain.errors import LinkDown, NodeRefused
from lightctl.links.modbus_client import LineClient, ModbusEndpoint
from lightctl.links.modbus_pending import Pending
from lightctl.links.modbus_units import Known

QUIET_S = 0.25
MOST_QUIET_S = 0.5
ECHO = 0x08
ECHO_ATTEMPTS = 2
READS: Mapping[Table, tuple[int, Callable[..., Awaitable[ModbusPDU]]]] = {
    "coil": (0x01, ModbusClientMixin.read_coils),
    "discrete": (0x02, ModbusClientMixin.read_discrete_inputs),
    "holding": (0x03, ModbusClientMixin.read_holding_registers),
    "input": (0x04, ModbusClientMixin.read_input_registers),
}
# Modbus application protocol 1.1b3, section 7: these say "never"; the others (failure, busy, gateway) "not now".
PERMANENT = {1: "illegal function", 2: "illegal address", 3: "illegal value"}
TEMPORARY = {4: "device failure", 5: "acknowledge", 6: "busy", 8: "memory parity", 10: "no path", 11: "no answer"}
GATEWAY_CODES = frozenset({10, 11})


class UnitSilent(LinkDown):
    """The unit did not answer in time."""


class UnitRefusedForNow(LinkDown):
    """The unit answered that it cannot do this now."""


class AnswerUnfit(LinkDown):
    """The answer does not fit the question."""


class ModbusWire:
    """A line, connected or not. `on_lost` is called when the connection ends; asking then raises LinkDown.

    It outlives its connections: an answer to a question of the last one may still come out of a gateway on the next.
    """

    def __init__(self, endpoint: ModbusEndpoint, rng: random.Random, on_lost: Callable[[], None]) -> None:
        self.known: Mapping[int, Known] = {}
        self._endpoint = endpoint
        self._rng = rng
        self._on_lost = on_lost
        self._asked_s: dict[int, float] = {}
        self._suspects: set[int] = set()
        self._no_echo: set[int] = set()
        self._time_s = asyncio.get_running_loop().time
        self._pending = Pending(endpoint.timeout_s)
        self._client = LineClient(endpoint, self._pending, self._lost)

    @property
    def connected(self) -> bool:
        """Whether the line is up, as far as anyone can tell."""
        return self._client.connected

    async def open(self) -> None:
        """Connect anew; raises LinkDown."""
        self._client = LineClient(self._endpoint, self._pending, self._lost)
        if self._endpoint.rtu:
            recent = self._time_s() - self._endpoint.late_s
            self._suspects |= {unit for unit, asked_s in self._asked_s.items() if asked_s > recent}
        await self._client.open()

    async def close(self) -> None:
        """Close the line and let its transport go."""
        await self._client.close()

    def rests_s(self, unit: int) -> float:
        """Give the real seconds for which a unit must be left alone because a late answer may still come."""
        if unit not in self._suspects or unit not in self._no_echo:
            return 0.0
        return max(0.0, self._asked_s.get(unit, 0.0) + self._endpoint.late_s - self._time_s())

    def read(self, unit: int, block: Block) -> Awaitable[tuple[int, ...]]:
        """Read neighbours of a table; raises UnitSilent, AnswerUnfit, UnitRefusedForNow, NodeRefused or LinkDown."""
        return self._settle_and_read(unit, block) if unit in self._suspects else self._read(unit, block)

    async def write(self, unit: int, write: Write, *, single: bool) -> None:
        """Write words or bits, one request each where `single`; the echo is compared. Raises as `read` does."""
        if unit in self._suspects:
            await self._settle(unit)
        if single or len(write.values) == 1:
            for offset, value in enumerate(write.values):
                await self._write_one(unit, write.table == "coil", write.address + offset, value)
            return
        count = len(write.values)
        if write.table == "coil":
            bits = [bool(value) for value in write.values]
            ask = partial(self._client.write_coils, write.address, bits)
            answer = await self._ask(unit, 0x0F, ask)
        else:
            words = list(write.values)
            ask = partial(self._client.write_registers, write.address, words)
            answer = await self._ask(unit, 0x10, ask)
        if (answer.address, answer.count) != (write.address, count):
            await self._doubt(unit)
            raise AnswerUnfit(f"wrote {count} from {write.address}, it says {answer.count} from {answer.address}")

    async def _settle_and_read(self, unit: int, block: Block) -> tuple[int, ...]:
        await self._settle(unit)
        return await self._read(unit, block)

    async def _read(self, unit: int, block: Block) -> tuple[int, ...]:
        code, ask = READS[block.table]
        answer = await self._ask(unit, code, partial(ask, self._client, block.address, count=block.count))
        values: Sequence[int] = answer.registers
        expected = block.count
        if block.table in BIT_TABLES:
            values = [int(bit) for bit in answer.bits]
            expected = -(-block.count // 8) * 8  # bits come in whole bytes
        if len(values) != expected:
            await self._doubt(unit)
            raise AnswerUnfit(f"asked for {block.count} of {block.table} {block.address}, got {len(values)}")
        return tuple(values[: block.count])

    async def _write_one(self, unit: int, coil: bool, address: int, value: int) -> None:  # noqa: FBT001 - private
        if coil:
            ask = partial(self._client.write_coil, address, bool(value))
            answer = await self._ask(unit, 0x05, ask)
            echoed = int(answer.bits[0]) if answer.bits else -1
            value = int(bool(value))
        else:
            ask = partial(self._client.write_register, address, value)
            answer = await self._ask(unit, 0x06, ask)
            echoed = answer.registers[0] if answer.registers else -1
        if (answer.address, echoed) != (address, value):
            await self._doubt(unit)
            raise AnswerUnfit(f"wrote {value} to {address}, it says {echoed} to {answer.address}")

    async def _ask(self, unit: int, code: int, question: Callable[..., Awaitable[ModbusPDU]]) -> ModbusPDU:
        self._asked_s[unit] = self._time_s()
        try:
            answer = await question(device_id=unit)
        except TimeoutError as error:
            await self._doubt(unit)
            raise UnitSilent(f"unit {unit} did not answer within {self._endpoint.timeout_s:g} s") from error
        except ModbusException as error:
            await self._doubt(unit)
            raise AnswerUnfit(f"unit {unit}: {error}") from error
        # pymodbus lets a transaction number of 0 pass for any question.
        if answer.transaction_id != self._client.transaction:
            raise AnswerUnfit(f"unit {unit} answered another transaction")
        if answer.function_code == code:
            return answer
        if answer.function_code != code | 0x80:
            await self._doubt(unit)
            raise AnswerUnfit(f"unit {unit} answered function {answer.function_code} to a question of function {code}")
        number = answer.exception_code
        if number in PERMANENT:
            raise NodeRefused(f"unit {unit} refuses it: {PERMANENT[number]} (Modbus exception {number})")
        why = f"unit {unit} cannot now: {TEMPORARY.get(number, 'unknown')} (Modbus exception {number})"
        raise UnitSilent(why) if number in GATEWAY_CODES else UnitRefusedForNow(why)

    async def _doubt(self, unit: int) -> None:
        """Trust the unit no more, and keep the line silent for a while so that a late answer meets no question."""
        if not self._endpoint.rtu:
            return
        self._suspects.add(unit)
        quiet_s = min(QUIET_S, self._endpoint.timeout_s)
        until = self._time_s() + MOST_QUIET_S
        silent_from = self._time_s()
        while True:
            now = self._time_s()
            silent_from = max(silent_from, self._client.heard_s)
            wait_s = min(silent_from + quiet_s, until) - now
            if wait_s <= 0:
                return
            await asyncio.sleep(wait_s)

    async def _settle(self, unit: int) -> None:
        """Make sure no answer to an earlier question is under way; raises UnitSilent while that is not known."""
        if self._time_s() - self._asked_s[unit] >= self._endpoint.late_s:
            await self._check_known(unit)
            self._no_echo.discard(unit)
        elif unit in self._no_echo:
            raise UnitSilent(f"unit {unit} is left alone for {self.rests_s(unit):.1f} s: a late answer may still come")
        else:
            await self._check_echo(unit)
        self._suspects.discard(unit)

    async def _check_known(self, unit: int) -> None:
        known = self.known.get(unit)
        if known is None:
            return
        found = await self._read(unit, known.block)
        if found != (known.word,):
            raise AnswerUnfit(f"unit {unit} should hold {known.word} at {known.block.address}, it says {found[0]}")

    async def _check_echo(self, unit: int) -> None:
        """Ask for a random word back: only the answer to this very question can hold it."""
        for attempt in range(ECHO_ATTEMPTS):
            word = self._rng.randrange(0x10000).to_bytes(2, "big")
            try:
                answer = await self._ask(unit, ECHO, partial(self._client.diag_query_data, word))
            except NodeRefused as error:  # it knows no echo: only time can tell
                self._no_echo.add(unit)
                why = f"unit {unit} knows no echo, it is left alone until no late answer can come"
                raise UnitSilent(why) from error
            except UnitSilent:
                self._no_echo.add(unit)  # gone, or one that ignores what it does not know
                raise
            except AnswerUnfit:  # the late answer itself, most likely; its own may be under way now
                if attempt == ECHO_ATTEMPTS - 1:
                    raise
            else:
                if getattr(answer, "message", b"") == word:
                    return
                await self._doubt(unit)
        raise AnswerUnfit(f"unit {unit} echoed another word")

    def _lost(self) -> None:
        with contextlib.suppress(RuntimeError):  # the loop may be closing
            self._pending.fail(LinkDown(f"the connection to {self._client} ended"))
            self._on_lost()
