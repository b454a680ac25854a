"""Operations of reports: anybody may look. A part of `Operations`."""

from __future__ import annotations

from lightctl.app.asking import Actor, Role, require
from lightctl.app.desk import Desk
from lightctl.app.reporting.lamp import MOST_NIGHTS, lamp_report
from lightctl.app.reporting.periods import Period, PeriodKind, month_period, night_period
from lightctl.app.reporting.street import StreetGathering
from lightctl.domain.errors import InvalidInput
from lightctl.reports.lamp import LampReport

EVERYTHING = "*"


class ReportOperations:
    """The night, the month and the lamp, for people to look at."""

    _desk: Desk

    def report_begin(
        self, actor: Actor, kind: PeriodKind, when: str | None = None, select: str = EVERYTHING
    ) -> StreetGathering:
        """Begin the report of a night (YYYY-MM-DD) or a month (YYYY-MM), without one of the last that is over."""
        require(actor, Role.VIEWER)
        period_of = night_period if kind is PeriodKind.NIGHT else month_period
        return StreetGathering(
            self._desk, period_of(when, self._desk.now(), self._desk.settings.site.time_zone), select
        )

    def report_of(self, actor: Actor, period: Period) -> StreetGathering:
        """Begin the report of a period of the whole city."""
        require(actor, Role.VIEWER)
        return StreetGathering(self._desk, period, EVERYTHING)

    def report_lamp(self, actor: Actor, light_id: str, nights: int = 30) -> LampReport:
        """Give the last nights of a light point, the present one included; raises UnknownTarget."""
        require(actor, Role.VIEWER)
        if not 1 <= nights <= MOST_NIGHTS:
            raise InvalidInput("nights", f"{nights} nights cannot be shown", hint=f"1 to {MOST_NIGHTS}.")
        return lamp_report(self._desk, light_id, nights)
