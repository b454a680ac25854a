"""JSON fields of foreign makes: reading levels, numbers and flags out of an object, and putting them in."""

from __future__ import annotations

from lightctl.devices.maps import FlagField, LevelField, MqttMap
from lightctl.domain.assets import FULL_LEVEL
from lightctl.domain.errors import InvalidInput

Json = dict[str, object]
NUMBER_CAP = 1e12


def get(content: Json, path: str) -> object:
    """Give what stands at a path (a dot goes one object deeper), None where there is nothing."""
    found: object = content
    for key in path.split("."):
        if not isinstance(found, dict):
            return None
        found = found.get(key)
    return found


def put(content: Json, path: str, value: object) -> None:
    """Set what stands at a path, making the objects on the way."""
    *parents, last = path.split(".")
    for key in parents:
        deeper = content.setdefault(key, {})
        assert isinstance(deeper, dict)
        content = deeper
    content[last] = value


def number(content: Json, path: str, where: str) -> float | None:
    """Give the number at a path, None where there is none; raises InvalidInput for anything else."""
    value = get(content, path)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not -NUMBER_CAP <= value <= NUMBER_CAP:
        raise InvalidInput(where, f"{path} is no usable number")
    return float(value)


def flag(content: Json, field: FlagField) -> bool:
    """Say whether a flag is raised; true and 1 are different values."""
    value = get(content, field.field)
    return type(value) is type(field.when) and value == field.when


def read_level(content: Json, fields: MqttMap, where: str) -> int | None:
    """Give the level (percent) an object speaks of, None when it speaks of none; raises InvalidInput."""
    raw = number(content, fields.level.field, where)
    if raw is not None and not 0 <= raw <= fields.level.full:
        raise InvalidInput(where, f"{fields.level.field} is outside 0..{fields.level.full:g}")
    if fields.on:
        state = get(content, fields.on.field)
        if state is not None and (type(state), state) == (type(fields.on.off), fields.on.off):
            return 0
        if state is not None and (type(state), state) != (type(fields.on.on), fields.on.on):
            raise InvalidInput(where, f"{fields.on.field} is neither {fields.on.on!r} nor {fields.on.off!r}")
    if raw is None:
        return None
    return max(1, round(raw * FULL_LEVEL / fields.level.full)) if raw else 0


def raw_level(level: int, field: LevelField) -> float | int:
    """Give a level (percent) on the make's own scale; above 0 it stays above 0."""
    raw = level * field.full / FULL_LEVEL
    if not field.integer:
        return round(raw, 6)
    return max(1, round(raw)) if level else 0
