"""Settings of luminaire types: what a lamp of each draws, and how far off is a fault."""

from __future__ import annotations

from itertools import pairwise

from pydantic import Field, field_validator, model_validator

from lightctl.files.settings_parts import Section

MAX_WATTS = 10_000.0
TOP_LEVEL = 100
# Electronic gear may lose a little more at a lower level; a table that falls further is a slip of the pen.
LEAST_RISE = 0.95


class LuminaireSettings(Section):
    """A luminaire type; light points name theirs in the tag `luminaire`."""

    rated_power_w: float | None = Field(
        default=None, gt=0, le=MAX_WATTS, description="System power of one lamp with its gear at full level, in W."
    )
    standby_power_w: float | None = Field(
        default=None, ge=0, le=MAX_WATTS, description="Power of one lamp that is off, gear and node together, in W."
    )
    power_table: dict[str, float] = Field(
        default_factory=dict,
        description='Watts of one lamp by level, `{"10" = 9.5, "50" = 24}`; straight lines between, and without it.',
    )
    power_tolerance_percent: float = Field(
        default=20.0, gt=0, le=100, description="How far a lamp's power may be off before it is a fault, in percent."
    )
    power_factor_threshold: float = Field(
        default=0.0, ge=0, le=1, description="Lowest good power factor at full level; 0 where none is known."
    )
    former_power_w: float | None = Field(
        default=None,
        gt=0,
        le=MAX_WATTS,
        description="System power of the lamp it replaced, in W; a light point's tag former_power_w goes before it.",
    )

    @field_validator("power_table")
    @classmethod
    def _in_order(cls, table: dict[str, float]) -> dict[str, float]:
        for level, watts in table.items():
            if not (level.isascii() and level.isdigit() and 0 < int(level) < TOP_LEVEL and level == str(int(level))):
                raise ValueError(
                    f"{level!r} is no level. Write whole percents from 1 to 99; standby_power_w and rated_power_w say "
                    "what is drawn at 0 and at 100"
                )
            if not 0 <= watts <= MAX_WATTS:
                raise ValueError(f"{watts} W at level {level} is not a lamp's. Write 0 to {MAX_WATTS:g}")
        return dict(sorted(table.items(), key=lambda each: int(each[0])))

    @model_validator(mode="after")
    def _rising(self) -> LuminaireSettings:
        if self.power_table and self.rated_power_w is None:
            raise ValueError("a power_table needs rated_power_w, to know which lamp it was measured at")
        if (self.standby_power_w or 0.0) > (self.rated_power_w or MAX_WATTS):
            raise ValueError("standby_power_w is above rated_power_w")
        steps = [
            ("0", self.standby_power_w or 0.0),
            *self.power_table.items(),
            ("100", self.rated_power_w or MAX_WATTS),
        ]
        for (below, low), (above, high) in pairwise(steps):
            if high < low * LEAST_RISE:
                raise ValueError(f"power_table falls from {low:g} W at level {below} to {high:g} W at level {above}")
        return self
