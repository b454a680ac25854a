"""Fault operations: who may look at faults, acknowledge and silence them. A part of `Operations`."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence

from lightctl.app.asking import Actor, Guard, Role, Target, require
from lightctl.app.desk import Desk
from lightctl.app.faults import listing, marking
from lightctl.app.faults.listing import Wanted
from lightctl.app.faults.views import FaultDetailView, FaultView, MarkedView, SilenceView


class FaultOperations:
    """Faults: viewers look, technicians acknowledge, operators silence."""

    _desk: Desk

    def fault_list(
        self,
        actor: Actor,
        *,
        open_only: bool = False,
        limit: int = 100,
        suppressed: bool = False,
        state: str | None = None,
        event: str | None = None,
        target: Target | None = None,
        since: dt.datetime | None = None,
    ) -> Iterator[FaultView]:
        """Give the newest faults, with `suppressed` also those that a maintenance kept from being alarms."""
        require(actor, Role.VIEWER)
        return listing.listed(self._desk, Wanted(open_only, suppressed, state, event, target, since), limit)

    def fault_show(self, actor: Actor, fault_id: int) -> FaultDetailView:
        """Give one fault with what it explains, what was said and what to do; raises UnknownTarget."""
        require(actor, Role.VIEWER)
        return listing.detail(self._desk, fault_id)

    def silence_list(self, actor: Actor, *, ended: bool = False, limit: int = 100) -> tuple[SilenceView, ...]:
        """Give the newest Silences that hold, with `ended` also those that are over."""
        require(actor, Role.VIEWER)
        return listing.silences(self._desk, ended=ended, limit=limit)

    def fault_acknowledge(self, actor: Actor, ids: Sequence[int], guard: Guard) -> MarkedView:
        """Say that somebody has taken faults on."""
        require(actor, Role.TECHNICIAN)
        return marking.acknowledge(self._desk, actor, ids, guard)

    def fault_silence(self, actor: Actor, ids: Sequence[int], until: dt.datetime, guard: Guard) -> MarkedView:
        """Keep faults from being alarms until an instant."""
        require(actor, Role.OPERATOR)
        return marking.silence(self._desk, actor, ids, until, guard)

    def fault_silence_event(
        self, actor: Actor, event: str, target: Target, until: dt.datetime, guard: Guard
    ) -> MarkedView:
        """Keep an event from being an alarm at a target until an instant."""
        require(actor, Role.OPERATOR)
        return marking.silence_event(self._desk, actor, event, target, until, guard)

    def fault_unsilence(self, actor: Actor, ids: Sequence[int], silences: Sequence[str], guard: Guard) -> MarkedView:
        """Let faults be alarms again, by number or by the Silence that keeps them quiet."""
        require(actor, Role.OPERATOR)
        return marking.unsilence(self._desk, actor, ids, silences, guard)
