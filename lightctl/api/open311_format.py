"""How GeoReport v2 is written: the same values as XML (a required format) and as JSON.

A value is a mapping (an element), a sequence (elements of one name), or a text, number, truth, instant or nothing. XML
is built by the library, element by element, never from pieces of text; strangers' texts come here without what XML
cannot hold. Nothing here reads XML: clients send forms.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from xml.etree import ElementTree as ET

from starlette.responses import Response


class Format(StrEnum):
    """The formats; a request names one at the end of its address."""

    XML = "xml"
    JSON = "json"

    @property
    def media_type(self) -> str:
        """What it is called in HTTP."""
        return {Format.XML: "text/xml", Format.JSON: "application/json"}[self]


@dataclass(frozen=True, slots=True)
class Named:
    """A value with the name of its root in XML; `each` names the members where it is a list."""

    root: str
    value: object
    each: str = ""


# What the members of a list are called, by the name of the list.
_MEMBERS = {"attributes": "attribute", "values": "value", "endpoints": "endpoint", "formats": "format"}


def respond(named: Named, form: Format, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """Write a value as a response, in UTF-8 as its content type says."""
    body = to_xml(named) if form is Format.XML else to_json(named)
    return Response(body, status, dict(headers or {}), f"{form.media_type}; charset=utf-8")


def to_json(named: Named) -> bytes:
    """Write a value as JSON."""
    return json.dumps(named.value, ensure_ascii=False, default=_plain).encode()


def to_xml(named: Named) -> bytes:
    """Write a value as XML with its declaration."""
    root = ET.Element(named.root)
    _fill(root, named.value, named.each)
    ET.indent(root)
    return b'<?xml version="1.0" encoding="UTF-8"?>\n' + bytes(ET.tostring(root, encoding="utf-8")) + b"\n"


def _fill(element: ET.Element, value: object, each: str) -> None:
    match value:
        case None:
            pass
        case str():
            element.text = value
        case bool():
            element.text = "true" if value else "false"
        case Mapping():
            for name, inner in value.items():
                _fill(ET.SubElement(element, str(name)), inner, _MEMBERS.get(str(name), ""))
        case Sequence():
            for inner in value:
                _fill(ET.SubElement(element, each), inner, "")
        case dt.datetime():
            element.text = _instant(value)
        case _:
            element.text = str(value)


def _plain(value: object) -> object:
    match value:
        case dt.datetime():
            return _instant(value)
        case Mapping():
            return dict(value)
        case _:
            raise TypeError(f"{type(value).__name__} has no JSON form")


def _instant(value: dt.datetime) -> str:
    """Write an instant in the W3C's form, whole seconds in UTC."""
    return value.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
