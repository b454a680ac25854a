from __future__ import annotations

import datetime as dt

import httpx
import pytest

from lightctl.api.http import build_app
from lightctl.app.asking import Actor, Role
from lightctl.app.live import Live
from lightctl.app.metrics.metrics import Metrics
from lightctl.app.running.inbox import Inbox
from lightctl.app.steps import finish
from lightctl.files.settings_metrics import MetricsSettings
from tests.api.conftest import OPERATOR, World, here
from tests.support.doors import EVENING

READS = (
    "/v1/status",
    "/v1/lights",
    "/v1/lights/LP-0001",
    "/v1/lights/LP-0001/why",
    "/v1/nodes",
    "/v1/nodes/N-0001",
    "/v1/commands",
    "/v1/faults",
    "/v1/audit",
    "/v1/audit/verify",
    "/v1/inventory/export",
    "/v1/export/ngsi-ld",
    "/v1/export/geojson",
    "/v1/maintenances",
    "/v1/lights/LP-0001/nodes",
    "/v1/schedules",
    "/v1/schedules/versions",
    "/v1/schedules/proposals",
    "/v1/work",
    "/v1/work/export?since=2026-11-01T00:00:00Z&until=2026-12-01T00:00:00Z",
    "/v1/work/statistics?since=2026-11-01T00:00:00Z&until=2026-12-01T00:00:00Z",
    "/v1/citizens",
)
ONE = {"target": {"id": "LP-0001"}}
SWITCHING = {
    "/v1/lights/level": ONE | {"level": 50},
    "/v1/lights/resume": ONE,
    "/v1/lights/identify": ONE,
    "/v1/maintenances": ONE | {"reason": "cable works"},
    "/v1/nodes/replace": {"old": "N-0004", "new": "N-0099", "reason": "burnt"},
    "/v1/work": {"light_point": "LP-0001", "event": "glass broken"},
}
RULING = {
    "/v1/inventory/import": {"text": "id,lat,lon\nLP-7,51.2,7.1\n"},
    "/v1/settlement/import": {"text": "Habc123420261101001\nT000002\n"},
    "/v1/schedules/apply": {"files": {"a.yaml": "version: 1\nprograms:\n  p: {}\n"}},
    "/v1/tokens": {"name": "new", "role": "viewer"},
}


def routes(world: World) -> set[tuple[str, str]]:
    paths = world.app.openapi()["paths"]
    return {(method.upper(), path) for path, methods in paths.items() for method in methods}


async def test_every_route_but_healthz_needs_a_token(world: World) -> None:
    guarded = {route for route in routes(world) if route[1] != "/healthz"}
    assert len(guarded) >= 20
    async with world.client(None) as stranger:
        for method, path in guarded:
            answer = await stranger.request(method, path.replace("{id}", "LP-0001"), json={"nonsense": True})
            assert answer.status_code == 401, path
            assert answer.headers["www-authenticate"].startswith("Bearer")
            assert answer.json()["code"] == "unauthenticated"
        assert (await stranger.get("/v1/nothing-here")).status_code == 401
        assert (await stranger.get("/healthz")).status_code == 200


@pytest.mark.parametrize(
    "header", ["", "Bearer", "Bearer ", "Bearer lc_wrong", "Basic dXNlcjpwYXNz", "Bearer \xe4\xf6\xfc", "lc_wrong"]
)
async def test_a_header_without_a_good_token_is_401(world: World, header: str) -> None:
    async with world.client(None) as stranger:
        answer = await stranger.get("/v1/status", headers={"Authorization": header.encode("latin-1")})
    assert answer.status_code == 401


async def test_a_token_ends_when_it_expires_and_when_it_is_revoked(world: World) -> None:
    made = world.operations.token_create(OPERATOR, "short", Role.VIEWER, world.now + dt.timedelta(hours=1))
    world.tokens["short"] = made.secret or ""
    async with world.client("short") as client, world.client("viewer") as viewer:
        assert (await client.get("/v1/status")).status_code == 200
        world.now += dt.timedelta(hours=1)
        assert (await client.get("/v1/status")).status_code == 401
        assert (await viewer.get("/v1/status")).status_code == 200
        world.operations.token_revoke(OPERATOR, "a-viewer")
        assert (await viewer.get("/v1/status")).status_code == 401


