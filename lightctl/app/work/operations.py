"""Work operations: verbs on work orders, each with the role it needs. A part of `Operations`."""

from __future__ import annotations

import datetime as dt

from lightctl.app.asking import NO_GUARD, Actor, Guard, Role, require
from lightctl.app.desk import Desk
from lightctl.app.work import listing, orders
from lightctl.app.work.orders import Opening
from lightctl.app.work.views import WorkOrderView, WorkStatsView


class WorkOperations:
    """Work orders: technicians open, write and close; operators give them out and cancel them."""

    _desk: Desk

    def work_list(
        self,
        actor: Actor,
        *,
        state: str | None = None,
        assignee: str | None = None,
        select: str | None = None,
        limit: int = 100,
    ) -> tuple[WorkOrderView, ...]:
        """Give the newest orders, those under way unless a state (or `all`) is asked for."""
        require(actor, Role.VIEWER)
        return listing.listed(self._desk, state, assignee, select, limit)

    def work_show(self, actor: Actor, number: int) -> WorkOrderView:
        """Give one order with its notes; raises UnknownTarget."""
        require(actor, Role.VIEWER)
        return listing.shown(self._desk, orders.found(self._desk, number))

    def work_export(self, actor: Actor, since: dt.datetime, until: dt.datetime) -> tuple[WorkOrderView, ...]:
        """Give every order that was under way at some time in a span, oldest first."""
        require(actor, Role.VIEWER)
        return listing.exported(self._desk, since, until)

    def work_stats(self, actor: Actor, since: dt.datetime, until: dt.datetime, by: str = "event") -> WorkStatsView:
        """Give the times to repair of what was done in a span."""
        require(actor, Role.VIEWER)
        return listing.statistics(self._desk, since, until, by)

    def work_open(
        self, actor: Actor, opening: Opening, *, note: str = "", photo: str = "", guard: Guard = NO_GUARD
    ) -> WorkOrderView:
        """Open an order, or answer with the one that is under way for the same."""
        require(actor, Role.TECHNICIAN)
        return orders.open_(self._desk, actor, opening, note, photo, guard)

    def work_note(
        self, actor: Actor, number: int, text: str, photo: str = "", guard: Guard = NO_GUARD
    ) -> WorkOrderView:
        """Write something down on an order."""
        require(actor, Role.TECHNICIAN)
        return orders.note_(self._desk, actor, number, text, photo, guard)

    def work_close(
        self,
        actor: Actor,
        number: int,
        cause: str,
        *,
        note: str = "",
        despite_fault: bool = False,
        guard: Guard = NO_GUARD,
    ) -> WorkOrderView:
        """Close an order as done; SafetyRefused while its fault is open, unless that is said to be known."""
        require(actor, Role.TECHNICIAN)
        return orders.close(self._desk, actor, number, cause, note, guard, despite_fault=despite_fault)

    def work_assign(self, actor: Actor, number: int, assignee: str, guard: Guard = NO_GUARD) -> WorkOrderView:
        """Give an order to somebody."""
        require(actor, Role.OPERATOR)
        return orders.assign(self._desk, actor, number, assignee, guard)

    def work_cancel(self, actor: Actor, number: int, guard: Guard = NO_GUARD) -> WorkOrderView:
        """Give an order up."""
        require(actor, Role.OPERATOR)
        return orders.cancel(self._desk, actor, number, guard)
