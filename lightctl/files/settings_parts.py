"""What every section of the settings is made of."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from lightctl.domain.errors import InvalidInput
from lightctl.files.expressions import parse_clock_time


def _wall_seconds(value: object) -> int:
    try:
        return parse_clock_time(value if isinstance(value, str) else str(value)).seconds
    except InvalidInput as error:
        raise ValueError(f"{error.why}. {error.hint}") from None


WALL_TIME = BeforeValidator(_wall_seconds)
WallTime = Annotated[int, WALL_TIME]
Seconds = Annotated[float, Field(gt=0, le=86_400)]


class Section(BaseModel):
    """A section of the settings: strict, frozen, and it never shows what was written."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False, hide_input_in_errors=True)
