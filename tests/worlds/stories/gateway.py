"""The gateway of a Modbus line of a story, and the line behind it: bytes in, bytes out, and what goes wrong on the way.

A request is on its way to its unit for a moment and its answer for another. A gateway in RTU framing knows no
transactions, so what comes late comes out on whatever connection there is by then.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import random
from collections import Counter
from collections.abc import Callable, Mapping

from tests.support.bad_frames import DECEIT, KINDS, LOST, NO_ANSWER, RESET, WRITES, Framing, echo
from tests.worlds.heap import Heap
from tests.worlds.heap_loop import HeapLoop
from tests.worlds.stories.daemon import READS_BACK, WRITTEN
from tests.worlds.stories.nodes import Nodes

CONNECTS_S, THERE_S, BACK_S, GIVES_UP_S = 0.02, 0.008, 0.012, 0.3
LATE_S = {"late": (0.05, 0.45), "very late": (0.55, 4.0)}
NEIGHBOUR, PIECES, NOT_NOW, NEVER, ANY = "a neighbour's answer", "in two pieces", "not now", "never", "any"
SPOILED = (*KINDS, NEIGHBOUR, PIECES, NOT_NOW, NOT_NOW, NEVER)
APART_S = (0.001, 0.05, 0.3, 0.7)
DIAGNOSE, ERROR, NO_TARGET = 8, 0x80, 11
REFUSALS = {NOT_NOW: (4, 5, 6, 8, 10, 11), NEVER: (1, 2, 3)}
DEAD, OTHER_FRAMING = ("hangs", "refuses"), "speaks in another framing"
READS = (1, 2, 3, 4)
READ_BACK = dt.timedelta(seconds=1)


class Connection(asyncio.Transport):
    """The daemon's connection. deaf: nothing of it gets through any more, and nobody says so."""

    def __init__(self, gateway: Gateway, protocol: asyncio.Protocol) -> None:
        super().__init__()
        self.deaf = False
        self._gateway = gateway
        self._protocol = protocol

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self._gateway.ask(self, bytes(data))

    def close(self) -> None:
        self._gateway.connections.discard(self)

    def is_closing(self) -> bool:
        return self not in self._gateway.connections

    def give(self, data: bytes) -> None:
        """Let bytes arrive at the daemon."""
        if not self.is_closing() and not self.deaf:
            self._gateway.loop.do(lambda: self._protocol.data_received(data))

    def lose(self) -> None:
        """Break the connection."""
        if not self.is_closing():
            self.close()
            self._gateway.loop.do(lambda: self._protocol.connection_lost(ConnectionResetError()))


