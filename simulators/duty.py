"""Duty: what a node has its lamps do: by the document it holds, its local switch and its photocell.

In order: the local switch; an override until it ends; the document's switches while that is valid; and without any of
these full light while the sun is down. So it is a function of what the node holds and of the instant alone.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence

from lightctl.domain.states import ChannelDesired, DesiredState, Reason, Switch
from simulators.lamp import FULL_LEVEL
from simulators.node import NEVER, NodeSetup
from simulators.photocell import Photocell
from simulators.table import around

BEHIND = dt.timedelta(minutes=5)
Due = tuple[int, Reason, float]
"""Level, why, and the seconds of fading that are left."""


class Duty:
    """What is in force at one node. All instants are those its own clock shows."""

    __slots__ = ("_carries_nights", "_documents", "_photocell", "_setup", "desired", "local")

    def __init__(self, setup: NodeSetup) -> None:
        self.desired: DesiredState | None = None
        self.local: int | None = None
        self._setup = setup
        self._carries_nights = setup.capabilities.carries_nights
        self._photocell = Photocell(setup.place)
        self._documents: Sequence[ChannelDesired] = ()

    def hold(self, desired: DesiredState | None) -> None:
        """Have this in force from now on. Lamps mostly share what they are to do, so it is looked at once for all."""
        self.desired = desired
        told = () if desired is None else desired.channels.values()
        self._documents = tuple({id(it): it for it in told}.values())

    def drop_ended(self, shown: dt.datetime) -> bool:
        """Drop the overrides that are over, for good; says whether there were any."""
        if self.desired is None or not any(it.override for it in self._documents):
            return False
        kept = self.desired.without_ended(shown)
        if kept is self.desired:
            return False
        self.hold(kept)
        return True

    def of(self, kept: ChannelDesired | None, shown: dt.datetime) -> Due:
        """Give what a lamp is due that has this document."""
        if self.local is not None:
            return self.local, Reason.LOCAL, 0.0
        if self.desired is not None and kept is not None:
            document = self._table(kept, shown)
            if document.override is not None and shown < document.override.until:
                return document.override.level, Reason.OVERRIDE, document.override.ramp_s
            switch = self._in_force(document, shown) if shown < self.desired.valid_until else None
            if switch is not None:
                begun_s = max(0.0, (shown - switch.at).total_seconds())
                return switch.level, Reason.PROGRAM, max(0.0, switch.ramp_s - begun_s)
        return (FULL_LEVEL if self._photocell.is_night(shown) else 0), Reason.FALLBACK, 0.0

    def next_change(self, shown: dt.datetime, reasons: Iterable[Reason]) -> dt.datetime:
        """Give when what is due may change next, NEVER where nothing comes; reasons: why lamps do what they do now."""
        coming: list[dt.datetime] = []
        if Reason.FALLBACK in reasons:
            coming.append(self._photocell.next_change(shown))
        if self.desired is not None:
            coming.append(self.desired.valid_until)
            for kept in self._documents:
                change = self._table(kept, shown).next_change(shown)
                if change is not None:
                    coming.append(change)
        return min((it for it in coming if it > shown), default=NEVER)

    def _in_force(self, document: ChannelDesired, shown: dt.datetime) -> Switch | None:
        """Give the switch in force; a live node begins at once, though its clock may be a little behind."""
        first = next(iter(document.switches), None)
        if not self._carries_nights and first is not None and shown < first.at <= shown + BEHIND:
            return first
        return document.switch_at(shown)

    def _table(self, kept: ChannelDesired, shown: dt.datetime) -> ChannelDesired:
        """Give a channel's document as it stands at an instant."""
        return around(kept, shown, self._setup.capabilities, self._setup.place)
