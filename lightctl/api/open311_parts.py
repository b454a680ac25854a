"""What Open311 GeoReport v2 asks and is told, read from addresses, queries and forms, and the fixed part of answers."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import parse_qsl

from lightctl.app.citizens.answering import MOST, Query
from lightctl.app.citizens.intake import DETAIL, PLATE, Given
from lightctl.domain.citizen_words import Language, Phrase, say, service_in, services
from lightctl.domain.citizens import Service
from lightctl.domain.errors import InvalidInput

MAX_FIELDS = 100
MAX_IDS = 1000
SPECIFICATION = "http://wiki.open311.org/GeoReport_v2"
CHANGESET = "2026-11-26 00:00"
_ATTRIBUTE = re.compile(r"attribute\[([^\[\]]{1,64})\](?:\[\])?")
# The W3C's note: a date, or a date and a time with its offset; seconds and their fraction may be left out.
_W3C = re.compile(r"(\d{4}-\d\d-\d\d)(?:T(\d\d:\d\d)(:\d\d)?(?:\.\d{1,9})?(Z|[+-]\d\d:\d\d))?", re.ASCII)
_FORM = "application/x-www-form-urlencoded"

Pairs = list[tuple[str, str]]


def form_pairs(content_type: str, body: bytes) -> Pairs:
    """Read a form; raises InvalidInput for any other kind of body and for text that is not UTF-8."""
    kind = content_type.partition(";")[0].strip().lower()
    if kind not in ("", _FORM):
        raise InvalidInput("body", f"the body is {kind[:80]!r}; this address takes {_FORM}")
    try:
        return parse_qsl(
            body.decode("utf-8"), keep_blank_values=True, errors="strict", max_num_fields=MAX_FIELDS, separator="&"
        )
    except ValueError:
        raise InvalidInput("body", f"the body is no form of at most {MAX_FIELDS} fields in UTF-8") from None


def query_pairs(query: bytes) -> Pairs:
    """Read a query; raises InvalidInput for text that is not UTF-8."""
    try:
        return parse_qsl(query.decode("utf-8"), keep_blank_values=True, errors="strict", max_num_fields=MAX_FIELDS)
    except ValueError:
        raise InvalidInput("query", f"the query is not at most {MAX_FIELDS} parameters in UTF-8") from None


def given(pairs: Iterable[tuple[str, str]]) -> Given:
    """Sort what was sent into fields and attributes; the last of a name counts."""
    fields: dict[str, str] = {}
    attributes: dict[str, str] = {}
    for name, value in pairs:
        match = _ATTRIBUTE.fullmatch(name)
        if match is None:
            fields[name] = value
        elif value.strip():
            attributes[match[1]] = value
    return Given(fields, attributes)


def query_of(fields: Mapping[str, list[str]]) -> Query:
    """Read what is asked of requests; raises InvalidInput. What is empty counts as not given."""
    return Query(
        ids=tuple(_numbers(_listed(fields, "service_request_id"))),
        services=tuple(_listed(fields, "service_code")),
        since=_instant("start_date", fields),
        until=_instant("end_date", fields),
        statuses=frozenset(each.lower() for each in _listed(fields, "status")),
        page=_number("page", fields, 1, 1_000_000),
        page_size=_number("page_size", fields, MOST, MOST),
    )


def _listed(fields: Mapping[str, list[str]], name: str) -> list[str]:
    """Give what is declared more than once, with commas between, or both."""
    return [word.strip() for value in fields.get(name, ()) for word in value.split(",") if word.strip()]


def _numbers(words: list[str]) -> list[int]:
    if len(words) > MAX_IDS:
        raise InvalidInput("service_request_id", f"at most {MAX_IDS} can be asked for at once")
    # A number nobody has stands for one that is nobody's, so that the answer lists none instead of all.
    return [number_from(word) or -1 for word in words]


def number_from(word: str) -> int | None:
    """Give the number of a request, None for what cannot be one."""
    return int(word) if word.isascii() and word.isdigit() and len(word) < len(str(2**63)) else None


def _number(name: str, fields: Mapping[str, list[str]], default: int, most: int) -> int:
    words = [value.strip() for value in fields.get(name, ()) if value.strip()]
    if not words:
        return default
    number = number_from(words[-1])
    if number is None or not 1 <= number <= most:
        raise InvalidInput(name, f"{name} is a whole number from 1 to {most}")
    return number


def _instant(name: str, fields: Mapping[str, list[str]]) -> dt.datetime | None:
    words = [value.strip() for value in fields.get(name, ()) if value.strip()]
    if not words:
        return None
    # A plus sign that a client forgot to encode comes as a space.
    match = _W3C.fullmatch(words[-1].replace(" ", "+"))
    if match is not None:
        date, time, seconds, offset = match.groups()
        text = f"{date}T{time or '00:00'}{seconds or ':00'}{offset or 'Z'}".replace("Z", "+00:00")
        try:
            return dt.datetime.fromisoformat(text).astimezone(dt.UTC)
        except (ValueError, OverflowError):
            pass
    raise InvalidInput(name, f"{name} is no date and time in the W3C's form, such as 2026-11-25T18:00:00Z")


def service_list(language: Language, *, moderated: bool) -> list[dict[str, Any]]:
    """Give the kinds of report there are."""
    return [
        {
            "service_code": each.code,
            "service_name": each.name,
            "description": each.description,
            "metadata": True,
            "type": "batch" if moderated else "realtime",
            "keywords": each.keywords,
            "group": say(Phrase.GROUP, language),
        }
        for each in services(language)
    ]


def definition(service: Service, language: Language) -> dict[str, Any]:
    """Give what may be said beside place and text: the number on the mast, and the kind of fault."""
    details = service_in(service, language).details
    return {
        "service_code": service.code,
        "attributes": [
            {
                "variable": True,
                "code": PLATE,
                "datatype": "string",
                "required": False,
                "datatype_description": say(Phrase.PLATE_IS, language),
                "order": 1,
                "description": say(Phrase.ASK_PLATE, language),
                "values": [],
            },
            {
                "variable": True,
                "code": DETAIL,
                "datatype": "singlevaluelist",
                "required": False,
                "datatype_description": None,
                "order": 2,
                "description": say(Phrase.ASK_DETAIL, language),
                "values": [{"key": key, "name": name} for key, name in details.items()],
            },
        ],
    }


def discovery(url: str, contact: str, *, keyed: bool) -> dict[str, Any]:
    """Give the document that leads clients here."""
    keys = f"A key is needed, or allows more reports. {contact}".strip() if keyed else "No key is needed."
    return {
        "changeset": CHANGESET,
        "contact": contact or "The city's street lighting",
        "key_service": keys,
        "endpoints": [
            {
                "specification": SPECIFICATION,
                "url": url,
                "changeset": CHANGESET,
                "type": "production",
                "formats": ["text/xml", "application/json"],
            }
        ],
    }
