"""Schemathesis over the whole description, in process: no 5xx, and every answer as described."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis.checks import CHECKS, load_all_checks

from tests.api.conftest import World, make_world

CHECKED = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
    "negative_data_rejection",
    "unsupported_method",
    "ignored_auth",
)
OPERATIONS = (
    "GET /healthz",
    "GET /v1/status",
    "GET /v1/lights",
    "GET /v1/lights/{id}",
    "GET /v1/lights/{id}/why",
    "GET /v1/nodes",
    "GET /v1/nodes/{id}",
    "GET /v1/commands",
    "GET /v1/faults",
    "GET /v1/faults/{id}",
    "POST /v1/faults/acknowledge",
    "POST /v1/faults/silence",
    "POST /v1/faults/unsilence",
    "GET /v1/silences",
    "GET /v1/notifications",
    "POST /v1/notifications/{name}/test",
    "GET /v1/energy/report",
    "GET /v1/energy/balance",
    "GET /v1/energy/profile",
    "GET /v1/energy/indicators",
    "POST /v1/energy/forecast",
    "GET /v1/overrides",
    "GET /v1/overrides/{id}",
    "GET /v1/audit",
    "GET /v1/audit/verify",
    "GET /v1/reports/night",
    "GET /v1/reports/month",
    "GET /v1/reports/lights/{id}",
    "GET /v1/changes/{change}",
    "GET /v1/maintenances",
    "GET /v1/self-tests/{id}",
    "GET /v1/lights/{id}/nodes",
    "GET /v1/inventory/export",
    "GET /v1/export/ngsi-ld",
    "GET /v1/export/geojson",
    "GET /v1/settlement/control",
    "GET /v1/settlement/events",
    "GET /v1/settlement/profile",
    "POST /v1/settlement/import",
    "GET /v1/schedules",
    "POST /v1/lights/level",
    "POST /v1/lights/resume",
    "POST /v1/lights/identify",
    "POST /v1/overrides/clear",
    "POST /v1/maintenances",
    "POST /v1/maintenances/stop",
    "POST /v1/nodes/claim",
    "POST /v1/nodes/replace",
    "POST /v1/nodes/self-test",
    "POST /v1/inventory/import",
    "GET /v1/schedules",
    "GET /v1/schedules/versions",
    "GET /v1/schedules/proposals",
    "POST /v1/schedules/plan",
    "POST /v1/schedules/apply",
    "POST /v1/schedules/undo",
    "POST /v1/schedules/proposals/{plan}/approve",
    "GET /v1/rollouts",
    "POST /v1/rollouts",
    "GET /v1/rollouts/{id}",
    "POST /v1/rollouts/{id}/pause",
    "POST /v1/rollouts/{id}/resume",
    "POST /v1/rollouts/{id}/undo",
    "GET /v1/work",
    "POST /v1/work",
    "GET /v1/work/statistics",
    "GET /v1/work/export",
    "GET /v1/work/{id}",
    "POST /v1/work/{id}/assign",
    "POST /v1/work/{id}/notes",
    "POST /v1/work/{id}/close",
    "POST /v1/work/{id}/cancel",
    "GET /v1/citizens",
    "GET /v1/citizens/{id}",
    "POST /v1/citizens/accept",
    "POST /v1/citizens/{id}/close",
    "POST /v1/citizens/{id}/link",
    "GET /v1/tokens",
    "POST /v1/tokens",
    "DELETE /v1/tokens/{name}",
)
TAKING_NOTHING = {
    "GET /healthz",
    "GET /v1/status",
    "GET /v1/audit/verify",
    "GET /v1/schedules/proposals",
    "GET /v1/tokens",
    "GET /v1/notifications",
}
RIGHT, WRONG = schemathesis.GenerationMode.POSITIVE, schemathesis.GenerationMode.NEGATIVE
CASES = [(name, RIGHT) for name in OPERATIONS] + [(name, WRONG) for name in OPERATIONS if name not in TAKING_NOTHING]


@pytest.fixture(scope="module")
def conforming() -> Iterator[World]:
    world, store = make_world()
    yield world
    store.close()


@pytest.fixture(scope="module")
def described(conforming: World) -> schemathesis.BaseSchema:
    load_all_checks()
    return schemathesis.openapi.from_asgi("/openapi.json", conforming.app)


def test_every_operation_that_is_described_is_tried(described: schemathesis.BaseSchema) -> None:
    there = {f"{found.ok().method.upper()} {found.ok().path}" for found in described.get_all_operations()}
    assert there == set(OPERATIONS)


@pytest.mark.parametrize(("operation", "mode"), CASES)
def test_every_answer_is_as_described(
    operation: str, mode: schemathesis.GenerationMode, described: schemathesis.BaseSchema, conforming: World
) -> None:
    method, path = operation.split()
    headers = {"Authorization": f"Bearer {conforming.tokens['operator']}"}
    checks = [CHECKS.get_one(name) for name in CHECKED]

    @settings(
        max_examples=15,
        deadline=None,
        derandomize=True,
        database=None,
        phases=(Phase.explicit, Phase.generate),
        suppress_health_check=list(HealthCheck),
    )
    @given(st.data())
    def answered(drawn: st.DataObject) -> None:
        case = drawn.draw(described[path][method].as_strategy(generation_mode=mode))
        case.call_and_validate(headers=headers, checks=checks)

    answered()
