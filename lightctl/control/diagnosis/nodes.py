"""Nodes: what is wrong with a node as a whole: what it flags, its clock, what it cannot hold."""

from __future__ import annotations

from lightctl.control.diagnosis.findings import NAMED, Findings
from lightctl.control.memory import NodeMemory
from lightctl.control.policy import Policy
from lightctl.control.timekeeping import clock_faults
from lightctl.domain.states import FaultEvent, ReportedState

NODE_FLAGS = {
    "door_open": FaultEvent.CABINET_DOOR_OPEN,
    "breaker_tripped": FaultEvent.CIRCUIT_BREAKER_TRIPPED,
    "supply_loss": FaultEvent.SUPPLY_LOSS,
    "leakage": FaultEvent.LEAKAGE_DETECTED,
    "relay_failure": FaultEvent.RELAY_FAILURE,
}
SEVERITIES = {
    FaultEvent.CIRCUIT_BREAKER_TRIPPED: "critical",
    FaultEvent.SUPPLY_LOSS: "critical",
    FaultEvent.LEAKAGE_DETECTED: "critical",
    FaultEvent.RELAY_FAILURE: "critical",
}
FEEDER_CAUSES = frozenset({FaultEvent.SUPPLY_LOSS, FaultEvent.CIRCUIT_BREAKER_TRIPPED})


def refusal(memory: NodeMemory, found: Findings) -> None:
    """Name what a node cannot hold."""
    if memory.refusal:
        found.on_node(FaultEvent.NODE_FAULT, memory.node.id, memory.refusal, "critical")


def flag_rules(memory: NodeMemory, report: ReportedState, found: Findings) -> None:
    """Name what a node flags, as it is; what nobody knows is a fault of the node's own."""
    for flag in report.flags:
        event = NODE_FLAGS.get(flag) or NAMED.get(flag, FaultEvent.NODE_FAULT)
        members = tuple(point.id for point in memory.points.values()) if event in FEEDER_CAUSES else ()
        severity = SEVERITIES.get(event, "minor")
        found.on_node(event, memory.node.id, f"the node reports {flag}", severity, members=members)


def clock_rules(memory: NodeMemory, policy: Policy, found: Findings) -> None:
    """Name a clock that is off."""
    for fault in clock_faults(memory, found.now, policy):
        found.bad[fault.key] = fault


def feeder_cause(found: Findings) -> bool:
    """Say whether it was found that a node, and with it its lamps, has no supply."""
    return any(event in FEEDER_CAUSES and kind == "node" for event, kind, _ in found.bad)
