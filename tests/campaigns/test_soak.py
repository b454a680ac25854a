"""The judge of a soak on samples that are made up, and a soak of seconds whose daemon leaks: it must be found.

docs/proof.md says what hours of it have shown.
"""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from tests.campaigns import soak
from tests.support.soak_judge import ROW_MOST_BYTES, SLACK_BYTES, grown, judge, judge_growth, slope, trends
from tests.support.vitals import Sample, Size

HOURS, SAMPLES, FEW = 8.0, 80, 40
LEAKS = [
    ("rss_mb", 4.0, "heap_mb"),
    ("descriptors", 1.0, "descriptors"),
    ("threads", 0.5, "threads"),
    ("inbox", 20.0, "inbox"),
    ("waiting", 50.0, "waiting"),
    ("orders", 5.0, "orders"),
    ("answer_s", 0.1, "answer_s"),
    ("lightctl_wal_mb", 9.0, "lightctl_wal_mb"),
]


def samples(**an_hour: float) -> list[Sample]:
    """Give a slice in which all is flat, with the noise that a city makes, but for what grows by so much an hour."""
    rng = random.Random(1)
    found = []
    for number in range(SAMPLES):
        hours = HOURS * number / SAMPLES
        burst = 1700.0 if number % 9 == 0 else 0.0
        found.append(Sample(
            slice=0, city_h=hours, wall_s=hours * 600, cpu_s=hours * 60, rss_mb=180 + rng.uniform(-3, 3),
            descriptors=20 + rng.randrange(3), threads=6 + rng.randrange(2), inbox=burst, waiting=burst,
            orders=burst, answer_s=rng.uniform(0, 0.2), lightctl_wal_mb=4.0, telemetry_wal_mb=4.0, lightctl_mb=0.5,
            telemetry_mb=0.5, reports=hours * 24_000, broker_mb=80.0, street_mb=56.0,
        ))  # fmt: skip
    for name, grows in an_hour.items():
        found = [replace(each, **{name: getattr(each, name) + grows * each.city_h}) for each in found]
    return found


def test_what_comes_and_goes_is_flat():
    assert judge(samples()) == []


@pytest.mark.parametrize(("name", "an_hour", "found"), LEAKS, ids=[name for name, *_ in LEAKS])
def test_what_grows_slowly_is_found_by_its_name(name, an_hour, found):
    (wrong,) = judge(samples(**{name: an_hour}))
    assert wrong.startswith(f"I14: {found} ")


def test_pages_that_sqlite_keeps_of_growing_databases_are_no_leak_until_it_may_keep_no_more():
    assert judge(samples(rss_mb=2.0)) != []
    assert judge(samples(lightctl_mb=1.0, telemetry_mb=1.0, rss_mb=2.0)) == []
    assert judge(samples(lightctl_mb=6.0, telemetry_mb=6.0, rss_mb=12.0)) != []


def test_what_fills_while_a_slice_is_young_is_no_leak():
    young = [replace(each, rss_mb=each.rss_mb - max(0.0, 60 - 40 * each.city_h)) for each in samples()]
    assert judge(young) == []
    assert trends(young)["heap_mb"].growth < 2


def test_a_slice_of_few_samples_proves_nothing():
    assert judge(samples()[:5]) != []


def test_a_third_of_the_points_may_lie_anywhere():
    line = [(float(x), 2.0 * x) for x in range(20)]
    assert slope([*line, *((x + 0.5, 1e6) for x in range(0, 20, 4))]) == pytest.approx(2.0, rel=0.3)


def test_a_database_may_grow_as_its_rows_do():
    before = {"telemetry.reports": Size(100, 40_000), "lightctl.desired": Size(2000, 400_000)}
    rows = 50_000
    after = {"telemetry.reports": Size(100 + rows, 40_000 + rows * 200), "lightctl.desired": Size(2000, 400_000)}
    assert judge_growth(grown(before, after)) == []
    bloated = {**after, "lightctl.desired": Size(2000, 400_000 + SLACK_BYTES + 1)}
    assert len(judge_growth(grown(before, bloated))) == 1
    heavy = {**after, "telemetry.reports": Size(100 + rows, rows * 2 * ROW_MOST_BYTES)}
    assert len(judge_growth(grown(before, heavy))) == 1


def test_a_daemon_that_leaves_files_open_is_found_out_within_seconds_and_one_that_does_not_is_not(tmp_path):
    def blamed(breaking: str) -> tuple[bool, dict[str, object]]:
        report = soak.run(1, folder=tmp_path, nodes=FEW, hours=0.1, speed=60, breaking=breaking)
        assert report.injected.total() > 0
        return any(what.startswith("I14: descriptors ") for _, what in report.violations), report.figures

    # How soon it settles and answers after so hurried a slice is the machine's affair.
    assert not blamed("")[0]
    leaks, figures = blamed("leave-files-open")
    assert leaks
    assert len(figures["slices"]) == 2
    assert figures["hours_of_the_city"] >= 0.2
