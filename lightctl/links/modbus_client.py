"""Where a Modbus line is, and a pymodbus client for one connection to it."""

from __future__ import annotations

import logging
import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from pymodbus import FramerType
from pymodbus.client import AsyncModbusSerialClient, AsyncModbusTcpClient
from pymodbus.exceptions import ModbusException
from pymodbus.pdu import ModbusPDU

CONNECT_TIMEOUT_S = 3.0
# Whatever goes wrong reaches the link as an error with its reason; pymodbus would log each silence of a dead unit.
logging.getLogger("pymodbus.logging").setLevel(logging.CRITICAL)
Client = AsyncModbusTcpClient | AsyncModbusSerialClient


class TakeIn(Protocol):
    """What pymodbus does with bytes that came; gives how many of them it used."""

    def __call__(self, data: bytes, addr: tuple[Any, ...] | None = None) -> int:
        """Take in all that came and was not used yet."""
        ...


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


@dataclass(frozen=True, slots=True)
class Ears:
    """Who is told what passes on a line: packets and messages (True: those we send), and whether it is up."""

    packet: Callable[[bool, bytes], bytes]
    message: Callable[[bool, ModbusPDU], ModbusPDU]
    connect: Callable[[bool], None]


def new_client(endpoint: ModbusEndpoint, ears: Ears) -> Client:
    """Build a client that frames, sends and decodes. Waiting for answers is not its work: see ModbusWire.

    It never reconnects by itself. Left to wait, it would close the line after a few unanswered questions, so that one
    dead unit would cut off all.
    """
    if endpoint.kind == "serial":  # opened exclusively: two masters on one line garble each other
        client: Client = AsyncModbusSerialClient(
            endpoint.device,
            framer=FramerType.RTU,
            baudrate=endpoint.baudrate,
            parity=endpoint.parity,
            stopbits=endpoint.stopbits,
            reconnect_delay=0,
            trace_packet=ears.packet,
            trace_pdu=ears.message,
            trace_connect=ears.connect,
        )
    else:
        client = AsyncModbusTcpClient(
            endpoint.host,
            port=endpoint.port,
            framer=FramerType.RTU if endpoint.rtu else FramerType.SOCKET,
            reconnect_delay=0,
            trace_packet=ears.packet,
            trace_pdu=ears.message,
            trace_connect=ears.connect,
        )
    client.ctx.callback_data = _tolerant(client.ctx.callback_data)  # type: ignore[method-assign]
    return client


def _tolerant(take_in: TakeIn) -> TakeIn:
    """Drop what cannot be decoded: the question then has no answer, and only the unit that gave it is doubted.

    pymodbus raises inside the event loop's callback instead, and asyncio closes the line for all units on it.
    """

    def dropping(data: bytes, addr: tuple[Any, ...] | None = None) -> int:
        try:
            return take_in(data, addr)
        except (ModbusException, LookupError, ValueError, struct.error):
            return len(data)

    return dropping
