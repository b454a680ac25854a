"""A Modbus line of a world, without a wire: units are polled and written as the real link does, through both codecs.

Order of work and evidence are those of `links.modbus`: a write is followed by a separate read-back, a unit that fails
twice running is unreachable, and what a poll reads is a report.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from lightctl.devices.blocks import plan_reads
from lightctl.devices.maps import RegisterMap
from lightctl.devices.meter import Meter
from lightctl.devices.registers import decode_state, encode_desired, read_back, verify
from lightctl.domain import events as ev
from lightctl.domain.assets import Node
from lightctl.domain.errors import InvalidInput
from lightctl.domain.orders import Order
from lightctl.domain.states import DesiredState, Reading
from lightctl.links.modbus_units import FAILURES_TO_SLOW_LANE
from simulators.modbus_pdu import Refused
from simulators.modbus_unit import RegisterUnit
from simulators.street import Street
from tests.worlds.heap import Heap

RETRY_S = 1.0
READ_AGAIN_S = 5.0


@dataclass(slots=True)
class _Unit:
    node: Node
    registers: RegisterMap
    bank: RegisterUnit
    failures: int = 0


class Line:
    """One line with its units; `emit` takes what comes of them."""

    def __init__(self, name: str, heap: Heap, street: Street, emit: Callable[[ev.Event], None], poll_s: float) -> None:
        self.name = name
        self.polls = 0
        self.up = True
        self._heap = heap
        self._street = street
        self._emit = emit
        self._poll_s = poll_s
        self._units: dict[str, _Unit] = {}

    def add(self, node: Node, registers: RegisterMap, bank: RegisterUnit, first_poll_s: float) -> None:
        """Put a unit on the line and poll it from then on."""
        self._units[node.id] = _Unit(node, registers, bank)
        self._heap.after(first_poll_s, lambda: self._poll_again(node.id))

    def submit(self, order: Order) -> None:
        """Carry an order out: write, read back, and look at the unit soon after."""
        content = order.content
        unit = self._units[order.node.id]
        if not isinstance(content, DesiredState):
            return
        now = self._heap.now
        if not self._answers(order.node.id):
            self._emit(ev.SendFailed(order.node.id, content.revision, now, "no answer"))
            self._fail(unit)
            return
        try:
            writes = encode_desired(unit.registers, content, now)
            bank = unit.bank.at(now)
            for write in writes:
                bank.write(write.table, write.address, write.values)
        except (InvalidInput, Refused) as refused:
            self._emit(ev.SendFailed(order.node.id, content.revision, now, str(refused), permanent=True))
            return
        self._emit(ev.CommandSent(order.node.id, content.revision, now))
        blocks = read_back(unit.registers, writes)
        words = {block: tuple(bank.read(block.table, block.address, block.count)) for block in blocks}
        differs = verify(writes, words)
        if differs:
            self._emit(ev.SendFailed(order.node.id, content.revision, now, f"read back otherwise: {differs}"))
            return
        report = decode_state(unit.registers, unit.node, words, now, verified=True)
        self._emit(ev.NodeReported(replace(report, applied_revision=content.revision)))
        self._heap.after(READ_AGAIN_S, lambda: self._poll(unit))

    def go(self, *, up: bool, detail: str = "") -> None:
        """Let the line's gateway go down, or come back."""
        if up is not self.up:
            self.up = up
            self._emit(ev.LinkChanged(self.name, up, self._heap.now, detail))

    def _answers(self, node: str) -> bool:
        return self.up and self._street.reachable(node)

    def _poll_again(self, node: str) -> None:
        self._poll(self._units[node])
        self._heap.after(self._poll_s, lambda: self._poll_again(node))

    def _poll(self, unit: _Unit) -> None:
        self.polls += 1
        if not self._answers(unit.node.id):
            self._fail(unit)
            return
        unit.failures = 0
        now = self._heap.now
        bank = unit.bank.at(now)
        blocks = plan_reads(unit.registers, tuple(unit.node.channels))
        words = {block: tuple(bank.read(block.table, block.address, block.count)) for block in blocks}
        values = Meter(unit.registers, blocks).read(words)
        if values:
            self._emit(ev.MeterRead(Reading(unit.node.id, now, values)))
        if unit.registers.channels is not None:
            self._emit(ev.NodeReported(decode_state(unit.registers, unit.node, words, now, verified=False)))

    def _fail(self, unit: _Unit) -> None:
        unit.failures += 1
        if not self.up:
            return  # nothing was asked: the line itself is gone
        if unit.failures == 1:
            self._heap.after(RETRY_S, lambda: self._poll(unit))
        elif unit.failures >= FAILURES_TO_SLOW_LANE:
            self._emit(ev.NodeUnreachable(unit.node.id, self._heap.now, f"unit {unit.node.address} does not answer"))

    @property
    def units(self) -> Mapping[str, Node]:
        """The nodes on the line."""
        return {name: unit.node for name, unit in self._units.items()}
