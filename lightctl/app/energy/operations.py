"""Energy operations: what anybody may ask of energy. A part of `Operations`."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

from lightctl.app.asking import Actor, Role, require
from lightctl.app.desk import Desk
from lightctl.app.energy import balance, forecast, indicators, profile, report
from lightctl.app.energy.forecast import ForecastDraft
from lightctl.app.energy.indicators import IndicatorsDraft
from lightctl.app.energy.views import BalanceView, EnergyView, ProfileView
from lightctl.app.steps import Steps
from lightctl.domain.selectors import parse_selector


class EnergyOperations:
    """Reports, balances, profiles, forecasts and indicators. Long ones come in steps: see app/steps.py."""

    _desk: Desk

    def energy_report(
        self,
        actor: Actor,
        since: dt.datetime,
        until: dt.datetime,
        by: str,
        *,
        baseline: str | None = None,
        select: str = "*",
    ) -> Steps[EnergyView]:
        """Report what light points used."""
        require(actor, Role.VIEWER)
        points = self._desk.fleet.select(parse_selector(select))
        return report.report_steps(self._desk, since, until, by, baseline=baseline, points=points)

    def energy_balance(self, actor: Actor, since: dt.datetime, until: dt.datetime) -> Steps[BalanceView]:
        """Hold cabinets' meters against their lamps."""
        require(actor, Role.VIEWER)
        return balance.balance_steps(self._desk, since, until)

    def energy_profile(
        self, actor: Actor, since: dt.datetime, until: dt.datetime, select: str = "*"
    ) -> Steps[ProfileView]:
        """Give what was used half hour by half hour."""
        require(actor, Role.VIEWER)
        return profile.profile_steps(self._desk, since, until, self._desk.fleet.select(parse_selector(select)))

    def energy_forecast(
        self, actor: Actor, files: Mapping[str, str], since: dt.datetime | None, until: dt.datetime | None, by: str
    ) -> ForecastDraft:
        """Read what a forecast of these files, or of the schedules in force, needs."""
        require(actor, Role.VIEWER)
        return forecast.draft(self._desk, files, since, until, by)

    def energy_indicators(self, actor: Actor, year: int | None, by: str) -> IndicatorsDraft:
        """Read what the indicators of EN 13201-5 need."""
        require(actor, Role.VIEWER)
        return indicators.draft(self._desk, year, by)
