"""Supply: whether nodes that fell silent together lost their supply, by what still speaks of their feeder."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from lightctl.control.diagnosis.electrical import PHASES
from lightctl.control.diagnosis.expected import Expectations
from lightctl.control.diagnosis.nodes import FEEDER_CAUSES
from lightctl.control.diagnosis.thresholds import Thresholds
from lightctl.control.memory import NodeMemory
from lightctl.domain.states import Fault

WORTH_MEASURING_W = 50.0
GONE_SHARE, THERE_SHARE = 0.25, 0.5


@dataclass(frozen=True, slots=True)
class Testimony:
    """What speaks of the supply. lost: None where nothing tells. fault: one that stands and explains it already."""

    lost: bool | None
    words: str
    fault: Fault | None = None


def ask_supply(
    gone: Iterable[NodeMemory],
    others: Iterable[NodeMemory],
    since: dt.datetime,
    now: dt.datetime,
    expectations: Expectations,
    thresholds: Thresholds,
) -> Testimony:
    """Ask a cabinet's unit and its meter; `others` are the nodes of the feeder that have been heard `since` then."""
    heard = [memory for memory in others if memory.heard_at is not None and memory.heard_at > since]
    for memory in heard:
        for fault in memory.faults.values():
            if fault.event in FEEDER_CAUSES and fault.subject_kind == "node":
                return Testimony(True, f"{memory.node.id} says so", fault)
    for memory in heard:
        metering = memory.history.metering
        if metering is None or metering.reading.at <= since:
            continue
        reading = metering.reading
        dead = thresholds.nominal_voltage_v * thresholds.dead_voltage_share
        phases = [reading.values[name] for name in PHASES if name in metering.alive and name in reading.values]
        if phases and all(voltage < dead for voltage in phases):
            return Testimony(True, f"meter {memory.node.id} has no voltage")
        power, lost = reading.values.get("power_w"), due_w(gone, now, expectations)
        if power is None or lost < WORTH_MEASURING_W:
            continue
        rest = due_w((other for other in heard if other is not memory), now, expectations)
        if power < rest + GONE_SHARE * lost:
            return Testimony(True, f"meter {memory.node.id} measures {power:.0f} W, and theirs would be {lost:.0f} W")
        if power > rest + THERE_SHARE * lost:
            return Testimony(False, f"meter {memory.node.id} still measures {power:.0f} W, so they have power")
    return Testimony(None, "")


def due_w(memories: Iterable[NodeMemory], now: dt.datetime, expectations: Expectations) -> float:
    """Give what the lamps of nodes should draw now (W), as far as anything says what they draw."""
    total = 0.0
    for memory in memories:
        if memory.desired is None:
            continue
        for channel, point in memory.points.items():
            wanted, expected = memory.desired.channels.get(channel), expectations.of(point)
            level = wanted.level_at(now) if wanted is not None else None
            if expected.known and level is not None:
                total += expected.watts[min(max(level, 0), 100)]
    return total
