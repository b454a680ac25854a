"""What operations answer about citizen reports: to operators, and, with less in it, to the public."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ContactView:
    """Who reported; shown to operators alone, erased after `citizens.retention_days`."""

    email: str
    first_name: str
    last_name: str
    phone: str


@dataclass(frozen=True, slots=True)
class CitizenReportView:
    """A citizen's report as the city's people see it.

    `light_point` is empty where nobody knows yet which is meant; `distance_m` is how far it is from the place given.
    `parent` is the first report of the same thing, whose end is this one's; `others` are those that follow this one.
    `fault` and `work_order` are the numbers of what is linked. `accepted` says whether the public may see it.
    `closing` is what closed it: `fault`, `work` or `operator`; `note` what was said then, which the public reads.
    `contact` is null for all but operators, and where nobody gave one.
    """

    id: int
    service: str
    status: str
    requested_at: dt.datetime
    updated_at: dt.datetime
    description: str
    detail: str
    plate: str
    address: str
    media_url: str
    lat: float | None
    lon: float | None
    light_point: str
    distance_m: float | None
    parent: int | None
    others: tuple[int, ...]
    fault: int | None
    work_order: int | None
    accepted: bool
    closed_at: dt.datetime | None
    closing: str | None
    note: str
    client: str
    contact: ContactView | None = None
    dry_run: bool = False


@dataclass(frozen=True, slots=True)
class TakenView:
    """What somebody who reported is told: the report's number or, where it waits to be accepted, a token for it."""

    service_request_id: str | None
    token: str | None
    service_notice: str


@dataclass(frozen=True, slots=True)
class PublicRequestView:
    """A report as Open311 GeoReport v2 gives it to the public; the names are the specification's.

    Nothing of who reported is in it. `description` and `media_url` are null unless `citizens.publish_texts`.
    """

    service_request_id: str
    status: str
    status_notes: str | None
    service_name: str
    service_code: str
    description: str | None
    agency_responsible: str | None
    service_notice: str | None
    requested_datetime: dt.datetime
    updated_datetime: dt.datetime
    expected_datetime: dt.datetime | None
    address: str | None
    address_id: str | None
    zipcode: str | None
    lat: float | None
    long: float | None
    media_url: str | None
