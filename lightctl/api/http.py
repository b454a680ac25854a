"""The door for others: HTTP over operations, one address per verb. It decides nothing and knows no lamps.

In: requests with a bearer token. Out: the views of app/views.py as JSON, or a problem. What must hold: nobody without a
token gets past /healthz, and past Open311's addresses where settings open them; no body is read without a limit; a 2xx
is only sent when the operation has stored its change.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict

from lightctl import __version__
from lightctl.api import (
    citizens,
    energy,
    exports,
    faults,
    field,
    notifications,
    open311,
    overriding,
    problems,
    reads,
    reports,
    rollouts,
    schedules,
    settlement,
    work,
    writes,
)
from lightctl.api import metrics as exposition
from lightctl.api.auth import Authentication
from lightctl.api.calls import Run
from lightctl.api.limits import FILE_LIMIT, FORM_LIMIT, BodyLimit
from lightctl.app.asking import Actor
from lightctl.app.metrics.metrics import Metrics
from lightctl.app.operations import Operations

__all__ = ["Run", "build_app"]

FILE_PATHS = (
    "/v1/inventory/import",
    "/v1/schedules/plan",
    "/v1/schedules/apply",
    "/v1/rollouts",
    "/v1/energy/forecast",
    "/v1/settlement/import",
)

READING = (reads, faults, notifications, energy, reports, exports)
CHANGING = (overriding, field, writes, schedules, rollouts, work, citizens)
ADDRESSES = (*READING, *CHANGING, settlement)


class Health(BaseModel):
    """Whether the daemon can do its duty; further keys are the daemon's own."""

    model_config = ConfigDict(extra="allow")

    ok: bool


def build_app(
    operations: Operations,
    run: Run,
    *,
    health: Callable[[], Mapping[str, Any]],
    metrics: Metrics | None = None,
    local: Actor | None = None,
) -> FastAPI:
    """Put operations behind HTTP; `run` executes a sync operation on the store's own thread.

    `health` gives what /healthz answers (status 503 when its `ok` is False). `metrics`
    are those of the daemon; without them there is no /metrics. `local` is the actor of requests that
    carry no token: only for a process that holds the store itself and opens no socket.
    """
    app = FastAPI(
        title="lightctl",
        version=__version__,
        description="Street-lighting fleet manager. Instants are RFC 3339 UTC, levels integer percent, power W.",
        docs_url=None,
        redoc_url=None,
    )
    app.state.operations = operations
    app.state.run = run

    @app.get("/healthz", response_model=Health, responses={503: {"model": Health, "description": "Not well"}})
    async def healthz() -> JSONResponse:
        """Whether the daemon can do its duty; needs no token."""
        found = {"ok": True, **health()}
        return JSONResponse(found, 200 if found["ok"] else 503)

    routers = tuple(each.router for each in ADDRESSES)
    for router in routers:
        app.include_router(router)
    if metrics is not None:
        app.include_router(exposition.router_of(metrics))
    problems.install(app, [*app.routes, *(route for router in routers for route in router.routes)])
    # Keys are for those who come over a network; a person at the store need not be able to read them.
    public = open311.GeoReport(operations, run, keys={} if local is not None else None)
    app.mount(open311.MOUNT, public)
    limits = dict.fromkeys(FILE_PATHS, FILE_LIMIT) | dict.fromkeys(open311.POSTS, FORM_LIMIT)
    app.add_middleware(BodyLimit, limits=limits)

    def lets_in(path: str) -> bool:
        return public.lets_in(path) or (path == exposition.PATH and metrics is not None and metrics.public)

    app.add_middleware(Authentication, operations=operations, run=run, local=local, lets_in=lets_in)
    app.openapi = lambda: _openapi(app)  # type: ignore[method-assign]
    return app


def _openapi(app: FastAPI) -> dict[str, Any]:
    """Describe the app, with Problem in place of the framework's own error shape."""
    if app.openapi_schema is None:
        schema = get_openapi(title=app.title, version=app.version, description=app.description, routes=app.routes)
        shapes = schema.setdefault("components", {}).setdefault("schemas", {})
        shapes.pop("HTTPValidationError", None)
        shapes.pop("ValidationError", None)
        shapes["Problem"] = problems.Problem.model_json_schema(ref_template="#/components/schemas/{model}")
        shapes.update(shapes["Problem"].pop("$defs", {}))
        app.openapi_schema = schema
    return app.openapi_schema
