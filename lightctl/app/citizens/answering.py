"""Answering: what the public is told of reports. Nobody's name, address or number is ever in it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from lightctl.app.citizens.intake import service_of
from lightctl.app.citizens.views import PublicRequestView
from lightctl.app.desk import Desk
from lightctl.app.work.subjects import Subjects
from lightctl.domain.citizen_words import Language, Phrase, say, service_in
from lightctl.domain.citizens import SERVICES, CitizenReport, Closing
from lightctl.domain.errors import InvalidInput, UnknownTarget
from lightctl.domain.work import Cause
from lightctl.store.citizens import Wanted

SPAN = dt.timedelta(days=90)
MOST = 1000
OPEN, CLOSED = "open", "closed"
_STATUS = {frozenset({OPEN}): True, frozenset({CLOSED}): False}


@dataclass(frozen=True, slots=True)
class Query:
    """What the public asks for; `ids` overrides all else. Pages are counted from 1."""

    ids: tuple[int, ...] = ()
    services: tuple[str, ...] = ()
    since: dt.datetime | None = None
    until: dt.datetime | None = None
    statuses: frozenset[str] = frozenset()
    page: int = 1
    page_size: int = MOST


def answer(desk: Desk, query: Query) -> tuple[PublicRequestView, ...]:
    """Give requests, the newest first: at most 1000, of at most 90 days.

    Raises UnknownTarget for a service there is none of, InvalidInput for a span that is none or too long.
    """
    if query.ids:
        found = desk.store.citizen_reports(Wanted(ids=query.ids[:MOST], accepted=True, limit=MOST))
        return _shown(desk, found)
    for code in query.services:
        service_of(code)
    unknown = query.statuses - {OPEN, CLOSED}
    if unknown:
        raise InvalidInput("status", "status is open, closed, or both with a comma between")
    since, until = _span(query, desk.now())
    wanted = Wanted(
        services=query.services,
        since=since,
        until=until,
        open=_STATUS.get(query.statuses),
        accepted=True,
        limit=query.page_size,
        offset=(query.page - 1) * query.page_size,
    )
    return _shown(desk, desk.store.citizen_reports(wanted))


def _span(query: Query, now: dt.datetime) -> tuple[dt.datetime, dt.datetime]:
    match query.since, query.until:
        case None, None:
            return now - SPAN, now
        case dt.datetime() as since, None:
            return since, since + SPAN
        case None, dt.datetime() as until:
            return until - SPAN, until
        case dt.datetime() as since, dt.datetime() as until:
            if until < since:
                raise InvalidInput("end_date", "end_date lies before start_date")
            if until - since > SPAN:
                raise InvalidInput("start_date, end_date", "start_date and end_date may not span more than 90 days")
            return since, until
        case _:
            raise InvalidInput("start_date, end_date", "they are no instants")


def answer_one(desk: Desk, number: int) -> PublicRequestView:
    """Give a request by its number; raises UnknownTarget, also for one the public may not see yet."""
    report = desk.store.citizen_report(number)
    if report is None or report.accepted_at is None:
        raise UnknownTarget("service_request_id was not found")
    return _shown(desk, (report,))[0]


def number_of(desk: Desk, token: str) -> str | None:
    """Give the request a token stands for, None while nobody has accepted it; raises UnknownTarget for no token."""
    report = desk.store.report_of_token(token)
    if report is None:
        raise UnknownTarget("token was not found")
    return None if report.accepted_at is None else str(report.id)


def _shown(desk: Desk, reports: Sequence[CitizenReport]) -> tuple[PublicRequestView, ...]:
    subjects = Subjects(desk)
    return tuple(_one(desk, subjects, report) for report in reports)


def _one(desk: Desk, subjects: Subjects, report: CitizenReport) -> PublicRequestView:
    point = desk.fleet.points.get(report.light_point)
    told, language = desk.settings.citizens.publish_texts, Language(desk.settings.citizens.language)
    street = subjects.address(point) if point is not None else ""
    return PublicRequestView(
        service_request_id=str(report.id),
        status=OPEN if report.open else CLOSED,
        status_notes=_notes(report, language),
        service_name=service_in(SERVICES[report.service], language).name,
        service_code=report.service,
        description=(report.description or None) if told else None,
        agency_responsible=desk.settings.site.name or None,
        service_notice=None,
        requested_datetime=report.requested_at,
        updated_datetime=report.updated_at,
        expected_datetime=None,
        address=street or (report.address if told else "") or None,
        address_id=report.light_point or None,
        zipcode=None,
        lat=report.lat if point is None else point.latitude,
        long=report.lon if point is None else point.longitude,
        media_url=(report.media_url or None) if told else None,
    )


def _notes(report: CitizenReport, language: Language) -> str | None:
    if report.closing is Closing.OPERATOR and report.note:
        return report.note
    phrase = _phrase(report)
    return None if phrase is None else say(phrase, language)


def _phrase(report: CitizenReport) -> Phrase | None:
    match report.closing:
        case Closing.FAULT:
            return Phrase.MENDED
        case Closing.WORK:
            return _OF_CAUSES.get(report.note, Phrase.REPAIRED)
        case Closing.OPERATOR:
            return Phrase.DEALT_WITH
        case None:
            if report.parent is not None:
                return Phrase.FOLLOWS
            if report.work_order is not None:
                return Phrase.CREW
            return None if report.fault is None else Phrase.KNOWN


_OF_CAUSES = {str(Cause.NO_FAULT_FOUND): Phrase.NOTHING_WRONG, str(Cause.PLANNED): Phrase.PLANNED}
