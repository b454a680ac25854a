"""Live: what only the running daemon knows, for those who ask from another thread."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, field

from lightctl.app.views import LinkView
from lightctl.control.sensing import Sensors
from lightctl.domain.events import LinkChanged


@dataclass(slots=True)
class Live:
    """Since when the daemon runs, how its links are, and what it wants people to know (`notes`, by topic).

    sensors: what sensors said; the control loop writes it. telemetry_dropped: reports and readings that were never
    kept, for want of room or because the telemetry store took nothing; telemetry_waiting: those not written yet.
    """

    started_at: dt.datetime
    clock_now: Callable[[], dt.datetime]
    links: dict[str, LinkView] = field(default_factory=dict)
    notes: dict[str, str] = field(default_factory=dict)
    sensors: Sensors = field(default_factory=Sensors)
    telemetry_dropped: int = 0
    telemetry_waiting: int = 0

    def hear(self, event: LinkChanged) -> None:
        """Take note of a link that came up or went down."""
        known = self.links.get(event.link)
        since = known.since if known is not None and known.up == event.up and known.since is not None else event.at
        self.links[event.link] = LinkView(event.link, event.up, since, event.detail)

    def drop(self, measurements: int) -> None:
        """Count measurements that will never be kept."""
        self.telemetry_dropped += measurements

    def note(self, topic: str, text: str) -> None:
        """Say something about a topic, or take it back with an empty text."""
        if text:
            self.notes[topic] = text
        else:
            self.notes.pop(topic, None)
