"""Settings as text: one row per key for the documentation, and a commented file to start from."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from types import NoneType, UnionType
from typing import Annotated, Literal, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from lightctl.files.settings_links import MqttLinkSettings
from lightctl.files.settings_model import Settings
from lightctl.files.settings_parts import WALL_TIME

_TYPE_NAMES = {
    "str": "text",
    "int": "integer",
    "float": "number",
    "bool": "true or false",
    "AwareDatetime": "date and time",
    "date": "date",
    "dict": "table",
    "tuple": "list",
}


@dataclass(frozen=True, slots=True)
class SettingRow:
    """One key, its type, its default as TOML ("" when it is required, or nothing stands in for it).

    key: `section.key`; `section.NAME.key` where the section holds named ones, with ` (kind)` where they are of kinds.
    """

    key: str
    type: str
    default: str
    description: str


def section_models(section: str) -> tuple[type[BaseModel], ...]:
    """Give the model of a section, or of the named ones in it, one for each kind; none for an unknown section."""
    field = Settings.model_fields.get(section)
    if field is None:
        return ()
    annotation = get_args(field.annotation)[1] if is_named(section) else field.annotation
    if get_origin(annotation) is Annotated:
        annotation = get_args(annotation)[0]
    candidates = get_args(annotation) or (annotation,)
    return tuple(model for model in candidates if isinstance(model, type) and issubclass(model, BaseModel))


def is_named(section: str) -> bool:
    """Say whether a section holds any number of named ones: `[links.city]`, `[luminaires.led-50]`."""
    return get_origin(Settings.model_fields[section].annotation) is dict


def describe_settings() -> tuple[SettingRow, ...]:
    """Give every key there is, in the order of docs/settings.md."""
    rows: list[SettingRow] = []
    for section in Settings.model_fields:
        place = f"{section}.NAME" if is_named(section) else section
        for model in section_models(section):
            kind = _kind(model)
            rows += [_row(f"{place}.{name}{kind}", field) for name, field in _fields(model)]
    return tuple(rows)


def _fields(model: type[BaseModel]) -> list[tuple[str, FieldInfo]]:
    """Give the keys of a section, the one that says its kind first."""
    return sorted(model.model_fields.items(), key=lambda item: item[0] != "type")


def _kind(model: type[BaseModel]) -> str:
    field = model.model_fields.get("type")
    return "" if field is None else f" ({get_args(field.annotation)[0]})"


def default_settings_toml(
    *, name: str = "", time_zone: str = "Europe/Berlin", directory: str = ".lightctl", broker: str = ""
) -> str:
    """Write a settings file to start from: what is given is set, every other key stands there as a comment."""
    given = {"site.name": name, "site.time_zone": time_zone, "store.directory": directory}
    lines = ["# lightctl settings. Every key is explained in docs/settings.md; a line with # shows the default.", ""]
    for section in Settings.model_fields:
        if section == "links":
            lines += _links(broker)
            continue
        # A run on another clock, or one of a name, has to be asked for: its very section would make one.
        if not is_named(section):
            lines.append(f"# [{section}]" if section == "clock" else f"[{section}]")
        for model in section_models(section):
            lines += [f"# [{section}.NAME]"] if is_named(section) else []
            for key, field in _fields(model):
                value = json.dumps(given[f"{section}.{key}"]) if given.get(f"{section}.{key}") else ""
                lines += _lines(key, field, value)
        lines.append("")
    return "\n".join(lines).rstrip() + "\n"


def _links(broker: str) -> Iterator[str]:
    yield "# Links to the street: one section each, named as in the inventory's column link. Kinds: mqtt, modbus_tcp,"
    yield "# modbus_rtu; docs/settings.md has the keys of the other two."
    yield "[links.mqtt]"
    for key, field in MqttLinkSettings.model_fields.items():
        if key == "type":
            yield 'type = "mqtt"'
        elif key not in ("host", "port", "tls"):
            yield from _lines(key, field, json.dumps(broker) if key == "url" and broker else "")
    yield ""


def _lines(key: str, field: FieldInfo, value: str) -> list[str]:
    only = get_args(field.annotation) if key == "type" else ()
    shown = f"{key} = {value}" if value else f"# {key} = {json.dumps(only[0]) if only else _default(field)}".rstrip()
    return [f"# {field.description}", shown]


def _row(key: str, field: FieldInfo) -> SettingRow:
    return SettingRow(key, _type_name(field), _default(field), field.description or "")


def _default(field: FieldInfo) -> str:
    value = None if field.is_required() else field.get_default(call_default_factory=True)
    if value is None:
        return ""
    return "{}" if value == {} else json.dumps(value, ensure_ascii=False)


def _type_name(field: FieldInfo) -> str:
    if WALL_TIME in field.metadata:
        return "HH:MM"
    annotation = field.annotation
    if get_origin(annotation) is Annotated:
        annotation = get_args(annotation)[0]
    if isinstance(annotation, UnionType):  # a key that may be left out
        annotation = next(each for each in get_args(annotation) if each is not NoneType)
    if get_origin(annotation) is Literal:
        return " or ".join(str(value) for value in get_args(annotation))
    name = getattr(annotation, "__name__", str(annotation))
    return _TYPE_NAMES.get(name, name)
