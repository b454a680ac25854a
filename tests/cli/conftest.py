from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.doors import WAYS, Cli, Street, prepared, way_in


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in [name for name in os.environ if name.startswith("LIGHTCTL_") or name in ("COLUMNS", "LINES")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)


@pytest.fixture
def street() -> Street:
    return Street()


@pytest.fixture(scope="session")
def five_lamps(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return prepared(tmp_path_factory.mktemp("prepared"))


@pytest.fixture(params=WAYS)
def empty(request: pytest.FixtureRequest, tmp_path: Path, street: Street) -> Iterator[Cli]:
    """A city with nothing in it, by every way."""
    with way_in(request.param, tmp_path, street) as cli:
        yield cli


@pytest.fixture(params=WAYS)
def city(request: pytest.FixtureRequest, tmp_path: Path, street: Street, five_lamps: Path) -> Iterator[Cli]:
    """The five lamps of `lightctl init` and its schedule, by every way."""
    with way_in(request.param, tmp_path, street, five_lamps) as cli:
        yield cli


@pytest.fixture
def hosted(tmp_path: Path, street: Street, five_lamps: Path) -> Iterator[Cli]:
    """The same city behind a daemon's door on this host."""
    with way_in("host", tmp_path, street, five_lamps) as cli:
        yield cli


@pytest.fixture
def offline(tmp_path: Path, street: Street, five_lamps: Path) -> Iterator[Cli]:
    """The same city with no daemon."""
    with way_in("store", tmp_path, street, five_lamps) as cli:
        yield cli