async def status(client: httpx.AsyncClient, bodies: dict[str, dict[str, object]]) -> set[int]:
    return {(await client.post(path, json=body)).status_code for path, body in bodies.items()}


async def test_a_viewer_reads_everything_and_changes_nothing(world: World) -> None:
    async with world.client("viewer") as viewer:
        assert {(await viewer.get(path)).status_code for path in READS} == {200}
        assert await status(viewer, SWITCHING) == {403}
        assert await status(viewer, RULING) == {403}
        assert (await viewer.delete("/v1/tokens/a-operator")).status_code == 403
    assert finish(world.operations.status(OPERATOR)).overrides == 0


async def test_a_technician_switches_and_rules_nothing(world: World) -> None:
    async with world.client("technician") as technician:
        assert {(await technician.get(path)).status_code for path in READS} == {200}
        assert await status(technician, SWITCHING) == {200}
        assert await status(technician, RULING) == {403}
        assert (await technician.get("/v1/tokens")).status_code == 403


async def test_what_a_technician_does_at_the_pole_is_refused_to_a_viewer(world: World) -> None:
    claim = {"qr": "lightctl:N-0098:native:mqtt", "light_point": "LP-0001"}
    bodies = {
        "/v1/maintenances/stop": {"ids": ["maintenance-0"]},
        "/v1/nodes/claim": claim,
        "/v1/nodes/self-test": {"name": "LP-0001"},
    }
    async with world.client("viewer") as viewer, world.client("technician") as technician:
        assert await status(viewer, bodies) == {403}
        assert await status(technician, bodies) == {404, 422, 503}


async def test_an_operator_does_all(world: World) -> None:
    async with world.client("operator") as operator:
        assert await status(operator, SWITCHING) == {200}
        assert await status(operator, RULING) == {200, 201}
        assert (await operator.delete("/v1/tokens/new")).status_code == 200


async def test_the_audit_names_the_token_that_asked(world: World) -> None:
    async with world.client("technician") as technician:
        await technician.post("/v1/lights/level", json=ONE | {"level": 50, "reason": "test"})
    newest = world.operations.audit_list(OPERATOR, limit=1)[0]
    assert (newest.user, newest.origin, newest.reason) == ("a-technician", "http", "test")


async def test_a_local_actor_needs_no_token_but_a_bad_token_is_still_refused(world: World) -> None:
    local = Actor("ada", Role.VIEWER, "cli")
    app = build_app(world.operations, here, health=dict, local=local)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as client:
        assert (await client.get("/v1/status")).status_code == 200
        assert (await client.post("/v1/lights/resume", json=ONE)).status_code == 403
        assert (await client.get("/v1/status", headers={"Authorization": "Bearer lc_wrong"})).status_code == 401


@pytest.mark.parametrize(("public", "status"), [(False, 401), (True, 200)])
async def test_metrics_need_a_token_unless_settings_make_them_public(
    world: World, *, public: bool, status: int
) -> None:
    live = Live(EVENING, lambda: EVENING)
    metrics = Metrics(MetricsSettings(public=public), live, Inbox())
    app = build_app(world.operations, here, health=dict, metrics=metrics)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as client:
        stranger = await client.get("/metrics")
        wrong = await client.get("/metrics", headers={"Authorization": "Bearer lc_wrong"})
        viewer = await client.get("/metrics", headers={"Authorization": f"Bearer {world.tokens['viewer']}"})
        assert (await client.get("/v1/status")).status_code == 401
    assert (stranger.status_code, wrong.status_code, viewer.status_code) == (status, 401, 200)
    assert viewer.headers["content-type"].startswith("text/plain; version=")
    assert b"lightctl_build_info{" in viewer.content


async def test_there_are_no_metrics_where_no_daemon_runs(world: World) -> None:
    async with world.client() as client:
        assert (await client.get("/metrics")).status_code == 404
