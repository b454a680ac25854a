"""Notices: what people elsewhere are told about faults, and how far telling each target got.

News is what happened to a fault, told to nobody yet: it is written in the transaction that changes the fault. Each
target goes through the news in order, at its own pace: `settled` is the last that is done with, told or of no concern.
Between that and the newest lies what waits; nothing else is queued, so a target that is dead for days costs no memory.
What is being told just now is a Parcel. It is stored before it is sent and keeps its id until it is taken, so that one
that was taken shortly before a crash comes again with the same id.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum

from lightctl.domain.faults import FaultRecord


class NewsKind(StrEnum):
    """What happened to a fault. `changed`: its severity is another; `unsilenced`: it is an alarm again, being there."""

    OPENED = "opened"
    CHANGED = "changed"
    ACKNOWLEDGED = "acknowledged"
    UNSILENCED = "unsilenced"
    CLEARED = "cleared"


@dataclass(frozen=True, slots=True)
class News:
    """Something that happened to a fault; `uid` names it for all who are told, `record` is the fault as it is now."""

    id: int
    uid: str
    kind: NewsKind
    at: dt.datetime
    record: FaultRecord


@dataclass(frozen=True, slots=True)
class Parcel:
    """What one target is told at once: some news up to `up_to`, as CloudEvents JSON (`body`) and in words.

    since: when the first attempt at telling this was made ready. digest: it tells of several, or waited to.
    """

    id: str
    type: str
    subject: str
    up_to: int
    at: dt.datetime
    since: dt.datetime
    title: str
    text: str
    body: str
    count: int = 1
    digest: bool = False


@dataclass(frozen=True, slots=True)
class Standing:
    """How far telling a target got. failures: attempts since one last went well. given_up: parcels it never took.

    refused: the target said no for good to the parcel in hand, which is then told anew with what came since.
    """

    target: str
    settled: int
    parcel: Parcel | None = None
    next_at: dt.datetime | None = None
    failures: int = 0
    refused: bool = False
    failing_since: dt.datetime | None = None
    why: str = ""
    last_success_at: dt.datetime | None = None
    given_up: int = 0
