"""Rates: how often somebody, and everybody together, may ask. Bounded in memory, whoever comes and however often."""

from __future__ import annotations

import ipaddress
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass

MOST_KEPT = 10_000
_HOST_BITS_V6 = 64


@dataclass(slots=True)
class _Bucket:
    left: float
    at: float


class Rate:
    """So many in so many seconds for each name, as a bucket that fills evenly.

    Keeps MOST_KEPT names; the one that asked longest ago is forgotten first, and then has a full bucket again.
    """

    def __init__(self, most: int, per_s: float) -> None:
        """Allow `most` at once, and as many again in `per_s` seconds."""
        self._most = most
        self._per_s = per_s
        self._buckets: OrderedDict[str, _Bucket] = OrderedDict()

    def wait_s(self, name: str, now: float) -> float:
        """Take one if there is one and give 0, else give the seconds until there is; `now` in seconds, never back."""
        bucket = self._buckets.pop(name, None) or _Bucket(self._most, now)
        self._buckets[name] = bucket
        if len(self._buckets) > MOST_KEPT:
            self._buckets.popitem(last=False)
        bucket.left = min(float(self._most), bucket.left + max(0.0, now - bucket.at) * self._most / self._per_s)
        bucket.at = now
        if bucket.left >= 1:
            bucket.left -= 1
            return 0.0
        return (1 - bucket.left) * self._per_s / self._most


class Origins:
    """Who asks, by the address the request came from or, behind a proxy that settings name, by what that says."""

    def __init__(self, trusted_proxies: Sequence[str]) -> None:
        """Trust the X-Forwarded-For of these addresses and networks alone."""
        self._trusted = [ipaddress.ip_network(each) for each in trusted_proxies]

    def name(self, peer: str, forwarded_for: Sequence[str]) -> str:
        """Give a name for whoever asks: its address, of IPv6 the network a household has.

        forwarded_for: the header's values in order. Each proxy adds at the end, so it is read from there and no
        further than the first address that is no proxy of ours: what stands before may be anybody's invention.
        """
        at = _address(peer)
        for text in reversed([each for value in forwarded_for for each in value.split(",")]):
            if at is None or not any(at in network for network in self._trusted if network.version == at.version):
                break
            told = _address(text.strip())
            if told is None:
                break
            at = told
        if at is None:
            return "unknown"
        if at.version == 6:  # noqa: PLR2004 - IPv6
            return str(ipaddress.ip_network((at, _HOST_BITS_V6), strict=False))
        return str(at)


def _address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        found = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None
    mapped = found.ipv4_mapped if isinstance(found, ipaddress.IPv6Address) else None
    return mapped or found
