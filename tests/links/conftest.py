from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.brokers import Broker, start_mosquitto, start_nats


@pytest.fixture(params=["nats", "mosquitto"])
def broker(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Broker]:
    """Each real broker in turn, empty and on a port of its own."""
    start = start_nats if request.param == "nats" else start_mosquitto
    with start(tmp_path / request.param) as started:
        yield started
