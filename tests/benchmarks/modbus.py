"""How many units lightctl polls on two hundred Modbus lines, against bare pymodbus, and what a dead unit costs others.

python -m tests.benchmarks.modbus [--lines 200] [--units 5] [--seconds 8] [--pairs 5]
    [--floor pymodbus|lean] [--loop asyncio|uvloop] [--floor-loop asyncio|uvloop]

Each line is a TCP connection to a gateway with five units; a poll reads twenty registers (ten measurements of a meter)
and, for us, is matched with its question, decoded and emitted as an event. One unit in 32 is dead. Ours are the
daemon's links with pauses between polls taken away; the floor is pymodbus reading the same registers of all lines at
once, which knows the dead units and never asks them. Both in one process beside the gateways' own, in turn; rates are
answers a second on the wall. `neighbours_waited_s` is the longest that a living unit on a line with a dead one went
without a poll, in any of our turns, from the moment the line was opened; `others_waited_s` is that on lines without.
`--floor lean` is a codec of thirty lines in place of pymodbus; the loops are those that ours and the floor run on.
"""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import json
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import asdict, dataclass
from statistics import median

from lightctl.devices.profile import Profile, parse_profile
from lightctl.domain.assets import Node
from lightctl.domain.events import Event, MeterRead
from lightctl.links.modbus import ModbusEndpoint, ModbusLink
from tests.support.bare_modbus import LINES
from tests.support.benchmark import LOOPS, Figures, loop_missing, loop_of, options, paired, say, used_ratio, versions
from tests.support.lean_modbus import is_dead
from tests.support.orphans import end_with_parent

GOAL, MOST_WAIT_S = 0.7, 1.0
NEVER = 1_000_000
REGISTERS = 20
PATIENCE_S = 60.0
DEAD_POLL_S = 5.0  # the daemon's own patience with the dead; its settings say 120
METER = "version: 1\ntitle: A meter\nkind: modbus\nmodbus:\n  readings:\n" + "".join(
    f"    value_{place}: {{table: input, address: {place}, type: float32}}\n" for place in range(0, REGISTERS, 2)
)
FASTEST_POLL_S = 0.001


class WallClock:
    """The machine's time."""

    def now(self) -> dt.datetime:
        """Give the present instant."""
        return dt.datetime.now(dt.UTC)

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        await asyncio.sleep(seconds)


@dataclass(slots=True)
class Wait:
    """Since when a unit was not heard, and the longest it ever was not."""

    since_s: float
    longest_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Trial:
    """What is measured: lines of so many units, for so many seconds a turn; who the floor is, and both event loops.

    reads: as many a turn has at the least, however long it takes.
    """

    lines: int = 200
    units: int = 5
    seconds: float = 8.0
    reads: int = 0
    dead_every: int = 32
    timeout_s: float = 0.5
    floor: str = "pymodbus"
    loop: str = "asyncio"
    floor_loop: str = "asyncio"

    def dead(self, line: int) -> set[int]:
        """Give the units of a line that never answer."""
        return {unit for unit in range(1, self.units + 1) if is_dead(line, unit, self.units, self.dead_every)}


