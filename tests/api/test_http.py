from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from lightctl.api.codes import STATUS, TITLES, Code, code_of
from lightctl.api.http import build_app
from lightctl.api.limits import BODY_LIMIT, FILE_LIMIT
from lightctl.app.live import Live
from lightctl.app.metrics.metrics import Metrics
from lightctl.app.running.inbox import Inbox
from lightctl.app.steps import finish
from lightctl.domain import errors
from lightctl.files.settings_metrics import MetricsSettings
from tests.api.conftest import OPERATOR, World, here
from tests.support.doors import EVENING

PROBLEM_KEYS = {"type", "title", "status", "detail", "code", "where", "hint"}
DOCS = Path(__file__).parents[2] / "docs"


def is_problem(answer: httpx.Response, status: int, code: str) -> dict[str, object]:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    body = answer.json()
    assert body.keys() >= PROBLEM_KEYS
    assert (body["status"], body["code"]) == (status, code)
    return body


async def test_healthz_says_what_the_daemon_says_and_is_503_when_it_is_not_well(world: World) -> None:
    async with world.client(None) as client:
        assert (await client.get("/healthz")).json() == {"ok": True, "version": "x"}
        world.health["ok"] = False
        assert (await client.get("/healthz")).status_code == 503


async def test_views_come_as_they_are_with_instants_in_utc(api: httpx.AsyncClient) -> None:
    status = (await api.get("/v1/status")).json()
    assert status["now"] == "2026-11-23T20:30:00Z"
    assert status["light_points"] == 5
    node = (await api.get("/v1/nodes/N-0004")).json()
    assert node["channels"] == {"0": "LP-0004", "1": "LP-0005"}


async def test_why_takes_an_instant_with_its_offset(api: httpx.AsyncClient) -> None:
    answer = await api.get("/v1/lights/LP-0001/why", params={"at": "2026-11-24T01:00:00+01:00"})
    assert (answer.json()["at"], answer.json()["level"]) == ("2026-11-24T00:00:00Z", 50)


