"""Metrics operations: what a scrape reads of the store. A part of `Operations`."""

from __future__ import annotations

from lightctl.app.desk import Desk
from lightctl.app.metrics.tally import Tally, take


class MetricsOperations:
    """Figures for those who watch the daemon."""

    _desk: Desk

    def tally(self) -> Tally:
        """Give the store's figures. It takes no actor: it is the daemon that asks, for whoever its door let in."""
        return take(self._desk)
