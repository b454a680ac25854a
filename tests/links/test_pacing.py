from __future__ import annotations

import random

from lightctl.links.pacing import Backoff, Bucket, Throttle


def test_waits_are_jittered_and_never_longer_than_the_cap() -> None:
    backoff = Backoff(30.0, random.Random(1))
    waits = [backoff.next_s() for _ in range(200)]
    assert all(0.05 <= wait <= 30.0 for wait in waits)
    assert len(set(waits)) > 150
    assert max(waits[:2]) <= 1.0
    assert max(waits[10:]) > 20.0


def test_a_connection_that_held_starts_the_waits_anew() -> None:
    backoff = Backoff(30.0, random.Random(1))
    for _ in range(20):
        backoff.next_s()
    backoff.reset()
    assert backoff.next_s() <= 0.5


def test_two_links_with_other_seeds_do_not_return_together() -> None:
    one, other = (Backoff(30.0, random.Random(seed)) for seed in (1, 2))
    assert [one.next_s() for _ in range(5)] != [other.next_s() for _ in range(5)]


def test_a_key_passes_once_per_interval_and_the_memory_of_keys_is_capped() -> None:
    throttle = Throttle(60.0, max_keys=3)
    assert throttle.allow("A", 0.0)
    assert not throttle.allow("A", 59.9)
    assert throttle.allow("A", 60.0)
    for key in "BCDE":
        assert throttle.allow(key, 61.0)
    assert len(throttle._seen) == 3


def test_a_bucket_lets_a_burst_pass_then_its_rate_and_counts_the_rest() -> None:
    bucket = Bucket(8.0, 5.0)
    assert [bucket.allow(100.0) for _ in range(7)] == [True] * 5 + [False] * 2
    assert bucket.held_back == 2
    assert bucket.allow(100.125)
    assert not bucket.allow(100.125)


def test_a_paced_sender_is_told_how_long_to_wait() -> None:
    bucket = Bucket(10.0, 1.0)
    assert [round(bucket.take(50.0), 6) for _ in range(3)] == [0.0, 0.1, 0.2]