class Gateway:
    """The way to the units of a line, by number. `loop` is the daemon's event loop.

    down: how it is dead, or "". cut: the line behind it is; bad: by unit, what and how often. echoes: it passes on
    function 8. back_s: seconds until an answer is there. asked: who counts requests at a unit. passes: who waits
    for a point of one. did: what of all that was to go wrong came about.
    """

    def __init__(
        self, name: str, heap: Heap, rng: random.Random, nodes: Nodes, units: Mapping[int, str], did: Counter[str],
        *, rtu: bool, echoes: bool,
    ) -> None:  # fmt: skip
        self.loop: HeapLoop
        self.name = name
        self.did = did
        self.echoes = echoes
        self.back_s = BACK_S
        self.connections: set[Connection] = set()
        self.down = ""
        self.cut = False
        self.says_so = False
        self.bad: dict[str, tuple[str, float]] = {}
        self.asked: Callable[[str], None] = lambda _node: None
        self.passes: Callable[[str], object] = lambda _point: None
        self._heap = heap
        self._rng = rng
        self._nodes = nodes
        self._framing = Framing(rtu)
        self._units = units
        self._written_at = heap.now

    async def connect(
        self, factory: Callable[[], asyncio.Protocol]
    ) -> tuple[asyncio.Transport, asyncio.Protocol]:  # fmt: skip
        """Take a connection; raises OSError, or never comes to an end."""
        await asyncio.sleep(CONNECTS_S)
        if self.down == "hangs":
            await asyncio.get_running_loop().create_future()
        if self.down == "refuses":
            raise ConnectionRefusedError
        protocol = factory()
        connection = Connection(self, protocol)
        self.connections.add(connection)
        protocol.connection_made(connection)
        return connection, protocol

    def reset(self) -> None:
        """Break all connections."""
        for connection in tuple(self.connections):
            connection.lose()

    def deafen(self) -> None:
        """Forget all connections without a word; new ones are good."""
        for connection in self.connections:
            connection.deaf = True

    def reset_deaf(self) -> None:
        """Break what was forgotten."""
        for connection in tuple(self.connections):
            if connection.deaf:
                connection.lose()

    # -- a request and its answer ---------------------------------------------------------------------------------

    def ask(self, connection: Connection, frame: bytes) -> None:
        """Take a request to its unit."""
        if connection.deaf or self.down in DEAD:
            return
        unit, transaction, request = self._framing.request(frame)
        if self.down == OTHER_FRAMING:
            self.did[OTHER_FRAMING] += 1
            other = Framing(not self._framing.rtu).frame(unit, transaction, bytes((request[0] | ERROR, NO_TARGET)))
            self._back(connection, other, self.back_s)
            return
        self._heap.after(THERE_S, lambda: self._at_unit(connection, unit, transaction, request))

    def _at_unit(self, connection: Connection, unit: int, transaction: int, request: bytes) -> None:
        node = self._units.get(unit)
        if node is None:
            return
        self.asked(node)
        if request[0] in READS and self._heap.now - self._written_at < READ_BACK:
            self.passes(READS_BACK)
        if self.cut:
            if self.says_so and not self._framing.rtu:
                gone = bytes((request[0] | ERROR, NO_TARGET))
                self._back(connection, self._framing.frame(unit, transaction, gone), GIVES_UP_S)
            return
        kind = self._mischief(node, request)
        if kind:
            self.did[kind] += 1
        if kind == NEIGHBOUR:
            node = self._neighbour(node)
            unit = self._nodes.numbers[node]
        reply = self._reply(kind, node, request)
        if reply is None or kind == NO_ANSWER:
            return
        if kind == RESET:
            connection.lose()
            return
        late_s = self._rng.uniform(*LATE_S[kind]) if kind in LATE_S else 0.0
        frame = self._framing.spoiled(kind, self._rng, unit, transaction, reply)
        if kind == PIECES:
            cut = self._rng.randrange(1, len(frame))
            self._back(connection, frame[:cut], self.back_s)
            self._back(connection, frame[cut:], self.back_s + self._rng.choice(APART_S))
            return
        self._back(connection, frame, self.back_s + late_s)

    def _reply(self, kind: str, node: str, request: bytes) -> bytes | None:
        """Have the unit carry a request out, unless it is lost, refused or only echoed."""
        if kind == LOST:
            return None
        if kind in REFUSALS:
            code = self._rng.choice(REFUSALS[kind])
            self.did[f"exception {code}"] += 1
            return bytes((request[0] | ERROR, code))
        if kind == DECEIT or (kind == NEIGHBOUR and request[0] in WRITES):
            return echo(request)
        if request[0] == DIAGNOSE and self.echoes:
            return request if self._nodes.street.reachable(node) else None
        reply = self._nodes.ask(node, request)
        if request[0] in WRITES:
            self._written_at = self._heap.now
            self.passes(WRITTEN)
        return reply

    def _back(self, connection: Connection, frame: bytes, after_s: float) -> None:
        def arrive() -> None:
            if self.down in DEAD:
                return
            for each in tuple(self.connections) if self._framing.rtu else (connection,):
                each.give(frame)

        self._heap.after(after_s, arrive)

    def _mischief(self, node: str, request: bytes) -> str:
        kind, share = self.bad.get(node, ("", 0.0))
        if not kind or self._rng.random() >= share:
            return ""
        kind = self._rng.choice(SPOILED) if kind == ANY else kind
        return "" if kind == DECEIT and request[0] not in WRITES else kind

    def _neighbour(self, node: str) -> str:
        """Give another unit of the line, one of the same make if there is one."""
        others = [each for each in self._units.values() if each != node]
        alike = [each for each in others if self._nodes.kinds[each].profile == self._nodes.kinds[node].profile]
        return (alike or others or [node])[0]
