"""Electrical: voltage, power factor and leakage, by what lamps measure at their terminals and meters in cabinets.

One supply is one fault, however many channels or phases of a node see it. Sources: EN 50160 (230 V +-10 %).
"""

from __future__ import annotations

from collections.abc import Mapping

from lightctl.control.diagnosis.evidence import Key
from lightctl.control.diagnosis.findings import Findings
from lightctl.control.diagnosis.history import Metering
from lightctl.control.diagnosis.thresholds import Thresholds
from lightctl.control.memory import NodeMemory
from lightctl.domain.states import Fault, FaultEvent, ReportedState

PHASES = {"voltage_v": "the supply", "voltage_l1_v": "phase L1", "voltage_l2_v": "phase L2", "voltage_l3_v": "phase L3"}
LEAKAGE = "leakage_current_a"
BUSY_SHARE, BUSY_W = 0.5, 100.0
TOO_HIGH, TOO_LOW = FaultEvent.SUPPLY_VOLTAGE_TOO_HIGH, FaultEvent.SUPPLY_VOLTAGE_TOO_LOW


def is_in_band(voltage_v: float, thresholds: Thresholds) -> bool:
    """Say at a glance whether a voltage is good."""
    off = abs(voltage_v - thresholds.nominal_voltage_v)
    return off * 100 <= thresholds.voltage_tolerance_percent * thresholds.nominal_voltage_v


def supply_rules(memory: NodeMemory, report: ReportedState, thresholds: Thresholds, found: Findings) -> None:
    """Look at the voltages that the channels of a node measure; one that shows none measures none."""
    dead = thresholds.nominal_voltage_v * thresholds.dead_voltage_share
    seen = {
        f"channel {channel}" if len(report.channels) > 1 else "the supply": said.voltage_v
        for channel, said in report.channels.items()
        if said.voltage_v is not None and said.voltage_v >= dead
    }
    if seen:
        _voltage(memory, seen, thresholds, found, metered=False)


def meter_rules(memory: NodeMemory, metering: Metering, thresholds: Thresholds, found: Findings) -> None:
    """Look at what a meter measured last; a phase that never had voltage is not connected."""
    values = metering.reading.values
    dead = thresholds.nominal_voltage_v * thresholds.dead_voltage_share
    phases = {name: values[name] for name in PHASES if name in values}
    metering.alive |= {name for name, voltage in phases.items() if voltage >= dead}
    metering.peak_w = max(metering.peak_w, values.get("power_w", 0.0))
    connected = {name: voltage for name, voltage in phases.items() if name in metering.alive}
    node = memory.node.id
    if connected and all(voltage < dead for voltage in connected.values()):
        detail = f"the meter measures {max(connected.values()):.0f} V"
        members = tuple(point.id for point in memory.points.values())
        found.on_node(FaultEvent.SUPPLY_LOSS, node, detail, "critical", measured=True, metered=True, members=members)
    else:
        found.good.add((FaultEvent.SUPPLY_LOSS, "node", node))
    if any(voltage >= dead for voltage in connected.values()):
        _voltage(memory, {PHASES[name]: each for name, each in connected.items()}, thresholds, found, metered=True)
    _leakage(node, values, thresholds, memory.faults, found)
    _power_factor(memory, metering, thresholds, found)


def _voltage(
    memory: NodeMemory, seen: Mapping[str, float], thresholds: Thresholds, found: Findings, *, metered: bool
) -> None:
    nominal, node = thresholds.nominal_voltage_v, memory.node.id
    margin = nominal * thresholds.voltage_tolerance_percent / 100
    for event, sign in ((TOO_HIGH, 1), (TOO_LOW, -1)):
        key = (event, "node", node)
        limit = margin * (_clear(thresholds) if key in memory.faults else 1.0)
        off = {where: voltage for where, voltage in seen.items() if sign * (voltage - nominal) > limit}
        if off:
            words = ", ".join(f"{voltage:.0f} V on {where}" for where, voltage in sorted(off.items()))
            band = f"{nominal - margin:.0f} to {nominal + margin:.0f} V is good"
            found.on_node(event, node, f"{words}, and {band}", "major", measured=True, metered=metered)
        else:
            found.good.add(key)


def _clear(thresholds: Thresholds) -> float:
    """Voltages move little: a third of the way that other values have to come back is enough."""
    return 1 - (1 - thresholds.clear_share) / 3


def _leakage(
    node: str, values: Mapping[str, float], thresholds: Thresholds, standing: Mapping[Key, Fault], found: Findings
) -> None:
    leakage, key = values.get(LEAKAGE, 0.0), (FaultEvent.LEAKAGE_DETECTED, "node", node)
    if leakage > thresholds.leakage_a * (thresholds.clear_share if key in standing else 1.0):
        detail = f"{leakage * 1000:.0f} mA of residual current, and up to {thresholds.leakage_a * 1000:.0f} mA is good"
        found.on_node(FaultEvent.LEAKAGE_DETECTED, node, detail, "critical", measured=True, metered=True)
    else:
        found.good.add(key)


def _power_factor(memory: NodeMemory, metering: Metering, thresholds: Thresholds, found: Findings) -> None:
    """Judge a meter's power factor while much is lit: of a few standby watts it says nothing."""
    values, node = metering.reading.values, memory.node.id
    factor, power = values.get("power_factor"), values.get("power_w", 0.0)
    if not factor or power < max(BUSY_W, BUSY_SHARE * metering.peak_w):
        return
    event = FaultEvent.POWER_FACTOR_TOO_LOW
    key, limit = (event, "node", node), thresholds.power_factor_min * (0.85 / 0.98)
    if abs(factor) < limit * (1.03 if (event, "node", node) in memory.faults else 1.0):
        found.on_node(
            event, node, f"power factor {abs(factor):.2f}, and at least {limit:.2f} is good", "minor",
            measured=True, metered=True,
        )  # fmt: skip
    else:
        found.good.add(key)
