"""What holds for the whole suite."""

import signal
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

from lightctl.store.sqlite import SqliteStore

# How long one example takes is the machine's affair: what must be quick has a bound of its own, in processor seconds.
settings.register_profile("suite", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("suite")

# A shell starts what it runs in the background deaf to Ctrl-C, and so would be all that tests start and end with it.
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(autouse=True)
def no_store_is_left_open(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Close behind a test the stores that it opened: since Python 3.13 one that is left open is a warning."""
    opened: list[SqliteStore] = []
    init = SqliteStore.__init__

    def noted(self: SqliteStore, *arguments: object, **named: object) -> None:
        init(self, *arguments, **named)  # type: ignore[arg-type]
        opened.append(self)

    monkeypatch.setattr(SqliteStore, "__init__", noted)
    yield
    for store in opened:
        store.close()
