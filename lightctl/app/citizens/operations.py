"""Citizen operations: the public's verbs, which the Open311 door opens, and those of the city's people.

A part of `Operations`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from lightctl.app.asking import NO_GUARD, Actor, Guard, Role, require
from lightctl.app.citizens import answering, intake, ruling
from lightctl.app.citizens.answering import Query
from lightctl.app.citizens.intake import Given
from lightctl.app.citizens.ruling import Sought
from lightctl.app.citizens.views import CitizenReportView, PublicRequestView, TakenView
from lightctl.app.desk import Desk
from lightctl.files.settings_citizens import CitizenSettings

PUBLIC = "open311"
"""The origin of whoever comes through the Open311 door without a token of ours; that door has let them in."""


class CitizenOperations:
    """Citizen reports: everybody whom the door lets in reports and reads what is public; operators rule."""

    _desk: Desk

    @property
    def citizen_settings(self) -> CitizenSettings:
        """What the settings say of citizen reports."""
        return self._desk.settings.citizens

    # -- the public -----------------------------------------------------------------------------------------------

    def citizen_take(self, actor: Actor, given: Given) -> TakenView:
        """Keep a report."""
        _let_in(actor, Role.TECHNICIAN)
        return intake.take(self._desk, actor, given)

    def citizen_public(self, actor: Actor, query: Query) -> tuple[PublicRequestView, ...]:
        """Give what the public may see of reports."""
        _let_in(actor, Role.VIEWER)
        return answering.answer(self._desk, query)

    def citizen_public_one(self, actor: Actor, number: int) -> PublicRequestView:
        """Give what the public may see of one report; raises UnknownTarget."""
        _let_in(actor, Role.VIEWER)
        return answering.answer_one(self._desk, number)

    def citizen_token(self, actor: Actor, token: str) -> str | None:
        """Give the number of the report a token stands for, None while it waits; raises UnknownTarget."""
        _let_in(actor, Role.VIEWER)
        return answering.number_of(self._desk, token)

    # -- the city -------------------------------------------------------------------------------------------------

    def citizen_list(self, actor: Actor, sought: Sought) -> tuple[CitizenReportView, ...]:
        """Give the newest reports, open ones unless all are asked for."""
        require(actor, Role.VIEWER)
        return ruling.listed(self._desk, sought)

    def citizen_show(self, actor: Actor, number: int) -> CitizenReportView:
        """Give one report; who made it is told to operators alone. Raises UnknownTarget."""
        require(actor, Role.VIEWER)
        return ruling.shown(self._desk, actor, number)

    def citizen_accept(
        self, actor: Actor, numbers: Sequence[int], guard: Guard = NO_GUARD
    ) -> tuple[CitizenReportView, ...]:
        """Let the public see reports."""
        require(actor, Role.OPERATOR)
        return ruling.accept(self._desk, actor, numbers, guard)

    def citizen_close(self, actor: Actor, number: int, note: str, guard: Guard = NO_GUARD) -> CitizenReportView:
        """Close a report with a word for the public."""
        require(actor, Role.OPERATOR)
        return ruling.close(self._desk, actor, number, note, guard)

    def citizen_link(
        self,
        actor: Actor,
        number: int,
        *,
        light_point: str | None = None,
        fault: int | None = None,
        guard: Guard = NO_GUARD,
    ) -> CitizenReportView:
        """Say which light point a report means, or which fault it is the sight of."""
        require(actor, Role.OPERATOR)
        return ruling.link(self._desk, actor, number, light_point, fault, guard)

    def citizen_forget(self) -> int:
        """Erase who made old reports, and old closed reports, as the settings say; gives how many rows went."""
        now, settings = self._desk.now(), self._desk.settings
        return self._desk.store.forget_reports(
            now - dt.timedelta(days=settings.citizens.retention_days),
            now - dt.timedelta(days=settings.store.journal_days),
        )


def _let_in(actor: Actor, role: Role) -> None:
    if actor.origin != PUBLIC:
        require(actor, role)
