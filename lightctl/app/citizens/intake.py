"""Intake: a stranger's report is checked, brought to a light point, laid beside those like it, and linked to its cause.

Nothing a stranger says changes the street, opens a fault or an order, or reaches the audit: that has the number, the
kind and the light point alone. Who reported is kept apart from the report.
"""

from __future__ import annotations

import math
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urlsplit

from lightctl.app.asking import NO_GUARD, Actor
from lightctl.app.citizens.views import TakenView
from lightctl.app.desk import Desk
from lightctl.domain.citizen_words import Language, Phrase, say
from lightctl.domain.citizens import MAX_DESCRIPTION, SERVICES, CitizenReport, Contact, Service, plain
from lightctl.domain.distances import EARTH_RADIUS_M, distance_m
from lightctl.domain.errors import InvalidInput, UnknownTarget
from lightctl.domain.nearby import Place
from lightctl.store.citizens import Belonging

PLATE, DETAIL = "plate", "detail"
_LIMITS = {
    "email": 254, "first_name": 100, "last_name": 100, "phone": 50, "address_string": 500, "address_id": 100,
    "media_url": 2000, PLATE: 64, DETAIL: 64,
}  # fmt: skip
_LATITUDES, _LONGITUDES = 90.0, 180.0


@dataclass(frozen=True, slots=True)
class Given:
    """What was sent: fields by the specification's names, and attributes by code; all texts, none of them checked."""

    fields: Mapping[str, str]
    attributes: Mapping[str, str]


def take(desk: Desk, actor: Actor, given: Given) -> TakenView:
    """Keep a report; raises InvalidInput for what is missing or wrong, UnknownTarget for a service there is none of."""
    service = service_of(given.fields.get("service_code", ""))
    place = _place(given)
    texts = {name: _text(name, given.fields.get(name, "")) for name in _LIMITS}
    texts[PLATE], texts[DETAIL] = (_text(name, given.attributes.get(name, "")) for name in (PLATE, DETAIL))
    _check(service, texts)
    if place is None and not (texts["address_string"] or texts["address_id"] or texts[PLATE]):
        raise InvalidInput("lat, long", "no place was given: send lat and long, address_string or address_id")
    description = plain(given.fields.get("description", ""), lines=True)
    if len(description) > MAX_DESCRIPTION:
        raise InvalidInput("description", f"it has {len(description)} characters; {MAX_DESCRIPTION} are the most")
    settings, now = desk.settings.citizens, desk.now()
    belongs = desk.matching.belongs((texts[PLATE], texts["address_id"]), place, settings.match_distance_m)
    first = _first(desk, service, belongs, place)
    fault, order = (None, None) if first is not None else desk.store.known_wrong(service, belongs)
    report = CitizenReport(
        id=0,
        service=service.code,
        requested_at=now,
        updated_at=now,
        description=description,
        detail=texts[DETAIL],
        plate=texts[PLATE],
        address=texts["address_string"],
        media_url=texts["media_url"],
        lat=None if place is None else place[0],
        lon=None if place is None else place[1],
        parent=None if first is None else first.id,
        fault=fault,
        work_order=order,
        token=secrets.token_urlsafe(16) if settings.moderated else "",
        accepted_at=None if settings.moderated else now,
        client=actor.user,
    )
    contact = Contact(texts["email"], texts["first_name"], texts["last_name"], texts["phone"])
    where = belongs.light_point or "no light point yet"
    audit = desk.audit(actor, "citizen report", "", NO_GUARD, f"{service.code} at {where}")
    number = desk.store.add_report(report, service, belongs, contact if settings.retention_days else Contact(), audit)
    notice = say(_notice(first, fault, belongs), Language(settings.language))
    if settings.moderated:
        return TakenView(None, report.token, notice)
    return TakenView(str(number), None, notice)


def service_of(code: str) -> Service:
    """Give a service; raises InvalidInput where none is named, UnknownTarget where there is none by that code."""
    if not code.strip():
        raise InvalidInput("service_code", "service_code was not provided")
    service = SERVICES.get(code.strip())
    if service is None:
        raise UnknownTarget(f"service_code {plain(code)[:40]!r} was not found; services lists those there are")
    return service


def _place(given: Given) -> Place | None:
    texts = [given.fields.get(name, "").strip() for name in ("lat", "long")]
    if not any(texts):
        return None
    if not all(texts):
        raise InvalidInput("lat, long", "lat and long belong together; one of them was not provided")
    north, east = (_degrees(name, text) for name, text in zip(("lat", "long"), texts, strict=True))
    if abs(north) > _LATITUDES or abs(east) > _LONGITUDES:
        raise InvalidInput("lat, long", "lat is -90 to 90 and long -180 to 180 degrees")
    return north, east


def _degrees(name: str, text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise InvalidInput(name, f"{name} is not a number of degrees")
    return value


def _text(name: str, given: str) -> str:
    text = plain(given)
    if len(text) > _LIMITS[name]:
        raise InvalidInput(name, f"{name} is longer than {_LIMITS[name]} characters")
    return text


def _check(service: Service, texts: Mapping[str, str]) -> None:
    detail = texts[DETAIL]
    if detail and detail not in service.details:
        raise InvalidInput(
            f"attribute[{DETAIL}]", f"attribute[{DETAIL}] is one of {', '.join(service.details)}, or not given"
        )
    if texts["media_url"]:
        try:
            parts = urlsplit(texts["media_url"])
            good = parts.scheme in ("http", "https") and bool(parts.hostname)
        except ValueError:
            good = False
        if not good:
            raise InvalidInput("media_url", "media_url is not an address that begins with http:// or https://")


def _first(desk: Desk, service: Service, belongs: Belonging, place: Place | None) -> CitizenReport | None:
    """Give the open report that said the same before."""
    settings = desk.settings.citizens
    since = desk.now() - timedelta(days=settings.merge_days)
    if belongs.light_point:
        return desk.store.first_report(service.code, belongs.light_point, since)
    if place is None:
        return None
    reach = math.degrees(settings.match_distance_m / EARTH_RADIUS_M)
    near = desk.store.unplaced_reports(service.code, place[0] - reach, place[0] + reach, since)
    there = [(distance_m(place, (each.lat, each.lon)), each.id, each)
             for each in near if each.lat is not None and each.lon is not None]  # fmt: skip
    found = min(there, default=None, key=lambda each: each[:2])
    return found[2] if found is not None and found[0] <= settings.match_distance_m else None


def _notice(first: CitizenReport | None, fault: int | None, belongs: Belonging) -> Phrase:
    if first is not None:
        return Phrase.THANKS_FOLLOWS
    if fault is not None:
        return Phrase.THANKS_KNOWN
    return Phrase.THANKS_MATCHED if belongs.light_point else Phrase.THANKS_UNMATCHED
