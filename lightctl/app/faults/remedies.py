"""Remedies: what to do about each fault, in the order in which people would try it."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from lightctl.domain.states import Fault

REMEDIES: Mapping[str, str] = MappingProxyType(
    {
        "lampFailure": "Replace the lamp or its driver; look at fuse and terminals in the pole first.",
        "lampUnexpectedOn": "Look for a stuck relay, a bypass or a photocell beside the node; it burns money by day.",
        "dimmingFailure": "Check the driver and the wiring of its dimming line (DALI, 1-10 V).",
        "communicationFailure": "Check its supply, then its link: `lightctl node show ID`, signal, gateway or bus.",
        "supplyLoss": "Check feeder, fuse and mains at the cabinet; ask the grid operator whether the street is out.",
        "circuitBreakerTripped": "Send a crew to the cabinet: find the cause before the breaker is reset.",
        "cabinetDoorOpen": "Call whoever works there; else have the door closed and its contact checked.",
        "relayFailure": "Replace the relay or contactor; until then its lamps may not follow.",
        "clockOffset": "Nothing yet where lightctl sets the time; else put the node's own source of time right.",
        "clockUntrusted": "Put its source of time right (NTP, GPS, battery): by that clock all happens at wrong times.",
        "nodeFault": "Look at what the node says of itself: `lightctl node show ID`; then reboot or replace it.",
        "storeFailure": "Free disk space, or replace the disk; lamps are driven meanwhile.",
        "lampPowerTooHigh": "Compare the luminaire with the inventory (rated power, type); else measure at the pole.",
        "lampPowerTooLow": "Some of its light is gone: check modules and driver, and its type in the inventory.",
        "powerFactorTooLow": "Check capacitor or driver of the luminaire; it loads the cable more than it lights.",
        "supplyVoltageTooHigh": "Measure at the cabinet and tell the grid operator; drivers age early.",
        "supplyVoltageTooLow": "Measure along the feeder: a bad joint or too long a cable; tell the grid operator.",
        "cyclingFailure": "Replace the lamp: it goes out hot and comes back; else look for a loose contact.",
        "leakageDetected": "Earth leakage is a danger to people: switch the feeder off and send a crew.",
    }
)
OTHERWISE = "Look at its history and its neighbours: `lightctl fault list` with -l, `lightctl light show ID`."


def remedy(fault: Fault) -> str:
    """Say what to do about a fault."""
    return REMEDIES.get(fault.event, OTHERWISE).replace("node show ID", _node(fault))


def _node(fault: Fault) -> str:
    return f"node show {fault.subject}" if fault.subject_kind == "node" else "node show ID"
