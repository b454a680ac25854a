"""The Smart Data Models' Streetlight and StreetlightGroup as schemas of our own, in the normalized form of NGSI-LD.

Written from dataModel.Streetlighting (Streetlight 0.2.1, StreetlightGroup) and ETSI GS CIM 009: its names, types and
limits, each as a Property or a Relationship, and nothing beside them but our own terms.
"""

from __future__ import annotations

from typing import Any

Schema = dict[str, Any]
INSTANT = {"type": "string", "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?Z$"}
NUMBER = {"type": "number"}
TEXT = {"type": "string"}
POWER_STATE = {"enum": ["bootingUp", "low", "off", "on"]}
SHARE = {"type": "number", "minimum": 0, "maximum": 1}
OWN = {
    "reachable": {"type": "boolean"},
    "settled": {"type": "boolean"},
    "reason": {"enum": ["default", "override", "sensor", "program", "protection", "local", "fallback"]},
    "faults": {"type": "array", "minItems": 1, "items": TEXT},
    "maintenance": {"type": "string", "minLength": 1},
}
STREETLIGHT = {
    "circuit": TEXT,
    "status": {"enum": ["brokenLantern", "columnIssue", "defectiveLamp", "ok"]},
    "powerState": POWER_STATE,
    "dateLastLampChange": INSTANT,
    "dateLastSwitchingOn": INSTANT,
    "dateLastSwitchingOff": INSTANT,
    "controllingMethod": {"enum": ["group", "individual"]},
    "dateServiceStarted": INSTANT,
    "lanternHeight": {"type": "number", "minimum": 0},
    "lifetimePowerConsumption": NUMBER,
    "illuminanceLevel": SHARE,
    "powerConsumption": NUMBER,
    "current": NUMBER,
    "powerRating": NUMBER,
    "powerFactor": NUMBER,
    "voltage": NUMBER,
    "feederPillarNum": TEXT,
    "streetPoleNum": TEXT,
}
GROUP = {
    "powerState": POWER_STATE,
    "dateLastSwitchingOn": INSTANT,
    "dateLastSwitchingOff": INSTANT,
    "illuminanceLevel": SHARE,
    "activeProgramId": TEXT,
    "circuitId": TEXT,
}
LOCATION = {
    "type": "object",
    "properties": {
        "type": {"const": "GeoProperty"},
        "value": {
            "type": "object",
            "properties": {
                "type": {"const": "Point"},
                "coordinates": {
                    "type": "array",
                    "prefixItems": [
                        {"type": "number", "minimum": -180, "maximum": 180},
                        {"type": "number", "minimum": -90, "maximum": 90},
                    ],
                    "minItems": 2,
                    "maxItems": 2,
                },
            },
            "required": ["type", "coordinates"],
            "additionalProperties": False,
        },
    },
    "required": ["type", "value"],
    "additionalProperties": False,
}


def entity(kind: str) -> Schema:
    """Give the schema of one entity."""
    words = STREETLIGHT if kind == "Streetlight" else GROUP
    references = ["refStreetlightControlCabinet"] + (["refStreetlightModel"] if kind == "Streetlight" else [])
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "properties": {
            "id": {"type": "string", "pattern": rf"^urn:ngsi-ld:{kind}:[A-Za-z0-9()+,.:=@;$_!*'%/?#-]+$"},
            "type": {"const": kind},
            "location": LOCATION,
            "@context": {"type": "array", "minItems": 1, "items": {"type": ["string", "object"]}},
            **{name: _property(value) for name, value in (words | OWN).items()},
            **{name: _relationship() for name in references},
        },
        "required": ["id", "type", "location", "@context", *(["status"] if kind == "Streetlight" else [])],
        "additionalProperties": False,
    }


def _property(value: Schema) -> Schema:
    return {
        "type": "object",
        "properties": {
            "type": {"const": "Property"},
            "value": value,
            "unitCode": {"type": "string", "pattern": "^[A-Z0-9]{2,3}$"},
            "observedAt": INSTANT,
        },
        "required": ["type", "value"],
        "additionalProperties": False,
    }


def _relationship() -> Schema:
    return {
        "type": "object",
        "properties": {
            "type": {"const": "Relationship"},
            "object": {"type": "string", "pattern": r"^urn:ngsi-ld:[A-Za-z]+:[^\s]+$"},
        },
        "required": ["type", "object"],
        "additionalProperties": False,
    }
