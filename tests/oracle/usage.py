"""What usage is, reckoned the slow way: every span on its own from all rows there are. Nothing of the store's is used.

A row: (node, channel, observed ms, seq, arrival, level in force, energy Wh, power W).
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from itertools import pairwise
from zoneinfo import ZoneInfo

QUARTER = 900_000
LONGEST_GAP = 31 * 86_400_000
MOST_W = {False: 25_000.0, True: 1_000_000.0}
METER = -1


def usage_of(rows, hold_ms, zone):
    """Give (resolution, node, channel, start ms) -> (energy, metered ms, reports, ms by level)."""
    spans = defaultdict(lambda: [None, 0, 0, defaultdict(int)])
    channels = defaultdict(list)
    for row in rows:
        channels[row[0], row[1]].append(row)
    for (node, channel), of in channels.items():
        of.sort(key=lambda row: row[2:5])
        for start, what, value in _pieces(of, hold_ms, meter=channel == METER):
            for resolution, beginning in _spans(start, zone):
                span = spans[resolution, node, channel, beginning]
                if what == "report":
                    span[2] += 1
                elif what == "energy":
                    span[0] = (span[0] or 0.0) + value[0]
                    span[1] += value[1]
                else:
                    span[3][what] += value
    return {key: (energy, metered, reports, dict(levels)) for key, (energy, metered, reports, levels) in spans.items()}


def _pieces(rows, hold_ms, *, meter):
    for row in rows:
        yield row[2] // QUARTER * QUARTER, "report", 1
    for row, following in zip(rows, [*rows[1:], None], strict=True):
        until = row[2] + hold_ms if following is None else min(row[2] + hold_ms, following[2])
        if row[5] is not None:
            for start, share in _cut(row[2], until):
                yield start, row[5], share
    counts = [row for row in rows if row[6] is not None]
    for before, after in pairwise(counts):
        gap = after[2] - before[2]
        grown = _grown(before, after, gap, meter=meter)
        if gap > LONGEST_GAP or grown is None:
            continue
        if not gap:
            yield after[2] // QUARTER * QUARTER, "energy", (grown, 0)
            continue
        for start, share in _cut(before[2], after[2]):
            yield start, "energy", (grown * share / gap, share)


def _grown(before, after, gap, *, meter):
    grown = after[6] - before[6]
    if grown >= 0:
        return grown if grown <= MOST_W[meter] * (gap + QUARTER) / 3.6e6 else None
    powers = [row[7] for row in (before, after) if row[7] is not None]
    return after[6] if powers and after[6] <= 1.5 * max(powers) * gap / 3.6e6 + 1 else None


def _cut(since, until):
    start = since // QUARTER * QUARTER
    while start < until and since < until:
        yield start, min(until, start + QUARTER) - max(since, start)
        start += QUARTER


def _spans(start, zone):
    place = ZoneInfo(zone)
    local = dt.datetime.fromtimestamp(start / 1000, place)
    date = local.date() if local.hour >= 12 else local.date() - dt.timedelta(days=1)
    yield "15min", start
    yield "night", _ms(dt.datetime.combine(date, dt.time(12), place))
    yield "month", _ms(dt.datetime(local.year, local.month, 1, tzinfo=place))


def _ms(instant):
    return round(instant.timestamp() * 1000)
