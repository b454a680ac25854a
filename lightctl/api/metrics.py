"""The address that Prometheus reads. Its format is not ours, so it stands outside /v1."""

from __future__ import annotations

from fastapi import APIRouter, Response

from lightctl.api.codes import Code
from lightctl.api.problems import documented
from lightctl.app.metrics.metrics import CONTENT_TYPE, Metrics

PATH = "/metrics"


def router_of(metrics: Metrics) -> APIRouter:
    """Give the route over one daemon's metrics; the check of tokens stands before it (api/auth.py)."""
    router = APIRouter(responses={} if metrics.public else documented(Code.UNAUTHENTICATED))

    @router.get(
        PATH,
        response_class=Response,
        responses={200: {"description": "Every figure, as Prometheus reads it", "content": {"text/plain": {}}}},
    )
    async def scrape() -> Response:
        """Give the daemon's figures for Prometheus."""
        return Response(await metrics.scrape(), media_type=CONTENT_TYPE)

    return router
