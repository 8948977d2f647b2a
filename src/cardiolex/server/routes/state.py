"""Routes about the server itself: alive, ready, counters."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import Response

from cardiolex.server import answers
from cardiolex.server.metrics import MEDIA_TYPE
from cardiolex.server.problems import Problem
from cardiolex.server.routes.api import Api, as_json
from cardiolex.server.routes.described import COMMON, errors


def add_state(routes: APIRouter, api: Api) -> None:
    """`/health`, `/ready`, `/metrics`."""

    @routes.get("/health", summary="Is it alive?", tags=["state"], response_model=answers.Health)
    async def health() -> Response:
        """200 as long as the server answers at all."""
        return as_json({"status": "alive"})

    @routes.get(
        "/ready",
        summary="Can it answer?",
        tags=["state"],
        response_model=answers.Health,
        responses=errors(503),
    )
    async def ready() -> Response:
        """200 while a worker is ready, else 503."""
        if not api.crew.pids:
            raise Problem(503, "no worker is ready")
        return as_json({"status": "ready"})

    @routes.get(
        "/metrics",
        summary="Counters for Prometheus",
        tags=["state"],
        responses={200: {"content": {"text/plain": {}}}, **errors(*COMMON)},
        response_class=Response,
    )
    async def metrics() -> Response:
        """Requests, times, batches, workers; nothing about recordings."""
        return Response(api.metrics.text(), headers={"Content-Type": MEDIA_TYPE})