class Lines:
    """The lines by their ports, read by us or by the floor for some seconds at a time."""

    def __init__(self, ports: list[int], trial: Trial) -> None:
        self.waited_s: dict[bool, float] = {True: 0.0, False: 0.0}
        self.used_us: dict[str, list[float]] = {"ours": [], "floor": []}
        self._ports, self._trial = ports, trial
        self._profile = parse_profile(METER, "meter")

    def ours(self) -> float:
        """Give how many polls a second the daemon's links answer for."""
        return self._noting("ours", self._poll, self._trial.loop)

    def floor(self) -> float:
        """Give how many reads a second the bare client makes of the living units."""
        return self._noting("floor", self._read, self._trial.floor_loop)

    def _noting(self, which: str, read: Callable[[], Coroutine[None, None, tuple[int, float]]], loop: str) -> float:
        used_s = time.process_time()
        with asyncio.Runner(loop_factory=loop_of(loop)) as runner:
            reads, took_s = runner.run(read())
        self.used_us[which].append((time.process_time() - used_s) / reads * 1e6)
        return reads / took_s

    async def _poll(self) -> tuple[int, float]:
        polls = 0

        def emit(event: Event) -> None:
            nonlocal polls
            if isinstance(event, MeterRead):
                polls += 1
                now, wait = time.monotonic(), waits[event.reading.node]
                wait.longest_s = max(wait.longest_s, now - wait.since_s)
                wait.since_s = now

        began = time.monotonic()
        waits: defaultdict[str, Wait] = defaultdict(lambda: Wait(began))
        links = [self._link(line, port, emit) for line, port in enumerate(self._ports)]
        running = [asyncio.create_task(link.run()) for link in links]
        living = sum(self._trial.units - len(self._trial.dead(line)) for line in range(len(self._ports)))
        await asyncio.sleep(self._trial.seconds)
        async with asyncio.timeout(PATIENCE_S):
            while len(waits) < living or polls < self._trial.reads:  # noqa: ASYNC110 - counted as they come
                await asyncio.sleep(0.05)
        took_s = time.monotonic() - began
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        for node, wait in waits.items():
            beside_dead = bool(self._trial.dead(int(node.partition("-")[0][1:])))
            self.waited_s[beside_dead] = max(self.waited_s[beside_dead], wait.longest_s)
        return polls, took_s

    def _link(self, line: int, port: int, emit: object) -> ModbusLink:
        timeout_s = self._trial.timeout_s
        endpoint = ModbusEndpoint(port=port, timeout_s=timeout_s, poll_s=FASTEST_POLL_S, dead_poll_s=DEAD_POLL_S)
        profiles: dict[str, Profile] = {"meter": self._profile}
        link = ModbusLink(f"line-{line}", endpoint, profiles, emit, WallClock(), seed=line)  # type: ignore[arg-type]
        nodes = (Node(f"L{line}-U{u}", "meter", f"line-{line}", str(u), {}) for u in range(1, self._trial.units + 1))
        link.attach({node.id: node for node in nodes})
        return link

    async def _read(self) -> tuple[int, float]:
        began = time.monotonic()
        ends = began + self._trial.seconds
        counts = await asyncio.gather(*(self._read_line(line, port, ends) for line, port in enumerate(self._ports)))
        return sum(counts), time.monotonic() - began

    async def _read_line(self, line: int, port: int, ends: float) -> int:
        client = LINES[self._trial.floor]()
        await client.start(port)
        alive = sorted(set(range(1, self._trial.units + 1)) - self._trial.dead(line))
        reads, least = 0, max(1, self._trial.reads // self._trial.lines)
        while reads < least or time.monotonic() < ends:
            for unit in alive:
                await client.read(unit, REGISTERS)
                reads += 1
        client.stop()
        return reads


@contextlib.contextmanager
def gateways(trial: Trial) -> Iterator[list[int]]:
    """Run the gateways and give their ports."""
    size = map(str, (trial.lines, trial.units, trial.dead_every))
    command = [sys.executable, "-m", "tests.support.lean_modbus", *size]
    with subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        preexec_fn=end_with_parent,  # noqa: PLW1509 - nothing but a system call
    ) as process:
        assert process.stdout is not None
        try:
            yield json.loads(process.stdout.readline())
        finally:
            process.terminate()


def measure(trial: Trial, pairs: int) -> Figures:
    """Read the lines both ways in turn."""
    with gateways(trial) as ports:
        read = Lines(ports, trial)
        found = paired(read.ours, read.floor, pairs)
    used_us = {which: round(median(used[1:]), 1) for which, used in read.used_us.items()}
    return {
        **asdict(trial),
        "dead": sum(len(trial.dead(line)) for line in range(trial.lines)),
        "registers": REGISTERS,
        **found,
        "cpu_us_per_read": used_us | {"ratio": used_ratio(read.used_us["ours"], read.used_us["floor"])},
        "neighbours_waited_s": round(read.waited_s[True], 2),
        "others_waited_s": round(read.waited_s[False], 2),
        **versions("pymodbus"),
    }


def quick() -> Figures:
    """Measure for a few seconds, by processor time and so many reads; with dead units, turns could not be as short."""
    found = measure(Trial(lines=100, seconds=0.0, reads=3000, dead_every=NEVER, timeout_s=PATIENCE_S), pairs=3)
    return {"ratio": found["cpu_us_per_read"]["ratio"]}


def main() -> None:
    """Measure once and say it."""
    parser = options("tests.benchmarks.modbus", __doc__)
    parser.add_argument("--lines", type=int, default=200)
    parser.add_argument("--units", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=8.0)
    parser.add_argument("--pairs", type=int, default=5)
    parser.add_argument("--floor", choices=LINES, default="pymodbus")
    parser.add_argument("--loop", choices=LOOPS, default="asyncio")
    parser.add_argument("--floor-loop", choices=LOOPS, default="asyncio")
    chosen = parser.parse_args()
    if why := loop_missing(chosen.loop, chosen.floor_loop):
        parser.error(why)
    trial = Trial(
        chosen.lines, chosen.units, chosen.seconds, floor=chosen.floor, loop=chosen.loop, floor_loop=chosen.floor_loop
    )
    figures = measure(trial, chosen.pairs)
    cost_s = figures["neighbours_waited_s"] - figures["others_waited_s"]
    good = figures["ratio"] >= GOAL and cost_s <= MOST_WAIT_S
    goal = f"at least {GOAL} x bare {chosen.floor}; a dead unit costs its neighbours no more than {MOST_WAIT_S:g} s"
    say(figures | {"goal": goal, "within_goal": good}, chosen.output)


if __name__ == "__main__":
    main()
