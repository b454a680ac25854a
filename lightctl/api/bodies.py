"""What requests carry: strict shapes. An unknown key, a wrong type or a level outside 0..100 is refused by name."""

from __future__ import annotations

import datetime as dt
import re
from typing import Annotated, Literal

from pydantic import AfterValidator, AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from lightctl.app.asking import Guard, Target
from lightctl.app.rollouts.steering import Manner
from lightctl.domain.rollouts import OnFailure

_RFC_3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?(Z|[+-]\d\d:\d\d)", re.IGNORECASE | re.ASCII)
_FIRST = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_LAST = dt.datetime(2101, 1, 1, tzinfo=dt.UTC)


def _only_rfc_3339(value: object) -> object:
    if not isinstance(value, str) or not _RFC_3339.fullmatch(value):
        raise ValueError("write an RFC 3339 instant with its offset, such as 2026-11-23T21:00:00Z")
    return value


def _utc(value: dt.datetime) -> dt.datetime:
    if not _FIRST <= value < _LAST:
        raise ValueError("the instant lies outside the years 1970 to 2100")
    return value.astimezone(dt.UTC)


Instant = Annotated[AwareDatetime, Field(strict=False), BeforeValidator(_only_rfc_3339), AfterValidator(_utc)]
Name = Annotated[str, Field(min_length=1, max_length=64)]
SelectorText = Annotated[str, Field(min_length=1, max_length=4000)]


class Strict(BaseModel):
    """Refuses unknown keys and converts nothing."""

    model_config = ConfigDict(strict=True, extra="forbid")


class TargetBody(Strict):
    """What a verb acts on: exactly one of the four."""

    model_config = ConfigDict(json_schema_extra={"minProperties": 1, "maxProperties": 1})

    id: Name | None = Field(None, description="one light point")
    group: Name | None = Field(None, description="a group by name")
    select: SelectorText | None = Field(None, description="a selector, as in files and on the command line")
    ids: list[Name] | None = Field(None, description="light points by id", min_length=1)

    @model_validator(mode="after")
    def _exactly_one(self) -> TargetBody:
        given = self.model_fields_set
        if len(given) != 1 or all(getattr(self, name) is None for name in given):
            raise ValueError("give exactly one of id, group, select and ids")
        return self

    def target(self) -> Target:
        """Give the target as operations take it."""
        return Target(self.id, self.group, self.select, tuple(self.ids or ()))


class WriteBody(Strict):
    """What every write takes: try only, why (goes into the audit), and how many lamps it may touch."""

    dry_run: bool = False
    reason: str = Field("", max_length=500)
    max_affected: int | None = Field(None, ge=0, le=10_000_000)

    def guard(self) -> Guard:
        """Give the guard as operations take it."""
        return Guard(self.dry_run, self.reason, self.max_affected)


class TargetedBody(WriteBody):
    """A write on light points."""

    target: TargetBody


class LevelBody(TargetedBody):
    """A manual level with its beginning and end; without `start` it begins now, without `until` it lasts 30 minutes."""

    level: int = Field(ge=0, le=100, description="percent, 0 is off")
    start: Instant | None = None
    until: Instant | None = None


class ImportBody(WriteBody):
    """An inventory file as text; `name` is what messages call it, `mapping` the text of a mapping file (TOML)."""

    text: str
    format: Literal["csv", "geojson"] = "csv"
    name: str = Field("inventory", min_length=1, max_length=200)
    mapping: str | None = None
    skip_bad_rows: bool = False


class PlanBody(Strict):
    """Schedule files as name -> text; together they would replace the whole intent."""

    files: dict[Annotated[str, Field(min_length=1, max_length=200)], str] = Field(min_length=1)
    max_affected: int | None = Field(None, ge=0, le=10_000_000)
    accept_losses: bool = Field(False, description="what nodes cannot do of it is accepted, as the plan names it")


class ScheduleWrite(WriteBody):
    """A change of the schedules."""

    accept_losses: bool = Field(False, description="what nodes cannot do of it is accepted, as the plan names it")

    def guard(self) -> Guard:
        """Give the guard as operations take it."""
        return Guard(self.dry_run, self.reason, self.max_affected, self.accept_losses)


class ApplyBody(ScheduleWrite, PlanBody):
    """A plan's files; with `plan`, its id, they are refused when they would do something else by now."""

    plan: str | None = Field(None, min_length=1, max_length=64)


class RolloutBody(ApplyBody):
    """A plan's files, and how they are brought to the street; shares are percentages or numbers of nodes."""

    canary: str = Field("1%", max_length=20, description="how many nodes move first")
    waves: list[Annotated[str, Field(max_length=20)]] = Field(
        ["10%", "50%", "100%"], max_length=50, description="how many have moved after each wave"
    )
    window: str | None = Field(None, max_length=20, description="when nodes may move, by the city's clock: 22:00-05:00")
    max_failures: str = Field("5%", max_length=20, description="share of those that moved that may fail")
    on_failure: Literal["pause", "undo"] = "pause"
    soak_s: float = Field(600, ge=0, le=2_592_000, description="how long each wave is watched")
    pace: int = Field(10, ge=1, le=100_000, description="nodes a second and feeder")

    def manner(self) -> Manner:
        """Give the manner as operations take it."""
        return Manner(
            canary=self.canary,
            waves=tuple(self.waves),
            window=self.window,
            max_failures=self.max_failures,
            on_failure=OnFailure(self.on_failure),
            soak_s=self.soak_s,
            pace=self.pace,
        )


class UndoBody(ScheduleWrite):
    """A way back to an earlier version of the schedules; without `to` the one before."""

    to: int | None = Field(None, ge=1, le=1_000_000_000)


class WordBody(Strict):
    """A word that needs nothing more: an approval, a pause, an undo."""

    dry_run: bool = False
    reason: str = Field("", max_length=500)


class ResumeBody(WordBody):
    """A word to go on with a roll-out; with `max_failures` its limit changes."""

    max_failures: str | None = Field(None, max_length=20)


class TokenBody(Strict):
    """A token to make."""

    name: str = Field(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9_-]{1,64}$")
    role: Literal["viewer", "technician", "operator"]
    expires_at: Instant | None = None
    dry_run: bool = False
    reason: str = Field("", max_length=500)