@pytest.mark.parametrize(
    "at", ["2026-11-24T01:00:00", "2026-11-24", "1763942400", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59Z", ""]
)
async def test_an_instant_without_offset_or_sense_is_refused(api: httpx.AsyncClient, at: str) -> None:
    body = is_problem(await api.get("/v1/lights/LP-0001/why", params={"at": at}), 422, "invalid_input")
    assert body["where"] == "query.at"


async def test_the_unknown_is_404(api: httpx.AsyncClient) -> None:
    for path in ("/v1/lights/LP-9999", "/v1/lights/LP-9999/why", "/v1/nodes/N-9999", "/v1/changes/nothing"):
        is_problem(await api.get(path), 404, "unknown_target")
    is_problem(await api.delete("/v1/tokens/nobody"), 404, "unknown_target")
    is_problem(await api.get("/v1/nowhere"), 404, "no_such_route")


async def test_a_method_an_address_does_not_take_is_405_and_names_those_it_takes(api: httpx.AsyncClient) -> None:
    answer = await api.put("/v1/lights/level", json={})
    is_problem(answer, 405, "method_not_allowed")
    assert answer.headers["allow"] == "GET, POST"
    assert (await api.put("/healthz")).headers["allow"] == "GET"


async def test_a_bad_selector_names_the_place(api: httpx.AsyncClient) -> None:
    body = is_problem(await api.get("/v1/lights", params={"select": "road_class=="}), 422, "invalid_input")
    assert body["hint"]


async def test_a_parameter_nobody_reads_is_refused_with_those_there_are(api: httpx.AsyncClient) -> None:
    body = is_problem(await api.get("/v1/lights", params={"slect": "id=LP-0001"}), 422, "invalid_input")
    assert (body["where"], body["hint"]) == ("query.slect", "It takes select.")
    is_problem(await api.get("/v1/status", params={"a": "b"}), 422, "invalid_input")


LEVEL = {"target": {"id": "LP-0001"}, "level": 50}


@pytest.mark.parametrize(
    ("body", "where"),
    [
        (LEVEL | {"level": "50"}, "body.level"),
        (LEVEL | {"level": 50.0}, "body.level"),
        (LEVEL | {"level": True}, "body.level"),
        (LEVEL | {"level": 101}, "body.level"),
        (LEVEL | {"level": -1}, "body.level"),
        (LEVEL | {"lvel": 50}, "body.lvel"),
        (LEVEL | {"dry_run": "yes"}, "body.dry_run"),
        (LEVEL | {"reason": "x" * 501}, "body.reason"),
        (LEVEL | {"until": 1763942400}, "body.until"),
        (LEVEL | {"until": "23:00"}, "body.until"),
        (LEVEL | {"target": {}}, "body.target"),
        (LEVEL | {"target": {"id": None}}, "body.target"),
        (LEVEL | {"target": {"id": "LP-0001", "group": "centre"}}, "body.target"),
        (LEVEL | {"target": {"ids": []}}, "body.target.ids"),
        (LEVEL | {"target": "LP-0001"}, "body.target"),
        ({"level": 50}, "body.target"),
        ([], "body"),
    ],
)
async def test_a_body_that_is_not_exactly_right_is_refused_by_name(
    world: World, api: httpx.AsyncClient, body: object, where: str
) -> None:
    found = is_problem(await api.post("/v1/lights/level", json=body), 422, "invalid_input")
    assert found["where"] == where
    assert finish(world.operations.status(OPERATOR)).overrides == 0


@pytest.mark.parametrize("raw", [b"", b"{", b"\xff\xfe", b"null", b"[" * 20_000])
async def test_a_body_that_is_not_json_is_refused(api: httpx.AsyncClient, raw: bytes) -> None:
    answer = await api.post("/v1/lights/level", content=raw, headers={"content-type": "application/json"})
    is_problem(answer, 422, "invalid_input")


async def test_every_kind_of_target_is_understood(api: httpx.AsyncClient) -> None:
    for target, affected in (
        ({"id": "LP-0001"}, 1),
        ({"group": "centre"}, 3),
        ({"select": "road_class=collector"}, 2),
        ({"ids": ["LP-0001", "LP-0004"]}, 2),
    ):
        answer = await api.post("/v1/lights/level", json={"target": target, "level": 40})
        assert answer.json()["affected"] == affected


async def test_a_change_can_be_asked_for_again_by_its_name(api: httpx.AsyncClient) -> None:
    change = (await api.post("/v1/lights/level", json=LEVEL | {"until": "2026-11-23T22:00:00+01:00"})).json()
    again = (await api.get(f"/v1/changes/{change['change']}")).json()
    assert (again["affected"], again["pending"], again["until"]) == (1, 1, "2026-11-23T21:00:00Z")
    assert [point["id"] for point in again["points"]] == ["LP-0001"]
    assert (await api.get(f"/v1/changes/{change['change']}?points=false")).json() == again | {"points": []}


async def test_a_safety_rule_is_409_and_nothing_changed(world: World, api: httpx.AsyncClient) -> None:
    body = {"target": {"select": "*"}, "level": 0, "max_affected": 4}
    is_problem(await api.post("/v1/lights/level", json=body), 409, "safety_refused")
    assert finish(world.operations.status(OPERATOR)).overrides == 0


async def test_a_dry_run_changes_nothing(world: World, api: httpx.AsyncClient) -> None:
    entries = world.operations.audit_verify(OPERATOR).entries
    assert (await api.post("/v1/lights/level", json=LEVEL | {"dry_run": True})).json()["dry_run"] is True
    assert world.operations.audit_verify(OPERATOR).entries == entries


async def test_an_import_with_bad_rows_is_refused_with_the_rows(world: World, api: httpx.AsyncClient) -> None:
    body = {"text": "id,lat,lon\nLP-7,51.2,7.1\nLP-8,95,7.1\n"}
    found = is_problem(await api.post("/v1/inventory/import", json=body), 422, "invalid_input")
    assert found["result"]["errors"][0]["row"] == 3
    assert finish(world.operations.status(OPERATOR)).light_points == 5
    dry = await api.post("/v1/inventory/import", json=body | {"dry_run": True})
    assert (dry.status_code, len(dry.json()["errors"])) == (200, 1)


async def test_schedules_with_an_error_are_refused_with_the_findings(api: httpx.AsyncClient) -> None:
    body = {"files": {"a.yaml": "version: 1\nprograms:\n  p: {start_level: 120}\n"}}
    found = is_problem(await api.post("/v1/schedules/apply", json=body), 422, "invalid_input")
    assert found["result"]["errors"][0]["file"] == "a.yaml"


async def test_an_export_comes_as_a_file_with_its_type(api: httpx.AsyncClient) -> None:
    csv = await api.get("/v1/inventory/export", params={"select": "group=centre"})
    assert csv.headers["content-type"].startswith("text/csv")
    assert len(csv.text.splitlines()) == 4
    geojson = await api.get("/v1/inventory/export", params={"format": "geojson"})
    assert geojson.headers["content-type"] == "application/geo+json"
    assert len(geojson.json()["features"]) == 5


async def test_a_tokens_secret_is_told_once(api: httpx.AsyncClient) -> None:
    made = await api.post("/v1/tokens", json={"name": "vera", "role": "viewer"})
    assert made.status_code == 201
    assert made.json()["secret"]
    assert made.json()["secret"] not in (await api.get("/v1/tokens")).text
    assert (await api.delete("/v1/tokens/vera")).json()["secret"] is None


async def in_chunks(size: int) -> AsyncIterator[bytes]:
    for _ in range(size // 100_000 + 1):
        yield b" " * 100_000


@pytest.mark.parametrize(
    ("path", "limit"),
    [("/v1/lights/level", BODY_LIMIT), ("/v1/inventory/import", FILE_LIMIT), ("/v1/status", BODY_LIMIT)],
)
async def test_a_body_over_its_limit_is_413_announced_or_not(api: httpx.AsyncClient, path: str, limit: int) -> None:
    method = "GET" if path == "/v1/status" else "POST"
    for content in (b" " * (limit + 1), in_chunks(limit)):
        is_problem(await api.request(method, path, content=content), 413, "too_large")


async def test_a_file_of_9_mb_is_taken(api: httpx.AsyncClient) -> None:
    text = "id,lat,lon\n" + "".join(f"LP-{number:07},51.2,7.1\n" for number in range(400_000))
    assert 8_000_000 < len(text) < 9_990_000
    body = {"text": "id,lat,lon\n" + " " * 9_000_000, "dry_run": True}
    answer = await api.post("/v1/inventory/import", json=body)
    assert answer.status_code != 413


async def test_a_bug_is_a_problem_without_its_insides(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError("secret insides")

    monkeypatch.setattr(type(world.operations), "status", broken)
    transport = httpx.ASGITransport(world.app, raise_app_exceptions=False)
    headers = {"Authorization": f"Bearer {world.tokens['viewer']}"}
    async with httpx.AsyncClient(transport=transport, base_url="http://test", headers=headers) as client:
        answer = await client.get("/v1/status")
    is_problem(answer, 500, "internal")
    assert "secret" not in answer.text


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (errors.InvalidInput("a", "b"), Code.INVALID_INPUT),
        (errors.UnknownTarget(), Code.UNKNOWN_TARGET),
        (errors.NotPermitted(), Code.NOT_PERMITTED),
        (errors.LinkDown(), Code.LINK_DOWN),
        (errors.SafetyRefused(), Code.SAFETY_REFUSED),
        (errors.NodeRefused(), Code.NODE_REFUSED),
        (errors.StoreError(), Code.STORE_ERROR),
        (errors.LightctlError(), Code.INTERNAL),
    ],
)
def test_every_error_of_lightctl_has_its_code(error: errors.LightctlError, code: Code) -> None:
    assert code_of(error) is code


def test_every_code_has_a_status_and_a_title() -> None:
    assert STATUS.keys() == TITLES.keys() == set(Code)


def test_the_described_problems_are_those_that_are_sent(world: World) -> None:
    schema = json.dumps(world.app.openapi())
    assert "HTTPValidationError" not in schema
    assert set(world.app.openapi()["components"]["schemas"]["Problem"]["required"]) == PROBLEM_KEYS


def test_every_route_and_every_code_stands_in_docs_api_md(world: World) -> None:
    page = (DOCS / "api.md").read_text()
    told = set(re.findall(r"^\| `(GET|POST|DELETE) (/[^`]*)`", page, re.MULTILINE))
    metrics = Metrics(MetricsSettings(), Live(EVENING, lambda: EVENING), Inbox())  # a daemon has them
    app = build_app(world.operations, here, health=dict, metrics=metrics)
    there = {(method.upper(), path) for path, methods in app.openapi()["paths"].items() for method in methods}
    assert told == there
    codes = {code: int(status) for code, status in re.findall(r"^\| `([a-z_]+)` \| (\d{3}) \|", page, re.MULTILINE)}
    assert codes == {str(code): STATUS[code] for code in Code}
