from __future__ import annotations

import pytest

from lightctl.api.rates import MOST_KEPT, Origins, Rate


def test_so_many_at_once_and_then_as_the_bucket_fills():
    rate = Rate(3, 60)
    assert [rate.wait_s("a", 0.0) for _ in range(3)] == [0.0] * 3
    assert rate.wait_s("a", 0.0) == 20.0
    assert rate.wait_s("b", 0.0) == 0.0
    assert rate.wait_s("a", 19.0) == pytest.approx(1.0)
    assert rate.wait_s("a", 20.0) == 0.0
    assert rate.wait_s("a", 20.0) > 0
    assert [rate.wait_s("a", 9_999.0) for _ in range(4)][:3] == [0.0] * 3


def test_memory_stays_bounded_however_many_come():
    rate = Rate(1, 3600)
    for number in range(MOST_KEPT + 500):
        rate.wait_s(str(number), 0.0)
    assert len(rate._buckets) == MOST_KEPT
    assert rate.wait_s(str(MOST_KEPT + 499), 0.0) > 0


@pytest.mark.parametrize(
    ("proxies", "peer", "forwarded", "wanted"),
    [
        ((), "198.51.100.7", [], "198.51.100.7"),
        ((), "198.51.100.7", ["203.0.113.9"], "198.51.100.7"),
        (("198.51.100.7",), "198.51.100.7", ["203.0.113.9"], "203.0.113.9"),
        (("198.51.100.7",), "198.51.100.7", ["10.9.9.9, 203.0.113.9"], "203.0.113.9"),
        (("198.51.100.0/24",), "198.51.100.7", ["10.9.9.9", "203.0.113.9, 198.51.100.8"], "203.0.113.9"),
        (("198.51.100.7",), "198.51.100.7", ["nonsense"], "198.51.100.7"),
        (("198.51.100.7",), "198.51.100.7", [], "198.51.100.7"),
        ((), "2001:db8:1:2:3:4:5:6", [], "2001:db8:1:2::/64"),
        ((), "2001:db8:1:2:ffff::1", [], "2001:db8:1:2::/64"),
        ((), "::ffff:198.51.100.7", [], "198.51.100.7"),
        (("127.0.0.1",), "::ffff:127.0.0.1", ["2001:db8::1"], "2001:db8::/64"),
        ((), "", [], "unknown"),
        ((), "/run/socket", ["203.0.113.9"], "unknown"),
    ],
)
def test_whoever_asks_is_named_by_the_nearest_address_that_is_no_proxy_of_ours(proxies, peer, forwarded, wanted):
    assert Origins(proxies).name(peer, forwarded) == wanted
