"""NGSI-LD: light points as entities of the Smart Data Models, in their normalized form. Pure.

Source: smart-data-models/dataModel.Streetlighting, Streetlight schema 0.2.1 and StreetlightGroup. The model has one
Streetlight per lamp, so a light point that stands for the many lamps of a segment is a StreetlightGroup. Only what is
known is given; what a node measured carries the instant of its report. What the model has no word for stands under
terms of our own, which the context explains.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from urllib.parse import quote

from lightctl.app.views import LightView
from lightctl.domain.assets import FULL_LEVEL, LightPoint
from lightctl.domain.luminaires import LUMINAIRE_TAG
from lightctl.domain.states import ChannelReport

Entity = dict[str, object]
MODEL_CONTEXT = "https://raw.githubusercontent.com/smart-data-models/dataModel.Streetlighting/master/context.jsonld"
OWN_TERMS = ("reachable", "settled", "reason", "faults", "maintenance")
CONTEXT = [
    MODEL_CONTEXT,
    {term: f"urn:lightctl:ngsi-ld:{term}" for term in OWN_TERMS},
]
WATT, VOLT, AMPERE, KILOWATT_HOUR, ONE = "WTT", "VLT", "AMP", "KWH", "C62"  # UN/CEFACT common codes
# Faults that say something of the lamp itself; what its node or its feeder has, the model has no word for.
OF_THE_LAMP = frozenset({
    "lampFailure", "lampUnexpectedOn", "dimmingFailure", "cyclingFailure", "relayFailure", "lampPowerTooHigh",
    "lampPowerTooLow", "controlGearCommFailure", "powerFactorTooLow",
})  # fmt: skip


def entity(point: LightPoint, light: LightView, said: ChannelReport | None) -> Entity:
    """Write one light point; `light` and `said` are of the same instant."""
    kind = "Streetlight" if point.lamps == 1 else "StreetlightGroup"
    found: Entity = {
        "id": urn(kind, point.id),
        "type": kind,
        "location": {
            "type": "GeoProperty",
            "value": {"type": "Point", "coordinates": [point.longitude, point.latitude]},
        },
    }
    if point.lamps == 1:
        found |= _lamp(point, light)
    if point.cabinet:
        found["refStreetlightControlCabinet"] = _relationship("StreetlightControlCabinet", point.cabinet)
    if light.reported is not None and said is not None:
        found |= _measured(said, light.reported.at, single=point.lamps == 1)
    found["reachable"] = _property(light.reachable)
    found["settled"] = _property(light.settled)
    found["reason"] = _property(light.desired.reason)
    if light.faults:
        found["faults"] = _property(list(light.faults))
    if light.maintenance:
        found["maintenance"] = _property(light.maintenance)
    return found | {"@context": CONTEXT}


def urn(kind: str, name: str) -> str:
    """Give the name of an entity; what a URN cannot hold is escaped."""
    return f"urn:ngsi-ld:{kind}:{quote(name, safe='')}"


def _lamp(point: LightPoint, light: LightView) -> Mapping[str, object]:
    defective = any(event in OF_THE_LAMP for event in light.faults)
    status = _property("defectiveLamp" if defective else "ok", at=light.last_seen)
    found: Entity = {"status": status, "controllingMethod": _property("individual")}
    if point.rated_power_w is not None:
        found["powerRating"] = _property(point.rated_power_w, unit=WATT)
    luminaire = point.tags.get(LUMINAIRE_TAG)
    if luminaire:
        found["refStreetlightModel"] = _relationship("StreetlightModel", luminaire)
    return found


def _measured(said: ChannelReport, at: dt.datetime | None, *, single: bool) -> Mapping[str, object]:
    found: Entity = {}
    if said.level is not None:
        found["powerState"] = _property(_power_state(said.level), at=at)
        found["illuminanceLevel"] = _property(said.level / FULL_LEVEL, at=at)
    if not single:
        return found
    if said.power_w is not None:
        found["powerConsumption"] = _property(said.power_w, at=at, unit=WATT)
    if said.voltage_v is not None:
        found["voltage"] = _property(said.voltage_v, at=at, unit=VOLT)
    if said.current_a is not None:
        found["current"] = _property(said.current_a, at=at, unit=AMPERE)
    if said.power_factor is not None:
        found["powerFactor"] = _property(said.power_factor, at=at, unit=ONE)
    if said.energy_wh is not None:
        found["lifetimePowerConsumption"] = _property(said.energy_wh / 1000, at=at, unit=KILOWATT_HOUR)
    return found


def _power_state(level: int) -> str:
    if level == 0:
        return "off"
    return "on" if level == FULL_LEVEL else "low"


def _property(value: object, *, at: dt.datetime | None = None, unit: str = "") -> Entity:
    found: Entity = {"type": "Property", "value": value}
    if unit:
        found["unitCode"] = unit
    if at is not None:
        found["observedAt"] = instant(at)
    return found


def _relationship(kind: str, name: str) -> Entity:
    return {"type": "Relationship", "object": urn(kind, name)}


def instant(at: dt.datetime) -> str:
    """Write an instant as JSON has it, to the millisecond."""
    return at.astimezone(dt.UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
