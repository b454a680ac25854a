"""One light point from texts by field: strict numbers, known names, and every problem at once."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping

from lightctl.domain.assets import FULL_LEVEL, ID_PATTERN, LifeCycle, LightPoint
from lightctl.files.findings import did_you_mean
from lightctl.files.mapping import WATTS_PER_UNIT, InventoryMapping

MAX_LAMPS = 10_000
MAX_CHANNEL = 65_535
MAX_POWER_W = 1_000_000.0
MAX_TEXT = 500
_NUMBER = re.compile(r"[+-]?[0-9]{1,20}(?:\.[0-9]{0,30})?(?:[eE][+-]?[0-9]{1,3})?|[+-]?\.[0-9]{1,30}")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u2028\u2029\ud800-\udfff]")
_NOT_IN_ADDRESS = re.compile(r"[\s+#]")
_STATES: Mapping[str, LifeCycle] = {state.value: state for state in LifeCycle}
_DEFAULT = LightPoint("-", 0.0, 0.0)

Problem = tuple[str, str]


def read_point(
    values: Mapping[str, str], tags: Mapping[str, str], mapping: InventoryMapping
) -> tuple[LightPoint | None, list[Problem]]:
    """Build a light point from texts by field; with problems (field, why) there is none."""
    fields = _Fields(values, mapping)
    point_id = fields.name("id", "")
    latitude, longitude = fields.position()
    point = LightPoint(
        id=point_id,
        latitude=latitude,
        longitude=longitude,
        kind=fields.text("kind"),
        road_class=fields.text("road_class"),
        lamps=fields.integer("lamps", _DEFAULT.lamps, 1, MAX_LAMPS),
        rated_power_w=fields.power("rated_power_w", _DEFAULT.rated_power_w),
        standby_power_w=fields.power("standby_power_w", _DEFAULT.standby_power_w) or 0.0,
        min_level=fields.integer("min_level", _DEFAULT.min_level, 0, FULL_LEVEL),
        node=fields.name("node", _DEFAULT.node),
        channel=fields.integer("channel", _DEFAULT.channel, 0, MAX_CHANNEL),
        cabinet=fields.name("cabinet", _DEFAULT.cabinet),
        profile=fields.name("profile", _DEFAULT.profile),
        link=fields.name("link", _DEFAULT.link),
        address=fields.address(),
        state=fields.state(),
        tags=tags,
    )
    problems = fields.problems
    problems += [(tag, "the text is too long or has control characters") for tag, text in tags.items() if _odd(text)]
    return (None, problems) if problems else (point, [])


class _Fields:
    def __init__(self, values: Mapping[str, str], mapping: InventoryMapping) -> None:
        self._values = values
        self._mapping = mapping
        self.problems: list[Problem] = []

    def _get(self, name: str) -> str:
        return self._values.get(name, "")

    def _refuse(self, name: str, why: str) -> None:
        self.problems.append((name, why))

    def text(self, name: str) -> str:
        text = self._get(name)
        if _odd(text):
            self._refuse(name, "the text is too long or has control characters")
        return text

    def name(self, name: str, default: str) -> str:
        text = self._get(name)
        if not text:
            if name == "id":
                self._refuse(name, "a light point needs an id")
            return default
        if not ID_PATTERN.fullmatch(text):
            self._refuse(name, "not a name: use up to 64 letters, digits, - and _")
        return text

    def address(self) -> str:
        text = self.text("address")
        if _NOT_IN_ADDRESS.search(text):
            self._refuse("address", "an address has no spaces and none of + and #")
        return text

    def position(self) -> tuple[float, float]:
        latitude = self._number("lat", -90.0, 90.0, "degrees north")
        longitude = self._number("lon", -180.0, 180.0, "degrees east")
        for name, value in (("lat", latitude), ("lon", longitude)):
            if value is None and not self._get(name):
                self._refuse(name, "a light point needs a position")
        return latitude or 0.0, longitude or 0.0

    def integer(self, name: str, default: int, lowest: int, highest: int) -> int:
        value = self._number(name, lowest, highest, "an integer")
        if value is None:
            return default
        if not value.is_integer():
            self._refuse(name, "not an integer")
        return int(value)

    def power(self, name: str, default: float | None) -> float | None:
        factor = WATTS_PER_UNIT[self._mapping.units.get(name, "W")]
        value = self._number(name, 0.0, MAX_POWER_W / factor, self._mapping.units.get(name, "W"))
        return default if value is None else round(value * factor, 6)

    def state(self) -> LifeCycle:
        text = self._get("state")
        if not text:
            return _DEFAULT.state
        if text not in _STATES:
            self._refuse("state", f"not a state of a light point. {did_you_mean(text, _STATES)}")
        return _STATES.get(text, _DEFAULT.state)

    def _number(self, name: str, lowest: float, highest: float, what: str) -> float | None:
        text = self._get(name)
        if not text:
            return None
        if self._mapping.decimal == ",":
            text = text.replace(",", ".")
        value = float(text) if _NUMBER.fullmatch(text) else math.nan
        if not math.isfinite(value):
            comma = ' (a decimal comma? set [csv] decimal = "," in a mapping file)' if "," in text else ""
            self._refuse(name, f"not a number{comma}")
            return None
        if not lowest <= value <= highest:
            self._refuse(name, f"outside {lowest:g}..{highest:g} ({what})")
            return None
        return value


def _odd(text: str) -> bool:
    return len(text) > MAX_TEXT or _CONTROL.search(text) is not None
