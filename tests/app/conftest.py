"""What tests of the running thing share."""

from collections.abc import Iterator

import pytest

from lightctl.store.sqlite import SqliteStore
from tests.support.desk import Office


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


@pytest.fixture
def office() -> Office:
    office = Office()
    office.furnish()
    return office
