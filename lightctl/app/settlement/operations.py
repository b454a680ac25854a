"""Settlement operations: control files in and out, and what units did. A part of `Operations`."""

from __future__ import annotations

import datetime as dt

from lightctl.app.asking import Actor, Guard, Role, require
from lightctl.app.desk import Desk
from lightctl.app.settlement import log, register
from lightctl.app.settlement.log import DayLog
from lightctl.app.settlement.views import ControlView
from lightctl.app.views import ImportView
from lightctl.domain.selectors import parse_selector
from lightctl.domain.settlement import UnitDay


class SettlementOperations:
    """Unmetered supplies of the UK."""

    _desk: Desk

    def settlement_import(self, actor: Actor, text: str, *, name: str, skip_unknown: bool, guard: Guard) -> ImportView:
        """Put what a control file says into the tags of its light points, all units or none."""
        require(actor, Role.OPERATOR)
        return register.import_control(self._desk, actor, text, name=name, skip_unknown=skip_unknown, guard=guard)

    def settlement_export(
        self, actor: Actor, sub_meter: str, effective: dt.date, version: int, select: str | None
    ) -> ControlView:
        """Write the control file of a sub-meter."""
        require(actor, Role.VIEWER)
        selector = None if select is None else parse_selector(select)
        return register.export_control(self._desk, sub_meter, effective, version, selector)

    def settlement_day(self, actor: Actor, sub_meter: str, date: dt.date) -> DayLog:
        """Begin the log of a sub-meter's day; raises UnknownTarget."""
        require(actor, Role.VIEWER)
        return log.begin(self._desk, sub_meter, date)

    def settlement_part(self, actor: Actor, day: DayLog, start: int) -> tuple[UnitDay, ...]:
        """Give one part of a log that began."""
        require(actor, Role.VIEWER)
        return log.part(self._desk, day, start)
