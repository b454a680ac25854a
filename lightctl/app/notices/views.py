"""What operations answer about notifications, in the shapes that scripts rely on."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class NotificationView:
    """A target of notifications and how it fares; `where` leaves out whatever may be secret.

    `waiting` counts news it has yet to be told. `failing_since` and `why` speak of the attempts since one last went
    well, `next_at` is when it is tried again, `given_up` counts messages that it never took.
    """

    name: str
    type: str
    where: str
    events: tuple[str, ...]
    severities: tuple[str, ...]
    select: str
    hours: str
    digest_minutes: int
    waiting: int
    last_success_at: dt.datetime | None = None
    failing_since: dt.datetime | None = None
    why: str = ""
    next_at: dt.datetime | None = None
    given_up: int = 0


@dataclass(frozen=True, slots=True)
class TrialView:
    """What came of a test message: `ok` is whether the target took it, null when it was not sent (`dry_run`).

    `said` is what the target answered, or why it took nothing; `refused` when it would refuse it again.
    """

    name: str
    type: str
    where: str
    id: str
    ok: bool | None
    said: str
    refused: bool
    body: str
    dry_run: bool = False
