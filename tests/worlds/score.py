"""The judge of fault lists: what was put in against what was found. It reads records and the lamps' own truth alone.

A record counts as right when it is the one expected, opened no earlier than the fault and within the delay allowed of
the first span in which the fault can be seen, and closed in the same way after its end. Every other record is false:
one of another event or subject, a second one of the same fault, one that came too late or ended too early.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from lightctl.domain.states import Fault
from tests.worlds.lamps import Lamps
from tests.worlds.script import ALWAYS, Expected, Injected, shows

Key = tuple[str, str, str]
EARLY = dt.timedelta(seconds=1)


@dataclass(slots=True)
class Score:
    """What came of it. right, missed: expected records; false: records nobody expected. Delays in seconds."""

    right: Counter[str] = field(default_factory=Counter)
    missed: list[str] = field(default_factory=list)
    false: list[str] = field(default_factory=list)
    missed_by_event: Counter[str] = field(default_factory=Counter)
    false_by_event: Counter[str] = field(default_factory=Counter)
    unseen: list[str] = field(default_factory=list)
    suppressed: int = 0
    opened_s: dict[str, float] = field(default_factory=dict)
    closed_s: dict[str, float] = field(default_factory=dict)

    @property
    def found(self) -> int:
        """How many expected records there are."""
        return self.right.total()

    @property
    def precision(self) -> float:
        """The share of records that are right."""
        return self.found / max(1, self.found + len(self.false))

    @property
    def recall(self) -> float:
        """The share of expected records that are there."""
        return self.found / max(1, self.found + len(self.missed))


def judge(injected: Sequence[Injected], records: Iterable[Fault], lamps: Lamps, end: dt.datetime) -> Score:
    """Compare what was injected with the records of a run that ended at an instant."""
    score = Score()
    waiting: dict[Key, list[Fault]] = {}
    for record in sorted(records, key=lambda it: it.opened_at):
        if record.suppressed_by:
            score.suppressed += 1
        else:
            waiting.setdefault((str(record.event), record.subject_kind, record.subject), []).append(record)
    for each in sorted(injected, key=lambda it: it.at):
        for expected in each.expected:
            _compare(each, expected, waiting, lamps, end, score)
    for records_left in waiting.values():
        for record in records_left:
            score.false_by_event[str(record.event)] += 1
            score.false.append(f"{_told(record)}: nobody put that in")
    return score


def _compare(
    each: Injected, expected: Expected, waiting: dict[Key, list[Fault]], lamps: Lamps, end: dt.datetime, score: Score
) -> None:
    since = expected.since or each.at
    over = min(each.until or end, end)
    seen = _first_span(expected.lamp, expected.opens_when, since, over, expected.opens, lamps)
    if seen is None:
        score.unseen.append(f"{each.what} at {_text(each.at)}: it could not be seen for long enough")
        return
    key = (expected.event, expected.subject_kind, expected.subject)
    candidates = waiting.get(key, [])
    record = next((it for it in candidates if since - EARLY <= it.opened_at <= over + expected.closes), None)
    name = f"{each.what} at {_text(each.at)}: {expected.event} of {expected.subject_kind} {expected.subject}"

    def miss(why: str) -> None:
        score.missed_by_event[expected.event] += 1
        score.missed.append(f"{name}: {why}")

    if record is None:
        miss("not found")
        return
    candidates.remove(record)
    late = (record.opened_at - seen).total_seconds()
    if late > expected.opens.total_seconds():
        miss(f"found {late:.0f} s after it could be seen")
        return
    if each.until is None:
        if record.cleared_at is not None:
            miss(f"cleared at {_text(record.cleared_at)}, though it never ended")
            return
    elif not _closes(each.until, expected, record, lamps, end, miss, score):
        return
    score.right[expected.event] += 1
    score.opened_s[expected.event] = max(late, score.opened_s.get(expected.event, 0.0))


def _closes(
    until: dt.datetime, expected: Expected, record: Fault, lamps: Lamps, end: dt.datetime, miss, score: Score
) -> bool:
    if record.cleared_at is not None and record.cleared_at < until - EARLY:
        miss(f"cleared at {_text(record.cleared_at)}, before its end at {_text(until)}")
        return False
    seen = _first_span(expected.lamp, expected.closes_when, until, end, expected.closes, lamps)
    if seen is None:
        return True  # the run ended before anybody could know
    late = ((record.cleared_at or end) - seen).total_seconds()
    if record.cleared_at is None or late > expected.closes.total_seconds():
        how = "never cleared" if record.cleared_at is None else f"cleared {late:.0f} s too late"
        miss(f"{how}, it ended {_text(until)}")
        return False
    score.closed_s[expected.event] = max(late, score.closed_s.get(expected.event, 0.0))
    return True


def _first_span(
    lamp: tuple[str, int] | None, when: str, since: dt.datetime, until: dt.datetime, long: dt.timedelta, lamps: Lamps
) -> dt.datetime | None:
    """Give where the first span begins in which something can be seen for long enough."""
    if lamp is None or when == ALWAYS:
        return since if until - since >= long else None
    spans = lamps.spans(*lamp, since, until, lambda level: shows(when, level))
    return next((begins for begins, ends in spans if ends - begins >= long), None)


def _told(record: Fault) -> str:
    cleared = f" until {_text(record.cleared_at)}" if record.cleared_at else ""
    begun = f"{record.event} of {record.subject_kind} {record.subject} from {_text(record.opened_at)}"
    return f"{begun}{cleared}: {record.detail}"


def _text(at: dt.datetime) -> str:
    return f"{at:%d.%m. %H:%M:%S}"
