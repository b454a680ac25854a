"""export: documents to stdout or a file, by every way, whole or not at all."""

from __future__ import annotations

import json

import pytest

from lightctl.cli.failures import ExitCode
from tests.support.doors import Cli, Street


def test_ngsi_ld_and_geojson_are_the_same_by_every_way(city: Cli, street: Street) -> None:
    lamps = city.done("export", "ngsi-ld").json()
    assert [lamp["id"] for lamp in lamps] == [f"urn:ngsi-ld:Streetlight:LP-000{n}" for n in range(1, 6)]
    features = city.done("export", "geojson", "-l", "road_class=collector").json()["features"]
    assert [feature["id"] for feature in features] == ["LP-0004", "LP-0005"]


@pytest.mark.parametrize("name", ["ngsi-ld", "geojson"])
def test_a_file_is_written_whole_and_never_replaced_unasked(city: Cli, name: str) -> None:
    out = city.folder / "street.json"
    ran = city.done("export", name, "--out", "street.json")
    assert (ran.out, "wrote street.json" in ran.err) == ("", True)
    before = out.read_bytes()
    assert json.loads(before)
    out.write_text("mine")
    refused = city("export", name, "--out", "street.json")
    assert (refused.code, out.read_text()) == (ExitCode.USAGE, "mine")
    assert "--force" in refused.err
    city.done("export", name, "--out", "street.json", "--force")
    assert json.loads(out.read_bytes())
    assert [path.name for path in city.folder.iterdir() if path.name.endswith(".new")] == []


def test_a_file_that_cannot_be_written_is_said_so(offline: Cli) -> None:
    ran = offline("export", "geojson", "--out", "nowhere/street.json")
    assert ran.code == ExitCode.USAGE
    assert "nowhere" in ran.err


def test_a_bad_selector_writes_nothing(city: Cli) -> None:
    ran = city("export", "geojson", "-l", "road_class==", "--out", "street.json")
    assert ran.code == ExitCode.USAGE
    assert not (city.folder / "street.json").exists()


def test_a_wrong_token_is_told(city: Cli) -> None:
    if city.way == "url":
        ran = city("export", "geojson", environ={"LIGHTCTL_TOKEN": "lc_wrong"})
        assert (ran.code, ran.out) == (ExitCode.NOT_PERMITTED, "")
