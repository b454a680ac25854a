"""A Modbus line that answers late, short, wrong, for another unit or function, or not at all.

python -m tests.campaigns modbus_line --rounds 60 --seed 1 [-o json]
python -m tests.campaigns modbus_line --rounds 12 --break NAME     the link broken on purpose: must fail

A round is a line of lamps, cabinets and units that keep nights, TCP framing and RTU framing in turn, with levels set
and plans changed all the time. Whenever a command is confirmed the unit itself is looked at: it must do, or hold, just
what was asked. When the line is good again everything must settle, and be as it was asked for. Exit code 1: it did not.
"""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import random
from collections.abc import Callable, Iterator, Sequence

from lightctl.control.effects import Effects
from lightctl.domain.events import OverrideEnded
from lightctl.domain.states import CommandState, DesiredState
from lightctl.links import modbus
from lightctl.links.modbus_wire import ModbusWire
from tests.support.bad_line import KINDS, BadLine
from tests.support.firing import Report, arguments, conclude
from tests.support.wired import AFTERNOON, SCHEDULE, Wired, unit, wired
from tests.worlds.stories.line_breaks import BelievingTalk

NAME = "modbus_line"
NIGHT = AFTERNOON + dt.timedelta(hours=4)
BAD_S, NAP_S = 3.0, 0.05
PATIENCE_S = 20.0
MISCHIEF = 0.4
KEEPS_NIGHTS = "modbus-night-controller"
UNITS = (
    unit(1, "modbus-lamp", "lamp-1"),
    unit(2, "modbus-lamp", "lamp-2"),
    unit(3, "cabinet", "cabinet", channels=3, lamps=20),
    unit(4, KEEPS_NIGHTS, "nights", channels=2),
)


@contextlib.contextmanager
def broken(name: str) -> Iterator[None]:
    """Break the link on purpose; without a name it is as it is."""
    talk, doubt, ask = modbus.UnitTalk, ModbusWire._doubt, ModbusWire._ask
    if name:
        BREAKS[name]()
    try:
        yield
    finally:
        modbus.UnitTalk, ModbusWire._doubt, ModbusWire._ask = talk, doubt, ask  # type: ignore[misc]


def believe_the_echo() -> None:
    """Break: what was written without an error is taken for what the unit would say."""
    modbus.UnitTalk = BelievingTalk  # type: ignore[misc]


BREAKS: dict[str, Callable[[], None]] = {"believe-the-echo": believe_the_echo}


class Watched:
    """Looks at the unit itself whenever one of its commands is confirmed."""

    def __init__(self, line: Wired) -> None:
        self.wrong: list[str] = []
        self.confirmed = 0
        self._line, self._take = line, line._take
        line._take = self._look

    def _look(self, effects: Effects) -> None:
        self._take(effects)
        for command in effects.commands:
            desired = self._line.desired[command.node]
            if command.state is CommandState.CONFIRMED and desired.revision == command.revision:
                self.confirmed += 1
                self.wrong += [
                    f"I3: {command.node}/{command.revision} is confirmed: {off}" for off in self.off(desired)
                ]

    def off(self, desired: DesiredState) -> list[str]:
        """Say in what a unit is not as desired."""
        now, firmware = self._line.clock.now(), self._line.firmware(desired.node)
        self._line.street.advance(now)
        spec = next(each for each in UNITS if each.node == desired.node)
        if spec.profile == KEEPS_NIGHTS:
            held = firmware.applied_revision
            return [] if held == desired.revision else [f"it holds {held}, not {desired.revision}"]
        levels = {channel: firmware.lamp(channel).target for channel in desired.channels}
        return [
            f"channel {channel} goes to {levels[channel]:.0f} %, not to {wanted.level_at(now)} %"
            for channel, wanted in desired.channels.items()
            if levels[channel] != wanted.level_at(now)
        ]


async def _round(seed: int, number: int, kinds: Sequence[str]) -> tuple[Watched, BadLine, list[str]]:
    rng, rtu = random.Random(f"{seed}/{number}"), bool(number % 2)
    line = Wired(UNITS, NIGHT, None)
    line.framer = "rtu" if rtu else "socket"
    bad = line.server = BadLine(line._ask, rng, kinds, rtu=rtu)
    watched = Watched(line)
    async with line._up(SCHEDULE):
        await line.until(lambda: _settled(line), PATIENCE_S)
        bad.mischief = MISCHIEF
        held = []
        ends = asyncio.get_running_loop().time() + BAD_S
        while asyncio.get_running_loop().time() < ends:
            match rng.choice(("dim", "dim", "dim", "resume", "replan")):
                case "dim":
                    point = rng.choice(line.points).id
                    held.append(line.dim(point, rng.choice((0, 100) if "cabinet" in point else range(0, 101, 10)), 600))
                case "resume" if held:
                    line.tell(OverrideEnded(held.pop(rng.randrange(len(held)))))
                case _:
                    line.replan(SCHEDULE.replace("start_level: 100", f"start_level: {rng.randrange(10, 101, 10)}"))
            await asyncio.sleep(rng.uniform(0, 2 * NAP_S))
            if rng.random() < 0.2:  # so that units which failed twice are asked again
                line.pass_by(seconds=61)
        bad.mischief = 0.0
        wrong = await _settle(line, watched)
    return watched, bad, watched.wrong + wrong


def _settled(line: Wired) -> bool:
    return all(line.desired and line.newest(spec.node).state is CommandState.CONFIRMED for spec in UNITS)


async def _settle(line: Wired, watched: Watched) -> list[str]:
    """Wait with a good line until everything is as desired; lanes and rests are passed over, seconds are not."""
    ends = asyncio.get_running_loop().time() + PATIENCE_S
    off, open_ones = ["nothing was looked at"], []
    while asyncio.get_running_loop().time() < ends:
        await asyncio.sleep(0.3)
        off = [f"{desired.node}: {each}" for desired in line.desired.values() for each in watched.off(desired)]
        open_ones = [command.id for command in map(line.newest, line.desired) if not command.state.terminal]
        if not off and not open_ones:
            return []
        line.pass_by(seconds=61)
    return [f"I7: not settled {PATIENCE_S:.0f} s after the line is good: {off}, open: {open_ones}"]


def run(
    seed: int,
    rounds: int,
    *,
    first: int = 0,
    breaking: str = "",
    until_found: bool = False,
    kinds: Sequence[str] = KINDS,
) -> Report:
    """Run rounds, each with a line of its own and mischief of some kinds."""
    report, confirmed = Report(NAME, seed, breaking, first), 0
    with broken(breaking):
        while report.rounds < rounds and not (until_found and report.violations):
            watched, bad, wrong = asyncio.run(_round(seed, report.number, kinds))
            report.injected.update(bad.done)
            confirmed += watched.confirmed
            report.end_round(wrong)
    report.figures |= {"requests": report.injected.total(), "confirmed": confirmed}
    return report


def main(told: Sequence[str]) -> int:
    """Run what the command line asks for."""
    chosen = arguments(NAME, __doc__, tuple(BREAKS), rounds=60).parse_args(told)
    return conclude(run(chosen.seed, chosen.rounds, first=chosen.first, breaking=chosen.breaking), chosen.output)


__all__ = ["BREAKS", "main", "run", "wired"]
