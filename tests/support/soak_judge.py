"""Whether what was sampled during a soak stayed flat; pure functions of samples and table sizes (I14)."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from lightctl.store.connection import CACHE_KIB
from tests.support.vitals import MB, Sample, Size

WARM_SHARE = 0.25
"""So much of a slice passes before its samples count: caches fill, every node was told and has spoken."""
LEAST_SAMPLES = 8
WAL_MOST_MB = 64.0
ROW_MOST_BYTES, SLACK_BYTES = 1000, 4 * MB


@dataclass(frozen=True, slots=True)
class Bound:
    """How much a figure may grow over a slice: so much, or such a share of its median if that is more."""

    absolute: float
    share: float = 0.0


BOUNDS: Mapping[str, Bound] = {
    "heap_mb": Bound(12.0, 0.05),
    "descriptors": Bound(4.0, 0.05),
    "threads": Bound(2.0),
    "inbox": Bound(50.0),
    "waiting": Bound(200.0),
    "orders": Bound(20.0),
    "answer_s": Bound(0.5),
}
LOGS = ("lightctl_wal_mb", "telemetry_wal_mb")


@dataclass(frozen=True, slots=True)
class Trend:
    """What a figure did once it was warm: growth over the rest of the slice by its slope, and what that may be."""

    median: float
    most: float
    growth: float
    allowed: float

    @property
    def flat(self) -> bool:
        return self.growth <= self.allowed


def heap_mb(sample: Sample) -> float:
    """Give resident memory without the pages of the databases, which SQLite keeps up to a limit as they grow."""
    limit = CACHE_KIB / 1024
    return sample.rss_mb - min(sample.lightctl_mb, limit) - min(sample.telemetry_mb, limit)


def figure(sample: Sample, name: str) -> float:
    """Give a bounded figure of a sample."""
    return heap_mb(sample) if name == "heap_mb" else float(getattr(sample, name))


def slope(points: Sequence[tuple[float, float]]) -> float:
    """Give the median of the slopes between all pairs (Theil and Sen): a third of the points may be anywhere."""
    slopes = [(y2 - y1) / (x2 - x1) for (x1, y1), (x2, y2) in combinations(points, 2) if x2 > x1]
    return statistics.median(slopes) if slopes else 0.0


def trends(samples: Sequence[Sample]) -> dict[str, Trend]:
    """Give the trend of each bounded figure in one slice."""
    begins = samples[0].city_h + WARM_SHARE * (samples[-1].city_h - samples[0].city_h)
    warm = [each for each in samples if each.city_h >= begins]
    span = warm[-1].city_h - warm[0].city_h
    found = {}
    for name, bound in BOUNDS.items():
        values = [figure(each, name) for each in warm]
        median = statistics.median(values)
        growth = slope([(each.city_h, value) for each, value in zip(warm, values, strict=True)]) * span
        allowed = max(bound.absolute, bound.share * median)
        found[name] = Trend(round(median, 3), round(max(values), 3), round(growth, 3), round(allowed, 3))
    return found


def judge(samples: Sequence[Sample]) -> list[str]:
    """Say what did not stay flat in one slice."""
    if len(samples) < LEAST_SAMPLES:
        return [f"I14: only {len(samples)} samples were taken"]
    wrong = [
        f"I14: {name} grew by {trend.growth:.4g} over a slice, and may by {trend.allowed:.4g}"
        for name, trend in trends(samples).items()
        if not trend.flat
    ]
    for name in LOGS:
        most = max(getattr(each, name) for each in samples)
        if most > WAL_MOST_MB:
            wrong.append(f"I14: {name} reached {most:.0f}, and may {WAL_MOST_MB:.0f}")
    return wrong


def grown(before: Mapping[str, Size], after: Mapping[str, Size]) -> dict[str, Size]:
    """Give the rows and bytes by which each table grew; those that did not are left out."""
    none = Size(0, 0)
    both = {name: (before.get(name, none), size) for name, size in after.items()}
    found = {name: Size(size.rows - old.rows, size.bytes - old.bytes) for name, (old, size) in both.items()}
    return {name: size for name, size in found.items() if size.rows or size.bytes}


def judge_growth(growth: Mapping[str, Size]) -> list[str]:
    """Say which table grew by more than its new rows explain."""
    return [
        f"I14: {name} grew by {size.bytes / MB:.1f} MB with {size.rows} new rows"
        for name, size in growth.items()
        if size.bytes > ROW_MOST_BYTES * max(0, size.rows) + SLACK_BYTES
    ]
