from __future__ import annotations

import pytest

from lightctl.store.sqlite import SqliteStore


@pytest.fixture(params=["file", "memory"])
def store(request, tmp_path):
    opened = SqliteStore(tmp_path / "store" if request.param == "file" else None)
    yield opened
    opened.close()


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "store"
