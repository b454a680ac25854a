"""GeoJSON (RFC 7946) of the street as it is now: one point a light point, flat properties, as map programs like them.

Pure. The inventory's own GeoJSON imports again and says nothing of now; this one is for looking at.
"""

from __future__ import annotations

from lightctl.app.exports.ngsi_ld import instant
from lightctl.app.views import LightView
from lightctl.domain.assets import LightPoint

Feature = dict[str, object]


def feature(point: LightPoint, light: LightView) -> Feature:
    """Write one light point; what is not known is null. A tag NAME is the property `tag_NAME`."""
    reported, desired = light.reported, light.desired
    properties: Feature = {
        "id": point.id,
        "state": point.state.value,
        "kind": point.kind,
        "road_class": point.road_class,
        "lamps": point.lamps,
        "rated_power_w": point.rated_power_w,
        "node": point.node,
        "channel": point.channel,
        "cabinet": point.cabinet,
        "level_due": desired.level,
        "reason": desired.reason,
        "ref": desired.ref,
        "until": None if desired.until is None else instant(desired.until),
        "level": None if reported is None else reported.level,
        "commanded": None if reported is None else reported.commanded,
        "reported_reason": None if reported is None else reported.reason,
        "power_w": None if reported is None else reported.power_w,
        "reported_at": None if reported is None or reported.at is None else instant(reported.at),
        "settled": light.settled,
        "reachable": light.reachable,
        "last_seen": None if light.last_seen is None else instant(light.last_seen),
        "faults": "; ".join(light.faults),
        "maintenance": light.maintenance,
    }
    return {
        "type": "Feature",
        "id": point.id,
        "geometry": {"type": "Point", "coordinates": [point.longitude, point.latitude]},
        "properties": properties | {f"tag_{name}": value for name, value in point.tags.items()},
    }
