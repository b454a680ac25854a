"""Diagnose: the faults a node shows right now. A verdict, not a state machine: worked out afresh at every step.

Faults open and close by comparing this verdict with the last one; nothing here remembers anything.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from lightctl.control.memory import NodeMemory
from lightctl.control.policy import Policy
from lightctl.control.reconcile import level_in_force
from lightctl.control.timekeeping import clock_faults
from lightctl.domain.assets import LightPoint
from lightctl.domain.states import ChannelDesired, ChannelReport, Fault, FaultEvent, Reason, ReportedState

POWER_FAILURE_SHARE = 0.3
POWER_ON_SHARE = 0.05
NAMED = {event.value: event for event in FaultEvent}
NODE_FLAGS = {
    "door_open": (FaultEvent.CABINET_DOOR_OPEN, "minor"),
    "breaker_tripped": (FaultEvent.CIRCUIT_BREAKER_TRIPPED, "critical"),
    "supply_loss": (FaultEvent.SUPPLY_LOSS, "critical"),
}


def diagnose(memory: NodeMemory, now: dt.datetime, policy: Policy) -> tuple[Fault, ...]:
    """Give every fault the node shows, each opened `now`; of a silent one nothing is known but that."""
    if memory.unreachable:
        silence = Fault(FaultEvent.COMMUNICATION_FAILURE, "node", memory.node.id, now, memory.unreachable)
        return (*_refusal(memory, now), silence)
    report = memory.reported
    if report is None:
        return _refusal(memory, now)
    faults = [*_refusal(memory, now), *_node_faults(memory, report, now, policy)]
    if any(f.event in (FaultEvent.SUPPLY_LOSS, FaultEvent.CIRCUIT_BREAKER_TRIPPED) for f in faults):
        return tuple(faults)  # a dead feeder explains every lamp behind it
    for channel, point in memory.points.items():
        said = report.channels.get(channel)
        wanted = memory.desired.channels.get(channel) if memory.desired is not None else None
        if said is not None:
            faults += _lamp_faults(point, said, wanted, _said_at(report, policy), now, policy)
    return tuple(faults)


def _said_at(report: ReportedState, policy: Policy) -> dt.datetime:
    """Give the instant a report speaks of: the node's own, which its levels follow, unless its clock is far off."""
    if report.at is None or abs((report.at - report.received_at).total_seconds()) > policy.clock_untrusted_s:
        return report.received_at
    return report.at


def _refusal(memory: NodeMemory, now: dt.datetime) -> tuple[Fault, ...]:
    if not memory.refusal:
        return ()
    return (Fault(FaultEvent.NODE_FAULT, "node", memory.node.id, now, memory.refusal, "critical"),)


def _node_faults(memory: NodeMemory, report: ReportedState, now: dt.datetime, policy: Policy) -> Iterator[Fault]:
    for flag in report.flags:
        event, severity = NODE_FLAGS.get(flag, (FaultEvent.NODE_FAULT, "minor"))
        yield Fault(event, "node", memory.node.id, now, f"the node reports {flag}", severity)
    yield from clock_faults(memory, now, policy)


def _lamp_faults(
    point: LightPoint,
    said: ChannelReport,
    wanted: ChannelDesired | None,
    said_at: dt.datetime,
    now: dt.datetime,
    policy: Policy,
) -> Iterator[Fault]:
    for flag in said.faults:
        yield _on_lamp(NAMED.get(flag, FaultEvent.NODE_FAULT), point, now, f"the node reports {flag}")
    if _settling(wanted, said_at, policy):
        return
    in_force = level_in_force(said)
    if in_force is None:
        return
    dark = _is_dark(point, said, in_force)
    if in_force > 0 and dark and FaultEvent.LAMP_FAILURE not in said.faults:
        yield _on_lamp(FaultEvent.LAMP_FAILURE, point, now, f"asked for {in_force} %, but {_seen(said)}")
    elif in_force == 0 and _burns(point, said):
        yield _on_lamp(FaultEvent.LAMP_UNEXPECTED_ON, point, now, f"should be off, but {_seen(said)}")
    elif not dark and _differs(said, policy):
        detail = f"holds {said.commanded} % in force, but {_seen(said)}"
        yield _on_lamp(FaultEvent.DIMMING_FAILURE, point, now, detail)


def _differs(said: ChannelReport, policy: Policy) -> bool:
    if said.level is None or said.commanded is None:
        return False
    return abs(said.level - said.commanded) > policy.level_tolerance


def _settling(wanted: ChannelDesired | None, said_at: dt.datetime, policy: Policy) -> bool:
    """Say whether the lamp may still have been fading or switching at the instant the report speaks of."""
    if wanted is None:
        return False
    switch = wanted.switch_at(said_at)
    if switch is None:
        return False
    busy = dt.timedelta(seconds=switch.ramp_s + policy.settle_s)
    return said_at - switch.at < busy


def _is_dark(point: LightPoint, said: ChannelReport, in_force: int) -> bool:
    if said.power_w is None or not point.rated_power_w:
        return said.level == 0
    standby = point.standby_power_w * point.lamps
    full = point.rated_power_w * point.lamps
    expected = standby + (full - standby) * in_force / 100
    return said.power_w < standby + (expected - standby) * POWER_FAILURE_SHARE


def _burns(point: LightPoint, said: ChannelReport) -> bool:
    if said.reason in (Reason.LOCAL, Reason.FALLBACK):
        return False
    if said.power_w is None or not point.rated_power_w:
        return bool(said.level)
    standby = point.standby_power_w * point.lamps
    return said.power_w > standby + POWER_ON_SHARE * point.rated_power_w * point.lamps


def _seen(said: ChannelReport) -> str:
    parts = [
        f"{said.level} % measured" if said.level is not None else "",
        f"{said.power_w:.0f} W drawn" if said.power_w is not None else "",
    ]
    return " and ".join(part for part in parts if part) or "nothing is measured"


def _on_lamp(event: FaultEvent, point: LightPoint, now: dt.datetime, detail: str) -> Fault:
    return Fault(event, "light point", point.id, now, detail, severity="major")
