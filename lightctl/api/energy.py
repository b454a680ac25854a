"""The addresses of energy: reports, balances, profiles, forecasts, indicators. They change nothing."""

from __future__ import annotations

from typing import Annotated, Literal, TypeVar

from fastapi import APIRouter, Query, Response
from pydantic import Field

from lightctl.api.bodies import Instant, Strict
from lightctl.api.calls import Calling
from lightctl.api.reads import READ_PROBLEMS, Select
from lightctl.api.shapes import Shape
from lightctl.app.energy import forecast as forecasts
from lightctl.app.energy import indicators as energy_indicators
from lightctl.app.energy.views import BalanceView, EnergyView, ForecastView, IndicatorsView, ProfileView

T = TypeVar("T")
BY_WORDS = "group, cabinet, road_class, kind, luminaire, id, tag:KEY, month or night"

router = APIRouter(prefix="/v1/energy", responses=READ_PROBLEMS)

Since = Annotated[Instant, Query(description="the beginning of the period")]
Until = Annotated[Instant, Query(description="the end of it, now at most")]
By = Annotated[str, Query(min_length=1, max_length=70, description=BY_WORDS)]
_REPORT, _BALANCE = Shape(EnergyView), Shape(BalanceView)
_PROFILE, _FORECAST = Shape(ProfileView), Shape(ForecastView)
_INDICATORS = Shape(IndicatorsView)


class ForecastBody(Strict):
    """Schedule files as name -> text, none for those in force; the period, the coming year if it is not given."""

    files: dict[Annotated[str, Field(min_length=1, max_length=200)], str] = Field(default_factory=dict)
    since: Instant | None = None
    until: Instant | None = None
    by: str = Field("group", min_length=1, max_length=70, description=BY_WORDS)


@router.get("/report", response_model=EnergyView)
async def report(
    call: Calling,
    since: Since,
    until: Until,
    by: By = "group",
    baseline: Literal["all_night", "before_retrofit"] | None = None,
    select: Select = "*",
) -> Response:
    """Report what light points used: metered, else estimated, against a baseline, with cost and carbon dioxide."""
    return await call.stepped(
        lambda ops, actor: ops.energy_report(actor, since, until, by, baseline=baseline, select=select),
        _REPORT,
    )


@router.get("/balance", response_model=BalanceView)
async def balance(call: Calling, since: Since, until: Until) -> Response:
    """Hold each cabinet's meter against the sum of its lamps."""
    return await call.stepped(lambda ops, actor: ops.energy_balance(actor, since, until), _BALANCE)


@router.get("/profile", response_model=ProfileView)
async def profile(call: Calling, since: Since, until: Until, select: Select = "*") -> Response:
    """Give what light points used half hour by half hour."""
    return await call.stepped(lambda ops, actor: ops.energy_profile(actor, since, until, select), _PROFILE)


@router.get("/indicators", response_model=IndicatorsView)
async def indicators(
    call: Calling,
    by: By = "group",
    year: Annotated[int | None, Query(ge=1970, le=2100, description="a calendar year; this one if not given")] = None,
) -> Response:
    """Give the indicators of EN 13201-5 of a year by the schedules in force."""
    drafted = await call.value(lambda ops, actor: ops.energy_indicators(actor, year, by))
    view = await call.away(lambda: energy_indicators.make(drafted))
    return _written(view, _INDICATORS)


@router.post("/forecast", response_model=ForecastView)
async def forecast(call: Calling, body: ForecastBody) -> Response:
    """Say what schedules would use, against those in force; changes nothing, errors in files are part of the answer."""
    drafted = await call.value(
        lambda ops, actor: ops.energy_forecast(actor, body.files, body.since, body.until, body.by)
    )
    view = await call.away(lambda: forecasts.make(drafted))
    return _written(view, _FORECAST)


def _written(view: T, shape: Shape[T]) -> Response:
    return Response(shape.json(view), media_type="application/json")
