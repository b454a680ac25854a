"""Where a Modbus line is, and one connection to it, with pymodbus."""

from __future__ import annotations

import asyncio
import logging
import struct
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Literal

from pymodbus import FramerType
from pymodbus.client import AsyncModbusSerialClient, AsyncModbusTcpClient
from pymodbus.client.mixin import ModbusClientMixin
from pymodbus.exceptions import ModbusException
from pymodbus.pdu import ModbusPDU

from lightctl.domain.errors import LinkDown
from lightctl.links.modbus_pending import Pending

CONNECT_TIMEOUT_S = 3.0
# Whatever goes wrong reaches the link as an error with its reason; pymodbus would log each silence of a dead unit.
logging.getLogger("pymodbus.logging").setLevel(logging.CRITICAL)


@dataclass(frozen=True, slots=True)
class ModbusEndpoint:
    """A line: TCP (`host`, `port`) or serial (`device`, ...). framer None: socket on TCP, RTU on serial.

    timeout_s: real seconds a unit has to answer. late_s: real seconds after which no answer can still come.
    poll_s, dead_poll_s: seconds of the run's clock between polls of a unit, and of one that does not answer.
    switch_ons_per_s: lamps that a feeder turns on, at most, 0 for no limit; on the run's clock.
    """

    kind: Literal["tcp", "serial"] = "tcp"
    host: str = "127.0.0.1"
    port: int = 502
    device: str = ""
    baudrate: int = 9600
    parity: Literal["N", "E", "O"] = "N"
    stopbits: int = 1
    framer: Literal["socket", "rtu"] | None = None
    timeout_s: float = 0.5
    poll_s: float = 30.0
    dead_poll_s: float = 120.0
    late_s: float = 5.0
    switch_ons_per_s: float = 0.0
    reconnect_cap_s: float = 30.0

    @property
    def rtu(self) -> bool:
        """Whether answers carry no transaction number."""
        return self.kind == "serial" or self.framer == "rtu"


class LineClient(ModbusClientMixin[Awaitable[ModbusPDU]]):
    """One connection. pymodbus makes the questions, frames, sends and decodes; `pending` waits for the answer.

    It never reconnects and never closes by itself; `on_lost` is called when the connection ends. pymodbus's own way to
    send and wait takes longer, and closes the line after a few silences: one dead unit would cut off all.
    """

    def __init__(self, endpoint: ModbusEndpoint, pending: Pending, on_lost: Callable[[], None]) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.heard_s = 0.0
        self._pending = pending
        self._client = _new_client(endpoint, lambda connected: None if connected else on_lost())
        self._wire = self._client.ctx
        self._wire.data_received = self._take_in  # type: ignore[method-assign]
        self._asked = ModbusPDU()
        self._received = b""

    def __str__(self) -> str:
        return str(self._client)

    @property
    def connected(self) -> bool:
        """Whether the line is up, as far as anyone can tell."""
        return bool(self._wire.transport)

    @property
    def transaction(self) -> int:
        """The number of the last question, which its answer must bear; 0 on RTU framing, which has none."""
        return self._asked.transaction_id

    async def open(self) -> None:
        """Connect; raises LinkDown. As pymodbus's own connect(), which keeps the reason of a failure to itself."""
        try:
            async with asyncio.timeout(CONNECT_TIMEOUT_S):
                self._wire.transport, _ = await self._wire.call_create()
        except TimeoutError as error:
            raise LinkDown(f"{self} does not answer within {CONNECT_TIMEOUT_S:g} s") from error
        except (OSError, ValueError) as error:  # refused, unknown; a serial device missing, taken or misconfigured
            raise LinkDown(f"cannot open {self}: {error}") from error

    async def close(self) -> None:
        """Close the line and let its transport go."""
        self._client.close()
        await asyncio.sleep(0)
        await asyncio.sleep(0)

    def execute(self, no_response_expected: bool, request: ModbusPDU) -> Awaitable[ModbusPDU]:  # noqa: ARG002, FBT001 - pymodbus's signature
        """Send a question that pymodbus made, and give the answer to come; raises LinkDown."""
        if not self.connected:
            raise LinkDown(f"{self} is not connected")
        request.transaction_id = self._wire.getNextTID()
        self._asked, self._received = request, b""
        coming = self._pending.begin()
        self._wire.transport.write(self._wire.framer.buildFrame(request))  # type: ignore[attr-defined]
        return coming

    def _take_in(self, data: bytes) -> None:
        """Take what came for an answer, or for a piece of one.

        What cannot be decoded is dropped: the question then has no answer, and only the unit that gave it is doubted.
        An error here would have asyncio close the line for all units on it.
        """
        self.heard_s = self._wire.loop.time()
        received, framer = self._received + data, self._wire.framer
        self._received = b""
        if len(received) > framer.MAX_SIZE:
            return
        try:
            used, answer = framer.handleFrame(received, self._asked.dev_id, self._asked.transaction_id)
        except (ModbusException, LookupError, ValueError, struct.error):
            return
        self._received = received[used:]
        if answer is not None:
            self._pending.take(answer)


def _new_client(
    endpoint: ModbusEndpoint, on_connect: Callable[[bool], None]
) -> AsyncModbusTcpClient | AsyncModbusSerialClient:
    if endpoint.kind == "serial":  # opened exclusively: two masters on one line garble each other
        return AsyncModbusSerialClient(
            endpoint.device,
            framer=FramerType.RTU,
            baudrate=endpoint.baudrate,
            parity=endpoint.parity,
            stopbits=endpoint.stopbits,
            reconnect_delay=0,
            trace_connect=on_connect,
        )
    return AsyncModbusTcpClient(
        endpoint.host,
        port=endpoint.port,
        framer=FramerType.RTU if endpoint.rtu else FramerType.SOCKET,
        reconnect_delay=0,
        trace_connect=on_connect,
    )
