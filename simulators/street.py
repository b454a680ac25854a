"""All nodes of a run on one heap of due times. It knows no wires: what nodes want to say is left in `said`.

Comes in: the present instant (`advance`), and what a wire or a fault does to a node (`carry_out` with the firmware's
outputs). Goes out: the truth log, the flash, and `said` for the wires. Everything due is handled at its own instant,
in order of time, so how late the process runs changes nothing on the street.
"""

from __future__ import annotations

import datetime as dt
import heapq
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from itertools import islice

from simulators.firmware import Firmware
from simulators.flash import Flash
from simulators.fleet import Built
from simulators.node import NEVER, ActionAnswer, LampChanged, Memory, Output, Persist, Restart, Say
from simulators.truth import CHANGE, FINAL, START, TruthLog

DueWork = Callable[[dt.datetime], None]
COUNTERS_EVERY = dt.timedelta(minutes=15)
TURNS = 60


@dataclass(slots=True)
class Station:
    """A node on the street: its firmware, its family (native, json-dimmer or a Modbus profile) and what ails it.

    cuts: the reasons its wire is dead. delay_s: how late it answers (wire time). flags: contacts that are closed.
    """

    firmware: Firmware
    family: str
    cuts: set[str] = field(default_factory=set)
    delay_s: float = 0.0
    flags: set[str] = field(default_factory=set)
    due: dt.datetime = NEVER


class Street:
    """Nodes by id, stepped in order of time; counters go to the flash so often (None: with each document only)."""

    def __init__(self, truth: TruthLog, flash: Flash, counters_every: dt.timedelta | None = COUNTERS_EVERY) -> None:
        self.truth = truth
        self._counters_every = counters_every
        self.stations: dict[str, Station] = {}
        self.said: list[tuple[str, Say | ActionAnswer]] = []
        self._flash = flash
        self._heap: list[tuple[dt.datetime, int, str | DueWork]] = []
        self._count = 0
        self._turn = 0

    def switch_on(self, built: Built, family: str, now: dt.datetime, first_heartbeat_s: float) -> Station:
        """Put a node on the street and boot it from its flash; raises ValueError for an id twice."""
        node = built.setup.id
        if node in self.stations:
            raise ValueError(node)
        if not self.stations and self._counters_every is not None:
            self.at(now + self._counters_every / TURNS, self._keep_counters)
        station = self.stations[node] = Station(Firmware(built.setup, now, built.clock), family)
        memory = self._flash.load(node)
        outputs = station.firmware.boot(memory, now, first_heartbeat_s=first_heartbeat_s)
        for output in outputs:
            if isinstance(output, LampChanged):
                self.truth.lamp(built.setup, output, START)
        self.carry_out(node, [output for output in outputs if not isinstance(output, LampChanged)])
        return station

    def at(self, instant: dt.datetime, work: DueWork) -> None:
        """Have something done to the street at an instant."""
        self._push(instant, work)

    def next_due(self) -> dt.datetime:
        """Give the instant of the next thing due."""
        return self._heap[0][0] if self._heap else NEVER

    def advance(self, now: dt.datetime, most: int = 1_000_000) -> int:
        """Do what has come due, `most` things of it at once; gives how many were done."""
        done = 0
        while self._heap and self._heap[0][0] <= now and done < most:
            due, _, what = heapq.heappop(self._heap)
            done += 1
            if isinstance(what, str):
                station = self.stations[what]
                if station.due == due:
                    station.due = NEVER
                    self.carry_out(what, station.firmware.advance(due))
            else:
                what(due)
        return done

    def carry_out(self, node: str, outputs: Iterable[Output]) -> None:
        """Carry out what a firmware put out, in its order, and note when it is due next."""
        station = self.stations[node]
        for output in outputs:
            match output:
                case LampChanged():  # the commonest first
                    self.truth.lamp(station.firmware.setup, output, CHANGE)
                case Persist():
                    self._flash.save(node, output.memory)
                case Restart():
                    self.at(output.at, lambda now: self.boot(node, now))
                case _:
                    self.said.append((node, output))
        due = station.firmware.next_due()
        if due != station.due and due < NEVER:
            station.due = due
            self._push(due, node)

    def boot(self, node: str, now: dt.datetime, *, flash_lost: bool = False) -> None:
        """Boot a node from its flash; with flash_lost the flash is empty but for the boot counter."""
        firmware = self.stations[node].firmware
        self.carry_out(node, firmware.advance(now))
        memory = self._flash.load(node)
        if flash_lost and memory is not None:
            memory = Memory(boots=memory.boots)
        self.carry_out(node, firmware.boot(memory, now))

    def cut(self, node: str, why: str, *, on: bool) -> None:
        """Cut a node's wire for a reason, or take that reason back; when none is left the node says hello again."""
        cuts = self.stations[node].cuts
        was_cut = bool(cuts)
        (cuts.add if on else cuts.discard)(why)
        if was_cut and not cuts:
            self.said += [(node, Say.HELLO), (node, Say.REPORT)]

    def reachable(self, node: str) -> bool:
        """Say whether a node has power and a wire."""
        station = self.stations[node]
        return station.firmware.powered and not station.cuts

    def take_said(self) -> list[tuple[str, Say | ActionAnswer]]:
        """Give what nodes want to say since the last time, when everything it rests on is safe in the flash."""
        self._flash.commit()
        self.truth.flush()
        said, self.said = self.said, []
        return said

    def finish(self, now: dt.datetime) -> None:
        """Write each lamp's totals and every flash; the street is not used after it."""
        self.advance(now)
        for node, station in self.stations.items():
            for change in station.firmware.truths(now):
                self.truth.lamp(station.firmware.setup, change, FINAL)
            self._flash.save(node, station.firmware.memory(now))
        self.close()

    def close(self) -> None:
        """Close flash and truth log as they are."""
        self._flash.close()
        self.truth.close()

    def _keep_counters(self, due: dt.datetime) -> None:
        """Write the counters of every 60th node to its flash, so that each has its turn in time and none stalls all."""
        for node, station in islice(self.stations.items(), self._turn, None, TURNS):
            self._flash.save_counters(node, station.firmware.memory(due))
        self._turn = (self._turn + 1) % TURNS
        assert self._counters_every is not None
        self.at(due + self._counters_every / TURNS, self._keep_counters)

    def _push(self, due: dt.datetime, what: str | DueWork) -> None:
        self._count += 1
        heapq.heappush(self._heap, (due, self._count, what))
