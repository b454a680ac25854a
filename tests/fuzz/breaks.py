"""Breaks: ways to spoil the guard of each door on purpose. A search that does not find them finds nothing."""

from __future__ import annotations

import contextlib
import tomllib
from collections.abc import Iterator
from types import SimpleNamespace
from unittest import mock

import msgspec

from lightctl.domain.selectors import EVERYTHING, Operator, Selector, Term
from lightctl.files.fields import Text


def _bare_json(payload, kind, where):
    return msgspec.json.decode(payload, type=kind)


def _unchecked_value(words, type_, word_order, scale, invalid):
    return float("nan") if words and words[0] == 0xFFFF else words[0] * scale


def _unchecked_level(sheet, node, what):
    return int(node.text) if isinstance(node, Text) else 0


def _bare_selector(text):
    if text == "*":
        return EVERYTHING
    key, value = text.split("=")
    return Selector((Term(key, Operator.EQUALS, (value,)),))


def _bare_toml(text):
    try:
        return tomllib.loads(text)
    except ValueError as error:
        raise RuntimeError("an error of the library") from error


_BARE_TOMLLIB = SimpleNamespace(loads=_bare_toml, TOMLDecodeError=tomllib.TOMLDecodeError)

BREAKS = {
    "mqtt": ("lightctl.devices.native.read_json", _bare_json),
    "node_end": ("lightctl.devices.native_node.read_json", _bare_json),
    "registers": ("lightctl.devices.values.decode_value", _unchecked_value),
    "http": ("lightctl.app.operations.parse_selector", _bare_selector),
    "schedules": ("lightctl.files.program_files.level_of", _unchecked_level),
    "inventory_csv": ("lightctl.files.inventory._conflicts", lambda *_: []),
    "inventory_geojson": ("lightctl.files.rows._position", lambda geometry: tuple(map(str, geometry["coordinates"]))),
    "mapping": ("lightctl.files.mapping.tomllib", _BARE_TOMLLIB),
    "settings": ("lightctl.files.settings._as_invalid_input", lambda error, _layers: error),
    "settlement": ("lightctl.files.settlement._trailer", lambda *_: None),
    "words": ("lightctl.files.expressions.parse_duration", lambda text, **_: int(text)),
}


@contextlib.contextmanager
def broken(target: str) -> Iterator[None]:
    """Spoil the guard of a target for the time of the block; "" spoils nothing."""
    if not target:
        yield
        return
    place, instead = BREAKS[target]
    with mock.patch(place, instead):
        yield
